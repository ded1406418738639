//! Leaving for good: asking for the deletion of one's account, and taking that back.

use std::sync::Arc;

use crate::domain::Error;
use crate::domain::account::{Deletion, Step};
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
use crate::domain::session::RevokeReason;
use crate::store::provider_token::{self, Held};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, api_key, leaving, session, their_own};

use super::standing::{keep_owners, take};
use super::{Acted, App};

impl App {
    /// Asks for the deletion of the caller's account: all sessions end, all API keys for good, and what providers gave is
    /// given back to them.
    pub async fn request_deletion(self: &Arc<Self>, caller: &Caller) -> Result<(Deletion, i64), Error> {
        let Acted { output: (deletion, held), seq, .. } = self.act(caller, RequestDeletion).await?;
        self.revoke_provider_tokens(caller, held).await;
        Ok((deletion, seq))
    }
}

/// Asks for the deletion of one's account.
#[derive(Debug)]
pub(super) struct RequestDeletion;

impl Action for RequestDeletion {
    /// The request, and what the providers gave.
    type Output = (Deletion, Vec<Held>);

    fn permission(&self) -> Permission {
        Permission::AccountDelete
    }
    fn event(&self) -> Event {
        Step::Leave.event()
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Self::Output, Error> {
        let me = tx.user()?;
        tx.concerns("user", me);
        take(tx, me, Step::Leave)?;
        keep_owners(tx, me)?;
        let sessions = session::revoke_all(tx, me, RevokeReason::Leaving)?;
        let keys = api_key::revoke_all(tx, me, RevokeReason::Leaving)?;
        tx.note("sessions", sessions);
        tx.note("api_keys", keys);
        let held = provider_token::list_of(tx, me)?;
        for tokens in &held {
            provider_token::delete(tx, tokens.identity)?;
        }
        Ok((leaving::insert(tx, me)?, held))
    }
}

/// What did I ask for?
#[derive(Debug)]
pub struct GetDeletion;

impl Query for GetDeletion {
    type Output = Deletion;

    fn permission(&self) -> Permission {
        Permission::ProfileRead
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Deletion, Error> {
        leaving::latest(read, asker.user()?)
    }
}

/// Takes the request back: the account is as it was, but for the sessions and keys that ended.
#[derive(Debug)]
pub struct KeepAccount;

impl Action for KeepAccount {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::AccountKeep
    }
    fn event(&self) -> Event {
        Step::Stay.event()
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let me = tx.user()?;
        tx.concerns("user", me);
        take(tx, me, Step::Stay)?;
        leaving::cancel(tx, me)
    }
}
