//! The cells about credentials, through the API: a team's, and one's own.

use milton::domain::permission::{Permission, Relation};
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use super::people::OWN;
use super::stage::{ROLES, Stage, judge};
use crate::operations;
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

/// Calls an operation on the credential at `path`, or on its share.
async fn call(caller: &Person, id: &str, path: &str, share: &str) -> (Permission, Answer) {
    let operation = operations::find(id);
    let rest = operation.path.split_once("{credential}").unwrap().1.replace("{share}", share);
    let caller = caller.clone().with("if-match", "*");
    let answer = caller.send(operation.method, &format!("{path}{rest}"), body(id).as_ref()).await;
    (operation.permission.unwrap(), answer)
}

/// Tries every operation on credentials that stand so to the caller, in every role.
async fn try_all(own: bool, granted: bool, stale: bool) {
    let mut stage = Stage::new().await;
    let list = format!("/api/v1/teams/{}/credentials", stage.team);
    let on_one: Vec<_> =
        OPERATIONS.iter().filter(|id| operations::find(id).path.contains("{team}/credentials/{")).collect();
    assert_eq!(on_one.len(), 11);
    let mut made = Vec::new();
    for (id, role) in on_one.iter().flat_map(|id| ROLES.map(|role| (**id, role))) {
        let maker = if own { &stage.caller } else { &stage.ben };
        stage.world.cast(&stage.team, maker, Some(Role::Manager));
        let path = maker.post(&list, &secret()).await.expect(201).header("location");
        stage.cast(Some(Role::Member));
        let with = if granted { json!({"user_id": stage.caller.id}) } else { json!({"user_id": stage.mia.id}) };
        let share = stage.olga.post(&format!("{path}/shares"), &with).await.expect(201).text("/id");
        made.push((id, role, path, share));
    }
    stage.is_stale = stale;
    if stale {
        stage.grow_stale();
    }
    let relation = Relation { own, granted, ..Relation::default() };
    for (id, role, path, share) in made {
        stage.cast(role);
        let (permission, answer) = call(&stage.caller, id, &path, &share).await;
        judge(&answer, stage.decide(permission, role, relation), (id, role, own, granted, stale));
    }
}

#[tokio::test]
async fn credentials_of_ones_own() {
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
    for stale in [false, true] {
        stage.is_stale = stale;
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
            let on_one = OPERATIONS.iter().filter(|id| operations::find(id).path.contains("me/credentials/{"));
            for id in on_one {
                let (permission, answer) = call(caller, id, &path, "").await;
                judge(&answer, stage.decide_on_server(permission, role, OWN), (id, role, stale));
                let (permission, foreign) = call(&stage.ben, id, &path, "").await;
                judge(&foreign, stage.decide_on_server(permission, ROLES[1], Relation::default()), (id, "another's"));
            }
        }
        stage.grow_stale();
    }
}
