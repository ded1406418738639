//! Guests: one thing of a team, opened for a time to somebody who does not belong to it.
//!
//! A grant lives as long as all of this holds, read anew for each request:
//! - it is neither removed nor expired, 90 days at most after it was made;
//! - its guest does not belong to the team: whoever joins has the role of a member from then on, and the grant is over
//!   for good, so that leaving the team again opens nothing;
//! - whoever made it is an active member of the team. A suspended granter's guests wait outside until the suspension
//!   ends; when a granter leaves the team, is taken out of it, or gets a role with which they could not make the grant
//!   any more, it is removed, as the invitations are that they made;
//! - the team is open, and the thing is there;
//! - of a conversation: whoever made it takes part in it still. When they are put out of it or leave it, it is removed.
//!
//! A guest reads, answers, and as a Manager changes what a delegation says. They never offer, cancel or take any other
//! step of it, and are never given work.
//!
//! So nobody who lost a right goes on exercising it through a friend, and what somebody opened can be seen and closed by
//! those who answer for the team.

use std::time::Duration;

use super::delegation::Person;
use super::permission::Permission;
use super::role::Role;
use super::team::Team;
use super::user::User;
use crate::base::clock::Timestamp;
use crate::base::id::Id;

/// How long a grant is good for when nobody says.
pub const GRANT_LIFETIME: Duration = Duration::from_hours(7 * 24);
/// The shortest life that makes sense.
pub const MIN_GRANT_LIFETIME: Duration = Duration::from_mins(1);
/// How long it may be good for at most.
pub const MAX_GRANT_LIFETIME: Duration = Duration::from_hours(90 * 24);

/// What can be opened to a guest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ThingKind {
    /// A delegation with its comments.
    Delegation,
    /// A conversation with its messages.
    Conversation,
}

impl ThingKind {
    /// The kind's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delegation => "delegation",
            Self::Conversation => "conversation",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Delegation, Self::Conversation].into_iter().find(|kind| kind.as_str() == name)
    }

    /// What seeing it wants.
    pub const fn to_read(self) -> Permission {
        match self {
            Self::Delegation => Permission::DelegationRead,
            Self::Conversation => Permission::ConversationRead,
        }
    }

    /// The permissions that hang on the thing itself, not on a comment or a message in it.
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Delegation => &[
                Permission::DelegationRead,
                Permission::DelegationUpdate,
                Permission::DelegationAssign,
                Permission::DelegationProgress,
                Permission::DelegationConfirm,
                Permission::DelegationDelete,
                Permission::DelegationWatch,
                Permission::CommentCreate,
            ],
            Self::Conversation => &[
                Permission::ConversationRead,
                Permission::ConversationUpdate,
                Permission::ConversationDelete,
                Permission::ConversationLeave,
                Permission::MessageCreate,
                Permission::MessageRead,
            ],
        }
    }
}

/// A thing that can be opened to a guest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Thing {
    /// What it is.
    pub kind: ThingKind,
    /// Which.
    pub id: Id<Thing>,
}

/// One thing, opened to one person.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The grant.
    pub id: Id<Grant>,
    /// Of which team.
    pub team: Id<Team>,
    /// What it opens.
    pub thing: Thing,
    /// To whom.
    pub guest: Person,
    /// As what.
    pub role: Role,
    /// By whom.
    pub granted_by: Id<User>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}
