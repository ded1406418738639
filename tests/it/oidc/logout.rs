//! Back-channel logout: what a provider's word ends, and what it leaves alone.

use std::time::Duration;

use serde_json::json;

use super::{LOGOUT, ME, Stage};
use crate::lying_provider::Account;
use crate::world::Answer;

const ANA: &str = "sub-ana@example.com";

/// Sends a logout token that the provider signed.
pub async fn send(stage: &Stage, token: &str) -> Answer {
    stage.world.stranger().post_form(LOGOUT, &format!("logout_token={token}")).await
}

#[tokio::test]
async fn a_logout_at_the_provider_is_one_here() {
    let stage = Stage::new().await;
    let (first, second) = (stage.arrived().await, stage.arrived().await);
    stage.lying.account(Account::new("Ben", "ben@example.com"));
    let ben = stage.arrived().await;
    let token = stage.lying.logout_token(&stage.lying.logout_claims(ANA, "1"));
    let answer = send(&stage, &token).await.expect(200);
    assert_eq!((answer.header("cache-control"), answer.text.as_str()), ("no-store".to_owned(), ""));
    for gone in [&first, &second] {
        gone.get(ME).await.problem(401, "revoked-token");
    }
    ben.get(ME).await.expect(200);
    stage.owner.get(ME).await.expect(200);
    let row = &stage.rows("auth.oauth.logged_out").await[0];
    assert_eq!((&row["detail"]["sessions"], &row["actor"]["user_id"]), (&json!("2"), &json!(first.id)));
    assert_eq!(row["seq"].to_string(), answer.header("milton-audit"));
}

#[tokio::test]
async fn a_named_session_ends_alone() {
    let stage = Stage::new().await;
    let unnamed = stage.arrived().await;
    stage.lying.session("one");
    let one = stage.arrived().await;
    stage.lying.session("two");
    let two = stage.arrived().await;
    let mut claims = stage.lying.logout_claims(ANA, "1");
    claims["sid"] = json!("one");
    send(&stage, &stage.lying.logout_token(&claims)).await.expect(200);
    one.get(ME).await.problem(401, "revoked-token");
    unnamed.get(ME).await.problem(401, "revoked-token");
    two.get(ME).await.expect(200);
}

#[tokio::test]
async fn a_session_that_did_not_begin_with_the_identity_stays() {
    let stage = Stage::new().await;
    stage.link(&stage.owner).await;
    send(&stage, &stage.lying.logout_token(&stage.lying.logout_claims(ANA, "1"))).await.expect(200);
    stage.owner.get(ME).await.expect(200);
}

#[tokio::test]
async fn somebody_whom_nobody_knows_is_no_error() {
    let stage = Stage::new().await;
    send(&stage, &stage.lying.logout_token(&stage.lying.logout_claims("nobody", "1"))).await.expect(200);
    let row = &stage.rows("auth.oauth.logged_out").await[0];
    assert_eq!((&row["detail"]["sessions"], &row["actor"]["kind"]), (&json!("0"), &json!("anonymous")));
}

#[tokio::test]
async fn a_code_that_was_given_ends_too() {
    let stage = Stage::new().await;
    let code = super::native::code(&stage).await;
    send(&stage, &stage.lying.logout_token(&stage.lying.logout_claims(ANA, "1"))).await.expect(200);
    super::native::exchange(&stage, &code, super::native::VERIFIER).await.problem(401, "expired-token");
}

#[tokio::test]
async fn fields_that_nobody_knows_are_passed_over() {
    let stage = Stage::new().await;
    let token = stage.lying.logout_token(&stage.lying.logout_claims(ANA, "1"));
    let stranger = stage.world.stranger();
    stranger.post_form(LOGOUT, &format!("other=1&logout_token={token}")).await.expect(200);
    for wrong in ["", "other=1", "logout_token=a&logout_token=b"] {
        stranger.post_form(LOGOUT, wrong).await.problem(400, "bad-request");
    }
    stranger.post(LOGOUT, &json!({"logout_token": token})).await.problem(415, "unsupported-media-type");
    stranger.post_form("/auth/backchannel-logout/nobody", "logout_token=x").await.problem(404, "not-found");
}

#[tokio::test]
async fn a_new_key_is_fetched_for_a_logout_too() {
    let stage = Stage::new().await;
    let ana = stage.arrived().await;
    stage.lying.rotate_key();
    send(&stage, &stage.lying.logout_token(&stage.lying.logout_claims(ANA, "1"))).await.expect(200);
    ana.get(ME).await.problem(401, "revoked-token");
    stage.world.pass(Duration::from_secs(1));
    stage.lying.rotate_key();
    let token = stage.lying.logout_token(&stage.lying.logout_claims(ANA, "2"));
    send(&stage, &token).await.problem(400, "bad-request");
    assert_eq!(
        (stage.rows("auth.oauth.failed").await[0]["detail"]["error"].as_str(), stage.lying.hits("/keys")),
        (Some("id-token-unknown-key"), 2)
    );
    stage.world.pass(Duration::from_mins(1));
    send(&stage, &token).await.expect(200);
}

#[tokio::test]
async fn without_its_keys_nothing_is_believed() {
    let stage = Stage::new().await;
    let token = stage.lying.logout_token(&stage.lying.logout_claims(ANA, "1"));
    stage.lying.stop();
    send(&stage, &token).await.problem(503, "unavailable");
    assert_eq!(stage.rows("auth.oauth.failed").await[0]["detail"]["error"], "network");
}
