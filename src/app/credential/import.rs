//! Bringing credentials in from elsewhere: a whole file in one act, or nothing of it.

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::credential::import::{Import, Item, Skipped};
use crate::domain::credential::{Credential, Vault};
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation, is_open_to};
use crate::domain::quota::{self, Quota};
use crate::store::{Action, ReadTx, Target, Tx, credential, credential_share, team};

use super::{relation_to, target_of};

/// Puts everything that a file holds into a vault.
#[derive(Debug)]
pub struct BringIn {
    /// Whose.
    pub vault: Vault,
    /// What the file holds.
    pub import: Import,
    /// Whether what is there already, the same in kind, name and payload, comes in once more.
    pub keeps_duplicates: bool,
}

/// What came in, and what did not.
#[derive(Clone, Debug)]
pub struct Imported {
    /// How many credentials came in.
    pub count: usize,
    /// Those among them whose name there was already, in the vault or further up in the file.
    pub twins: Vec<Twin>,
    /// What was there already, the same in kind, name and payload, and was left out.
    pub present: Vec<Twin>,
    /// What stayed behind, and why.
    pub skipped: Vec<Skipped>,
}

/// An item, and the credential that stands for it.
#[derive(Clone, Debug)]
pub struct Twin {
    /// Where it stood in the file.
    pub pointer: String,
    /// The credential: the new one of a name that there was already, or the one that was there.
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
        let (all, mut twins, mut present) = (items.len(), Vec::new(), Vec::new());
        for item in items {
            if !self.keeps_duplicates
                && let Some(id) = there_already(tx, self.vault, &item)?
            {
                present.push(Twin { pointer: item.pointer, id });
                continue;
            }
            let is_twin = credential::is_taken(tx, self.vault, &item.name)?;
            let id = credential::insert(tx, self.vault, &item.name, &item.payload)?;
            if is_twin {
                twins.push(Twin { pointer: item.pointer, id });
            }
        }
        let count = all - present.len();
        tx.note("items", count);
        if !present.is_empty() {
            tx.note("present", present.len());
        }
        tx.note("skipped", skipped.len());
        Ok(Imported { count, twins, present, skipped })
    }
}

/// The credential that is the same as this item, among those that the caller could reveal: of any other, a file of
/// guesses would tell the password.
fn there_already(tx: &Tx<'_>, vault: Vault, item: &Item) -> Result<Option<Id<Credential>>, Error> {
    let me = tx.user()?;
    for id in credential::find_same(tx, vault, &item.name, &item.payload)? {
        let Vault::Team(team) = vault else { return Ok(Some(id)) };
        let role = team::find_role(tx, team, me)?;
        let granted = role.map_or(Ok(false), |role| credential_share::is_given(tx, id, me, role))?;
        let relation = Relation { granted, ..Relation::default() };
        if is_open_to(role, Permission::CredentialReveal, relation) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
