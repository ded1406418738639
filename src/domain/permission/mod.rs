//! THE matrix: who may do what, for the store, the OpenAPI description and the snapshot test. Facts in, a decision out.

mod describe;
mod explain;
mod matrix;
mod scopes;

use super::role::Role;

pub use describe::describe;
pub use explain::{Condition, Explanation, Reason, Step, explain, resolve};
pub use matrix::{Cell, Doors, Permission, Sphere, When};
pub use scopes::Scopes;

/// What is known of whoever acts, read in the same transaction as the effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// A signed-in person.
    User {
        /// How their account and their sign-in stand at this moment.
        account: Account,
        /// Their role on the server.
        instance_role: Option<Role>,
        /// What binds them to the scope's team.
        team: Binding,
        /// What their proof of identity is worth.
        assurance: Assurance,
    },
    /// Somebody without a session.
    Anonymous,
    /// A timer.
    Job,
    /// The host's command line.
    Operator,
}

/// What binds a person to a team, and opens its things to them. The first that there is counts: a role in the team, then
/// a grant of the one thing, then nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Binding {
    /// Nothing, or no team is concerned.
    #[default]
    Nothing,
    /// They belong to it, with this role.
    Member(Role),
    /// They belong to it, and it was deleted: it is closed until it is purged.
    Closed(Role),
    /// They do not belong to it, and this one thing was granted to them, with this role.
    Guest(Role),
}

impl Binding {
    /// The role in a team that is open.
    pub const fn member(role: Option<Role>) -> Self {
        match role {
            Some(role) => Self::Member(role),
            None => Self::Nothing,
        }
    }

    /// The role that counts for a permission, or why there is none.
    fn role_for(self, permission: Permission) -> Result<Role, Reason> {
        match self {
            Self::Nothing => Err(Reason::NoRole),
            Self::Member(role) => Ok(role),
            Self::Closed(role) if WHILE_CLOSED.contains(&permission) => Ok(role),
            Self::Closed(_) => Err(Reason::TeamClosed),
            Self::Guest(role) if FOR_GUESTS.contains(&permission) => Ok(role),
            Self::Guest(_) => Err(Reason::GuestLimit),
        }
    }
}

/// How an account stands, together with the sign-in that is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Account {
    /// Both are good.
    Active,
    /// Its holder asked for its deletion: nothing is open but to take that back, to look, and to leave.
    Leaving,
    /// Suspended, revoked or over.
    Ended,
}

/// What a proof of identity is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Assurance {
    /// The person proved who they are within the last [`STEP_UP_WINDOW`](crate::domain::session::STEP_UP_WINDOW).
    Fresh,
    /// They did so longer ago.
    Stale,
    /// Another device vouched for this one (QR sign-in): never enough for dangerous acts.
    Vouched,
    /// An API key: good for its scopes, never for dangerous acts.
    Key(Scopes),
}

/// How the caller stands to the thing in question, read in the same transaction as the effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(clippy::struct_excessive_bools)] // independent facts, each named by a cell of the matrix
pub struct Relation {
    /// It is theirs.
    pub own: bool,
    /// It was handed to them.
    pub assigned: bool,
    /// They take part in it some other way.
    pub participant: bool,
    /// Nobody has accepted it yet.
    pub untouched: bool,
    /// It was granted to them.
    pub granted: bool,
    /// It was reported.
    pub reported: bool,
    /// The highest role that it concerns: of the person acted upon, now or afterwards.
    pub target: Option<Role>,
}

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It may be done.
    Allow,
    /// It might be, after a new proof of identity.
    StepUp,
    /// It may not be done.
    Deny,
    /// It may not be done with this API key, whatever its holder may.
    OutOfScope,
}

/// What is open to whoever asked for the deletion of their account.
const WHILE_LEAVING: [Permission; 4] =
    [Permission::AccountKeep, Permission::ProfileRead, Permission::SessionRead, Permission::SessionRevoke];

/// What is open in a team that was deleted: to take that back.
const WHILE_CLOSED: [Permission; 1] = [Permission::TeamRestore];

/// What a grant can open: the granted thing itself, never anything about the team or its people.
const FOR_GUESTS: [Permission; 13] = [
    Permission::DelegationRead,
    Permission::DelegationUpdate,
    Permission::DelegationWatch,
    Permission::CommentCreate,
    Permission::CommentUpdate,
    Permission::CommentDelete,
    Permission::ConversationRead,
    Permission::ConversationLeave,
    Permission::MessageCreate,
    Permission::MessageRead,
    Permission::MessageUpdate,
    Permission::MessageDelete,
    Permission::MessageReport,
];

/// What a device that another vouched for may not do, whatever the role: vouch for a third, prove more than it has, or
/// put others out.
const NEVER_VOUCHED: [Permission; 4] = [
    Permission::QrSignInApprove,
    Permission::QrSignInApproveAcross,
    Permission::SessionStepUp,
    Permission::DeviceManage,
];

/// What stands against it before any role is looked at.
fn prohibited(permission: Permission, account: Account, assurance: Assurance) -> Option<Reason> {
    match (account, assurance) {
        (Account::Ended, _) => Some(Reason::Suspended),
        (Account::Leaving, _) if !WHILE_LEAVING.contains(&permission) => Some(Reason::Leaving),
        (_, Assurance::Key(scopes)) if !scopes.contains(permission) => Some(Reason::KeyScope),
        (_, Assurance::Vouched) if NEVER_VOUCHED.contains(&permission) => Some(Reason::VouchedDevice),
        _ => None,
    }
}

/// Decides: prohibitions first, then the role's cell, then its condition, then step-up. [`explain`] says why.
pub fn decide(permission: Permission, subject: Subject, relation: Relation) -> Decision {
    explain(permission, subject, relation).reason.decision()
}

/// Whether somebody with this role in a team, or none, may do it there; how fresh their sign-in is aside.
pub fn is_open_to(team: Option<Role>, permission: Permission, relation: Relation) -> bool {
    let (account, team, assurance) = (Account::Active, Binding::member(team), Assurance::Fresh);
    let subject = Subject::User { account, instance_role: None, team, assurance };
    decide(permission, subject, relation) == Decision::Allow
}

/// The role's own column.
const fn cell_of(role: Role, [owner, admin, manager, member]: [Cell; 4]) -> Cell {
    match role {
        Role::Owner => owner,
        Role::Admin => admin,
        Role::Manager => manager,
        Role::Member => member,
    }
}

/// Whether a cell's condition is met.
fn holds(when: When, role: Role, relation: Relation) -> bool {
    let below = relation.target.is_some_and(|target| target < role);
    match when {
        When::Never => false,
        When::Always => true,
        When::Own => relation.own,
        When::Participant => relation.own || relation.assigned || relation.participant,
        When::Assigned => relation.assigned,
        When::OwnOrAssigned => relation.own || relation.assigned,
        When::OwnUntouched => relation.own && relation.untouched,
        When::Granted => relation.granted,
        When::Reported => relation.reported,
        When::Below => below,
        When::OwnBelow => relation.own && below,
    }
}

#[cfg(test)]
mod tests;
