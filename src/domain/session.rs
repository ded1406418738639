//! Sign-ins and their lifetimes.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::Id;

/// How long a session lives, whatever happens.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(24);
/// How long a console session survives without a request.
pub const CONSOLE_IDLE: Duration = Duration::from_hours(1);
/// How long after a sign-in dangerous acts need no new proof.
pub const STEP_UP_WINDOW: Duration = Duration::from_mins(10);
/// How long a one-time sign-in link and an OpenID Connect sign-in may take.
pub const SIGN_IN_LIFETIME: Duration = Duration::from_mins(10);

/// A sign-in's lifetime, held by one token.
#[derive(Clone, Debug)]
pub struct Session {
    /// The session.
    pub id: Id<Session>,
    /// How it is used.
    pub kind: SessionKind,
    /// When the person proved who they are.
    pub auth_time: Timestamp,
    /// When it ends, whatever happens.
    pub expires_at: Timestamp,
}

/// How a session is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionKind {
    /// A browser with the console's cookie.
    Console,
    /// A client that sends the token itself.
    Client,
}

impl SessionKind {
    /// The kind's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Client => "client",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Console, Self::Client].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Why a session ended before its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RevokeReason {
    /// The person signed out.
    Logout,
    /// The person ended this session from another.
    ByOwner,
    /// The person ended all of their sessions at once.
    RevokedAll,
    /// Nobody used it for [`CONSOLE_IDLE`].
    Idle,
}

impl RevokeReason {
    /// The reason's name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::ByOwner => "by-owner",
            Self::RevokedAll => "revoked-all",
            Self::Idle => "idle",
        }
    }
}
