//! Delegations: making, reading, editing and handing on.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::delegation::{CustodyLink, Delegation, Priority, State, Step};
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
use crate::domain::quota::{self, Quota};
use crate::domain::team::Team;
use crate::domain::text::{Body, Label, Title};
use crate::domain::user::User;
use crate::store::delegation::{self, Content, Filter};
use crate::store::{Action, Asker, Query, Reach, ReadTx, Target, Tx, team};

const KIND: &str = "delegation";

/// Which delegation, always by team and id together.
#[derive(Clone, Copy, Debug)]
pub struct Which {
    /// The team.
    pub team: Id<Team>,
    /// The delegation.
    pub id: Id<Delegation>,
}

impl Which {
    fn target(self) -> Target {
        Target::team(self.team).resource(KIND, self.id)
    }

    /// How the caller stands to it.
    pub(super) fn relation(self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let standing = delegation::standing(read, self.team, self.id)?;
        let me = caller.actor.user();
        Ok(Relation {
            own: me == Some(standing.delegator),
            assigned: me.is_some() && me == standing.assignee,
            untouched: standing.state.is_untouched(),
            ..Relation::default()
        })
    }

    fn refuse_unless(self, read: &ReadTx<'_>, version: Option<i64>) -> Result<(), Error> {
        let present = delegation::standing(read, self.team, self.id)?.version;
        if version.is_some_and(|seen| seen != present) { Err(Error::PreconditionFailed) } else { Ok(()) }
    }
}

fn refuse_stranger(read: &ReadTx<'_>, team: Id<Team>, assignee: Option<Id<User>>) -> Result<(), Error> {
    match assignee {
        Some(user) if team::find_role(read, team, user)?.is_none() => {
            Err(Error::invalid("/assignee_id", "must belong to the team"))
        }
        _ => Ok(()),
    }
}

/// Writes a delegation down; offers it at once when asked to.
#[derive(Debug)]
pub struct Create {
    /// In which team.
    pub team: Id<Team>,
    /// What it says.
    pub content: Content,
    /// Who shall have it.
    pub assignee: Option<Id<User>>,
    /// Whether it is offered at once.
    pub offer: bool,
}

impl Action for Create {
    type Output = Delegation;

    fn permission(&self) -> Permission {
        Permission::DelegationCreate
    }
    fn event(&self) -> Event {
        Event::DelegationCreated
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::DELEGATIONS)
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Delegation, Error> {
        if self.offer && self.assignee.is_none() {
            return Err(Error::invalid("/assignee_id", "is needed to offer"));
        }
        refuse_stranger(tx, self.team, self.assignee)?;
        let state = if self.offer { State::Offered } else { State::Draft };
        let delegation = delegation::insert(tx, self.team, &self.content, self.assignee, state)?;
        tx.concerns(KIND, delegation.id);
        Ok(delegation)
    }
}

/// One delegation.
#[derive(Debug)]
pub struct Get(pub Which);

impl Query for Get {
    type Output = Delegation;

    fn permission(&self) -> Permission {
        Permission::DelegationRead
    }
    fn target(&self) -> Target {
        self.0.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.0.relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Delegation, Error> {
        delegation::get(read, self.0.team, self.0.id)
    }
}

/// Its chain of custody.
#[derive(Debug)]
pub struct GetCustody(pub Which);

impl Query for GetCustody {
    type Output = Vec<CustodyLink>;

    fn permission(&self) -> Permission {
        Permission::DelegationRead
    }
    fn target(&self) -> Target {
        self.0.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.0.relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Vec<CustodyLink>, Error> {
        delegation::custody(read, self.0.id)
    }
}

/// A team's delegations: all of them for those who may read all, one's own for the others.
#[derive(Debug)]
pub struct ListOfTeam {
    /// Which team.
    pub team: Id<Team>,
    /// Which delegations.
    pub filter: Filter,
    /// Which page.
    pub page: PageRequest,
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
        match asker.reach() {
            Reach::Everything => delegation::list_of_team(read, self.team, &self.filter, &self.page),
            Reach::TheirOwn => {
                delegation::list_of_person(read, asker.user()?, Some(self.team), &self.filter, &self.page)
            }
        }
    }
}

/// What I gave and what I have, in all of my teams.
#[derive(Debug)]
pub struct ListMine {
    /// Which delegations.
    pub filter: Filter,
    /// Which page.
    pub page: PageRequest,
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
        delegation::list_of_person(read, asker.user()?, None, &self.filter, &self.page)
    }
}

/// Changes what is given of what a delegation says.
#[derive(Debug)]
pub struct Update {
    /// Which.
    pub which: Which,
    /// The version that the caller saw; `None` for whichever it is.
    pub version: Option<i64>,
    /// What changes.
    pub changes: Changes,
}

/// New values; what is `None` stays.
#[derive(Debug, Default)]
pub struct Changes {
    /// A new title.
    pub title: Option<Title>,
    /// A new text.
    pub body: Option<Body>,
    /// New labels.
    pub labels: Option<Vec<Label>>,
    /// A new priority.
    pub priority: Option<Priority>,
    /// A new due time, or none from now on.
    pub due_at: Option<Option<Timestamp>>,
}

impl Action for Update {
    type Output = Delegation;

    fn permission(&self) -> Permission {
        Permission::DelegationUpdate
    }
    fn event(&self) -> Event {
        Event::DelegationUpdated
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Delegation, Error> {
        let Which { team, id } = self.which;
        self.which.refuse_unless(tx, self.version)?;
        let present = delegation::get(tx, team, id)?;
        let content = Content {
            title: self.changes.title.unwrap_or(present.title),
            body: self.changes.body.unwrap_or(present.body),
            labels: self.changes.labels.unwrap_or(present.labels),
            priority: self.changes.priority.unwrap_or(present.priority),
            due_at: self.changes.due_at.unwrap_or(present.due_at),
        };
        delegation::update(tx, team, id, &content)?;
        delegation::get(tx, team, id)
    }
}

/// Takes a step of the state machine.
#[derive(Debug)]
pub struct TakeStep {
    /// Which delegation.
    pub which: Which,
    /// Which step.
    pub step: Step,
    /// Whose hands it comes into, when it is reassigned.
    pub assignee: Option<Id<User>>,
    /// The version that the caller saw, when they say.
    pub version: Option<i64>,
}

impl Action for TakeStep {
    type Output = Delegation;

    fn permission(&self) -> Permission {
        self.step.permission()
    }
    fn event(&self) -> Event {
        self.step.event()
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Delegation, Error> {
        let Which { team, id } = self.which;
        self.which.refuse_unless(tx, self.version)?;
        let standing = delegation::standing(tx, team, id)?;
        if matches!(self.step.from(standing.state), Some(State::Offered | State::InProgress)) {
            refuse_stranger(tx, team, self.assignee.or(standing.assignee))?;
        }
        delegation::take_step(tx, team, id, self.step, self.assignee)?;
        delegation::get(tx, team, id)
    }
}

/// Takes a delegation away.
#[derive(Debug)]
pub struct Delete {
    /// Which.
    pub which: Which,
    /// The version that the caller saw, when they say.
    pub version: Option<i64>,
}

impl Action for Delete {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::DelegationDelete
    }
    fn event(&self) -> Event {
        Event::DelegationDeleted
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        self.which.refuse_unless(tx, self.version)?;
        delegation::tombstone(tx, self.which.team, self.which.id)
    }
}
