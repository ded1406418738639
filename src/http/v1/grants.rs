//! Guests: what is open to people outside of a team.

use std::time::Duration;

use poem_openapi::param::{Path, Query};
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::answer::{Created, Made, Removed, Shown};
use super::model::{Grant, GrantKind, List, OpenGrant, page_request};
use crate::app::grant::{self, Create, Get, ListMine, Remove};
use crate::base::id::Id;
use crate::domain::grant::{self as domain, Thing};
use crate::domain::role::Role;
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// Guests.
pub struct Grants;

/// What a guest may be.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
enum GuestRole {
    /// May change what a delegation says too; its steps are the team's to take.
    Manager,
    /// May read and answer.
    Member,
}

impl From<GuestRole> for Role {
    fn from(role: GuestRole) -> Self {
        match role {
            GuestRole::Manager => Self::Manager,
            GuestRole::Member => Self::Member,
        }
    }
}

/// A thing about to be opened to a guest.
#[derive(Object)]
struct NewGrant {
    resource_type: GrantKind,
    /// A delegation of the team, or a conversation that I take part in and that is not between two.
    resource_id: Uuid,
    /// Somebody with an account who does not belong to the team.
    user_id: Uuid,
    /// Below my own role in the team, except for an Owner.
    role: GuestRole,
    /// How many seconds it is good for, at most 90 days; 7 days when left out.
    #[oai(validator(minimum(value = "60"), maximum(value = "7776000")))]
    expires_in: Option<u32>,
}

#[OpenApi(tag = "Tag::Guests", prefix_path = "/api/v1")]
impl Grants {
    /// Open one thing to a guest
    ///
    /// For a time, and as long as I am an active member with a role that may do this; what was opened to them of the same
    /// thing before ends. Managers open what they gave or began themselves. The guest is told. 409 for somebody who
    /// belongs to the team.
    /// Permission `grant:create` · event `team.grant.created` · quota 20 an hour.
    #[oai(path = "/teams/:team/grants", method = "post", operation_id = "createGrant")]
    async fn create(&self, member: Member, team: Path<Uuid>, body: Body<NewGrant>) -> Result<Created<Grant>, Failure> {
        let action = Create {
            team: Id::from_uuid(team.0),
            thing: Thing { kind: body.resource_type.into(), id: Id::from_uuid(body.resource_id) },
            guest: Id::from_uuid(body.user_id),
            role: body.role.into(),
            lifetime: body.expires_in.map(|seconds| Duration::from_secs(seconds.into())),
        };
        let made = |made: &domain::Grant| Made {
            location: format!("/api/v1/teams/{}/grants/{}", made.team, made.id),
            etag: None,
            body: made.clone().into(),
        };
        member.create(action, made).await
    }

    /// What is open to guests?
    ///
    /// All of it for Owners and Admins, what they opened themselves for others. Permission `grant:read`.
    #[oai(path = "/teams/:team/grants", method = "get", operation_id = "listGrants")]
    async fn list(
        &self,
        member: Member,
        team: Path<Uuid>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<Grant>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let query = grant::List { team: Id::from_uuid(team.0), page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, Grant::from)))
    }

    /// One grant
    ///
    /// Permission `grant:read`.
    #[oai(path = "/teams/:team/grants/:grant", method = "get", operation_id = "getGrant")]
    async fn get(&self, member: Member, team: Path<Uuid>, grant: Path<Uuid>) -> Result<Shown<Grant>, Failure> {
        let query = Get { team: Id::from_uuid(team.0), id: Id::from_uuid(grant.0) };
        Ok(Shown::plain(member.ask(&member.caller, query).await?.into()))
    }

    /// Close a thing to a guest
    ///
    /// From their next request on. Permission `grant:delete` · event `team.grant.removed`.
    #[oai(path = "/teams/:team/grants/:grant", method = "delete", operation_id = "removeGrant")]
    async fn remove(&self, member: Member, team: Path<Uuid>, grant: Path<Uuid>) -> Result<Removed, Failure> {
        let action = Remove { team: Id::from_uuid(team.0), id: Id::from_uuid(grant.0) };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// What is open to me?
    ///
    /// In teams that I do not belong to. Permission `grant:list-own`.
    #[oai(path = "/me/grants", method = "get", operation_id = "listMyGrants")]
    async fn mine(
        &self,
        member: Member,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<OpenGrant>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        Ok(Shown::plain(List::of(member.ask(&member.caller, ListMine { page }).await?, OpenGrant::from)))
    }
}
