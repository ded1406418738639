//! Step-up: a new proof of who one is, for what is dangerous.

use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, Shown};
use super::model::{Session, moment};
use super::passkeys::{Ceremony, Credential, value};
use crate::app::step_up;
use crate::base::id::Id;
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;
use crate::webauthn::Assertion;

/// Step-up.
pub struct StepUp;

/// How fresh my sign-in is.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Freshness {
    /// Until when dangerous acts need no new proof; it may be over. Absent for a session that another device vouched for:
    /// it never counts as fresh.
    step_up_until: Option<OffsetDateTime>,
    /// What I can do to make it so again.
    ways: Vec<Way>,
}

/// A way to prove anew who one is.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Way {
    kind: WayKind,
    /// The provider's name in paths.
    provider: Option<String>,
    /// The provider's name for people.
    display_name: Option<String>,
    /// Whether the provider asks the person again. One that does not (Google) only repeats that they once signed in there,
    /// which proves nothing new.
    reauthenticates: Option<bool>,
}

/// By what.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum WayKind {
    /// `POST /api/v1/auth/step-up/passkey/begin`.
    Passkey,
    /// The provider's sign-in, anew.
    Provider,
    /// A one-time link that somebody makes on the host (`milton login-link`): a new session.
    Link,
}

impl From<step_up::Way> for Way {
    fn from(way: step_up::Way) -> Self {
        let alone = |kind| Self { kind, provider: None, display_name: None, reauthenticates: None };
        match way {
            step_up::Way::Passkey => alone(WayKind::Passkey),
            step_up::Way::Link => alone(WayKind::Link),
            step_up::Way::Provider { name, display_name, reauthenticates } => Self {
                kind: WayKind::Provider,
                provider: Some(name),
                display_name: Some(display_name),
                reauthenticates: Some(reauthenticates),
            },
        }
    }
}

/// An authenticator's answer.
#[derive(Object)]
struct PasskeyProof {
    ceremony_id: Uuid,
    /// What the `toJSON()` of the credential gave that the browser got (`AuthenticationResponseJSON`).
    credential: Credential,
}

#[OpenApi(prefix_path = "/api/v1")]
impl StepUp {
    /// How fresh is my sign-in?
    ///
    /// And what can I do, when something answers `step-up-required`? Permission `session:read`.
    #[oai(path = "/me/step-up", method = "get", operation_id = "getStepUp", tag = "Tag::Me")]
    async fn get(&self, member: Member) -> Result<Shown<Freshness>, Failure> {
        let step_up::StepUp { until, ways } = member.step_up(&member.caller).await?;
        let ways = ways.into_iter().map(Way::from).collect();
        Ok(Shown::plain(Freshness { step_up_until: until.map(moment), ways }))
    }

    /// Begin a step-up by a passkey
    ///
    /// Answers what the browser's `navigator.credentials.get` takes.
    /// Permission `session:step-up` · event `auth.stepup.started`.
    #[oai(path = "/auth/step-up/passkey/begin", method = "post", operation_id = "beginStepUp", tag = "Tag::Auth")]
    async fn begin(&self, member: Member) -> Result<Changed<Ceremony>, Failure> {
        Ok(Ceremony::begun(member.begin_step_up(&member.caller).await?))
    }

    /// Step up by a passkey
    ///
    /// Makes the session fresh for ten minutes. Whatever is wrong with the answer, it is `passkey-refused` and uses the
    /// ceremony up. Permission `session:step-up` · event `auth.stepup.succeeded`.
    #[oai(path = "/auth/step-up/passkey", method = "post", operation_id = "stepUpByPasskey", tag = "Tag::Auth")]
    async fn finish(&self, member: Member, body: Body<PasskeyProof>) -> Result<Changed<Session>, Failure> {
        let Body(PasskeyProof { ceremony_id, credential }) = body;
        let answer = Assertion::parse(value(credential))?;
        let acted = member.step_up_by_passkey(&member.caller, Id::from_uuid(ceremony_id), &answer).await?;
        Ok(Changed::Changed(Json(acted.output.into()), acted.seq, None))
    }
}
