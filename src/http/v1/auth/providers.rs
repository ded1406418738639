//! Ways in by a provider's word: trips to it and back, native apps, a new proof, and the provider's own logout.

use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use super::super::Tag;
use super::super::model::List;
use super::{Device, SessionBegun, arrival};
use crate::app::oidc::{CallbackAnswer, Departure};
use crate::app::sign_in::Arrival;
use crate::base::secret::Secret;
use crate::domain::Error;
use crate::domain::native::NativeApp;
use crate::domain::session::SessionKind;
use crate::domain::trip::{Errand, ReturnPath};
use crate::http::body::{Body, SMALL};
use crate::http::caller::{Member, Visitor};
use crate::http::cookie;
use crate::http::form::Form;
use crate::http::problem::{Failure, Wire};
use crate::http::redirect::Redirect;
use crate::idp::Provider as IdpProvider;

/// Signing in by way of a provider.
pub struct Providers;

/// Who may vouch for people.
#[derive(Object)]
struct Provider {
    /// Its name in paths.
    name: String,
    /// Its name for people.
    display_name: String,
    /// Where a browser goes to sign in with it.
    login_url: String,
    /// Whether it may be asked for a new proof of identity; one that is known to ignore that may not.
    step_up: bool,
}

/// Where the browser goes next.
#[derive(Object)]
pub struct Destination {
    /// An address of the provider.
    url: String,
}

/// The way to a provider.
#[derive(ApiResponse)]
pub enum Departing {
    /// The browser goes there, with the cookie of this answer.
    #[oai(status = 200)]
    To(
        Json<Destination>,
        /// The audit row that stands for it.
        #[oai(header = "Milton-Audit")]
        i64,
        /// Binds the trip to this browser.
        #[oai(header = "Set-Cookie")]
        String,
    ),
}

impl From<Departure> for Departing {
    fn from(departure: Departure) -> Self {
        let cookie = cookie::begin_login(&departure.cookie);
        Self::To(Json(Destination { url: departure.url }), departure.seq, cookie)
    }
}

/// A native app's code.
#[derive(Object)]
struct CodeExchange {
    /// The `code` that the browser brought to the app's address.
    #[oai(validator(min_length = 1, max_length = 200))]
    code: String,
    /// What the app's challenge was made of (RFC 7636).
    #[oai(validator(min_length = 43, max_length = 128))]
    code_verifier: String,
    device: Option<Device>,
}

/// By whom to prove who I am.
#[derive(Object)]
struct StepUpByProvider {
    /// Its name in paths.
    #[oai(validator(min_length = 1, max_length = 32))]
    provider: String,
    /// A path of the console to go on at, `/account` unless given.
    #[oai(validator(min_length = 1, max_length = 500))]
    return_to: Option<String>,
}

/// An invitation, and who shall vouch for me.
#[derive(Object)]
struct AcceptanceByProvider {
    /// The invitation's token: what stands behind `#` in its link.
    #[oai(validator(min_length = 1, max_length = 200))]
    token: String,
    /// The provider's name in paths.
    #[oai(validator(min_length = 1, max_length = 32))]
    provider: String,
}

/// What a provider sends when somebody signed out there.
#[derive(Object)]
struct BackChannelLogout {
    /// Signed by the provider.
    logout_token: String,
}

/// The provider was heard.
#[derive(ApiResponse)]
enum LoggedOut {
    /// The sessions are over.
    #[oai(status = 200)]
    Done(
        /// The audit row that stands for it.
        #[oai(header = "Milton-Audit")]
        i64,
        /// Nobody keeps this answer.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

#[OpenApi(tag = "Tag::Auth")]
impl Providers {
    /// Who may vouch for people?
    ///
    /// Open to everybody.
    #[oai(path = "/api/v1/auth/providers", method = "get", operation_id = "listProviders")]
    #[allow(clippy::unused_async)] // the framework's signature
    async fn providers(&self, visitor: Visitor) -> Json<List<Provider>> {
        let shown = visitor.providers().iter().map(IdpProvider::config);
        let items = shown.map(|config| Provider {
            name: config.name.clone(),
            display_name: config.display_name.clone(),
            login_url: format!("/auth/login/{}", config.name),
            step_up: config.signs_in_anew(),
        });
        Json(List::whole(items.collect()))
    }

    /// Go to a provider to sign in
    ///
    /// For browsers: answers a redirect to the provider, and a cookie that binds the trip to this browser. A native app
    /// (RFC 8252) opens it with its `redirect_uri` on this machine and a challenge of its own; the browser then brings a
    /// `code` there, good for a minute, instead of a session to the console.
    /// Permission `sign-in:use` · event `auth.oauth.started` · quota 10 in 5 minutes per address.
    #[oai(path = "/auth/login/:provider", method = "get", operation_id = "goToProvider")]
    async fn login(
        &self,
        visitor: Visitor,
        provider: Path<String>,
        /// Where a native app waits: `http://127.0.0.1:<port>/<path>` or `http://[::1]:<port>/<path>`.
        redirect_uri: Query<Option<String>>,
        /// The SHA-256 of the app's verifier in base64url (RFC 7636).
        code_challenge: Query<Option<String>>,
        /// `S256`.
        code_challenge_method: Query<Option<String>>,
        /// What the app wants to see again.
        state: Query<Option<String>>,
    ) -> Result<Redirect, Failure> {
        if !visitor.is_document {
            visitor.refuse_foreign_page(&visitor.anybody()).await?;
        }
        let errand = match (redirect_uri.0.as_deref(), code_challenge.0.as_deref()) {
            (None, None) => Errand::SignIn,
            (redirect, challenge) => Errand::Native(NativeApp::parse(
                redirect.unwrap_or_default(),
                challenge.unwrap_or_default(),
                code_challenge_method.0.as_deref().unwrap_or_default(),
                state.0.as_deref(),
            )?),
        };
        let departure = visitor.leave_for(&visitor.anybody(), &provider, errand).await?;
        Ok(Redirect::to(&departure.url, [cookie::begin_login(&departure.cookie)])?)
    }

    /// Come back from a provider
    ///
    /// For browsers: the provider sends them here. Ends where the trip began: in the console, signed in; at the account,
    /// with `?linked=`; at the page that wanted a new proof; at the native app's address; or there with `problem=` and a
    /// slug.
    /// Permission `sign-in:use` · event `auth.oauth.succeeded` · quota 10 in 5 minutes per address.
    #[oai(path = "/auth/callback/:provider", method = "get", operation_id = "comeBackFromProvider")]
    async fn callback(
        &self,
        visitor: Visitor,
        provider: Path<String>,
        /// Names the trip.
        state: Query<Option<String>>,
        /// What is exchanged for tokens.
        code: Query<Option<String>>,
        /// Why the provider refused.
        error: Query<Option<String>>,
        /// Who answers (RFC 9207).
        iss: Query<Option<String>>,
    ) -> Result<Redirect, Failure> {
        let answer = CallbackAnswer {
            state: state.0.unwrap_or_default(),
            code: code.0.map(Secret::new),
            error: error.0,
            issuer: iss.0,
            cookie: Secret::new(visitor.login_cookie.clone().unwrap_or_default()),
            mark: visitor.device_mark.clone(),
        };
        let landing = visitor.come_back(&visitor.anybody(), &provider, answer).await?;
        let begun =
            landing.session.map(|begun| [cookie::begin_session(&begun.token), cookie::mark_device(&begun.mark)]);
        Ok(Redirect::to(&landing.location, begun.into_iter().flatten().chain([cookie::end_login()]))?)
    }

    /// Exchange a native app's code for a session
    ///
    /// Once, within a minute, and only with the verifier of the app's own challenge. A code that is shown again ends the
    /// session that it has become.
    /// Permission `sign-in:use` · event `auth.code.exchanged` · quota 10 in 5 minutes per address.
    #[oai(path = "/api/v1/auth/exchange", method = "post", operation_id = "exchangeCode")]
    async fn exchange(&self, visitor: Visitor, body: Body<CodeExchange, SMALL>) -> Result<SessionBegun, Failure> {
        let Body(CodeExchange { code, code_verifier, device }) = body;
        let (code, verifier) = (Secret::new(code), Secret::new(code_verifier));
        let arrival = Arrival { kind: SessionKind::Client, ..arrival(&visitor, None, None, device)? };
        let caller = visitor.anybody();
        let signed_in = visitor.exchange_code(&caller, code.expose(), verifier.expose(), arrival).await?;
        Ok(SessionBegun::hand_over(signed_in))
    }

    /// Prove anew who I am, by a provider
    ///
    /// The browser goes to the address in the answer and signs in there once more; it comes back to `return_to`, and this
    /// session is as good as a new one. A provider that does not ask the person anew is of no help
    /// (`step-up-ignored`): Google never does. Use a passkey then, sign in again, or ask the host for a one-time link.
    /// Permission `session:step-up` · event `auth.stepup.started` · quota 10 in 5 minutes per address.
    #[oai(path = "/api/v1/auth/step-up/provider", method = "post", operation_id = "stepUpByProvider")]
    async fn step_up(&self, member: Member, body: Body<StepUpByProvider>) -> Result<Departing, Failure> {
        let path = body.return_to.as_deref().map(|path| ReturnPath::parse("/return_to", path)).transpose()?;
        let errand = Errand::StepUp(member.signed_in, path.unwrap_or_else(ReturnPath::account));
        Ok(member.leave_for(&member.caller, &body.provider, errand).await?.into())
    }

    /// Accept an invitation by way of a provider
    ///
    /// For somebody who is not signed in: the provider vouches for them, their account is made or found, and they are a
    /// member. An invitation that is bound to an address wants one that the provider has verified.
    /// Permission `sign-in:use` · event `auth.oauth.started` · quota 10 in 5 minutes per address.
    #[oai(path = "/api/v1/invitations/accept/provider", method = "post", operation_id = "acceptInvitationByProvider")]
    async fn accept(&self, visitor: Visitor, body: Body<AcceptanceByProvider, SMALL>) -> Result<Departing, Failure> {
        let Body(AcceptanceByProvider { token, provider }) = body;
        let token = Secret::new(token);
        Ok(visitor.accept_at_provider(&visitor.caller, token.expose(), &provider).await?.into())
    }

    /// Hear that somebody signed out at their provider
    ///
    /// For providers (`OpenID` Connect Back-Channel Logout 1.0): ends the sessions that began with the identity which the
    /// token names, or those alone that began in the provider's session that it names.
    /// Permission `sign-in:back-channel` · event `auth.oauth.logged_out`.
    #[oai(path = "/auth/backchannel-logout/:provider", method = "post", operation_id = "logOutByProvider")]
    async fn log_out(
        &self,
        visitor: Visitor,
        provider: Path<String>,
        form: Form<BackChannelLogout>,
    ) -> Result<LoggedOut, Failure> {
        match visitor.log_out_by_provider(&visitor.anybody(), &provider, &form.0.logout_token).await {
            Ok(seq) => Ok(LoggedOut::Done(seq, "no-store".to_owned())),
            // 2.8 wants 400, whatever is wrong with the token.
            Err(Error::Unauthenticated(_) | Error::Conflict(_)) => {
                Err(Wire::BadRequest("The logout token is not a good one.").into())
            }
            Err(error) => Err(error.into()),
        }
    }
}
