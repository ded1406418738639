//! Sessions, and the tokens that stand for them.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::actor::{Proof, SignedIn};
use crate::domain::device::Device;
use crate::domain::identity::LinkedIdentity;
use crate::domain::networks::Networks;
use crate::domain::passkey::Passkey;
use crate::domain::session::{
    ListedSession, Method, RevokeReason, SESSION_LIFETIME, Session, SessionKind, SessionProof,
};
use crate::domain::user::{User, UserState};
use crate::domain::{AuthFailure, Error};

use super::device::{self, ArrivingDevice};
use super::engine::{Row, Value};
use super::identity::Origin;
use super::signal::Signal;
use super::tx::{ReadTx, Tx, owned_by_user};

/// A person's live sessions at the moment `?2`.
macro_rules! live {
    ($tail:literal) => {
        concat!(
            "SELECT s.kind, s.method, s.device_id, s.auth_time, s.expires_at, s.id, s.created_at, d.name_sealed \
             FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN devices d ON d.id = s.device_id \
             WHERE s.user_id = ?1 AND s.revoked_at IS NULL AND s.expires_at > ?2 AND s.epoch = u.session_epoch AND ",
            $tail
        )
    };
}

statements! {
    INSERT = "INSERT INTO sessions (id, user_id, device_id, kind, method, epoch, auth_time, created_at, \
        expires_at, identity_id, provider_session_bidx, passkey_id, vouched_by) \
        SELECT ?1, id, ?3, ?4, ?5, session_epoch, ?12, ?6, ?7, ?8, ?9, ?10, ?11 FROM users WHERE id = ?2";
    INSERT_TOKEN = "INSERT INTO api_tokens (selector, hash, user_id, session_id, created_at) \
        VALUES (?1, ?2, ?3, ?4, ?5)";
    FIND_TOKEN = "SELECT t.hash, t.user_id, s.id, s.kind, s.auth_time, s.expires_at, s.revoked_at, \
        s.epoch = u.session_epoch, u.state, s.revoke_reason FROM api_tokens t JOIN sessions s ON s.id = t.session_id \
        JOIN users u ON u.id = t.user_id WHERE t.selector = ?1";
    FIND = "SELECT kind, method, device_id, auth_time, expires_at FROM sessions WHERE id = ?1";
    KEY_ENDS = "SELECT expires_at FROM api_keys WHERE id = ?1";
    IS_LIVE = live!("s.id = ?3");
    LIST = live!("s.id < ?3 ORDER BY s.id DESC LIMIT ?4");
    REVOKE = "UPDATE sessions SET revoked_at = ?2, revoke_reason = ?3 WHERE id = ?1 AND revoked_at IS NULL \
        RETURNING user_id";
    REVOKE_OF_DEVICE = "UPDATE sessions SET revoked_at = ?2, revoke_reason = ?3 WHERE device_id = ?1 \
        AND revoked_at IS NULL AND expires_at > ?2";
    REVOKE_OF_DISOWNED = "UPDATE sessions SET revoked_at = ?2, revoke_reason = ?3 WHERE user_id = ?4 \
        AND revoked_at IS NULL AND expires_at > ?2 AND (device_id = ?1 \
        OR vouched_by IN (SELECT id FROM sessions WHERE device_id = ?1) \
        OR passkey_id IN (SELECT id FROM passkeys WHERE device_id = ?1))";
    REVOKE_OF_PASSKEY = "UPDATE sessions SET revoked_at = ?2, revoke_reason = ?3 WHERE passkey_id = ?1 \
        AND revoked_at IS NULL AND expires_at > ?2 RETURNING user_id";
    WITHDRAW_CODES = "UPDATE login_codes SET expires_at = ?2 WHERE user_id = ?1 AND consumed_at IS NULL \
        AND expires_at > ?2";
    REVOKE_ALL = "UPDATE sessions SET revoked_at = ?2, revoke_reason = ?3 WHERE user_id = ?1 AND revoked_at IS NULL \
        AND expires_at > ?2";
    REVOKE_OF_IDENTITY = "UPDATE sessions SET revoked_at = ?3, revoke_reason = ?4 WHERE identity_id = ?1 \
        AND (?2 IS NULL OR provider_session_bidx IS NULL OR provider_session_bidx = ?2) AND revoked_at IS NULL \
        AND expires_at > ?3 RETURNING user_id";
    PROVE_AGAIN = "UPDATE sessions SET auth_time = ?2 WHERE id = ?1 AND revoked_at IS NULL";
    RAISE_EPOCH = "UPDATE users SET session_epoch = session_epoch + 1 WHERE id = ?1";
}

/// The stored half of a bearer token: nothing in it lets anybody in.
#[derive(Clone, Debug)]
pub struct TokenRecord {
    /// Finds the row.
    pub selector: String,
    /// bcrypt of the peppered secret.
    pub hash: String,
}

impl TokenRecord {
    pub(super) fn values(&self) -> [Value; 2] {
        [Value::plain(&self.selector), Value::plain(&self.hash)]
    }
}

/// A session about to begin.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// How it will be used.
    pub kind: SessionKind,
    /// How the person proved who they are.
    pub method: Method,
    /// Its token.
    pub token: TokenRecord,
    /// What it begins on.
    pub device: ArrivingDevice,
    /// The identity it begins with, when a provider vouched.
    pub origin: Option<Origin>,
    /// The passkey it begins with.
    pub passkey: Option<Id<Passkey>>,
    /// The session whose device vouched for this one.
    pub vouched_by: Option<Id<Session>>,
    /// When the person proved who they are, if that was not just now.
    pub proved_at: Option<Timestamp>,
}

impl NewSession {
    /// A session by a proof of just now, in which nothing but its token and device take part.
    pub const fn new(kind: SessionKind, method: Method, token: TokenRecord, device: ArrivingDevice) -> Self {
        Self { kind, method, token, device, origin: None, passkey: None, vouched_by: None, proved_at: None }
    }
}

/// Begins a session on a device, known or new; it ends 24 hours from now.
pub fn insert(tx: &mut Tx<'_>, user: Id<User>, new: &NewSession) -> Result<Session, Error> {
    let device = Some(device::arrive(tx, user, &new.device)?);
    let (now, id) = (tx.now(), tx.mint_id());
    let expires_at = now + SESSION_LIFETIME;
    let auth_time = new.proved_at.map_or(now, |at| at.min(now));
    let session = Session { id, kind: new.kind, method: new.method, device, auth_time, expires_at };
    let values = [
        session.id.into(),
        user.into(),
        device.into(),
        new.kind.as_str().into(),
        new.method.as_str().into(),
        now.into(),
        session.expires_at.into(),
        new.origin.as_ref().map(|origin| origin.identity).into(),
        new.origin.as_ref().and_then(Origin::provider_session).into(),
        new.passkey.into(),
        new.vouched_by.into(),
        auth_time.into(),
    ];
    tx.execute(INSERT, &values)?;
    let [selector, hash] = new.token.values();
    tx.execute(INSERT_TOKEN, &[selector, hash, user.into(), session.id.into(), now.into()])?;
    Ok(session)
}

/// A token's row: the hash to compare with, and all that its validity hangs on.
#[derive(Debug)]
pub struct TokenRow {
    /// bcrypt of the peppered secret; gone once the token has been cleaned up.
    pub hash: Option<String>,
    /// Whom it stands for, should it match and be valid.
    pub signed_in: SignedIn,
    /// From where it may be used.
    pub networks: Networks,
    pub(super) expires_at: Timestamp,
    pub(super) idle: bool,
    pub(super) revoked: bool,
}

impl TokenRow {
    /// Whether the token still counts. Read anew for each request, never cached.
    pub fn validity(&self, now: Timestamp) -> Result<(), AuthFailure> {
        if self.revoked {
            Err(AuthFailure::Revoked)
        } else if self.idle || now >= self.expires_at {
            Err(AuthFailure::Expired)
        } else {
            Ok(())
        }
    }
}

/// The row behind a selector.
pub fn find_token(read: &ReadTx<'_>, selector: &str) -> Result<Option<TokenRow>, Error> {
    read.first(FIND_TOKEN, &[Value::plain(selector)], |row| {
        let good = row.integer(7)? == 1 && row.word(8, UserState::parse)? != UserState::Suspended;
        let idle = row.text_or_none(9)? == Some(RevokeReason::Idle.as_str());
        Ok(TokenRow {
            hash: row.text_or_none(0)?.map(str::to_owned),
            signed_in: SignedIn {
                user: row.id(1)?,
                proof: Proof::Session(SessionProof {
                    id: row.id(2)?,
                    kind: row.word(3, SessionKind::parse)?,
                    auth_time: row.time(4)?,
                }),
            },
            networks: Networks::default(),
            expires_at: row.time(5)?,
            idle,
            revoked: (row.time_or_none(6)?.is_some() && !idle) || !good,
        })
    })
}

/// The session with this id, which must be there.
pub fn get(read: &ReadTx<'_>, id: Id<Session>) -> Result<Session, Error> {
    read.first(FIND, &[id.into()], |row| session(id, &row))?.ok_or(Error::NotFound)
}

fn session(id: Id<Session>, row: &Row<'_>) -> Result<Session, Error> {
    Ok(Session {
        id,
        kind: row.word(0, SessionKind::parse)?,
        method: row.word(1, Method::parse)?,
        device: row.id_or_none(2)?,
        auth_time: row.time(3)?,
        expires_at: row.time(4)?,
    })
}

/// When a sign-in or a key ends by itself.
pub fn ends_at(read: &ReadTx<'_>, proof: &Proof) -> Result<Timestamp, Error> {
    match proof {
        Proof::Session(proof) => Ok(get(read, proof.id)?.expires_at),
        Proof::ApiKey(key) => read.first(KEY_ENDS, &[(*key).into()], |row| row.time(0))?.ok_or(Error::NotFound),
    }
}

/// Whether this is one of a person's live sessions.
pub fn is_live(read: &ReadTx<'_>, user: Id<User>, id: Id<Session>) -> Result<bool, Error> {
    let values = [user.into(), read.now().into(), id.into()];
    Ok(read.first(IS_LIVE, &values, |row| row.id::<Session>(5))?.is_some())
}

/// A person's live sessions, the newest first.
pub fn list(read: &ReadTx<'_>, user: Id<User>, page: &PageRequest) -> Result<Page<ListedSession>, Error> {
    let below = Value::plain(page.after().unwrap_or("~"));
    let values = [user.into(), read.now().into(), below, page.fetch().into()];
    let sessions = read.all(LIST, &values, |row| {
        let session = session(row.id(5)?, &row)?;
        let name = match (session.device, row.blob_or_none(7)?) {
            (Some(id), Some(name)) => Some(read.open_line(owned_by_user(user), device::NAME, id.uuid(), name)?),
            _ => None,
        };
        Ok(ListedSession { session, device_name: name, created_at: row.time(6)? })
    })?;
    Ok(page.cut(sessions, |listed| listed.session.id.to_string()))
}

/// Ends a session: its token is refused from the next request on.
pub fn revoke(tx: &mut Tx<'_>, id: Id<Session>, reason: RevokeReason) -> Result<(), Error> {
    let now = tx.now();
    let values = [id.into(), now.into(), reason.as_str().into()];
    if let Some(user) = tx.first(REVOKE, &values, |row| row.id(0))? {
        tx.signal(Signal::TrustEnded(user));
    }
    Ok(())
}

/// Ends all sessions of a person's device; answers how many were live.
pub fn revoke_of_device(
    tx: &mut Tx<'_>,
    user: Id<User>,
    device: Id<Device>,
    reason: RevokeReason,
) -> Result<usize, Error> {
    let now = tx.now();
    tx.signal(Signal::TrustEnded(user));
    tx.execute(REVOKE_OF_DEVICE, &[device.into(), now.into(), reason.as_str().into()])
}

/// Ends all sessions that began on a device which turned out to be somebody else's, or by way of it: by its passkeys, or
/// because it vouched for another; and withdraws what could still become one. Answers how many were live.
pub fn revoke_of_disowned(tx: &mut Tx<'_>, user: Id<User>, device: Id<Device>) -> Result<usize, Error> {
    let now = tx.now();
    tx.signal(Signal::TrustEnded(user));
    tx.execute(WITHDRAW_CODES, &[user.into(), now.into()])?;
    let values = [device.into(), now.into(), RevokeReason::NotMe.as_str().into(), user.into()];
    tx.execute(REVOKE_OF_DISOWNED, &values)
}

/// Ends the sessions that began with a passkey; answers how many were live.
pub fn revoke_of_passkey(tx: &mut Tx<'_>, passkey: Id<Passkey>) -> Result<usize, Error> {
    let values = [passkey.into(), tx.now().into(), RevokeReason::Unlinked.as_str().into()];
    let ended = tx.all(REVOKE_OF_PASSKEY, &values, |row| row.id(0))?;
    if let Some(user) = ended.first() {
        tx.signal(Signal::TrustEnded(*user));
    }
    Ok(ended.len())
}

/// Ends the sessions that began with an identity; with `provider_session`, those alone that began in this session of the
/// provider's, or of which it is not known. Answers how many were live.
pub fn revoke_of_identity(
    tx: &mut Tx<'_>,
    identity: Id<LinkedIdentity>,
    provider_session: Option<&str>,
    reason: RevokeReason,
) -> Result<usize, Error> {
    let origin = Origin::new(tx, identity, provider_session);
    let values = [identity.into(), origin.provider_session().into(), tx.now().into(), reason.as_str().into()];
    let ended = tx.all(REVOKE_OF_IDENTITY, &values, |row| row.id(0))?;
    if let Some(user) = ended.first() {
        tx.signal(Signal::TrustEnded(*user));
    }
    Ok(ended.len())
}

/// Notes that the person has proved anew who they are. `Revoked` when the session is over.
pub fn prove_again(tx: &mut Tx<'_>, session: Id<Session>) -> Result<(), Error> {
    let now = tx.now();
    match tx.execute(PROVE_AGAIN, &[session.into(), now.into()])? {
        1 => Ok(()),
        _ => Err(AuthFailure::Revoked.into()),
    }
}

/// Ends all of a person's sessions, those included that begin while this runs. Answers how many were live.
pub fn revoke_all(tx: &mut Tx<'_>, user: Id<User>, reason: RevokeReason) -> Result<usize, Error> {
    let now = tx.now();
    tx.execute(RAISE_EPOCH, &[user.into()])?;
    tx.execute(WITHDRAW_CODES, &[user.into(), now.into()])?;
    tx.signal(Signal::TrustEnded(user));
    tx.execute(REVOKE_ALL, &[user.into(), now.into(), reason.as_str().into()])
}
