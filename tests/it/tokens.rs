//! Session tokens under attack: forged, stolen from the database, outlived, revoked at every moment.

use std::sync::Arc;
use std::time::Duration;

use milton::app::account::{GetProfile, Logout};
use milton::app::sign_in::Arrival;
use milton::base::clock::{Clock, ManualClock};
use milton::base::entropy::SeededEntropy;
use milton::crypto::TokenKind;
use milton::crypto::bearer::Cost;
use milton::domain::actor::{Actor, Caller};
use milton::domain::session::SessionKind;
use milton::domain::{AuthFailure, Error};
use poem::http::Method;
use serde_json::json;

use crate::forge;
use crate::sign_in::{owner_again, refusal, sign_in_token};
use crate::world::{Answer, Options, Person, World};

const ME: &str = "/api/v1/me";
const DAY: Duration = Duration::from_hours(24);
const INSTANT: Duration = Duration::from_micros(1);

async fn revoke_all(person: &Person) -> Answer {
    person.send(Method::POST, "/api/v1/me/sessions/revoke-all", None).await
}

async fn logout(person: &Person) -> Answer {
    person.send(Method::POST, "/api/v1/auth/logout", None).await
}

#[track_caller]
fn refused(answer: Answer, slug: &str) {
    let answer = answer.problem(401, slug);
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with("Bearer realm=\"milton\""), "{challenge}");
    assert_eq!(challenge.contains("error=\"invalid_token\""), slug != "missing-token", "{challenge}");
}

#[tokio::test]
async fn what_is_no_token_of_ours_is_refused_and_on_record() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let path = format!("/api/v1/teams/{team}/invitations");
    let invitation = owner.post(&path, &json!({"role": "member"})).await.expect(201).text("/token");
    let good = owner.token.clone().unwrap();
    let mut headers: Vec<String> = [
        "x",
        "mlt_s_",
        &good[..75],
        &format!("{good}0"),
        &good.to_lowercase(),
        &forge::mistyped(&good, 10),
        &forge::mistyped(&good, 40),
        &forge::mistyped(&good, 70),
        &good.replacen("mlt_s_", "mlt_k_", 1),
        &sign_in_token(&world, "owner@milton.test").await,
        &invitation,
        &forge::unknown(&world, TokenKind::Session),
        &forge::unknown(&world, TokenKind::ApiKey),
        &forge::with_selector_of(&world, &good),
    ]
    .iter()
    .map(|token| format!("Bearer {token}"))
    .collect();
    let basic = ["", "Bearer", "Bearer ", "Basic b3duZXI6b3duZXI=", "Bearer é"].map(str::to_owned);
    headers.extend(basic);
    headers.extend([
        good.clone(),
        format!("Token {good}"),
        format!("Bearer {good} {good}"),
        format!("Bearer {good},x"),
    ]);
    let mut seen = 0;
    for header in headers {
        let stranger = world.stranger().with("authorization", &header);
        refused(stranger.get(ME).await, "invalid-token");
        assert_eq!(refusal(&world, &owner, &mut seen).await, json!({"error": "invalid token"}), "{header}");
    }
    owner.get(ME).await.expect(200);
    world.stranger().with("authorization", &format!("bearer  {good}")).get(ME).await.expect(200);
}

#[tokio::test]
async fn asking_without_a_token_is_no_attempt() {
    let (world, owner) = World::claimed().await;
    let before = world.audit_size();
    refused(world.stranger().get(ME).await, "missing-token");
    let query = format!("{ME}?access_token={}", owner.token.as_ref().unwrap());
    refused(world.stranger().get(&query).await, "missing-token");
    assert_eq!(world.audit_size(), before);
}

/// The queue of bcrypt is full and the table of tokens is gone: whoever is answered all the same needed neither.
#[tokio::test]
async fn a_forged_token_reaches_neither_the_database_nor_bcrypt() {
    let world = World::with(Options { token_cost: Cost::STANDARD, ..Options::default() });
    let owner = world.claim("Olga Owner").await;
    let fresh = owner_again(&world).await;
    owner.get(ME).await.expect(200);
    let forged = world.holder(&forge::mistyped(owner.token.as_ref().unwrap(), 50));
    let mut flood = tokio::task::JoinSet::new();
    for _ in 0..65 {
        let app = Arc::clone(&world.app);
        flood.spawn(async move { app.create_claim_link(&Caller::local(Actor::Operator)).await.unwrap_err() });
    }
    // Each of these is reached before the first hash in the queue is done.
    let ask = |person: &Person| {
        let person = person.clone();
        tokio::spawn(async move { person.get(ME).await })
    };
    let (busy, known, false_one) = (ask(&fresh), ask(&owner), ask(&forged));
    let busy = busy.await.unwrap().problem(503, "unavailable");
    assert_eq!(busy.header("retry-after"), "1");
    known.await.unwrap().expect(200);
    refused(false_one.await.unwrap(), "invalid-token");
    let answers = flood.join_all().await;
    let too_many = answers.iter().filter(|error| matches!(error, Error::Unavailable(_))).count();
    assert_eq!(too_many, 1, "all but one came through");
    fresh.get(ME).await.expect(200);

    forge::sql(&world, "ALTER TABLE api_tokens RENAME TO gone", []);
    owner.get(ME).await.problem(500, "internal");
    refused(forged.get(ME).await, "invalid-token");
    forge::sql(&world, "ALTER TABLE gone RENAME TO api_tokens", []);
    owner.get(ME).await.expect(200);
}

#[tokio::test]
async fn a_comparison_is_remembered_for_one_hash_alone() {
    let (world, owner) = World::claimed().await;
    let other = owner_again(&world).await;
    owner.get(ME).await.expect(200);
    let selector = |person: &Person| person.token.as_ref().unwrap()[6..22].to_owned();
    let swap = "UPDATE api_tokens SET hash = (SELECT hash FROM api_tokens WHERE selector = ?2) WHERE selector = ?1";
    forge::sql(&world, swap, [selector(&owner), selector(&other)]);
    refused(owner.get(ME).await, "invalid-token");
    for hash in ["", "x", "$2b$04$abcdefghijklmnopqrstuuIvxZF3oy0Yr1nE7BEWpzPQ4n7C3d2Wm"] {
        forge::sql(&world, "UPDATE api_tokens SET hash = ?2 WHERE selector = ?1", [&selector(&owner), hash]);
        refused(owner.get(ME).await, "invalid-token");
    }
    other.get(ME).await.expect(200);
}

#[tokio::test]
async fn a_session_ends_after_a_day_whatever_happens() {
    let (world, owner) = World::claimed().await;
    for _ in 0..23 {
        world.pass(Duration::from_hours(1));
        owner.get(ME).await.expect(200);
    }
    world.pass(Duration::from_hours(1).saturating_sub(INSTANT));
    owner.get(ME).await.expect(200);
    world.pass(INSTANT);
    refused(owner.get(ME).await, "expired-token");
    refused(owner.post("/api/v1/teams", &json!({"name": "Late"})).await, "expired-token");
    let owner = owner_again(&world).await;
    world.app.record_bursts(true).await.unwrap();
    let rows = world.audit(&owner, "event=auth.login.failed").await;
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row["detail"]["error"] == "expired token"));
    assert_eq!(forge::count(&world, "teams"), 0);
}

#[tokio::test]
async fn a_clock_that_was_set_back_neither_locks_out_nor_prolongs() {
    let (world, owner) = World::claimed().await;
    let token = owner.token.clone().unwrap();
    let start = world.clock.now();
    drop(owner);
    let clock = Arc::new(ManualClock::at(start - Duration::from_hours(1)));
    let options = Options { clock, entropy: Arc::new(SeededEntropy::new(2)), ..Options::default() };
    let world = world.restart(options).await;
    let owner = world.holder(&token);
    owner.get(ME).await.expect(200);
    world.pass(Duration::from_hours(1) + DAY.saturating_sub(INSTANT));
    owner.get(ME).await.expect(200);
    world.pass(INSTANT);
    refused(owner.get(ME).await, "expired-token");
}

#[tokio::test]
async fn a_token_dies_with_its_logout_although_its_comparison_is_remembered() {
    let (world, owner) = World::claimed().await;
    let other = owner_again(&world).await;
    owner.get(ME).await.expect(200);
    logout(&owner).await.expect(204);
    refused(owner.get(ME).await, "revoked-token");
    refused(logout(&owner).await, "revoked-token");
    other.get(ME).await.expect(200);
    assert_eq!(world.audit(&other, "event=auth.logout").await.len(), 1);
    assert_eq!(world.audit(&other, "event=token.revoked").await.len(), 1);
    assert_eq!(refusal(&world, &other, &mut 1).await, json!({"error": "revoked token"}));
    let reason = forge::number(&world, "SELECT count(*) FROM sessions WHERE revoke_reason = 'logout'");
    assert_eq!(reason, 1);
}

#[tokio::test]
async fn revoke_all_ends_each_session_of_one_person() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    let others = [owner_again(&world).await, owner_again(&world).await];
    for person in [&owner, &ana, &others[0]] {
        person.get(ME).await.expect(200);
    }
    revoke_all(&owner).await.expect(204);
    for person in [&owner, &others[0], &others[1]] {
        refused(person.get(ME).await, "revoked-token");
    }
    ana.get(ME).await.expect(200);
    let owner = owner_again(&world).await;
    owner.get(ME).await.expect(200);
    assert_eq!(world.audit(&owner, "event=token.revoked_all").await[0]["detail"], json!({"sessions": "3"}));
}

/// A session whose row was missed, or was written a moment later, falls with the epoch.
#[tokio::test]
async fn the_epoch_holds_where_a_revocation_is_missing() {
    let (world, owner) = World::claimed().await;
    revoke_all(&owner).await.expect(204);
    forge::sql(&world, "UPDATE sessions SET revoked_at = NULL, revoke_reason = NULL", []);
    refused(owner.get(ME).await, "revoked-token");
}

#[tokio::test]
async fn a_suspended_persons_token_dies_at_once() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    ana.get(ME).await.expect(200);
    forge::sql(&world, "UPDATE users SET state = 'suspended' WHERE id = ?1", [&ana.id]);
    refused(ana.get(ME).await, "revoked-token");
    refused(ana.get(&format!("/api/v1/teams/{team}/delegations")).await, "revoked-token");
    assert_eq!(world.audit(&owner, "event=auth.login.failed").await.len(), 2);
}

/// Between the gate and the transaction somebody else may have been faster.
#[tokio::test]
async fn a_session_revoked_after_the_gate_changes_nothing() {
    let (world, owner) = World::claimed().await;
    let victim = owner_again(&world).await;
    let stranger = Caller::local(Actor::Anonymous);
    let signed_in = world.app.authenticate(&stranger, victim.token.as_ref().unwrap()).await.unwrap();
    let caller = Caller::local(Actor::User(signed_in));
    logout(&victim).await.expect(204);
    let size = world.audit_size();
    let revoked = |error: Option<Error>| matches!(error, Some(Error::Unauthenticated(AuthFailure::Revoked)));
    assert!(revoked(world.app.act(&caller, Logout).await.err()));
    assert!(revoked(world.app.ask(&caller, GetProfile).await.err()));
    assert_eq!(world.audit_size(), size + 2, "one row each");
    let rows = world.audit(&owner, "event=authz.denied").await;
    for (row, permission) in rows.iter().zip(["profile:read", "session:revoke"]) {
        assert_eq!((row["outcome"].as_str(), row["actor"]["user_id"].as_str()), (Some("denied"), Some(&*owner.id)));
        assert_eq!(row["detail"]["permission"], permission);
    }
}

/// The gate and the door each look for themselves: neither relies on the other.
#[tokio::test]
async fn gate_and_door_each_refuse_what_no_longer_counts() {
    for (change, failure) in [
        ("UPDATE sessions SET expires_at = created_at", AuthFailure::Expired),
        ("UPDATE sessions SET revoked_at = created_at", AuthFailure::Revoked),
        ("UPDATE users SET state = 'suspended'", AuthFailure::Revoked),
        ("UPDATE users SET session_epoch = session_epoch + 1", AuthFailure::Revoked),
        ("DELETE FROM sessions", AuthFailure::Invalid),
    ] {
        let (world, owner) = World::claimed().await;
        let (stranger, token) = (Caller::local(Actor::Anonymous), owner.token.unwrap());
        let signed_in = world.app.authenticate(&stranger, &token).await.unwrap();
        forge::sql(&world, change, []);
        let gate = world.app.authenticate(&stranger, &token).await;
        assert!(matches!(gate, Err(Error::Unauthenticated(why)) if why == failure), "{change}: {gate:?}");
        let door = world.app.act(&Caller::local(Actor::User(signed_in)), Logout).await;
        assert!(matches!(door, Err(Error::Unauthenticated(AuthFailure::Revoked))), "{change}");
    }
}

#[tokio::test]
async fn an_idle_console_session_ends_and_an_active_one_lasts_the_day() {
    let world = World::unclaimed();
    let start = world.clock.now();
    let console = console(&world, &world.claim_token().await, Some("Olga Owner")).await;
    let mut now = Duration::ZERO;
    while now + Duration::from_hours(1) < DAY {
        world.pass(Duration::from_hours(1));
        now += Duration::from_hours(1);
        console.get(ME).await.expect(200);
    }
    world.pass(DAY.saturating_sub(now));
    refused(console.get(ME).await, "expired-token");

    let console = self::console(&world, &sign_in_token(&world, "owner@milton.test").await, None).await;
    console.get(ME).await.expect(200);
    world.pass(Duration::from_hours(1) + INSTANT);
    refused(console.get(ME).await, "expired-token");
    refused(console.get(ME).await, "expired-token");

    let unused = self::console(&world, &sign_in_token(&world, "owner@milton.test").await, None).await;
    world.pass(Duration::from_hours(1) + INSTANT);
    refused(unused.get(ME).await, "expired-token");
    assert!(world.clock.now().since(start) > DAY);
}

#[tokio::test]
async fn no_restart_brings_an_idle_session_back() {
    let world = World::unclaimed();
    let browser = console(&world, &world.claim_token().await, Some("Olga Owner")).await;
    world.pass(Duration::from_hours(1) + INSTANT);
    refused(browser.get(ME).await, "expired-token");
    let headers = browser.headers.clone();
    drop(browser);
    let options =
        Options { clock: Arc::clone(&world.clock), entropy: Arc::new(SeededEntropy::new(2)), ..Options::default() };
    let world = world.restart(options).await;
    let mut browser = world.stranger();
    browser.headers = headers;
    refused(browser.get(ME).await, "expired-token");

    let owner = world.sign_in("owner@milton.test").await;
    let rows = world.audit(&owner, "event=token.expired").await;
    assert_eq!(rows.len(), 1, "once, at the first refusal");
    assert_eq!(rows[0]["actor"]["kind"], "job");
    assert_eq!((&rows[0]["resource_type"], &rows[0]["detail"]["reason"]), (&json!("session"), &json!("idle")));
}

/// A browser with the console's cookie.
pub async fn console(world: &World, token: &str, name: Option<&str>) -> Person {
    let mut body = json!({"token": token});
    if let Some(name) = name {
        body["name"] = name.into();
        body["email"] = "owner@milton.test".into();
    }
    let browser = world.stranger().with("milton-console", "1");
    let begun = browser.post("/api/v1/auth/link", &body).await.expect(201);
    let cookie = begun.header("set-cookie").split_once(';').unwrap().0.to_owned();
    browser.with("sec-fetch-site", "same-origin").with("cookie", &cookie)
}

#[tokio::test]
async fn no_print_of_a_sign_in_shows_its_token() {
    let world = World::unclaimed();
    let token = world.claim_token().await;
    let name = milton::domain::text::Name::parse("/name", "Olga").unwrap();
    let arrival = Arrival { name: Some(name), email: None, device: None, mark: None, kind: SessionKind::Client };
    let begun = world.app.sign_in_by_link(&Caller::local(Actor::Anonymous), &token, arrival).await.unwrap();
    let print = format!("{begun:?}");
    assert!(print.contains("[secret]") && !print.contains(begun.token.expose()) && !print.contains("Olga"), "{print}");
    let link = world.app.create_claim_link(&Caller::local(Actor::Operator)).await.unwrap_err();
    assert!(!format!("{link:?} {link}").contains("mlt_"));
}

#[tokio::test]
async fn many_first_requests_with_one_token_are_one_comparison() {
    let (world, _) = World::claimed().await;
    let fresh = owner_again(&world).await;
    // More than the queue of bcrypt has places: each with a comparison of its own would be too many.
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let fresh = fresh.clone();
        crowd.spawn(async move { fresh.get(ME).await.status.as_u16() });
    }
    assert!(crowd.join_all().await.into_iter().all(|status| status == 200));
}
