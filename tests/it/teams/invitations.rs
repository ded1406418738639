//! Invitations: for whom, once, for how long, and what they do not tell.

use std::collections::HashMap;
use std::time::Duration;

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use crate::forge;
use crate::qr::codes;
use crate::world::{Answer, Options, Person, World};

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
async fn where_nobody_vouches_for_an_address_none_is_bound() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let body = json!({"role": "member", "email": "nora@example.test"});
    let refused = invite(&olga, &team, &body).await.problem(422, "invalid");
    assert_eq!(refused.text("/errors/0/pointer"), "/email");
    assert!(refused.text("/errors/0/detail").contains("provider"), "{}", refused.text);
    assert_eq!(open(&olga, &team).await, Vec::<String>::new());
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
        lost.problem(409, "invitation-closed");
        accept(&world, &token, None).await.problem(409, "invitation-closed");
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
    accept(&world, &made.text("/token"), None).await.problem(409, "invitation-closed");

    let made = invite(&olga, &team, &json!({"role": "member", "expires_in": 60})).await.expect(201);
    assert_eq!(open(&olga, &team).await, [made.text("/id")]);
    olga.send(Method::DELETE, &made.header("location"), None).await.expect(204);
    accept(&world, &made.text("/token"), None).await.problem(409, "invitation-closed");
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
    assert_eq!(world.audit(&olga, "event=user.created").await.len(), 2, "no account was left behind");
    accept(&world, &token, Some("owner@milton.test")).await.expect(201);
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
async fn an_invitation_does_not_tell_its_team() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Hush-hush").await;
    let made = invite(&olga, &team, &json!({"role": "member"})).await.expect(201);
    let token = made.text("/token");
    let list = olga.get(&format!("/api/v1/teams/{team}/invitations")).await.expect(200);
    let revoke = format!("/api/v1/teams/{team}/invitations/{}", made.text("/id"));
    olga.send(Method::DELETE, &revoke, None).await.expect(204);
    let refused = accept(&world, &token, None).await.problem(409, "invitation-closed");
    let rows: Vec<Value> = world.audit(&olga, "").await;
    let texts = [made.text.clone(), list.text.clone(), refused.text, json!(rows).to_string()];
    for text in &texts {
        assert!(!text.contains("Hush"), "{text}");
    }
    for text in &texts[1..] {
        assert!(!text.contains(&token), "{text}");
    }
    assert_eq!(list.json["items"][0]["email_bound"], false);
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

#[tokio::test]
async fn a_stale_sign_in_lets_no_admin_in() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let ada = world.join(&olga, &team, "admin", "Ada").await;
    world.pass(Duration::from_mins(11));
    for role in ["owner", "admin"] {
        let refused = invite(&olga, &team, &json!({"role": role})).await.problem(401, "step-up-required");
        assert!(refused.header("www-authenticate").contains("insufficient_user_authentication"));
        invite(&ada, &team, &json!({"role": role})).await.problem(403, "access-denied");
    }
    let denied = &world.audit(&olga, "event=authz.denied").await[1];
    assert_eq!(denied["detail"]["permission"], "invitation:create-high");
    for role in ["manager", "member"] {
        invite(&olga, &team, &json!({"role": role})).await.expect(201);
    }
    let olga = world.sign_in("owner@milton.test").await;
    invite(&olga, &team, &json!({"role": "owner"})).await.expect(201);
}

#[tokio::test]
async fn an_invitation_falls_with_whoever_made_it() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let members = format!("/api/v1/teams/{team}/members");
    let otto = world.join(&olga, &team, "owner", "Otto").await;
    let back_door = invite(&otto, &team, &json!({"role": "owner"})).await.expect(201).text("/token");
    olga.send(Method::DELETE, &format!("{members}/{}", otto.id), None).await.expect(204);
    assert_eq!(world.audit(&olga, "event=team.member.removed").await[0]["detail"]["invitations_revoked"], "1");
    otto.post(ACCEPT, &json!({"token": back_door})).await.problem(409, "invitation-closed");
    accept(&world, &back_door, None).await.problem(409, "invitation-closed");

    let ada = world.join(&olga, &team, "admin", "Ada").await;
    let for_manager = invite(&ada, &team, &json!({"role": "manager"})).await.expect(201).text("/token");
    let (first, second) = (token(&ada, &team).await, token(&ada, &team).await);
    let lower = json!({"role": "manager"});
    olga.send(Method::PUT, &format!("{members}/{}", ada.id), Some(&lower)).await.expect(204);
    assert_eq!(open(&olga, &team).await.len(), 2, "what a Manager may give too stays open");
    accept(&world, &for_manager, None).await.problem(409, "invitation-closed");
    accept(&world, &first, None).await.expect(201);
    ada.post(&format!("/api/v1/teams/{team}/leave"), &json!({})).await.expect(204);
    accept(&world, &second, None).await.problem(409, "invitation-closed");
    assert_eq!(open(&olga, &team).await, Vec::<String>::new());
}

#[tokio::test]
async fn whoever_made_an_invitation_is_judged_again_when_it_is_used() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let ada = world.join(&olga, &team, "admin", "Ada").await;
    let token = token(&ada, &team).await;
    ada.post(ACCEPT, &json!({"token": token})).await.problem(409, "invitation-closed");
    for role in [None, Some(Role::Member)] {
        // Behind the server's back, so that nothing closed the invitation.
        world.cast(&team, &ada, role);
        assert_eq!(open(&olga, &team).await.len(), 1);
        accept(&world, &token, None).await.problem(409, "invitation-closed");
        ada.post(ACCEPT, &json!({"token": token})).await.problem(409, "invitation-closed");
    }
    world.cast(&team, &ada, Some(Role::Manager));
    forge::sql(&world, "UPDATE users SET state = 'suspended' WHERE id = ?1", [&ada.id]);
    accept(&world, &token, None).await.problem(409, "invitation-closed");
    forge::sql(&world, "UPDATE users SET state = 'active' WHERE id = ?1", [&ada.id]);
    accept(&world, &token, None).await.expect(201);
}

#[tokio::test]
async fn a_refused_invitation_costs_no_hash_and_a_made_one_is_charged_once() {
    let quotas = HashMap::from([("sign-ins", 1_000), ("invitations", 3)]);
    let world = World::with(Options { quotas, ..Options::default() });
    let olga = world.claim("Olga").await;
    let team = world.team(&olga, "Ops").await;
    let mia = world.join(&olga, &team, "member", "Mia").await;
    mia.get("/api/v1/me").await.expect(200);
    let before = world.app.hashes();
    let (rows, body) = (world.audit_size(), json!({"role": "member"}));
    for _ in 0..3 {
        invite(&mia, &team, &body).await.problem(403, "access-denied");
    }
    invite(&mia, &team, &body).await.problem(429, "quota-exceeded");
    assert_eq!(world.app.hashes(), before);
    assert_eq!(world.audit_size(), rows + 4, "and each is on record, the used-up quota once");

    for left in [1, 0] {
        let made = invite(&olga, &team, &body).await.expect(201);
        assert_eq!(made.header("ratelimit"), format!("\"invitations\";r={left}"));
    }
    invite(&olga, &team, &body).await.problem(429, "quota-exceeded");
    assert_eq!(world.app.hashes(), before + 2);
}

#[tokio::test]
async fn the_code_of_an_invitation_says_its_address() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let made = invite(&olga, &team, &json!({"role": "member"})).await.expect(201);
    let said = codes::read_svg(&made.text("/qr_svg"));
    assert_eq!(said, made.text("/url"));
    let (_, token) = said.split_once('#').unwrap();
    accept(&world, token, None).await.expect(201);
}

#[tokio::test]
async fn what_became_of_each_invitation_can_be_seen() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let mona = world.join(&olga, &team, "manager", "Mona").await;
    let path = format!("/api/v1/teams/{team}/invitations");
    let listed = async |person: &Person, query: &str| {
        let list = person.get(&format!("{path}{query}")).await.expect(200);
        let line = |item: &Value| format!("{} {}", item["id"].as_str().unwrap(), item["state"].as_str().unwrap());
        list.json["items"].as_array().unwrap().iter().map(line).collect::<Vec<_>>()
    };
    let [used, revoked, expired, open] =
        [60, 3_600, 60, 3_600].map(|seconds| json!({"role": "member", "expires_in": seconds}));
    let [used, revoked, expired, open] = [
        invite(&olga, &team, &used).await.expect(201),
        invite(&olga, &team, &revoked).await.expect(201),
        invite(&olga, &team, &expired).await.expect(201),
        invite(&mona, &team, &open).await.expect(201),
    ];
    accept(&world, &used.text("/token"), None).await.expect(201);
    olga.send(Method::DELETE, &revoked.header("location"), None).await.expect(204);
    world.pass(Duration::from_mins(1));
    for (query, made, state) in [
        ("", &open, "open"),
        ("?state=open", &open, "open"),
        ("?state=revoked", &revoked, "revoked"),
        ("?state=expired", &expired, "expired"),
    ] {
        assert_eq!(listed(&olga, query).await, [format!("{} {state}", made.text("/id"))], "{query}");
    }
    let used_ones = listed(&olga, "?state=used").await;
    assert!(used_ones.contains(&format!("{} used", used.text("/id"))) && used_ones.len() == 2, "{used_ones:?}");
    assert_eq!(listed(&mona, "").await.len(), 1);
    assert_eq!(listed(&mona, "?state=used").await, Vec::<String>::new(), "what others made is theirs");
    olga.get(&format!("{path}?state=king")).await.problem(422, "invalid");
}
