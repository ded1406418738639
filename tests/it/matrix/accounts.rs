//! The cells about accounts, through the API: who sees people, who acts upon whom, API keys, leaving.

use milton::domain::permission::{Decision, Permission, Relation};
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::json;

use super::stage::{CALLER, ROLES, Stage, judge};
use crate::forge;
use crate::world::Person;

/// The operations of this file, for the check that none is forgotten.
pub const OPERATIONS: &[&str] = &[
    "listDirectory",
    "listUsers",
    "getUser",
    "listUserSessions",
    "listUserDevices",
    "suspendUser",
    "reinstateUser",
    "changeUserRole",
    "revokeUserSessions",
    "createApiKey",
    "listApiKeys",
    "getApiKey",
    "revokeApiKey",
    "listAllApiKeys",
    "revokeAnyApiKey",
    "requestDeletion",
    "getDeletion",
    "keepAccount",
];

const OWN: Relation = Relation {
    own: true,
    assigned: false,
    participant: false,
    untouched: false,
    granted: false,
    reported: false,
    target: None,
};

/// Whoever has no role on the server stands with the lowest.
fn concerns(target: Option<Role>) -> Relation {
    Relation { target: Some(target.unwrap_or(Role::Member)), ..Relation::default() }
}

fn word(role: Option<Role>) -> serde_json::Value {
    role.map_or(serde_json::Value::Null, |role| role.as_str().into())
}

async fn key_of(person: &Person) -> String {
    let key = json!({"name": "Reports", "scopes": ["team:list-own"]});
    person.post("/api/v1/me/api-keys", &key).await.expect(201).text("/id")
}

#[tokio::test]
async fn looking_at_people() {
    let stage = Stage::new().await;
    let ben = format!("/api/v1/admin/users/{}", stage.ben.id);
    for role in ROLES {
        stage.world.cast_on_server(&stage.caller, role);
        for (path, permission) in [
            ("/api/v1/directory", Permission::DirectoryRead),
            ("/api/v1/admin/users", Permission::UserRead),
            (&ben, Permission::UserRead),
            (&format!("{ben}/sessions"), Permission::UserRead),
            (&format!("{ben}/devices"), Permission::UserRead),
            ("/api/v1/admin/api-keys", Permission::ApiKeyReadAll),
        ] {
            let decision = stage.decide_on_server(permission, role, Relation::default());
            judge(&stage.caller.get(path).await, decision, (role, path));
        }
    }
}

#[tokio::test]
async fn acting_upon_people() {
    let mut stage = Stage::new().await;
    let ben = format!("/api/v1/admin/users/{}", stage.ben.id);
    for stale in [false, true] {
        stage.is_stale = stale;
        for (role, target) in ROLES.into_iter().flat_map(|role| ROLES.map(|target| (role, target))) {
            stage.world.cast_on_server(&stage.caller, role);
            stage.world.cast_on_server(&stage.ben, target);
            for (state, step, permission) in [
                ("active", "suspend", Permission::UserSuspend),
                ("suspended", "reinstate", Permission::UserReinstate),
                ("active", "revoke-sessions", Permission::UserRevokeSessions),
            ] {
                forge::sql(&stage.world, "UPDATE users SET state = ?2 WHERE id = ?1", [&stage.ben.id, state]);
                let answer = stage.caller.post(&format!("{ben}/{step}"), &json!({})).await;
                let decision = stage.decide_on_server(permission, role, concerns(target));
                judge(&answer, decision, (role, target, step, stale));
            }
        }
        stage.grow_stale();
    }
}

#[tokio::test]
async fn roles_on_the_server() {
    let mut stage = Stage::new().await;
    let path = format!("/api/v1/admin/users/{}/role", stage.ben.id);
    for stale in [false, true] {
        stage.is_stale = stale;
        for (role, present) in ROLES.into_iter().flat_map(|role| ROLES.map(|present| (role, present))) {
            for new in ROLES {
                stage.world.cast_on_server(&stage.caller, role);
                stage.world.cast_on_server(&stage.ben, present);
                let answer = stage.caller.send(Method::PUT, &path, Some(&json!({"role": word(new)}))).await;
                let decision = stage.decide_on_server(Permission::UserRole, role, concerns(present.max(new)));
                judge(&answer, decision, (role, present, new, stale));
                let after = if decision == Decision::Allow { new } else { present };
                let seen = stage.olga.get(&format!("/api/v1/admin/users/{}", stage.ben.id)).await.expect(200);
                assert_eq!(seen.json["instance_role"], word(after), "{role:?} {present:?} {new:?}");
            }
        }
        stage.grow_stale();
    }
}

#[tokio::test]
async fn ones_own_api_keys() {
    let mut stage = Stage::new().await;
    let list = "/api/v1/me/api-keys";
    let (mut others, mut own) = (Vec::new(), Vec::new());
    for _ in 0..2 * ROLES.len() {
        others.push(key_of(&stage.ben).await);
        own.push(key_of(&stage.caller).await);
    }
    for stale in [false, true] {
        stage.is_stale = stale;
        for role in ROLES {
            stage.world.cast_on_server(&stage.caller, role);
            let made = stage.caller.post(list, &json!({"name": "New", "scopes": ["team:list-own"]})).await;
            judge(&made, stage.decide_on_server(Permission::ApiKeyCreate, role, OWN), (role, stale));
            let manage = |relation| stage.decide_on_server(Permission::ApiKeyManage, role, relation);
            judge(&stage.caller.get(list).await, manage(OWN), role);
            for (key, relation) in [(own.pop(), OWN), (others.pop(), Relation::default())] {
                let path = format!("{list}/{}", key.unwrap());
                judge(&stage.caller.get(&path).await, manage(relation), (role, relation.own));
                judge(&stage.caller.send(Method::DELETE, &path, None).await, manage(relation), (role, relation.own));
            }
        }
        stage.grow_stale();
    }
}

#[tokio::test]
async fn anybodys_api_keys() {
    let stage = Stage::new().await;
    for (role, target) in ROLES.into_iter().flat_map(|role| ROLES.map(|target| (role, target))) {
        stage.world.cast_on_server(&stage.ben, Some(Role::Member));
        let path = format!("/api/v1/admin/api-keys/{}", key_of(&stage.ben).await);
        stage.world.cast_on_server(&stage.caller, role);
        stage.world.cast_on_server(&stage.ben, target);
        let answer = stage.caller.send(Method::DELETE, &path, None).await;
        let decision = stage.decide_on_server(Permission::ApiKeyRevokeAny, role, concerns(target));
        judge(&answer, decision, (role, target));
    }
}

#[tokio::test]
async fn leaving_and_staying() {
    let mut stage = Stage::new().await;
    let path = "/api/v1/me/deletion";
    for (stale, role) in [false, true].into_iter().flat_map(|stale| ROLES.map(|role| (stale, role))) {
        let caller = stage.world.sign_in(CALLER).await;
        stage.world.cast_on_server(&caller, role);
        stage.is_stale = stale;
        if stale {
            stage.grow_stale();
        }
        let asked = caller.post(path, &json!({})).await;
        judge(&asked, stage.decide_on_server(Permission::AccountDelete, role, OWN), (role, stale));
        if asked.status == 202 {
            let leaving = stage.world.sign_in(CALLER).await;
            let seen = leaving.get(path).await;
            judge(&seen, stage.decide_on_server(Permission::ProfileRead, role, OWN), role);
            stage.world.cast_on_server(&leaving, None);
            judge(&leaving.send(Method::DELETE, path, None).await, Decision::Deny, "nobody without a role");
            stage.world.cast_on_server(&leaving, role);
            let kept = leaving.send(Method::DELETE, path, None).await;
            judge(&kept, stage.decide_on_server(Permission::AccountKeep, role, OWN), role);
        }
    }
}
