//! Step-up: a session that has grown stale is made fresh, and no other.

use milton::idp::GOOGLE_ISSUER;
use serde_json::json;

use super::authenticator::Moment;
use super::{Ceremony, MINE, STALE, STEP_UP, Stage};
use crate::forge;
use crate::world::{Person, World};

const HOW: &str = "/api/v1/me/step-up";

/// Whether a dangerous act is open to them.
async fn is_fresh(person: &Person) -> bool {
    let answer = person.post(&format!("{MINE}/begin"), &json!({})).await;
    assert!(answer.status == 200 || answer.json["type"] == "/problems/step-up-required", "{}", answer.text);
    answer.status == 200
}

#[tokio::test]
async fn a_stale_session_is_made_fresh_and_its_neighbour_is_not() {
    let mut stage = Stage::new().await;
    let neighbour = stage.ana_again().await;
    stage.world.pass(STALE);
    let ana = stage.ana.clone();
    assert!(!is_fresh(&ana).await && !is_fresh(&neighbour).await);
    let ceremony = Ceremony::begin(&ana, STEP_UP).await;
    let credential = stage.phone.get(&ceremony.options, Moment::TRUE);
    let risen = ceremony.answer(&ana, STEP_UP, &credential).await.expect(200);
    assert!(is_fresh(&ana).await && !is_fresh(&neighbour).await);
    let told = ana.get(HOW).await.expect(200);
    assert_eq!(told.text("/step_up_until"), risen.text("/step_up_until"));
    assert_eq!(ana.get("/api/v1/me").await.expect(200).json["session"], risen.json);
    stage.world.pass(STALE);
    assert!(!is_fresh(&ana).await, "for ten minutes");
    let olga = stage.world.sign_in("owner@milton.test").await;
    for event in ["auth.stepup.started", "auth.stepup.succeeded"] {
        let row = &stage.world.audit(&olga, &format!("event={event}")).await[0];
        assert_eq!((&row["outcome"], &row["actor"]["user_id"]), (&json!("success"), &json!(ana.id)), "{event}");
    }
}

#[tokio::test]
async fn only_ones_own_passkeys_are_asked_for() {
    let stage = Stage::new().await;
    let ceremony = Ceremony::begin(&stage.ana, STEP_UP).await;
    let allowed = ceremony.options["allowCredentials"].as_array().unwrap();
    assert_eq!(allowed.len(), 1);
    assert_eq!(allowed[0]["id"], super::authenticator::base64url(&stage.phone.id));
}

#[tokio::test]
async fn a_userless_answer_is_fine_for_whom_the_session_names() {
    let mut stage = Stage::new().await;
    let ceremony = Ceremony::begin(&stage.ana, STEP_UP).await;
    stage.phone.holder = None;
    let mut credential = stage.phone.get(&ceremony.options, Moment::TRUE);
    credential["response"].as_object_mut().unwrap().remove("userHandle");
    ceremony.answer(&stage.ana, STEP_UP, &credential).await.expect(200);
}

#[tokio::test]
async fn a_session_that_another_device_vouched_for_stays_as_it_is() {
    let mut stage = Stage::new().await;
    let vouched = stage.ana_again().await;
    let ceremony = Ceremony::begin(&vouched, STEP_UP).await;
    forge::sql(&stage.world, "UPDATE sessions SET method = 'qr' WHERE method = 'passkey'", []);
    let credential = stage.phone.get(&ceremony.options, Moment::TRUE);
    ceremony.answer(&vouched, STEP_UP, &credential).await.problem(403, "access-denied");
    vouched.post(&format!("{STEP_UP}/begin"), &json!({})).await.problem(403, "access-denied");
    let told = vouched.get(HOW).await.expect(200);
    assert_eq!(told.json["ways"], json!([{"kind": "link"}]));
    assert!(!is_fresh(&vouched).await);
}

#[tokio::test]
async fn a_revoked_session_cannot_be_made_fresh() {
    let mut stage = Stage::new().await;
    let ceremony = Ceremony::begin(&stage.ana, STEP_UP).await;
    let credential = stage.phone.get(&ceremony.options, Moment::TRUE);
    stage.ana.post("/api/v1/me/sessions/revoke-all", &json!({})).await.expect(204);
    ceremony.answer(&stage.ana, STEP_UP, &credential).await.problem(401, "revoked-token");
}

#[tokio::test]
async fn everybody_is_told_what_they_can_do() {
    let stage = Stage::new().await;
    let ways = async |person: &Person| person.get(HOW).await.expect(200).json["ways"].clone();
    assert_eq!(ways(&stage.olga).await, json!([{"kind": "link"}]));
    assert_eq!(ways(&stage.ana).await, json!([{"kind": "passkey"}, {"kind": "link"}]));
    stage.world.stranger().get(HOW).await.problem(401, "missing-token");
}

#[tokio::test]
async fn providers_that_only_repeat_themselves_are_told_apart() {
    use milton::idp::{HttpClient, HttpOptions, Provider, ProviderConfig};
    let options = crate::world::Options::default();
    let secret = milton::base::secret::Secret::new("secret".to_owned());
    let google = ProviderConfig::google("milton".to_owned(), secret, Vec::new());
    let other =
        ProviderConfig { name: "keycloak".to_owned(), issuer: "https://id.example.com".to_owned(), ..google.clone() };
    let unused =
        ProviderConfig { name: "unused".to_owned(), issuer: "https://unused.example.com".to_owned(), ..google.clone() };
    let providers = [google, other, unused].map(|config| {
        let http = HttpClient::new(&HttpOptions::default()).unwrap();
        Provider::new(config, options.clock.clone(), options.entropy.clone(), http).unwrap()
    });
    let world = World::with(crate::world::Options { providers: providers.into(), ..options });
    let olga = world.claim("Olga").await;
    for (number, issuer) in [GOOGLE_ISSUER, "https://id.example.com"].into_iter().enumerate() {
        let sql = "INSERT INTO identities (id, user_id, issuer, subject_bidx, subject_sealed, created_at, last_used_at) \
            VALUES (?1, ?2, ?3, CAST(?1 AS BLOB), x'00', 0, 0)";
        forge::sql(&world, sql, [&format!("01957000-0000-7000-8000-00000000000{number}"), &olga.id, issuer]);
    }
    assert_eq!(
        olga.get(HOW).await.expect(200).json["ways"],
        json!([
            {"kind": "provider", "provider": "google", "display_name": "Google", "reauthenticates": false},
            {"kind": "provider", "provider": "keycloak", "display_name": "Google", "reauthenticates": true},
            {"kind": "link"},
        ])
    );
}
