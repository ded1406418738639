//! One-time codes of native apps: given out at the end of a trip, exchanged for a session with the app's verifier.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::identity::LinkedIdentity;
use crate::domain::native::Challenge;
use crate::domain::session::Session;
use crate::domain::trip::CODE_LIFETIME;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};

use super::engine::Value;
use super::identity::Origin;
use super::tx::{ReadTx, Tx};

statements! {
    INSERT = "INSERT INTO login_codes (id, user_id, identity_id, provider_session_bidx, code_hash, challenge_hash, \
        created_at, expires_at, auth_time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    FIND = "SELECT challenge_hash, consumed_at IS NOT NULL, expires_at <= ?2, user_id FROM login_codes \
        WHERE code_hash = ?1";
    EXCHANGE = "UPDATE login_codes SET consumed_at = ?3 WHERE code_hash = ?1 AND challenge_hash = ?2 \
        AND consumed_at IS NULL AND expires_at > ?3 RETURNING user_id, identity_id, provider_session_bidx, \
        auth_time";
    NOTE_SESSION = "UPDATE login_codes SET session_id = ?2 WHERE code_hash = ?1";
    FIND_SESSION = "SELECT s.id FROM login_codes c JOIN sessions s ON s.id = c.session_id WHERE c.code_hash = ?1 \
        AND s.revoked_at IS NULL";
    WITHDRAW = "UPDATE login_codes SET expires_at = ?2 WHERE identity_id = ?1 AND consumed_at IS NULL \
        AND expires_at > ?2";
}

/// The SHA-256 of a code: 32 random bytes that the app alone gets.
pub type CodeHash = [u8; 32];

/// Makes a code for somebody whom a provider vouched for; it is good for a minute.
pub fn insert(
    tx: &mut Tx<'_>,
    user: Id<User>,
    origin: &Origin,
    code: &CodeHash,
    challenge: Challenge,
    proved_at: Timestamp,
) -> Result<(), Error> {
    let now = tx.now();
    let values = [
        tx.mint_id::<CodeHash>().into(),
        user.into(),
        origin.identity.into(),
        origin.provider_session().into(),
        Value::bytes(code),
        Value::bytes(challenge.as_bytes()),
        now.into(),
        (now + CODE_LIFETIME).into(),
        proved_at.into(),
    ];
    tx.execute(INSERT, &values)?;
    Ok(())
}

/// How a code stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeState {
    /// Nobody has exchanged it, and it is for another verifier.
    Foreign,
    /// It may be exchanged, for a session of this person.
    Open(Id<User>),
    /// It was exchanged.
    Used,
    /// Its time is over.
    Expired,
}

/// How a code stands to whoever shows this challenge's verifier; `None` when there is no such code.
pub fn find(read: &ReadTx<'_>, code: &CodeHash, challenge: Challenge) -> Result<Option<CodeState>, Error> {
    read.first(FIND, &[Value::bytes(code), read.now().into()], |row| {
        Ok(match (row.integer(1)? == 1, row.integer(2)? == 1) {
            (true, _) => CodeState::Used,
            (_, true) => CodeState::Expired,
            _ if row.blob(0)? != challenge.as_bytes() => CodeState::Foreign,
            _ => CodeState::Open(row.id(3)?),
        })
    })
}

/// Uses a code up. `Conflict(AlreadyUsed)` when somebody was faster, or its time is over.
pub fn exchange(
    tx: &mut Tx<'_>,
    code: &CodeHash,
    challenge: Challenge,
) -> Result<(Id<User>, Origin, Timestamp), Error> {
    let values = [Value::bytes(code), Value::bytes(challenge.as_bytes()), tx.now().into()];
    let found = tx.first(EXCHANGE, &values, |row| {
        Ok((row.id(0)?, Origin::from_stored(row.id(1)?, row.blob_or_none(2)?), row.time(3)?))
    })?;
    found.ok_or(Error::Conflict(Conflict::AlreadyUsed))
}

/// Notes which session a code has become.
pub fn note_session(tx: &mut Tx<'_>, code: &CodeHash, session: Id<Session>) -> Result<(), Error> {
    tx.execute(NOTE_SESSION, &[Value::bytes(code), session.into()])?;
    Ok(())
}

/// The session that a code has become, unless it has ended.
pub fn find_session(read: &ReadTx<'_>, code: &CodeHash) -> Result<Option<Id<Session>>, Error> {
    read.first(FIND_SESSION, &[Value::bytes(code)], |row| row.id(0))
}

/// Ends the codes of an identity that nobody has exchanged yet.
pub fn withdraw(tx: &mut Tx<'_>, identity: Id<LinkedIdentity>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(WITHDRAW, &[identity.into(), now.into()])?;
    Ok(())
}
