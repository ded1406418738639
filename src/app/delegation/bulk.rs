//! One change to many delegations of a team: all of it, or nothing.

use std::collections::BTreeSet;

use crate::base::id::Id;
use crate::domain::delegation::{Delegation, Priority, Step};
use crate::domain::event::Event;
use crate::domain::permission::Permission;
use crate::domain::team::Team;
use crate::domain::text::Label;
use crate::domain::user::User;
use crate::domain::{Error, FieldError};
use crate::store::{Action, Target, Tx, delegation};

use super::labels::{with, without};
use super::{Changes, KIND, Which, steps};

/// How many delegations one act may change.
pub const MAX: usize = 100;

/// What becomes of each.
#[derive(Clone, Debug)]
pub enum Change {
    /// A step is taken; for a reassignment, to this person.
    Step(Step, Option<Id<User>>),
    /// It is as pressing as this.
    Priority(Priority),
    /// It bears this label too.
    AddLabel(Label),
    /// It bears this label no longer; case does not count.
    RemoveLabel(Label),
}

impl Change {
    /// What one must be allowed to do to each, beside doing it to many.
    const fn permission(&self) -> Permission {
        match self {
            Self::Step(step, _) => step.permission(),
            Self::Priority(_) | Self::AddLabel(_) | Self::RemoveLabel(_) => Permission::DelegationUpdate,
        }
    }

    /// What it leaves in the audit log about each.
    const fn event(&self) -> Event {
        match self {
            Self::Step(step, _) => step.event(),
            Self::Priority(_) | Self::AddLabel(_) | Self::RemoveLabel(_) => Event::DelegationUpdated,
        }
    }
}

/// Changes many at once. What it leaves as it was leaves no row.
#[derive(Debug)]
pub struct ChangeMany {
    /// In which team.
    pub team: Id<Team>,
    /// Which: 1 to [`MAX`], each once.
    pub ids: Vec<Id<Delegation>>,
    /// What becomes of each.
    pub change: Change,
}

impl Action for ChangeMany {
    type Output = Vec<Delegation>;

    fn permission(&self) -> Permission {
        Permission::DelegationBulk
    }
    fn event(&self) -> Event {
        Event::DelegationsChanged
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Vec<Delegation>, Error> {
        refuse_repetition(&self.ids)?;
        let me = tx.user()?;
        let mut changed = Vec::with_capacity(self.ids.len());
        for (nth, &id) in self.ids.iter().enumerate() {
            let which = Which { team: self.team, id };
            let relation = which.relation_of(tx, Some(me)).map_err(|error| match error {
                Error::NotFound => Error::invalid(format!("/ids/{nth}"), "is no delegation of this team"),
                error => error,
            })?;
            tx.demand(self.change.permission(), which.target(), relation)?;
            if change_one(tx, which, &self.change).map_err(|error| stopped_at(nth, error))? {
                tx.also_about(self.change.event(), KIND, id);
            }
            changed.push(delegation::get(tx, self.team, id)?);
        }
        Ok(changed)
    }
}

/// An error that says which of them stands so.
fn stopped_at(nth: usize, error: Error) -> Error {
    match error {
        Error::WrongState(found) => Error::WrongState(FieldError { pointer: format!("/ids/{nth}"), ..found }),
        Error::Invalid(mut fields) if fields.iter().any(|field| field.pointer == "/label") => {
            fields.push(FieldError { pointer: format!("/ids/{nth}"), detail: "is the one that stopped it".to_owned() });
            Error::Invalid(fields)
        }
        error => error,
    }
}

fn refuse_repetition(ids: &[Id<Delegation>]) -> Result<(), Error> {
    if ids.is_empty() || ids.len() > MAX {
        return Err(Error::invalid("/ids", format!("must name 1 to {MAX} delegations")));
    }
    let mut seen = BTreeSet::new();
    match ids.iter().position(|id| !seen.insert(*id)) {
        Some(nth) => Err(Error::invalid(format!("/ids/{nth}"), "stands there twice")),
        None => Ok(()),
    }
}

/// Makes the change; answers whether that made a difference.
fn change_one(tx: &mut Tx<'_>, which: Which, change: &Change) -> Result<bool, Error> {
    let present = delegation::get(tx, which.team, which.id)?;
    let changes = match change {
        Change::Step(Step::Reassign, assignee)
            if steps::stays(&delegation::standing(tx, which.team, which.id)?, *assignee) =>
        {
            return Ok(false);
        }
        Change::Step(step, assignee) => return steps::take(tx, which, *step, *assignee).map(|_| true),
        Change::Priority(priority) => {
            Changes { priority: Some(*priority).filter(|new| *new != present.priority), ..Changes::default() }
        }
        Change::AddLabel(label) => Changes { labels: with(&present.labels, label)?, ..Changes::default() },
        Change::RemoveLabel(label) => Changes { labels: without(&present.labels, label), ..Changes::default() },
    };
    if changes.priority.is_none() && changes.labels.is_none() {
        return Ok(false);
    }
    delegation::update(tx, &present, &changes.onto(&present))?;
    Ok(true)
}
