//! Searching a team for words, and indexing what earlier versions wrote.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::permission::Permission;
use crate::domain::team::Team;
use crate::store::search::{Found, Hit, Reader, search};
use crate::store::search_words::Words;
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, search_fill};

use super::App;

/// What holds all these words, of what the caller may read? Of each kind what its own permission opens: a role, or the
/// scopes of an API key, that do not read messages do not find them either.
#[derive(Debug)]
pub struct Search {
    /// In which team.
    pub team: Id<Team>,
    /// Which words.
    pub words: Words,
    /// Among what; everything, when nobody says.
    pub found: Option<Found>,
    /// Which page.
    pub page: PageRequest,
}

impl Query for Search {
    type Output = Page<Hit>;

    fn permission(&self) -> Permission {
        Permission::Search
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Page<Hit>, Error> {
        let reader = Reader {
            team: self.team,
            user: asker.user()?,
            delegations: asker.reach_of(Permission::DelegationRead),
            messages: asker.reach_of(Permission::MessageRead).is_some(),
            people: asker.reach_of(Permission::MembershipRead).is_some(),
        };
        search(read, &reader, &self.words, self.found, &self.page)
    }
}

impl App {
    /// Indexes one batch of what an earlier version wrote. Answers how many texts it went through: none when nothing was
    /// left, and then it leaves no row in the log.
    pub async fn fill_search(&self, job: &Caller) -> Result<u64, Error> {
        while self.store.look(search_fill::any)? {
            let count = self.act(job, Fill).await?.output;
            if count > 0 {
                return Ok(count);
            }
        }
        Ok(0)
    }
}

/// One batch.
#[derive(Debug)]
struct Fill;

impl Action for Fill {
    type Output = u64;

    fn permission(&self) -> Permission {
        Permission::SearchFill
    }
    fn event(&self) -> Event {
        Event::SearchIndexed
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<u64, Error> {
        let Some((team, count)) = search_fill::batch(tx)? else {
            return Ok(0);
        };
        tx.concerns("team", team);
        tx.note("texts", count);
        u64::try_from(count).map_err(Error::internal)
    }
}
