//! Passkeys in the database.

use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::crypto::blind_index::BlindColumn;
use crate::domain::Error;
use crate::domain::passkey::Passkey;
use crate::domain::session::SessionProof;
use crate::domain::text::Name;
use crate::domain::user::User;

use super::engine::{Row, Value};
use super::tx::{Column, ReadTx, Tx, owned_by_user};

statements! {
    INSERT = "INSERT INTO passkeys (id, user_id, device_id, credential_bidx, passkey_sealed, name_sealed, created_at) \
        SELECT ?1, user_id, device_id, ?3, ?4, ?5, ?6 FROM sessions WHERE id = ?2";
    FIND = "SELECT id, user_id, name_sealed, version, created_at, last_used_at FROM passkeys WHERE id = ?1";
    LIST = "SELECT id, user_id, name_sealed, version, created_at, last_used_at FROM passkeys WHERE user_id = ?1 \
        ORDER BY id";
    CREDENTIALS = "SELECT id, user_id, passkey_sealed FROM passkeys WHERE user_id = ?1 ORDER BY id";
    FIND_CREDENTIAL = "SELECT id, user_id, passkey_sealed FROM passkeys WHERE credential_bidx = ?1";
    RENAME = "UPDATE passkeys SET name_sealed = ?2, version = version + 1 WHERE id = ?1";
    RECORD_USE = "UPDATE passkeys SET passkey_sealed = ?3, last_used_at = ?4 WHERE id = ?1 AND passkey_sealed = ?2";
    DELETE = "DELETE FROM passkeys WHERE id = ?1";
}

const CREDENTIAL: Column = Column { table: "passkeys", name: "passkey_sealed" };
const NAME: Column = Column { table: "passkeys", name: "name_sealed" };

/// A passkey about to be kept.
#[derive(Debug)]
pub struct NewPasskey {
    /// The credential's id, as the authenticator spells it.
    pub credential_id: String,
    /// The public key and the signature counter.
    pub credential: Secret<String>,
    /// What its holder calls it.
    pub name: Name,
}

/// A passkey's stored half: what a signature is checked with.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The passkey.
    pub id: Id<Passkey>,
    /// Whose it is.
    pub user: Id<User>,
    /// The public key and the signature counter.
    pub credential: Secret<String>,
    /// The same, as it was found: another use in the meantime has left something else there.
    sealed: Vec<u8>,
}

/// Keeps a new passkey of a session's holder, bound to the session's device.
pub fn insert(tx: &mut Tx<'_>, session: SessionProof, new: NewPasskey) -> Result<Passkey, Error> {
    let id = tx.mint_id::<Passkey>();
    let owner = owned_by_user(tx.user()?);
    let created_at = tx.now();
    let values = [
        id.into(),
        session.id.into(),
        tx.blind_index(BlindColumn::PasskeyCredential, &new.credential_id).into(),
        tx.seal_secret(owner, CREDENTIAL, id.uuid(), &new.credential)?.into(),
        tx.seal(owner, NAME, id.uuid(), new.name.as_str())?.into(),
        created_at.into(),
    ];
    tx.execute(INSERT, &values)?;
    Ok(Passkey { id, name: new.name, version: 1, created_at, last_used_at: None })
}

fn passkey(read: &ReadTx<'_>, row: &Row<'_>) -> Result<(Id<User>, Passkey), Error> {
    let (id, user) = (row.id::<Passkey>(0)?, row.id(1)?);
    let passkey = Passkey {
        id,
        name: read.open_line(owned_by_user(user), NAME, id.uuid(), row.blob(2)?)?,
        version: row.integer(3)?,
        created_at: row.time(4)?,
        last_used_at: row.time_or_none(5)?,
    };
    Ok((user, passkey))
}

/// The passkey with this id, and whose it is.
pub fn find(read: &ReadTx<'_>, id: Id<Passkey>) -> Result<Option<(Id<User>, Passkey)>, Error> {
    read.first(FIND, &[id.into()], |row| passkey(read, &row))
}

/// A person's passkeys, the oldest first.
pub fn list(read: &ReadTx<'_>, user: Id<User>) -> Result<Vec<Passkey>, Error> {
    read.all(LIST, &[user.into()], |row| passkey(read, &row).map(|(_, passkey)| passkey))
}

fn credential(read: &ReadTx<'_>, row: &Row<'_>) -> Result<Credential, Error> {
    let (id, user, sealed) = (row.id::<Passkey>(0)?, row.id(1)?, row.blob(2)?);
    let credential = Secret::new(read.open(owned_by_user(user), CREDENTIAL, id.uuid(), sealed)?);
    Ok(Credential { id, user, credential, sealed: sealed.to_vec() })
}

/// What the signatures of a person's passkeys are checked with.
pub fn credentials(read: &ReadTx<'_>, user: Id<User>) -> Result<Vec<Credential>, Error> {
    read.all(CREDENTIALS, &[user.into()], |row| credential(read, &row))
}

/// The passkey with this credential id, whoever has it.
pub fn find_credential(read: &ReadTx<'_>, credential_id: &str) -> Result<Option<Credential>, Error> {
    let index = read.blind_index(BlindColumn::PasskeyCredential, credential_id);
    read.first(FIND_CREDENTIAL, &[index.into()], |row| credential(read, &row))
}

/// Calls a passkey something else.
pub fn rename(tx: &mut Tx<'_>, user: Id<User>, id: Id<Passkey>, name: &Name) -> Result<(), Error> {
    let sealed = tx.seal(owned_by_user(user), NAME, id.uuid(), name.as_str())?;
    tx.execute(RENAME, &[id.into(), sealed.into()])?;
    Ok(())
}

/// Notes that a passkey was used, and where its counter stands now; `false` when it is gone or somebody was faster.
pub fn record_use(tx: &mut Tx<'_>, before: &Credential, now: &Secret<String>) -> Result<bool, Error> {
    let sealed = tx.seal_secret(owned_by_user(before.user), CREDENTIAL, before.id.uuid(), now)?;
    let values = [before.id.into(), Value::bytes(&before.sealed), sealed.into(), tx.now().into()];
    Ok(tx.execute(RECORD_USE, &values)? == 1)
}

/// Forgets a passkey: nothing that it signs counts any more.
pub fn delete(tx: &mut Tx<'_>, id: Id<Passkey>) -> Result<(), Error> {
    tx.execute(DELETE, &[id.into()])?;
    Ok(())
}
