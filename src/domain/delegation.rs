//! Delegations: an accountable hand-off, its states, and who may take which step.
//!
//! | from | offer | accept | decline | start | done | confirm | reopen | reassign | cancel | return | take-over |
//! |---|---|---|---|---|---|---|---|---|---|---|---|
//! | draft | offered | – | – | – | – | – | – | offered | cancelled | – | draft |
//! | offered | – | accepted | declined | – | – | – | – | offered | cancelled | draft | offered |
//! | accepted | – | – | – | in progress | done | – | – | offered | cancelled | draft | accepted |
//! | in progress | – | – | – | – | done | – | – | offered | cancelled | draft | in progress |
//! | done | – | – | – | – | – | confirmed | in progress | – | – | – | done |
//! | confirmed | – | – | – | – | – | – | in progress | – | – | – | – |
//! | declined | offered | – | – | – | – | – | – | offered | cancelled | – | declined |
//! | cancelled | – | – | – | – | – | – | – | – | – | – | – |
//!
//! **Who has it.** Whoever is only chosen for a draft has not been asked: they neither have it nor see it, and when it is
//! cancelled as a draft, or they leave, nobody is chosen any more. From the offer on it is theirs to decide about; whoever
//! declined it, or had it when it was cancelled, goes on reading it and decides nothing any more.
//!
//! **Who leaves the team.** What is in the hands of an assignee who leaves, or is taken out, and is not done yet, is
//! *returned*: a draft in nobody's hands, for the delegator to offer anew. What they finished stays done, and is the
//! delegator's to confirm. What a delegator who leaves gave stays where it is, with their name on it; whoever may edit
//! it can *take it over*, and confirms and reopens from then on. A suspended account has not left.
//!
//! **Overdue** is what somebody has and has not finished when its due time comes. That is found at reading; the mark
//! `overdue_at` says when it was noticed and told, once for each due time.

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::event::Event;
use super::notification::Happened;
use super::permission::Permission;
use super::team::Team;
use super::text::{Body, Label, Name, Title};
use super::user::User;

/// A piece of work that somebody gives to somebody.
#[derive(Clone, Debug)]
pub struct Delegation {
    /// The delegation.
    pub id: Id<Delegation>,
    /// The team it belongs to.
    pub team: Id<Team>,
    /// Sealed in the database.
    pub title: Title,
    /// Sealed in the database.
    pub body: Body,
    /// Sealed in the database.
    pub labels: Vec<Label>,
    /// Where it stands.
    pub state: State,
    /// How pressing it is.
    pub priority: Priority,
    /// When it should be done.
    pub due_at: Option<Timestamp>,
    /// Whether it is past its due time at this moment, and not finished.
    pub is_overdue: bool,
    /// When that was noticed and told.
    pub overdue_at: Option<Timestamp>,
    /// Who gave it.
    pub delegator: Person,
    /// Who has it, once somebody was chosen.
    pub assignee: Option<Person>,
    /// Raised by each change; the source of the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A person as a delegation shows them.
#[derive(Clone, Debug)]
pub struct Person {
    /// The person.
    pub id: Id<User>,
    /// As others see them.
    pub name: Name,
}

/// How pressing a delegation is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Priority {
    /// When there is time.
    Low,
    /// As usual.
    #[default]
    Normal,
    /// Before the others.
    High,
    /// Now.
    Urgent,
}

impl Priority {
    /// From the least pressing on.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];

    /// The priority's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    /// Its place among the others: 0 for the least pressing.
    pub const fn rank(self) -> i64 {
        self as i64
    }

    /// The priority of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.as_str() == name)
    }
}

/// Where a delegation stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// Written down, offered to nobody.
    Draft,
    /// Waits for the assignee's answer.
    Offered,
    /// The assignee said yes.
    Accepted,
    /// The assignee is at it.
    InProgress,
    /// The assignee says it is done.
    Done,
    /// The delegator agrees.
    Confirmed,
    /// The assignee said no.
    Declined,
    /// The delegator took it back.
    Cancelled,
}

impl State {
    /// In the order of the path from first to last.
    pub const ALL: [Self; 8] = [
        Self::Draft,
        Self::Offered,
        Self::Accepted,
        Self::InProgress,
        Self::Done,
        Self::Confirmed,
        Self::Declined,
        Self::Cancelled,
    ];

    /// The state's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::InProgress => "in_progress",
            Self::Done => "done",
            Self::Confirmed => "confirmed",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether its author may still take it away without a trace of work lost: nobody has accepted it.
    pub const fn is_untouched(self) -> bool {
        matches!(self, Self::Draft | Self::Offered | Self::Declined)
    }

    /// Whether its assignee was asked, and so may read it.
    pub const fn was_offered(self) -> bool {
        !matches!(self, Self::Draft)
    }

    /// Whether it is its assignee's to decide about, who was asked and has neither declined nor lost it.
    pub const fn is_in_hands(self) -> bool {
        !matches!(self, Self::Draft | Self::Declined | Self::Cancelled)
    }

    /// Whether somebody has it, or was asked to, and has not finished: it can be overdue.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Offered | Self::Accepted | Self::InProgress)
    }

    /// Whether it is over.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Confirmed | Self::Declined | Self::Cancelled)
    }
}

/// A step from one state to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Delegator: asks the assignee.
    Offer,
    /// Assignee: yes.
    Accept,
    /// Assignee: no.
    Decline,
    /// Assignee: begins.
    Start,
    /// Assignee: finished.
    Finish,
    /// Delegator: agrees that it is finished.
    Confirm,
    /// Delegator: it is not finished after all.
    Reopen,
    /// Hands it to somebody else, as a new offer.
    Reassign,
    /// Delegator: takes it back.
    Cancel,
    /// Part of its assignee's leaving: it is in nobody's hands again.
    Return,
    /// Whoever may edit it: steps in for a delegator who left.
    TakeOver,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 11] = [
        Self::Offer,
        Self::Accept,
        Self::Decline,
        Self::Start,
        Self::Finish,
        Self::Confirm,
        Self::Reopen,
        Self::Reassign,
        Self::Cancel,
        Self::Return,
        Self::TakeOver,
    ];

    /// The last segment of the step's path in the API, and its name in the custody chain.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::Start => "start",
            Self::Finish => "done",
            Self::Confirm => "confirm",
            Self::Reopen => "reopen",
            Self::Reassign => "reassign",
            Self::Cancel => "cancel",
            Self::Return => "return",
            Self::TakeOver => "take-over",
        }
    }

    /// The step of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }

    /// The state machine: where this step leads from `state`; `None` when it does not exist there.
    pub const fn from(self, state: State) -> Option<State> {
        use State::{Accepted, Cancelled, Confirmed, Declined, Done, Draft, InProgress, Offered};
        match (self, state) {
            (Self::Offer, Draft | Declined) | (Self::Reassign, Draft | Offered | Accepted | InProgress | Declined) => {
                Some(Offered)
            }
            (Self::Accept, Offered) => Some(Accepted),
            (Self::Decline, Offered) => Some(Declined),
            (Self::Start, Accepted) | (Self::Reopen, Done | Confirmed) => Some(InProgress),
            (Self::Finish, Accepted | InProgress) => Some(Done),
            (Self::Confirm, Done) => Some(Confirmed),
            (Self::Cancel, Draft | Offered | Accepted | InProgress | Declined) => Some(Cancelled),
            (Self::Return, Offered | Accepted | InProgress) => Some(Draft),
            (Self::TakeOver, Draft | Offered | Accepted | InProgress | Done | Declined) => Some(state),
            _ => None,
        }
    }

    /// What one must be allowed to do to take it.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Accept | Self::Decline | Self::Start | Self::Finish => Permission::DelegationProgress,
            Self::Confirm | Self::Reopen => Permission::DelegationConfirm,
            Self::Reassign => Permission::DelegationAssign,
            Self::Offer | Self::Cancel | Self::TakeOver => Permission::DelegationUpdate,
            Self::Return => Permission::MembershipLeave,
        }
    }

    /// What it leaves in the audit log.
    pub const fn event(self) -> Event {
        match self {
            Self::Offer => Event::DelegationOffered,
            Self::Accept => Event::DelegationAccepted,
            Self::Decline => Event::DelegationDeclined,
            Self::Start => Event::DelegationStarted,
            Self::Finish => Event::DelegationDone,
            Self::Confirm => Event::DelegationConfirmed,
            Self::Reopen => Event::DelegationReopened,
            Self::Reassign => Event::DelegationReassigned,
            Self::Cancel => Event::DelegationCancelled,
            Self::Return => Event::DelegationReturned,
            Self::TakeOver => Event::DelegationTakenOver,
        }
    }

    /// What those hear whom it concerns.
    pub const fn happened(self) -> Happened {
        match self {
            Self::Offer => Happened::Offered,
            Self::Accept => Happened::Accepted,
            Self::Decline => Happened::Declined,
            Self::Start => Happened::Started,
            Self::Finish => Happened::Done,
            Self::Confirm => Happened::Confirmed,
            Self::Reopen => Happened::Reopened,
            Self::Reassign => Happened::Reassigned,
            Self::Cancel => Happened::Cancelled,
            Self::Return => Happened::Returned,
            Self::TakeOver => Happened::TakenOver,
        }
    }
}

/// One link of the chain of custody: who did what to a delegation, and who had it afterwards.
#[derive(Clone, Debug)]
pub struct CustodyLink {
    /// When.
    pub at: Timestamp,
    /// Who took the step; `None` once their account is erased.
    pub actor: Option<Person>,
    /// Which step; `None` stands for its creation.
    pub step: Option<Step>,
    /// The state it led to.
    pub state: State,
    /// Who had the work from then on.
    pub assignee: Option<Person>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every step from every state, so that a change of the machine is a change of this picture.
    #[test]
    fn the_state_machine() {
        let line = |state: State| {
            let steps = Step::ALL.into_iter().filter_map(|step| Some((step.as_str(), step.from(state)?.as_str())));
            let steps: Vec<_> = steps.map(|(step, next)| format!("{step}→{next}")).collect();
            format!("{}: {}", state.as_str(), steps.join(" "))
        };
        insta::assert_snapshot!(State::ALL.map(line).join("\n"), @r"
        draft: offer→offered reassign→offered cancel→cancelled take-over→draft
        offered: accept→accepted decline→declined reassign→offered cancel→cancelled return→draft take-over→offered
        accepted: start→in_progress done→done reassign→offered cancel→cancelled return→draft take-over→accepted
        in_progress: done→done reassign→offered cancel→cancelled return→draft take-over→in_progress
        done: confirm→confirmed reopen→in_progress take-over→done
        confirmed: reopen→in_progress
        declined: offer→offered reassign→offered cancel→cancelled take-over→declined
        cancelled: 
        ");
    }

    #[test]
    fn names_come_back() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        for step in Step::ALL {
            assert_eq!(Step::parse(step.as_str()), Some(step));
        }
        for priority in Priority::ALL {
            assert_eq!(Priority::parse(priority.as_str()), Some(priority));
        }
        assert_eq!(State::parse("lost"), None);
    }

    #[test]
    fn only_what_nobody_accepted_is_untouched() {
        let untouched: Vec<_> = State::ALL.into_iter().filter(|state| state.is_untouched()).collect();
        assert_eq!(untouched, [State::Draft, State::Offered, State::Declined]);
    }
}
