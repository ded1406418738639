//! Conversations: who talks with whom, about what, and who may still come or go.
//!
//! | kind         | who takes part                                  | title | comes and goes                               |
//! |--------------|-------------------------------------------------|-------|----------------------------------------------|
//! | `direct`     | two people of the team, one for each pair       | none  | nobody; neither can rename or delete it      |
//! | `group`      | whoever began it and up to 50 others            | yes   | whom its owner adds or removes; each can leave |
//! | `delegation` | its delegator, its assignee, and who joined     | none  | whoever may read the delegation, as long as they may |
//!
//! Guests take part in any of them for as long as they have a grant of it. Whoever comes later reads from the beginning
//! and begins with nothing unread; whoever goes, or loses the team, reads nothing from the next request on.

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::delegation::{Delegation, Person};
use super::message::Message;
use super::team::Team;
use super::text::Topic;
use super::user::User;

/// How many people a conversation has at most beside whoever began it.
pub const MOST: usize = 50;

/// Where people talk, as one of them sees it.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// The conversation.
    pub id: Id<Conversation>,
    /// The team it belongs to.
    pub team: Id<Team>,
    /// Which kind.
    pub kind: Kind,
    /// What it is called, if it is a group. Sealed in the database.
    pub title: Option<Topic>,
    /// What it is about, if that is a delegation.
    pub delegation: Option<Id<Delegation>>,
    /// Who owns it; `None` once their account is erased.
    pub created_by: Option<Id<User>>,
    /// The other one in a direct conversation, unless their account is erased.
    pub with: Option<Person>,
    /// How many messages of others the reader has not read. What was deleted does not count.
    pub unread: i64,
    /// The newest message, deleted or not.
    pub last: Option<Preview>,
    /// Raised by each edit of the conversation itself; the source of the `ETag`.
    pub version: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When somebody last said something or renamed it.
    pub updated_at: Timestamp,
}

/// The beginning of a message.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The message.
    pub id: Id<Message>,
    /// Who sent it.
    pub author: Person,
    /// Its first 200 characters at most; `None` when it was deleted.
    pub text: Option<String>,
    /// When it was sent.
    pub created_at: Timestamp,
}

/// Which kind of conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Between two.
    Direct,
    /// Among some, with a title.
    Group,
    /// Among those who have to do with a delegation.
    Delegation,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Direct, Self::Group, Self::Delegation];

    /// The kind's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Delegation => "delegation",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether people come and go, and one may end it for all: a direct conversation belongs to both of its people
    /// alike.
    pub const fn is_open_ended(self) -> bool {
        !matches!(self, Self::Direct)
    }
}

/// Somebody who takes part.
#[derive(Clone, Debug)]
pub struct Participant {
    /// Who.
    pub person: Person,
    /// Since when.
    pub joined_at: Timestamp,
    /// Until when, if they are a guest.
    pub guest_until: Option<Timestamp>,
    /// Up to which message they have read, if they have read any.
    pub read: Option<Id<Message>>,
}

/// The two people of a direct conversation as a text of which each pair has one: the smaller id first.
pub fn pair(one: Id<User>, other: Id<User>) -> String {
    format!("{}/{}", one.min(other), one.max(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_one_text_whoever_begins() {
        let [ana, ben] = [1, 2].map(|number| Id::from_uuid(uuid::Uuid::from_u128(number)));
        assert_eq!(pair(ana, ben), pair(ben, ana));
        assert_ne!(pair(ana, ben), pair(ana, ana));
    }

    #[test]
    fn names_come_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::parse("crowd"), None);
    }
}
