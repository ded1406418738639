//! What providers give for further requests: sealed, renewed once for all who want it, and gone when it is refused.

use std::time::Duration;

use milton::base::id::Id;
use milton::domain::Error;
use milton::domain::identity::LinkedIdentity;
use poem::http::Method;
use serde_json::json;

use super::{IDENTITIES, Stage};
use crate::forge;

async fn identity(stage: &Stage) -> Id<LinkedIdentity> {
    stage.link(&stage.owner).await;
    let id = stage.identities(&stage.owner).await[0]["id"].as_str().unwrap().to_owned();
    id.parse().unwrap()
}

async fn token(stage: &Stage, identity: Id<LinkedIdentity>) -> Option<String> {
    stage.world.app.provider_token(identity).await.unwrap().map(|token| token.expose().clone())
}

#[tokio::test]
async fn tokens_are_sealed_and_kept_until_they_end() {
    let stage = Stage::new().await;
    stage.lying.give_refresh_tokens();
    let identity = identity(&stage).await;
    let access = token(&stage, identity).await.unwrap();
    assert!(access.starts_with("access-"));
    let file = |name| std::fs::read(stage.world.folder().join(name)).unwrap_or_default();
    let files = [file("milton.db"), file("milton.db-wal")].concat();
    for secret in [access.as_str(), "refresh-", "access-code"] {
        assert!(!files.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    stage.world.pass(Duration::from_mins(58));
    assert_eq!(token(&stage, identity).await.unwrap(), access, "two minutes are left");
    assert_eq!(stage.lying.hits("/token"), 1);
}

#[tokio::test]
async fn whoever_asks_at_the_same_time_shares_one_renewal() {
    let stage = Stage::new().await;
    stage.lying.give_refresh_tokens();
    let identity = identity(&stage).await;
    stage.world.pass(Duration::from_mins(59));
    let (one, two, three) = tokio::join!(token(&stage, identity), token(&stage, identity), token(&stage, identity));
    assert!(one.as_deref().unwrap().starts_with("renewed-") && one == two && two == three);
    assert_eq!(stage.lying.hits("/token"), 2, "the sign-in, and one renewal");
    let rows = stage.rows("auth.oauth.token_refreshed").await;
    assert_eq!((rows.len(), &rows[0]["actor"]["kind"], &rows[0]["outcome"]), (1, &json!("job"), &json!("success")));
    stage.world.pass(Duration::from_hours(2));
    assert!(token(&stage, identity).await.unwrap().starts_with("renewed-"), "by the refresh token that came with it");
}

#[tokio::test]
async fn a_refused_renewal_ends_the_tokens_on_record() {
    let stage = Stage::new().await;
    stage.lying.give_refresh_tokens();
    let identity = identity(&stage).await;
    stage.lying.forget_refresh_tokens();
    stage.world.pass(Duration::from_hours(1));
    assert_eq!(token(&stage, identity).await, None);
    assert_eq!(forge::count(&stage.world, "oauth_tokens"), 0);
    let row = &stage.rows("auth.oauth.token_revoked").await[0];
    assert_eq!((&row["detail"]["reason"], &row["actor"]["kind"]), (&json!("invalid_grant"), &json!("job")));
    assert_eq!((token(&stage, identity).await, stage.lying.hits("/token")), (None, 2), "and nobody asks again");
}

#[tokio::test]
async fn a_provider_that_is_down_costs_no_token() {
    let stage = Stage::new().await;
    stage.lying.give_refresh_tokens();
    let identity = identity(&stage).await;
    stage.world.pass(Duration::from_mins(59));
    stage.lying.stop();
    let answer = stage.world.app.provider_token(identity).await;
    assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
    assert_eq!(forge::count(&stage.world, "oauth_tokens"), 1);
    let row = &stage.rows("auth.oauth.token_refreshed").await[0];
    assert_eq!((&row["outcome"], &row["detail"]["error"]), (&json!("failure"), &json!("network")));
}

#[tokio::test]
async fn without_a_refresh_token_the_access_token_lives_its_time() {
    let stage = Stage::new().await;
    let identity = identity(&stage).await;
    stage.world.pass(Duration::from_hours(1).saturating_sub(Duration::from_micros(1)));
    assert!(token(&stage, identity).await.is_some());
    stage.world.pass(Duration::from_micros(1));
    assert_eq!((token(&stage, identity).await, stage.lying.hits("/token")), (None, 1));
}

#[tokio::test]
async fn the_timer_renews_what_ends_soon_and_nothing_else() {
    let stage = Stage::new().await;
    stage.lying.give_refresh_tokens();
    identity(&stage).await;
    for (minutes, renewed) in [(49, 0), (1, 1), (1, 0)] {
        stage.world.pass(Duration::from_mins(minutes));
        assert_eq!(stage.world.app.refresh_provider_tokens().await.unwrap(), renewed);
    }
    assert_eq!(stage.lying.hits("/token"), 2);
}

#[tokio::test]
async fn a_later_sign_in_brings_new_tokens_and_keeps_the_refresh_token() {
    let stage = Stage::new().await;
    stage.lying.give_refresh_tokens();
    let identity = identity(&stage).await;
    let first = token(&stage, identity).await;
    stage.lying.stop_giving_refresh_tokens();
    stage.person().await;
    let second = token(&stage, identity).await;
    assert!(first != second && forge::count(&stage.world, "oauth_tokens") == 1);
    stage.world.pass(Duration::from_hours(1));
    assert!(token(&stage, identity).await.unwrap().starts_with("renewed-"));
}

/// Whoever unlinks while the provider is asked for more must not leave a good token behind.
#[tokio::test]
async fn what_is_renewed_too_late_is_revoked_at_once() {
    let stage = Stage::new().await;
    stage.lying.give_refresh_tokens();
    let identity = identity(&stage).await;
    stage.world.pass(Duration::from_mins(59));
    let owner = stage.world.sign_in("owner@milton.test").await;
    let held = stage.lying.hold().await;
    let app = std::sync::Arc::clone(&stage.world.app);
    let renewal = tokio::spawn(async move { app.provider_token(identity).await });
    while stage.lying.hits("/token") < 2 {
        tokio::task::yield_now().await;
    }
    owner.send(Method::DELETE, &format!("{IDENTITIES}/{identity}"), None).await.expect(204);
    drop(held);
    assert!(renewal.await.unwrap().unwrap().is_none());
    assert!(stage.lying.revoked().iter().any(|token| token.starts_with("renewed-")), "{:?}", stage.lying.revoked());
    assert_eq!(forge::count(&stage.world, "oauth_tokens"), 0);
}

/// Whoever asks to leave leaves nothing of theirs with Milton that a provider gave.
#[tokio::test]
async fn whoever_leaves_gives_the_tokens_back() {
    let stage = Stage::new().await;
    let code = super::native::code(&stage).await;
    let app = super::native::exchange(&stage, &code, super::native::VERIFIER).await.expect(201);
    let app = stage.world.person(&app);
    assert_eq!(forge::count(&stage.world, "oauth_tokens"), 1);
    app.post("/api/v1/me/deletion", &json!({})).await.expect(202);
    assert_eq!(forge::count(&stage.world, "oauth_tokens"), 0);
    let row = &stage.rows("auth.oauth.token_revoked").await[0];
    assert_eq!((&row["outcome"], &row["actor"]["user_id"]), (&json!("success"), &json!(app.id)));
}
