//! Teams, who belongs to them, and how one is invited.
//!
//! A team is open → deleted by an Owner: closed to everybody at once, its invitations revoked → restored by an Owner
//! within [`TEAM_GRACE`], with everything but those invitations, or purged: first its key, so that nothing of it can be
//! read any more from that moment on, then its rows.

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

/// How long a deleted team can be brought back.
pub const TEAM_GRACE: Duration = Duration::from_hours(30 * 24);

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
    /// When it was deleted; `None` while it is open.
    pub deleted_at: Option<Timestamp>,
}

impl Team {
    /// When it can be brought back no more; `None` while it is open.
    pub fn purge_at(&self) -> Option<Timestamp> {
        self.deleted_at.map(|deleted_at| deleted_at + TEAM_GRACE)
    }
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

/// What became of an invitation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InvitationState {
    /// Whoever holds its token may come in.
    Open,
    /// Somebody came in.
    Used,
    /// Its time ran out.
    Expired,
    /// It was taken back.
    Revoked,
}

impl InvitationState {
    /// The state's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Open, Self::Used, Self::Expired, Self::Revoked].into_iter().find(|state| state.as_str() == name)
    }
}

/// A door into a team, for whoever holds its token.
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
    /// What became of it.
    pub state: InvitationState,
    /// Whether it is bound to one e-mail address.
    pub email_bound: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it closes.
    pub expires_at: Timestamp,
}
