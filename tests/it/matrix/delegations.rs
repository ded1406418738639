//! The cells about delegations, through the API.

use milton::domain::permission::{Permission, Relation};
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use super::stage::{ROLES, Stage, judge};
use super::{accounts, chat, comments, credentials, identities, mine, passkeys, people, teams, webhooks};
use crate::operations;
use crate::world::Answer;

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
    after(&["offer"], "listComments", Permission::DelegationRead),
    after(&["offer"], "createComment", Permission::CommentCreate),
    after(&["offer"], "listWatchers", Permission::DelegationRead),
    after(&["offer"], "watchDelegation", Permission::DelegationWatch),
    after(&["offer"], "unwatchDelegation", Permission::DelegationWatch),
    after(&["offer"], "removeWatcher", Permission::DelegationAssign),
    after(&["offer", "decline"], "reassignDelegation", Permission::DelegationAssign),
];

impl Move {
    async fn make(&self, stage: &Stage, path: &str) -> Answer {
        let operation = operations::find(self.id);
        assert_eq!(operation.permission, Some(self.permission), "{}", self.id);
        let rest = operation.path.split_once("{delegation}").unwrap().1.replace("{user}", &stage.olga.id);
        let body: Option<Value> = match self.id {
            "updateDelegation" => Some(json!({"title": "Sweep twice"})),
            "reassignDelegation" => Some(json!({"assignee_id": stage.ben.id})),
            "createComment" => Some(json!({"body": "With a broom"})),
            _ => None,
        };
        let caller = stage.caller.clone().with("if-match", "*");
        caller.send(operation.method, &format!("{path}{rest}"), body.as_ref()).await
    }

    /// How somebody stands to it who gave it, or was chosen for it. A draft is in nobody's hands, nor is what was declined.
    fn relation(&self, own: bool, is_chosen: bool) -> Relation {
        let participant = is_chosen && !self.steps.is_empty();
        let assigned = participant && !self.steps.contains(&"decline");
        let untouched = !self.steps.contains(&"accept");
        Relation { own, assigned, participant, untouched, ..Relation::default() }
    }
}

/// Tries every operation on delegations that are the caller's in this way, in every role.
async fn try_all(own: bool, is_handed: bool) {
    let stage = Stage::new().await;
    let delegator = if own { &stage.caller } else { &stage.ben };
    let assignee = if is_handed { &stage.caller } else { &stage.mia };
    for chosen in MOVES {
        let relation = chosen.relation(own, is_handed);
        for role in ROLES {
            let path = stage.delegation(delegator, assignee, chosen.steps).await;
            if chosen.id == "removeWatcher" {
                stage.olga.send(Method::PUT, &format!("{path}/watch"), None).await.expect(204);
            }
            stage.cast(role);
            teams::foretell(&stage, &path, chosen.permission, relation).await;
            let answer = chosen.make(&stage, &path).await;
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
        let found = stage.caller.get(&format!("/api/v1/teams/{}/search?q=sweep", stage.team)).await;
        judge(&found, stage.decide(Permission::Search, role, Relation::default()), role);
        if made.status.is_success() {
            stage.caller.send(Method::DELETE, &made.header("location"), None).await.expect(204);
        }
    }
}

#[test]
fn no_operation_with_a_cell_is_forgotten() {
    let mut tried = vec!["createDelegation", "listDelegations", "search"];
    tried.extend(MOVES.iter().map(|chosen| chosen.id));
    tried.extend(chat::OPERATIONS);
    tried.extend(comments::OPERATIONS);
    tried.extend(people::OPERATIONS);
    tried.extend(accounts::OPERATIONS);
    tried.extend(mine::OPERATIONS);
    tried.extend(identities::OPERATIONS);
    tried.extend(passkeys::OPERATIONS);
    tried.extend(webhooks::OPERATIONS);
    tried.extend(credentials::OPERATIONS);
    tried.extend(teams::OPERATIONS);
    for operation in operations::all() {
        let has_cell = operation.permission.is_some_and(|permission| permission.row().is_some());
        assert_eq!(has_cell, tried.contains(&operation.id.as_str()), "{}", operation.id);
    }
}
