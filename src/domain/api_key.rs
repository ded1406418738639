//! API keys: tokens that a person makes for a program.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::networks::Networks;
use super::permission::Scopes;
use super::text::Name;
use super::user::User;

/// How long a key is good for when nobody says.
pub const API_KEY_LIFETIME: Duration = Duration::from_hours(90 * 24);
/// How long it may be good for at most.
pub const MAX_API_KEY_LIFETIME: Duration = Duration::from_hours(365 * 24);
/// How many keys of one person may be good for something at a time.
pub const MAX_LIVE_API_KEYS: i64 = 50;

/// A key; its secret is shown once, when it is made.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The key.
    pub id: Id<ApiKey>,
    /// Whose it is.
    pub user: Id<User>,
    /// What its maker calls it; sealed in the database.
    pub name: Name,
    /// What it is good for, as far as its maker may do it at the moment of use.
    pub scopes: Scopes,
    /// From where it may be used; sealed in the database.
    pub networks: Networks,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, whatever happens.
    pub expires_at: Timestamp,
    /// When it was last used, as far as that has been written down.
    pub last_used_at: Option<Timestamp>,
    /// When it was taken away.
    pub revoked_at: Option<Timestamp>,
}
