//! Comments on delegations.

use poem_openapi::param::{Header, Path, Query};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, Created, Made, Removed, Shown, etag, if_match, if_matches};
use super::delegations::which;
use super::model::{Comment, List, page_request};
use crate::app::delegation::comments::{self, Delete, Edit, Get, Say, WhichComment};
use crate::base::id::Id;
use crate::domain::comment as domain;
use crate::domain::text::Remark;
use crate::domain::user::User;
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// Comments on delegations.
pub struct Comments;

/// Something to be said.
#[derive(Object)]
struct NewComment {
    #[oai(validator(min_length = 1, max_length = 10_000))]
    body: String,
    /// Who is named in it: people who may read the delegation, each once. They hear of it.
    #[oai(validator(max_items = 20))]
    mentions: Option<Vec<Uuid>>,
}

/// What it says from now on.
#[derive(Object)]
struct EditedComment {
    #[oai(validator(min_length = 1, max_length = 10_000))]
    body: String,
    /// Who is named in it from now on; left out, those who are. Whoever is new hears of it.
    #[oai(validator(max_items = 20))]
    mentions: Option<Vec<Uuid>>,
}

fn people(ids: &[Uuid]) -> Vec<Id<User>> {
    ids.iter().copied().map(Id::from_uuid).collect()
}

const fn which_comment(team: Uuid, delegation: Uuid, comment: Uuid) -> WhichComment {
    WhichComment { on: which(team, delegation), id: Id::from_uuid(comment) }
}

#[OpenApi(tag = "Tag::Delegations", prefix_path = "/api/v1")]
impl Comments {
    /// Comment on a delegation
    ///
    /// Everybody who may read it may. Its delegator, assignee and watchers hear of it, and whoever is named.
    /// Permission `comment:create` · event `delegation.commented` · quota 60 a minute.
    #[oai(path = "/teams/:team/delegations/:delegation/comments", method = "post", operation_id = "createComment")]
    async fn create(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        body: Body<NewComment>,
    ) -> Result<Created<Comment>, Failure> {
        let action = Say {
            which: which(team.0, delegation.0),
            body: Remark::parse_visible("/body", &body.body)?,
            mentions: people(body.mentions.as_deref().unwrap_or_default()),
        };
        let (team, delegation) = (team.0, delegation.0);
        let said = move |said: &domain::Comment| Made {
            location: format!("/api/v1/teams/{team}/delegations/{delegation}/comments/{}", said.id),
            etag: Some(etag(said.version)),
            body: said.clone().into(),
        };
        member.create(action, said).await
    }

    /// The comments on a delegation
    ///
    /// The oldest first, without those that were deleted. Permission `delegation:read`.
    #[oai(path = "/teams/:team/delegations/:delegation/comments", method = "get", operation_id = "listComments")]
    async fn list(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<Comment>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let query = comments::List { which: which(team.0, delegation.0), page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, Comment::from)))
    }

    /// One comment
    ///
    /// Permission `delegation:read`.
    #[oai(path = "/teams/:team/delegations/:delegation/comments/:comment", method = "get", operation_id = "getComment")]
    async fn get(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        comment: Path<Uuid>,
    ) -> Result<Shown<Comment>, Failure> {
        Ok(Shown::of(member.ask(&member.caller, Get(which_comment(team.0, delegation.0, comment.0))).await?))
    }

    /// Edit a comment of mine
    ///
    /// Its author alone, as long as they may read the delegation.
    /// Permission `comment:update` · event `delegation.comment_edited`.
    #[oai(
        path = "/teams/:team/delegations/:delegation/comments/:comment",
        method = "patch",
        operation_id = "updateComment"
    )]
    async fn update(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        comment: Path<Uuid>,
        /// The `etag` that was seen, or `*`.
        #[oai(name = "If-Match")]
        seen: Header<String>,
        body: Body<EditedComment>,
    ) -> Result<Changed<Comment>, Failure> {
        let action = Edit {
            which: which_comment(team.0, delegation.0, comment.0),
            version: if_match(&seen)?,
            body: Remark::parse_visible("/body", &body.body)?,
            mentions: body.mentions.as_deref().map(people),
        };
        Ok(Changed::of(member.act(&member.caller, action).await?))
    }

    /// Delete a comment of mine
    ///
    /// Its author alone, as long as they may read the delegation. It is shown to nobody from then on.
    /// Permission `comment:delete` · event `delegation.comment_deleted`.
    #[oai(
        path = "/teams/:team/delegations/:delegation/comments/:comment",
        method = "delete",
        operation_id = "deleteComment"
    )]
    async fn delete(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        comment: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Removed, Failure> {
        let version = if_matches(seen.0.as_deref())?;
        let action = Delete { which: which_comment(team.0, delegation.0, comment.0), version };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }
}
