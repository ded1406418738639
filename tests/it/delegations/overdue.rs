//! Overdue: found at reading, noticed by the timer, told once for each due time.

use std::time::Duration;

use milton::jobs::delegation_overdue::DelegationOverdue;
use poem::http::Method;
use serde_json::{Value, json};

use super::{step, told_of_work};
use crate::forge;
use crate::world::{Options, Person, World};

async fn timed() -> (World, Person, String, Person) {
    let options = Options::default().unlimited();
    let world = World::open_with(tempfile::tempdir().unwrap(), options, |jobs| jobs.with(DelegationOverdue));
    let owner = world.claim("Olga").await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    world.jobs.look(&world.app).await;
    (world, owner, team, ana)
}

async fn work(owner: &Person, team: &str, ana: &Person, due_at: &str) -> String {
    let body = json!({"title": "Sweep", "assignee_id": ana.id, "offer": true, "due_at": due_at});
    owner.post(&format!("/api/v1/teams/{team}/delegations"), &body).await.expect(201).header("location")
}

async fn change(who: &Person, path: &str, body: Value) {
    who.clone().with("if-match", "*").send(Method::PATCH, path, Some(&body)).await.expect(200);
}

#[tokio::test]
async fn it_is_noticed_once_for_each_due_time() {
    let (world, owner, team, ana) = timed().await;
    let path = work(&owner, &team, &ana, "2026-03-01T10:00:00Z").await;
    let news = async |who: &Person| told_of_work(who).await.iter().filter(|kind| *kind == "delegation-overdue").count();
    world.pass(Duration::from_mins(59));
    world.jobs.look(&world.app).await;
    assert_eq!(owner.get(&path).await.expect(200).json["overdue"], false);
    world.pass(Duration::from_mins(1));
    let etag = owner.get(&path).await.header("etag");
    assert_eq!(owner.get(&path).await.expect(200).json["overdue"], true, "at reading, before anything noticed it");
    assert_eq!((news(&owner).await, news(&ana).await), (0, 0));
    for _ in 0..3 {
        world.pass(Duration::from_mins(5));
        world.jobs.look(&world.app).await;
    }
    let marked = owner.get(&path).await.expect(200);
    assert_eq!((marked.text("/overdue_at"), marked.header("etag")), ("2026-03-01T10:05:00Z".to_owned(), etag));
    assert_eq!((news(&owner).await, news(&ana).await), (1, 1));
    let rows = world.audit(&owner, "event=delegation.overdue").await;
    assert_eq!((rows.len(), &rows[0]["scope"], &rows[0]["actor"]["kind"]), (1, &json!(team), &json!("job")));
    assert_eq!(rows[0]["resource_id"], path.rsplit('/').next().unwrap());

    change(&owner, &path, json!({"title": "Sweep twice"})).await;
    assert_eq!(owner.get(&path).await.text("/overdue_at"), "2026-03-01T10:05:00Z");
    change(&owner, &path, json!({"due_at": "2026-03-02T10:00:00Z"})).await;
    let later = owner.get(&path).await.expect(200);
    assert_eq!((&later.json["overdue"], later.json.get("overdue_at")), (&json!(false), None));
    world.pass(Duration::from_hours(25));
    let (owner, ana) = (world.sign_in_again(&owner).await, world.sign_in_again(&ana).await);
    world.jobs.look(&world.app).await;
    assert_eq!((news(&owner).await, news(&ana).await), (2, 2));
}

#[tokio::test]
async fn what_nobody_has_or_is_finished_is_not_overdue() {
    let (world, owner, team, ana) = timed().await;
    let due = "2026-03-01T10:00:00Z";
    let done = work(&owner, &team, &ana, due).await;
    step(&ana, &done, "accept").await.expect(200);
    step(&ana, &done, "done").await.expect(200);
    let declined = work(&owner, &team, &ana, due).await;
    step(&ana, &declined, "decline").await.expect(200);
    let gone = work(&owner, &team, &ana, due).await;
    owner.send(Method::DELETE, &gone, None).await.expect(204);
    let list = format!("/api/v1/teams/{team}/delegations");
    owner.post(&list, &json!({"title": "Draft", "due_at": due})).await.expect(201);
    world.pass(Duration::from_hours(2));
    world.jobs.look(&world.app).await;
    assert!(world.audit(&owner, "event=delegation.overdue").await.is_empty());
    assert_eq!(owner.get(&format!("{list}?overdue=true")).await.expect(200).json["items"], json!([]));
    step(&owner, &done, "reopen").await.expect(200);
    assert_eq!(
        owner.get(&format!("{list}?overdue=true")).await.expect(200).text("/items/0/id"),
        done[done.len() - 36..]
    );
    assert_eq!(
        owner.get(&format!("{list}?overdue=false")).await.expect(200).json["items"].as_array().unwrap().len(),
        2
    );
    world.pass(Duration::from_mins(5));
    world.jobs.look(&world.app).await;
    assert_eq!(world.audit(&owner, "event=delegation.overdue").await.len(), 1);
}

#[tokio::test]
async fn many_are_marked_batch_by_batch_team_by_team_and_closed_teams_not_at_all() {
    let (world, owner, team, ana) = timed().await;
    let other = world.team(&owner, "Other").await;
    let closed = world.team(&owner, "Closed").await;
    for _ in 0..120 {
        work(&owner, &team, &ana, "2026-03-01T10:00:00Z").await;
    }
    for team in [&other, &closed] {
        work(&owner, team, &owner, "2026-03-01T10:00:00Z").await;
    }
    forge::sql(&world, "UPDATE teams SET deleted_at = 1 WHERE id = ?1", [&closed]);
    world.pass(Duration::from_hours(2));
    let size = world.audit_size();
    world.jobs.look(&world.app).await;
    assert_eq!(world.audit_size(), size + 121, "one row for each, and none for the run");
    assert_eq!(forge::number(&world, "SELECT count(*) FROM delegations WHERE overdue_at IS NULL"), 1);
    let mine = owner.get("/api/v1/me/delegations?sort=due&limit=100").await.expect(200);
    assert!(mine.json["items"].as_array().unwrap().iter().all(|item| item["team_id"] != json!(closed)));
}
