//! One-time links under attack: used twice, too late, forged, by the wrong people and too often.

use std::collections::HashMap;
use std::time::Duration;

use milton::base::secret::Secret;
use milton::crypto::TokenKind;
use milton::domain::actor::{Actor, Caller};
use milton::domain::text::Email;
use milton::domain::{Conflict, Error};
use serde_json::{Value, json};

use crate::forge;
use crate::world::{Answer, Options, Person, World};

const LINK: &str = "/api/v1/auth/link";
const LIFETIME: Duration = Duration::from_mins(10);
const OWNER: &str = "owner@milton.test";

fn operator() -> Caller {
    Caller::local(Actor::Operator)
}

/// The token of a new link that signs the person with this address in.
pub async fn sign_in_token(world: &World, email: &str) -> String {
    let link = world.app.create_sign_in_link(&operator(), Email::parse("/email", email).unwrap()).await.unwrap();
    token_in(&link.url)
}

fn token_in(url: &Secret<String>) -> String {
    url.expose().split_once('#').unwrap().1.to_owned()
}

/// Signs the owner in once more.
pub async fn owner_again(world: &World) -> Person {
    let token = sign_in_token(world, OWNER).await;
    world.person(&open(&world.stranger(), &token).await.expect(201))
}

async fn open(person: &Person, token: &str) -> Answer {
    person.post(LINK, &json!({"token": token})).await
}

async fn claim(person: &Person, token: &str) -> Answer {
    person.post(LINK, &json!({"token": token, "name": "Olga Owner", "email": OWNER})).await
}

/// The newest refused sign-in, which must be the only one since the last call.
pub async fn refusal(world: &World, owner: &Person, seen: &mut usize) -> Value {
    world.app.record_bursts(true).await.unwrap();
    let rows = world.audit(owner, "event=auth.login.failed").await;
    assert_eq!(rows.len(), *seen + 1, "each refusal has its row");
    *seen += 1;
    assert_eq!(rows[0]["outcome"], "failure");
    assert_eq!(rows[0]["actor"]["kind"], "anonymous");
    rows[0]["detail"].clone()
}

#[tokio::test]
async fn a_claim_link_makes_one_owner_and_works_once() {
    let world = World::unclaimed();
    let token = world.claim_token().await;
    let first = claim(&world.stranger(), &token).await.expect(201);
    assert!(first.text("/token").starts_with("mlt_s_"));
    assert_eq!(first.header("location"), "/api/v1/me");
    let owner = world.person(&first);
    assert_eq!(owner.get("/api/v1/me").await.expect(200).text("/instance_role"), "owner");

    let mut seen = 0;
    for attempt in 0..3 {
        claim(&world.stranger(), &token).await.problem(409, "already-used");
        let detail = refusal(&world, &owner, &mut seen).await;
        assert_eq!(detail, json!({"error": "already-used", "method": "link"}), "attempt {attempt}");
    }
    assert_eq!((forge::count(&world, "users"), forge::count(&world, "sessions")), (1, 1));
}

#[tokio::test]
async fn of_many_who_open_a_link_at_once_one_gets_in() {
    let world = World::unclaimed();
    let tokens = [world.claim_token().await, world.claim_token().await];
    let mut crowd = tokio::task::JoinSet::new();
    for number in 0..10 {
        let (person, token) = (world.stranger(), tokens[number % 2].clone());
        crowd.spawn(async move { claim(&person, &token).await });
    }
    let (winners, losers): (Vec<_>, Vec<_>) = crowd.join_all().await.into_iter().partition(|one| one.status == 201);
    assert_eq!((winners.len(), losers.len()), (1, 9));
    for loser in losers {
        loser.problem(409, "already-used");
    }
    assert_eq!((forge::count(&world, "users"), forge::count(&world, "sessions")), (1, 1));
    let owner = world.person(&winners[0]);
    world.app.record_bursts(true).await.unwrap();
    let used = world.audit(&owner, "event=auth.link.used").await;
    let failed = world.audit(&owner, "event=auth.login.failed").await;
    assert_eq!(used.iter().filter(|row| row["outcome"] == "success").count(), 1);
    assert_eq!(used.len() - 1 + failed.len(), 9, "one row for each who came too late");
}

#[tokio::test]
async fn a_link_lives_ten_minutes_to_the_microsecond() {
    let world = World::unclaimed();
    let owner = world.claim("Olga Owner").await;
    let (in_time, too_late) = (sign_in_token(&world, OWNER).await, sign_in_token(&world, OWNER).await);
    world.pass(LIFETIME.saturating_sub(Duration::from_micros(1)));
    open(&world.stranger(), &in_time).await.expect(201);
    world.pass(Duration::from_micros(1));
    let refused = open(&world.stranger(), &too_late).await.problem(401, "expired-token");
    assert!(refused.header("www-authenticate").starts_with("Bearer "));
    assert_eq!(refusal(&world, &owner, &mut 0).await, json!({"error": "unauthenticated", "method": "link"}));
}

#[tokio::test]
async fn what_is_no_link_of_ours_lets_nobody_in() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let invitation = owner.post(&format!("/api/v1/teams/{team}/invitations"), &json!({"role": "member"})).await;
    let link = sign_in_token(&world, OWNER).await;
    let wrong = [
        "x".to_owned(),
        "mlt_l_".to_owned(),
        link[..75].to_owned(),
        format!("{link}0"),
        format!(" {link}"),
        link.to_uppercase(),
        forge::mistyped(&link, 10),
        forge::mistyped(&link, 40),
        forge::mistyped(&link, 70),
        link.replacen("mlt_l_", "mlt_s_", 1),
        owner.token.clone().unwrap(),
        invitation.expect(201).text("/token"),
        forge::unknown(&world, TokenKind::SignInLink),
        forge::unknown(&world, TokenKind::ApiKey),
        forge::with_selector_of(&world, &link),
    ];
    let mut seen = 0;
    for token in wrong {
        open(&world.stranger(), &token).await.problem(401, "invalid-token");
        let detail = refusal(&world, &owner, &mut seen).await;
        assert_eq!(detail, json!({"error": "unauthenticated", "method": "link"}), "{token}");
    }
    assert_eq!(forge::count(&world, "sessions"), 1);
    open(&world.stranger(), &link).await.expect(201);
}

#[tokio::test]
async fn a_claim_that_lacks_something_leaves_the_link_usable() {
    let world = World::unclaimed();
    let token = world.claim_token().await;
    for body in [
        json!({"token": token}),
        json!({"token": token, "name": ""}),
        json!({"token": token, "name": "  "}),
        json!({"token": token, "name": "A\u{202e}B"}),
        json!({"token": token, "name": "Olga", "email": "nobody"}),
        json!({"token": token, "name": "Olga", "role": "owner"}),
    ] {
        let refused = world.stranger().post(LINK, &body).await.problem(422, "invalid");
        assert!(!refused.text.contains(&token), "{}", refused.text);
        assert_eq!(forge::count(&world, "users"), 0);
    }
    claim(&world.stranger(), &token).await.expect(201);
}

#[tokio::test]
async fn a_claimed_server_cannot_be_claimed_again() {
    let world = World::unclaimed();
    let (first, second) = (world.claim_token().await, world.claim_token().await);
    let owner = world.person(&claim(&world.stranger(), &first).await.expect(201));
    claim(&world.stranger(), &second).await.problem(409, "already-used");
    assert_eq!(refusal(&world, &owner, &mut 0).await["error"], "already-used");
    let refused = world.app.create_claim_link(&operator()).await;
    assert!(matches!(refused, Err(Error::Conflict(Conflict::AlreadyClaimed))));
    let row = &world.audit(&owner, "event=auth.link.created").await[0];
    assert_eq!((row["outcome"].as_str(), row["actor"]["kind"].as_str()), (Some("failure"), Some("operator")));
    assert_eq!(row["detail"]["error"], "already-claimed");
    assert_eq!(forge::count(&world, "users"), 1);
}

#[tokio::test]
async fn a_claim_link_that_survives_its_claim_still_makes_no_second_owner() {
    let world = World::unclaimed();
    let (first, second) = (world.claim_token().await, world.claim_token().await);
    let owner = world.person(&claim(&world.stranger(), &first).await.expect(201));
    forge::sql(&world, "UPDATE sign_in_links SET consumed_at = NULL WHERE selector = ?1", [&second[6..22]]);
    claim(&world.stranger(), &second).await.problem(409, "already-claimed");
    assert_eq!(forge::count(&world, "users"), 1);
    let row = &world.audit(&owner, "event=auth.link.used").await[0];
    assert_eq!((row["outcome"].as_str(), row["detail"]["error"].as_str()), (Some("failure"), Some("already-claimed")));
}

#[tokio::test]
async fn a_sign_in_link_lets_its_person_in_and_changes_nothing_of_theirs() {
    let (world, owner) = World::claimed().await;
    let token = sign_in_token(&world, "Owner@MILTON.test").await;
    let body = json!({"token": token, "name": "Somebody Else", "email": "else@milton.test"});
    let again = world.stranger().post(LINK, &body).await.expect(201);
    assert_eq!((again.text("/user/id"), again.text("/user/name")), (owner.id.clone(), "Olga Owner".to_owned()));
    assert_ne!(Some(again.text("/token")), owner.token);
    assert_eq!(world.person(&again).get("/api/v1/me").await.expect(200).text("/email"), OWNER);
    open(&world.stranger(), &token).await.problem(409, "already-used");
}

#[tokio::test]
async fn nobody_gets_a_link_for_an_unknown_address() {
    let (world, owner) = World::claimed().await;
    let email = Email::parse("/email", "nobody@milton.test").unwrap();
    assert!(matches!(world.app.create_sign_in_link(&operator(), email).await, Err(Error::NotFound)));
    let row = &world.audit(&owner, "event=auth.link.created").await[0];
    assert_eq!((row["outcome"].as_str(), row["detail"]["error"].as_str()), (Some("failure"), Some("not-found")));
    assert_eq!(forge::number(&world, "SELECT count(*) FROM sign_in_links WHERE purpose = 'sign-in'"), 0);
}

#[tokio::test]
async fn only_the_operator_makes_links() {
    let (world, owner) = World::claimed().await;
    let signed_in = world.app.authenticate(&Caller::local(Actor::Anonymous), owner.token.as_ref().unwrap()).await;
    for actor in [Actor::Anonymous, Actor::User(signed_in.unwrap()), Actor::Job("imposter")] {
        let email = Email::parse("/email", OWNER).unwrap();
        let refused = world.app.create_sign_in_link(&Caller::local(actor.clone()), email).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
        let row = &world.audit(&owner, "event=authz.denied").await[0];
        assert_eq!((row["outcome"].as_str(), row["actor"]["kind"].as_str()), (Some("denied"), Some(actor.kind())));
    }
}

#[tokio::test]
async fn a_suspended_person_has_no_use_for_a_link() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    ana.send(poem::http::Method::PATCH, "/api/v1/me", Some(&json!({"email": "ana@milton.test"}))).await.expect(200);
    let token = sign_in_token(&world, "ana@milton.test").await;
    forge::sql(&world, "UPDATE users SET state = 'suspended' WHERE id = ?1", [&ana.id]);
    open(&world.stranger(), &token).await.problem(403, "access-denied");
    let row = &world.audit(&owner, "event=authz.denied").await[0];
    assert_eq!(
        (row["outcome"].as_str(), row["detail"]["attempted"].as_str()),
        (Some("denied"), Some("auth.link.used"))
    );
    assert_eq!(forge::count(&world, "sessions"), 2);
    forge::sql(&world, "UPDATE users SET state = 'active'", []);
    open(&world.stranger(), &token).await.expect(201);
}

#[tokio::test]
async fn who_is_signed_in_uses_no_link_up() {
    let (world, owner) = World::claimed().await;
    let token = sign_in_token(&world, OWNER).await;
    open(&owner, &token).await.problem(403, "access-denied");
    open(&world.holder("mlt_s_x"), &token).await.problem(401, "invalid-token");
    open(&world.stranger(), &token).await.expect(201);
}

#[tokio::test]
async fn ten_attempts_in_five_minutes_for_each_network() {
    let quotas = HashMap::from([("requests", 1_000_000)]);
    let world = World::with(Options { quotas, ..Options::default() });
    let owner = world.claim("Olga Owner").await;
    let at = |address: &str| {
        let mut person = world.stranger();
        person.address = address.parse().unwrap();
        person
    };
    let good = sign_in_token(&world, OWNER).await;
    for attacker in ["198.51.100.1", "2001:db8:1:2::1"] {
        for _ in 0..10 {
            open(&at(attacker), "mlt_l_guess").await.problem(401, "invalid-token");
        }
        for token in ["mlt_l_guess", &good] {
            let refused = open(&at(attacker), token).await.problem(429, "quota-exceeded");
            assert_eq!(refused.header("retry-after"), "30");
            assert_eq!(refused.header("ratelimit"), "\"sign-ins\";r=0;t=30");
            assert_eq!(refused.header("ratelimit-policy"), "\"sign-ins\";q=10;w=300");
        }
    }
    open(&at("2001:db8:1:2:ffff::9"), &good).await.problem(429, "quota-exceeded");
    open(&at("::ffff:198.51.100.1"), &good).await.problem(429, "quota-exceeded");
    at("198.51.100.1").post("/api/v1/invitations/accept", &json!({"token": "x"})).await.problem(429, "quota-exceeded");
    at("198.51.100.1").get("/auth/login/lying").await.problem(429, "quota-exceeded");
    at("198.51.100.1").get("/auth/callback/lying?state=x").await.problem(429, "quota-exceeded");

    let rows = world.audit(&owner, "event=ratelimit.exceeded").await;
    assert_eq!(rows.len(), 2, "one row for each network and window");
    assert!(rows.iter().all(|row| row["outcome"] == "denied" && row["detail"]["quota"] == "sign-ins"));
    assert_eq!(world.audit(&owner, "event=auth.login.failed").await.len(), 10, "five for each network");
    world.app.record_bursts(true).await.unwrap();
    let bursts = world.audit(&owner, "event=auth.failure_burst").await;
    assert_eq!(bursts.iter().filter(|row| row["detail"]["count"] == "5").count(), 2);

    open(&at("198.51.100.2"), "mlt_l_guess").await.problem(401, "invalid-token");
    world.pass(Duration::from_secs(30));
    open(&at("198.51.100.1"), &good).await.expect(201);
    open(&at("198.51.100.1"), &good).await.problem(429, "quota-exceeded");
}

#[tokio::test]
async fn no_header_of_the_client_names_its_address() {
    let quotas = HashMap::from([("requests", 1_000_000)]);
    let world = World::with(Options { quotas, ..Options::default() });
    for (number, header) in
        ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip"].iter().cycle().take(10).enumerate()
    {
        let value = format!("203.0.113.{number}");
        open(&world.stranger().with(header, &value), "mlt_l_guess").await.problem(401, "invalid-token");
    }
    open(&world.stranger().with("x-forwarded-for", "203.0.113.99"), "x").await.problem(429, "quota-exceeded");
}

#[tokio::test]
async fn a_token_stands_in_its_own_answer_and_nowhere_else() {
    let world = World::unclaimed();
    let link = world.claim_token().await;
    let begun = claim(&world.stranger(), &link).await.expect(201);
    let owner = world.person(&begun);
    let session = owner.token.clone().unwrap();
    let team = world.team(&owner, "Ops").await;
    let invited =
        owner.post(&format!("/api/v1/teams/{team}/invitations"), &json!({"role": "member"})).await.expect(201);
    let invitation = invited.text("/token");
    let join = json!({"token": invitation, "name": "Ana"});
    world.stranger().post("/api/v1/invitations/accept", &join).await.expect(201);

    let mut answers = vec![claim(&world.stranger(), &link).await];
    answers.push(world.stranger().post("/api/v1/invitations/accept", &join).await);
    for path in ["/api/v1/me", "/api/v1/me/delegations", "/api/v1/teams", "/api/v1/admin/audit?limit=100"] {
        answers.push(owner.get(path).await.expect(200));
    }
    for path in ["members", "invitations", "delegations"] {
        answers.push(owner.get(&format!("/api/v1/teams/{team}/{path}")).await.expect(200));
    }
    for token in [&link, &session, &invitation] {
        for body in [json!({"token": [token]}), json!({"token": token, "more": token}), json!(token)] {
            answers.push(world.stranger().post(LINK, &body).await.expect(422));
        }
        let path = format!("/api/v1/teams/{token}");
        answers.push(owner.get(&path).await);
        answers.push(world.holder(&format!("{token}x")).get("/api/v1/me").await.expect(401));
    }
    answers.push(owner.get("/api/v1/admin/audit?limit=100").await.expect(200));
    for answer in answers {
        for token in [&link, &session, &invitation] {
            let secret = &token[22..54];
            let headers = format!("{:?}", answer.headers);
            assert!(!answer.text.contains(secret) && !headers.contains(secret), "{headers} {}", answer.text);
        }
    }
}
