//! The teams of a server, for whoever runs it: how large they are and whether anybody answers for them, nothing in them.

use poem_openapi::param::{Path, Query};
use poem_openapi::{Object, OpenApi};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tag;
use super::answer::{Removed, Shown};
use super::model::{List, moment, page_request};
use crate::app::team_owner::{ListAll, Recover};
use crate::base::id::Id;
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;
use crate::store::team::Overview;

/// The teams of a server.
pub struct AdminTeams;

/// A team at a glance.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct TeamAtAGlance {
    id: Uuid,
    name: String,
    /// How many people belong to it.
    members: i64,
    /// How many of its Owners may act; with none, it can be recovered.
    active_owners: i64,
    created_at: OffsetDateTime,
    /// When it was deleted; absent while it is open.
    deleted_at: Option<OffsetDateTime>,
    /// When it is purged; absent while it is open.
    purge_at: Option<OffsetDateTime>,
}

impl From<Overview> for TeamAtAGlance {
    fn from(Overview { team, members, owners }: Overview) -> Self {
        Self {
            id: team.id.uuid(),
            name: team.name.as_str().to_owned(),
            members,
            active_owners: owners,
            created_at: moment(team.created_at),
            deleted_at: team.deleted_at.map(moment),
            purge_at: team.purge_at().map(moment),
        }
    }
}

/// Who shall answer for the team.
#[derive(Object)]
struct NewOwner {
    /// A member who may act.
    user_id: Uuid,
}

#[OpenApi(tag = "Tag::Admin", prefix_path = "/api/v1/admin/teams")]
impl AdminTeams {
    /// Which teams are there?
    ///
    /// Names and sizes, deleted teams too until they are purged. A role on the server opens nothing in them.
    /// Permission `team:list-all`.
    #[oai(path = "/", method = "get", operation_id = "listAllTeams")]
    async fn list(
        &self,
        member: Member,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<TeamAtAGlance>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        Ok(Shown::plain(List::of(member.ask(&member.caller, ListAll { page }).await?, TeamAtAGlance::from)))
    }

    /// Find a new Owner for a team
    ///
    /// For a team none of whose Owners may act, because they are suspended or about to go; 409 otherwise. The new one must
    /// be a member already, and is told. Wants a recent sign-in.
    /// Permission `team:recover` · event `team.recovered`.
    #[oai(path = "/:id/recover", method = "post", operation_id = "recoverTeam")]
    async fn recover(&self, member: Member, id: Path<Uuid>, body: Body<NewOwner>) -> Result<Removed, Failure> {
        let action = Recover { team: Id::from_uuid(id.0), to: Id::from_uuid(body.user_id) };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }
}
