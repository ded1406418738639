//! Who takes part in conversations, and how far each has read.

use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, Created, Made, Removed, Shown};
use super::conversations::which;
use super::model::{Conversation, List, Participant};
use crate::app::conversation::{Add, GetPerson, Join, Leave, ListPeople, MarkRead, Remove};
use crate::base::id::Id;
use crate::domain::conversation as domain;
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// Participants.
pub struct Participants;

/// Who shall come.
#[derive(Object)]
struct NewParticipant {
    /// Somebody of the team; in a conversation about a delegation, somebody who may read it.
    user_id: Uuid,
}

/// How far I have read.
#[derive(Object)]
struct ReadMark {
    /// The last message that I have read.
    message_id: Uuid,
}

#[OpenApi(tag = "Tag::Chat", prefix_path = "/api/v1/teams")]
impl Participants {
    /// Who takes part
    ///
    /// In the order in which they came, guests included, with how far each has read. Permission `conversation:read`.
    #[oai(path = "/:team/conversations/:conversation/participants", method = "get", operation_id = "listParticipants")]
    async fn list(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
    ) -> Result<Shown<List<Participant>>, Failure> {
        let people = member.ask(&member.caller, ListPeople(which(team.0, conversation.0))).await?;
        Ok(Shown::plain(List::whole(people.into_iter().map(Participant::from).collect())))
    }

    /// One of those who take part
    ///
    /// Permission `conversation:read`.
    #[oai(
        path = "/:team/conversations/:conversation/participants/:user",
        method = "get",
        operation_id = "getParticipant"
    )]
    async fn get(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
        user: Path<Uuid>,
    ) -> Result<Shown<Participant>, Failure> {
        let query = GetPerson { which: which(team.0, conversation.0), user: Id::from_uuid(user.0) };
        Ok(Shown::plain(member.ask(&member.caller, query).await?.into()))
    }

    /// Let somebody in
    ///
    /// They read from the beginning and begin with nothing unread. Nobody comes to a direct conversation: 409.
    /// Permission `conversation:update` · event `conversation.participant.added`.
    #[oai(path = "/:team/conversations/:conversation/participants", method = "post", operation_id = "addParticipant")]
    async fn add(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
        body: Body<NewParticipant>,
    ) -> Result<Created<Participant>, Failure> {
        let action = Add { which: which(team.0, conversation.0), user: Id::from_uuid(body.user_id) };
        let (team, conversation) = (team.0, conversation.0);
        let added = move |added: &domain::Participant| Made {
            location: format!("/api/v1/teams/{team}/conversations/{conversation}/participants/{}", added.person.id),
            etag: None,
            body: added.clone().into(),
        };
        member.create(action, added).await
    }

    /// Put somebody out
    ///
    /// They read nothing from their next request on, nor do the guests that they let in. Of a guest, the grant ends.
    /// Permission `conversation:update` · event `conversation.participant.removed`.
    #[oai(
        path = "/:team/conversations/:conversation/participants/:user",
        method = "delete",
        operation_id = "removeParticipant"
    )]
    async fn remove(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
        user: Path<Uuid>,
    ) -> Result<Removed, Failure> {
        let action = Remove { which: which(team.0, conversation.0), user: Id::from_uuid(user.0) };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// Join a conversation about a delegation
    ///
    /// Open to whoever may read the delegation. Permission `conversation:read` · event `conversation.participant.added`.
    #[oai(path = "/:team/conversations/:conversation/join", method = "post", operation_id = "joinConversation")]
    async fn join(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
    ) -> Result<Changed<Conversation>, Failure> {
        Ok(Changed::of(member.act(&member.caller, Join(which(team.0, conversation.0))).await?))
    }

    /// Leave a conversation
    ///
    /// Whom they let in as guests leaves with them; a guest gives their grant back. Nobody of the team leaves a direct conversation: 409.
    /// Permission `conversation:leave` · event `conversation.participant.removed`.
    #[oai(path = "/:team/conversations/:conversation/leave", method = "post", operation_id = "leaveConversation")]
    async fn leave(&self, member: Member, team: Path<Uuid>, conversation: Path<Uuid>) -> Result<Removed, Failure> {
        let acted = member.act(&member.caller, Leave(which(team.0, conversation.0))).await?;
        Ok(Removed::Removed(acted.seq))
    }

    /// Say how far I have read
    ///
    /// A read mark never goes back: an older message leaves it where it is. All who take part see it.
    /// Permission `message:read` · event `conversation.read`.
    #[oai(path = "/:team/conversations/:conversation/read", method = "put", operation_id = "markConversationRead")]
    async fn read(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
        body: Body<ReadMark>,
    ) -> Result<Changed<Conversation>, Failure> {
        let action = MarkRead { which: which(team.0, conversation.0), message: Id::from_uuid(body.message_id) };
        Ok(Changed::of(member.act(&member.caller, action).await?))
    }
}
