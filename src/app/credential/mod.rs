//! Credentials, a person's own and a team's: looking at what can be seen without revealing it.

mod change;
mod generate;
mod import;
mod reveal;
mod share;

use crate::app::refuse_stale;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::credential::{Credential, Vault, Version};
use crate::domain::permission::{Permission, Relation};
use crate::store::credential::{self, Filter};
use crate::store::{Asker, Query, Reach, ReadTx, Target, credential_share, team, their_own};

pub use change::{Create, Delete, Rename, Restore, Write};
pub use generate::Generate;
pub use import::{BringIn, Imported, Twin};
pub use reveal::{ListReveals, Opened, Reveal};
pub(super) use share::close_shares;
pub use share::{GetShare, ListShares, ShareWith, Unshare};

pub(super) const KIND: &str = "credential";

/// The vault as a whole.
const fn target_of(vault: Vault) -> Target {
    match vault {
        Vault::Personal(_) => Target::instance(),
        Vault::Team(team) => Target::team(team),
    }
}

/// How the caller stands to a vault as a whole. In a team's, what was shared is in every member's reach: which things
/// that are, a list says.
fn relation_to(vault: Vault, caller: &Caller) -> Relation {
    match vault {
        Vault::Personal(user) if caller.actor.user() == Some(user) => their_own(),
        Vault::Personal(_) => Relation::default(),
        Vault::Team(_) => Relation { granted: true, ..Relation::default() },
    }
}

/// Which credential, always by vault and id together.
#[derive(Clone, Copy, Debug)]
pub struct Which {
    /// Whose.
    pub vault: Vault,
    /// Which.
    pub id: Id<Credential>,
}

impl Which {
    fn target(self) -> Target {
        target_of(self.vault).resource(KIND, self.id)
    }

    /// How the caller stands to it: whether they put it there, and whether it was shared with them.
    fn relation(self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let standing = credential::standing(read, self.vault, self.id)?;
        let (Vault::Team(team), Some(me)) = (self.vault, caller.actor.user()) else {
            return Ok(relation_to(self.vault, caller));
        };
        let granted = match team::find_role(read, team, me)? {
            Some(role) => credential_share::is_given(read, self.id, me, role)?,
            None => false,
        };
        Ok(Relation { own: standing.created_by == Some(me), granted, ..Relation::default() })
    }

    fn refuse_unless(self, read: &ReadTx<'_>, version: Option<i64>) -> Result<(), Error> {
        refuse_stale(version, credential::standing(read, self.vault, self.id)?.version)
    }
}

/// One credential, without its payload.
#[derive(Debug)]
pub struct Get(pub Which);

impl Query for Get {
    type Output = Credential;

    fn permission(&self) -> Permission {
        self.0.vault.permission(Permission::CredentialRead)
    }
    fn target(&self) -> Target {
        self.0.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.0.relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Credential, Error> {
        credential::get(read, self.0.vault, self.0.id)
    }
}

/// Its versions, without what they hold.
#[derive(Debug)]
pub struct ListVersions {
    /// Of which.
    pub which: Which,
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListVersions {
    type Output = Page<Version>;

    fn permission(&self) -> Permission {
        self.which.vault.permission(Permission::CredentialRead)
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<Version>, Error> {
        credential::versions(read, self.which.id, &self.page)
    }
}

/// What is in a vault: all of it for those who may see all, what was shared with them for others.
#[derive(Debug)]
pub struct List {
    /// Whose.
    pub vault: Vault,
    /// Which credentials.
    pub filter: Filter,
    /// Which page.
    pub page: PageRequest,
}

impl Query for List {
    type Output = Page<Credential>;

    fn permission(&self) -> Permission {
        self.vault.permission(Permission::CredentialRead)
    }
    fn target(&self) -> Target {
        target_of(self.vault)
    }
    fn relation(&self, _: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        Ok(relation_to(self.vault, caller))
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Page<Credential>, Error> {
        let given = match (self.vault, asker.reach()) {
            (Vault::Personal(_), _) | (Vault::Team(_), Reach::Everything) => None,
            (Vault::Team(team), Reach::TheirOwn) => {
                let me = asker.user()?;
                Some((me, team::find_role(read, team, me)?.ok_or(Error::Forbidden(None))?))
            }
        };
        credential::list(read, self.vault, &self.filter, given, &self.page)
    }
}
