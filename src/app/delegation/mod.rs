//! Delegations: making, reading, editing and deleting; steps, lists, comments and watchers have files of their own.

pub mod bulk;
pub mod comments;
pub mod labels;
pub mod lists;
mod news;
mod overdue;
pub mod steps;
pub mod watch;

use crate::app::refuse_stale;
use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::delegation::{CustodyLink, Delegation, Priority, State};
use crate::domain::event::Event;
use crate::domain::notification::Happened;
use crate::domain::permission::{Account, Assurance, Decision, Permission, Relation, Subject, decide};
use crate::domain::quota::{self, Quota};
use crate::domain::team::Team;
use crate::domain::text::{Body, Label, Title};
use crate::domain::user::User;
use crate::store::delegation::{self, Content};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, binding_of, custody, team, watch as watches};

pub use steps::hand_back;

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
    pub(super) fn target(self) -> Target {
        Target::team(self.team).resource(KIND, self.id)
    }

    /// How the caller stands to it.
    pub(super) fn relation(self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.relation_of(read, caller.actor.user())
    }

    /// How somebody stands to it: they gave it, have it, or watch it. Whoever was chosen for a draft does not have it yet,
    /// and whoever declined it, or had it when it was cancelled, only looks on.
    fn relation_of(self, read: &ReadTx<'_>, person: Option<Id<User>>) -> Result<Relation, Error> {
        let standing = delegation::standing(read, self.team, self.id)?;
        let was_asked = person.is_some() && person == standing.assignee && standing.state.was_offered();
        let watches = person.map_or(Ok(false), |person| watches::is_watching(read, self.id, person))?;
        Ok(Relation {
            own: person == Some(standing.delegator),
            assigned: was_asked && standing.state.is_in_hands(),
            participant: was_asked || watches,
            untouched: standing.state.is_untouched(),
            ..Relation::default()
        })
    }

    /// Whether somebody may read it, whoever asks: by their role and their part in it, or as a guest.
    fn is_open_to(self, read: &ReadTx<'_>, person: Id<User>) -> Result<bool, Error> {
        let subject = Subject::User {
            account: Account::Active,
            instance_role: None,
            team: binding_of(read, person, self.target())?,
            assurance: Assurance::Stale,
        };
        let relation = self.relation_of(read, Some(person))?;
        Ok(decide(Permission::DelegationRead, subject, relation) == Decision::Allow)
    }

    fn refuse_unless(self, read: &ReadTx<'_>, version: Option<i64>) -> Result<(), Error> {
        refuse_stale(version, delegation::standing(read, self.team, self.id)?.version)
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
        if self.offer {
            news::tell_of_step(tx, &delegation, Happened::Offered, [])?;
        }
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
        custody::list(read, self.0.id)
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

impl Changes {
    /// What a delegation says with them.
    fn onto(self, present: &Delegation) -> Content {
        Content {
            title: self.title.unwrap_or_else(|| present.title.clone()),
            body: self.body.unwrap_or_else(|| present.body.clone()),
            labels: self.labels.unwrap_or_else(|| present.labels.clone()),
            priority: self.priority.unwrap_or(present.priority),
            due_at: self.due_at.unwrap_or(present.due_at),
        }
    }
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
        let content = self.changes.onto(&present);
        delegation::update(tx, &present, &content)?;
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
