//! Why: the one place where the matrix decides, with the reason beside the answer. [`decide`](super::decide) is this
//! without the reason, so that an explanation cannot say anything but what happens.

use super::matrix::{Doors, Permission, Sphere, When};
use super::{Assurance, Binding, Cell, Decision, Relation, Subject, cell_of, holds, prohibited};
use crate::domain::role::Role;

/// What settled it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// It may be done.
    Permitted,
    /// It might be, after a new proof of identity.
    StepUp,
    /// The account is suspended, or the sign-in is over.
    Suspended,
    /// The account's holder asked for its deletion.
    Leaving,
    /// It is not among the scopes of the API key.
    KeyScope,
    /// It wants a recent proof of identity, which an API key never has.
    KeyWithoutProof,
    /// Another device vouched for this one.
    VouchedDevice,
    /// The team was deleted.
    TeamClosed,
    /// A grant does not open it, whatever its role.
    GuestLimit,
    /// No role was found, and the default permits nothing.
    NoRole,
    /// The role that was found is never allowed to.
    Role,
    /// The role may, under a condition that is not met.
    Condition,
    /// No role opens it, and it is not for this kind of caller.
    NotForThem,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::Permitted,
        Self::StepUp,
        Self::Suspended,
        Self::Leaving,
        Self::KeyScope,
        Self::KeyWithoutProof,
        Self::VouchedDevice,
        Self::TeamClosed,
        Self::GuestLimit,
        Self::NoRole,
        Self::Role,
        Self::Condition,
        Self::NotForThem,
    ];

    /// The answer that it leads to.
    pub const fn decision(self) -> Decision {
        match self {
            Self::Permitted => Decision::Allow,
            Self::StepUp => Decision::StepUp,
            Self::KeyScope => Decision::OutOfScope,
            _ => Decision::Deny,
        }
    }

    /// Whether it stands against the act whatever the role.
    pub const fn is_prohibition(self) -> bool {
        matches!(
            self,
            Self::Suspended
                | Self::Leaving
                | Self::KeyScope
                | Self::KeyWithoutProof
                | Self::VouchedDevice
                | Self::TeamClosed
                | Self::GuestLimit
        )
    }

    /// The reason's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::StepUp => "step-up",
            Self::Suspended => "suspended",
            Self::Leaving => "leaving",
            Self::KeyScope => "key-scope",
            Self::KeyWithoutProof => "key-without-proof",
            Self::VouchedDevice => "vouched-device",
            Self::TeamClosed => "team-closed",
            Self::GuestLimit => "guest-limit",
            Self::NoRole => "no-role",
            Self::Role => "role",
            Self::Condition => "condition",
            Self::NotForThem => "not-for-them",
        }
    }
}

/// The condition of the cell that counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Condition {
    /// What must hold.
    pub when: When,
    /// Whether it does.
    pub met: bool,
}

/// A decision and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// What settled it.
    pub reason: Reason,
    /// The condition of the role's cell; `None` when there is none, or when it was settled before.
    pub condition: Option<Condition>,
}

impl Explanation {
    const fn by(reason: Reason) -> Self {
        Self { reason, condition: None }
    }

    const fn through(open: bool) -> Self {
        Self::by(if open { Reason::Permitted } else { Reason::NotForThem })
    }
}

/// Decides: prohibitions first, then the role's cell, then its condition, then step-up.
pub fn explain(permission: Permission, subject: Subject, relation: Relation) -> Explanation {
    let Doors { anonymous, job, operator, signed_in } = permission.doors();
    let (account, instance_role, team, assurance) = match subject {
        Subject::Anonymous => return Explanation::through(anonymous),
        Subject::Job => return Explanation::through(job),
        Subject::Operator => return Explanation::through(operator),
        Subject::User { account, instance_role, team, assurance } => (account, instance_role, team, assurance),
    };
    if let Some(reason) = prohibited(permission, account, assurance) {
        return Explanation::by(reason);
    }
    let Some((sphere, cells)) = permission.row() else {
        return Explanation::through(signed_in);
    };
    let role = match sphere {
        Sphere::Instance => instance_role.ok_or(Reason::NoRole),
        Sphere::Team => team.role_for(permission),
    };
    let role = match role {
        Ok(role) => role,
        Err(reason) => return Explanation::by(reason),
    };
    // Whoever was let in to one thing takes part in it.
    let participant = relation.participant || matches!(team, Binding::Guest(_));
    let relation = Relation { participant, ..relation };
    let cell = cell_of(role, cells);
    let met = holds(cell.when, role, relation);
    let reason = match assurance {
        _ if cell.when == When::Never => Reason::Role,
        _ if !met => Reason::Condition,
        _ if !cell.step_up => Reason::Permitted,
        Assurance::Fresh => Reason::Permitted,
        Assurance::Stale | Assurance::Vouched => Reason::StepUp,
        Assurance::Key(_) => Reason::KeyWithoutProof,
    };
    let is_conditional = !matches!(cell.when, When::Never | When::Always);
    Explanation { reason, condition: is_conditional.then_some(Condition { when: cell.when, met }) }
}

/// A step on the way to the role that counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The role on the server.
    Instance(Option<Role>),
    /// The role in the team.
    Team(Option<Role>),
    /// What was granted for the one thing.
    Grant(Option<Role>),
    /// Nothing was found, and nothing is permitted.
    Default,
}

/// The steps that were taken, up to the first that found something. None for whoever is no person.
pub fn resolve(sphere: Sphere, subject: Subject) -> Vec<Step> {
    let Subject::User { instance_role, team, .. } = subject else { return Vec::new() };
    match (sphere, team) {
        (Sphere::Instance, _) if instance_role.is_some() => vec![Step::Instance(instance_role)],
        (Sphere::Instance, _) => vec![Step::Instance(None), Step::Default],
        (Sphere::Team, Binding::Member(role) | Binding::Closed(role)) => vec![Step::Team(Some(role))],
        (Sphere::Team, Binding::Guest(role)) => vec![Step::Team(None), Step::Grant(Some(role))],
        (Sphere::Team, Binding::Nothing) => vec![Step::Team(None), Step::Grant(None), Step::Default],
    }
}

impl Permission {
    /// Whether it is about the caller alone, whatever their role: their account, or their own place in a team. What is
    /// asked about is theirs by definition then.
    pub fn is_about_oneself(self) -> bool {
        let row = self.row();
        let own_account = |(sphere, cells): (Sphere, [Cell; 4])| {
            sphere == Sphere::Instance && cells.iter().all(|cell| cell.when == When::Own)
        };
        self == Self::MembershipLeave || row.is_some_and(own_account)
    }
}
