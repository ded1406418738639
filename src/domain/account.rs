//! The life of an account: locked out and let in again, asking for its own end and taking that back.
//!
//! | state | suspend | reinstate | leave | stay |
//! |---|---|---|---|---|
//! | active | suspended | – | leaving | – |
//! | leaving | suspended, leaving | – | – | active |
//! | suspended | – | active | – | – |
//! | suspended, leaving | – | leaving | – | – |
//!
//! Whoever is suspended cannot sign in, and so can neither ask for the end of their account nor take that back. What they
//! asked for before goes on: a suspension neither keeps an account nor hurries its end.

use std::time::Duration;

use crate::base::clock::Timestamp;

use super::event::Event;
use super::user::UserState;

/// How long an account stays whole after its holder asked for its deletion.
pub const DELETION_GRACE: Duration = Duration::from_hours(30 * 24);

/// Where an account stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// May act.
    Active,
    /// Its holder asked for its deletion.
    Leaving,
    /// Locked out by an administrator.
    Suspended,
    /// Locked out, and its holder had asked for its deletion.
    SuspendedLeaving,
}

impl State {
    /// In the order of the table.
    pub const ALL: [Self; 4] = [Self::Active, Self::Leaving, Self::Suspended, Self::SuspendedLeaving];

    /// The state of an account with this word in its row, and with or without an open request for its deletion.
    pub const fn of(state: UserState, has_request: bool) -> Self {
        match (state, has_request) {
            (UserState::Active, _) => Self::Active,
            (UserState::Leaving, _) => Self::Leaving,
            (UserState::Suspended, false) => Self::Suspended,
            (UserState::Suspended, true) => Self::SuspendedLeaving,
        }
    }

    /// The word in the account's row.
    pub const fn stored(self) -> UserState {
        match self {
            Self::Active => UserState::Active,
            Self::Leaving => UserState::Leaving,
            Self::Suspended | Self::SuspendedLeaving => UserState::Suspended,
        }
    }
}

/// A step from one state to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Administrator: locks out.
    Suspend,
    /// Administrator: lets in again.
    Reinstate,
    /// Holder: asks for the deletion.
    Leave,
    /// Holder: takes that back.
    Stay,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 4] = [Self::Suspend, Self::Reinstate, Self::Leave, Self::Stay];

    /// The state machine: where this step leads from `state`; `None` when it does not exist there.
    pub const fn from(self, state: State) -> Option<State> {
        match (self, state) {
            (Self::Suspend, State::Active) => Some(State::Suspended),
            (Self::Suspend, State::Leaving) => Some(State::SuspendedLeaving),
            (Self::Reinstate, State::Suspended) | (Self::Stay, State::Leaving) => Some(State::Active),
            (Self::Reinstate, State::SuspendedLeaving) | (Self::Leave, State::Active) => Some(State::Leaving),
            _ => None,
        }
    }

    /// What it leaves in the audit log.
    pub const fn event(self) -> Event {
        match self {
            Self::Suspend => Event::UserSuspended,
            Self::Reinstate => Event::UserReinstated,
            Self::Leave => Event::DeletionRequested,
            Self::Stay => Event::DeletionCancelled,
        }
    }
}

/// What a person asked for when they asked for the deletion of their account.
#[derive(Clone, Copy, Debug)]
pub struct Deletion {
    /// When they asked.
    pub requested_at: Timestamp,
    /// Until when nothing is erased.
    pub due_at: Timestamp,
    /// When they took it back, if they did.
    pub cancelled_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every step from every state, so that a change of the machine is a change of this picture.
    #[test]
    fn the_state_machine() {
        let line = |state: State| {
            let steps = Step::ALL.into_iter().filter_map(|step| Some((step, step.from(state)?)));
            let steps: Vec<_> = steps.map(|(step, next)| format!("{step:?}→{next:?}")).collect();
            format!("{state:?}: {}", steps.join(" "))
        };
        insta::assert_snapshot!(State::ALL.map(line).join("\n"), @r"
        Active: Suspend→Suspended Leave→Leaving
        Leaving: Suspend→SuspendedLeaving Stay→Active
        Suspended: Reinstate→Active
        SuspendedLeaving: Reinstate→Leaving
        ");
    }

    #[test]
    fn a_state_is_known_by_its_row_and_its_request() {
        for state in State::ALL {
            let has_request = matches!(state, State::Leaving | State::SuspendedLeaving);
            assert_eq!(State::of(state.stored(), has_request), state);
        }
    }
}
