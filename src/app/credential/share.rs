//! Sharing a team's credentials with people and roles.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::credential::{Audience, Credential, Share, Vault};
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation, is_open_to};
use crate::domain::role::Role;
use crate::domain::team::Team;
use crate::domain::user::User;
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, credential_share, team};

use super::Which;

const fn which(team: Id<Team>, id: Id<Credential>) -> Which {
    Which { vault: Vault::Team(team), id }
}

/// Opens a credential to one person of the team, or to everybody from a role up.
#[derive(Debug)]
pub struct ShareWith {
    /// Of which team.
    pub team: Id<Team>,
    /// Which credential.
    pub id: Id<Credential>,
    /// With whom.
    pub with: Audience,
}

impl Action for ShareWith {
    type Output = Share;

    fn permission(&self) -> Permission {
        Permission::CredentialShare
    }
    fn event(&self) -> Event {
        Event::CredentialShared
    }
    fn target(&self) -> Target {
        which(self.team, self.id).target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        which(self.team, self.id).relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Share, Error> {
        match self.with {
            Audience::Person(person) if team::find_role(tx, self.team, person)?.is_none() => {
                return Err(Error::invalid("/user_id", "must belong to the team"));
            }
            Audience::Person(person) => tx.note("user", person),
            Audience::From(role) => tx.note("role", role.as_str()),
        }
        credential_share::insert(tx, self.id, self.with)
    }
}

/// Takes a share back.
#[derive(Debug)]
pub struct Unshare {
    /// Of which team.
    pub team: Id<Team>,
    /// Of which credential.
    pub id: Id<Credential>,
    /// Which share.
    pub share: Id<Share>,
}

impl Action for Unshare {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::CredentialShare
    }
    fn event(&self) -> Event {
        Event::CredentialUnshared
    }
    fn target(&self) -> Target {
        which(self.team, self.id).target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        which(self.team, self.id).relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.note("share", self.share);
        credential_share::delete(tx, self.id, self.share)
    }
}

/// One share.
#[derive(Debug)]
pub struct GetShare {
    /// Of which team.
    pub team: Id<Team>,
    /// Of which credential.
    pub id: Id<Credential>,
    /// Which share.
    pub share: Id<Share>,
}

impl Query for GetShare {
    type Output = Share;

    fn permission(&self) -> Permission {
        Permission::CredentialShare
    }
    fn target(&self) -> Target {
        which(self.team, self.id).target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        which(self.team, self.id).relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Share, Error> {
        credential_share::get(read, self.id, self.share)
    }
}

/// With whom is it shared?
#[derive(Debug)]
pub struct ListShares {
    /// Of which team.
    pub team: Id<Team>,
    /// Which credential.
    pub id: Id<Credential>,
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListShares {
    type Output = Page<Share>;

    fn permission(&self) -> Permission {
        Permission::CredentialShare
    }
    fn target(&self) -> Target {
        which(self.team, self.id).target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        which(self.team, self.id).relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<Share>, Error> {
        credential_share::list(read, self.id, &self.page)
    }
}

/// Ends what somebody opened to themself, when the role that is left to them could not: what was put there, or written
/// since, is not theirs to see for ever.
pub(in crate::app) fn close_shares(
    tx: &mut Tx<'_>,
    team: Id<Team>,
    person: Id<User>,
    left: Option<Role>,
) -> Result<(), Error> {
    let own = Relation { own: true, ..Relation::default() };
    if is_open_to(left, Permission::CredentialShare, own) {
        return Ok(());
    }
    let ended = credential_share::delete_of_maker(tx, team, person)?;
    if ended > 0 {
        tx.note("shares_ended", ended);
    }
    Ok(())
}
