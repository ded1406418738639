//! The nightly clean-up: what lets nobody in any more loses its hash, what still does keeps it, and everybody is told the
//! truth all the same.

use std::time::Duration;

use milton::crypto::TokenKind;
use poem::http::Method;
use serde_json::{Value, json};

use crate::forge;
use crate::sign_in::sign_in_token;
use crate::world::{Person, World};

const ME: &str = "/api/v1/me";
const LINK: &str = "/api/v1/auth/link";
const ACCEPT: &str = "/api/v1/invitations/accept";
const HOUR: Duration = Duration::from_hours(1);

/// Cleans up and answers the rows of what was done, oldest first.
async fn clean_up(world: &World, owner: &Person) -> Vec<Value> {
    let size = world.audit_size();
    let run = owner.post("/api/v1/admin/jobs/token-clean-up/run", &json!({})).await.expect(200);
    assert_eq!(run.text("/outcome"), "success");
    let mut rows = world.audit(owner, "event=token.expired_cleanup").await;
    rows.retain(|row| row["seq"].as_i64().unwrap() > size);
    rows.reverse();
    rows.into_iter().map(|row| row["detail"].clone()).collect()
}

fn hashes(world: &World, table: &str) -> i64 {
    forge::number(world, &["SELECT count(hash) FROM ", table].concat())
}

#[tokio::test]
async fn tokens_that_are_over_lose_their_hashes_and_say_why_and_live_ones_work_on() {
    let (world, first) = World::claimed().await;
    let team = world.team(&first, "Ops").await;
    let ana = world.join(&first, &team, "member", "Ana").await;
    world.pass(Duration::from_hours(20));
    let (olga, gone) = (world.sign_in("owner@milton.test").await, world.sign_in("owner@milton.test").await);
    gone.send(Method::POST, "/api/v1/auth/logout", None).await.expect(204);
    world.pass(Duration::from_hours(4));
    assert_eq!(hashes(&world, "api_tokens"), 4);
    let done = clean_up(&world, &olga).await;
    assert_eq!(done.len(), 1);
    assert_eq!(done[0]["session_tokens"], "3", "{}", done[0]);
    assert_eq!(hashes(&world, "api_tokens"), 1);

    for (person, why) in [(&first, "expired-token"), (&ana, "expired-token"), (&gone, "revoked-token")] {
        let before = world.app.hashes();
        person.get(ME).await.problem(401, why);
        assert_eq!(world.app.hashes(), before, "there is nothing to compare with");
    }
    olga.get(ME).await.expect(200);
    world.stranger().get(ME).await.problem(401, "missing-token");
    world.holder(&forge::unknown(&world, TokenKind::Session)).get(ME).await.problem(401, "invalid-token");
    assert_eq!(clean_up(&world, &olga).await, Vec::<Value>::new(), "what did nothing leaves no row");
}

/// Its hash is the proof: a session that a clock brings back to life stays dead without it.
#[tokio::test]
async fn a_clock_set_back_brings_no_cleaned_token_back() {
    let (world, olga) = World::claimed().await;
    let other = world.sign_in("owner@milton.test").await;
    forge::sql(&world, "UPDATE sessions SET expires_at = created_at WHERE user_id = ?1", [&olga.id]);
    let fresh = world.sign_in("owner@milton.test").await;
    clean_up(&world, &fresh).await;
    forge::sql(&world, "UPDATE sessions SET expires_at = created_at + 86400000000", []);
    for person in [&olga, &other] {
        person.get(ME).await.problem(401, "invalid-token");
    }
    fresh.get(ME).await.expect(200);
}

#[tokio::test]
async fn links_and_invitations_lose_theirs_and_open_ones_stay_open() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let invite = async || {
        let path = format!("/api/v1/teams/{team}/invitations");
        let made = olga.post(&path, &json!({"role": "member"})).await.expect(201);
        (made.text("/id"), made.text("/token"))
    };
    let (used, late) =
        (sign_in_token(&world, "owner@milton.test").await, sign_in_token(&world, "owner@milton.test").await);
    world.stranger().post(LINK, &json!({"token": used})).await.expect(201);
    let ((_, accepted), (id, revoked)) = (invite().await, invite().await);
    world.stranger().post(ACCEPT, &json!({"token": accepted, "name": "Ana"})).await.expect(201);
    olga.send(Method::DELETE, &format!("/api/v1/teams/{team}/invitations/{id}"), None).await.expect(204);
    world.pass(Duration::from_mins(10));
    let (open_link, (_, open_door)) = (sign_in_token(&world, "owner@milton.test").await, invite().await);

    let done = clean_up(&world, &olga).await;
    // The claim link is one of the three.
    assert_eq!(done, [json!({"links": "3", "invitations": "2"})]);
    assert_eq!((hashes(&world, "sign_in_links"), hashes(&world, "invitations")), (1, 1));
    let stranger = world.stranger();
    stranger.post(LINK, &json!({"token": used})).await.problem(409, "already-used");
    stranger.post(LINK, &json!({"token": late})).await.problem(401, "expired-token");
    for token in [&accepted, &revoked] {
        stranger.post(ACCEPT, &json!({"token": token, "name": "Mallory"})).await.problem(409, "invitation-closed");
    }
    stranger.post(LINK, &json!({"token": open_link})).await.expect(201);
    stranger.post(ACCEPT, &json!({"token": open_door, "name": "Ben"})).await.expect(201);
}

#[tokio::test]
async fn ways_in_that_were_given_up_go_an_hour_after_their_end() {
    let (world, olga) = World::claimed().await;
    clean_up(&world, &olga).await;
    let now = milton::base::clock::Clock::now(&*world.clock).micros();
    let (hour, mut number) = (3_600_000_000, 0);
    let identity = "INSERT INTO identities (id, user_id, issuer, subject_bidx, subject_sealed, created_at, last_used_at) \
        VALUES (?1, ?1, 'x', x'00', x'00', 0, 0)";
    forge::sql(&world, identity, [&olga.id]);
    for expires_at in [now - hour, now - hour + 1, now + 1] {
        number += 1;
        let id = format!("01957000-0000-7000-8000-00000000000{number}");
        let values: [&dyn rusqlite::ToSql; 4] = [&id, &olga.id, &[number; 32], &expires_at];
        forge::sql(
            &world,
            "INSERT INTO login_transactions (id, purpose, state_hash, provider, cookie_hash, nonce_sealed, \
             verifier_sealed, errand_sealed, created_at, expires_at) \
             SELECT ?1, 'sign-in', ?3, 'x', ?3, ?3, ?3, ?3, 0, ?4 WHERE ?2 <> ''",
            values.as_slice(),
        );
        forge::sql(
            &world,
            "INSERT INTO login_codes (id, user_id, identity_id, code_hash, challenge_hash, auth_time, created_at, expires_at) \
             VALUES (?1, ?2, ?2, ?3, ?3, 0, 0, ?4)",
            values.as_slice(),
        );
        forge::sql(
            &world,
            "INSERT INTO passkey_ceremonies (id, purpose, state_sealed, created_at, expires_at) \
             SELECT ?1, 'sign-in', ?3, 0, ?4 WHERE ?2 <> ''",
            values.as_slice(),
        );
        forge::qr_login(&world, &id, number, expires_at);
    }
    let expected =
        json!({"login_transactions": "1", "login_codes": "1", "passkey_ceremonies": "1", "qr_sign_ins": "1"});
    assert_eq!(clean_up(&world, &olga).await, [expected]);
    for table in ["login_transactions", "login_codes", "passkey_ceremonies"] {
        assert_eq!(forge::count(&world, table), 2, "{table}");
    }
    let qr = "SELECT count(*) * 100 + count(poll_hash) * 10 + count(scan_hash) FROM qr_logins";
    assert_eq!(forge::number(&world, qr), 322, "the row stays, its secrets go");
    world.pass(HOUR + Duration::from_micros(1));
    assert_eq!(clean_up(&world, &olga).await[0]["login_codes"], "2");
}

#[tokio::test]
async fn keys_that_are_over_lose_theirs() {
    let (world, olga) = World::claimed().await;
    clean_up(&world, &olga).await;
    for (number, expires_at, revoked_at) in [(1, 0, None), (2, i64::MAX, Some(0)), (3, i64::MAX, None)] {
        let id = format!("01957000-0000-7000-8000-00000000000{number}");
        let key = "INSERT INTO api_keys (id, user_id, name_sealed, scopes, created_at, expires_at, revoked_at) \
            VALUES (?1, ?2, x'00', '', 0, ?3, ?4)";
        forge::sql(&world, key, (&id, &olga.id, expires_at, revoked_at));
        let token =
            "INSERT INTO api_tokens (selector, hash, user_id, api_key_id, created_at) VALUES (?1, 'h', ?2, ?1, 0)";
        forge::sql(&world, token, (&id, &olga.id));
    }
    assert_eq!(clean_up(&world, &olga).await, [json!({"key_tokens": "2"})]);
    let left = "SELECT count(*) FROM api_tokens WHERE hash IS NOT NULL AND api_key_id LIKE '%3'";
    assert_eq!(forge::number(&world, left), 1);
}

#[tokio::test]
async fn a_backlog_goes_in_batches_of_five_hundred_with_a_row_each() {
    let (world, olga) = World::claimed().await;
    clean_up(&world, &olga).await;
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)";
    let sessions = "INSERT INTO sessions (id, user_id, kind, epoch, auth_time, created_at, expires_at) \
        SELECT 'old' || i, ?1, 'client', 0, 0, 0, 1 FROM n";
    let tokens = "INSERT INTO api_tokens (selector, hash, user_id, session_id, created_at) \
        SELECT 'old' || i, 'h', ?1, 'old' || i, 0 FROM n";
    for insert in [sessions, tokens] {
        let (into, select) = insert.split_once(" SELECT").unwrap();
        forge::sql(&world, &format!("{into} {numbers} SELECT{select}"), [&olga.id]);
    }
    let links =
        "INSERT INTO sign_in_links (selector, hash, purpose, created_at, expires_at) VALUES ('l', 'h', 'claim', 0, 1)";
    forge::sql(&world, links, []);
    world.pass(Duration::from_millis(1));
    let done = clean_up(&world, &olga).await;
    assert_eq!(
        done,
        [
            json!({"session_tokens": "500"}),
            json!({"session_tokens": "500"}),
            json!({"session_tokens": "100", "links": "1"}),
        ]
    );
    let run = olga.get("/api/v1/admin/jobs/token-clean-up/runs?limit=1").await.expect(200);
    assert_eq!(run.json["items"][0]["affected"], 1101);
    assert_eq!(hashes(&world, "api_tokens"), 1);
    olga.get(ME).await.expect(200);
}
