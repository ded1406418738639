//! Sessions, the tokens that stand for them, and the devices they were opened on.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::actor::{Proof, SignedIn};
use crate::domain::session::{Method, RevokeReason, SESSION_LIFETIME, Session, SessionKind, SessionProof};
use crate::domain::user::{Device, DeviceDescription, User, UserState};
use crate::domain::{AuthFailure, Error};

use super::engine::Value;
use super::signal::Signal;
use super::tx::{Column, ReadTx, Tx, owned_by_user};

statements! {
    INSERT_DEVICE = "INSERT INTO devices (id, user_id, name_sealed, platform_sealed, first_seen_at, \
        last_seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
    INSERT = "INSERT INTO sessions (id, user_id, device_id, kind, method, epoch, auth_time, created_at, \
        expires_at) SELECT ?1, id, ?3, ?4, ?5, session_epoch, ?6, ?6, ?7 FROM users WHERE id = ?2";
    INSERT_TOKEN = "INSERT INTO api_tokens (selector, hash, user_id, session_id, created_at) \
        VALUES (?1, ?2, ?3, ?4, ?5)";
    FIND_TOKEN = "SELECT t.hash, t.user_id, s.id, s.kind, s.auth_time, s.expires_at, s.revoked_at, \
        s.epoch = u.session_epoch, u.state, s.revoke_reason FROM api_tokens t JOIN sessions s ON s.id = t.session_id \
        JOIN users u ON u.id = t.user_id WHERE t.selector = ?1";
    FIND = "SELECT kind, method, auth_time, expires_at FROM sessions WHERE id = ?1";
    REVOKE = "UPDATE sessions SET revoked_at = ?2, revoke_reason = ?3 WHERE id = ?1 AND revoked_at IS NULL \
        RETURNING user_id";
    REVOKE_ALL = "UPDATE sessions SET revoked_at = ?2, revoke_reason = ?3 WHERE user_id = ?1 AND revoked_at IS NULL \
        AND expires_at > ?2";
    RAISE_EPOCH = "UPDATE users SET session_epoch = session_epoch + 1 WHERE id = ?1";
}

const DEVICE_NAME: Column = Column { table: "devices", name: "name_sealed" };
const PLATFORM: Column = Column { table: "devices", name: "platform_sealed" };

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
    /// The client, when it says what it is.
    pub device: Option<DeviceDescription>,
}

/// Begins a session; it ends 24 hours from now.
pub fn insert(tx: &mut Tx<'_>, user: Id<User>, new: &NewSession) -> Result<Session, Error> {
    let device = new.device.as_ref().map(|device| insert_device(tx, user, device)).transpose()?;
    let now = tx.now();
    let expires_at = now + SESSION_LIFETIME;
    let session = Session { id: tx.mint_id(), kind: new.kind, method: new.method, auth_time: now, expires_at };
    let values = [
        session.id.into(),
        user.into(),
        device.into(),
        new.kind.as_str().into(),
        new.method.as_str().into(),
        now.into(),
        session.expires_at.into(),
    ];
    tx.execute(INSERT, &values)?;
    let [selector, hash] = new.token.values();
    tx.execute(INSERT_TOKEN, &[selector, hash, user.into(), session.id.into(), now.into()])?;
    Ok(session)
}

fn insert_device(tx: &mut Tx<'_>, user: Id<User>, device: &DeviceDescription) -> Result<Id<Device>, Error> {
    let id = tx.mint_id::<Device>();
    let owner = owned_by_user(user);
    let values = [
        id.into(),
        user.into(),
        tx.seal(owner, DEVICE_NAME, id.uuid(), device.name.as_str())?.into(),
        tx.seal(owner, PLATFORM, id.uuid(), device.platform.as_str())?.into(),
        tx.now().into(),
    ];
    tx.execute(INSERT_DEVICE, &values)?;
    Ok(id)
}

/// A token's row: the hash to compare with, and all that its validity hangs on.
#[derive(Debug)]
pub struct TokenRow {
    /// bcrypt of the peppered secret; gone once the token has been cleaned up.
    pub hash: Option<String>,
    /// Whom it stands for, should it match and be valid.
    pub signed_in: SignedIn,
    expires_at: Timestamp,
    idle: bool,
    revoked: bool,
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
            expires_at: row.time(5)?,
            idle,
            revoked: (row.time_or_none(6)?.is_some() && !idle) || !good,
        })
    })
}

/// The session with this id, which must be there.
pub fn get(read: &ReadTx<'_>, id: Id<Session>) -> Result<Session, Error> {
    let found = read.first(FIND, &[id.into()], |row| {
        Ok(Session {
            id,
            kind: row.word(0, SessionKind::parse)?,
            method: row.word(1, Method::parse)?,
            auth_time: row.time(2)?,
            expires_at: row.time(3)?,
        })
    })?;
    found.ok_or(Error::NotFound)
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

/// Ends all of a person's sessions, those included that begin while this runs. Answers how many were live.
pub fn revoke_all(tx: &mut Tx<'_>, user: Id<User>, reason: RevokeReason) -> Result<usize, Error> {
    let now = tx.now();
    tx.execute(RAISE_EPOCH, &[user.into()])?;
    tx.signal(Signal::TrustEnded(user));
    tx.execute(REVOKE_ALL, &[user.into(), now.into(), reason.as_str().into()])
}
