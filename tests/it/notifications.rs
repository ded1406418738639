//! Notifications: who is told of what, in which order, and who is not.

use std::collections::BTreeSet;

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use crate::forge;
use crate::guests::Scene;
use crate::world::{Answer, Person, World};

const LIST: &str = "/api/v1/me/notifications";
const OWNER: &str = "owner@milton.test";

pub async fn told(person: &Person, query: &str) -> Vec<Value> {
    person.get(&format!("{LIST}{query}")).await.expect(200).json["items"].as_array().unwrap().clone()
}

async fn post(person: &Person, then: &str) -> Answer {
    person.send(Method::POST, &format!("{LIST}/{then}"), None).await
}

#[tokio::test]
async fn the_other_devices_hear_of_a_new_one_and_the_new_one_does_not() {
    let world = World::unclaimed();
    let owner = world.claim("Olga Owner").await;
    assert!(told(&owner, "").await.is_empty(), "the very first device is no news");
    let second = world.sign_in(OWNER).await;
    let third = world.sign_in(OWNER).await;
    let kinds = |list: &[Value]| list.iter().map(|one| one["detail"]["device_id"].clone()).collect::<Vec<_>>();
    let ids = async |person: &Person| {
        let devices = person.get("/api/v1/me/devices").await.expect(200);
        devices.json["items"].as_array().unwrap().iter().find(|one| one["current"] == true).unwrap()["id"].clone()
    };
    let (two, three) = (ids(&second).await, ids(&third).await);
    assert_eq!(kinds(&told(&owner, "").await), [three.clone(), two.clone()], "newest first");
    assert_eq!(kinds(&told(&second, "").await), [three]);
    assert_eq!(kinds(&told(&third, "").await), [two]);
    let one = &told(&owner, "").await[0];
    assert_eq!((&one["kind"], &one["created_at"]), (&json!("new-device"), &json!("2026-03-01T09:00:00Z")));
    assert_eq!((&one["detail"]["name"], &one["detail"]["address"]), (&json!("Unknown client"), &json!("192.0.2.7")));
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    assert!(told(&ana, "").await.is_empty(), "and nobody else hears of it");
}

#[tokio::test]
async fn a_new_device_cannot_silence_the_news_of_itself() {
    let (world, owner) = World::claimed().await;
    let thief = world.sign_in(OWNER).await;
    let id = told(&owner, "").await[0]["id"].as_str().unwrap().to_owned();
    post(&thief, &format!("{id}/read")).await.problem(403, "access-denied");
    post(&thief, "read-all").await.expect(204);
    assert_eq!(told(&owner, "?unread=true").await.len(), 1);
    post(&owner, &format!("{id}/read")).await.expect(204);
    assert!(told(&owner, "?unread=true").await.is_empty());
}

#[tokio::test]
async fn what_is_read_stays_read_and_in_the_list() {
    let (world, owner) = World::claimed().await;
    for _ in 0..3 {
        world.sign_in(OWNER).await;
    }
    let all = told(&owner, "").await;
    let id = all[1]["id"].as_str().unwrap();
    for minute in 1..3 {
        world.pass(std::time::Duration::from_mins(1));
        post(&owner, &format!("{id}/read")).await.expect(204);
        assert_eq!(told(&owner, "").await[1]["read_at"], "2026-03-01T09:01:00Z", "{minute}: the first time counts");
    }
    let unread = told(&owner, "?unread=true").await;
    assert_eq!(unread.iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&all[0]["id"], &all[2]["id"]]);
    post(&owner, "read-all").await.expect(204);
    assert!(told(&owner, "?unread=true").await.is_empty());
    assert_eq!(told(&owner, "").await.len(), 3);
    let rows = world.audit(&owner, "event=notification.read").await;
    assert_eq!((rows.len(), &rows[0]["detail"]), (3, &json!({"notifications": "2"})));
}

/// The clock stands still here: ids of one millisecond have no order, and the list has one all the same.
#[tokio::test]
async fn pages_neither_repeat_nor_skip() {
    let (world, owner) = World::claimed().await;
    for _ in 0..7 {
        world.sign_in(OWNER).await;
    }
    let whole: Vec<_> = told(&owner, "").await.iter().map(|one| one["id"].clone()).collect();
    let (mut paged, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = owner.get(&format!("{LIST}{query}")).await.expect(200);
        paged.extend(page.json["items"].as_array().unwrap().iter().map(|one| one["id"].clone()));
        let Some(cursor) = page.json["next_cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(paged, whole);
    let sorted: BTreeSet<_> = whole.iter().map(|id| id.as_str().unwrap()).rev().collect();
    assert_eq!(sorted.len(), 7);
    for wrong in ["x", "fg", "MXg"] {
        owner.get(&format!("{LIST}?cursor={wrong}")).await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn nothing_of_it_is_readable_in_the_file_or_moves_to_another() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    world.sign_in(OWNER).await;
    let clear = "SELECT count(*) FROM notifications WHERE instr(detail_sealed, 'Unknown') > 0";
    assert_eq!(forge::number(&world, clear), 0);
    forge::sql(&world, "UPDATE notifications SET user_id = ?1, device_id = NULL", [&ana.id]);
    ana.get(LIST).await.problem(500, "internal");
    assert_eq!(world.audit(&owner, "event=system.decrypt.failed").await.len(), 1);
}

#[tokio::test]
async fn who_has_no_role_is_told_nothing() {
    let (world, owner) = World::claimed().await;
    world.sign_in(OWNER).await;
    world.cast_on_server(&owner, None);
    owner.get(LIST).await.problem(403, "access-denied");
    world.cast_on_server(&owner, Some(Role::Member));
    assert_eq!(told(&owner, "").await.len(), 1);
}

#[tokio::test]
async fn a_title_is_told_to_those_who_may_read_the_thing_now() {
    let scene = Scene::new().await;
    let titles = async |person: &Person| {
        let mut news = told(person, "").await;
        news.retain(|one| one["detail"]["delegation_id"].is_string() || one["detail"]["resource_id"].is_string());
        news.iter().map(|one| one["detail"].get("title").cloned()).collect::<Vec<_>>()
    };
    let (id, path) = scene.delegation(&scene.olga, "Lighthouse").await;
    let grant = scene.open(&scene.olga, &id, "member").await.expect(201).header("location");
    let named = [Some(json!("Lighthouse"))];
    for person in [&scene.mia, &scene.gus] {
        assert_eq!(titles(person).await, named);
    }
    let key = json!({"name": "Robot", "scopes": ["notification:manage"]});
    let key = scene.mia.post("/api/v1/me/api-keys", &key).await.expect(201).text("/token");
    assert_eq!(titles(&scene.world.holder(&key)).await, [None], "its scopes do not open it");
    let key = json!({"name": "Reader", "scopes": ["notification:manage", "delegation:read"]});
    let key = scene.mia.post("/api/v1/me/api-keys", &key).await.expect(201).text("/token");
    assert_eq!(titles(&scene.world.holder(&key)).await, named);

    scene.olga.send(Method::DELETE, &grant, None).await.expect(204);
    assert_eq!(titles(&scene.gus).await, [None]);
    scene.olga.send(Method::DELETE, &scene.in_team(&format!("/members/{}", scene.mia.id)), None).await.expect(204);
    assert_eq!(titles(&scene.mia).await, [None]);
    scene.olga.get(&path).await.expect(200);
    assert!(scene.world.audit(&scene.olga, "outcome=denied").await.is_empty(), "nobody asked for it");
}
