//! Data keys: one per owner, wrapped in the database, unwrapped in memory while the server runs.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::entropy::Entropy;
use crate::crypto::keyring::{Dek, Keyring, Owner, OwnerKind};
use crate::domain::Error;

use super::engine::{Engine, Value};

statements! {
    FIND = "SELECT wrapped FROM data_keys WHERE owner_kind = ?1 AND owner_id = ?2";
    INSERT = "INSERT INTO data_keys (owner_kind, owner_id, wrapped, created_at) VALUES (?1, ?2, ?3, ?4)";
    DELETE = "DELETE FROM data_keys WHERE owner_kind = ?1 AND owner_id = ?2";
}

/// The keyring, and the data keys opened with it so far.
pub(super) struct Keys {
    keyring: Keyring,
    instance: Owner,
    opened: RwLock<HashMap<Owner, Dek>>,
}

impl Keys {
    pub fn new(keyring: Keyring, instance: Uuid) -> Self {
        let instance = Owner { kind: OwnerKind::Instance, id: instance };
        Self { keyring, instance, opened: RwLock::default() }
    }

    /// The owner of what belongs to no person and no team.
    pub const fn instance(&self) -> Owner {
        self.instance
    }

    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// An owner's key. That there is none is a fault: owner and key are made in one transaction.
    pub fn get(&self, engine: &dyn Engine, owner: Owner) -> Result<Dek, Error> {
        if let Some(dek) = self.opened.read().unwrap_or_else(PoisonError::into_inner).get(&owner) {
            return Ok(dek.clone());
        }
        let mut wrapped = None;
        engine.query(FIND, &[owner.kind.as_str().into(), owner.id.into()], &mut |row| {
            wrapped = Some(row.blob(0)?.to_vec());
            Ok(())
        })?;
        let wrapped = wrapped.ok_or_else(|| Error::internal("an owner without a data key"))?;
        let dek = self.keyring.unwrap_dek(&wrapped, owner).map_err(Error::internal)?;
        self.remember(owner, &dek);
        Ok(dek)
    }

    /// Makes and stores an owner's key. Should the transaction roll back, the owner goes with its key, and their id is
    /// never used again: what was sealed meanwhile is gone too.
    pub fn create(
        &self,
        engine: &dyn Engine,
        owner: Owner,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(), Error> {
        let dek = self.keyring.generate_dek(entropy);
        let wrapped = self.keyring.wrap(&dek, owner, entropy);
        let values = [owner.kind.as_str().into(), owner.id.into(), Value::bytes(&wrapped), now.into()];
        engine.execute(INSERT, &values)?;
        Ok(())
    }

    /// Destroys an owner's key, in the database and in memory; answers how many there were. A reader who began before the
    /// commit may put it into memory once more: whoever destroys in several acts calls this in each.
    pub fn destroy(&self, engine: &dyn Engine, owner: Owner) -> Result<usize, Error> {
        self.opened.write().unwrap_or_else(PoisonError::into_inner).remove(&owner);
        engine.execute(DELETE, &[owner.kind.as_str().into(), owner.id.into()])
    }

    fn remember(&self, owner: Owner, dek: &Dek) {
        self.opened.write().unwrap_or_else(PoisonError::into_inner).insert(owner, dek.clone());
    }
}
