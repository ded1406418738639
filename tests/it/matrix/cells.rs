//! The cells about delegations, through the API, and the stage that all cells are tried on.

use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

use milton::domain::permission::{Decision, Permission, Relation, Subject, decide};
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use super::people;
use crate::operations;
use crate::world::{Answer, Options, Person, World};

/// Everybody whom an operation may meet; `None` does not belong.
pub const ROLES: [Option<Role>; 5] =
    [None, Some(Role::Member), Some(Role::Manager), Some(Role::Admin), Some(Role::Owner)];

/// The caller's address, to sign in again.
pub const CALLER: &str = "cara@milton.test";

/// A team, its founder, two members, and the caller, who is cast in one role after another.
pub struct Stage {
    pub world: World,
    pub olga: Person,
    pub ben: Person,
    pub mia: Person,
    pub caller: Person,
    pub team: String,
    /// Whether the caller's sign-in is too old for dangerous acts.
    pub is_stale: bool,
}

impl Stage {
    pub async fn new() -> Self {
        let unlimited = ["sign-ins", "requests", "delegations", "invitations"].map(|quota| (quota, 1_000_000));
        let world = World::with(Options { quotas: HashMap::from(unlimited), ..Options::default() });
        let olga = world.claim("Olga").await;
        let team = world.team(&olga, "Ops").await;
        let ben = world.join(&olga, &team, "member", "Ben").await;
        let mia = world.join(&olga, &team, "member", "Mia").await;
        let caller = world.join(&olga, &team, "member", "Cara").await;
        caller.send(Method::PATCH, "/api/v1/me", Some(&json!({"email": CALLER}))).await.expect(200);
        Self { world, olga, ben, mia, caller, team, is_stale: false }
    }

    /// Casts the caller in a role in the team.
    pub fn cast(&self, role: Option<Role>) {
        self.world.cast(&self.team, &self.caller, role);
    }

    /// Lets the proof of everybody's identity grow old.
    pub fn grow_stale(&self) {
        self.world.pass(Duration::from_secs(11 * 60));
    }

    /// What the matrix says of the caller, who is a Member of the server.
    pub fn decide(&self, permission: Permission, role: Option<Role>, relation: Relation) -> Decision {
        let instance_role = Some(Role::Member);
        decide(
            permission,
            Subject::User { active: true, instance_role, team_role: role, stepped_up: !self.is_stale },
            relation,
        )
    }

    /// What the matrix says of the caller in a role on the server.
    pub fn decide_on_server(&self, permission: Permission, role: Option<Role>, relation: Relation) -> Decision {
        let stepped_up = !self.is_stale;
        decide(permission, Subject::User { active: true, instance_role: role, team_role: None, stepped_up }, relation)
    }

    /// A person's role in the team, as its founder sees it.
    pub async fn role_of(&self, person: &Person) -> Option<Role> {
        let members = self.olga.get(&format!("/api/v1/teams/{}/members", self.team)).await.expect(200);
        let members = members.json["items"].as_array().unwrap();
        let found = members.iter().find(|member| member["user_id"] == person.id)?;
        Role::parse(found["role"].as_str().unwrap())
    }

    /// A new delegation that the assignee, who need not like it, has brought as far as these steps lead.
    async fn delegation(&self, delegator: &Person, assignee: &Person, steps: &[&str]) -> String {
        self.cast(Some(Role::Member));
        let list = format!("/api/v1/teams/{}/delegations", self.team);
        let (offer, steps) = match steps {
            ["offer", rest @ ..] => (true, rest),
            steps => (false, steps),
        };
        let body = json!({"title": "Sweep", "assignee_id": assignee.id, "offer": offer});
        let path = delegator.post(&list, &body).await.expect(201).header("location");
        for step in steps {
            assignee.post(&format!("{path}/{step}"), &json!({})).await.expect(200);
        }
        path
    }
}

/// Fails the test unless the answer is what the matrix says.
#[track_caller]
pub fn judge(answer: &Answer, decision: Decision, case: impl Debug) {
    let kind = answer.json["type"].as_str().unwrap_or_default();
    let got = match (answer.status.as_u16(), kind) {
        (200..300, _) => Decision::Allow,
        (403, "/problems/access-denied") => Decision::Deny,
        (401, "/problems/step-up-required") => Decision::StepUp,
        _ => panic!("{case:?}: {}", answer.text),
    };
    assert_eq!(got, decision, "{case:?}: {}", answer.text);
}

/// An operation on a delegation: its id, the steps that lead up to it, its own, and what it wants in the body.
struct Move {
    id: &'static str,
    steps: &'static [&'static str],
    permission: Permission,
}

const fn after(steps: &'static [&'static str], id: &'static str, permission: Permission) -> Move {
    Move { id, steps, permission }
}

const MOVES: &[Move] = &[
    after(&[], "getDelegation", Permission::DelegationRead),
    after(&["offer", "accept"], "getCustody", Permission::DelegationRead),
    after(&["offer", "accept"], "updateDelegation", Permission::DelegationUpdate),
    after(&["offer"], "deleteDelegation", Permission::DelegationDelete),
    after(&["offer", "decline"], "deleteDelegation", Permission::DelegationDelete),
    after(&["offer", "accept"], "deleteDelegation", Permission::DelegationDelete),
    after(&["offer", "accept", "done"], "deleteDelegation", Permission::DelegationDelete),
    after(&[], "offerDelegation", Permission::DelegationUpdate),
    after(&["offer"], "acceptDelegation", Permission::DelegationProgress),
    after(&["offer"], "declineDelegation", Permission::DelegationProgress),
    after(&["offer", "accept"], "startDelegation", Permission::DelegationProgress),
    after(&["offer", "accept", "start"], "finishDelegation", Permission::DelegationProgress),
    after(&["offer", "accept", "done"], "confirmDelegation", Permission::DelegationConfirm),
    after(&["offer", "accept", "done"], "reopenDelegation", Permission::DelegationConfirm),
    after(&["offer"], "cancelDelegation", Permission::DelegationUpdate),
    after(&["offer", "accept"], "reassignDelegation", Permission::DelegationAssign),
];

impl Move {
    async fn make(&self, caller: &Person, path: &str, mia: &Person) -> Answer {
        let operation = operations::find(self.id);
        assert_eq!(operation.permission, Some(self.permission), "{}", self.id);
        let rest = operation.path.split_once("{delegation}").unwrap().1;
        let body: Option<Value> = match self.id {
            "updateDelegation" => Some(json!({"title": "Sweep twice"})),
            "reassignDelegation" => Some(json!({"assignee_id": mia.id})),
            _ => None,
        };
        let caller = caller.clone().with("if-match", "*");
        caller.send(operation.method, &format!("{path}{rest}"), body.as_ref()).await
    }

    fn is_untouched(&self) -> bool {
        !self.steps.contains(&"accept")
    }
}

/// Tries every operation on delegations that are the caller's in this way, in every role.
async fn try_all(own: bool, assigned: bool) {
    let stage = Stage::new().await;
    let delegator = if own { &stage.caller } else { &stage.ben };
    let assignee = if assigned { &stage.caller } else { &stage.mia };
    for chosen in MOVES {
        let relation = Relation { own, assigned, untouched: chosen.is_untouched(), ..Relation::default() };
        for role in ROLES {
            let path = stage.delegation(delegator, assignee, chosen.steps).await;
            stage.cast(role);
            let answer = chosen.make(&stage.caller, &path, &stage.mia).await;
            let decision = stage.decide(chosen.permission, role, relation);
            judge(&answer, decision, (chosen.id, chosen.steps, role));
        }
    }
}

#[tokio::test]
async fn delegations_of_ones_own() {
    try_all(true, false).await;
}

#[tokio::test]
async fn delegations_in_ones_hands() {
    try_all(false, true).await;
}

#[tokio::test]
async fn delegations_from_oneself_to_oneself() {
    try_all(true, true).await;
}

#[tokio::test]
async fn delegations_between_others() {
    try_all(false, false).await;
}

#[tokio::test]
async fn making_and_listing_delegations() {
    let stage = Stage::new().await;
    stage.delegation(&stage.ben, &stage.mia, &["offer"]).await;
    let list = format!("/api/v1/teams/{}/delegations", stage.team);
    for role in ROLES {
        stage.cast(role);
        let seen = stage.caller.get(&list).await;
        let part = Relation { participant: true, ..Relation::default() };
        judge(&seen, stage.decide(Permission::DelegationRead, role, part), role);
        if role == Some(Role::Member) {
            assert_eq!(seen.json["items"], json!([]), "what is between others");
        }
        let made = stage.caller.post(&list, &json!({"title": "Sweep"})).await;
        judge(&made, stage.decide(Permission::DelegationCreate, role, Relation::default()), role);
        if made.status.is_success() {
            stage.caller.send(Method::DELETE, &made.header("location"), None).await.expect(204);
        }
    }
}

#[test]
fn no_operation_with_a_cell_is_forgotten() {
    let mut tried = vec!["createDelegation", "listDelegations"];
    tried.extend(MOVES.iter().map(|chosen| chosen.id));
    tried.extend(people::OPERATIONS);
    for operation in operations::all() {
        let has_cell = operation.permission.is_some_and(|permission| permission.row().is_some());
        assert_eq!(has_cell, tried.contains(&operation.id.as_str()), "{}", operation.id);
    }
}
