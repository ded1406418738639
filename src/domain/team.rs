//! Teams, who belongs to them, and how one is invited.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::role::Role;
use super::text::Name;
use super::user::User;

/// How long an invitation is good for when nobody says.
pub const INVITATION_LIFETIME: Duration = Duration::from_hours(7 * 24);
/// How long it may be good for at most.
pub const MAX_INVITATION_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// A group of people who hand work to each other.
#[derive(Clone, Debug)]
pub struct Team {
    /// The team.
    pub id: Id<Team>,
    /// Sealed in the database.
    pub name: Name,
    /// Raised by each edit; the source of the `ETag`.
    pub version: i64,
    /// When it was founded.
    pub created_at: Timestamp,
}

/// A person in a team.
#[derive(Clone, Debug)]
pub struct Member {
    /// The person.
    pub user: Id<User>,
    /// As others see them.
    pub name: Name,
    /// Their role in this team.
    pub role: Role,
    /// Since when.
    pub joined_at: Timestamp,
}

/// An open door into a team, for whoever holds its token.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The invitation.
    pub id: Id<Invitation>,
    /// Where it leads.
    pub team: Id<Team>,
    /// The role it gives.
    pub role: Role,
    /// Who opened it.
    pub invited_by: Id<User>,
    /// Whether it is bound to one e-mail address.
    pub email_bound: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it closes.
    pub expires_at: Timestamp,
}
