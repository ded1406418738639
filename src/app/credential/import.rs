//! Bringing credentials in from elsewhere: a whole file in one act, or nothing of it.

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::credential::import::{Import, Skipped};
use crate::domain::credential::{Credential, Vault};
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
use crate::domain::quota::{self, Quota};
use crate::store::{Action, ReadTx, Target, Tx, credential};

use super::{relation_to, target_of};

/// Puts everything that a file holds into a vault.
#[derive(Debug)]
pub struct BringIn {
    /// Whose.
    pub vault: Vault,
    /// What the file holds.
    pub import: Import,
}

/// What came in, and what did not.
#[derive(Clone, Debug)]
pub struct Imported {
    /// How many credentials came in.
    pub count: usize,
    /// Those among them whose name there was already, in the vault or further up in the file.
    pub twins: Vec<Twin>,
    /// What stayed behind, and why.
    pub skipped: Vec<Skipped>,
}

/// A credential that came in under a name that there was already.
#[derive(Clone, Debug)]
pub struct Twin {
    /// Where it stood in the file.
    pub pointer: String,
    /// The new credential.
    pub id: Id<Credential>,
}

impl Action for BringIn {
    type Output = Imported;

    fn permission(&self) -> Permission {
        self.vault.permission(Permission::CredentialCreate)
    }
    fn event(&self) -> Event {
        Event::CredentialsImported
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::IMPORTS)
    }
    fn target(&self) -> Target {
        target_of(self.vault)
    }
    fn relation(&self, _: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        Ok(relation_to(self.vault, caller))
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Imported, Error> {
        let Import { items, skipped } = self.import;
        let (count, mut twins) = (items.len(), Vec::new());
        for item in items {
            let is_twin = credential::is_taken(tx, self.vault, &item.name)?;
            let id = credential::insert(tx, self.vault, &item.name, &item.payload)?;
            if is_twin {
                twins.push(Twin { pointer: item.pointer, id });
            }
        }
        tx.note("items", count);
        tx.note("skipped", skipped.len());
        Ok(Imported { count, twins, skipped })
    }
}
