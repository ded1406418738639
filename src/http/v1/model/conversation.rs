//! Conversations and who takes part in them, as the API shows them.

use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::answer;
use super::{Person, moment};
use crate::base::id::Id;
use crate::base::page::Page;
use crate::domain::conversation;

/// Which kind of conversation.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum ConversationKind {
    /// Between two people of the team, who have one; neither can leave, rename or delete it.
    Direct,
    /// Among some, with a title.
    Group,
    /// About a delegation, among those who have to do with it.
    Delegation,
}

impl From<conversation::Kind> for ConversationKind {
    fn from(kind: conversation::Kind) -> Self {
        match kind {
            conversation::Kind::Direct => Self::Direct,
            conversation::Kind::Group => Self::Group,
            conversation::Kind::Delegation => Self::Delegation,
        }
    }
}

/// Where people talk.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Conversation {
    id: Uuid,
    team_id: Uuid,
    kind: ConversationKind,
    /// What a group is called; the others have no title.
    title: Option<String>,
    /// What it is about, if that is a delegation.
    delegation_id: Option<Uuid>,
    /// Who owns it; absent once their account is erased.
    created_by: Option<Uuid>,
    /// The other one in a direct conversation, unless their account is erased.
    with: Option<Person>,
    /// How many messages of others I have not read; deleted ones do not count.
    unread: i64,
    /// The newest message.
    last_message: Option<MessagePreview>,
    created_at: OffsetDateTime,
    /// When somebody last said something or renamed it.
    updated_at: OffsetDateTime,
    /// The version of the conversation itself, for `If-Match`; messages do not change it.
    etag: String,
}

impl From<conversation::Conversation> for Conversation {
    fn from(conversation: conversation::Conversation) -> Self {
        Self {
            id: conversation.id.uuid(),
            team_id: conversation.team.uuid(),
            kind: conversation.kind.into(),
            title: conversation.title.map(|title| title.as_str().to_owned()),
            delegation_id: conversation.delegation.map(Id::uuid),
            created_by: conversation.created_by.map(Id::uuid),
            with: conversation.with.map(Person::from),
            unread: conversation.unread,
            last_message: conversation.last.map(MessagePreview::from),
            created_at: moment(conversation.created_at),
            updated_at: moment(conversation.updated_at),
            etag: answer::etag(conversation.version),
        }
    }
}

/// The beginning of a message.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct MessagePreview {
    id: Uuid,
    author: Person,
    /// Its first 200 characters at most; absent when it was deleted.
    text: Option<String>,
    created_at: OffsetDateTime,
}

impl From<conversation::Preview> for MessagePreview {
    fn from(preview: conversation::Preview) -> Self {
        Self {
            id: preview.id.uuid(),
            author: preview.author.into(),
            text: preview.text,
            created_at: moment(preview.created_at),
        }
    }
}

/// One page of my conversations.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct MyConversations {
    /// The items.
    items: Vec<Conversation>,
    /// Give it as `cursor` to get the next page; absent on the last.
    next_cursor: Option<String>,
    /// How many messages I have not read, in all of my conversations.
    unread: i64,
}

impl From<(Page<conversation::Conversation>, i64)> for MyConversations {
    fn from((page, unread): (Page<conversation::Conversation>, i64)) -> Self {
        let Page { items, next } = page.map(Conversation::from);
        Self { items, next_cursor: next.map(|cursor| cursor.to_string()), unread }
    }
}

/// Somebody who takes part in a conversation.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Participant {
    user_id: Uuid,
    name: String,
    joined_at: OffsetDateTime,
    /// Until when a guest takes part; absent for those of the team.
    guest_until: Option<OffsetDateTime>,
    /// The last message they have read since they came.
    read_message_id: Option<Uuid>,
}

impl From<conversation::Participant> for Participant {
    fn from(participant: conversation::Participant) -> Self {
        Self {
            user_id: participant.person.id.uuid(),
            name: participant.person.name.as_str().to_owned(),
            joined_at: moment(participant.joined_at),
            guest_until: participant.guest_until.map(moment),
            read_message_id: participant.read.map(Id::uuid),
        }
    }
}
