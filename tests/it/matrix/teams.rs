//! The cells about a team's end, its Owners and its guests, through the API; and what the API foretells of all cells.

use milton::domain::permission::{Decision, Permission, Relation, Sphere};
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use super::people::OWN;
use super::stage::{ROLES, Stage, judge};
use crate::forge;

/// The operations of this file, for the check that none is forgotten.
pub const OPERATIONS: &[&str] = &[
    "deleteTeam",
    "restoreTeam",
    "transferTeam",
    "createGrant",
    "listGrants",
    "getGrant",
    "removeGrant",
    "listAllTeams",
    "recoverTeam",
];

/// The decision that an explanation of one permission speaks of.
fn decision(explained: &Value) -> Decision {
    match (explained["allowed"].as_bool().unwrap(), explained["needs_step_up"].as_bool().unwrap()) {
        (true, false) => Decision::Allow,
        (false, true) => Decision::StepUp,
        (false, false) => Decision::Deny,
        (true, true) => panic!("{explained}"),
    }
}

/// Fails the test unless the API tells the caller beforehand what the matrix says of a delegation.
pub async fn foretell(stage: &Stage, path: &str, permission: Permission, relation: Relation) {
    let id = path.rsplit_once('/').unwrap().1;
    let asked = format!("/api/v1/me/permissions?resource=delegation:{id}&permission={}", permission.as_str());
    let told = stage.caller.get(&asked).await.expect(200);
    let members = format!("SELECT role FROM memberships WHERE user_id = '{}'", stage.caller.id);
    let role = forge::text(&stage.world, &members).and_then(|role| Role::parse(&role));
    assert_eq!(decision(&told.json["permissions"][0]), stage.decide(permission, role, relation), "{}", told.text);
}

#[tokio::test]
async fn what_is_foretold_of_a_team_and_of_the_server_is_what_the_matrix_says() {
    let mut stage = Stage::new().await;
    for stale in [false, true] {
        stage.is_stale = stale;
        for role in ROLES {
            stage.cast(role);
            let asked = format!("/api/v1/me/permissions?team={}", stage.team);
            let told = stage.caller.get(&asked).await.expect(200);
            check(&told.json, Sphere::Team, |permission, relation| stage.decide(permission, role, relation));
            let expected = match role {
                Some(role) => json!([{"step": "team", "found": role.as_str()}]),
                None => json!([{"step": "team"}, {"step": "grant"}, {"step": "default"}]),
            };
            assert_eq!(told.json["resolution"], expected);
            stage.world.cast_on_server(&stage.caller, role);
            let told = stage.caller.get("/api/v1/me/permissions").await.expect(200);
            check(&told.json, Sphere::Instance, |permission, relation| {
                stage.decide_on_server(permission, role, relation)
            });
            stage.world.cast_on_server(&stage.caller, Some(Role::Member));
        }
        stage.grow_stale();
    }
}

/// Every permission of the sphere, once, with its decision.
fn check(told: &Value, sphere: Sphere, decide: impl Fn(Permission, Relation) -> Decision) {
    let told = told["permissions"].as_array().unwrap();
    let mut expected = Vec::new();
    for permission in Permission::ALL {
        let counts = match permission.row() {
            Some((its, _)) => its == sphere,
            None => sphere == Sphere::Instance && permission.doors().signed_in,
        };
        let relation = if permission.is_about_oneself() { OWN } else { Relation::default() };
        expected.extend(counts.then(|| (permission.as_str().to_owned(), decide(*permission, relation))));
    }
    let name = |one: &Value| one["permission"].as_str().unwrap().to_owned();
    let got: Vec<_> = told.iter().map(|one| (name(one), decision(one))).collect();
    assert_eq!(got, expected);
}

#[tokio::test]
async fn the_end_of_a_team() {
    let mut stage = Stage::new().await;
    let (team, nothing) = (format!("/api/v1/teams/{}", stage.team), Relation::default());
    for stale in [false, true] {
        stage.is_stale = stale;
        for role in ROLES {
            stage.cast(role);
            let caller = stage.caller.clone().with("if-match", "*");
            let deleted = caller.send(Method::DELETE, &team, None).await;
            judge(&deleted, stage.decide(Permission::TeamDelete, role, nothing), (role, stale));
            forge::sql(&stage.world, "UPDATE teams SET deleted_at = ?1", [stage.world.now().micros()]);
            let restored = caller.post(&format!("{team}/restore"), &json!({})).await;
            judge(&restored, stage.decide(Permission::TeamRestore, role, nothing), (role, stale));
            forge::sql(&stage.world, "UPDATE teams SET deleted_at = NULL", []);
            let to = json!({"user_id": stage.ben.id});
            let transferred = caller.post(&format!("{team}/transfer"), &to).await;
            judge(&transferred, stage.decide(Permission::TeamTransfer, role, nothing), (role, stale));
        }
        stage.grow_stale();
    }
}

#[tokio::test]
async fn teams_seen_from_the_server() {
    let mut stage = Stage::new().await;
    for stale in [false, true] {
        stage.is_stale = stale;
        for role in ROLES {
            let orphan = stage.world.team(&stage.olga, "Orphan").await;
            stage.world.cast(&orphan, &stage.olga, Some(Role::Admin));
            stage.world.cast_on_server(&stage.caller, role);
            let decide = |permission| stage.decide_on_server(permission, role, Relation::default());
            let listed = stage.caller.get("/api/v1/admin/teams").await;
            judge(&listed, decide(Permission::TeamListAll), (role, stale));
            let body = json!({"user_id": stage.olga.id});
            let recovered = stage.caller.post(&format!("/api/v1/admin/teams/{orphan}/recover"), &body).await;
            judge(&recovered, decide(Permission::TeamRecover), (role, stale));
        }
        stage.grow_stale();
    }
}

#[tokio::test]
async fn guests() {
    let stage = Stage::new().await;
    let grants = format!("/api/v1/teams/{}/grants", stage.team);
    let guest = stage.world.join(&stage.olga, &stage.team, "member", "Gus").await;
    stage.world.cast(&stage.team, &guest, None);
    for (role, given, own) in ROLES.into_iter().flat_map(|role| {
        [Role::Manager, Role::Member].into_iter().flat_map(move |given| [true, false].map(|own| (role, given, own)))
    }) {
        let path = stage.delegation(if own { &stage.caller } else { &stage.ben }, &stage.mia, &["offer"]).await;
        stage.cast(role);
        let body = json!({"resource_type": "delegation", "resource_id": path.rsplit_once('/').unwrap().1,
            "user_id": guest.id, "role": given.as_str()});
        let relation = Relation { own, target: Some(given), ..Relation::default() };
        let made = stage.caller.post(&grants, &body).await;
        judge(&made, stage.decide(Permission::GrantCreate, role, relation), (role, given, own));
        judge(&stage.caller.get(&grants).await, stage.decide(Permission::GrantRead, role, OWN), role);
        stage.cast(Some(Role::Owner));
        let granter = if own { &stage.caller } else { &stage.olga };
        let id = granter.post(&grants, &body).await.expect(201).text("/id");
        stage.cast(role);
        let seen = stage.caller.get(&format!("{grants}/{id}")).await;
        let relation_to_it = Relation { own, ..Relation::default() };
        judge(&seen, stage.decide(Permission::GrantRead, role, relation_to_it), (role, given, own));
        let removed = stage.caller.send(Method::DELETE, &format!("{grants}/{id}"), None).await;
        judge(&removed, stage.decide(Permission::GrantDelete, role, relation), (role, given, own));
    }
}
