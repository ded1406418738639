//! The way to a provider and back: every lie, every replay, every mix-up, and everybody who tries to cut in.

use std::time::Duration;

use serde_json::json;

use super::{CALLBACK, Journey, LOGIN, Stage, back, leave, provider, session, turned_away, unclaimed_with, with};
use crate::forge;
use crate::idp::{config, http};
use crate::lying_provider::{At, Lie, LyingProvider, parameter};
use crate::world::{Options, World};

#[tokio::test]
async fn no_lie_of_a_provider_signs_anybody_in() {
    let stage = Stage::new().await;
    stage.person().await;
    let before = stage.counts();
    let lies = [
        (Lie::NoIdToken, "id-token-missing"),
        (Lie::BadSignature, "id-token-signature"),
        (Lie::ChangedClaims, "id-token-signature"),
        (Lie::UnknownKey, "id-token-unknown-key"),
        (Lie::AlgNone, "id-token-algorithm"),
        (Lie::Hs256WithPublicKey, "id-token-algorithm"),
        (Lie::Hs256WithClientSecret, "id-token-algorithm"),
        (Lie::TokenIssuer, "id-token-issuer"),
        (Lie::Audience, "id-token-audience"),
        (Lie::SeveralAudiencesNoParty, "id-token-authorized-party"),
        (Lie::WrongParty, "id-token-authorized-party"),
        (Lie::Nonce, "id-token-nonce"),
        (Lie::NoNonce, "id-token-nonce"),
        (Lie::Expired(61), "id-token-expired"),
        (Lie::Future(61), "id-token-future"),
        (Lie::AccessTokenHash, "id-token-access-token-hash"),
        (Lie::EmptySubject, "id-token-malformed"),
        (Lie::OtherSubjectAtUserInfo, "user-info"),
        (Lie::CallbackIssuer, "callback-issuer"),
        (Lie::NoCallbackIssuer, "callback-issuer"),
    ];
    for (number, (lie, reason)) in lies.into_iter().enumerate() {
        stage.lying.lie(lie);
        turned_away(&stage.sign_in().await, "unauthenticated");
        let rows = stage.rows("auth.oauth.failed").await;
        assert_eq!(rows.len(), number + 1, "{lie:?}: one row");
        assert_eq!(rows[0]["detail"], json!({"provider": "lying", "error": reason}), "{lie:?}");
        assert_eq!((rows[0]["outcome"].as_str(), stage.counts()), (Some("failure"), before), "{lie:?}");
    }
    stage.lying.lie(Lie::None);
    assert!(session(&stage.sign_in().await).is_some());
}

#[tokio::test]
async fn a_callback_works_once() {
    let stage = Stage::new().await;
    let journey = stage.leave().await;
    assert!(session(&stage.back(&journey).await).is_some());
    let before = stage.counts();
    turned_away(&stage.back(&journey).await, "already-used");
    let row = &stage.rows("auth.oauth.returned").await[0];
    assert_eq!((row["outcome"].as_str(), row["detail"]["error"].as_str()), (Some("failure"), Some("already-used")));

    let journey = stage.leave().await;
    let (one, two) = tokio::join!(stage.back(&journey), stage.back(&journey));
    assert_eq!([session(&one), session(&two)].iter().flatten().count(), 1);
    assert_eq!(stage.counts(), [before[0], before[1] + 1, before[2]]);
    assert_eq!(stage.lying.hits("/token"), 2, "the provider was not asked for the replays");
}

#[tokio::test]
async fn another_code_under_ones_own_state_signs_nobody_in() {
    let stage = Stage::new().await;
    let (ours, theirs) = (stage.leave().await, stage.leave().await);
    let stolen = with(&ours.query, "code", parameter(&theirs.query, "code").as_deref());
    turned_away(&stage.back(&Journey { query: stolen, ..ours }).await, "unauthenticated");
    assert_eq!(stage.rows("auth.oauth.failed").await[0]["detail"]["error"], "refused");
    assert_eq!(stage.counts(), [1, 1, 0]);
}

/// Login CSRF: an attacker sends a victim's browser to the end of the attacker's own journey.
#[tokio::test]
async fn a_callback_belongs_to_the_browser_that_left() {
    let stage = Stage::new().await;
    let (ours, theirs) = (stage.leave().await, stage.leave().await);
    let wrong = ["", "__Host-milton-login=", "__Host-milton-login=x", "milton-login=x", &theirs.cookie];
    for (number, cookie) in wrong.iter().enumerate() {
        turned_away(&back(&stage.world.stranger(), CALLBACK, cookie, &ours.query).await, "already-used");
        let rows = stage.rows("auth.oauth.returned").await;
        assert_eq!((rows.len(), rows[0]["outcome"].as_str()), (number + 1, Some("failure")));
    }
    assert_eq!((stage.counts(), stage.lying.hits("/token")), ([1, 1, 0], 0));
    assert!(session(&stage.back(&ours).await).is_some(), "the right browser still arrives");
}

#[tokio::test]
async fn a_state_belongs_to_its_provider_and_is_never_guessed() {
    let stage = Stage::new().await;
    let journey = stage.leave().await;
    let answer = back(&stage.world.stranger(), "/auth/callback/other", &journey.cookie, &journey.query).await;
    turned_away(&answer, "already-used");
    for state in [None, Some(""), Some("x"), Some("%27%20OR%201%3D1")] {
        let query = with(&journey.query, "state", state);
        turned_away(&back(&stage.world.stranger(), CALLBACK, &journey.cookie, &query).await, "already-used");
    }
    let stranger = stage.world.stranger();
    stranger.get("/auth/callback/nobody?state=x").await.problem(404, "not-found");
    stranger.get("/auth/login/nobody").await.problem(404, "not-found");
    assert_eq!((stage.counts(), stage.lying.hits("/token"), stage.other.hits("/token")), ([1, 1, 0], 0, 0));
    assert!(session(&stage.back(&journey).await).is_some());
}

#[tokio::test]
async fn a_journey_takes_ten_minutes_at_most() {
    let stage = Stage::new().await;
    let (in_time, too_late) = (stage.leave().await, stage.leave().await);
    let limit = Duration::from_mins(10);
    stage.world.pass(limit.saturating_sub(Duration::from_micros(1)));
    assert!(session(&stage.back(&in_time).await).is_some());
    stage.world.pass(Duration::from_micros(1));
    turned_away(&stage.back(&too_late).await, "already-used");
    assert_eq!(stage.counts()[1], 2);
}

#[tokio::test]
async fn a_refusal_at_the_provider_is_one_here_even_beside_a_code() {
    let stage = Stage::new().await;
    let journey = stage.leave().await;
    let refused = format!("{}&error=access_denied&error_description=%3Cscript%3E", journey.query);
    turned_away(&stage.back(&Journey { cookie: journey.cookie.clone(), query: refused }).await, "unauthenticated");
    assert_eq!(stage.rows("auth.oauth.failed").await[0]["detail"]["error"], "refused");
    turned_away(&stage.back(&journey).await, "already-used");
    let without = stage.leave().await;
    let query = with(&without.query, "code", None);
    turned_away(&stage.back(&Journey { query, ..without }).await, "unauthenticated");
    assert_eq!((stage.counts(), stage.lying.hits("/token")), ([1, 1, 0], 0));
}

#[tokio::test]
async fn a_provider_that_is_down_is_told_as_such() {
    let clock = Options::default().clock;
    let down = LyingProvider::start(Lie::Down, clock.clone()).await;
    let providers = vec![provider(config(&down), &clock)];
    let world = World::with(Options { providers, clock, ..Options::default() });
    let owner = world.claim("Olga Owner").await;
    let answer = world.stranger().get(LOGIN).await.problem(503, "unavailable");
    assert!(answer.headers.contains_key("retry-after") && !answer.headers.contains_key("set-cookie"));
    assert!(!answer.text.contains("127.0.0.1"), "{}", answer.text);
    let row = &world.audit(&owner, "event=auth.oauth.failed").await[0];
    assert_eq!(row["detail"], json!({"provider": "lying", "error": "network"}));

    let Stage { world, owner, lying, other: _other } = Stage::new().await;
    let journey = leave(&world.stranger(), &lying, LOGIN).await;
    drop(lying);
    turned_away(&back(&world.stranger(), CALLBACK, &journey.cookie, &journey.query).await, "unavailable");
    assert_eq!(world.audit(&owner, "event=auth.oauth.failed").await[0]["detail"]["error"], "network");
}

#[tokio::test]
async fn nothing_a_request_says_decides_where_it_is_sent() {
    let stage = Stage::new().await;
    let evil = "https%3A%2F%2Fevil.example";
    let names = ["next", "return_to", "redirect", "url", "issuer", "client_id", "state", "nonce"];
    let hints = names.map(|name| format!("&{name}={evil}")).concat();
    let mut browser = stage.world.stranger();
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "host=evil.example;proto=http"),
        ("referer", "https://evil.example/"),
        ("origin", "https://evil.example"),
    ] {
        browser = browser.with(name, value);
    }
    let departure = browser.get(&format!("{LOGIN}?a=b{hints}")).await.expect(303);
    let url = departure.header("location");
    assert!(url.starts_with(&format!("{}/authorize?", stage.lying.issuer())) && !url.contains("evil"), "{url}");
    let cookie = departure.header("set-cookie").split_once(';').unwrap().0.to_owned();
    let query = stage.lying.browse(&url).await;
    let hints = hints.replace(&format!("&state={evil}"), "");
    let arrival = back(&browser, CALLBACK, &cookie, &format!("{query}{hints}")).await;
    assert_eq!(arrival.header("location"), "/");
    let lost = back(&browser, CALLBACK, &cookie, &format!("state=x&error={evil}{hints}")).await;
    turned_away(&lost, "already-used");
}

#[tokio::test]
async fn nothing_of_a_journey_is_readable_in_the_log_or_in_the_database() {
    let stage = Stage::new().await;
    let journey = stage.leave().await;
    stage.back(&journey).await;
    let secrets = ["state", "code"].map(|name| parameter(&journey.query, name).unwrap());
    let cookie = journey.cookie.split_once('=').unwrap().1.to_owned();
    let log = stage.owner.get("/api/v1/admin/audit?limit=100").await.expect(200).text;
    let files: Vec<u8> = ["milton.db", "milton.db-wal"]
        .iter()
        .flat_map(|file| std::fs::read(stage.world.folder().join(file)).unwrap_or_default())
        .collect();
    for secret in secrets.iter().chain([&cookie, &"sub-ana@example.com".to_owned(), &"Ana Lima".to_owned()]) {
        assert!(secret == "Ana Lima" || !log.contains(secret.as_str()), "{secret}");
        assert!(!files.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn a_new_key_is_fetched_once_a_minute_at_most() {
    let stage = Stage::new().await;
    assert!(session(&stage.sign_in().await).is_some());
    stage.lying.rotate_key();
    assert!(session(&stage.sign_in().await).is_some(), "a provider may take a new key at any time");
    let before = stage.counts();
    stage.lying.rotate_key();
    turned_away(&stage.sign_in().await, "unauthenticated");
    assert_eq!(stage.rows("auth.oauth.failed").await[0]["detail"]["error"], "id-token-unknown-key");
    assert_eq!((stage.counts(), stage.lying.hits("/keys")), (before, 2));
    stage.world.pass(Duration::from_mins(1));
    assert!(session(&stage.sign_in().await).is_some());
}

#[tokio::test]
async fn a_provider_that_is_slow_is_not_waited_for() {
    let options = Options::default();
    let slow = LyingProvider::start(Lie::None, options.clock.clone()).await;
    let http = http(Duration::from_millis(200));
    let entropy = std::sync::Arc::new(milton::base::entropy::SeededEntropy::new(5));
    let provider = milton::idp::Provider::new(config(&slow), options.clock.clone(), entropy, http).unwrap();
    let world = World::with(Options { providers: vec![provider], ..options });
    let owner = world.claim("Olga Owner").await;
    let journey = leave(&world.stranger(), &slow, LOGIN).await;
    slow.lie(Lie::Slow(At::Token));
    turned_away(&back(&world.stranger(), CALLBACK, &journey.cookie, &journey.query).await, "unavailable");
    let row = &world.audit(&owner, "event=auth.oauth.failed").await[0];
    assert_eq!(row["detail"], json!({"provider": "lying", "error": "timeout"}));
    assert_eq!(["users", "sessions", "identities"].map(|table| forge::count(&world, table)), [1, 1, 0]);
}

/// Whatever the way in, it is the account's allowance.
#[tokio::test]
async fn an_accounts_sign_ins_are_counted_at_the_provider_too() {
    let mut options = Options::default();
    options.quotas.insert("sign-ins-of-account", 2);
    let (world, [lying, other]) = unclaimed_with(options).await;
    let owner = world.claim("Olga Owner").await;
    let stage = Stage { world, owner, lying, other };
    // The first makes the account.
    for _ in 0..3 {
        assert!(session(&stage.sign_in().await).is_some());
    }
    let sessions = stage.counts()[1];
    for _ in 0..2 {
        let Journey { cookie, query } = stage.leave().await;
        let browser = stage.world.stranger().with("cookie", &cookie);
        browser.get(&format!("{CALLBACK}?{query}")).await.problem(429, "quota-exceeded");
    }
    assert_eq!(stage.counts()[1], sessions);
    let rows = stage.rows("ratelimit.exceeded").await;
    assert_eq!((rows.len(), &rows[0]["detail"]["quota"]), (1, &json!("sign-ins-of-account")));
    stage.world.pass(Duration::from_mins(30));
    assert!(session(&stage.sign_in().await).is_some());
}
