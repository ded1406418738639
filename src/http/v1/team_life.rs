//! What decides over a team as a whole: its return after its end, and who answers for it.

use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::answer::Changed;
use super::model::{Role, Team};
use crate::app::team_end::Restore;
use crate::app::team_owner::Transfer;
use crate::base::id::Id;
use crate::domain::role;
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// The life of a team.
pub struct TeamLife;

/// Who shall answer for the team.
#[derive(Object)]
struct Handover {
    /// A member who may act.
    user_id: Uuid,
    /// What I am from then on; `admin` when left out. `owner` stays one.
    my_new_role: Option<Role>,
}

#[OpenApi(tag = "Tag::Teams", prefix_path = "/api/v1/teams")]
impl TeamLife {
    /// Bring a deleted team back
    ///
    /// With everybody and everything in it, but without the invitations that were open. Within 30 days; 409 later, or when
    /// it was not deleted. Wants a recent sign-in. Permission `team:restore` · event `team.restored`.
    #[oai(path = "/:team/restore", method = "post", operation_id = "restoreTeam")]
    async fn restore(&self, member: Member, team: Path<Uuid>) -> Result<Changed<Team>, Failure> {
        Ok(Changed::of(member.act(&member.caller, Restore { team: Id::from_uuid(team.0) }).await?))
    }

    /// Hand a team on
    ///
    /// Another member becomes its Owner and is told; I become its Admin, or what I say. Wants a recent sign-in.
    /// Permission `team:transfer` · event `team.owner_transferred`.
    #[oai(path = "/:team/transfer", method = "post", operation_id = "transferTeam")]
    async fn transfer(&self, member: Member, team: Path<Uuid>, body: Body<Handover>) -> Result<Changed<Team>, Failure> {
        let action = Transfer {
            team: Id::from_uuid(team.0),
            to: Id::from_uuid(body.user_id),
            my_new_role: body.my_new_role.map_or(role::Role::Admin, Into::into),
        };
        Ok(Changed::of(member.act(&member.caller, action).await?))
    }
}
