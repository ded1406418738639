//! Conversations: beginning, listing, renaming and ending them.

use poem_openapi::param::{Header, Path, Query};
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::answer::{Begun, Changed, Made, Removed, Shown, etag, if_match, if_matches};
use super::model::{Conversation, List, MyConversations, distinct, page_request};
use crate::app::conversation::{self, Beginning, Delete, Get, ListMine, ListOfTeam, Rename, Which};
use crate::base::id::Id;
use crate::domain::text::Topic;
use crate::domain::user::User;
use crate::domain::{self, Error};
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// Conversations.
pub struct Conversations;

/// Which kind of conversation shall begin.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
enum NewKind {
    /// With one other member of the team.
    Direct,
    /// With up to 50 others, under a title.
    Group,
}

/// A conversation about to begin.
#[derive(Object)]
struct NewConversation {
    kind: NewKind,
    /// What a group is called. A direct conversation has no title.
    #[oai(validator(min_length = 1, max_length = 120))]
    title: Option<String>,
    /// The others, all of the team; oneself need not be among them.
    #[oai(validator(min_items = 1, max_items = 50))]
    participant_ids: Vec<Uuid>,
}

/// A group's new title.
#[derive(Object)]
struct NewTitle {
    #[oai(validator(min_length = 1, max_length = 120))]
    title: String,
}

impl NewConversation {
    fn beginning(&self, me: Id<User>) -> Result<Beginning, Error> {
        let mut others: Vec<Id<User>> = distinct(&self.participant_ids);
        match (self.kind, self.title.as_deref(), others.as_slice()) {
            (NewKind::Direct, Some(_), _) => Err(Error::invalid("/title", "is for groups")),
            (NewKind::Direct, None, [other]) => Ok(Beginning::Direct(*other)),
            (NewKind::Direct, None, _) => Err(Error::invalid("/participant_ids", "must be one other person")),
            (NewKind::Group, None, _) => Err(Error::invalid("/title", "is needed for a group")),
            (NewKind::Group, Some(title), _) => {
                others.retain(|person| *person != me);
                if others.is_empty() {
                    return Err(Error::invalid("/participant_ids", "must name somebody else"));
                }
                Ok(Beginning::Group(Topic::parse("/title", title)?, others))
            }
        }
    }
}

/// Which conversation of which team.
pub(super) const fn which(team: Uuid, id: Uuid) -> Which {
    Which { team: Id::from_uuid(team), id: Id::from_uuid(id) }
}

fn location(conversation: &domain::conversation::Conversation) -> String {
    format!("/api/v1/teams/{}/conversations/{}", conversation.team, conversation.id)
}

fn made(made: domain::conversation::Conversation) -> Made<Conversation> {
    Made { location: location(&made), etag: Some(etag(made.version)), body: made.into() }
}

/// Begins it, or finds it, once for each `Idempotency-Key`.
async fn begin(member: &Member, team: Uuid, beginning: Beginning) -> Result<Begun<Conversation>, Failure> {
    let keep = |found: &domain::conversation::Conversation, is_new| Begun::keep(&made(found.clone()), is_new);
    let team = Id::from_uuid(team);
    Ok(match member.begin_conversation(&member.caller, team, beginning, member.mark, keep).await? {
        conversation::Begun::New(acted) => Begun::new(acted, made),
        conversation::Begun::Joined(acted) => Begun::found(made(acted.output), Some(acted.seq)),
        conversation::Begun::There(found) => Begun::found(made(found), None),
        conversation::Begun::Before(before) => Begun::before(before)?,
    })
}

#[OpenApi(tag = "Tag::Chat", prefix_path = "/api/v1")]
impl Conversations {
    /// Begin a conversation
    ///
    /// Two people have one direct conversation in each team: beginning it again answers the one that is there with 200.
    /// A group belongs to whoever begins it.
    /// Permission `conversation:create` · event `conversation.created` · quota 30 an hour.
    #[oai(path = "/teams/:team/conversations", method = "post", operation_id = "createConversation")]
    async fn create(
        &self,
        member: Member,
        team: Path<Uuid>,
        body: Body<NewConversation>,
    ) -> Result<Begun<Conversation>, Failure> {
        let beginning = body.beginning(member.signed_in.user)?;
        begin(&member, team.0, beginning).await
    }

    /// Talk about a delegation
    ///
    /// Whoever may read a delegation takes part in its conversation from this call on: it is begun with its delegator and
    /// its assignee, or found, which answers 200 and leaves `conversation.participant.added` when one joins. Taking part
    /// ends with the right to read the delegation.
    /// Permission `conversation:create` · event `conversation.created` · quota 30 an hour.
    #[oai(
        path = "/teams/:team/delegations/:delegation/conversation",
        method = "post",
        operation_id = "createDelegationConversation"
    )]
    async fn create_about(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
    ) -> Result<Begun<Conversation>, Failure> {
        let beginning = Beginning::About(Id::from_uuid(delegation.0));
        begin(&member, team.0, beginning).await
    }

    /// My conversations in a team
    ///
    /// Those that I take part in, whatever my role; newest activity first. Permission `conversation:read`.
    #[oai(path = "/teams/:team/conversations", method = "get", operation_id = "listConversations")]
    async fn list(
        &self,
        member: Member,
        team: Path<Uuid>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<Conversation>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let query = ListOfTeam { team: Id::from_uuid(team.0), page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, Conversation::from)))
    }

    /// My conversations in all of my teams
    ///
    /// Also those that I was let in to as a guest; newest activity first. Permission `conversation:list-own`.
    #[oai(path = "/me/conversations", method = "get", operation_id = "listMyConversations")]
    async fn list_mine(
        &self,
        member: Member,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<MyConversations>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        Ok(Shown::plain(member.ask(&member.caller, ListMine { page }).await?.into()))
    }

    /// One conversation
    ///
    /// Permission `conversation:read`.
    #[oai(path = "/teams/:team/conversations/:conversation", method = "get", operation_id = "getConversation")]
    async fn get(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
    ) -> Result<Shown<Conversation>, Failure> {
        Ok(Shown::of(member.ask(&member.caller, Get(which(team.0, conversation.0))).await?))
    }

    /// Rename a group
    ///
    /// The others have no title and answer 409. Permission `conversation:update` · event `conversation.updated`.
    #[oai(path = "/teams/:team/conversations/:conversation", method = "patch", operation_id = "updateConversation")]
    async fn update(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
        /// The `etag` that was seen, or `*`.
        #[oai(name = "If-Match")]
        seen: Header<String>,
        body: Body<NewTitle>,
    ) -> Result<Changed<Conversation>, Failure> {
        let action = Rename {
            which: which(team.0, conversation.0),
            version: if_match(&seen)?,
            title: Topic::parse("/title", &body.title)?,
        };
        Ok(Changed::of(member.act(&member.caller, action).await?))
    }

    /// End a conversation
    ///
    /// For all who take part. A direct one belongs to two alike: 409.
    /// Permission `conversation:delete` · event `conversation.deleted`.
    #[oai(path = "/teams/:team/conversations/:conversation", method = "delete", operation_id = "deleteConversation")]
    async fn delete(
        &self,
        member: Member,
        team: Path<Uuid>,
        conversation: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Removed, Failure> {
        let version = if_matches(seen.0.as_deref())?;
        let action = Delete { which: which(team.0, conversation.0), version };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }
}
