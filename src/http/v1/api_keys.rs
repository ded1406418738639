//! API keys: one's own, and the inventory of all for those who run the server.

use std::time::Duration;

use poem_openapi::param::{Path, Query};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::answer::{Created, Made, Removed, Shown};
use super::model::{ApiKey, ApiKeyOfSomebody, ApiKeyWithToken, List, page_request};
use crate::app::api_key::{Get, ListAll, ListMine, Revoke, RevokeAny, Wanted};
use crate::base::id::Id;
use crate::domain::networks::Networks;
use crate::domain::permission::Permission;
use crate::domain::text::Name;
use crate::domain::{Error, FieldError};
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// API keys.
pub struct ApiKeys;

/// A key about to be made.
#[derive(Object)]
struct NewApiKey {
    /// What it is for.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// Names of permissions, such as `delegation:read`: each one that you have, and that wants no fresh sign-in.
    #[oai(validator(min_items = 1, max_items = 100, unique_items))]
    scopes: Vec<String>,
    /// Networks such as `192.0.2.0/24`, and addresses; from everywhere when left out.
    #[oai(validator(min_items = 1, max_items = 16))]
    networks: Option<Vec<String>>,
    /// How many seconds it is good for, at most 365 days; 90 days when left out.
    #[oai(validator(minimum(value = "60"), maximum(value = "31536000")))]
    expires_in: Option<u32>,
}

/// Permissions by their names. `Invalid`, which names them, for what no key can have.
fn scopes(names: &[String]) -> Result<Vec<Permission>, Error> {
    let known = |name: &String| Permission::parse(name).filter(|permission| permission.is_for_keys());
    let unknown = names.iter().enumerate().filter(|(_, name)| known(name).is_none());
    let wrong = unknown.map(|(nth, _)| FieldError {
        pointer: format!("/scopes/{nth}"),
        detail: "is not the name of a permission that a key can have".to_owned(),
    });
    let wrong: Vec<_> = wrong.collect();
    if wrong.is_empty() { Ok(names.iter().filter_map(known).collect()) } else { Err(Error::Invalid(wrong)) }
}

#[OpenApi(prefix_path = "/api/v1")]
impl ApiKeys {
    /// Make an API key
    ///
    /// For a program: it works in your name, with these scopes, and with no more than you may do yourself at that moment.
    /// Its token is shown this once. What wants a fresh sign-in no key can do, nor make keys or ways in; wants a recent
    /// sign-in. At most 50 keys that are good for something.
    /// Permission `api-key:create` · event `token.apikey.created` · quota 10 an hour.
    #[oai(path = "/me/api-keys", method = "post", operation_id = "createApiKey", tag = "Tag::Me")]
    async fn create(&self, member: Member, body: Body<NewApiKey>) -> Result<Created<ApiKeyWithToken>, Failure> {
        let wanted = Wanted {
            name: Name::parse("/name", &body.name)?,
            scopes: scopes(&body.scopes)?,
            networks: match &body.networks {
                Some(networks) => Networks::parse("/networks", networks)?,
                None => Networks::default(),
            },
            lifetime: body.expires_in.map(|seconds| Duration::from_secs(seconds.into())),
        };
        let made = member.create_api_key(&member.caller, wanted, member.mark).await?;
        Ok(Created::shown_once(made, |made| Made {
            location: format!("/api/v1/me/api-keys/{}", made.key.id),
            body: made.into(),
            etag: None,
        }))
    }

    /// Which API keys do I have?
    ///
    /// Expired ones too; not those that were taken away. Permission `api-key:manage`.
    #[oai(path = "/me/api-keys", method = "get", operation_id = "listApiKeys", tag = "Tag::Me")]
    async fn list(
        &self,
        member: Member,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<ApiKey>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        Ok(Shown::plain(List::of(member.ask(&member.caller, ListMine { page }).await?, ApiKey::from)))
    }

    /// One of my API keys
    ///
    /// Without its token. Permission `api-key:manage`.
    #[oai(path = "/me/api-keys/:key", method = "get", operation_id = "getApiKey", tag = "Tag::Me")]
    async fn get(&self, member: Member, key: Path<Uuid>) -> Result<Shown<ApiKey>, Failure> {
        Ok(Shown::plain(member.ask(&member.caller, Get(Id::from_uuid(key.0))).await?.into()))
    }

    /// Take one of my API keys away
    ///
    /// It is refused from the next request on. Permission `api-key:manage` · event `token.apikey.revoked`.
    #[oai(path = "/me/api-keys/:key", method = "delete", operation_id = "revokeApiKey", tag = "Tag::Me")]
    async fn revoke(&self, member: Member, key: Path<Uuid>) -> Result<Removed, Failure> {
        Ok(Removed::Removed(member.act(&member.caller, Revoke(Id::from_uuid(key.0))).await?.seq))
    }

    /// Everybody's API keys
    ///
    /// In the order they were made. Permission `api-key:read-all`.
    #[oai(path = "/admin/api-keys", method = "get", operation_id = "listAllApiKeys", tag = "Tag::Admin")]
    async fn list_all(
        &self,
        member: Member,
        /// Made by this person.
        user_id: Query<Option<Uuid>>,
        /// Those too that were taken away.
        include_revoked: Query<Option<bool>>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<ApiKeyOfSomebody>>, Failure> {
        let query = ListAll {
            maker: user_id.0.map(Id::from_uuid),
            with_revoked: include_revoked.0.unwrap_or(false),
            page: page_request(limit.0, cursor.0.as_deref())?,
        };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, ApiKeyOfSomebody::from)))
    }

    /// Take somebody's API key away
    ///
    /// Of people below one's own role only, except for an Owner.
    /// Permission `api-key:revoke-any` · event `token.apikey.revoked`.
    #[oai(path = "/admin/api-keys/:key", method = "delete", operation_id = "revokeAnyApiKey", tag = "Tag::Admin")]
    async fn revoke_any(&self, member: Member, key: Path<Uuid>) -> Result<Removed, Failure> {
        Ok(Removed::Removed(member.act(&member.caller, RevokeAny(Id::from_uuid(key.0))).await?.seq))
    }
}
