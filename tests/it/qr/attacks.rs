//! Sign-in by QR under attack: relayed, scanned twice, guessed, approved by the wrong people, fetched by the wrong ones.

use std::time::Duration;

use milton::domain::Error;
use milton::domain::actor::{Actor, Caller, Proof, SignedIn};
use milton::domain::permission::Permission;
use poem::http::HeaderMap;
use serde_json::{Value, json};

use super::{LIFETIME, NewDevice, QR, claimed, events_since, newest, vouched};
use crate::forge;
use crate::sign_in::owner_again;
use crate::world::{Answer, Person, World};

const NOWHERE: &str = "01957000-0000-7000-8000-000000000000";
const OTHER_NETWORK: &str = "203.0.113.9";

/// What a client can tell of an answer: everything but the request's own marks.
fn visible(answer: &Answer) -> (u16, Value, HeaderMap) {
    let (mut json, mut headers) = (answer.json.clone(), answer.headers.clone());
    json.as_object_mut().unwrap().remove("instance");
    headers.remove("x-request-id");
    (answer.status.as_u16(), json, headers)
}

fn sessions_by_qr(world: &World) -> i64 {
    forge::number(world, "SELECT count(*) FROM sessions WHERE method = 'qr'")
}

/// The newest refused sign-in says why.
async fn refused_sign_in(world: &World, owner: &Person, error: &str) {
    let row = newest(world, owner, "auth.login.failed").await;
    assert_eq!((&row["outcome"], &row["detail"]["error"]), (&json!("failure"), &json!(error)));
}

#[tokio::test]
async fn a_code_relayed_from_another_network_wants_a_fresh_sign_in() {
    let (world, owner) = claimed().await;
    world.pass(Duration::from_mins(11));
    let device = NewDevice::begin(world.stranger().at(OTHER_NETWORK)).await;
    let size = world.audit_size();
    let seen = device.scan(&owner).await.expect(200);
    assert_eq!((&seen.json["same_network"], seen.text("/address")), (&json!(false), OTHER_NETWORK.to_owned()));
    assert_eq!(events_since(&world, &owner, size).await, ["auth.qr.scanned", "auth.qr.network_mismatch"]);

    let number = device.number().await;
    for _ in 0..2 {
        let size = world.audit_size();
        device.approve(&owner, number).await.problem(401, "step-up-required");
        assert_eq!(world.audit_size(), size + 1);
        let row = newest(&world, &owner, "authz.denied").await;
        assert_eq!(row["detail"]["permission"], "qr-sign-in:approve-across");
        assert_eq!((&row["detail"]["attempted"], &row["resource_id"]), (&json!("auth.qr.approved"), &json!(device.id)));
        assert_eq!(device.state().await, "scanned", "nothing has changed");
        device.fetch().await.problem(409, "wrong-state");
    }
    let now = milton::base::clock::Clock::now(&*world.clock).micros();
    forge::sql(&world, "UPDATE sessions SET auth_time = ?1", [now]);
    let size = world.audit_size();
    device.approve(&owner, number).await.expect(200);
    assert_eq!(events_since(&world, &owner, size).await, ["auth.qr.approved", "auth.qr.network_mismatch"]);
    device.fetch().await.expect(201);
}

#[tokio::test]
async fn at_home_an_old_sign_in_is_enough() {
    let (world, owner) = claimed().await;
    world.pass(Duration::from_mins(11));
    for address in ["192.0.2.7", "::ffff:192.0.2.7"] {
        let device = NewDevice::approved_by(world.stranger().at(address), &owner).await;
        device.fetch().await.expect(201);
    }
    let owner = owner.at("2001:db8::1");
    NewDevice::approved_by(world.stranger().at("2001:db8::2"), &owner).await;
    let next_door = NewDevice::scanned_by(world.stranger().at("2001:db8:0:1::1"), &owner).await;
    next_door.approve(&owner, next_door.number().await).await.problem(401, "step-up-required");
}

#[tokio::test]
async fn a_code_is_scanned_once() {
    let (world, owner) = claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    let device = NewDevice::scanned_by(world.stranger(), &owner).await;
    for second in [&ana, &owner, &owner_again(&world).await] {
        device.scan(second).await.problem(409, "wrong-state");
        let row = newest(&world, &owner, "auth.qr.scanned").await;
        assert_eq!((&row["outcome"], &row["detail"]["error"]), (&json!("failure"), &json!("wrong-state")));
        assert_eq!(row["actor"]["user_id"], second.id);
    }
    let number = device.number().await;
    device.approve(&ana, number).await.problem(403, "access-denied");
    device.approve(&owner, number).await.expect(200);
    assert_eq!(device.fetch().await.expect(201).text("/user/id"), owner.id);
}

#[tokio::test]
async fn of_many_who_scan_at_once_one_may_decide() {
    let (world, owner) = claimed().await;
    let device = NewDevice::begin(world.stranger()).await;
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let path = format!("{QR}/{}/scan", device.id);
        let (owner, body) = (owner.clone(), json!({"secret": device.scan_secret}));
        crowd.spawn(async move { owner.post(&path, &body).await.status.as_u16() });
    }
    let mut answers = crowd.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers, [200, 409, 409, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn a_wrong_number_denies_for_good() {
    let (world, owner) = claimed().await;
    for place in 0..3 {
        let device = NewDevice::begin(world.stranger()).await;
        let numbers = device.scan(&owner).await.expect(200).json["numbers"].clone();
        let (right, chosen) = (device.number().await, numbers[place].as_u64().unwrap());
        if right == chosen {
            device.deny(&owner).await.expect(200);
            assert_eq!(newest(&world, &owner, "auth.qr.denied").await["detail"]["reason"], "by-approver");
            continue;
        }
        assert_eq!(device.approve(&owner, chosen).await.expect(200).text("/state"), "denied");
        let row = newest(&world, &owner, "auth.qr.denied").await;
        assert_eq!((&row["outcome"], &row["detail"]["reason"]), (&json!("success"), &json!("wrong-number")));
        device.approve(&owner, right).await.problem(409, "wrong-state");
        device.fetch().await.problem(409, "wrong-state");
        refused_sign_in(&world, &owner, "wrong-state").await;
        assert_eq!(device.state().await, "denied");
    }
    assert_eq!(sessions_by_qr(&world), 0);
}

#[tokio::test]
async fn nobody_decides_about_a_scan_of_another_session() {
    let (world, owner) = claimed().await;
    let team = world.team(&owner, "Ops").await;
    let admin = world.join(&owner, &team, "admin", "Ada").await;
    let elsewhere = owner_again(&world).await;
    let (scanned, fresh) =
        (NewDevice::scanned_by(world.stranger(), &owner).await, NewDevice::begin(world.stranger()).await);
    let number = scanned.number().await;
    for intruder in [&admin, &elsewhere] {
        for (id, body) in [(&scanned.id, json!({"number": number})), (&fresh.id, json!({"number": 10}))] {
            for (step, body) in [("approve", body), ("deny", json!({}))] {
                let size = world.audit_size();
                let refused = intruder.post(&format!("{QR}/{id}/{step}"), &body).await.problem(403, "access-denied");
                let missing = intruder.post(&format!("{QR}/{NOWHERE}/{step}"), &body).await;
                assert_eq!(visible(&refused), visible(&missing), "{step}");
                assert_eq!(world.audit_size(), size + 2);
            }
        }
    }
    assert_eq!(scanned.state().await, "scanned");
    scanned.approve(&owner, number).await.expect(200);
}

#[tokio::test]
async fn what_is_not_the_devices_secret_fetches_and_shows_nothing() {
    let (world, owner) = claimed().await;
    let device = NewDevice::approved_by(world.stranger(), &owner).await;
    let other = NewDevice::begin(world.stranger()).await;
    let mistyped = forge::mistyped(&device.poll_secret, 20);
    let wrong = [
        (&device.id, device.scan_secret.as_str()),
        (&device.id, other.poll_secret.as_str()),
        (&device.id, mistyped.as_str()),
        (&device.id, &device.poll_secret[..42]),
        (&other.id, device.poll_secret.as_str()),
        (&NOWHERE.to_owned(), device.poll_secret.as_str()),
    ];
    let mut answers = Vec::new();
    for (id, secret) in wrong {
        let path = format!("{QR}/{id}");
        answers.push(world.stranger().with("milton-poll", secret).get(&path).await);
        refused_sign_in(&world, &owner, "invalid token").await;
        answers.push(world.stranger().post(&format!("{path}/token"), &json!({"poll_secret": secret})).await);
        refused_sign_in(&world, &owner, "unauthenticated").await;
        world.app.record_bursts(true).await.unwrap();
    }
    answers.push(world.stranger().get(&format!("{QR}/{}", device.id)).await);
    for answer in &answers {
        assert_eq!(visible(answer), visible(&answers[0]));
        assert_eq!(answer.json["type"], "/problems/invalid-token");
    }
    assert_eq!(sessions_by_qr(&world), 0);
    device.fetch().await.expect(201);
}

#[tokio::test]
async fn what_is_not_in_the_code_scans_nothing() {
    let (world, owner) = claimed().await;
    let device = NewDevice::begin(world.stranger()).await;
    let other = NewDevice::begin(world.stranger()).await;
    let wrong = [
        (&device.id, device.poll_secret.as_str()),
        (&device.id, other.scan_secret.as_str()),
        (&device.id, "x"),
        (&NOWHERE.to_owned(), device.scan_secret.as_str()),
    ];
    let mut answers = Vec::new();
    for (id, secret) in wrong {
        let size = world.audit_size();
        answers.push(owner.post(&format!("{QR}/{id}/scan"), &json!({"secret": secret})).await);
        assert_eq!(world.audit_size(), size + 1);
        assert_eq!(newest(&world, &owner, "authz.denied").await["detail"]["attempted"], "auth.qr.scanned");
    }
    for answer in &answers {
        assert_eq!(visible(answer), visible(&answers[0]));
        assert_eq!(answer.json["type"], "/problems/access-denied");
    }
    assert_eq!(device.state().await, "created");
}

#[tokio::test]
async fn a_session_is_fetched_once() {
    let (world, owner) = claimed().await;
    let device = NewDevice::approved_by(world.stranger(), &owner).await;
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (person, path) = (device.person.clone(), format!("{QR}/{}/token", device.id));
        let body = json!({"poll_secret": device.poll_secret});
        crowd.spawn(async move { person.post(&path, &body).await });
    }
    let (winners, losers): (Vec<_>, Vec<_>) = crowd.join_all().await.into_iter().partition(|one| one.status == 201);
    assert_eq!((winners.len(), losers.len(), sessions_by_qr(&world)), (1, 7, 1));
    for loser in losers {
        loser.problem(409, "already-used");
    }
    world.app.record_bursts(true).await.unwrap();
    let size = world.audit_size();
    device.fetch().await.problem(409, "already-used");
    assert_eq!(world.audit_size(), size + 1);
    refused_sign_in(&world, &owner, "already-used").await;
}

#[tokio::test]
async fn whoever_is_shut_out_vouches_for_nobody() {
    let (world, owner) = claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    ana.send(poem::http::Method::PATCH, "/api/v1/me", Some(&json!({"email": "ana@milton.test"}))).await.expect(200);

    for end in ["/api/v1/auth/logout", "/api/v1/me/sessions/revoke-all"] {
        let ana = world.sign_in("ana@milton.test").await;
        let device = NewDevice::approved_by(world.stranger(), &ana).await;
        ana.post(end, &json!({})).await.expect(204);
        shut_out(&world, &owner, &device).await;
    }
    world.pass(LIFETIME);

    let ana = world.sign_in("ana@milton.test").await;
    let device = NewDevice::approved_by(world.stranger(), &ana).await;
    forge::sql(&world, "UPDATE sessions SET expires_at = created_at WHERE user_id = ?1", [&ana.id]);
    shut_out(&world, &owner, &device).await;
    for state in ["suspended", "leaving"] {
        let ana = world.sign_in("ana@milton.test").await;
        let device = NewDevice::approved_by(world.stranger(), &ana).await;
        forge::sql(&world, "UPDATE users SET state = ?2 WHERE id = ?1", [&ana.id, state]);
        shut_out(&world, &owner, &device).await;
        forge::sql(&world, "UPDATE users SET state = 'active' WHERE id = ?1", [&ana.id]);
        device.fetch().await.expect(201);
    }
}

/// The device is approved, and refused on record all the same.
async fn shut_out(world: &World, owner: &Person, device: &NewDevice) {
    let sessions = sessions_by_qr(world);
    assert_eq!(device.state().await, "approved");
    device.fetch().await.problem(403, "access-denied");
    let row = newest(world, owner, "authz.denied").await;
    assert_eq!((&row["detail"]["attempted"], &row["resource_id"]), (&json!("auth.qr.used"), &json!(device.id)));
    assert_eq!((sessions_by_qr(world), device.state().await.as_str()), (sessions, "approved"));
}

#[tokio::test]
async fn a_device_that_was_vouched_for_vouches_for_nobody() {
    let (world, owner) = claimed().await;
    let phone = vouched(&world, &owner).await;
    let device = NewDevice::begin(world.stranger()).await;
    device.scan(&phone).await.problem(403, "access-denied");
    let row = newest(&world, &owner, "authz.denied").await;
    assert_eq!(row["detail"]["permission"], "qr-sign-in:approve");
    let scanned = NewDevice::scanned_by(world.stranger(), &owner).await;
    let number = scanned.number().await;
    scanned.approve(&phone, number).await.problem(403, "access-denied");
    // Not even when it was the one that scanned.
    let sql = "UPDATE qr_logins SET session_id = (SELECT id FROM sessions WHERE method = 'qr') WHERE id = ?1";
    forge::sql(&world, sql, [&scanned.id]);
    for (step, body) in [("approve", json!({"number": number})), ("deny", json!({}))] {
        phone.post(&format!("{QR}/{}/{step}", scanned.id), &body).await.problem(403, "access-denied");
    }
    assert_eq!((device.state().await.as_str(), scanned.state().await.as_str()), ("created", "scanned"));
}

#[tokio::test]
async fn no_key_reads_a_code() {
    let (world, owner) = claimed().await;
    let key = "01957000-0000-7000-8000-0000000000aa";
    let sql = "INSERT INTO api_keys (id, user_id, name_sealed, scopes, created_at, expires_at) \
        VALUES (?1, ?2, x'00', 'profile:read', 0, 9000000000000000)";
    forge::sql(&world, sql, [key, &owner.id]);
    let proof = Proof::ApiKey(key.parse().unwrap());
    let caller = Caller::local(Actor::User(SignedIn { user: owner.id.parse().unwrap(), proof }));
    let device = NewDevice::begin(world.stranger()).await;
    let id = device.id.parse().unwrap();
    let refused = world.app.scan_qr_sign_in(&caller, id, &device.scan_secret).await;
    assert!(matches!(refused, Err(Error::OutOfScope(Permission::QrSignInApprove))), "{refused:?}");
    let row = newest(&world, &owner, "token.apikey.scope_denied").await;
    assert_eq!(row["detail"]["attempted"], "auth.qr.scanned");
    // And were it written down as one of its scopes, it would count for nothing: no key may have it.
    forge::sql(&world, "UPDATE api_keys SET scopes = 'qr-sign-in:approve'", []);
    let refused = world.app.scan_qr_sign_in(&caller, id, &device.scan_secret).await;
    assert!(matches!(refused, Err(Error::OutOfScope(Permission::QrSignInApprove))), "{refused:?}");
    assert_eq!(device.state().await, "created");
}
