//! Passkeys: one's own, and the way in by them.

use std::collections::BTreeMap;

use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, CreatedOnce, Removed, Shown, etag, if_match};
use super::auth::{Device, SessionBegun, arrival};
use super::model::{List, moment};
use crate::app::Acted;
use crate::app::ceremony::Begun;
use crate::app::passkey::{self, Remove, Rename};
use crate::base::id::Id;
use crate::domain;
use crate::domain::text::Name;
use crate::http::body::{Body, SMALL};
use crate::http::caller::{Member, Visitor};
use crate::http::problem::Failure;
use crate::webauthn::{Assertion, Attestation};

/// Passkeys.
pub struct Passkeys;

/// A ceremony that has begun: the browser has five minutes to answer it, once.
#[derive(Object)]
pub struct Ceremony {
    /// Goes into the answer.
    ceremony_id: Uuid,
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` (WebAuthn Level 3).
    options: Value,
}

impl Ceremony {
    /// Hands the question out.
    pub fn begun(acted: Acted<Begun>) -> Changed<Self> {
        let Begun { ceremony, options } = acted.output;
        Changed::Changed(Json(Self { ceremony_id: ceremony.uuid(), options }), acted.seq, None)
    }
}

/// What a browser's `credential.toJSON()` gave.
pub type Credential = BTreeMap<String, Value>;

/// The same as one JSON value.
pub fn value(credential: Credential) -> Value {
    credential.into_iter().collect()
}

/// A passkey about to be kept.
#[derive(Object)]
struct NewPasskey {
    ceremony_id: Uuid,
    /// What the `toJSON()` of the credential gave that the browser made (`RegistrationResponseJSON`).
    credential: Credential,
    /// Such as "Ana's phone".
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
}

/// A passkey's new name.
#[derive(Object)]
struct PasskeyName {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
}

/// Who comes in.
#[derive(Object)]
struct PasskeySignIn {
    ceremony_id: Uuid,
    /// What the `toJSON()` of the credential gave that the browser got (`AuthenticationResponseJSON`).
    credential: Credential,
    device: Option<Device>,
}

/// A key pair whose private half an authenticator keeps.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Passkey {
    id: Uuid,
    name: String,
    created_at: OffsetDateTime,
    /// When it last proved its holder; absent until it does.
    last_used_at: Option<OffsetDateTime>,
    /// Its version, for `If-Match`.
    etag: String,
}

impl From<domain::passkey::Passkey> for Passkey {
    fn from(passkey: domain::passkey::Passkey) -> Self {
        Self {
            id: passkey.id.uuid(),
            name: passkey.name.as_str().to_owned(),
            created_at: moment(passkey.created_at),
            last_used_at: passkey.last_used_at.map(moment),
            etag: etag(passkey.version),
        }
    }
}

#[OpenApi(prefix_path = "/api/v1")]
impl Passkeys {
    /// Begin to make a passkey
    ///
    /// Answers what the browser's `navigator.credentials.create` takes; wants a recent sign-in.
    /// Permission `passkey:manage` · event `auth.passkey.started`.
    #[oai(path = "/me/passkeys/begin", method = "post", operation_id = "beginPasskey", tag = "Tag::Me")]
    async fn begin(&self, member: Member) -> Result<Changed<Ceremony>, Failure> {
        Ok(Ceremony::begun(member.begin_passkey(&member.caller).await?))
    }

    /// Keep the passkey that the browser made
    ///
    /// Up to twenty for a person. What does not prove that it was made just now, here, by a verified person, is refused
    /// (`passkey-refused`) and uses the ceremony up. Permission `passkey:manage` · event `passkey.created`.
    #[oai(path = "/me/passkeys", method = "post", operation_id = "createPasskey", tag = "Tag::Me")]
    async fn create(&self, member: Member, body: Body<NewPasskey>) -> Result<CreatedOnce<Passkey>, Failure> {
        let Body(NewPasskey { ceremony_id, credential, name }) = body;
        let (answer, name) = (Attestation::parse(value(credential))?, Name::parse("/name", &name)?);
        let acted = member.create_passkey(&member.caller, Id::from_uuid(ceremony_id), &answer, name).await?;
        let passkey = Passkey::from(acted.output);
        let (location, tag) = (format!("/api/v1/me/passkeys/{}", passkey.id), passkey.etag.clone());
        Ok(CreatedOnce::at(location, passkey, acted.seq, Some(tag), acted.allowance.as_ref()))
    }

    /// Which passkeys do I have?
    ///
    /// The oldest first. Permission `passkey:read`.
    #[oai(path = "/me/passkeys", method = "get", operation_id = "listPasskeys", tag = "Tag::Me")]
    async fn list(&self, member: Member) -> Result<Shown<List<Passkey>>, Failure> {
        let passkeys = member.ask(&member.caller, passkey::List).await?;
        Ok(Shown::plain(List::whole(passkeys.into_iter().map(Passkey::from).collect())))
    }

    /// One of my passkeys
    ///
    /// Permission `passkey:read`.
    #[oai(path = "/me/passkeys/:passkey", method = "get", operation_id = "getPasskey", tag = "Tag::Me")]
    async fn get(&self, member: Member, passkey: Path<Uuid>) -> Result<Shown<Passkey>, Failure> {
        Ok(Shown::of(member.ask(&member.caller, passkey::Get(Id::from_uuid(passkey.0))).await?))
    }

    /// Rename a passkey
    ///
    /// Permission `passkey:manage` · event `passkey.renamed`.
    #[oai(path = "/me/passkeys/:passkey", method = "patch", operation_id = "renamePasskey", tag = "Tag::Me")]
    async fn rename(
        &self,
        member: Member,
        passkey: Path<Uuid>,
        /// The `etag` that was seen, or `*`.
        #[oai(name = "If-Match")]
        if_match_header: Header<String>,
        body: Body<PasskeyName>,
    ) -> Result<Changed<Passkey>, Failure> {
        let action = Rename {
            id: Id::from_uuid(passkey.0),
            version: if_match(&if_match_header)?,
            name: Name::parse("/name", &body.name)?,
        };
        let acted = member.act(&member.caller, action).await?;
        let passkey = Passkey::from(acted.output);
        let tag = passkey.etag.clone();
        Ok(Changed::Changed(Json(passkey), acted.seq, Some(tag)))
    }

    /// Remove a passkey
    ///
    /// It opens nothing any more; sessions that began with it go on. Wants a recent sign-in.
    /// Permission `passkey:manage` · event `passkey.removed`.
    #[oai(path = "/me/passkeys/:passkey", method = "delete", operation_id = "deletePasskey", tag = "Tag::Me")]
    async fn remove(&self, member: Member, passkey: Path<Uuid>) -> Result<Removed, Failure> {
        let action = Remove { id: Id::from_uuid(passkey.0) };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// Begin to sign in by a passkey
    ///
    /// Open to everybody: answers what the browser's `navigator.credentials.get` takes, for whichever passkey it has.
    /// Permission `sign-in:use` · event `auth.passkey.started` · quota 10 in 5 minutes per address.
    #[oai(path = "/auth/passkey/begin", method = "post", operation_id = "beginPasskeySignIn", tag = "Tag::Auth")]
    async fn begin_sign_in(&self, visitor: Visitor) -> Result<Changed<Ceremony>, Failure> {
        Ok(Ceremony::begun(visitor.begin_passkey_sign_in(&visitor.caller).await?))
    }

    /// Sign in by a passkey
    ///
    /// Open to whoever has one; the person must have been verified by it. Whatever is wrong with the answer, it is
    /// `passkey-refused` and uses the ceremony up.
    /// Permission `sign-in:use` · event `auth.passkey.succeeded` · quota 10 in 5 minutes per address.
    #[oai(path = "/auth/passkey", method = "post", operation_id = "signInByPasskey", tag = "Tag::Auth")]
    async fn sign_in(&self, visitor: Visitor, body: Body<PasskeySignIn, SMALL>) -> Result<SessionBegun, Failure> {
        let Body(PasskeySignIn { ceremony_id, credential, device }) = body;
        let answer = Assertion::parse(value(credential))?;
        let arrival = arrival(&visitor, None, None, device)?;
        let ceremony = Id::from_uuid(ceremony_id);
        let signed_in = visitor.sign_in_by_passkey(&visitor.caller, ceremony, &answer, arrival).await?;
        Ok(SessionBegun::hand_over(signed_in))
    }
}
