//! People in the database.

use std::collections::HashMap;

use crate::base::id::Id;
use crate::crypto::blind_index::BlindColumn;
use crate::domain::delegation::Person;
use crate::domain::role::Role;
use crate::domain::text::{Email, Name};
use crate::domain::user::{User, UserState};
use crate::domain::{Conflict, Error};

use super::engine::{Row, Value};
use super::search;
use super::tx::{Column, ReadTx, Tx, owned_by_user};

statements! {
    INSERT = "INSERT INTO users (id, pseudonym, name_sealed, email_sealed, email_bidx, email_verified_at, \
        instance_role, state, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'active', ?8, ?8)";
    FIND = "SELECT id, name_sealed, email_sealed, instance_role, state, created_at FROM users WHERE id = ?1";
    VERIFIED_EMAIL = "SELECT email_sealed FROM users WHERE id = ?1 AND email_verified_at IS NOT NULL";
    CLAIMANTS = "SELECT id, email_verified_at IS NOT NULL FROM users WHERE email_bidx = ?1 \
        ORDER BY email_verified_at DESC, id LIMIT ?2";
    FIND_NAME = "SELECT name_sealed FROM users WHERE id = ?1";
    ANY = "SELECT EXISTS (SELECT 1 FROM users)";
    UPDATE = "UPDATE users SET name_sealed = coalesce(?2, name_sealed), email_sealed = coalesce(?3, email_sealed), \
        email_verified_at = CASE WHEN ?4 IS NULL OR ?4 = email_bidx THEN email_verified_at END, \
        email_bidx = coalesce(?4, email_bidx), version = version + 1, updated_at = ?5 WHERE id = ?1";
    VERIFY = "UPDATE users SET email_verified_at = ?3, version = version + 1, updated_at = ?3 WHERE id = ?1 \
        AND email_bidx = ?2 AND email_verified_at IS NULL AND NOT EXISTS (SELECT 1 FROM users other \
        WHERE other.email_bidx = ?2 AND other.email_verified_at IS NOT NULL)";
}

pub(super) const NAME: Column = Column { table: "users", name: "name_sealed" };
const EMAIL: Column = Column { table: "users", name: "email_sealed" };

/// How many of those who state one address are looked at.
const HANDFUL: i64 = 5;

/// An address, and what it is worth.
#[derive(Clone, Debug)]
pub enum Address {
    /// A provider vouched for it: nobody else can have it so.
    Verified(Email),
    /// Whoever gave it says so. It opens nothing and blocks nobody.
    Stated(Email),
}

impl Address {
    /// The address itself.
    pub const fn email(&self) -> &Email {
        match self {
            Self::Verified(email) | Self::Stated(email) => email,
        }
    }
}

/// A person about to get an account.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// How others will see them.
    pub name: Name,
    /// Their address, when it is known.
    pub email: Option<Address>,
    /// Their role on the server.
    pub instance_role: Role,
}

/// Makes an account with a data key of its own. `Conflict(LinkRequired)` when the address is verified and another's.
pub fn insert(tx: &mut Tx<'_>, new: &NewUser) -> Result<Id<User>, Error> {
    let email = new.email.as_ref().map(Address::email);
    let verified_at = match &new.email {
        Some(Address::Verified(email)) => {
            refuse_taken(tx, email)?;
            Some(tx.now())
        }
        _ => None,
    };
    let id = tx.mint_id::<User>();
    let pseudonym = uuid::Builder::from_random_bytes(crate::base::entropy::bytes(tx.entropy())).into_uuid();
    tx.create_dek(owned_by_user(id))?;
    let values = [
        id.into(),
        pseudonym.into(),
        tx.seal(owned_by_user(id), NAME, id.uuid(), new.name.as_str())?.into(),
        sealed_email(tx, id, email)?,
        email.map(|email| tx.blind_index(BlindColumn::UserEmail, email.as_str())).into(),
        verified_at.into(),
        new.instance_role.as_str().into(),
        tx.now().into(),
    ];
    tx.execute(INSERT, &values)?;
    Ok(id)
}

fn sealed_email(tx: &Tx<'_>, id: Id<User>, email: Option<&Email>) -> Result<Value, Error> {
    email.map(|email| tx.seal(owned_by_user(id), EMAIL, id.uuid(), email.as_str())).transpose().map(Into::into)
}

/// `Conflict(LinkRequired)` when somebody has this address verified: it is linked by its holder, signed in.
pub fn refuse_taken(read: &ReadTx<'_>, email: &Email) -> Result<(), Error> {
    match claimants(read, email)? {
        Claimants::Holder(_) => Err(Error::Conflict(Conflict::LinkRequired)),
        Claimants::Stated(_) => Ok(()),
    }
}

/// The person with this id.
pub fn find(read: &ReadTx<'_>, id: Id<User>) -> Result<Option<User>, Error> {
    read.first(FIND, &[id.into()], |row| user(read, &row))
}

/// Whether there is such a person, who may act.
pub fn may_act(read: &ReadTx<'_>, id: Id<User>) -> Result<bool, Error> {
    Ok(find(read, id)?.is_some_and(|user| user.state == UserState::Active))
}

/// The person with this id, who must be there.
pub fn get(read: &ReadTx<'_>, id: Id<User>) -> Result<User, Error> {
    find(read, id)?.ok_or(Error::NotFound)
}

pub(super) fn user(read: &ReadTx<'_>, row: &Row<'_>) -> Result<User, Error> {
    let id = row.id(0)?;
    let owner = owned_by_user(id);
    let email = row.blob_or_none(2)?.map(|sealed| read.open(owner, EMAIL, id.uuid(), sealed)).transpose()?;
    Ok(User {
        id,
        name: read.open_line(owner, NAME, id.uuid(), row.blob(1)?)?,
        email: email
            .map(|email| Email::parse(EMAIL.name, &email).map_err(|_| Error::internal("a stored e-mail is not one")))
            .transpose()?,
        instance_role: row.word_or_none(3, Role::parse)?,
        state: row.word(4, UserState::parse)?,
        created_at: row.time(5)?,
    })
}

/// Who has an address.
#[derive(Debug, PartialEq, Eq)]
pub enum Claimants {
    /// The one for whom a provider vouched, whatever others say.
    Holder(Id<User>),
    /// Those who say so, the oldest accounts first, a handful at most; nobody perhaps.
    Stated(Vec<Id<User>>),
}

/// Who has this address.
pub fn claimants(read: &ReadTx<'_>, email: &Email) -> Result<Claimants, Error> {
    let index = read.blind_index(BlindColumn::UserEmail, email.as_str());
    let found = read.all(CLAIMANTS, &[index.into(), HANDFUL.into()], |row| Ok((row.id(0)?, row.integer(1)? == 1)))?;
    Ok(match found.first() {
        Some((holder, true)) => Claimants::Holder(*holder),
        _ => Claimants::Stated(found.into_iter().map(|(id, _)| id).collect()),
    })
}

/// A person as others see them.
pub fn person(read: &ReadTx<'_>, id: Id<User>) -> Result<Person, Error> {
    let found = read.first(FIND_NAME, &[id.into()], |row| {
        Ok(Person { id, name: read.open_line(owned_by_user(id), NAME, id.uuid(), row.blob(0)?)? })
    })?;
    found.ok_or(Error::NotFound)
}

/// The names that one answer shows: each is opened once, however often it stands there.
#[derive(Default)]
pub(super) struct Names(HashMap<Id<User>, Name>);

impl Names {
    /// Opens a person's name, unless that has been done.
    pub fn open(&mut self, read: &ReadTx<'_>, id: Id<User>, sealed: &[u8]) -> Result<Name, Error> {
        if let Some(name) = self.0.get(&id) {
            return Ok(name.clone());
        }
        let name: Name = read.open_line(owned_by_user(id), NAME, id.uuid(), sealed)?;
        self.0.insert(id, name.clone());
        Ok(name)
    }

    /// The person whose id and sealed name stand at `column` and behind it.
    pub fn person(&mut self, read: &ReadTx<'_>, row: &Row<'_>, column: usize) -> Result<Option<Person>, Error> {
        let Some(id) = row.id_or_none::<User>(column)? else {
            return Ok(None);
        };
        let name = self.open(read, id, row.blob(column + 1)?)?;
        Ok(Some(Person { id, name }))
    }
}

/// Whether the server has an owner: it does from its first account on.
pub fn is_claimed(read: &ReadTx<'_>) -> Result<bool, Error> {
    Ok(read.first(ANY, &[], |row| row.integer(0))? == Some(1))
}

/// Changes what is given. Another address than before is one that its holder states; whether others have it is no matter.
pub fn update(tx: &mut Tx<'_>, id: Id<User>, name: Option<&Name>, email: Option<&Email>) -> Result<(), Error> {
    if let Some(name) = name {
        search::rename(tx, id, person(tx, id)?.name.as_str(), name.as_str())?;
    }
    let name = name.map(|name| tx.seal(owned_by_user(id), NAME, id.uuid(), name.as_str())).transpose()?;
    let index = email.map(|email| tx.blind_index(BlindColumn::UserEmail, email.as_str()));
    let values = [id.into(), name.into(), sealed_email(tx, id, email)?, index.into(), tx.now().into()];
    tx.execute(UPDATE, &values)?;
    Ok(())
}

/// The address of a person that a provider has vouched for.
pub fn verified_address(read: &ReadTx<'_>, id: Id<User>) -> Result<Option<Email>, Error> {
    read.first(VERIFIED_EMAIL, &[id.into()], |row| {
        let email = read.open(owned_by_user(id), EMAIL, id.uuid(), row.blob(0)?)?;
        Email::parse(EMAIL.name, &email).map_err(|_| Error::internal("a stored e-mail is not one"))
    })
}

/// A provider vouches for an address: it is verified from now on if it is the one that the person states, and nobody
/// else has it verified. Answers whether that changed anything.
pub fn verify_address(tx: &mut Tx<'_>, id: Id<User>, email: &Email) -> Result<bool, Error> {
    let index = tx.blind_index(BlindColumn::UserEmail, email.as_str());
    let now = tx.now();
    Ok(tx.execute(VERIFY, &[id.into(), index.into(), now.into()])? == 1)
}
