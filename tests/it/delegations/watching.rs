//! Watching: it opens nothing that was closed, lets one go on reading, and ends with whoever leaves.

use std::time::Duration;

use milton::base::clock::Timestamp;
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::json;

use super::{step, told_of_work};
use crate::forge;
use crate::world::{Answer, Person, World};

async fn watch(who: &Person, path: &str) -> Answer {
    who.send(Method::PUT, &format!("{path}/watch"), None).await
}

async fn watchers(who: &Person, path: &str) -> Vec<String> {
    let list = who.get(&format!("{path}/watchers")).await.expect(200);
    list.json["items"].as_array().unwrap().iter().map(|item| item["user"]["name"].as_str().unwrap().into()).collect()
}

struct Stage {
    world: World,
    olga: Person,
    ana: Person,
    wim: Person,
    team: String,
    path: String,
}

impl Stage {
    /// Olga gave Ana work; Wim, a Manager, may look on.
    async fn new() -> Self {
        let (world, olga) = World::claimed().await;
        let team = world.team(&olga, "Ops").await;
        let ana = world.join(&olga, &team, "member", "Ana").await;
        let wim = world.join(&olga, &team, "manager", "Wim").await;
        let body = json!({"title": "Sweep", "assignee_id": ana.id, "offer": true});
        let path = olga.post(&format!("/api/v1/teams/{team}/delegations"), &body).await.expect(201).header("location");
        Self { world, olga, ana, wim, team, path }
    }
}

#[tokio::test]
async fn whoever_watches_hears_of_steps_until_they_stop() {
    let stage = Stage::new().await;
    for _ in 0..2 {
        watch(&stage.wim, &stage.path).await.expect(204);
    }
    assert_eq!(watchers(&stage.ana, &stage.path).await, ["Wim"]);
    step(&stage.ana, &stage.path, "accept").await.expect(200);
    assert_eq!(told_of_work(&stage.wim).await, ["delegation-accepted"]);
    assert_eq!(told_of_work(&stage.olga).await, ["delegation-accepted"]);
    assert_eq!(
        stage.wim.get("/api/v1/me/delegations?role=watcher").await.expect(200).json["items"][0]["title"],
        "Sweep"
    );
    stage.wim.send(Method::DELETE, &format!("{}/watch", stage.path), None).await.expect(204);
    step(&stage.ana, &stage.path, "start").await.expect(200);
    assert_eq!(told_of_work(&stage.wim).await.len(), 1);
    assert_eq!(told_of_work(&stage.ana).await, ["delegation-offered"], "nobody hears of what they did themself");
}

#[tokio::test]
async fn watching_opens_nothing_and_keeps_open_what_was() {
    let stage = Stage::new().await;
    let ben = stage.world.join(&stage.olga, &stage.team, "member", "Ben").await;
    watch(&ben, &stage.path).await.problem(403, "access-denied");
    ben.get(&stage.path).await.problem(403, "access-denied");
    watch(&stage.ana, &stage.path).await.expect(204);
    let hand = json!({"assignee_id": stage.wim.id});
    stage.olga.post(&format!("{}/reassign", stage.path), &hand).await.expect(200);
    stage.ana.get(&stage.path).await.expect(200);
    let list = format!("/api/v1/teams/{}/delegations", stage.team);
    assert_eq!(stage.ana.get(&list).await.expect(200).json["items"].as_array().unwrap().len(), 1);
    let editor = stage.ana.clone().with("if-match", "*");
    editor.send(Method::PATCH, &stage.path, Some(&json!({"title": "Mine"}))).await.problem(403, "access-denied");
    stage.ana.send(Method::DELETE, &format!("{}/watch", stage.path), None).await.expect(204);
    stage.ana.get(&stage.path).await.problem(403, "access-denied");
}

#[tokio::test]
async fn whoever_may_hand_the_work_on_stops_those_who_look_on() {
    let stage = Stage::new().await;
    let ben = stage.world.join(&stage.olga, &stage.team, "member", "Ben").await;
    watch(&stage.ana, &stage.path).await.expect(204);
    stage.olga.post(&format!("{}/reassign", stage.path), &json!({"assignee_id": ben.id})).await.expect(200);
    let anas = format!("{}/watchers/{}", stage.path, stage.ana.id);
    stage.ana.send(Method::DELETE, &anas, None).await.problem(403, "access-denied");
    stage.ana.get(&stage.path).await.expect(200);
    stage.olga.send(Method::DELETE, &anas, None).await.expect(204);
    stage.ana.get(&stage.path).await.problem(403, "access-denied");
    let row = &stage.world.audit(&stage.olga, "event=delegation.unwatched").await[0];
    assert_eq!((&row["actor"]["user_id"], &row["detail"]["user"]), (&json!(stage.olga.id), &json!(stage.ana.id)));
    stage.olga.send(Method::DELETE, &anas, None).await.problem(404, "not-found");
    watch(&stage.wim, &stage.path).await.expect(204);
    let wims = format!("{}/watchers/{}", stage.path, stage.wim.id);
    ben.send(Method::DELETE, &wims, None).await.expect(204);
    assert!(watchers(&ben, &stage.path).await.is_empty(), "whoever has it decides as well");
}

#[tokio::test]
async fn a_lower_role_ends_what_one_watched_in_the_higher() {
    let stage = Stage::new().await;
    let member = format!("/api/v1/teams/{}/members/{}", stage.team, stage.wim.id);
    let role = async |role: &str| stage.olga.send(Method::PUT, &member, Some(&json!({"role": role}))).await.expect(204);
    watch(&stage.wim, &stage.path).await.expect(204);
    role("admin").await;
    assert_eq!(watchers(&stage.olga, &stage.path).await, ["Wim"]);
    role("member").await;
    stage.wim.get(&stage.path).await.problem(403, "access-denied");
    role("manager").await;
    assert!(watchers(&stage.olga, &stage.path).await.is_empty(), "and does not come back with it");

    let body = json!({"title": "Mop"});
    let list = format!("/api/v1/teams/{}/delegations", stage.team);
    let other = stage.wim.post(&list, &body).await.expect(201).header("location");
    watch(&stage.olga, &other).await.expect(204);
    let to = json!({"user_id": stage.wim.id, "my_new_role": "member"});
    stage.olga.post(&format!("/api/v1/teams/{}/transfer", stage.team), &to).await.expect(200);
    stage.olga.get(&other).await.problem(403, "access-denied");
}

#[tokio::test]
async fn whoever_left_hears_nothing_and_finds_no_door_open_when_they_return() {
    let stage = Stage::new().await;
    watch(&stage.wim, &stage.path).await.expect(204);
    stage.wim.post(&format!("/api/v1/teams/{}/leave", stage.team), &json!({})).await.expect(204);
    step(&stage.ana, &stage.path, "accept").await.expect(200);
    assert!(told_of_work(&stage.wim).await.is_empty());
    assert!(watchers(&stage.olga, &stage.path).await.is_empty());
    stage.world.cast(&stage.team, &stage.wim, Some(Role::Member));
    stage.wim.get(&stage.path).await.problem(403, "access-denied");
}

#[tokio::test]
async fn a_guests_watch_ends_with_the_grant_even_when_they_join_later() {
    let stage = Stage::new().await;
    let home = stage.world.team(&stage.olga, "Elsewhere").await;
    let gus = stage.world.join(&stage.olga, &home, "member", "Gus").await;
    let soon = Timestamp::parse("2026-03-01T09:10:00Z").unwrap();
    let id = stage.path.rsplit('/').next().unwrap();
    forge::grant(&stage.world, &stage.team, id, &gus, "member", soon.micros());
    stage.olga.post(&format!("{}/comments", stage.path), &json!({"body": "With a broom"})).await.expect(201);
    let talk = stage.olga.post(&format!("{}/conversation", stage.path), &json!({})).await.expect(201);
    let talk = talk.header("location");
    watch(&gus, &stage.path).await.expect(204);
    assert_eq!(watchers(&gus, &stage.path).await, ["Gus"]);
    assert_eq!(gus.get("/api/v1/me/delegations?role=watcher").await.expect(200).text("/items/0/id"), id);
    stage.world.pass(Duration::from_mins(10));
    assert!(watchers(&stage.olga, &stage.path).await.is_empty());
    let invited = format!("/api/v1/teams/{}/invitations", stage.team);
    let token = stage.olga.post(&invited, &json!({"role": "member"})).await.expect(201).text("/token");
    gus.post("/api/v1/invitations/accept", &json!({"token": token})).await.expect(200);
    gus.get(&stage.path).await.problem(403, "access-denied");
    for list in ["delegations", "search?q=sweep", "search?q=broom"] {
        let list = gus.get(&format!("/api/v1/teams/{}/{list}", stage.team)).await.expect(200);
        assert_eq!(list.json["items"], json!([]));
    }
    gus.post(&format!("{}/conversation", stage.path), &json!({})).await.problem(403, "access-denied");
    gus.get(&talk).await.problem(403, "access-denied");
    stage.world.cast(&stage.team, &gus, Some(Role::Member));
    gus.get(&stage.path).await.problem(403, "access-denied");
}

#[tokio::test]
async fn a_guest_is_let_in_as_long_as_whoever_let_them_in_is_there() {
    let stage = Stage::new().await;
    let home = stage.world.team(&stage.olga, "Elsewhere").await;
    let gus = stage.world.join(&stage.olga, &home, "member", "Gus").await;
    forge::grant(&stage.world, &stage.team, stage.path.rsplit('/').next().unwrap(), &gus, "member", i64::MAX);
    watch(&gus, &stage.path).await.expect(204);
    stage.world.cast(&stage.team, &stage.olga, None);
    gus.get(&stage.path).await.problem(403, "access-denied");
    assert_eq!(gus.get("/api/v1/me/delegations").await.expect(200).json["items"], json!([]));
    step(&stage.ana, &stage.path, "accept").await.expect(200);
    assert!(told_of_work(&gus).await.is_empty());
}

#[tokio::test]
async fn steps_are_told_to_whom_they_concern_and_to_nobody_who_may_not_read_any_more() {
    let stage = Stage::new().await;
    let ben = stage.world.join(&stage.olga, &stage.team, "member", "Ben").await;
    step(&stage.ana, &stage.path, "accept").await.expect(200);
    let hand = json!({"assignee_id": ben.id});
    stage.wim.post(&format!("{}/reassign", stage.path), &hand).await.expect(200);
    assert_eq!(told_of_work(&ben).await, ["delegation-reassigned"]);
    assert_eq!(told_of_work(&stage.olga).await, ["delegation-reassigned", "delegation-accepted"]);
    assert_eq!(told_of_work(&stage.ana).await, ["delegation-offered"], "it is not hers to read any more");
    step(&ben, &stage.path, "decline").await.expect(200);
    step(&stage.olga, &stage.path, "offer").await.expect(200);
    step(&ben, &stage.path, "accept").await.expect(200);
    step(&ben, &stage.path, "done").await.expect(200);
    step(&stage.olga, &stage.path, "confirm").await.expect(200);
    step(&stage.olga, &stage.path, "reopen").await.expect(200);
    let expected = ["delegation-reopened", "delegation-confirmed", "delegation-offered", "delegation-reassigned"];
    assert_eq!(told_of_work(&ben).await, expected);
    assert_eq!(told_of_work(&stage.olga).await[..3], ["delegation-done", "delegation-accepted", "delegation-declined"]);
}

#[tokio::test]
async fn whom_nobody_has_asked_yet_hears_nothing() {
    let stage = Stage::new().await;
    let list = format!("/api/v1/teams/{}/delegations", stage.team);
    let draft = stage.olga.post(&list, &json!({"title": "Plan", "assignee_id": stage.wim.id})).await.expect(201);
    assert!(told_of_work(&stage.wim).await.is_empty());
    step(&stage.olga, &draft.header("location"), "offer").await.expect(200);
    assert_eq!(told_of_work(&stage.wim).await, ["delegation-offered"]);
}
