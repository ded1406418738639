//! API keys as the API shows them.

use poem_openapi::Object;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Person, moment};
use crate::domain::api_key;
use crate::domain::delegation;
use crate::domain::permission::{Permission, Scopes};

/// A key for a program. Its token is shown once, when it is made.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ApiKey {
    id: Uuid,
    name: String,
    /// Names of permissions, counted as far as whoever made the key has them at the moment of use.
    scopes: Vec<String>,
    /// The networks it may be used from; empty for everywhere.
    networks: Vec<String>,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    /// When it was last used, to within a few minutes; absent until it was.
    last_used_at: Option<OffsetDateTime>,
    /// When it was taken away; absent until it is.
    revoked_at: Option<OffsetDateTime>,
}

/// The names of scopes, in the order of the matrix.
pub fn scope_names(scopes: Scopes) -> Vec<String> {
    scopes.permissions().map(Permission::as_str).map(ToOwned::to_owned).collect()
}

impl From<api_key::ApiKey> for ApiKey {
    fn from(key: api_key::ApiKey) -> Self {
        Self {
            id: key.id.uuid(),
            name: key.name.as_str().to_owned(),
            scopes: scope_names(key.scopes),
            networks: key.networks.names().collect(),
            created_at: moment(key.created_at),
            expires_at: moment(key.expires_at),
            last_used_at: key.last_used_at.map(moment),
            revoked_at: key.revoked_at.map(moment),
        }
    }
}

/// A key, and who made it.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ApiKeyOfSomebody {
    owner: Person,
    #[oai(flatten)]
    key: ApiKey,
}

impl From<(api_key::ApiKey, delegation::Person)> for ApiKeyOfSomebody {
    fn from((key, owner): (api_key::ApiKey, delegation::Person)) -> Self {
        Self { owner: owner.into(), key: key.into() }
    }
}

/// A key with its token, which is shown this once.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ApiKeyWithToken {
    /// Goes into `Authorization: Bearer`, and nowhere else.
    token: String,
    #[oai(flatten)]
    key: ApiKey,
}

impl From<crate::app::api_key::Made> for ApiKeyWithToken {
    fn from(made: crate::app::api_key::Made) -> Self {
        Self { token: made.token.expose().clone(), key: made.key.into() }
    }
}
