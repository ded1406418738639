//! Proofs out of the audit log, for whoever wants to check it without trusting this server.

use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::permission::{Permission, Relation};
use crate::store::audit_proof::{self, Growth, RowProof, SignedHead};
use crate::store::{Asker, Query, ReadTx, Target, their_own};

use super::App;

/// Which head was signed last? It says nothing of anybody: whoever is signed in may know.
#[derive(Debug)]
pub struct GetCheckpoint;

impl Query for GetCheckpoint {
    type Output = Option<SignedHead>;

    fn permission(&self) -> Permission {
        Permission::AuditVerify
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Self::Output, Error> {
        audit_proof::newest(read)
    }
}

/// Is this row in the log? Everybody may ask it of what they did themself.
#[derive(Clone, Copy, Debug)]
pub struct ProveRow {
    /// Its place.
    pub seq: i64,
}

impl Query for ProveRow {
    type Output = Option<RowProof>;

    fn permission(&self) -> Permission {
        Permission::AuditVerify
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let actor = audit_proof::actor_of(read, self.seq)?;
        Ok(Relation { own: actor.is_some() && actor == caller.actor.user(), ..Relation::default() })
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Self::Output, Error> {
        audit_proof::of_row(read, self.seq)
    }
}

/// Did the log only grow between these two sizes? It says nothing of anybody: whoever is signed in may know.
#[derive(Debug)]
pub struct ProveGrowth {
    /// The rows of the older head.
    pub from: i64,
    /// The rows of the newer.
    pub to: i64,
}

impl Query for ProveGrowth {
    type Output = Growth;

    fn permission(&self) -> Permission {
        Permission::AuditVerify
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Growth, Error> {
        audit_proof::of_growth(read, self.from, self.to)
    }
}

impl App {
    /// The head that was signed last; one is signed when there is none yet.
    pub async fn audit_checkpoint(&self, caller: &Caller) -> Result<SignedHead, Error> {
        if let Some(signed) = self.ask(caller, GetCheckpoint).await? {
            return Ok(signed);
        }
        self.sign_head().await?;
        self.ask(caller, GetCheckpoint).await?.ok_or(Error::NotFound)
    }

    /// A row's proof. A row that is not under a signed head yet gets one.
    pub async fn prove_row(&self, caller: &Caller, row: ProveRow) -> Result<RowProof, Error> {
        if let Some(proof) = self.ask(caller, row).await? {
            return Ok(proof);
        }
        self.sign_head().await?;
        self.ask(caller, row).await?.ok_or(Error::NotFound)
    }
}
