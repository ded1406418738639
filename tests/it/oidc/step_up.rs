//! A new proof by a provider: what makes one, and what does not.

use std::time::Duration;

use milton::base::secret::Secret;
use milton::idp::ProviderConfig;
use serde_json::json;

use super::{LINK, ME, STEP_UP, Stage, led_to, native, provider};
use crate::forge;
use crate::lying_provider::{Account, Lie, parameter};
use crate::world::{Options, Person, World};

async fn is_fresh(person: &Person) -> bool {
    let answer = person.post(LINK, &json!({"provider": "lying"})).await;
    if answer.status == 200 {
        return true;
    }
    answer.problem(401, "step-up-required");
    false
}

/// Somebody with a linked identity whose sign-in is eleven minutes old.
async fn stale() -> Stage {
    let stage = Stage::new().await;
    stage.link(&stage.owner).await;
    stage.world.pass(Duration::from_mins(11));
    assert!(!is_fresh(&stage.owner).await);
    stage
}

#[tokio::test]
async fn a_new_sign_in_at_the_provider_is_a_new_proof_here() {
    let stage = stale().await;
    let body = json!({"provider": "lying", "return_to": "/teams/1?tab=keys"});
    let departure = stage.owner.post(STEP_UP, &body).await.expect(200);
    let url = departure.text("/url");
    assert_eq!(
        (parameter(&url, "prompt"), parameter(&url, "max_age")),
        (Some("login".to_owned()), Some("0".to_owned()))
    );
    let journey = super::Journey { cookie: super::trip_cookie(&departure), query: stage.lying.browse(&url).await };
    led_to(&stage.back(&journey).await, "/teams/1?tab=keys");
    assert!(is_fresh(&stage.owner).await);
    for event in ["auth.stepup.started", "auth.stepup.succeeded"] {
        let row = &stage.rows(event).await[0];
        assert_eq!((&row["actor"]["user_id"], &row["outcome"]), (&json!(stage.owner.id), &json!("success")), "{event}");
    }
    assert_eq!(stage.counts(), [1, 1, 1], "and no session is made");
    let session = stage.owner.get(ME).await.expect(200);
    assert_eq!(session.text("/session/auth_time"), "2026-03-01T09:11:00Z");
}

#[tokio::test]
async fn a_provider_that_ignores_the_question_proves_nothing() {
    let stage = stale().await;
    for (number, lie) in
        [Lie::NoAuthTime, Lie::AuthTime(-61), Lie::AuthTime(61), Lie::AuthTime(-86_400)].into_iter().enumerate()
    {
        stage.lying.lie(lie);
        let journey = stage.leave_as(&stage.owner, STEP_UP, &json!({"provider": "lying"})).await;
        led_to(&stage.back(&journey).await, "/account?problem=step-up-ignored");
        let rows = stage.rows("auth.stepup.failed").await;
        assert_eq!((rows.len(), &rows[0]["detail"]["error"]), (number + 1, &json!("step-up-ignored")), "{lie:?}");
        assert_eq!(rows[0]["actor"]["user_id"], stage.owner.id.as_str());
        assert!(!is_fresh(&stage.owner).await, "{lie:?}");
    }
    stage.lying.lie(Lie::AuthTime(-60));
    let journey = stage.leave_as(&stage.owner, STEP_UP, &json!({"provider": "lying"})).await;
    led_to(&stage.back(&journey).await, "/account");
    assert!(is_fresh(&stage.owner).await, "clocks differ by a minute");
}

/// The provider's session from before the trip is no proof, however long the trip takes.
#[tokio::test]
async fn a_sign_in_before_the_trip_began_is_an_old_one() {
    let stage = stale().await;
    stage.lying.lie(Lie::AuthTime(-300));
    let journey = stage.leave_as(&stage.owner, STEP_UP, &json!({"provider": "lying"})).await;
    stage.world.pass(Duration::from_mins(2));
    led_to(&stage.back(&journey).await, "/account?problem=step-up-ignored");
    assert!(!is_fresh(&stage.owner).await);
}

#[tokio::test]
async fn google_is_not_even_asked() {
    let options = Options::default();
    let google = ProviderConfig::google("id".to_owned(), Secret::new("secret".to_owned()), Vec::new());
    let providers = vec![provider(google, &options.clock)];
    let world = World::with(Options { providers, ..options });
    let owner = world.claim("Olga").await;
    let answer = owner.post(STEP_UP, &json!({"provider": "google"})).await.problem(409, "step-up-ignored");
    let told = answer.text("/detail");
    assert!(["passkey", "sign in again", "one-time link"].iter().all(|way| told.contains(way)), "{told}");
    let row = &world.audit(&owner, "event=auth.stepup.failed").await[0];
    assert_eq!((&row["actor"]["user_id"], &row["outcome"]), (&json!(owner.id), &json!("failure")));
    let listed = world.stranger().get("/api/v1/auth/providers").await.expect(200);
    assert_eq!(listed.json["items"][0]["step_up"], false);
}

#[tokio::test]
async fn whoever_is_not_linked_proves_nothing() {
    let stage = stale().await;
    let ana = Account::new("Ana Lima", "ana@example.com");
    for somebody in
        [Account::new("Nobody", "nobody@example.com"), Account { subject: "other".to_owned(), ..ana.clone() }]
    {
        stage.lying.account(somebody);
        let journey = stage.leave_as(&stage.owner, STEP_UP, &json!({"provider": "lying"})).await;
        led_to(&stage.back(&journey).await, "/account?problem=other-identity");
        assert_eq!(stage.rows("auth.stepup.failed").await[0]["detail"]["error"], "other-identity");
        assert!(!is_fresh(&stage.owner).await);
    }
    assert_eq!(stage.counts()[2], 1, "and nobody is linked by the way");
}

#[tokio::test]
async fn a_device_that_another_vouched_for_cannot() {
    let stage = stale().await;
    forge::sql(&stage.world, "UPDATE sessions SET method = 'qr'", []);
    stage.owner.post(STEP_UP, &json!({"provider": "lying"})).await.problem(403, "access-denied");
}

#[tokio::test]
async fn a_provider_that_refuses_is_a_failed_proof() {
    let stage = stale().await;
    let journey = stage.leave_as(&stage.owner, STEP_UP, &json!({"provider": "lying", "return_to": "/home"})).await;
    let refused = super::Journey { query: format!("{}&error=login_required", journey.query), ..journey };
    led_to(&stage.back(&refused).await, "/home?problem=unauthenticated");
    let row = &stage.rows("auth.stepup.failed").await[0];
    assert_eq!((&row["detail"]["error"], &row["actor"]["user_id"]), (&json!("refused"), &json!(stage.owner.id)));
}

/// A provider lets people through that signed in there long ago: they are who they are, and have proved nothing now.
#[tokio::test]
async fn whoever_is_let_through_silently_comes_in_stale() {
    let stage = Stage::new().await;
    for (age, fresh) in [(-86_400, false), (-60, true)] {
        stage.lying.lie(Lie::AuthTime(age));
        let code = native::code(&stage).await;
        let app = stage.world.person(&native::exchange(&stage, &code, native::VERIFIER).await.expect(201));
        app.get(ME).await.expect(200);
        assert_eq!(is_fresh(&app).await, fresh, "{age} s");
    }
}

#[tokio::test]
async fn the_end_of_all_sessions_is_the_end_of_codes_under_way() {
    let stage = Stage::new().await;
    let first = native::code(&stage).await;
    let app = stage.world.person(&native::exchange(&stage, &first, native::VERIFIER).await.expect(201));
    let under_way = native::code(&stage).await;
    app.post("/api/v1/me/sessions/revoke-all", &json!({})).await.expect(204);
    native::exchange(&stage, &under_way, native::VERIFIER).await.problem(401, "expired-token");
}
