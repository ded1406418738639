//! Who is here, and what administrators decide about people.

use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, Removed, Shown};
use super::model::{Account, AccountState, KnownDevice, List, ListedSession, Person, Role, page_request};
use crate::app::people::{Directory, Get, List as ListPeople, ListDevices, ListSessions};
use crate::app::standing::{ChangeRole, Reinstate, RevokeSessions, Suspend};
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::text::Reason;
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;
use crate::store::people::PeopleFilter;

/// People.
pub struct People;

/// A suspension.
#[derive(Object)]
struct Suspension {
    /// Why; stands in the audit log.
    #[oai(validator(min_length = 1, max_length = 200))]
    reason: Option<String>,
}

/// A person's role on the server from now on.
#[derive(Object)]
struct ServerRole {
    /// `null` takes the role away; must be given.
    #[oai(nullable)]
    role: MaybeUndefined<Role>,
}

#[OpenApi(prefix_path = "/api/v1")]
impl People {
    /// Who is here?
    ///
    /// The names of everybody who may act. Permission `directory:read`.
    #[oai(path = "/directory", method = "get", operation_id = "listDirectory", tag = "Tag::People")]
    async fn directory(
        &self,
        member: Member,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<Person>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        Ok(Shown::plain(List::of(member.ask(&member.caller, Directory { page }).await?, Person::from)))
    }

    /// Which accounts are there?
    ///
    /// In the order they were made; everything given must hold. Permission `user:read`.
    #[oai(path = "/admin/users", method = "get", operation_id = "listUsers", tag = "Tag::Admin")]
    async fn list(
        &self,
        member: Member,
        /// In this state.
        state: Query<Option<AccountState>>,
        /// With this role on the server.
        role: Query<Option<Role>>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<Account>>, Failure> {
        let filter = PeopleFilter { state: state.0.map(Into::into), role: role.0.map(Into::into) };
        let page = page_request(limit.0, cursor.0.as_deref())?;
        Ok(Shown::plain(List::of(member.ask(&member.caller, ListPeople { filter, page }).await?, Account::from)))
    }

    /// One account
    ///
    /// Permission `user:read`.
    #[oai(path = "/admin/users/:user", method = "get", operation_id = "getUser", tag = "Tag::Admin")]
    async fn get(&self, member: Member, user: Path<Uuid>) -> Result<Shown<Account>, Failure> {
        let account = member.ask(&member.caller, Get { user: Id::from_uuid(user.0) }).await?;
        Ok(Shown::plain(account.into()))
    }

    /// Somebody's live sessions
    ///
    /// Permission `user:read`.
    #[oai(path = "/admin/users/:user/sessions", method = "get", operation_id = "listUserSessions", tag = "Tag::Admin")]
    async fn sessions(
        &self,
        member: Member,
        user: Path<Uuid>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<ListedSession>>, Failure> {
        let query = ListSessions { user: Id::from_uuid(user.0), page: page_request(limit.0, cursor.0.as_deref())? };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, ListedSession::from)))
    }

    /// Somebody's devices
    ///
    /// Permission `user:read`.
    #[oai(path = "/admin/users/:user/devices", method = "get", operation_id = "listUserDevices", tag = "Tag::Admin")]
    async fn devices(
        &self,
        member: Member,
        user: Path<Uuid>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<KnownDevice>>, Failure> {
        let query = ListDevices { user: Id::from_uuid(user.0), page: page_request(limit.0, cursor.0.as_deref())? };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, KnownDevice::from)))
    }

    /// Lock somebody out
    ///
    /// Below one's own role only, except for an Owner. Their sessions end, their API keys are refused until they are
    /// reinstated, and no way in opens. 409 for whoever alone answers for the server or for a team.
    /// Permission `user:suspend` · event `user.suspended`.
    #[oai(path = "/admin/users/:user/suspend", method = "post", operation_id = "suspendUser", tag = "Tag::Admin")]
    async fn suspend(
        &self,
        member: Member,
        user: Path<Uuid>,
        body: Body<Suspension>,
    ) -> Result<Changed<Account>, Failure> {
        let reason = body.reason.as_deref().map(|reason| Reason::parse("/reason", reason)).transpose()?;
        let acted = member.act(&member.caller, Suspend { user: Id::from_uuid(user.0), reason }).await?;
        Ok(Changed::Changed(Json(acted.output.into()), acted.seq, None))
    }

    /// Let somebody in again
    ///
    /// Below one's own role only, except for an Owner. They sign in anew; their API keys work again. Who had asked for
    /// the deletion of their account is leaving as before.
    /// Permission `user:reinstate` · event `user.reinstated`.
    #[oai(path = "/admin/users/:user/reinstate", method = "post", operation_id = "reinstateUser", tag = "Tag::Admin")]
    async fn reinstate(&self, member: Member, user: Path<Uuid>) -> Result<Changed<Account>, Failure> {
        let acted = member.act(&member.caller, Reinstate { user: Id::from_uuid(user.0) }).await?;
        Ok(Changed::Changed(Json(acted.output.into()), acted.seq, None))
    }

    /// Give somebody a role on the server
    ///
    /// Or none. Below one's own role only, except for an Owner; wants a recent sign-in. 409 for the last Owner.
    /// Permission `user:role` · event `user.role.changed`.
    #[oai(path = "/admin/users/:user/role", method = "put", operation_id = "changeUserRole", tag = "Tag::Admin")]
    async fn change_role(
        &self,
        member: Member,
        user: Path<Uuid>,
        body: Body<ServerRole>,
    ) -> Result<Changed<Account>, Failure> {
        let role = match body.role {
            MaybeUndefined::Undefined => return Err(Error::invalid("/role", "is required").into()),
            MaybeUndefined::Null => None,
            MaybeUndefined::Value(role) => Some(role.into()),
        };
        let acted = member.act(&member.caller, ChangeRole { user: Id::from_uuid(user.0), role }).await?;
        Ok(Changed::Changed(Json(acted.output.into()), acted.seq, None))
    }

    /// End somebody's sessions
    ///
    /// Below one's own role only, except for an Owner. They may sign in again; their API keys stay.
    /// Permission `user:revoke-sessions` · event `token.revoked_all`.
    #[oai(
        path = "/admin/users/:user/revoke-sessions",
        method = "post",
        operation_id = "revokeUserSessions",
        tag = "Tag::Admin"
    )]
    async fn revoke_sessions(&self, member: Member, user: Path<Uuid>) -> Result<Removed, Failure> {
        let acted = member.act(&member.caller, RevokeSessions { user: Id::from_uuid(user.0) }).await?;
        Ok(Removed::Removed(acted.seq))
    }
}
