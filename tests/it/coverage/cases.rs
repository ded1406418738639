//! How each operation is called: what it needs, what it sends, and what it leaves beside its own row.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::operations::{self, Operation};

/// What must be there before an operation can succeed.
pub enum Needs {
    Nothing,
    /// A member of the team whose role is below the caller's.
    Member,
    /// The caller is that member.
    ToBeMember,
    /// An open invitation into the team.
    Invitation,
    /// A delegation that went through these steps, from the caller to the caller.
    Delegation(&'static [&'static str]),
    /// A job, which has something to do.
    Job,
    /// Another session of Mia's, which may end.
    Session,
}

/// How an operation is called, and what it leaves.
pub struct Case {
    pub id: &'static str,
    pub needs: Needs,
    pub body: Option<fn(&Stage) -> Value>,
    /// Events beside the one that the description names.
    pub further: &'static [&'static str],
}

const fn case(id: &'static str, needs: Needs) -> Case {
    Case { id, needs, body: None, further: &[] }
}

impl Case {
    const fn with(mut self, body: fn(&Stage) -> Value) -> Self {
        self.body = Some(body);
        self
    }

    const fn and(mut self, further: &'static [&'static str]) -> Self {
        self.further = further;
        self
    }
}

const CASES: &[Case] = &[
    case("signOut", Needs::Session).and(&["token.revoked"]),
    case("revokeAllSessions", Needs::Session),
    case("getMe", Needs::Nothing),
    case("updateMe", Needs::Nothing).with(|_| json!({"name": "Olga"})),
    case("listMyDelegations", Needs::Nothing),
    case("createTeam", Needs::Nothing).with(|_| json!({"name": "Another"})),
    case("listTeams", Needs::Nothing),
    case("getTeam", Needs::Nothing),
    case("updateTeam", Needs::Nothing).with(|_| json!({"name": "Operations"})),
    case("listMembers", Needs::Nothing),
    case("changeMemberRole", Needs::Member).with(|_| json!({"role": "manager"})),
    case("removeMember", Needs::Member),
    case("leaveTeam", Needs::ToBeMember),
    case("createInvitation", Needs::Nothing).with(|_| json!({"role": "member"})),
    case("listInvitations", Needs::Nothing),
    case("revokeInvitation", Needs::Invitation),
    case("createDelegation", Needs::Nothing).with(|_| json!({"title": "Sweep"})),
    case("listDelegations", Needs::Nothing),
    case("getDelegation", Needs::Delegation(&[])),
    case("updateDelegation", Needs::Delegation(&[])).with(|_| json!({"title": "Sweep twice"})),
    case("deleteDelegation", Needs::Delegation(&[])),
    case("getCustody", Needs::Delegation(&[])),
    case("offerDelegation", Needs::Delegation(&[])),
    case("acceptDelegation", Needs::Delegation(&["offer"])),
    case("declineDelegation", Needs::Delegation(&["offer"])),
    case("startDelegation", Needs::Delegation(&["offer", "accept"])),
    case("finishDelegation", Needs::Delegation(&["offer", "accept", "start"])),
    case("confirmDelegation", Needs::Delegation(&["offer", "accept", "done"])),
    case("reopenDelegation", Needs::Delegation(&["offer", "accept", "done"])),
    case("cancelDelegation", Needs::Delegation(&["offer"])),
    case("reassignDelegation", Needs::Delegation(&["offer"])).with(|stage| json!({"assignee_id": stage.mia.id})),
    case("listAudit", Needs::Nothing),
    case("listJobs", Needs::Nothing),
    case("listJobRuns", Needs::Job),
    case("runJob", Needs::Job).and(&["token.expired_cleanup", "system.job.run"]),
];

/// Each case with its operation.
pub fn all() -> impl Iterator<Item = (&'static Case, Operation)> {
    CASES.iter().map(|case| (case, operations::find(case.id)))
}
