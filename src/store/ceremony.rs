//! Ceremonies of passkeys in the database: what was asked, until it is answered.

use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::domain::Error;
use crate::domain::actor::SignedIn;
use crate::domain::passkey::{CEREMONY_LIFETIME, Ceremony, Purpose};
use crate::domain::session::Session;

use super::tx::{Column, ReadTx, Tx};

statements! {
    OPEN = "SELECT count(*) FROM (SELECT 1 FROM passkey_ceremonies WHERE expires_at > ?1 LIMIT ?2)";
    INSERT = "INSERT INTO passkey_ceremonies (id, purpose, user_id, session_id, state_sealed, created_at, expires_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    FIND = "SELECT state_sealed FROM passkey_ceremonies WHERE id = ?1 AND purpose = ?2 \
        AND session_id IS NOT DISTINCT FROM ?3 AND consumed_at IS NULL AND expires_at > ?4";
    CONSUME = "UPDATE passkey_ceremonies SET consumed_at = ?4 WHERE id = ?1 AND purpose = ?2 \
        AND session_id IS NOT DISTINCT FROM ?3 AND consumed_at IS NULL AND expires_at > ?4";
}

const STATE: Column = Column { table: "passkey_ceremonies", name: "state_sealed" };

/// A ceremony, by all that it is bound to: an answer for another purpose or from another session leads nowhere.
#[derive(Clone, Copy, Debug)]
pub struct Which {
    /// Its id.
    pub id: Id<Ceremony>,
    /// What it is for.
    pub purpose: Purpose,
    /// The session it was begun in; a sign-in has none yet.
    pub session: Option<Id<Session>>,
}

/// Remembers what was asked, and in which sign-in, if there is one.
pub fn insert(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    asked: Option<SignedIn>,
    state: &Secret<String>,
) -> Result<Id<Ceremony>, Error> {
    tx.refuse_flood(OPEN)?;
    let id = tx.mint_id::<Ceremony>();
    let now = tx.now();
    let session = asked.map(|asked| asked.session()).transpose()?;
    let values = [
        id.into(),
        purpose.as_str().into(),
        asked.map(|asked| asked.user).into(),
        session.map(|session| session.id).into(),
        tx.seal_secret(tx.keys().instance(), STATE, id.uuid(), state)?.into(),
        now.into(),
        (now + CEREMONY_LIFETIME).into(),
    ];
    tx.execute(INSERT, &values)?;
    Ok(id)
}

/// What a ceremony's answer is checked with; `None` when it is not under way, or not any more.
pub fn find_state(read: &ReadTx<'_>, which: Which) -> Result<Option<Secret<String>>, Error> {
    let Which { id, purpose, session } = which;
    let values = [id.into(), purpose.as_str().into(), session.into(), read.now().into()];
    read.first(FIND, &values, |row| read.open(read.keys().instance(), STATE, id.uuid(), row.blob(0)?).map(Secret::new))
}

/// Uses a ceremony up; `false` when it is not under way, or not any more.
pub fn consume(tx: &mut Tx<'_>, which: Which) -> Result<bool, Error> {
    let Which { id, purpose, session } = which;
    let values = [id.into(), purpose.as_str().into(), session.into(), tx.now().into()];
    Ok(tx.execute(CONSUME, &values)? == 1)
}
