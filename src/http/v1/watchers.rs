//! Watching delegations.

use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use uuid::Uuid;

use super::Tag;
use super::answer::{Removed, Shown};
use super::delegations::which;
use super::model::{List, Watcher, page_request};
use crate::app::delegation::watch::{ListWatchers, StopWatcher, Unwatch, Watch};
use crate::base::id::Id;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// Watching delegations.
pub struct Watchers;

#[OpenApi(tag = "Tag::Delegations", prefix_path = "/api/v1")]
impl Watchers {
    /// Watch a delegation
    ///
    /// Whoever may read it may; they hear of its steps and comments, and may read it until they stop, are stopped, leave the
    /// team, or get a lower role there.
    /// Permission `delegation:watch` · event `delegation.watched`.
    #[oai(path = "/teams/:team/delegations/:delegation/watch", method = "put", operation_id = "watchDelegation")]
    async fn watch(&self, member: Member, team: Path<Uuid>, delegation: Path<Uuid>) -> Result<Removed, Failure> {
        let action = Watch(which(team.0, delegation.0));
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// Watch it no longer
    ///
    /// Permission `delegation:watch` · event `delegation.unwatched`.
    #[oai(path = "/teams/:team/delegations/:delegation/watch", method = "delete", operation_id = "unwatchDelegation")]
    async fn unwatch(&self, member: Member, team: Path<Uuid>, delegation: Path<Uuid>) -> Result<Removed, Failure> {
        let action = Unwatch(which(team.0, delegation.0));
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// Stop somebody's watching
    ///
    /// Whoever only watched it reads it no more from their next request on. 404 for whoever does not watch.
    /// Permission `delegation:assign` · event `delegation.unwatched`.
    #[oai(
        path = "/teams/:team/delegations/:delegation/watchers/:user",
        method = "delete",
        operation_id = "removeWatcher"
    )]
    async fn remove(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        user: Path<Uuid>,
    ) -> Result<Removed, Failure> {
        let action = StopWatcher { which: which(team.0, delegation.0), user: Id::from_uuid(user.0) };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// Who watches a delegation?
    ///
    /// Permission `delegation:read`.
    #[oai(path = "/teams/:team/delegations/:delegation/watchers", method = "get", operation_id = "listWatchers")]
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
    ) -> Result<Shown<List<Watcher>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let query = ListWatchers { which: which(team.0, delegation.0), page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, Watcher::from)))
    }
}
