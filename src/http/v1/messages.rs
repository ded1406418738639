//! Messages: sending, reading, editing, deleting and reporting.

use poem_openapi::param::{Header, Path, Query};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, Created, Made, Removed, Shown, etag, if_match, if_matches};
use super::conversations;
use super::model::{List, Message, ReportedMessage, Stretch, distinct, page_request, window_request};
use crate::app::message::{self, Delete, DeleteReported, Edit, Get, ListReported, Report, Send, Which};
use crate::base::id::Id;
use crate::domain::message as domain;
use crate::domain::text::Said;
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// Messages.
pub struct Messages;

/// A message about to be sent.
#[derive(Object)]
struct NewMessage {
    #[oai(validator(min_length = 1, max_length = 8_000))]
    body: String,
    /// Who is mentioned, all of whom take part; they are notified.
    #[oai(validator(max_items = 50))]
    mentions: Option<Vec<Uuid>>,
}

/// What a message says from now on.
#[derive(Object)]
struct MessageChanges {
    #[oai(validator(min_length = 1, max_length = 8_000))]
    body: String,
    /// Who is mentioned from now on; those who were not before are notified. When it is left out, the mentions stay.
    #[oai(validator(max_items = 50))]
    mentions: Option<Vec<Uuid>>,
}

const fn which(team: Uuid, conversation: Uuid, id: Uuid) -> Which {
    Which { conversation: conversations::which(team, conversation), id: Id::from_uuid(id) }
}

#[OpenApi(tag = "Tag::Chat", prefix_path = "/api/v1/teams")]
impl Messages {
    /// Say something
    ///
    /// Whoever is mentioned is notified; nobody else is, in a direct conversation neither: `unread` tells them. Where two
    /// talked and the other has left the team, it waits until they are back: `wrong-state`.
    /// Permission `message:create` · event `conversation.message.sent` · quota 60 a minute.
    #[oai(path = "/:team/conversations/:conversation/messages", method = "post", operation_id = "sendMessage")]
    async fn send(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
        body: Body<NewMessage>,
    ) -> Result<Created<Message>, Failure> {
        let action = Send {
            conversation: conversations::which(team.0, conversation.0),
            body: Said::parse_visible("/body", &body.body)?,
            mentions: distinct(body.mentions.as_deref().unwrap_or_default()),
        };
        let (team, conversation) = (team.0, conversation.0);
        let sent = move |sent: &domain::Message| Made {
            location: format!("/api/v1/teams/{team}/conversations/{conversation}/messages/{}", sent.id),
            etag: Some(etag(sent.version)),
            body: sent.clone().into(),
        };
        member.create(action, sent).await
    }

    /// What was said
    ///
    /// The newest messages, or those before or after a place; always the oldest first. Deleted ones keep their place.
    /// Permission `message:read`.
    #[oai(path = "/:team/conversations/:conversation/messages", method = "get", operation_id = "listMessages")]
    async fn list(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// A `prev_cursor`: what was said before.
        before: Query<Option<String>>,
        /// A `next_cursor`: what was said since.
        after: Query<Option<String>>,
    ) -> Result<Shown<Stretch<Message>>, Failure> {
        let window = window_request(limit.0, before.0.as_deref(), after.0.as_deref())?;
        let query = message::List { conversation: conversations::which(team.0, conversation.0), window };
        Ok(Shown::plain(Stretch::of(member.ask(&member.caller, query).await?, Message::from)))
    }

    /// One message
    ///
    /// Permission `message:read`.
    #[oai(path = "/:team/conversations/:conversation/messages/:message", method = "get", operation_id = "getMessage")]
    async fn get(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
        message: Path<Uuid>,
    ) -> Result<Shown<Message>, Failure> {
        Ok(Shown::of(member.ask(&member.caller, Get(which(team.0, conversation.0, message.0))).await?))
    }

    /// Edit a message
    ///
    /// Its author alone, as long as they take part; a deleted one answers 409.
    /// Permission `message:update` · event `conversation.message.edited`.
    #[oai(
        path = "/:team/conversations/:conversation/messages/:message",
        method = "patch",
        operation_id = "updateMessage"
    )]
    async fn update(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
        message: Path<Uuid>,
        /// The `etag` that was seen, or `*`.
        #[oai(name = "If-Match")]
        seen: Header<String>,
        body: Body<MessageChanges>,
    ) -> Result<Changed<Message>, Failure> {
        let action = Edit {
            which: which(team.0, conversation.0, message.0),
            version: if_match(&seen)?,
            body: Said::parse_visible("/body", &body.body)?,
            mentions: body.mentions.as_deref().map(distinct),
        };
        Ok(Changed::of(member.act(&member.caller, action).await?))
    }

    /// Delete a message
    ///
    /// Its author alone, as long as they take part. Its place stays; what it said is gone at once.
    /// Permission `message:delete` · event `conversation.message.deleted`.
    #[oai(
        path = "/:team/conversations/:conversation/messages/:message",
        method = "delete",
        operation_id = "deleteMessage"
    )]
    async fn delete(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
        message: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Removed, Failure> {
        let version = if_matches(seen.0.as_deref())?;
        let action = Delete { which: which(team.0, conversation.0, message.0), version };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// Report a message
    ///
    /// From then on the team's Admins see this one message, and may delete it. Once; a second report answers 409.
    /// Permission `message:report` · event `conversation.message.reported`.
    #[oai(
        path = "/:team/conversations/:conversation/messages/:message/report",
        method = "post",
        operation_id = "reportMessage"
    )]
    async fn report(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
        message: Path<Uuid>,
    ) -> Result<Removed, Failure> {
        let acted = member.act(&member.caller, Report(which(team.0, conversation.0, message.0))).await?;
        Ok(Removed::Removed(acted.seq))
    }

    /// What was reported in a team
    ///
    /// And is not settled; newest report first. Each as it was when it was reported, whatever its author made of it, and
    /// nothing that was written afterwards. For Admins, who need not take part.
    /// Permission `message:delete-reported`.
    #[oai(path = "/:team/messages/reported", method = "get", operation_id = "listReportedMessages")]
    async fn list_reported(
        &self,
        member: Member,
        team: Path<Uuid>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<ReportedMessage>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let query = ListReported { team: Id::from_uuid(team.0), page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, ReportedMessage::from)))
    }

    /// Delete a reported message
    ///
    /// That settles the report: what was kept of the message goes with it. For Admins, who need not take part.
    /// Permission `message:delete-reported` · event `conversation.message.deleted`.
    #[oai(path = "/:team/messages/reported/:message", method = "delete", operation_id = "deleteReportedMessage")]
    async fn delete_reported(&self, member: Member, team: Path<Uuid>, message: Path<Uuid>) -> Result<Removed, Failure> {
        let action = DeleteReported { team: Id::from_uuid(team.0), id: Id::from_uuid(message.0) };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }
}
