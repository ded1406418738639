//! Comments: what is said about a delegation, by whom, and who is named in it.

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::delegation::{Delegation, Person};
use super::text::Remark;

/// How many people one comment may name.
pub const MAX_MENTIONS: usize = 20;

/// What somebody said about a delegation. Its author alone edits and deletes it, as long as they may read the
/// delegation; a deleted one is shown to nobody, and its row stays for the grace period.
#[derive(Clone, Debug)]
pub struct Comment {
    /// The comment.
    pub id: Id<Comment>,
    /// What it is about.
    pub delegation: Id<Delegation>,
    /// Who said it.
    pub author: Person,
    /// Sealed in the database.
    pub body: Remark,
    /// Who is named in it: people who could read the delegation then.
    pub mentions: Vec<Person>,
    /// Raised by each change; the source of the `ETag`.
    pub version: i64,
    /// When it was said.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
}
