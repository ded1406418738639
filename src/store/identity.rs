//! Identities in the database: issuer and subject together. An e-mail address is none.

use sha2::{Digest, Sha256};

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::crypto::blind_index::BlindColumn;
use crate::domain::identity::LinkedIdentity;
use crate::domain::session::Session;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};

use super::engine::{Row, Value};
use super::tx::{Column, ReadTx, Tx, owned_by_user};

statements! {
    BIND = "UPDATE identities SET device_id = (SELECT device_id FROM sessions WHERE id = ?2) WHERE id = ?1";
    ISSUERS = "SELECT issuer FROM identities WHERE user_id = ?1";
    FIND = "SELECT id, user_id FROM identities WHERE issuer = ?1 AND subject_bidx = ?2";
    FIND_OF_USER = "SELECT id, issuer, claims_sealed, created_at, last_used_at FROM identities \
        WHERE user_id = ?1 AND id = ?2";
    LIST_OF_USER = "SELECT id, issuer, claims_sealed, created_at, last_used_at FROM identities \
        WHERE user_id = ?1 ORDER BY id";
    INSERT = "INSERT INTO identities (id, user_id, issuer, subject_bidx, subject_sealed, claims_sealed, created_at, \
        last_used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)";
    TOUCH = "UPDATE identities SET last_used_at = ?2, claims_sealed = coalesce(?3, claims_sealed) WHERE id = ?1";
    DELETE = "DELETE FROM identities WHERE id = ?1";
    FORGET_LOGOUTS = "DELETE FROM logout_tokens WHERE expires_at <= ?1";
    USE_LOGOUT = "INSERT INTO logout_tokens (token_hash, expires_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
}

const SUBJECT: Column = Column { table: "identities", name: "subject_sealed" };
const CLAIMS: Column = Column { table: "identities", name: "claims_sealed" };

/// A person as a provider vouches for them.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The provider's issuer.
    pub issuer: String,
    /// The provider's name for the person.
    pub subject: Secret<String>,
    /// What it calls them, for them to recognize.
    pub label: Option<String>,
}

/// What a session begins with when a provider vouched: the identity, and the provider's own session.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The identity.
    pub identity: Id<LinkedIdentity>,
    /// The blind index of the provider's `sid`.
    provider_session: Option<Vec<u8>>,
}

impl Origin {
    /// An identity with what the provider calls its session, where it does.
    pub fn new(read: &ReadTx<'_>, identity: Id<LinkedIdentity>, sid: Option<&str>) -> Self {
        let index = sid.map(|sid| read.blind_index(BlindColumn::ProviderSession, sid).as_bytes().to_vec());
        Self { identity, provider_session: index }
    }

    pub(super) fn from_stored(identity: Id<LinkedIdentity>, provider_session: Option<&[u8]>) -> Self {
        Self { identity, provider_session: provider_session.map(<[u8]>::to_vec) }
    }

    pub(super) fn provider_session(&self) -> Option<Value> {
        self.provider_session.as_deref().map(Value::bytes)
    }
}

/// An identity, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The identity.
    pub id: Id<LinkedIdentity>,
    /// The person.
    pub user: Id<User>,
}

/// Looks an identity up by issuer and subject.
pub fn find(read: &ReadTx<'_>, issuer: &str, subject: &str) -> Result<Option<Owned>, Error> {
    let index = read.blind_index(BlindColumn::IdentitySubject, subject);
    read.first(FIND, &[Value::plain(issuer), index.into()], |row| Ok(Owned { id: row.id(0)?, user: row.id(1)? }))
}

/// Gives a person an identity. `Conflict(AlreadyExists)` when it is somebody's already.
pub fn insert(tx: &mut Tx<'_>, user: Id<User>, new: &Subject) -> Result<Id<LinkedIdentity>, Error> {
    let subject = new.subject.expose();
    if find(tx, &new.issuer, subject)?.is_some() {
        return Err(Error::Conflict(Conflict::AlreadyExists));
    }
    let id = tx.mint_id::<LinkedIdentity>();
    let values = [
        id.into(),
        user.into(),
        Value::plain(&new.issuer),
        tx.blind_index(BlindColumn::IdentitySubject, subject).into(),
        tx.seal(owned_by_user(user), SUBJECT, id.uuid(), subject)?.into(),
        label(tx, user, id, new)?,
        tx.now().into(),
    ];
    tx.execute(INSERT, &values)?;
    Ok(id)
}

/// Notes that an identity was used, and what the provider calls the person now.
pub fn touch(tx: &mut Tx<'_>, user: Id<User>, id: Id<LinkedIdentity>, seen: &Subject) -> Result<(), Error> {
    let values = [id.into(), tx.now().into(), label(tx, user, id, seen)?];
    tx.execute(TOUCH, &values)?;
    Ok(())
}

fn label(tx: &Tx<'_>, user: Id<User>, id: Id<LinkedIdentity>, seen: &Subject) -> Result<Value, Error> {
    let seal = |label: &String| tx.seal(owned_by_user(user), CLAIMS, id.uuid(), label);
    seen.label.as_ref().map(seal).transpose().map(Into::into)
}

/// A person's identities, the oldest first.
pub fn list(read: &ReadTx<'_>, user: Id<User>) -> Result<Vec<LinkedIdentity>, Error> {
    read.all(LIST_OF_USER, &[user.into()], |row| linked(read, user, &row))
}

/// One of a person's identities.
pub fn find_of(read: &ReadTx<'_>, user: Id<User>, id: Id<LinkedIdentity>) -> Result<Option<LinkedIdentity>, Error> {
    read.first(FIND_OF_USER, &[user.into(), id.into()], |row| linked(read, user, &row))
}

fn linked(read: &ReadTx<'_>, user: Id<User>, row: &Row<'_>) -> Result<LinkedIdentity, Error> {
    let id = row.id::<LinkedIdentity>(0)?;
    let label = row.blob_or_none(2)?.map(|sealed| read.open(owned_by_user(user), CLAIMS, id.uuid(), sealed));
    Ok(LinkedIdentity {
        id,
        issuer: row.text(1)?.to_owned(),
        label: label.transpose()?,
        linked_at: row.time(3)?,
        last_used_at: row.time(4)?,
    })
}

/// Takes an identity away, and with it the provider's tokens and the codes that nobody has exchanged.
pub fn delete(tx: &mut Tx<'_>, id: Id<LinkedIdentity>) -> Result<(), Error> {
    tx.execute(DELETE, &[id.into()])?;
    Ok(())
}

/// Uses a provider's logout token up. `Conflict(AlreadyUsed)` when that was done before; forgets those that are too old
/// to be used again.
pub fn use_logout_token(tx: &mut Tx<'_>, issuer: &str, name: &str, expires_at: Timestamp) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(FORGET_LOGOUTS, &[now.into()])?;
    // An issuer is an address and has no zero byte: two pairs never read alike.
    let hash = Sha256::new().chain_update(issuer).chain_update([0]).chain_update(name).finalize();
    match tx.execute(USE_LOGOUT, &[Value::bytes(&hash), expires_at.into()])? {
        1 => Ok(()),
        _ => Err(Error::Conflict(Conflict::AlreadyUsed)),
    }
}

/// Notes on which device an identity was linked: a session's.
pub fn bind_to_device(tx: &mut Tx<'_>, id: Id<LinkedIdentity>, session: Id<Session>) -> Result<(), Error> {
    tx.execute(BIND, &[id.into(), session.into()])?;
    Ok(())
}

/// The issuers of a person's identities.
pub fn issuers(read: &ReadTx<'_>, user: Id<User>) -> Result<Vec<String>, Error> {
    read.all(ISSUERS, &[user.into()], |row| Ok(row.text(0)?.to_owned()))
}
