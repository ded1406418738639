//! Sign-in of a new device by a QR code that somebody reads with a device they are signed in on.

use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, CreatedOnce, Shown};
use super::auth::SessionBegun;
use super::model::moment;
use crate::app::Acted;
use crate::base::id::Id;
use crate::base::qr::QrCode;
use crate::base::secret::Secret;
use crate::domain::Error;
use crate::domain::device::DeviceDescription;
use crate::domain::qr_sign_in::State;
use crate::domain::session::SessionKind;
use crate::domain::text::Name;
use crate::http::body::{Body, SMALL};
use crate::http::caller::{Member, Visitor};
use crate::http::problem::Failure;

/// Sign-in by QR.
pub struct Qr;

/// A device that wants to be signed in.
#[derive(Object)]
struct NewQrSignIn {
    device: QrDevice,
}

/// A QR sign-in, for the new device; its secret is shown this once.
#[derive(Object)]
struct QrSignIn {
    id: Uuid,
    /// Proves to be the device that asked. It stands in no code and no address: keep it, and show it to nobody.
    poll_secret: String,
    /// What the code says.
    scan_url: String,
    /// The code as an SVG image.
    svg: String,
    /// The code in half blocks, for a terminal: to be shown dark on light.
    text: String,
    expires_at: OffsetDateTime,
}

/// Where a QR sign-in stands.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase", rename = "QrSignInState")]
enum QrState {
    /// The new device shows its code.
    Created,
    /// Somebody read it and is about to decide.
    Scanned,
    /// They vouched for the device; it may fetch its session.
    Approved,
    /// They did not, or chose the wrong number.
    Denied,
    /// Its two minutes are over.
    Expired,
    /// The device has its session.
    Consumed,
}

impl From<State> for QrState {
    fn from(state: State) -> Self {
        match state {
            State::Created => Self::Created,
            State::Scanned => Self::Scanned,
            State::Approved => Self::Approved,
            State::Denied => Self::Denied,
            State::Expired => Self::Expired,
            State::Consumed => Self::Consumed,
        }
    }
}

/// How a QR sign-in fares.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct QrProgress {
    state: QrState,
    /// The number to show, for whoever read the code to find among three; there while the state is `scanned`.
    number: Option<u8>,
    expires_at: OffsetDateTime,
}

/// A code that was read.
#[derive(Object)]
struct QrScan {
    /// What stands in the code behind the id and the dot.
    #[oai(validator(min_length = 1, max_length = 100))]
    secret: String,
}

/// What is known of a device that wants to be signed in.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct QrScanned {
    /// What it says of itself: anybody can say anything.
    device: QrDevice,
    /// Where it asked from.
    address: Option<String>,
    /// Whether that is the network of whoever read the code. If not, approving wants a fresh sign-in; be wary.
    same_network: bool,
    /// Three numbers: the device shows one of them.
    numbers: Vec<u8>,
    expires_at: OffsetDateTime,
}

/// The number that the new device shows.
#[derive(Object)]
struct QrApproval {
    #[oai(validator(minimum(value = "10"), maximum(value = "99")))]
    number: u8,
}

/// What was decided.
#[derive(Object)]
struct QrDecision {
    state: QrState,
}

impl QrDecision {
    fn made(Acted { output, seq, .. }: Acted<State>) -> Changed<Self> {
        Changed::Changed(Json(Self { state: output.into() }), seq, None)
    }
}

/// What a new device says of itself.
#[derive(Object)]
struct QrDevice {
    /// Such as "Ana's laptop".
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// Such as "Linux".
    #[oai(validator(min_length = 1, max_length = 100))]
    platform: String,
}

impl TryFrom<QrDevice> for DeviceDescription {
    type Error = Error;
    fn try_from(device: QrDevice) -> Result<Self, Error> {
        Ok(Self {
            name: Name::parse("/device/name", &device.name)?,
            platform: Name::parse("/device/platform", &device.platform)?,
        })
    }
}

impl From<DeviceDescription> for QrDevice {
    fn from(device: DeviceDescription) -> Self {
        Self { name: device.name.as_str().to_owned(), platform: device.platform.as_str().to_owned() }
    }
}

/// The new device, come back for its session.
#[derive(Object)]
struct QrFetch {
    #[oai(validator(min_length = 1, max_length = 100))]
    poll_secret: String,
    /// The `device_token` of an earlier sign-in: the device is known again by it.
    #[oai(validator(min_length = 1, max_length = 100))]
    device_token: Option<String>,
}

#[OpenApi(tag = "Tag::Auth", prefix_path = "/api/v1/auth/qr")]
impl Qr {
    /// Ask to be signed in by another device
    ///
    /// Answers a QR code to show and a secret to keep. It is good for two minutes; three may be under way from one
    /// network.
    /// Permission `sign-in:use` · event `auth.qr.created` · quota 10 in 5 minutes per address.
    #[oai(path = "/", method = "post", operation_id = "createQrSignIn")]
    async fn create(&self, visitor: Visitor, body: Body<NewQrSignIn, SMALL>) -> Result<CreatedOnce<QrSignIn>, Failure> {
        let Body(NewQrSignIn { device }) = body;
        let device = DeviceDescription::try_from(device)?;
        let Acted { output, seq, allowance } = visitor.begin_qr_sign_in(&visitor.caller, device).await?;
        let url = output.scan_url.expose();
        let code = QrCode::of(url).ok_or_else(|| Error::internal("the server's address does not fit a QR code"))?;
        let body = QrSignIn {
            id: output.id.uuid(),
            poll_secret: output.poll_secret.expose().clone(),
            scan_url: url.clone(),
            svg: code.svg(),
            text: code.text(),
            expires_at: moment(output.expires_at),
        };
        Ok(CreatedOnce::at(format!("/api/v1/auth/qr/{}", output.id), body, seq, None, allowance.as_ref()))
    }

    /// How does my QR sign-in fare?
    ///
    /// For the new device, which shows its secret; without it the answer is that of an unknown id. Once a second is
    /// enough. Permission `sign-in:use`.
    #[oai(path = "/:id", method = "get", operation_id = "getQrSignIn")]
    async fn get(
        &self,
        visitor: Visitor,
        id: Path<Uuid>,
        /// The secret that came with the code.
        #[oai(name = "Milton-Poll")]
        poll_secret: Header<Option<String>>,
    ) -> Result<Shown<QrProgress>, Failure> {
        let secret = Secret::new(poll_secret.0.unwrap_or_default());
        let progress = visitor.poll_qr_sign_in(&visitor.caller, Id::from_uuid(id.0), secret.expose()).await?;
        Ok(Shown::plain(QrProgress {
            state: progress.state.into(),
            number: progress.number,
            expires_at: moment(progress.expires_at),
        }))
    }

    /// Read the code of a new device
    ///
    /// Once: a code that was read before is refused, and so is everybody else from then on. Nothing is decided yet.
    /// Permission `qr-sign-in:approve` · event `auth.qr.scanned` · quota 5 in 10 minutes.
    #[oai(path = "/:id/scan", method = "post", operation_id = "scanQrSignIn")]
    async fn scan(
        &self,
        member: Member,
        id: Path<Uuid>,
        body: Body<QrScan, SMALL>,
    ) -> Result<Changed<QrScanned>, Failure> {
        let Body(QrScan { secret }) = body;
        let secret = Secret::new(secret);
        let acted = member.scan_qr_sign_in(&member.caller, Id::from_uuid(id.0), secret.expose()).await?;
        let scanned = acted.output;
        let body = QrScanned {
            device: scanned.device.into(),
            address: scanned.address.map(|address| address.to_string()),
            same_network: scanned.same_network,
            numbers: scanned.numbers.to_vec(),
            expires_at: moment(scanned.expires_at),
        };
        Ok(Changed::Changed(Json(body), acted.seq, None))
    }

    /// Vouch for a new device
    ///
    /// By the number it shows; any other denies it for good. For the session alone that read the code. A device in
    /// another network wants a fresh sign-in, by `qr-sign-in:approve-across`.
    /// Permission `qr-sign-in:approve` · event `auth.qr.approved`.
    #[oai(path = "/:id/approve", method = "post", operation_id = "approveQrSignIn")]
    async fn approve(
        &self,
        member: Member,
        id: Path<Uuid>,
        body: Body<QrApproval, SMALL>,
    ) -> Result<Changed<QrDecision>, Failure> {
        Ok(QrDecision::made(member.approve_qr_sign_in(&member.caller, Id::from_uuid(id.0), body.number).await?))
    }

    /// Turn a new device away
    ///
    /// For the session alone that read the code. Permission `qr-sign-in:approve` · event `auth.qr.denied`.
    #[oai(path = "/:id/deny", method = "post", operation_id = "denyQrSignIn")]
    async fn deny(&self, member: Member, id: Path<Uuid>) -> Result<Changed<QrDecision>, Failure> {
        Ok(QrDecision::made(member.deny_qr_sign_in(&member.caller, Id::from_uuid(id.0)).await?))
    }

    /// Sign in as the new device
    ///
    /// Once, while the one who approved is still signed in. Such a session may do what its holder may, but nothing that
    /// wants a fresh sign-in, and it vouches for no other device.
    /// Permission `sign-in:use` · event `auth.qr.used` · quota 10 in 5 minutes per address.
    #[oai(path = "/:id/token", method = "post", operation_id = "signInByQr")]
    async fn token(
        &self,
        visitor: Visitor,
        id: Path<Uuid>,
        body: Body<QrFetch, SMALL>,
    ) -> Result<SessionBegun, Failure> {
        let Body(QrFetch { poll_secret, device_token }) = body;
        let secret = Secret::new(poll_secret);
        let mark = device_token.map(Secret::new).or_else(|| visitor.device_mark.clone());
        let kind = if visitor.console { SessionKind::Console } else { SessionKind::Client };
        let signed_in =
            visitor.sign_in_by_qr(&visitor.caller, Id::from_uuid(id.0), secret.expose(), mark, kind).await?;
        Ok(SessionBegun::hand_over(signed_in))
    }
}
