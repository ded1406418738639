//! Messages as the API shows them, and lists that are read both ways.

use poem_openapi::Object;
use poem_openapi::types::{ParseFromJSON, ToJSON, Type};
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::answer;
use super::{Person, moment};
use crate::base::page::{Window, WindowRequest};
use crate::domain::{Error, message};

/// Something that somebody said.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Message {
    id: Uuid,
    conversation_id: Uuid,
    author: Person,
    /// What they said; absent once it was deleted.
    body: Option<String>,
    /// Who is mentioned.
    mentions: Vec<Uuid>,
    /// Whether it was deleted: its place in the conversation stays, nothing else of it.
    deleted: bool,
    created_at: OffsetDateTime,
    /// When it was last edited.
    edited_at: Option<OffsetDateTime>,
    /// Its version, for `If-Match`.
    etag: String,
}

impl From<message::Message> for Message {
    fn from(message: message::Message) -> Self {
        Self {
            id: message.id.uuid(),
            conversation_id: message.conversation.uuid(),
            author: message.author.into(),
            deleted: message.body.is_none(),
            body: message.body.map(|body| body.as_str().to_owned()),
            mentions: message.mentions.iter().map(|person| person.uuid()).collect(),
            created_at: moment(message.created_at),
            edited_at: message.edited_at.map(moment),
            etag: answer::etag(message.version),
        }
    }
}

/// A message that somebody reported.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ReportedMessage {
    /// As it was when it was reported, but for whom it mentions.
    message: Message,
    /// When it was reported.
    reported_at: OffsetDateTime,
    /// Whether its author has edited or deleted it since; what they wrote then is not shown.
    changed: bool,
}

impl From<message::Reported> for ReportedMessage {
    fn from(reported: message::Reported) -> Self {
        Self {
            message: reported.message.into(),
            reported_at: moment(reported.reported_at),
            changed: reported.is_changed,
        }
    }
}

/// Reads the parameters of a list that is read both ways.
pub fn window_request(limit: Option<u32>, before: Option<&str>, after: Option<&str>) -> Result<WindowRequest, Error> {
    let pointer = if before.is_some() { "before" } else { "after" };
    WindowRequest::parse(limit, before, after)
        .ok_or_else(|| Error::invalid(pointer, "is not a cursor of this list, or one of two"))
}

/// A stretch of a list that is read both ways.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Stretch<T: Type + ParseFromJSON + ToJSON + Send + Sync> {
    /// The items in ascending order, whichever way was asked.
    items: Vec<T>,
    /// Give it as `before` to get the older ones; absent when there are none.
    prev_cursor: Option<String>,
    /// Give it as `after` to get the newer ones. It is there on the newest stretch too, and leads to what comes later;
    /// absent when there is nothing at all.
    next_cursor: Option<String>,
}

impl<T: Type + ParseFromJSON + ToJSON + Send + Sync> Stretch<T> {
    /// A stretch, each item turned.
    pub fn of<U>(window: Window<U>, turn: impl FnMut(U) -> T) -> Self {
        Self {
            items: window.items.into_iter().map(turn).collect(),
            prev_cursor: window.prev.map(|cursor| cursor.to_string()),
            next_cursor: window.next.map(|cursor| cursor.to_string()),
        }
    }
}
