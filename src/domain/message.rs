//! Messages: what somebody said in a conversation, and what becomes of it.
//!
//! Its author alone edits and deletes it, for as long as they take part. Of a deleted message the place stays, and
//! nothing of what it said. Whoever takes part may report a message; then an Admin of the team sees what that one message
//! said, whatever its author makes of it, and nothing that was written afterwards; and may delete it, without taking
//! part, which settles the report.

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::conversation::Conversation;
use super::delegation::Person;
use super::text::Said;
use super::user::User;

/// Something that somebody said.
#[derive(Clone, Debug)]
pub struct Message {
    /// The message.
    pub id: Id<Message>,
    /// Its place in the order in which messages were sent.
    pub seq: i64,
    /// Where it was said.
    pub conversation: Id<Conversation>,
    /// Who said it.
    pub author: Person,
    /// What; `None` once it was deleted. Sealed in the database.
    pub body: Option<Said>,
    /// Who is mentioned in it.
    pub mentions: Vec<Id<User>>,
    /// Raised by each edit; the source of the `ETag`.
    pub version: i64,
    /// When it was sent.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// When somebody reported it.
    pub reported_at: Option<Timestamp>,
}

/// A message that was reported, as it was then.
#[derive(Clone, Debug)]
pub struct Reported {
    /// The message, with what it said when it was reported.
    pub message: Message,
    /// When that was.
    pub reported_at: Timestamp,
    /// Whether its author has edited or deleted it since.
    pub is_changed: bool,
}
