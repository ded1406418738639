//! For whoever runs the server.

use poem_openapi::OpenApi;
use poem_openapi::param::Query;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tag;
use super::answer::Shown;
use super::model::{AuditRow, List, Outcome, page_request, timestamp};
use crate::app::audit;
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::event::Event;
use crate::http::caller::Member;
use crate::http::problem::Failure;
use crate::store::audit::AuditFilter;

/// Administration.
pub struct Admin;

#[OpenApi(tag = "Tag::Admin", prefix_path = "/api/v1/admin")]
impl Admin {
    /// The audit log
    ///
    /// Newest first; everything given must hold. Managers and Members see their own acts when they ask for them with
    /// `actor_id`. Permission `audit:read` · event `audit.queried`.
    #[oai(path = "/audit", method = "get", operation_id = "listAudit")]
    #[allow(clippy::too_many_arguments)] // one per query parameter
    async fn audit(
        &self,
        member: Member,
        /// This event, such as `delegation.created`.
        event: Query<Option<String>>,
        /// This outcome.
        outcome: Query<Option<Outcome>>,
        /// Done by this person.
        actor_id: Query<Option<Uuid>>,
        /// Done to the thing with this id.
        resource_id: Query<Option<Uuid>>,
        /// Not before.
        since: Query<Option<OffsetDateTime>>,
        /// Before.
        until: Query<Option<OffsetDateTime>>,
        /// Came with this request.
        request_id: Query<Option<String>>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<AuditRow>>, Failure> {
        let unknown = || Error::invalid("event", "is not the name of an event");
        let filter = AuditFilter {
            event: event.0.map(|name| Event::parse(&name).ok_or_else(unknown)).transpose()?,
            outcome: outcome.0.map(Into::into),
            actor: actor_id.0.map(Id::from_uuid),
            resource: resource_id.0,
            since: timestamp("since", since.0)?,
            until: timestamp("until", until.0)?,
            request_id: request_id.0,
        };
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let rows = member.read_audit(&member.caller, audit::List { filter, page }).await?;
        Ok(Shown::plain(List::of(rows, AuditRow::from)))
    }
}
