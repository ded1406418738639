//! Who answers for a team: handing that on, and finding somebody when nobody does.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::event::Event;
use crate::domain::notification::News;
use crate::domain::permission::Permission;
use crate::domain::role::Role;
use crate::domain::team::Team;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};
use crate::store::team::Overview;
use crate::store::{Action, Asker, Query, ReadTx, Signal, Target, Tx, notification, team, user, watch};

use super::invitation::close_doors;
use super::team::{MyTeam, my_team};

/// Makes another member an Owner, and steps down.
#[derive(Debug)]
pub struct Transfer {
    /// Which team.
    pub team: Id<Team>,
    /// Who shall answer for it.
    pub to: Id<User>,
    /// What the caller is from then on.
    pub my_new_role: Role,
}

impl Action for Transfer {
    type Output = MyTeam;

    fn permission(&self) -> Permission {
        Permission::TeamTransfer
    }
    fn event(&self) -> Event {
        Event::TeamOwnerTransferred
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource("team", self.team)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<MyTeam, Error> {
        let me = tx.user()?;
        if self.to == me {
            return Err(Error::invalid("/user_id", "must be somebody else"));
        }
        raise(tx, self.team, self.to)?;
        tx.note("my_new_role", self.my_new_role.as_str());
        team::update_role(tx, self.team, me, self.my_new_role)?;
        if self.my_new_role != Role::Owner {
            tx.signal(Signal::TrustEnded(me));
            watch::delete_of_person(tx, self.team, me)?;
            close_doors(tx, self.team, me, Some(self.my_new_role))?;
        }
        my_team(tx, self.team, me)
    }
}

/// Makes a member an Owner, who is told. `Invalid` for whoever does not belong to the team or may not act: a team must
/// not be left to somebody who cannot answer for it.
fn raise(tx: &mut Tx<'_>, id: Id<Team>, person: Id<User>) -> Result<(), Error> {
    let role = team::find_role(tx, id, person)?;
    let (Some(role), true) = (role, user::may_act(tx, person)?) else {
        return Err(Error::invalid("/user_id", "must be a member of the team who may act"));
    };
    tx.note("owner", person);
    tx.note("from", role.as_str());
    team::update_role(tx, id, person, Role::Owner)?;
    let team_name = team::get(tx, id)?.name.as_str().to_owned();
    notification::insert(tx, person, &News::OwnershipReceived { team: id, team_name })?;
    Ok(())
}

/// Which teams are there?
#[derive(Debug)]
pub struct ListAll {
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListAll {
    type Output = Page<Overview>;

    fn permission(&self) -> Permission {
        Permission::TeamListAll
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<Overview>, Error> {
        team::list_all(read, &self.page)
    }
}

/// Makes a member the Owner of a team for which nobody answers: each of its Owners, if there are any, is suspended or
/// about to go. `Conflict(WrongState)` while somebody does: whoever runs the server takes no team from its Owners. Their
/// roles stay; should they come back, there are two.
#[derive(Debug)]
pub struct Recover {
    /// Which team.
    pub team: Id<Team>,
    /// Who shall answer for it.
    pub to: Id<User>,
}

impl Action for Recover {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::TeamRecover
    }
    fn event(&self) -> Event {
        Event::TeamRecovered
    }
    fn target(&self) -> Target {
        Target::instance().resource("team", self.team)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        if team::has_owner(tx, self.team)? {
            return Err(Error::Conflict(Conflict::WrongState));
        }
        raise(tx, self.team, self.to)
    }
}
