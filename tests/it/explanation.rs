//! What may I do, and why: the order in which the role is found, what stands against it, and what is not told.

use std::time::Duration;

use poem::http::Method;
use serde_json::{Value, json};

use crate::guests::Scene;
use crate::qr::vouched;
use crate::world::Person;

const NOWHERE: &str = "01957000-0000-7000-8000-000000000000";

async fn explain(person: &Person, query: &str) -> Value {
    person.get(&format!("/api/v1/me/permissions{query}")).await.expect(200).json
}

/// One permission out of an explanation.
fn of(explained: &Value, permission: &str) -> Value {
    let all = explained["permissions"].as_array().unwrap();
    all.iter().find(|one| one["permission"] == permission).unwrap_or_else(|| panic!("no {permission}")).clone()
}

fn nothing_in(step: &str) -> Value {
    json!({"step": step})
}

#[tokio::test]
async fn the_first_that_is_found_counts() {
    let scene = Scene::new().await;
    let (a, _) = scene.delegation(&scene.olga, "Sweep").await;
    let query = format!("?resource=delegation:{a}");
    let grant = scene.open(&scene.olga, &a, "member").await.expect(201);

    let guest = explain(&scene.gus, &query).await;
    let until = &grant.json["expires_at"];
    assert_eq!(
        guest["resolution"],
        json!([nothing_in("team"), {"step": "grant", "found": "member", "expires_at": until}])
    );
    let read = json!({"permission": "delegation:read", "allowed": true, "needs_step_up": false, "reason": "permitted",
        "condition": {"when": "participant", "met": true}});
    assert_eq!(of(&guest, "delegation:read"), read);
    let update = json!({"permission": "delegation:update", "allowed": false, "needs_step_up": false,
        "reason": "condition", "condition": {"when": "own", "met": false}});
    assert_eq!(of(&guest, "delegation:update"), update);
    let assign = json!({"permission": "delegation:assign", "allowed": false, "needs_step_up": false,
        "reason": "guest-limit", "prohibited_by": "guest-limit"});
    assert_eq!(of(&guest, "delegation:assign"), assign);

    let member = explain(&scene.mia, &query).await;
    assert_eq!(member["resolution"], json!([{"step": "team", "found": "member"}]));
    let progress = of(&member, "delegation:progress");
    assert_eq!((&progress["allowed"], &progress["condition"]["when"]), (&json!(true), &json!("assigned")));
    let owner = explain(&scene.olga, &format!("{query}&permission=delegation:confirm")).await;
    assert_eq!(owner["permissions"].as_array().unwrap().len(), 1);
    assert_eq!(of(&owner, "delegation:confirm")["allowed"], true);

    let path = scene.in_team(&format!("/grants/{}", grant.text("/id")));
    scene.olga.send(Method::DELETE, &path, None).await.expect(204);
    let stranger = explain(&scene.gus, &query).await;
    let nothing = json!(["team", "grant", "default"].map(nothing_in));
    assert_eq!(stranger["resolution"], nothing);
    assert_eq!(of(&stranger, "delegation:read")["reason"], "no-role");
}

#[tokio::test]
async fn the_reasons_do_not_tell_what_is_there() {
    let scene = Scene::new().await;
    let body = json!({"title": "Between others"});
    let hidden = scene.olga.post(&scene.in_team("/delegations"), &body).await.expect(201).text("/id");
    for person in [&scene.gus, &scene.mia] {
        let there = explain(person, &format!("?resource=delegation:{hidden}")).await;
        let missing = explain(person, &format!("?resource=delegation:{NOWHERE}")).await;
        assert_eq!(there, missing);
        assert!(there["permissions"].as_array().unwrap().iter().all(|one| one["reason"] == "no-role"));
        let mistaken = explain(person, &format!("?resource=conversation:{hidden}")).await;
        assert_eq!(mistaken, explain(person, &format!("?resource=conversation:{NOWHERE}")).await);
    }
    let team = explain(&scene.gus, &format!("?team={}", scene.team)).await;
    assert_eq!(team, explain(&scene.gus, &format!("?team={NOWHERE}")).await);
    let seen = explain(&scene.mona, &format!("?resource=delegation:{hidden}")).await;
    assert_eq!(of(&seen, "delegation:read")["allowed"], true);
}

#[tokio::test]
async fn what_stands_against_it_is_named() {
    let scene = Scene::new().await;
    let (a, _) = scene.delegation(&scene.olga, "Sweep").await;
    let of_thing = format!("?resource=delegation:{a}");
    let key = async |scopes: Value| {
        let made = scene.olga.post("/api/v1/me/api-keys", &json!({"name": "Reports", "scopes": scopes})).await;
        scene.world.holder(&made.expect(201).text("/token"))
    };
    let narrow = key(json!(["permission:explain", "delegation:read"])).await;
    let told = explain(&narrow, &of_thing).await;
    assert_eq!(of(&told, "delegation:read")["allowed"], true);
    assert_eq!(of(&told, "delegation:update")["prohibited_by"], "key-scope");
    let blind = key(json!(["permission:explain", "delegation:update"])).await;
    let (told, missing) =
        (explain(&blind, &of_thing).await, explain(&blind, &format!("?resource=delegation:{NOWHERE}")).await);
    assert_eq!(told, missing, "a key that may not read a thing learns nothing of it");
    let silent = key(json!(["delegation:read"])).await;
    silent.get("/api/v1/me/permissions").await.problem(403, "access-denied");

    let phone = vouched(&scene.world, &scene.olga).await;
    let told = explain(&phone, "").await;
    assert_eq!(of(&told, "device:manage")["prohibited_by"], "vouched-device");
    assert_eq!(of(&told, "user:role")["reason"], "step-up");

    let of_team = format!("?team={}", scene.team);
    assert_eq!(of(&explain(&scene.olga, &of_team).await, "team:delete")["allowed"], true);
    scene.world.pass(Duration::from_mins(11));
    let stale = of(&explain(&scene.olga, &of_team).await, "team:delete");
    assert_eq!((&stale["allowed"], &stale["needs_step_up"]), (&json!(false), &json!(true)));
    let olga = scene.world.sign_in("owner@milton.test").await.with("if-match", "*");
    olga.send(Method::DELETE, &scene.in_team(""), None).await.expect(204);
    let closed = explain(&olga, &of_team).await;
    assert_eq!(of(&closed, "team:read")["prohibited_by"], "team-closed");
    assert_eq!(of(&closed, "team:restore")["allowed"], true);
    assert_eq!(of(&explain(&scene.mia, &of_team).await, "team:restore")["reason"], "role");
}

#[tokio::test]
async fn what_cannot_be_answered_is_said() {
    let scene = Scene::new().await;
    for query in [
        format!("?team={}&resource=delegation:{NOWHERE}", scene.team),
        "?resource=delegation".to_owned(),
        "?resource=team:x".to_owned(),
        format!("?resource=credential:{NOWHERE}"),
        "?permission=no:such".to_owned(),
        format!("?resource=delegation:{NOWHERE}&permission=team:delete"),
        "?permission=team:delete".to_owned(),
    ] {
        scene.olga.get(&format!("/api/v1/me/permissions{query}")).await.problem(422, "invalid");
    }
}
