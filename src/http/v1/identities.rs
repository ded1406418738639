//! One's own identities: by which providers one can sign in.

use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tag;
use super::answer::{Removed, Shown};
use super::auth::Departing;
use super::model::{List, moment};
use crate::app::oidc::ListIdentities;
use crate::base::id::Id;
use crate::domain::identity::LinkedIdentity;
use crate::domain::trip::Errand;
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;
use crate::idp::Provider;

/// Identities.
pub struct Identities;

/// Who a provider says that I am.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Identity {
    id: Uuid,
    /// The provider's name in paths; absent when this server does not know it any more.
    provider: Option<String>,
    /// The provider's issuer.
    issuer: String,
    /// What the provider calls me: an address or a name.
    label: Option<String>,
    linked_at: OffsetDateTime,
    last_used_at: OffsetDateTime,
}

impl Identity {
    fn of(identity: LinkedIdentity, providers: &[Provider]) -> Self {
        let provider = providers.iter().map(Provider::config).find(|config| config.issuer == identity.issuer);
        Self {
            id: identity.id.uuid(),
            provider: provider.map(|config| config.name.clone()),
            issuer: identity.issuer,
            label: identity.label,
            linked_at: moment(identity.linked_at),
            last_used_at: moment(identity.last_used_at),
        }
    }
}

/// At which provider to link an identity.
#[derive(Object)]
struct LinkIdentity {
    /// Its name in paths.
    #[oai(validator(min_length = 1, max_length = 32))]
    provider: String,
}

#[OpenApi(tag = "Tag::Me", prefix_path = "/api/v1/me/identities")]
impl Identities {
    /// By which providers can I sign in?
    ///
    /// Permission `identity:read`.
    #[oai(path = "/", method = "get", operation_id = "listMyIdentities")]
    async fn list(&self, member: Member) -> Result<Shown<List<Identity>>, Failure> {
        let found = member.ask(&member.caller, ListIdentities).await?;
        let items = found.into_iter().map(|identity| Identity::of(identity, member.providers()));
        Ok(Shown::plain(List::whole(items.collect())))
    }

    /// Link an identity to my account
    ///
    /// The browser goes to the address in the answer and signs in there; it comes back to `/account?linked=<provider>`, or
    /// with `?problem=already-exists` when the identity is somebody's already. Wants a fresh sign-in, when it leaves and
    /// when it is back.
    /// Permission `identity:manage` · event `auth.oauth.started` · quota 10 in 5 minutes per address.
    #[oai(path = "/link", method = "post", operation_id = "linkIdentity")]
    async fn link(&self, member: Member, body: Body<LinkIdentity>) -> Result<Departing, Failure> {
        let errand = Errand::Link(member.signed_in);
        Ok(member.leave_for(&member.caller, &body.provider, errand).await?.into())
    }

    /// Unlink an identity
    ///
    /// Ends the sessions that began with it, this one perhaps, and has the provider revoke the tokens that it gave.
    /// Permission `identity:manage` · event `auth.oauth.unlinked`.
    #[oai(path = "/:identity", method = "delete", operation_id = "unlinkIdentity")]
    async fn unlink(&self, member: Member, identity: Path<Uuid>) -> Result<Removed, Failure> {
        let seq = member.app.unlink_identity(&member.caller, Id::from_uuid(identity.0)).await?;
        Ok(Removed::Removed(seq))
    }
}
