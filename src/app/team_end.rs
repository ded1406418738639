//! The end of a team: deleted, which closes it to everybody at once; brought back within its grace; purged after it.

use crate::app::refuse_stale;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::notification::News;
use crate::domain::permission::Permission;
use crate::domain::role::Role;
use crate::domain::team::Team;
use crate::domain::{Conflict, Error};
use crate::store::{Action, Asker, Query, ReadTx, Signal, Target, Tx, notification, team, team_end};

use super::App;
use super::team::{MyTeam, my_team};

/// Deletes a team: closed from the next request on, and brought back or purged.
#[derive(Debug)]
pub struct Delete {
    /// Which.
    pub team: Id<Team>,
    /// The version that the caller saw; `None` for whichever it is.
    pub version: Option<i64>,
}

impl Action for Delete {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::TeamDelete
    }
    fn event(&self) -> Event {
        Event::TeamDeleted
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource("team", self.team)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let found = team::get(tx, self.team)?;
        refuse_stale(self.version, found.version)?;
        let revoked = team_end::close(tx, self.team)?;
        tx.note("invitations_revoked", revoked);
        tell_the_others(tx, self.team, |team_name| News::TeamDeleted { team: found.id, team_name })
    }
}

/// Brings a deleted team back, with everything in it but the invitations. `Conflict(WrongState)` when it was not deleted,
/// or its grace is over.
#[derive(Debug)]
pub struct Restore {
    /// Which.
    pub team: Id<Team>,
}

impl Action for Restore {
    type Output = MyTeam;

    fn permission(&self) -> Permission {
        Permission::TeamRestore
    }
    fn event(&self) -> Event {
        Event::TeamRestored
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource("team", self.team)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<MyTeam, Error> {
        if team::get(tx, self.team)?.purge_at().is_none_or(|purge_at| purge_at <= tx.now()) {
            return Err(Error::Conflict(Conflict::WrongState));
        }
        team_end::open(tx, self.team)?;
        tell_the_others(tx, self.team, |team_name| News::TeamRestored { team: self.team, team_name })?;
        my_team(tx, self.team, tx.user()?)
    }
}

/// Tells everybody in a team but whoever acts, and has their streams judged anew.
fn tell_the_others(tx: &mut Tx<'_>, id: Id<Team>, news: impl FnOnce(String) -> News) -> Result<(), Error> {
    let news = news(team::get(tx, id)?.name.as_str().to_owned());
    let me = tx.user()?;
    for person in team_end::audience(tx, id)? {
        tx.signal(Signal::TrustEnded(person));
        if person != me {
            notification::insert(tx, person, &news)?;
        }
    }
    Ok(())
}

/// Which of my teams can I bring back?
#[derive(Debug)]
pub struct ListClosed {
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListClosed {
    type Output = Page<MyTeam>;

    fn permission(&self) -> Permission {
        Permission::TeamsOwn
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Page<MyTeam>, Error> {
        let closed = team_end::closed_of_owner(read, asker.user()?, &self.page)?;
        Ok(closed.map(|team| MyTeam { team, role: Role::Owner }))
    }
}

impl App {
    /// Purges one batch of the team whose grace has been over for longest. Answers how many rows went: none when no team
    /// is due, and then it leaves no row in the log.
    pub async fn purge_teams(&self, job: &Caller) -> Result<u64, Error> {
        match self.store.look(team_end::next_to_purge)? {
            Some(team) => Ok(self.act(job, Purge { team }).await?.output),
            None => Ok(0),
        }
    }
}

/// One batch of a purge. The first destroys the team's key, with which everything in it becomes unreadable; the last
/// takes the team itself.
#[derive(Debug)]
struct Purge {
    team: Id<Team>,
}

impl Action for Purge {
    type Output = u64;

    fn permission(&self) -> Permission {
        Permission::TeamPurge
    }
    fn event(&self) -> Event {
        Event::TeamPurged
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource("team", self.team)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<u64, Error> {
        if !team_end::is_due(tx, self.team)? {
            return Err(Error::Conflict(Conflict::WrongState));
        }
        let mut all = 0;
        for (kind, count) in team_end::purge(tx, self.team)? {
            tx.note(kind, count);
            all += count;
        }
        u64::try_from(all).map_err(Error::internal)
    }
}
