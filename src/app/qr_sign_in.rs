//! Sign-in by QR, the new device's side: it shows a code, waits until somebody vouches for it in
//! [`qr_approval`](super::qr_approval), and fetches its session. The states are those of [`Step::from`].

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::domain::actor::Caller;
use crate::domain::device::DeviceDescription;
use crate::domain::event::Event;
use crate::domain::permission::Permission;
use crate::domain::qr_sign_in::{Approver, LIFETIME, MAX_PENDING, Numbers, QrSignIn, State, Step};
use crate::domain::quota;
use crate::domain::session::{Method, Session, SessionKind};
use crate::domain::user::{User, UserState};
use crate::domain::{AuthFailure, Error};
use crate::store::qr_sign_in::{self, NewQrSignIn};
use crate::store::session::{self, NewSession};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, user};

use super::one_time::{random_text, sha256};
use super::quota::network;
use super::sign_in::{Arrival, SignedInNow, arrive};
use super::{Acted, App};

/// What the audit log calls one.
pub(super) const KIND: &str = "qr-sign-in";

/// A QR sign-in that has just begun, for the new device.
#[derive(Debug)]
pub struct Begun {
    /// Names it.
    pub id: Id<QrSignIn>,
    /// What proves to be that device; it stands nowhere else, least of all in the code.
    pub poll_secret: Secret<String>,
    /// What the code says. The secret stands in the fragment, so that no server log ever holds it.
    pub scan_url: Secret<String>,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// How a QR sign-in fares, for the new device.
#[derive(Debug)]
pub struct Progress {
    /// Where it stands.
    pub state: State,
    /// The number to show; from the scan until the decision.
    pub number: Option<u8>,
    /// When it is over.
    pub expires_at: Timestamp,
}

impl App {
    /// Begins, for a new device.
    pub async fn begin_qr_sign_in(&self, caller: &Caller, device: DeviceDescription) -> Result<Acted<Begun>, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        let [poll_secret, scan_secret] = [(); 2].map(|()| random_text(&*self.entropy));
        let new = NewQrSignIn {
            device,
            address: caller.address,
            network: network(caller.address),
            poll_hash: sha256(poll_secret.expose()),
            scan_hash: sha256(scan_secret.expose()),
            numbers: Numbers::draw(&*self.entropy),
        };
        let Acted { output: (id, expires_at), seq, allowance } = self.act(caller, Begin(new)).await?;
        let scan_url = Secret::new(format!("{}/qr#{id}.{}", self.public_url, scan_secret.expose()));
        Ok(Acted { output: Begun { id, poll_secret, scan_url, expires_at }, seq, allowance })
    }

    /// How it fares, for the new device. An unknown id and a wrong secret are refused alike.
    pub async fn poll_qr_sign_in(
        &self,
        caller: &Caller,
        id: Id<QrSignIn>,
        poll_secret: &str,
    ) -> Result<Progress, Error> {
        match self.ask(caller, Poll { id, poll_hash: sha256(poll_secret) }).await? {
            Some(progress) => Ok(progress),
            None => self.refuse_token(caller, AuthFailure::Invalid).await,
        }
    }

    /// Gives an approved device its session, once.
    pub async fn sign_in_by_qr(
        &self,
        caller: &Caller,
        id: Id<QrSignIn>,
        poll_secret: &str,
        mark: Option<Secret<String>>,
        kind: SessionKind,
    ) -> Result<SignedInNow, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        let poll_hash = sha256(poll_secret);
        let checked = self.store.look(|read| approved(read, id, &poll_hash));
        let (found, approver) = self.note_refusal(caller, checked, "qr").await?;
        let arrival = Arrival { name: None, email: None, device: Some(found.device), mark, kind };
        let begin = |_, session| Use { id, poll_hash, session };
        self.begin_session(caller, Some(approver.user), arrival, Method::Qr, begin).await
    }

    /// Notes which QR sign-ins ran out; leaves no row when none did. Answers how many.
    pub async fn expire_qr_sign_ins(&self, timer: &Caller) -> Result<usize, Error> {
        if !self.store.look(qr_sign_in::has_run_out)? {
            return Ok(0);
        }
        Ok(self.act(timer, Expire).await?.output)
    }
}

/// The sign-in that may become a session at this moment, with whoever approved it.
fn approved(read: &ReadTx<'_>, id: Id<QrSignIn>, poll_hash: &[u8; 32]) -> Result<(QrSignIn, Approver), Error> {
    let found = qr_sign_in::find_by_poll(read, id, poll_hash)?.ok_or(AuthFailure::Invalid)?;
    found.after(Step::Consume, read.now())?;
    let approver = found.approver.ok_or_else(|| Error::internal("approved by nobody"))?;
    Ok((found, approver))
}

/// Begins.
#[derive(Debug)]
struct Begin(NewQrSignIn);

impl Action for Begin {
    type Output = (Id<QrSignIn>, Timestamp);

    fn permission(&self) -> Permission {
        Permission::SignIn
    }
    fn event(&self) -> Event {
        Event::QrCreated
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Self::Output, Error> {
        let (pending, retry_after) = qr_sign_in::pending(tx, &self.0.network)?;
        if pending >= i64::from(MAX_PENDING) {
            let (quota, limit, window) = ("qr-sign-ins-pending", MAX_PENDING, LIFETIME);
            return Err(Error::RateLimited { quota, limit, window, retry_after });
        }
        let begun = qr_sign_in::insert(tx, &self.0)?;
        tx.concerns(KIND, begun.0);
        Ok(begun)
    }
}

/// How does it fare?
#[derive(Debug)]
struct Poll {
    id: Id<QrSignIn>,
    poll_hash: [u8; 32],
}

impl Query for Poll {
    /// `None` when the id or the secret is wrong.
    type Output = Option<Progress>;

    fn permission(&self) -> Permission {
        Permission::SignIn
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.id)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Option<Progress>, Error> {
        let found = qr_sign_in::find_by_poll(read, self.id, &self.poll_hash)?;
        Ok(found.map(|found| {
            let state = found.state(read.now());
            let number = (state == State::Scanned).then_some(found.numbers.right);
            Progress { state, number, expires_at: found.expires_at }
        }))
    }
}

/// Signs the new device in.
#[derive(Debug)]
struct Use {
    id: Id<QrSignIn>,
    poll_hash: [u8; 32],
    session: NewSession,
}

impl Action for Use {
    type Output = (Session, User);

    fn permission(&self) -> Permission {
        Permission::SignIn
    }
    fn event(&self) -> Event {
        Event::QrUsed
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.id)
    }
    /// An approval is worth what its maker is worth when it is used: who signed out meanwhile, or was shut out, vouches
    /// for nobody.
    fn apply(self, tx: &mut Tx<'_>) -> Result<(Session, User), Error> {
        let (_, approver) = approved(tx, self.id, &self.poll_hash)?;
        let is_active = user::get(tx, approver.user)?.state == UserState::Active;
        if !is_active || !session::is_live(tx, approver.user, approver.session)? {
            return Err(Error::Forbidden(None));
        }
        qr_sign_in::consume(tx, self.id)?;
        tx.note("qr_sign_in", self.id);
        arrive(tx, approver.user, &NewSession { vouched_by: Some(approver.session), ..self.session })
    }
}

/// Notes which ran out.
#[derive(Debug)]
struct Expire;

impl Action for Expire {
    /// How many.
    type Output = usize;

    fn permission(&self) -> Permission {
        Permission::QrSignInExpire
    }
    fn event(&self) -> Event {
        Event::QrExpired
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<usize, Error> {
        let expired = qr_sign_in::expire(tx)?;
        tx.note("count", expired);
        Ok(expired)
    }
}
