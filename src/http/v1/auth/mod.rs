//! Ways in and out; those by way of a provider have a file of their own.

mod providers;

use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use time::OffsetDateTime;

use super::Tag;
use super::answer::WithCookie;
use super::model::{Session, User, moment};
use crate::app::account::{Logout, RevokeAllSessions};
use crate::app::sign_in::{Arrival, SignedInNow};
use crate::base::secret::Secret;
use crate::domain::Error;
use crate::domain::device::DeviceDescription;
use crate::domain::session::SessionKind;
use crate::domain::text::{Email, Name};
use crate::http::body::{Body, SMALL};
use crate::http::caller::{Member, Visitor};
use crate::http::cookie;
use crate::http::problem::Failure;

pub use providers::{Departing, Providers};

/// Signing in and out.
pub struct Auth;

/// What a client says of itself.
#[derive(Object)]
pub struct Device {
    /// Such as "Ana's laptop".
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// Such as "Linux".
    #[oai(validator(min_length = 1, max_length = 100))]
    platform: String,
    /// The `device_token` of an earlier sign-in: the device is known again by it.
    #[oai(validator(min_length = 1, max_length = 100))]
    token: Option<String>,
}

impl TryFrom<Device> for DeviceDescription {
    type Error = Error;
    fn try_from(device: Device) -> Result<Self, Error> {
        Ok(Self {
            name: Name::parse("/device/name", &device.name)?,
            platform: Name::parse("/device/platform", &device.platform)?,
        })
    }
}

/// A one-time link, opened.
#[derive(Object)]
struct LinkSignIn {
    /// The link's token: what stands behind `#` in it.
    #[oai(validator(min_length = 1, max_length = 200))]
    token: String,
    /// Needed when the link makes an account: the claim of a new server.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Option<String>,
    /// Your address, when the link makes an account. Not checked: it opens nothing and keeps nobody else out.
    #[oai(validator(min_length = 3, max_length = 254))]
    email: Option<String>,
    device: Option<Device>,
}

/// A session that has just begun.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SignedIn {
    /// The session's token, shown this once; absent for the console, which gets a cookie.
    token: Option<String>,
    /// Give it as `device.token` at the next sign-in, and the device is known again; absent for the console. It opens
    /// nothing.
    device_token: Option<String>,
    expires_at: OffsetDateTime,
    user: User,
    session: Session,
}

/// A session began; the console gets a second cookie, by which its device is known again.
pub type SessionBegun = WithCookie<Begun>;

/// A session began.
#[derive(ApiResponse)]
pub enum Begun {
    /// Signed in.
    #[oai(status = 201)]
    Begun(
        Json<SignedIn>,
        /// Where the session's holder finds themself.
        #[oai(header = "Location")]
        String,
        /// The audit row that stands for it.
        #[oai(header = "Milton-Audit")]
        i64,
        /// The console's cookie.
        #[oai(header = "Set-Cookie")]
        Option<String>,
    ),
}

impl SessionBegun {
    /// Hands the token over: to the console as a cookie that no script can read, to anybody else in the answer.
    pub fn hand_over(signed_in: SignedInNow) -> Self {
        let SignedInNow { token, session, user, mark, seq } = signed_in;
        let console = session.kind == SessionKind::Console;
        let session_cookie = console.then(|| cookie::begin_session(&token));
        let body = SignedIn {
            token: (!console).then(|| token.expose().clone()),
            device_token: (!console).then(|| mark.expose().clone()),
            expires_at: moment(session.expires_at),
            user: user.into(),
            session: session.into(),
        };
        let answer = Begun::Begun(Json(body), "/api/v1/me".to_owned(), seq, session_cookie);
        Self { answer, cookie: console.then(|| cookie::mark_device(&mark)) }
    }
}

/// What a person brings along; `pointer`s name the fields they stood in.
pub fn arrival(
    visitor: &Visitor,
    name: Option<&str>,
    email: Option<&str>,
    mut device: Option<Device>,
) -> Result<Arrival, Error> {
    let shown = device.as_mut().and_then(|device| device.token.take()).map(Secret::new);
    Ok(Arrival {
        name: name.map(|name| Name::parse("/name", name)).transpose()?,
        email: email.map(|email| Email::parse("/email", email)).transpose()?,
        device: device.map(DeviceDescription::try_from).transpose()?,
        mark: shown.or_else(|| visitor.device_mark.clone()),
        kind: if visitor.console { SessionKind::Console } else { SessionKind::Client },
    })
}

/// Signed out.
#[derive(ApiResponse)]
enum SignedOut {
    /// The session is over.
    #[oai(status = 204)]
    Done(
        /// The audit row that stands for it.
        #[oai(header = "Milton-Audit")]
        i64,
        /// Takes the console's cookie away.
        #[oai(header = "Set-Cookie")]
        String,
        /// Has the browser forget what this site's pages keep.
        #[oai(header = "Clear-Site-Data")]
        String,
    ),
}

impl SignedOut {
    fn done(seq: i64) -> Self {
        Self::Done(seq, cookie::end_session(), cookie::FORGET_SITE.to_owned())
    }
}

#[OpenApi(tag = "Tag::Auth")]
impl Auth {
    /// Sign in by a one-time link
    ///
    /// Open to whoever holds the link. The claim link of a new server also makes its owner and wants a `name`.
    /// Permission `sign-in:use` · event `auth.link.used` · quota 10 in 5 minutes per address.
    #[oai(path = "/api/v1/auth/link", method = "post", operation_id = "signInByLink")]
    async fn link(&self, visitor: Visitor, body: Body<LinkSignIn, SMALL>) -> Result<SessionBegun, Failure> {
        let Body(LinkSignIn { token, name, email, device }) = body;
        let token = Secret::new(token);
        let arrival = arrival(&visitor, name.as_deref(), email.as_deref(), device)?;
        let signed_in = visitor.sign_in_by_link(&visitor.caller, token.expose(), arrival).await?;
        Ok(SessionBegun::hand_over(signed_in))
    }

    /// Sign out
    ///
    /// Ends the session that the token belongs to; the token is refused from the next request on.
    /// Permission `session:revoke` · event `auth.logout`.
    #[oai(path = "/api/v1/auth/logout", method = "post", operation_id = "signOut")]
    async fn logout(&self, member: Member) -> Result<SignedOut, Failure> {
        let seq = member.act(&member.caller, Logout).await?.seq;
        Ok(SignedOut::done(seq))
    }

    /// End all of my sessions
    ///
    /// This one included: each token is refused from the next request on.
    /// Permission `session:revoke` · event `token.revoked_all`.
    #[oai(path = "/api/v1/me/sessions/revoke-all", method = "post", operation_id = "revokeAllSessions")]
    async fn revoke_all(&self, member: Member) -> Result<SignedOut, Failure> {
        let seq = member.act(&member.caller, RevokeAllSessions).await?.seq;
        Ok(SignedOut::done(seq))
    }
}
