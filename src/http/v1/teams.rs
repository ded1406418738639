//! Teams and who belongs to them.

use poem_openapi::param::{Header, Path, Query};
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, Created, Made, Removed, Shown, etag, if_match};
use super::model::{List, Member as TeamMember, Role, Team, page_request};
use crate::app::team::{ChangeRole, Create, Get, Leave, ListMembers, ListMine, MyTeam, RemoveMember, Update};
use crate::app::team_end::{Delete, ListClosed};
use crate::base::id::Id;
use crate::domain::text::Name;
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// Teams and memberships.
pub struct Teams;

/// A team about to be founded, or its new name.
#[derive(Object)]
struct TeamName {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
}

/// Whether a team is open.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
enum TeamState {
    /// It is.
    Open,
    /// It was deleted, and can be brought back.
    Closed,
}

/// A member's new role.
#[derive(Object)]
struct NewRole {
    role: Role,
}

#[OpenApi(tag = "Tag::Teams", prefix_path = "/api/v1/teams")]
impl Teams {
    /// Found a team
    ///
    /// Its founder becomes its Owner. Permission `team:create` · event `team.created`.
    #[oai(path = "/", method = "post", operation_id = "createTeam")]
    async fn create(&self, member: Member, body: Body<TeamName>) -> Result<Created<Team>, Failure> {
        let action = Create { name: Name::parse("/name", &body.name)? };
        let made = |made: &MyTeam| Made {
            location: format!("/api/v1/teams/{}", made.team.id),
            etag: Some(etag(made.team.version)),
            body: made.clone().into(),
        };
        member.create(action, made).await
    }

    /// Which teams do I belong to?
    ///
    /// With `state=closed`, those of my teams that an Owner deleted and that I, being one, can bring back until their
    /// `purge_at`. Permission `team:list-own`.
    #[oai(path = "/", method = "get", operation_id = "listTeams")]
    async fn list(
        &self,
        member: Member,
        /// In this state; open ones when left out.
        state: Query<Option<TeamState>>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<Team>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let list = match state.0 {
            None | Some(TeamState::Open) => member.ask(&member.caller, ListMine { page }).await?,
            Some(TeamState::Closed) => member.ask(&member.caller, ListClosed { page }).await?,
        };
        Ok(Shown::plain(List::of(list, Team::from)))
    }

    /// One team
    ///
    /// Permission `team:read`.
    #[oai(path = "/:team", method = "get", operation_id = "getTeam")]
    async fn get(&self, member: Member, team: Path<Uuid>) -> Result<Shown<Team>, Failure> {
        let query = Get { team: Id::from_uuid(team.0) };
        Ok(Shown::of(member.ask(&member.caller, query).await?))
    }

    /// Rename a team
    ///
    /// Permission `team:update` · event `team.updated`.
    #[oai(path = "/:team", method = "patch", operation_id = "updateTeam")]
    async fn update(
        &self,
        member: Member,
        team: Path<Uuid>,
        /// The `etag` that was seen, or `*`.
        #[oai(name = "If-Match")]
        if_match_header: Header<String>,
        body: Body<TeamName>,
    ) -> Result<Changed<Team>, Failure> {
        let action = Update {
            team: Id::from_uuid(team.0),
            version: if_match(&if_match_header)?,
            name: Name::parse("/name", &body.name)?,
        };
        Ok(Changed::of(member.act(&member.caller, action).await?))
    }

    /// Delete a team
    ///
    /// It is closed to everybody from the next request on, guests included; its open invitations are revoked, its members
    /// told. An Owner can bring it back for 30 days; then its key is destroyed, and everything in it with that. Wants a
    /// recent sign-in. Permission `team:delete` · event `team.deleted`.
    #[oai(path = "/:team", method = "delete", operation_id = "deleteTeam")]
    async fn delete(
        &self,
        member: Member,
        team: Path<Uuid>,
        /// The `etag` that was seen, or `*`.
        #[oai(name = "If-Match")]
        if_match_header: Header<String>,
    ) -> Result<Removed, Failure> {
        let action = Delete { team: Id::from_uuid(team.0), version: if_match(&if_match_header)? };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// Who belongs to a team?
    ///
    /// Permission `membership:read`.
    #[oai(path = "/:team/members", method = "get", operation_id = "listMembers")]
    async fn members(
        &self,
        member: Member,
        team: Path<Uuid>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<TeamMember>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let list = member.ask(&member.caller, ListMembers { team: Id::from_uuid(team.0), page }).await?;
        Ok(Shown::plain(List::of(list, TeamMember::from)))
    }

    /// Give a member another role
    ///
    /// Below one's own only, except for an Owner; wants a recent sign-in.
    /// Permission `membership:role` · event `team.role.changed`.
    #[oai(path = "/:team/members/:user", method = "put", operation_id = "changeMemberRole")]
    async fn change_role(
        &self,
        member: Member,
        team: Path<Uuid>,
        user: Path<Uuid>,
        body: Body<NewRole>,
    ) -> Result<Removed, Failure> {
        let (team, user) = (Id::from_uuid(team.0), Id::from_uuid(user.0));
        let acted = member.act(&member.caller, ChangeRole { team, user, role: body.role.into() }).await?;
        Ok(Removed::Removed(acted.seq))
    }

    /// Take a member out of a team
    ///
    /// Below one's own role only, except for an Owner; wants a recent sign-in of Owners and Admins.
    /// Permission `membership:remove` · event `team.member.removed`.
    #[oai(path = "/:team/members/:user", method = "delete", operation_id = "removeMember")]
    async fn remove(&self, member: Member, team: Path<Uuid>, user: Path<Uuid>) -> Result<Removed, Failure> {
        let action = RemoveMember { team: Id::from_uuid(team.0), user: Id::from_uuid(user.0) };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// Leave a team
    ///
    /// The last Owner cannot. Permission `membership:leave` · event `team.member.left`.
    #[oai(path = "/:team/leave", method = "post", operation_id = "leaveTeam")]
    async fn leave(&self, member: Member, team: Path<Uuid>) -> Result<Removed, Failure> {
        let acted = member.act(&member.caller, Leave { team: Id::from_uuid(team.0) }).await?;
        Ok(Removed::Removed(acted.seq))
    }
}
