//! One's own account.

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, Shown};
use super::model::{AccountState, Role, Session, moment, scope_names};
use crate::app::account::{GetProfile, Profile, UpdateProfile};
use crate::domain::api_key::ApiKey;
use crate::domain::text::{Email, Name};
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// One's own account.
pub struct Me;

/// Who I am, where I belong, and how long I am signed in.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct MyProfile {
    id: Uuid,
    name: String,
    /// What I said, unless a provider vouched for it when I came.
    email: Option<String>,
    /// The role on the server; absent when there is none.
    instance_role: Option<Role>,
    teams: Vec<TeamOfMine>,
    /// `leaving` after I asked for the deletion of my account.
    state: AccountState,
    /// The session that is asked with; absent for an API key.
    session: Option<Session>,
    /// The API key that is asked with; absent for a session.
    api_key: Option<KeyInUse>,
}

/// The API key that is asked with.
#[derive(Object)]
struct KeyInUse {
    id: Uuid,
    name: String,
    /// Names of permissions, counted as far as its maker has them at the moment of use.
    scopes: Vec<String>,
    expires_at: OffsetDateTime,
}

impl From<ApiKey> for KeyInUse {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.uuid(),
            name: key.name.as_str().to_owned(),
            scopes: scope_names(key.scopes),
            expires_at: moment(key.expires_at),
        }
    }
}

/// A team I belong to.
#[derive(Object)]
struct TeamOfMine {
    id: Uuid,
    name: String,
    role: Role,
}

impl From<Profile> for MyProfile {
    fn from(profile: Profile) -> Self {
        let teams = profile.teams.into_iter().map(|(team, role)| TeamOfMine {
            id: team.id.uuid(),
            name: team.name.as_str().to_owned(),
            role: role.into(),
        });
        Self {
            id: profile.user.id.uuid(),
            name: profile.user.name.as_str().to_owned(),
            email: profile.user.email.map(|email| email.as_str().to_owned()),
            instance_role: profile.user.instance_role.map(Role::from),
            teams: teams.collect(),
            state: profile.user.state.into(),
            session: profile.session.map(Into::into),
            api_key: profile.api_key.map(Into::into),
        }
    }
}

/// What changes; what is left out stays.
#[derive(Object)]
struct ProfileChanges {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Option<String>,
    /// Not checked, and not compared with what others say of themselves.
    #[oai(validator(min_length = 3, max_length = 254))]
    email: Option<String>,
}

#[OpenApi(tag = "Tag::Me", prefix_path = "/api/v1/me")]
impl Me {
    /// Who am I?
    ///
    /// My profile, my teams, and the session or API key I ask with. Permission `profile:read`.
    #[oai(path = "/", method = "get", operation_id = "getMe")]
    async fn get(&self, member: Member) -> Result<Shown<MyProfile>, Failure> {
        let profile = member.ask(&member.caller, GetProfile).await?;
        Ok(Shown::plain(profile.into()))
    }

    /// Change my profile
    ///
    /// Permission `profile:update` · event `user.updated` · quota 10 an hour.
    #[oai(path = "/", method = "patch", operation_id = "updateMe")]
    async fn update(&self, member: Member, body: Body<ProfileChanges>) -> Result<Changed<MyProfile>, Failure> {
        let action = UpdateProfile {
            name: body.name.as_deref().map(|name| Name::parse("/name", name)).transpose()?,
            email: body.email.as_deref().map(|email| Email::parse("/email", email)).transpose()?,
        };
        let seq = member.act(&member.caller, action).await?.seq;
        let profile = member.ask(&member.caller, GetProfile).await?;
        Ok(Changed::Changed(Json(profile.into()), seq, None))
    }
}
