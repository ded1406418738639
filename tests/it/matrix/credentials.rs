//! The cells about credentials, through the API: a team's, and one's own.

use milton::domain::permission::{Permission, Relation};
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use super::people::OWN;
use super::stage::{ROLES, Stage, judge};
use crate::operations::{self, Operation};
use crate::world::{Answer, Person};

/// The operations of this file, for the check that none is forgotten.
pub const OPERATIONS: &[&str] = &[
    "createMyCredential",
    "listMyCredentials",
    "generatePassword",
    "importMyCredentials",
    "getMyCredential",
    "updateMyCredential",
    "writeMyCredential",
    "listMyCredentialVersions",
    "restoreMyCredential",
    "revealMyCredential",
    "deleteMyCredential",
    "createCredential",
    "listCredentials",
    "importCredentials",
    "getCredential",
    "updateCredential",
    "writeCredential",
    "listCredentialVersions",
    "restoreCredential",
    "revealCredential",
    "listCredentialReveals",
    "shareCredential",
    "listCredentialShares",
    "getCredentialShare",
    "unshareCredential",
    "deleteCredential",
];

const MINE: &str = "/api/v1/me/credentials";

fn secret() -> Value {
    json!({"kind": "note", "name": "Door", "payload": {"text": "1234"}})
}

fn file() -> Value {
    json!({"items": [{"type": 2, "name": "Note"}]})
}

/// What an operation on one credential wants in its body.
fn body(id: &str) -> Option<Value> {
    Some(match id.trim_start_matches("updateMy").trim_start_matches("update") {
        "Credential" => json!({"name": "Gate"}),
        _ if id.starts_with("write") => json!({"text": "4321"}),
        _ if id.starts_with("restore") => json!({"version": 1}),
        _ if id.starts_with("share") => json!({"role": "owner"}),
        _ => return None,
    })
}

/// The operations whose paths lead to one credential of this list.
fn on_one(list: &str) -> Vec<Operation> {
    let of_list = format!("{list}/{{credential}}");
    operations::all().into_iter().filter(|operation| operation.path.contains(&of_list)).collect()
}

/// Calls an operation on the credential at `path`, or on its share.
async fn call(caller: &Person, operation: &Operation, path: &str, share: &str) -> (Permission, Answer) {
    let rest = operation.path.split_once("{credential}").unwrap().1.replace("{share}", share);
    let caller = caller.clone().with("if-match", "*");
    let body = body(&operation.id);
    let answer = caller.send(operation.method.clone(), &format!("{path}{rest}"), body.as_ref()).await;
    (operation.permission.unwrap(), answer)
}

/// Shares the credential at `path` with the caller, or with another; answers the share.
async fn share(stage: &Stage, maker: &Person, path: &str, granted: bool) -> String {
    let shares = format!("{path}/shares");
    // Whoever put it there has one already.
    let own = stage.olga.get(&shares).await.expect(200).text("/items/0/id");
    match (maker.id == stage.caller.id, granted) {
        (true, true) => return own,
        (true, false) => stage.olga.send(Method::DELETE, &format!("{shares}/{own}"), None).await.expect(204),
        (false, _) => stage.olga.get(path).await.expect(200),
    };
    let with = if granted { &stage.caller } else { &stage.mia };
    stage.olga.post(&shares, &json!({"user_id": with.id})).await.expect(201).text("/id")
}

/// Tries every operation on credentials that stand so to the caller, in every role.
async fn try_all(own: bool, granted: bool, is_stale: bool) {
    let mut stage = Stage::new().await;
    let list = format!("/api/v1/teams/{}/credentials", stage.team);
    let operations = on_one("/teams/{team}/credentials");
    assert_eq!(operations.len(), 12);
    let mut made = Vec::new();
    for (operation, role) in operations.iter().flat_map(|operation| ROLES.map(|role| (operation, role))) {
        let maker = if own { &stage.caller } else { &stage.ben };
        stage.world.cast(&stage.team, maker, Some(Role::Manager));
        let path = maker.post(&list, &secret()).await.expect(201).header("location");
        stage.cast(Some(Role::Member));
        let share = share(&stage, maker, &path, granted).await;
        made.push((operation, role, path, share));
    }
    stage.is_stale = is_stale;
    if is_stale {
        stage.grow_stale();
    }
    let relation = Relation { own, granted, ..Relation::default() };
    for (operation, role, path, share) in made {
        stage.cast(role);
        let (permission, answer) = call(&stage.caller, operation, &path, &share).await;
        judge(&answer, stage.decide(permission, role, relation), (&operation.id, role, own, granted, is_stale));
    }
}

#[tokio::test]
async fn credentials_of_ones_own() {
    try_all(true, true, false).await;
}

#[tokio::test]
async fn credentials_of_ones_own_that_were_taken_back() {
    try_all(true, false, false).await;
}

#[tokio::test]
async fn credentials_shared_with_one() {
    try_all(false, true, false).await;
}

#[tokio::test]
async fn credentials_of_others() {
    try_all(false, false, false).await;
}

#[tokio::test]
async fn credentials_after_a_stale_sign_in() {
    try_all(false, true, true).await;
}

#[tokio::test]
async fn a_teams_vault_as_a_whole() {
    let stage = Stage::new().await;
    let list = format!("/api/v1/teams/{}/credentials", stage.team);
    stage.olga.post(&list, &secret()).await.expect(201);
    for role in ROLES {
        stage.cast(role);
        let seen = stage.caller.get(&list).await;
        let granted = Relation { granted: true, ..Relation::default() };
        judge(&seen, stage.decide(Permission::CredentialRead, role, granted), role);
        if role == Some(Role::Member) {
            assert_eq!(seen.json["items"], json!([]), "what is not shared with them");
        }
        let decision = stage.decide(Permission::CredentialCreate, role, Relation::default());
        judge(&stage.caller.post(&list, &secret()).await, decision, role);
        judge(&stage.caller.post(&format!("{list}/import"), &file()).await, decision, role);
        for path in stage.olga.get(&list).await.json["items"].as_array().unwrap() {
            let path = format!("{list}/{}", path["id"].as_str().unwrap());
            stage.olga.send(Method::DELETE, &path, None).await.expect(204);
        }
    }
}

#[tokio::test]
async fn ones_own_vault() {
    let mut stage = Stage::new().await;
    let mut operations = on_one("/me/credentials");
    operations.sort_by_key(|operation| operation.method == Method::DELETE);
    assert_eq!(operations.len(), 7);
    for is_stale in [false, true] {
        stage.is_stale = is_stale;
        for role in ROLES {
            let caller = &stage.caller;
            stage.world.cast_on_server(caller, Some(Role::Member));
            let path = caller.post(MINE, &secret()).await.expect(201).header("location");
            stage.world.cast_on_server(caller, role);
            let manage = stage.decide_on_server(Permission::PersonalCredentialManage, role, OWN);
            judge(&caller.post(MINE, &secret()).await, manage, role);
            judge(&caller.post(&format!("{MINE}/import"), &file()).await, manage, role);
            judge(&caller.get(MINE).await, manage, role);
            judge(&caller.get(&format!("{MINE}/generate")).await, manage, role);
            for operation in &operations {
                let (permission, answer) = call(caller, operation, &path, "").await;
                judge(&answer, stage.decide_on_server(permission, role, OWN), (&operation.id, role, is_stale));
                let (permission, foreign) = call(&stage.ben, operation, &path, "").await;
                judge(
                    &foreign,
                    stage.decide_on_server(permission, ROLES[1], Relation::default()),
                    (&operation.id, "another's"),
                );
            }
        }
        stage.grow_stale();
    }
}
