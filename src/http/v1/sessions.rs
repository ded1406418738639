//! One's own sessions. To end all of them at once stands in `auth.rs`, because it takes the console's cookie away.

use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use uuid::Uuid;

use super::Tag;
use super::answer::{Removed, Shown};
use super::model::{List, ListedSession, page_request};
use crate::app::session;
use crate::base::id::Id;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// One's own sessions.
pub struct Sessions;

#[OpenApi(tag = "Tag::Me", prefix_path = "/api/v1/me/sessions")]
impl Sessions {
    /// Where am I signed in?
    ///
    /// My live sessions, newest first. Permission `session:read`.
    #[oai(path = "/", method = "get", operation_id = "listSessions")]
    async fn list(
        &self,
        member: Member,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<ListedSession>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let list = member.ask(&member.caller, session::List { page }).await?;
        Ok(Shown::plain(List::of(list, ListedSession::from)))
    }

    /// End one of my sessions
    ///
    /// Its token is refused from the next request on, and its live streams end.
    /// Permission `session:revoke` · event `token.revoked`.
    #[oai(path = "/:session", method = "delete", operation_id = "endSession")]
    async fn end(&self, member: Member, session: Path<Uuid>) -> Result<Removed, Failure> {
        let action = session::End { id: Id::from_uuid(session.0) };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }
}
