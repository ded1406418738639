//! The kinds of things whose happenings are told live, each with the query that reads it for the API. A kind that is not
//! here is not told.

use super::reader::Reader;
use crate::app::delegation::{self, Which};
use crate::app::team::{self, MyTeam};
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::delegation::Delegation;
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
use crate::domain::team::{Member, Team};
use crate::domain::user::User;
use crate::store::feed::Happening;
use crate::store::{Asker, Query, ReadTx, Target, team as stored_team, tombstone};

/// A thing as a stream's reader may see it at this moment, which need not be as it was when it happened.
pub enum Thing {
    /// A delegation.
    Delegation(Box<Delegation>),
    /// Somebody's place in a team.
    Member(Member),
    /// A team.
    Team(MyTeam),
    /// It was deleted; its reader could have read it.
    Gone,
}

impl Reader {
    /// The thing that something happened to; `None` for a kind that is not told. An error is what the API would answer.
    pub(super) fn thing(&self, happening: &Happening) -> Result<Option<Thing>, Error> {
        match happening.kind.as_str() {
            "delegation" => self.delegation(happening).map(Some),
            "user" => self.member(happening).map(Some),
            "team" => self.team(happening).map(Some),
            _ => Ok(None),
        }
    }

    fn delegation(&self, happening: &Happening) -> Result<Thing, Error> {
        let which = Which { team: happening.team, id: Id::from_uuid(happening.id) };
        match happening.event {
            Event::DelegationDeleted => self.ask(DeletedDelegation(which)).map(|()| Thing::Gone),
            _ => self.ask(delegation::Get(which)).map(|delegation| Thing::Delegation(Box::new(delegation))),
        }
    }

    /// Whoever left is gone for those who may read who belongs to the team, and they themself are not among them any more.
    fn member(&self, happening: &Happening) -> Result<Thing, Error> {
        let member = self.ask(GetMember { team: happening.team, user: Id::from_uuid(happening.id) });
        match (member, happening.event) {
            (Ok(None), Event::TeamMemberLeft | Event::TeamMemberRemoved) => Ok(Thing::Gone),
            (member, _) => member?.map(Thing::Member).ok_or(Error::NotFound),
        }
    }

    fn team(&self, happening: &Happening) -> Result<Thing, Error> {
        let team = happening.team;
        match happening.event {
            Event::TeamDeleted => self.ask(DeletedTeam(team)).map(|()| Thing::Gone),
            _ => self.ask(team::Get { team }).map(Thing::Team),
        }
    }
}

/// Could I read this delegation while it was there?
struct DeletedDelegation(Which);

impl Query for DeletedDelegation {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::DelegationRead
    }
    fn target(&self) -> Target {
        Target::team(self.0.team).resource("delegation", self.0.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        tombstone::delegation(read, self.0.team, self.0.id, caller.actor.user().ok_or(Error::NotFound)?)
    }
    fn run(self, _: &ReadTx<'_>, _: &Asker<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// Do I belong to this team, which is closed? The team itself opens nothing any more but its restoration.
struct DeletedTeam(Id<Team>);

impl Query for DeletedTeam {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::TeamsOwn
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<(), Error> {
        stored_team::find_role(read, self.0, asker.user()?)?.map(|_| ()).ok_or(Error::NotFound)
    }
}

/// Somebody's place in a team, as the list of its members shows it; `None` when they do not belong to it.
struct GetMember {
    team: Id<Team>,
    user: Id<User>,
}

impl Query for GetMember {
    type Output = Option<Member>;

    fn permission(&self) -> Permission {
        Permission::MembershipRead
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Option<Member>, Error> {
        stored_team::find_member(read, self.team, self.user)
    }
}
