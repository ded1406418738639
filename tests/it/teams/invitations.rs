//! Invitations: for whom, once, for how long, and what they do not tell.

use std::time::Duration;

use poem::http::Method;
use serde_json::{Value, json};

use crate::world::{Answer, Person, World};

const ACCEPT: &str = "/api/v1/invitations/accept";

async fn invite(person: &Person, team: &str, body: &Value) -> Answer {
    person.post(&format!("/api/v1/teams/{team}/invitations"), body).await
}

/// The token of a new invitation for a member.
async fn token(person: &Person, team: &str) -> String {
    invite(person, team, &json!({"role": "member"})).await.expect(201).text("/token")
}

/// Accepts as somebody new.
async fn accept(world: &World, token: &str, email: Option<&str>) -> Answer {
    let mut body = json!({"token": token, "name": "Nora"});
    if let Some(email) = email {
        body["email"] = json!(email);
    }
    world.stranger().post(ACCEPT, &body).await
}

async fn open(person: &Person, team: &str) -> Vec<String> {
    let list = person.get(&format!("/api/v1/teams/{team}/invitations")).await.expect(200);
    list.json["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn nobody_invites_above_themself() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let ada = world.join(&olga, &team, "admin", "Ada").await;
    let mona = world.join(&ada, &team, "manager", "Mona").await;
    let mia = world.join(&mona, &team, "member", "Mia").await;
    for (person, role) in
        [(&ada, "owner"), (&ada, "admin"), (&mona, "manager"), (&mona, "admin"), (&mia, "member"), (&mia, "owner")]
    {
        invite(person, &team, &json!({"role": role})).await.problem(403, "access-denied");
    }
    world.join(&olga, &team, "owner", "Otto").await;
    invite(&olga, &team, &json!({"role": "king"})).await.problem(422, "invalid");
}

#[tokio::test]
async fn an_invitation_for_one_address_is_for_nobody_else() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let body = json!({"role": "member", "email": "Nora@Example.test"});
    let token = invite(&olga, &team, &body).await.expect(201).text("/token");
    accept(&world, &token, Some("mallory@example.test")).await.problem(409, "already-used");
    accept(&world, &token, None).await.problem(409, "already-used");
    let nora = world.person(&accept(&world, &token, Some("NORA@example.TEST")).await.expect(201));
    assert_eq!(nora.get("/api/v1/me").await.expect(200).text("/teams/0/id"), team);

    let other = world.team(&olga, "Other").await;
    let token = invite(&olga, &other, &body).await.expect(201).text("/token");
    let mia = world.join(&olga, &team, "member", "Mia").await;
    mia.post(ACCEPT, &json!({"token": token, "email": "nora@example.test"})).await.problem(409, "already-used");
    let joined = nora.post(ACCEPT, &json!({"token": token})).await.expect(200);
    assert_eq!(joined.json, json!({"team_id": other}));
}

#[tokio::test]
async fn an_invitation_works_once() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    for _ in 0..4 {
        let token = token(&olga, &team).await;
        let (first, second) = tokio::join!(accept(&world, &token, None), accept(&world, &token, None));
        let mut answers = [first, second];
        answers.sort_by_key(|answer| answer.status);
        let [won, lost] = answers;
        won.expect(201);
        lost.problem(409, "already-used");
        accept(&world, &token, None).await.problem(409, "already-used");
    }
    let members = olga.get(&format!("/api/v1/teams/{team}/members")).await.expect(200);
    assert_eq!(members.json["items"].as_array().unwrap().len(), 1 + 4, "and nobody without a name came in");
    assert_eq!(world.audit(&olga, "event=user.created").await.len(), 1 + 4);
}

#[tokio::test]
async fn a_closed_invitation_opens_nothing() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let made = invite(&olga, &team, &json!({"role": "member", "expires_in": 60})).await.expect(201);
    world.pass(Duration::from_mins(1));
    accept(&world, &made.text("/token"), None).await.problem(409, "already-used");

    let made = invite(&olga, &team, &json!({"role": "member", "expires_in": 60})).await.expect(201);
    assert_eq!(open(&olga, &team).await, [made.text("/id")]);
    olga.send(Method::DELETE, &made.header("location"), None).await.expect(204);
    accept(&world, &made.text("/token"), None).await.problem(409, "already-used");
    olga.send(Method::DELETE, &made.header("location"), None).await.problem(404, "not-found");
    assert_eq!(open(&olga, &team).await, Vec::<String>::new());

    let token = token(&olga, &team).await;
    let mistyped = format!("{}{}", &token[..token.len() - 1], if token.ends_with('x') { 'y' } else { 'x' });
    let session = olga.token.clone().unwrap();
    for wrong in [mistyped.as_str(), &token[1..], session.as_str(), "mlt_i_", "?"] {
        let refused = accept(&world, wrong, None).await.problem(401, "invalid-token");
        assert!(refused.header("www-authenticate").starts_with("Bearer "), "{wrong}");
    }
    accept(&world, &token, None).await.expect(201);
}

#[tokio::test]
async fn who_cannot_come_in_leaves_the_door_open() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let mia = world.join(&olga, &team, "member", "Mia").await;
    let token = token(&olga, &team).await;
    let size = world.audit_size();
    mia.post(ACCEPT, &json!({"token": token})).await.problem(409, "already-exists");
    assert_eq!(world.audit_size(), size + 1);
    assert_eq!(mia.get("/api/v1/me").await.expect(200).text("/teams/0/role"), "member");
    let nameless = world.stranger().post(ACCEPT, &json!({"token": token})).await.problem(422, "invalid");
    assert_eq!(nameless.text("/errors/0/pointer"), "/name");
    accept(&world, &token, Some("owner@milton.test")).await.problem(409, "link-required");
    assert_eq!(world.audit(&olga, "event=user.created").await.len(), 2, "no account was left behind");
    accept(&world, &token, None).await.expect(201);
}

#[tokio::test]
async fn managers_see_and_close_their_own() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let ada = world.join(&olga, &team, "admin", "Ada").await;
    let mona = world.join(&olga, &team, "manager", "Mona").await;
    let made = |answer: Answer| (answer.text("/id"), answer.header("location"));
    let (by_olga, path_of_olgas) = made(invite(&olga, &team, &json!({"role": "member"})).await.expect(201));
    world.pass(Duration::from_secs(1));
    let (by_mona, path_of_monas) = made(invite(&mona, &team, &json!({"role": "member"})).await.expect(201));
    for sees_all in [&olga, &ada] {
        assert_eq!(open(sees_all, &team).await, [by_olga.clone(), by_mona.clone()]);
    }
    assert_eq!(open(&mona, &team).await, [by_mona]);
    mona.send(Method::DELETE, &path_of_olgas, None).await.problem(403, "access-denied");
    mona.send(Method::DELETE, &path_of_monas, None).await.expect(204);
    assert_eq!(open(&ada, &team).await, [by_olga]);
}

#[tokio::test]
async fn an_invitation_tells_neither_team_nor_address() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Hush-hush").await;
    let body = json!({"role": "member", "email": "nora@example.test"});
    let made = invite(&olga, &team, &body).await.expect(201);
    let token = made.text("/token");
    let list = olga.get(&format!("/api/v1/teams/{team}/invitations")).await.expect(200);
    let refused = accept(&world, &token, Some("mallory@example.test")).await.problem(409, "already-used");
    let rows: Vec<Value> = world.audit(&olga, "").await;
    let texts = [made.text.clone(), list.text.clone(), refused.text, json!(rows).to_string()];
    for text in &texts {
        assert!(!text.contains("Hush") && !text.contains("example.test"), "{text}");
    }
    for text in &texts[1..] {
        assert!(!text.contains(&token), "{text}");
    }
    assert_eq!(list.json["items"][0]["email_bound"], true);
    let (_, fragment) = made.text("/url").split_once("/invite#").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(fragment, token, "where no server log sees it");
}

#[tokio::test]
async fn an_invitation_lives_a_minute_to_thirty_days() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    for (seconds, until) in [(60, "2026-03-01T09:01:00Z"), (2_592_000, "2026-03-31T09:00:00Z")] {
        let made = invite(&olga, &team, &json!({"role": "member", "expires_in": seconds})).await.expect(201);
        assert_eq!(made.text("/expires_at"), until);
    }
    let made = invite(&olga, &team, &json!({"role": "member"})).await.expect(201);
    assert_eq!(made.text("/expires_at"), "2026-03-08T09:00:00Z", "seven days when nobody says");
    for wrong in [json!(59), json!(2_592_001), json!(-1), json!("60"), json!(60.5)] {
        let refused = invite(&olga, &team, &json!({"role": "member", "expires_in": wrong})).await;
        refused.problem(422, "invalid");
    }
    world.pass(Duration::from_secs(604_799));
    accept(&world, &made.text("/token"), None).await.expect(201);
}
