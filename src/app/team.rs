//! Teams and who belongs to them.

use crate::app::refuse_stale;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::notification::News;
use crate::domain::permission::{Permission, Relation};
use crate::domain::role::Role;
use crate::domain::team::{Member, Team};
use crate::domain::text::Name;
use crate::domain::user::User;
use crate::store::{Action, Asker, Query, ReadTx, Signal, Target, Tx, notification, team, watch};

use super::delegation::hand_back;
use super::invitation::close_doors;

/// A team with the caller's role in it.
#[derive(Clone, Debug)]
pub struct MyTeam {
    /// The team.
    pub team: Team,
    /// The caller's role.
    pub role: Role,
}

pub(super) fn my_team(read: &ReadTx<'_>, id: Id<Team>, user: Id<User>) -> Result<MyTeam, Error> {
    let role = team::find_role(read, id, user)?.ok_or(Error::Forbidden(None))?;
    Ok(MyTeam { team: team::get(read, id)?, role })
}

/// Founds a team; its founder becomes its Owner.
#[derive(Debug)]
pub struct Create {
    /// Its name.
    pub name: Name,
}

impl Action for Create {
    type Output = MyTeam;

    fn permission(&self) -> Permission {
        Permission::TeamCreate
    }
    fn event(&self) -> Event {
        Event::TeamCreated
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<MyTeam, Error> {
        let founder = tx.user()?;
        let team = team::insert(tx, &self.name, founder)?;
        tx.concerns("team", team.id);
        Ok(MyTeam { team, role: Role::Owner })
    }
}

/// Which teams do I belong to?
#[derive(Debug)]
pub struct ListMine {
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListMine {
    type Output = Page<MyTeam>;

    fn permission(&self) -> Permission {
        Permission::TeamsOwn
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Page<MyTeam>, Error> {
        Ok(team::list_of_user(read, asker.user()?, &self.page)?.map(|(team, role)| MyTeam { team, role }))
    }
}

/// One team.
#[derive(Debug)]
pub struct Get {
    /// Which.
    pub team: Id<Team>,
}

impl Query for Get {
    type Output = MyTeam;

    fn permission(&self) -> Permission {
        Permission::TeamRead
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<MyTeam, Error> {
        my_team(read, self.team, asker.user()?)
    }
}

/// Renames a team.
#[derive(Debug)]
pub struct Update {
    /// Which.
    pub team: Id<Team>,
    /// The version that the caller saw; `None` for whichever it is.
    pub version: Option<i64>,
    /// Its new name.
    pub name: Name,
}

impl Action for Update {
    type Output = MyTeam;

    fn permission(&self) -> Permission {
        Permission::TeamUpdate
    }
    fn event(&self) -> Event {
        Event::TeamUpdated
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource("team", self.team)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<MyTeam, Error> {
        refuse_stale(self.version, team::get(tx, self.team)?.version)?;
        team::update(tx, self.team, &self.name)?;
        my_team(tx, self.team, tx.user()?)
    }
}

/// Who belongs to a team?
#[derive(Debug)]
pub struct ListMembers {
    /// Which team.
    pub team: Id<Team>,
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListMembers {
    type Output = Page<Member>;

    fn permission(&self) -> Permission {
        Permission::MembershipRead
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<Member>, Error> {
        team::members(read, self.team, &self.page)
    }
}

/// Gives a member another role.
#[derive(Debug)]
pub struct ChangeRole {
    /// In which team.
    pub team: Id<Team>,
    /// Whose.
    pub user: Id<User>,
    /// Which from now on.
    pub role: Role,
}

impl Action for ChangeRole {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::MembershipRole
    }
    fn event(&self) -> Event {
        Event::TeamRoleChanged
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource("user", self.user)
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        let present = team::find_role(read, self.team, self.user)?.ok_or(Error::NotFound)?;
        Ok(Relation { target: Some(present.max(self.role)), ..Relation::default() })
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let before = team::find_role(tx, self.team, self.user)?.ok_or(Error::NotFound)?;
        tx.note("from", before.as_str());
        tx.note("to", self.role.as_str());
        team::update_role(tx, self.team, self.user, self.role)?;
        if self.role < before {
            tx.signal(Signal::TrustEnded(self.user));
            // What they looked on at in the higher role does not stay open to the lower one.
            watch::delete_of_person(tx, self.team, self.user)?;
        }
        close_doors(tx, self.team, self.user, Some(self.role))
    }
}

/// Takes a member out of a team.
#[derive(Debug)]
pub struct RemoveMember {
    /// Out of which team.
    pub team: Id<Team>,
    /// Whom.
    pub user: Id<User>,
}

impl Action for RemoveMember {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::MembershipRemove
    }
    fn event(&self) -> Event {
        Event::TeamMemberRemoved
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource("user", self.user)
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        let target = team::find_role(read, self.team, self.user)?.ok_or(Error::NotFound)?;
        Ok(Relation { target: Some(target), ..Relation::default() })
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        team::delete_member(tx, self.team, self.user)?;
        let team_name = team::get(tx, self.team)?.name.as_str().to_owned();
        notification::insert(tx, self.user, &News::RemovedFromTeam { team: self.team, team_name })?;
        tx.signal(Signal::TrustEnded(self.user));
        hand_back(tx, self.team, self.user)?;
        close_doors(tx, self.team, self.user, None)
    }
}

/// Leaves a team.
#[derive(Debug)]
pub struct Leave {
    /// Which.
    pub team: Id<Team>,
}

impl Action for Leave {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::MembershipLeave
    }
    fn event(&self) -> Event {
        Event::TeamMemberLeft
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(Relation { own: true, ..Relation::default() })
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let leaving = tx.user()?;
        tx.concerns("user", leaving);
        team::delete_member(tx, self.team, leaving)?;
        tx.signal(Signal::TrustEnded(leaving));
        hand_back(tx, self.team, leaving)?;
        close_doors(tx, self.team, leaving, None)
    }
}
