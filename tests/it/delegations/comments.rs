//! Comments: who may say, read and take back what, who hears of it, and what stays nobody's business.

use std::time::Duration;

use milton::base::clock::Timestamp;
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use super::told_of_work;
use crate::forge;
use crate::world::{Answer, Person, World};

/// A team in which Olga gave Ana a piece of work; Ben belongs to the team and has no part in it.
struct Stage {
    world: World,
    olga: Person,
    ana: Person,
    ben: Person,
    team: String,
    path: String,
}

impl Stage {
    async fn new() -> Self {
        let (world, olga) = World::claimed().await;
        let team = world.team(&olga, "Ops").await;
        let ana = world.join(&olga, &team, "member", "Ana").await;
        let ben = world.join(&olga, &team, "member", "Ben").await;
        let path = offer(&olga, &team, &ana).await;
        Self { world, olga, ana, ben, team, path }
    }

    async fn say(&self, who: &Person, body: Value) -> Answer {
        who.post(&format!("{}/comments", self.path), &body).await
    }

    async fn bodies(&self, who: &Person) -> Vec<String> {
        let list = who.get(&format!("{}/comments", self.path)).await.expect(200);
        let items = list.json["items"].as_array().unwrap();
        items.iter().map(|item| item["body"].as_str().unwrap().to_owned()).collect()
    }
}

async fn offer(from: &Person, team: &str, to: &Person) -> String {
    let body = json!({"title": "Sweep", "assignee_id": to.id, "offer": true});
    from.post(&format!("/api/v1/teams/{team}/delegations"), &body).await.expect(201).header("location")
}

async fn edit(who: &Person, path: &str, tag: &str, body: Value) -> Answer {
    who.clone().with("if-match", tag).send(Method::PATCH, path, Some(&body)).await
}

#[tokio::test]
async fn said_edited_and_taken_back() {
    let stage = Stage::new().await;
    let made = stage.say(&stage.ana, json!({"body": "With which broom?"})).await.expect(201);
    let path = made.header("location");
    assert_eq!(path, format!("{}/comments/{}", stage.path, made.text("/id")));
    assert_eq!((made.header("etag"), made.text("/author/id")), ("\"1\"".to_owned(), stage.ana.id.clone()));
    assert_eq!(made.header("ratelimit"), "\"comments\";r=59");
    assert_eq!(stage.olga.get(&path).await.expect(200).json, made.json);
    stage.world.pass(Duration::from_secs(1));
    let edited = edit(&stage.ana, &path, "\"1\"", json!({"body": "With which of the brooms?"})).await.expect(200);
    assert_eq!((edited.header("etag"), edited.text("/edited_at")), ("\"2\"".to_owned(), "2026-03-01T09:00:01Z".into()));
    edit(&stage.ana, &path, "\"1\"", json!({"body": "Lost"})).await.problem(412, "precondition-failed");
    let late = stage.ana.clone().with("if-match", "\"1\"");
    late.send(Method::DELETE, &path, None).await.problem(412, "precondition-failed");
    assert_eq!(stage.bodies(&stage.olga).await, ["With which of the brooms?"]);
    stage.ana.send(Method::DELETE, &path, None).await.expect(204);
    assert!(stage.bodies(&stage.olga).await.is_empty());
    stage.olga.get(&path).await.problem(404, "not-found");
    edit(&stage.ana, &path, "*", json!({"body": "Back"})).await.problem(403, "access-denied");
    assert_eq!(forge::count(&stage.world, "delegation_comments"), 1, "its row stays for the grace period");
    for event in ["commented", "comment_edited", "comment_deleted"] {
        let rows = stage.world.audit(&stage.olga, &format!("event=delegation.{event}&outcome=success")).await;
        assert_eq!((&rows[0]["resource_type"], &rows[0]["resource_id"]), (&json!("comment"), &json!(made.text("/id"))));
    }
}

#[tokio::test]
async fn the_author_alone_changes_it() {
    let stage = Stage::new().await;
    let path = stage.say(&stage.ana, json!({"body": "Mine"})).await.expect(201).header("location");
    for other in [&stage.olga, &stage.ben] {
        edit(other, &path, "*", json!({"body": "Not mine"})).await.problem(403, "access-denied");
        other.send(Method::DELETE, &path, None).await.problem(403, "access-denied");
    }
    stage.olga.post(&format!("{}/reassign", stage.path), &json!({"assignee_id": stage.ben.id})).await.expect(200);
    edit(&stage.ana, &path, "*", json!({"body": "I cannot even read it"})).await.problem(403, "access-denied");
    stage.ana.send(Method::DELETE, &path, None).await.problem(403, "access-denied");
    assert_eq!(stage.bodies(&stage.ben).await, ["Mine"]);
}

#[tokio::test]
async fn whoever_may_not_read_it_neither_says_nor_hears_anything() {
    let stage = Stage::new().await;
    let path = stage.say(&stage.olga, json!({"body": "Between us"})).await.expect(201).header("location");
    let list = format!("{}/comments", stage.path);
    stage.ben.get(&list).await.problem(403, "access-denied");
    stage.ben.get(&path).await.problem(403, "access-denied");
    stage.say(&stage.ben, json!({"body": "What is it?"})).await.problem(403, "access-denied");
    assert!(told_of_work(&stage.ben).await.is_empty());
}

#[tokio::test]
async fn a_comment_stands_below_its_own_delegation_alone() {
    let stage = Stage::new().await;
    let id = stage.say(&stage.olga, json!({"body": "Here"})).await.expect(201).text("/id");
    let elsewhere = offer(&stage.olga, &stage.team, &stage.ana).await;
    let other_team = stage.world.team(&stage.olga, "Other").await;
    let far = stage.olga.post(&format!("/api/v1/teams/{other_team}/delegations"), &json!({"title": "Far"})).await;
    let far = far.expect(201).header("location");
    let own_id = stage.path.rsplit('/').next().unwrap();
    let mixed = format!("/api/v1/teams/{other_team}/delegations/{own_id}");
    for below in [elsewhere, far, mixed] {
        let path = format!("{below}/comments/{id}");
        stage.olga.get(&path).await.problem(404, "not-found");
        edit(&stage.olga, &path, "*", json!({"body": "There"})).await.problem(403, "access-denied");
        stage.olga.send(Method::DELETE, &path, None).await.problem(403, "access-denied");
    }
    assert_eq!(stage.bodies(&stage.ana).await, ["Here"]);
}

#[tokio::test]
async fn only_readers_are_named() {
    let stage = Stage::new().await;
    let home = stage.world.team(&stage.olga, "Elsewhere").await;
    let gus = stage.world.join(&stage.olga, &home, "member", "Gus").await;
    let name = |ids: Value| stage.say(&stage.olga, json!({"body": "Look", "mentions": ids}));
    let nobody = "01957000-0000-7000-8000-000000000000";
    for (ids, pointer) in [
        (json!([gus.id]), "/mentions/0"),
        (json!([nobody]), "/mentions/0"),
        (json!([stage.ana.id, stage.ben.id]), "/mentions/1"),
        (json!([stage.ana.id, stage.ana.id]), "/mentions/1"),
    ] {
        let refused = name(ids).await.problem(422, "invalid");
        assert_eq!(refused.text("/errors/0/pointer"), pointer);
    }
    name(json!(vec![&stage.ana.id; 21])).await.problem(422, "invalid");
    assert_eq!(forge::count(&stage.world, "delegation_comments"), 0);
    let id = stage.path.rsplit('/').next().unwrap();
    let soon = Timestamp::parse("2026-03-01T09:10:00Z").unwrap();
    forge::grant(&stage.world, &stage.team, id, &gus, "member", soon.micros());
    let made = name(json!([gus.id])).await.expect(201);
    assert_eq!(made.text("/mentions/0/name"), "Gus");
    assert_eq!(told_of_work(&gus).await, ["delegation-mentioned"]);
    stage.world.pass(Duration::from_mins(10));
    name(json!([gus.id])).await.problem(422, "invalid");
}

#[tokio::test]
async fn each_hears_once_and_nobody_of_themself() {
    let stage = Stage::new().await;
    stage.world.cast(&stage.team, &stage.ben, Some(Role::Manager));
    stage.ben.send(Method::PUT, &format!("{}/watch", stage.path), None).await.expect(204);
    stage.world.cast(&stage.team, &stage.ben, Some(Role::Member));
    let made = stage.say(&stage.ana, json!({"body": "Done soon", "mentions": [stage.olga.id, stage.ana.id]})).await;
    let path = made.expect(201).header("location");
    assert_eq!(told_of_work(&stage.olga).await, ["delegation-mentioned"]);
    assert_eq!(told_of_work(&stage.ben).await, ["delegation-commented"]);
    assert_eq!(told_of_work(&stage.ana).await, ["delegation-offered"]);
    edit(&stage.ana, &path, "*", json!({"body": "Done now"})).await.expect(200);
    assert_eq!(told_of_work(&stage.olga).await.len(), 1, "an edit is no news");
    let both = json!({"body": "Done now", "mentions": [stage.olga.id, stage.ben.id]});
    edit(&stage.ana, &path, "*", both).await.expect(200);
    assert_eq!(told_of_work(&stage.olga).await.len(), 1, "who was named before knows");
    assert_eq!(told_of_work(&stage.ben).await, ["delegation-mentioned", "delegation-commented"]);
    let seen = stage.olga.get("/api/v1/me/notifications").await.expect(200);
    let detail = &seen.json["items"][0]["detail"];
    assert_eq!((&detail["title"], &detail["by"]), (&json!("Sweep"), &json!("Ana")));
    assert_eq!(format!("{}/comments/{}", stage.path, detail["comment_id"].as_str().unwrap()), path);
}

#[tokio::test]
async fn a_guest_takes_part_until_the_grant_ends() {
    let stage = Stage::new().await;
    let home = stage.world.team(&stage.olga, "Elsewhere").await;
    let gus = stage.world.join(&stage.olga, &home, "member", "Gus").await;
    stage.say(&gus, json!({"body": "May I?"})).await.problem(403, "access-denied");
    let id = stage.path.rsplit('/').next().unwrap();
    let soon = Timestamp::parse("2026-03-01T09:10:00Z").unwrap();
    forge::grant(&stage.world, &stage.team, id, &gus, "member", soon.micros());
    let path = stage.say(&gus, json!({"body": "I may"})).await.expect(201).header("location");
    edit(&gus, &path, "*", json!({"body": "I may indeed"})).await.expect(200);
    gus.send(Method::PUT, &format!("{}/watch", stage.path), None).await.expect(204);
    stage.say(&stage.ana, json!({"body": "Welcome"})).await.expect(201);
    assert_eq!(told_of_work(&gus).await, ["delegation-commented"]);
    let mine = gus.get("/api/v1/me/delegations?role=guest").await.expect(200);
    assert_eq!(mine.text("/items/0/id"), id);
    let other = offer(&stage.olga, &stage.team, &stage.ana).await;
    gus.get(&other).await.problem(403, "access-denied");
    gus.get(&format!("/api/v1/teams/{}/delegations", stage.team)).await.problem(403, "access-denied");
    stage.world.pass(Duration::from_mins(10));
    gus.get(&format!("{}/comments", stage.path)).await.problem(403, "access-denied");
    edit(&gus, &path, "*", json!({"body": "Still"})).await.problem(403, "access-denied");
    stage.say(&stage.ana, json!({"body": "Gone"})).await.expect(201);
    assert_eq!(told_of_work(&gus).await.len(), 1);
    assert_eq!(gus.get("/api/v1/me/delegations").await.expect(200).json["items"], json!([]));
    stage.world.cast(&stage.team, &gus, Some(Role::Member));
    gus.get(&stage.path).await.expect(200);
}

#[tokio::test]
async fn comments_come_in_pages_and_in_order() {
    let stage = Stage::new().await;
    for nth in 0..5 {
        stage.world.pass(Duration::from_millis(5));
        stage.say(&stage.ana, json!({"body": format!("No. {nth}")})).await.expect(201);
    }
    let list = format!("{}/comments?limit=2", stage.path);
    let first = stage.olga.get(&list).await.expect(200);
    assert_eq!((first.text("/items/0/body"), first.text("/items/1/body")), ("No. 0".into(), "No. 1".into()));
    let second = stage.olga.get(&format!("{list}&cursor={}", first.text("/next_cursor"))).await.expect(200);
    assert_eq!(second.text("/items/0/body"), "No. 2");
    for silent in ["", " \n", "\u{200b}"] {
        stage.say(&stage.ana, json!({"body": silent})).await.problem(422, "invalid");
    }
    stage.say(&stage.ana, json!({"body": "x".repeat(10_001)})).await.problem(422, "invalid");
}

#[tokio::test]
async fn the_sixty_first_comment_within_a_minute_answers_429() {
    let stage = Stage::new().await;
    for _ in 0..60 {
        stage.say(&stage.ana, json!({"body": "And another thing"})).await.expect(201);
    }
    stage.say(&stage.ana, json!({"body": "And one more"})).await.problem(429, "quota-exceeded");
    stage.say(&stage.olga, json!({"body": "Enough"})).await.expect(201);
}

#[tokio::test]
async fn of_edits_at_once_one_is_kept_and_the_others_are_told() {
    let stage = Stage::new().await;
    let path = stage.say(&stage.ana, json!({"body": "First"})).await.expect(201).header("location");
    let edits = (0..8).map(|nth| {
        let (ana, path) = (stage.ana.clone(), path.clone());
        tokio::spawn(async move { edit(&ana, &path, "\"1\"", json!({"body": format!("No. {nth}")})).await })
    });
    let mut kept = Vec::new();
    for edit in edits.collect::<Vec<_>>() {
        let answer = edit.await.unwrap();
        match answer.status.as_u16() {
            200 => kept.push(answer.text("/body")),
            _ => drop(answer.problem(412, "precondition-failed")),
        }
    }
    assert_eq!(stage.bodies(&stage.olga).await, kept);
    assert_eq!(kept.len(), 1);
}

#[tokio::test]
async fn what_is_gone_leaves_no_word_in_the_search() {
    let stage = Stage::new().await;
    let words = || forge::count(&stage.world, "search_index");
    let begin = words();
    let path = stage.say(&stage.ana, json!({"body": "dustpan and brush"})).await.expect(201).header("location");
    // Each word is found among the team's comments, and among those of the one delegation.
    assert_eq!(words(), begin + 6);
    edit(&stage.ana, &path, "*", json!({"body": "brush"})).await.expect(200);
    assert_eq!(words(), begin + 2);
    stage.ana.send(Method::DELETE, &path, None).await.expect(204);
    assert_eq!(words(), begin);
    stage.say(&stage.ana, json!({"body": "mop and bucket"})).await.expect(201);
    let editor = stage.olga.clone().with("if-match", "*");
    editor.send(Method::PATCH, &stage.path, Some(&json!({"title": "Sweep and mop"}))).await.expect(200);
    assert_eq!(words(), begin + 8);
    stage.olga.send(Method::DELETE, &stage.path, None).await.expect(204);
    assert_eq!(words(), begin - 1, "title and comments");
}
