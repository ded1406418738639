//! Native apps: a loopback address, a one-time code, and the app's own verifier.

use std::time::Duration;

use serde_json::{Value, json};

use super::{CALLBACK, Journey, LOGIN, ME, Stage, back, led_to, trip_cookie};
use crate::forge;
use crate::lying_provider::{Account, LyingProvider, parameter};
use crate::world::{Answer, Person};

/// Appendix B of RFC 7636.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const EXCHANGE: &str = "/api/v1/auth/exchange";

/// Where an app opens the browser.
pub fn address() -> String {
    let redirect = "http%3A%2F%2F127.0.0.1%3A4711%2Fdone";
    format!("{LOGIN}?redirect_uri={redirect}&code_challenge={CHALLENGE}&code_challenge_method=S256&state=app-state")
}

/// Goes to the provider for an app and back; answers where the browser is sent then.
pub async fn travel(stage: &Stage) -> String {
    let (cookie, query) = depart(&stage.world.stranger(), &stage.lying).await;
    let landing = stage.back(&Journey { cookie, query }).await;
    let place = landing.header("location");
    led_to(&landing, &place);
    place
}

async fn depart(browser: &Person, lying: &LyingProvider) -> (String, String) {
    let departure = browser.get(&address()).await.expect(303);
    (trip_cookie(&departure), lying.browse(&departure.header("location")).await)
}

/// A code for the app.
pub async fn code(stage: &Stage) -> String {
    let place = travel(stage).await;
    assert!(place.starts_with("http://127.0.0.1:4711/done?"), "{place}");
    assert_eq!(parameter(place.split_once('?').unwrap().1, "state").as_deref(), Some("app-state"));
    parameter(place.split_once('?').unwrap().1, "code").unwrap()
}

pub async fn exchange(stage: &Stage, code: &str, verifier: &str) -> Answer {
    let body = json!({"code": code, "code_verifier": verifier, "device": {"name": "Pocket", "platform": "Linux"}});
    stage.world.stranger().post(EXCHANGE, &body).await
}

#[tokio::test]
async fn an_app_is_signed_in_by_its_code_and_its_verifier() {
    let stage = Stage::new().await;
    let code = code(&stage).await;
    assert_eq!(code.len(), 43, "256 random bits");
    assert_eq!(stage.counts(), [2, 1, 1], "an account and no session yet");
    let answer = exchange(&stage, &code, VERIFIER).await.expect(201);
    assert!(answer.headers.get("set-cookie").is_none());
    let app = stage.world.person(&answer);
    let me = app.get(ME).await.expect(200);
    assert_eq!((me.text("/name"), me.text("/session/kind")), ("Ana Lima".to_owned(), "client".to_owned()));
    let devices = app.get("/api/v1/me/devices").await.expect(200);
    assert_eq!(devices.text("/items/0/name"), "Pocket");
    for event in ["auth.code.issued", "auth.code.exchanged", "auth.login.succeeded"] {
        let row = &stage.rows(event).await[0];
        assert_eq!((&row["actor"]["user_id"], &row["outcome"]), (&json!(app.id), &json!("success")), "{event}");
    }
}

#[tokio::test]
async fn the_browser_may_be_signed_in_at_the_console() {
    let stage = Stage::new().await;
    let console = stage.arrived().await;
    let (cookie, query) = depart(&console, &stage.lying).await;
    let both = format!("{}; {cookie}", console.headers["cookie"].to_str().unwrap());
    let landing = back(&console, CALLBACK, &both, &query).await;
    assert!(landing.header("location").starts_with("http://127.0.0.1:4711/done?code="));
    stage.owner.get(&address()).await.expect(303);
}

#[tokio::test]
async fn an_app_hears_why_it_gets_no_code() {
    let stage = Stage::new().await;
    stage.lying.account(Account::new("Eve", "eve@example.org"));
    let place = travel(&stage).await;
    assert_eq!(place, "http://127.0.0.1:4711/done?error=access_denied&error_description=not-invited&state=app-state");
    assert_eq!(stage.rows("auth.oauth.failed").await[0]["detail"]["error"], "not-invited");
    let (cookie, query) = depart(&stage.world.stranger(), &stage.lying).await;
    stage.lying.stop();
    let landing = stage.back(&Journey { cookie, query }).await;
    assert!(landing.header("location").contains("?error=temporarily_unavailable&"));
    assert_eq!((stage.counts(), forge::count(&stage.world, "login_codes")), ([1, 1, 0], 0));
}

#[tokio::test]
async fn a_code_is_good_for_a_minute() {
    let stage = Stage::new().await;
    let (in_time, too_late) = (code(&stage).await, code(&stage).await);
    stage.world.pass(Duration::from_mins(1).saturating_sub(Duration::from_micros(1)));
    exchange(&stage, &in_time, VERIFIER).await.expect(201);
    stage.world.pass(Duration::from_micros(1));
    exchange(&stage, &too_late, VERIFIER).await.problem(401, "expired-token");
    assert_eq!(stage.rows("auth.login.failed").await[0]["detail"]["method"], "code");
    assert_eq!(stage.counts()[1], 2);
}

#[tokio::test]
async fn a_suspended_person_gets_neither_code_nor_session() {
    let stage = Stage::new().await;
    let code = code(&stage).await;
    forge::sql(&stage.world, "UPDATE users SET state = 'suspended' WHERE id != ?1", [&stage.owner.id]);
    exchange(&stage, &code, VERIFIER).await.problem(403, "access-denied");
    assert!(travel(&stage).await.contains("error=access_denied&error_description=access-denied"));
    assert_eq!((stage.counts()[1], forge::count(&stage.world, "login_codes")), (1, 1));
}

#[tokio::test]
async fn nothing_of_a_code_is_readable() {
    let stage = Stage::new().await;
    let code = code(&stage).await;
    exchange(&stage, &code, VERIFIER).await.expect(201);
    let log = stage.owner.get("/api/v1/admin/audit?limit=100").await.expect(200).text;
    let file = |name| std::fs::read(stage.world.folder().join(name)).unwrap_or_default();
    let files = [file("milton.db"), file("milton.db-wal")].concat();
    for secret in [code.as_str(), VERIFIER, "app-state", "http://127.0.0.1:4711/done"] {
        assert!(
            !log.contains(secret) && !files.windows(secret.len()).any(|window| window == secret.as_bytes()),
            "{secret}"
        );
    }
}

#[tokio::test]
async fn half_a_request_of_an_app_is_refused() {
    let stage = Stage::new().await;
    for without in ["redirect_uri", "code_challenge", "code_challenge_method"] {
        let query = super::with(address().split_once('?').unwrap().1, without, None);
        stage.world.stranger().get(&format!("{LOGIN}?{query}")).await.problem(422, "invalid");
    }
    let plain = address().replace("S256", "plain");
    stage.world.stranger().get(&plain).await.problem(422, "invalid");
    let missing: Value = json!({"code": "x"});
    stage.world.stranger().post(EXCHANGE, &missing).await.problem(422, "invalid");
}
