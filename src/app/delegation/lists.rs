//! Lists of delegations: a team's, and one's own.

use crate::base::id::Id;
use crate::base::page::Page;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::delegation::Delegation;
use crate::domain::permission::{Permission, Relation};
use crate::domain::team::Team;
use crate::store::delegation_list::{self, Listing, Side, Whose};
use crate::store::{Asker, Query, Reach, ReadTx, Target};

/// A team's delegations: all of them for those who may read all, one's own for the others.
#[derive(Debug)]
pub struct ListOfTeam {
    /// Which team.
    pub team: Id<Team>,
    /// Which delegations, in which order, and which page.
    pub listing: Listing,
}

impl Query for ListOfTeam {
    type Output = Page<Delegation>;

    fn permission(&self) -> Permission {
        Permission::DelegationRead
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(Relation { participant: true, ..Relation::default() })
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Page<Delegation>, Error> {
        let whose = match asker.reach() {
            Reach::Everything => Whose::Team(self.team),
            Reach::TheirOwn => Whose::Person(asker.user()?, None, Some(self.team)),
        };
        delegation_list::page(read, whose, &self.listing)
    }
}

/// What I gave, have and watch in all of my teams, and what I was let in to as a guest.
#[derive(Debug)]
pub struct ListMine {
    /// On which side I am; on any, when none is named.
    pub side: Option<Side>,
    /// Which delegations, in which order, and which page.
    pub listing: Listing,
}

impl Query for ListMine {
    type Output = Page<Delegation>;

    fn permission(&self) -> Permission {
        Permission::DelegationsOwn
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Page<Delegation>, Error> {
        delegation_list::page(read, Whose::Person(asker.user()?, self.side, None), &self.listing)
    }
}
