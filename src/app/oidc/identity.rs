//! The identities of an account: which there are, and taking one away.

use std::sync::Arc;

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::identity::LinkedIdentity;
use crate::domain::permission::{Permission, Relation};
use crate::domain::session::RevokeReason;
use crate::store::provider_token::{self, Held};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, identity, session, their_own};

use super::App;

impl App {
    /// Takes an identity away from the account of whoever asks, ends the sessions that began with it, and revokes the
    /// provider's tokens at the provider. That comes last and may fail: the log says so, the identity stays away.
    /// Answers the number of the audit row.
    pub async fn unlink_identity(self: &Arc<Self>, caller: &Caller, id: Id<LinkedIdentity>) -> Result<i64, Error> {
        let unlinked = self.act(caller, Unlink(id)).await?;
        self.revoke_provider_tokens(caller, unlinked.output.into_iter().collect()).await;
        Ok(unlinked.seq)
    }
}

/// One's own identities.
#[derive(Debug)]
pub struct ListIdentities;

impl Query for ListIdentities {
    type Output = Vec<LinkedIdentity>;

    fn permission(&self) -> Permission {
        Permission::IdentityRead
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Vec<LinkedIdentity>, Error> {
        identity::list(read, asker.user()?)
    }
}

/// Takes one of one's own identities away.
#[derive(Debug)]
struct Unlink(Id<LinkedIdentity>);

impl Action for Unlink {
    /// What its provider had given.
    type Output = Option<Held>;

    fn permission(&self) -> Permission {
        Permission::IdentityManage
    }
    fn event(&self) -> Event {
        Event::OauthUnlinked
    }
    fn target(&self) -> Target {
        Target::instance().resource("identity", self.0)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let user = caller.actor.user().ok_or(Error::Forbidden(None))?;
        Ok(identity::find_of(read, user, self.0)?.map_or_else(Relation::default, |_| their_own()))
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Option<Held>, Error> {
        let held = provider_token::find(tx, self.0)?;
        let ended = session::revoke_of_identity(tx, self.0, None, RevokeReason::Unlinked)?;
        tx.note("sessions", ended);
        identity::delete(tx, self.0)?;
        Ok(held)
    }
}
