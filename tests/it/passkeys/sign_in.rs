//! The way in by a passkey, and what is none.

use std::collections::HashMap;

use milton::domain::quota;
use serde_json::{Value, json};

use super::authenticator::{Authenticator, Moment, PRESENT, VERIFIED};
use super::{Ceremony, MINE, SIGN_IN, STALE, STEP_UP, Stage};
use crate::forge;
use crate::world::{Options, World};

#[tokio::test]
async fn whoever_has_the_passkey_is_in() {
    let mut stage = Stage::new().await;
    stage.world.pass(STALE);
    let stranger = stage.world.stranger();
    let ceremony = Ceremony::begin(&stranger, SIGN_IN).await;
    let mut body = ceremony.body(&stage.phone.get(&ceremony.options, Moment::TRUE));
    body["device"] = json!({"name": "Phone", "platform": "Plan Nine"});
    let begun = stranger.post(SIGN_IN, &body).await.expect(201);
    assert_eq!((begun.text("/user/id"), begun.header("location")), (stage.ana.id.clone(), "/api/v1/me".to_owned()));
    let ana = stage.world.person(&begun);
    Ceremony::begin(&ana, MINE).await;
    let passkeys = ana.get(MINE).await.expect(200);
    assert_eq!(passkeys.text("/items/0/last_used_at"), begun.text("/session/auth_time"));
    assert_eq!(forge::number(&stage.world, "SELECT count(*) FROM sessions WHERE method = 'passkey'"), 1);
    assert_eq!(ana.get("/api/v1/me/devices").await.expect(200).text("/items/0/name"), "Phone");
    let olga = stage.world.sign_in("owner@milton.test").await;
    let rows = stage.world.audit(&olga, &format!("actor_id={}", ana.id)).await;
    let of_this = rows.iter().filter(|row| row["request_id"] == begun.header("x-request-id"));
    let events: Vec<_> = of_this.map(|row| row["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["auth.login.succeeded", "device.registered", "auth.passkey.succeeded"]);
}

#[tokio::test]
async fn the_console_gets_a_cookie() {
    let mut stage = Stage::new().await;
    let console = stage.world.stranger().with("milton-console", "1");
    let ceremony = Ceremony::begin(&console, SIGN_IN).await;
    let credential = stage.phone.get(&ceremony.options, Moment::TRUE);
    let begun = ceremony.answer(&console, SIGN_IN, &credential).await.expect(201);
    assert!(begun.header("set-cookie").starts_with("__Host-milton=") && begun.json.get("token").is_none());
}

/// Answers that a good ceremony gets, each wrong in one way.
fn lies(stage: &mut Stage, ceremony: &Ceremony, path: &str) -> Vec<(&'static str, Value)> {
    let options = &ceremony.options;
    let moment = Moment::TRUE;
    let moments = [
        ("unverified", Moment { flags: PRESENT, ..moment }),
        ("unverified", Moment { flags: VERIFIED, ..moment }),
        ("origin", Moment { origin: "https://milton.test.evil.org", ..moment }),
        ("origin", Moment { origin: "https://evil.milton.test", ..moment }),
        ("origin", Moment { origin: "https://milton.test:8443", ..moment }),
        ("origin", Moment { origin: "http://milton.test", ..moment }),
        ("relying-party", Moment { rp_id: "evil.org", ..moment }),
        ("malformed", Moment { kind: Some("webauthn.create"), ..moment }),
    ];
    let mut lies: Vec<_> = moments.map(|(reason, lie)| (reason, stage.phone.get(options, lie))).into();
    let mut thief = Authenticator::new(&stage.phone.id);
    thief.holder.clone_from(&stage.phone.holder);
    lies.push(("signature", thief.get(options, moment)));
    lies.push(("challenge", stage.phone.get(&json!({"challenge": "AAAA"}), moment)));
    lies.push(("credential", Authenticator::new(b"unknown").get(options, moment)));
    let mut another = stage.phone.get(options, moment);
    another["response"]["userHandle"] = json!(stage.laptop.holder);
    lies.push(("credential", another));
    let mut stolen = stage.laptop.get(options, moment);
    stolen["response"]["userHandle"] = json!(stage.phone.holder);
    lies.push(("credential", stolen));
    if path == SIGN_IN {
        let mut nobody = stage.phone.get(options, moment);
        nobody["response"]["userHandle"] = Value::Null;
        lies.push(("credential", nobody));
    } else {
        lies.push(("credential", stage.laptop.get(options, moment)));
    }
    lies
}

#[tokio::test]
async fn everything_else_is_refused_alike_and_on_record() {
    let mut stage = Stage::new().await;
    for path in [SIGN_IN, STEP_UP] {
        let before = stage.counts();
        let caller = stage.caller(path);
        let spare = Ceremony::begin(&caller, path).await;
        for at in 0..lies(&mut stage, &spare, path).len() {
            let ceremony = Ceremony::begin(&caller, path).await;
            let (reason, lie) = lies(&mut stage, &ceremony, path).swap_remove(at);
            let answer = ceremony.answer(&caller, path, &lie).await;
            stage.refused(answer, path, reason).await;
            let truth = stage.phone.get(&ceremony.options, Moment::TRUE);
            stage.refused(ceremony.answer(&caller, path, &truth).await, path, "ceremony").await;
            assert_eq!(stage.counts(), before, "{path} {reason}");
        }
    }
}

#[tokio::test]
async fn a_copy_of_an_authenticator_gives_itself_away() {
    let mut stage = Stage::new().await;
    for path in [SIGN_IN, STEP_UP] {
        let caller = stage.caller(path);
        // Both questions go out before the first is answered: what counts is the counter as it stands when it is checked.
        let [first, second] = [Ceremony::begin(&caller, path).await, Ceremony::begin(&caller, path).await];
        stage.phone.counter += 10;
        let (before, original) = (stage.phone.counter, stage.phone.get(&first.options, Moment::TRUE));
        assert!(first.answer(&caller, path, &original).await.status.is_success());
        let counts = stage.counts();
        stage.phone.counter = before;
        let copy = stage.phone.get(&second.options, Moment::TRUE);
        stage.refused(second.answer(&caller, path, &copy).await, path, "cloned").await;
        let third = Ceremony::begin(&caller, path).await;
        stage.phone.counter = 0;
        let copy = stage.phone.get(&third.options, Moment::TRUE);
        stage.refused(third.answer(&caller, path, &copy).await, path, "cloned").await;
        assert_eq!(stage.counts(), counts);
        stage.phone.counter = before + 1;
    }
}

#[tokio::test]
async fn a_counter_that_stays_zero_says_nothing() {
    let (world, olga) = World::claimed().await;
    let ceremony = Ceremony::begin(&olga, MINE).await;
    let mut phone = Authenticator::new(b"phone");
    phone.counter = 0;
    ceremony.keep(&olga, &phone.create(&ceremony.options, Moment::TRUE)).await.expect(201);
    for _ in 0..3 {
        let stranger = world.stranger();
        let ceremony = Ceremony::begin(&stranger, SIGN_IN).await;
        let credential = phone.get(&ceremony.options, Moment::TRUE);
        ceremony.answer(&stranger, SIGN_IN, &credential).await.expect(201);
    }
}

#[tokio::test]
async fn a_suspended_person_stays_outside() {
    let mut stage = Stage::new().await;
    forge::sql(&stage.world, "UPDATE users SET state = 'suspended' WHERE id = ?1", [&stage.ana.id]);
    let before = stage.counts();
    let stranger = stage.world.stranger();
    let ceremony = Ceremony::begin(&stranger, SIGN_IN).await;
    let credential = stage.phone.get(&ceremony.options, Moment::TRUE);
    stage.refused(ceremony.answer(&stranger, SIGN_IN, &credential).await, SIGN_IN, "suspended").await;
    assert_eq!(stage.counts(), before);
}

#[tokio::test]
async fn a_passkey_moved_to_another_person_opens_nothing() {
    let mut stage = Stage::new().await;
    let sql = "UPDATE passkeys SET user_id = (SELECT id FROM users WHERE instance_role = 'owner')";
    forge::sql(&stage.world, sql, []);
    let before = stage.counts();
    let stranger = stage.world.stranger();
    let ceremony = Ceremony::begin(&stranger, SIGN_IN).await;
    stage.phone.holder = Some(super::authenticator::base64url(stage.olga.id.parse::<uuid::Uuid>().unwrap()));
    let credential = stage.phone.get(&ceremony.options, Moment::TRUE);
    ceremony.answer(&stranger, SIGN_IN, &credential).await.expect(500);
    assert_eq!(stage.counts(), before);
}

#[tokio::test]
async fn strangers_are_limited_by_their_address() {
    let options = Options { quotas: HashMap::from([(quota::SIGN_INS.name, 4)]), ..Options::default() };
    let world = World::with(options);
    let stranger = world.stranger();
    for _ in 0..2 {
        let ceremony = Ceremony::begin(&stranger, SIGN_IN).await;
        let credential = Authenticator::new(b"unknown").get(&ceremony.options, Moment::TRUE);
        ceremony.answer(&stranger, SIGN_IN, &credential).await.problem(403, "passkey-refused");
    }
    stranger.post(&format!("{SIGN_IN}/begin"), &json!({})).await.problem(429, "quota-exceeded");
    let body = json!({"ceremony_id": "01957000-0000-7000-8000-000000000000", "credential": credential_of_nobody()});
    stranger.post(SIGN_IN, &body).await.problem(429, "quota-exceeded");
}

fn credential_of_nobody() -> Value {
    Authenticator::new(b"unknown").get(&json!({"challenge": "AAAA"}), Moment::TRUE)
}

#[tokio::test]
async fn a_flood_of_invented_answers_leaves_five_rows_and_a_count() {
    let (world, olga) = World::claimed().await;
    let stranger = world.stranger();
    let body = json!({"ceremony_id": "01957000-0000-7000-8000-000000000000", "credential": credential_of_nobody()});
    for _ in 0..100 {
        stranger.post(SIGN_IN, &body).await.problem(403, "passkey-refused");
    }
    world.app.record_bursts(true).await.unwrap();
    assert_eq!(world.audit(&olga, "event=auth.login.failed").await.len(), 5);
    assert_eq!(world.audit(&olga, "event=auth.failure_burst").await[0]["detail"]["count"], "95");
    let hashes = world.app.hashes();
    let ceremony = Ceremony::begin(&stranger, SIGN_IN).await;
    ceremony.answer(&stranger, SIGN_IN, &credential_of_nobody()).await.problem(403, "passkey-refused");
    assert_eq!(world.app.hashes(), hashes, "a refusal is cheap");
}

#[tokio::test]
async fn nobody_signs_in_who_is() {
    let mut stage = Stage::new().await;
    stage.ana.post(&format!("{SIGN_IN}/begin"), &json!({})).await.problem(403, "access-denied");
    let ceremony = Ceremony::begin(&stage.world.stranger(), SIGN_IN).await;
    let credential = stage.phone.get(&ceremony.options, Moment::TRUE);
    ceremony.answer(&stage.ana, SIGN_IN, &credential).await.problem(403, "access-denied");
}
