//! The main job: a delegation from its creation to its confirmation, and what each gate on the way refuses.

mod bulk;
mod comments;
mod drafts;
mod leaving;
mod lists;
mod overdue;
mod steps;
mod watching;

use poem::http::Method;
use serde_json::json;

use crate::world::{Answer, Options, Person, World};

async fn step(person: &Person, path: &str, step: &str) -> Answer {
    person.post(&format!("{path}/{step}"), &json!({})).await
}

/// What kinds of news about work somebody heard, newest first.
async fn told_of_work(person: &Person) -> Vec<String> {
    let told = crate::notifications::told(person, "").await;
    let kinds = told.iter().map(|news| news["kind"].as_str().unwrap().to_owned());
    kinds.filter(|kind| kind.starts_with("delegation-")).collect()
}

#[tokio::test]
async fn from_offer_to_confirmation() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    let body = json!({"title": "Renew the lease", "body": "By Friday", "assignee_id": ana.id, "priority": "high",
        "labels": ["office"], "due_at": "2026-03-06T12:00:00Z", "offer": true});
    let made = owner.post(&list, &body).await.expect(201);
    let path = made.header("location");
    assert_eq!(path, format!("{list}/{}", made.text("/id")));
    assert_eq!(made.header("etag"), made.text("/etag"));
    assert_eq!(made.header("ratelimit"), "\"delegations\";r=19");
    assert_eq!(made.text("/state"), "offered");
    assert_eq!(made.text("/assignee/name"), "Ana");

    let seen = ana.get(&path).await.expect(200);
    assert_eq!(seen.json, made.json);
    for (who, name, state) in [
        (&ana, "accept", "accepted"),
        (&ana, "start", "in_progress"),
        (&ana, "done", "done"),
        (&owner, "reopen", "in_progress"),
        (&ana, "done", "done"),
        (&owner, "confirm", "confirmed"),
    ] {
        let moved = step(who, &path, name).await.expect(200);
        assert_eq!(moved.text("/state"), state);
        let row = &world.audit(&owner, &format!("resource_id={}", made.text("/id"))).await[0];
        assert_eq!(row["seq"].to_string(), moved.header("milton-audit"), "the row that the answer names");
        assert_eq!(row["actor"]["user_id"], who.id);
    }
    let chain = ana.get(&format!("{path}/custody")).await.expect(200);
    let steps: Vec<_> = chain.json["items"].as_array().unwrap().iter().map(|link| link["step"].clone()).collect();
    assert_eq!(json!(steps), json!(["create", "accept", "start", "done", "reopen", "done", "confirm"]));
}

#[tokio::test]
async fn each_step_belongs_to_one_side() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    let body = json!({"title": "Water the plants", "assignee_id": ana.id, "offer": true});
    let path = owner.post(&list, &body).await.expect(201).header("location");
    step(&owner, &path, "accept").await.problem(403, "access-denied");
    let early = step(&ana, &path, "done").await.problem(409, "wrong-state");
    assert_eq!(early.text("/detail"), "The present state does not allow this step: it is offered.");
    step(&ana, &path, "cancel").await.problem(403, "access-denied");
    step(&ana, &path, "accept").await.expect(200);
    step(&ana, &path, "done").await.expect(200);
    step(&ana, &path, "confirm").await.problem(403, "access-denied");
}

#[tokio::test]
async fn a_member_sees_only_what_concerns_them() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    let ben = world.join(&owner, &team, "member", "Ben").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    let path = ana.post(&list, &json!({"title": "Ana's own"})).await.expect(201).header("location");
    let count = |answer: Answer| answer.json["items"].as_array().unwrap().len();
    assert_eq!(count(owner.get(&list).await), 1);
    assert_eq!(count(ana.get(&list).await), 1);
    assert_eq!(count(ben.get(&list).await), 0);
    let unseen = ben.get(&path).await.problem(403, "access-denied");
    let missing = ben.get(&format!("{list}/01957000-0000-7000-8000-000000000000")).await.problem(403, "access-denied");
    assert_eq!(unseen.json["detail"], missing.json["detail"]);
    owner.get(&format!("{list}/01957000-0000-7000-8000-000000000000")).await.problem(404, "not-found");
    step(&ana, &path, "reassign").await.problem(422, "invalid");
    ana.post(&format!("{path}/reassign"), &json!({"assignee_id": ben.id})).await.expect(200);
    assert_eq!(count(ben.get("/api/v1/me/delegations?role=assignee").await), 1);
    assert_eq!(count(ben.get("/api/v1/me/delegations?role=delegator").await), 0);
    assert_eq!(count(ana.get("/api/v1/me/delegations?state=offered").await), 1);
}

#[tokio::test]
async fn labels_that_differ_by_case_alone_are_one() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    let body = json!({"title": "Plan", "labels": ["Straße", "Yard", "STRASSE", " yard "]});
    let made = owner.post(&list, &body).await.expect(201);
    assert_eq!(made.json["labels"], json!(["Straße", "Yard"]));
    let editor = owner.clone().with("if-match", "*");
    let changed = editor.send(Method::PATCH, &made.header("location"), Some(&json!({"labels": ["a", "A", "b"]}))).await;
    assert_eq!(changed.expect(200).json["labels"], json!(["a", "b"]));
}

#[tokio::test]
async fn lost_updates_answer_412() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    let body = json!({"title": "Plan", "due_at": "2026-03-06T12:00:00Z"});
    let made = owner.post(&list, &body).await.expect(201);
    let path = made.header("location");
    let edit = |tag: String, body: serde_json::Value| {
        let owner = owner.clone().with("if-match", &tag);
        let path = path.clone();
        async move { owner.send(Method::PATCH, &path, Some(&body)).await }
    };
    let first = edit(made.header("etag"), json!({"title": "Plan B"})).await.expect(200);
    assert_eq!(first.text("/title"), "Plan B");
    edit(made.header("etag"), json!({"title": "Plan C"})).await.problem(412, "precondition-failed");
    let cleared = edit(first.header("etag"), json!({"due_at": null, "body": "x"})).await.expect(200);
    assert_eq!(cleared.json.get("due_at"), None);
    assert_eq!(cleared.text("/title"), "Plan B");
    edit("*".to_owned(), json!({"labels": ["a", "b"]})).await.expect(200);
    owner.send(Method::PATCH, &path, Some(&json!({"title": "x"}))).await.problem(422, "invalid");
    owner.send(Method::DELETE, &path, None).await.expect(204);
    owner.get(&path).await.problem(404, "not-found");
}

#[tokio::test]
async fn the_twenty_first_creation_within_the_hour_answers_429() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    for _ in 0..20 {
        owner.post(&list, &json!({"title": "One more"})).await.expect(201);
    }
    for _ in 0..2 {
        let refused = owner.post(&list, &json!({"title": "Too many"})).await.problem(429, "quota-exceeded");
        assert_eq!(refused.header("retry-after"), "180");
        assert_eq!(refused.header("ratelimit"), "\"delegations\";r=0;t=180");
        assert_eq!(refused.header("ratelimit-policy"), "\"delegations\";q=20;w=3600");
    }
    assert_eq!(world.audit(&owner, "event=ratelimit.exceeded").await.len(), 1, "one row per window and caller");
    let options = Options { clock: world.clock.clone(), ..Options::default() };
    let token = owner.token.clone().unwrap();
    drop(owner);
    let world = world.restart(options).await;
    let again = world.holder(&token);
    again.post(&list, &json!({"title": "After a restart"})).await.problem(429, "quota-exceeded");
    world.pass(std::time::Duration::from_mins(3));
    again.post(&list, &json!({"title": "Three minutes later"})).await.expect(201);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    for nth in 0..5 {
        world.pass(std::time::Duration::from_millis(5));
        owner.post(&list, &json!({"title": format!("No. {nth}")})).await.expect(201);
    }
    let mut titles = Vec::new();
    let mut next = Some(format!("{list}?limit=2"));
    while let Some(path) = next {
        let page = owner.get(&path).await.expect(200);
        titles.extend(page.json["items"].as_array().unwrap().iter().map(|item| item["title"].clone()));
        next = page.json["next_cursor"].as_str().map(|cursor| format!("{list}?limit=2&cursor={cursor}"));
    }
    assert_eq!(json!(titles), json!(["No. 4", "No. 3", "No. 2", "No. 1", "No. 0"]));
    owner.get(&format!("{list}?cursor=%2A")).await.problem(422, "invalid");
    owner.get(&format!("{list}?limit=0")).await.problem(422, "invalid");
    owner.get(&format!("{list}?state=lost")).await.problem(422, "invalid");
}

#[tokio::test]
async fn a_due_time_beyond_the_calendar_is_refused_by_name() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    let path = format!("{list}/{}", owner.post(&list, &json!({"title": "Plan"})).await.expect(201).text("/id"));
    for beyond in ["9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00+23:59"] {
        let made = owner.post(&list, &json!({"title": "Plan", "due_at": beyond})).await.problem(422, "invalid");
        assert_eq!(made.text("/errors/0/pointer"), "/due_at");
        let editor = owner.clone().with("if-match", "*");
        let changed = editor.send(Method::PATCH, &path, Some(&json!({"due_at": beyond}))).await;
        assert_eq!(changed.problem(422, "invalid").text("/errors/0/pointer"), "/due_at");
        let asked =
            owner.get(&format!("{list}?due_before={}", beyond.replace('+', "%2B"))).await.problem(422, "invalid");
        assert_eq!(asked.text("/errors/0/pointer"), "due_before");
    }
    for edge in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        let made = owner.post(&list, &json!({"title": "Plan", "due_at": edge})).await.expect(201);
        assert_eq!(made.text("/due_at"), edge);
    }
}
