//! The steps of the state machine, and what becomes of work when somebody leaves.

use crate::base::id::Id;
use crate::domain::actor::Caller;
use crate::domain::delegation::{Delegation, State, Step};
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
use crate::domain::team::Team;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};
use crate::store::delegation::Standing;
use crate::store::{Action, ReadTx, Target, Tx, delegation, team, watch};

use super::{KIND, Which, news, refuse_stranger};

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
        self.which.refuse_unless(tx, self.version)?;
        take(tx, self.which, self.step, self.assignee)
    }
}

/// Whether a reassignment would leave a delegation with whoever has it.
pub(super) fn stays(standing: &Standing, assignee: Option<Id<User>>) -> bool {
    standing.state.was_offered() && assignee.is_some() && assignee == standing.assignee
}

/// Takes the step, and tells whom it concerns. Work comes into nobody's hands who does not belong to the team.
pub(super) fn take(tx: &mut Tx<'_>, which: Which, step: Step, assignee: Option<Id<User>>) -> Result<Delegation, Error> {
    let Which { team, id } = which;
    let before = delegation::standing(tx, team, id)?;
    if matches!(step.from(before.state), Some(State::Offered | State::InProgress)) && step != Step::TakeOver {
        refuse_stranger(tx, team, assignee.or(before.assignee))?;
    }
    match step {
        // What a leaver had goes back when they do not belong to the team any more.
        Step::Return => {}
        Step::TakeOver => refuse_coup(tx, team, before.delegator)?,
        _ => refuse_guest(tx, team, step)?,
    }
    if step == Step::Reassign && stays(&before, assignee) {
        return Err(Error::Conflict(Conflict::WrongState));
    }
    delegation::take_step(tx, team, id, step, assignee)?;
    let delegation = delegation::get(tx, team, id)?;
    // Whoever had it before it was handed on hears of that too, as far as they may still read it.
    let loser = before.assignee.filter(|_| step == Step::Reassign && before.state.was_offered());
    news::tell_of_step(tx, &delegation, step.happened(), loser)?;
    Ok(delegation)
}

/// A guest may change what a delegation says, and never where it stands.
fn refuse_guest(tx: &Tx<'_>, team: Id<Team>, step: Step) -> Result<(), Error> {
    match team::find_role(tx, team, tx.user()?)? {
        Some(_) => Ok(()),
        None => Err(Error::Forbidden(Some(step.permission()))),
    }
}

/// A delegator is stepped in for when they left, by somebody who did not.
fn refuse_coup(tx: &Tx<'_>, team: Id<Team>, delegator: Id<User>) -> Result<(), Error> {
    refuse_guest(tx, team, Step::TakeOver)?;
    match team::find_role(tx, team, delegator)? {
        Some(_) => Err(Error::wrong_state("its delegator belongs to the team")),
        None => Ok(()),
    }
}

/// Gives back what is in the hands of somebody who has just left a team or was taken out of it: each unfinished
/// delegation is a draft in nobody's hands again, with a link in its chain, a row in the log, and news for its delegator.
/// What they watched, they watch no longer, and what was only to be offered to them is chosen for nobody. Part of whatever takes a membership away, after it did.
pub fn hand_back(tx: &mut Tx<'_>, team: Id<Team>, leaver: Id<User>) -> Result<(), Error> {
    watch::delete_of_person(tx, team, leaver)?;
    delegation::free_drafts(tx, team, leaver)?;
    for id in delegation::in_hands(tx, team, leaver)? {
        take(tx, Which { team, id }, Step::Return, None)?;
        tx.also_about(Event::DelegationReturned, KIND, id);
    }
    Ok(())
}
