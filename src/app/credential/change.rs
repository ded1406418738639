//! Putting credentials into a vault, changing them and taking them out.

use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::credential::{Credential, Parts, Payload, Vault};
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
use crate::domain::quota::{self, Quota};
use crate::domain::text::Title;
use crate::store::{Action, ReadTx, Target, Tx, credential};

use super::{KIND, Which, relation_to, target_of};

/// Puts a credential into a vault.
#[derive(Debug)]
pub struct Create {
    /// Whose.
    pub vault: Vault,
    /// What it is called.
    pub name: Title,
    /// What it holds.
    pub payload: Payload,
}

impl Action for Create {
    type Output = Credential;

    fn permission(&self) -> Permission {
        self.vault.permission(Permission::CredentialCreate)
    }
    fn event(&self) -> Event {
        Event::CredentialCreated
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::CREDENTIALS)
    }
    fn target(&self) -> Target {
        target_of(self.vault)
    }
    fn relation(&self, _: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        Ok(relation_to(self.vault, caller))
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Credential, Error> {
        let id = credential::insert(tx, self.vault, &self.name, &self.payload)?;
        tx.concerns(KIND, id);
        credential::get(tx, self.vault, id)
    }
}

/// Gives a credential another name.
#[derive(Debug)]
pub struct Rename {
    /// Which.
    pub which: Which,
    /// The version that the caller saw; `None` for whichever it is.
    pub version: Option<i64>,
    /// Its new name; the one it has when there is none.
    pub name: Option<Title>,
}

impl Action for Rename {
    type Output = Credential;

    fn permission(&self) -> Permission {
        self.which.vault.permission(Permission::CredentialUpdate)
    }
    fn event(&self) -> Event {
        Event::CredentialUpdated
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Credential, Error> {
        let Which { vault, id } = self.which;
        self.which.refuse_unless(tx, self.version)?;
        if let Some(name) = &self.name {
            credential::rename(tx, vault, id, name)?;
        }
        credential::get(tx, vault, id)
    }
}

/// Gives a credential a new payload; the one before stays as an earlier version.
#[derive(Debug)]
pub struct Write {
    /// Which.
    pub which: Which,
    /// The version that the caller saw; `None` for whichever it is.
    pub version: Option<i64>,
    /// What it holds from now on; of which kind, the credential says.
    pub parts: Parts,
}

impl Action for Write {
    type Output = Credential;

    fn permission(&self) -> Permission {
        self.which.vault.permission(Permission::CredentialUpdate)
    }
    fn event(&self) -> Event {
        Event::CredentialUpdated
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::CREDENTIALS)
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Credential, Error> {
        let Which { vault, id } = self.which;
        self.which.refuse_unless(tx, self.version)?;
        let kind = credential::standing(tx, vault, id)?.kind;
        let payload = Payload::parse("", kind, self.parts)?;
        credential::replace(tx, vault, id, &payload)?;
        written(tx, self.which)
    }
}

/// Brings an earlier payload back, as a new version. Nobody sees it by that.
#[derive(Debug)]
pub struct Restore {
    /// Of which credential.
    pub which: Which,
    /// The version that the caller saw, when they say.
    pub version: Option<i64>,
    /// The number of the payload.
    pub number: i64,
}

impl Action for Restore {
    type Output = Credential;

    fn permission(&self) -> Permission {
        self.which.vault.permission(Permission::CredentialUpdate)
    }
    fn event(&self) -> Event {
        Event::CredentialUpdated
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::CREDENTIALS)
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Credential, Error> {
        let Which { vault, id } = self.which;
        self.which.refuse_unless(tx, self.version)?;
        let kind = credential::standing(tx, vault, id)?.kind;
        let (number, parts) = credential::payload(tx, vault, id, Some(self.number))?;
        credential::replace(tx, vault, id, &Payload::from_stored(kind, parts))?;
        tx.note("restored", number);
        written(tx, self.which)
    }
}

/// The credential after its payload changed; its row says which version came.
fn written(tx: &mut Tx<'_>, which: Which) -> Result<Credential, Error> {
    let credential = credential::get(tx, which.vault, which.id)?;
    tx.note("version", credential.newest);
    Ok(credential)
}

/// Takes a credential away. Neither its name nor any of its payloads is read from then on.
#[derive(Debug)]
pub struct Delete {
    /// Which.
    pub which: Which,
    /// The version that the caller saw, when they say.
    pub version: Option<i64>,
}

impl Action for Delete {
    type Output = ();

    fn permission(&self) -> Permission {
        self.which.vault.permission(Permission::CredentialDelete)
    }
    fn event(&self) -> Event {
        Event::CredentialDeleted
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        self.which.refuse_unless(tx, self.version)?;
        credential::tombstone(tx, self.which.id)
    }
}
