//! One's own passkeys: made, listed, renamed, removed; and everything that must not become one.

use std::sync::Arc;

use milton::app::{App, AppOptions};
use milton::base::clock::ManualClock;
use milton::base::entropy::SeededEntropy;
use milton::domain::actor::{Actor, Caller};
use milton::domain::{Conflict, Error};
use milton::store::{Store, StoreOptions};
use poem::http::Method;
use serde_json::{Value, json};

use super::authenticator::{Authenticator, Moment, PRESENT, VERIFIED, base64url};
use super::{Ceremony, MINE, SIGN_IN, Stage, make};
use crate::forge;
use crate::world::{World, root_key};

#[tokio::test]
async fn a_passkey_from_its_beginning_to_its_end() {
    let (world, olga) = World::claimed().await;
    let ceremony = Ceremony::begin(&olga, MINE).await;
    let mut phone = Authenticator::new(b"phone");
    let kept = ceremony.keep(&olga, &phone.create(&ceremony.options, Moment::TRUE)).await.expect(201);
    assert_eq!(kept.header("location"), format!("{MINE}/{}", kept.text("/id")));
    assert_eq!(
        (kept.header("etag"), kept.text("/etag"), kept.text("/name")),
        ("\"1\"".into(), "\"1\"".into(), "Ana's phone".into())
    );
    assert_eq!(kept.json.get("last_used_at"), None);

    let patch = olga.clone().with("if-match", "\"1\"");
    let renamed =
        patch.send(Method::PATCH, &kept.header("location"), Some(&json!({"name": "Key ring"}))).await.expect(200);
    assert_eq!((renamed.text("/name"), renamed.header("etag")), ("Key ring".into(), "\"2\"".into()));
    let late = patch.send(Method::PATCH, &kept.header("location"), Some(&json!({"name": "Late"}))).await;
    late.problem(412, "precondition-failed");
    let listed = olga.get(MINE).await.expect(200);
    assert_eq!(listed.json["items"], json!([renamed.json]));

    olga.send(Method::DELETE, &kept.header("location"), None).await.expect(204);
    assert_eq!(olga.get(MINE).await.expect(200).json["items"], json!([]));
    for event in ["auth.passkey.started", "passkey.created", "passkey.renamed", "passkey.removed"] {
        let row = &world.audit(&olga, &format!("event={event}")).await.pop().unwrap();
        assert_eq!((&row["outcome"], &row["actor"]["user_id"]), (&json!("success"), &json!(olga.id)), "{event}");
    }
    let ceremony = Ceremony::begin(&world.stranger(), SIGN_IN).await;
    let credential = phone.get(&ceremony.options, Moment::TRUE);
    ceremony.answer(&world.stranger(), SIGN_IN, &credential).await.problem(403, "passkey-refused");
}

#[tokio::test]
async fn what_a_browser_is_asked() {
    let stage = Stage::new().await;
    let ceremony = Ceremony::begin(&stage.ana, MINE).await;
    let options = &ceremony.options;
    assert_eq!(options["rp"], json!({"id": "milton.test", "name": "Milton"}));
    let selection = &options["authenticatorSelection"];
    assert_eq!(
        (&selection["residentKey"], &selection["requireResidentKey"], &selection["userVerification"]),
        (&json!("required"), &json!(true), &json!("required"))
    );
    assert_eq!(options["attestation"], "none");
    assert_eq!(options["timeout"], 300_000);
    let own = json!([{"type": "public-key", "id": base64url(&stage.phone.id)}]);
    assert_eq!(options["excludeCredentials"], own, "and not Ben's");
    let id: uuid::Uuid = stage.ana.id.parse().unwrap();
    assert_eq!(options["user"], json!({"id": base64url(id.as_bytes()), "name": "Ana", "displayName": "Ana"}));
    let again = Ceremony::begin(&stage.ana, MINE).await;
    assert_ne!(again.options["challenge"], options["challenge"]);
}

#[tokio::test]
async fn what_does_not_prove_itself_is_not_kept() {
    let stage = Stage::new().await;
    let moment = Moment::TRUE;
    let lies = [
        ("unverified", Moment { flags: PRESENT, ..moment }),
        ("unverified", Moment { flags: VERIFIED, ..moment }),
        ("origin", Moment { origin: "https://milton.test.evil.org", ..moment }),
        ("origin", Moment { origin: "https://evil.milton.test", ..moment }),
        ("origin", Moment { origin: "https://milton.test:8443", ..moment }),
        ("origin", Moment { origin: "http://milton.test", ..moment }),
        ("relying-party", Moment { rp_id: "evil.org", ..moment }),
        ("malformed", Moment { kind: Some("webauthn.get"), ..moment }),
    ];
    let before = stage.counts();
    for (reason, lie) in lies {
        let ceremony = Ceremony::begin(&stage.ana, MINE).await;
        let mut thief = Authenticator::new(b"thief");
        let answer = ceremony.keep(&stage.ana, &thief.create(&ceremony.options, lie)).await;
        stage.refused(answer, MINE, reason).await;
        let truth = thief.create(&ceremony.options, Moment::TRUE);
        stage.refused(ceremony.keep(&stage.ana, &truth).await, MINE, "ceremony").await;
        assert_eq!(stage.counts(), before, "{reason}");
    }
    let [first, second] = [Ceremony::begin(&stage.ana, MINE).await, Ceremony::begin(&stage.ana, MINE).await];
    let answer = Authenticator::new(b"another").create(&first.options, moment);
    stage.refused(second.keep(&stage.ana, &answer).await, MINE, "challenge").await;
    let taken = Ceremony::begin(&stage.ana, MINE).await;
    let answer = Authenticator::new(&stage.laptop.id).create(&taken.options, moment);
    stage.refused(taken.keep(&stage.ana, &answer).await, MINE, "registered").await;
    let own = Ceremony::begin(&stage.ana, MINE).await;
    let answer = Authenticator::new(&stage.phone.id).create(&own.options, moment);
    stage.refused(own.keep(&stage.ana, &answer).await, MINE, "malformed").await;
    assert_eq!(stage.counts(), before);
}

#[tokio::test]
async fn what_has_another_form_is_told_so() {
    let stage = Stage::new().await;
    let ceremony = Ceremony::begin(&stage.ana, MINE).await;
    let good = Authenticator::new(b"another").create(&ceremony.options, Moment::TRUE);
    let without = |name: &str| {
        let mut credential = good.clone();
        credential["response"].as_object_mut().unwrap().remove(name);
        credential
    };
    let mut padded = good.clone();
    padded["rawId"] = json!("a===");
    for wrong in [json!({}), without("clientDataJSON"), without("attestationObject"), padded] {
        let answer = ceremony.keep(&stage.ana, &wrong).await.problem(422, "invalid");
        assert_eq!(answer.json["errors"][0]["pointer"], "/credential");
    }
    ceremony.keep(&stage.ana, &json!("text")).await.problem(422, "invalid");
    ceremony.keep(&stage.ana, &good).await.expect(201);
}

#[tokio::test]
async fn making_renaming_and_removing_want_a_fresh_sign_in() {
    let stage = Stage::new().await;
    let ceremony = Ceremony::begin(&stage.ana, MINE).await;
    let listed = stage.ana.get(MINE).await.expect(200);
    let path = format!("{MINE}/{}", listed.text("/items/0/id"));
    forge::sql(&stage.world, "UPDATE sessions SET auth_time = auth_time - ?1", [11 * 60 * 1_000_000_i64]);
    let answer = Authenticator::new(b"another").create(&ceremony.options, Moment::TRUE);
    ceremony.keep(&stage.ana, &answer).await.problem(401, "step-up-required");
    let ana = stage.ana.clone().with("if-match", "*");
    for (method, path, body) in [
        (Method::POST, format!("{MINE}/begin"), None),
        (Method::PATCH, path.clone(), Some(json!({"name": "Mine"}))),
        (Method::DELETE, path, None),
    ] {
        let refused = ana.send(method, &path, body.as_ref()).await.problem(401, "step-up-required");
        let challenge = refused.header("www-authenticate");
        assert!(
            challenge.contains("error=\"insufficient_user_authentication\"") && challenge.ends_with("max_age=\"600\"")
        );
        assert!(refused.text("/detail").contains("/api/v1/me/step-up"));
    }
    assert_eq!(stage.ana.get(MINE).await.expect(200).json, listed.json, "looking is free");
}

#[tokio::test]
async fn the_passkeys_of_others_are_not_there() {
    let stage = Stage::new().await;
    let bens = stage.ben.get(MINE).await.expect(200).text("/items/0/id");
    for person in [&stage.ana, &stage.olga] {
        let person = person.clone().with("if-match", "*");
        for id in [bens.as_str(), "01957000-0000-7000-8000-000000000000"] {
            let path = format!("{MINE}/{id}");
            person.send(Method::PATCH, &path, Some(&json!({"name": "Mine"}))).await.problem(403, "access-denied");
            person.send(Method::DELETE, &path, None).await.problem(403, "access-denied");
        }
    }
    assert_eq!(stage.ben.get(MINE).await.expect(200).json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn twenty_are_enough() {
    let stage = Stage::new().await;
    let open = Ceremony::begin(&stage.ana, MINE).await;
    for number in 1..20_u8 {
        make(&stage.ana, &[number; 16]).await;
    }
    let answer = Authenticator::new(b"another").create(&open.options, Moment::TRUE);
    open.keep(&stage.ana, &answer).await.problem(409, "limit-reached");
    stage.ana.post(&format!("{MINE}/begin"), &json!({})).await.problem(409, "limit-reached");
    assert_eq!(forge::count(&stage.world, "passkeys"), 21, "twenty of hers and Ben's");
    make(&stage.ben, b"another").await;
}

#[tokio::test]
async fn a_passkey_belongs_to_the_device_it_was_made_on() {
    let world = World::unclaimed();
    let body =
        json!({"token": world.claim_token().await, "name": "Olga", "device": {"name": "Laptop", "platform": "Linux"}});
    let olga = world.person(&world.stranger().post("/api/v1/auth/link", &body).await.expect(201));
    make(&olga, b"phone").await;
    let joined = "SELECT count(*) FROM passkeys p JOIN sessions s ON s.device_id = p.device_id";
    assert_eq!(forge::number(&world, joined), 1);
}

#[tokio::test]
async fn nothing_of_a_passkey_is_readable_in_the_files() {
    let (world, olga) = World::claimed().await;
    let phone = make(&olga, b"walnut-credential").await;
    let credential = base64url(&phone.id);
    for entry in std::fs::read_dir(world.folder()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for text in ["walnut-credential", &credential, "Ana's phone", "registration_policy", "challenge\""] {
            assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
        }
    }
}

#[tokio::test]
async fn a_server_without_a_name_has_no_passkeys() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(milton::base::clock::Timestamp::default()));
    let entropy = Arc::new(SeededEntropy::new(1));
    let path = folder.path().join("milton.db");
    let store = Store::open(StoreOptions::at(&path, clock.clone(), entropy.clone()), &root_key()).unwrap();
    let public_url = "https://192.0.2.1:8443".to_owned();
    let (providers, quotas) = Default::default();
    let app = App::new(AppOptions {
        store,
        clock,
        entropy,
        providers,
        quotas,
        public_url,
        outbound: milton::outbound::Options::default(),
        token_cost: milton::crypto::bearer::Cost::STANDARD,
    })
    .unwrap();
    let refused = app.begin_passkey_sign_in(&Caller::local(Actor::Anonymous)).await;
    assert!(matches!(refused, Err(Error::Conflict(Conflict::PasskeysUnavailable))), "{:?}", refused.map(|_| ()));
}

/// A browser's extra words do not disturb, and no word of ours is missing.
#[tokio::test]
async fn what_is_asked_has_the_published_form() {
    let stage = Stage::new().await;
    let members = |options: &Value| options.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let creation = Ceremony::begin(&stage.ana, MINE).await;
    for name in ["challenge", "rp", "user", "pubKeyCredParams", "excludeCredentials"] {
        assert!(members(&creation.options).iter().any(|member| member == name), "{name}");
    }
    let request = Ceremony::begin(&stage.world.stranger(), SIGN_IN).await;
    assert_eq!(request.options["allowCredentials"], json!([]));
    assert_eq!(
        (&request.options["rpId"], &request.options["userVerification"]),
        (&json!("milton.test"), &json!("required"))
    );
}
