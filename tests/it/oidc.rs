//! Sign-in through a provider, over the API: the whole journey, and everybody who tries to cut in.

use std::sync::Arc;
use std::time::Duration;

use milton::base::clock::ManualClock;
use milton::base::entropy::SeededEntropy;
use milton::idp::{HttpOptions, Provider, ProviderConfig};
use poem::http::Method;
use serde_json::{Value, json};

use crate::forge;
use crate::idp::{config, http};
use crate::lying_provider::{Account, Lie, LyingProvider, parameter};
use crate::world::{Answer, Options, Person, World};

const ME: &str = "/api/v1/me";
const LOGIN: &str = "/auth/login/lying";
const CALLBACK: &str = "/auth/callback/lying";

/// A claimed server with two providers.
struct Stage {
    world: World,
    owner: Person,
    lying: LyingProvider,
    other: LyingProvider,
}

/// A browser that left for a provider: the cookie it got, and what the provider sends it back with.
struct Journey {
    cookie: String,
    query: String,
}

impl Stage {
    async fn new() -> Self {
        let (world, [lying, other]) = unclaimed().await;
        let owner = world.claim("Olga Owner").await;
        Self { world, owner, lying, other }
    }

    async fn leave(&self) -> Journey {
        leave(&self.world.stranger(), &self.lying, LOGIN).await
    }

    async fn back(&self, journey: &Journey) -> Answer {
        back(&self.world.stranger(), CALLBACK, &journey.cookie, &journey.query).await
    }

    async fn sign_in(&self) -> Answer {
        self.back(&self.leave().await).await
    }

    /// Signs in and answers who it was.
    async fn person(&self) -> Value {
        let session = session(&self.sign_in().await);
        session.map(|cookie| self.world.stranger().with("cookie", &cookie)).unwrap().get(ME).await.expect(200).json
    }

    /// People, sessions and identities.
    fn counts(&self) -> [i64; 3] {
        ["users", "sessions", "identities"].map(|table| forge::count(&self.world, table))
    }

    async fn rows(&self, event: &str) -> Vec<Value> {
        self.world.app.record_bursts(true).await.unwrap();
        self.world.audit(&self.owner, &format!("event={event}")).await
    }
}

async fn unclaimed() -> (World, [LyingProvider; 2]) {
    let Options { quotas, clock, entropy, .. } = Options::default();
    let lying = LyingProvider::start(Lie::None, clock.clone()).await;
    let other = LyingProvider::start(Lie::None, clock.clone()).await;
    let second = ProviderConfig { name: "other".to_owned(), ..config(&other) };
    let providers = [config(&lying), second].map(|config| provider(config, &clock)).into();
    (World::with(Options { quotas, clock, entropy, providers }), [lying, other])
}

fn provider(config: ProviderConfig, clock: &Arc<ManualClock>) -> Provider {
    let http = http(HttpOptions::default().timeout);
    let seed = config.name.bytes().map(u64::from).sum();
    Provider::new(config, clock.clone(), Arc::new(SeededEntropy::new(seed)), http).unwrap()
}

async fn leave(browser: &Person, provider: &LyingProvider, path: &str) -> Journey {
    let departure = browser.get(path).await.expect(303);
    let cookie = departure.header("set-cookie").split_once(';').unwrap().0.to_owned();
    assert!(cookie.starts_with("__Host-milton-login="));
    Journey { cookie, query: provider.browse(&departure.header("location")).await }
}

async fn back(browser: &Person, path: &str, cookie: &str, query: &str) -> Answer {
    browser.clone().with("cookie", cookie).get(&format!("{path}?{query}")).await.expect(303)
}

/// The session's cookie, when the answer sets one.
fn session(answer: &Answer) -> Option<String> {
    let cookie = answer.headers.get("set-cookie")?.to_str().unwrap();
    cookie.starts_with("__Host-milton=").then(|| cookie.split_once(';').unwrap().0.to_owned())
}

#[track_caller]
fn turned_away(answer: &Answer, problem: &str) {
    assert_eq!(answer.header("location"), format!("/?problem={problem}"));
    assert!(answer.headers.get("set-cookie").is_none() && answer.text.is_empty());
}

/// The query with one parameter replaced, or without it.
fn with(query: &str, name: &str, value: Option<&str>) -> String {
    let others = query.split('&').filter(|pair| pair.split_once('=').unwrap().0 != name).map(str::to_owned);
    others.chain(value.map(|value| format!("{name}={value}"))).collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn a_person_of_an_allowed_domain_signs_in() {
    let stage = Stage::new().await;
    let listed = stage.world.stranger().get("/api/v1/auth/providers").await.expect(200);
    assert_eq!(listed.text("/items/0/login_url"), LOGIN);

    let departure = stage.world.stranger().get(LOGIN).await.expect(303);
    let url = departure.header("location");
    assert!(url.starts_with(&format!("{}/authorize?", stage.lying.issuer())));
    assert_eq!(parameter(&url, "redirect_uri").unwrap(), "https://milton.test/auth/callback/lying");
    let (value, attributes) =
        departure.header("set-cookie").split_once(';').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(value.len(), "__Host-milton-login=".len() + 43, "256 random bits");
    assert_eq!(attributes, " Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600");

    let query = stage.lying.browse(&url).await;
    let arrival = back(&stage.world.stranger(), CALLBACK, &value, &query).await;
    assert_eq!(arrival.header("location"), "/");
    assert!(arrival.header("set-cookie").ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=86400"));
    let browser = stage.world.stranger().with("cookie", &session(&arrival).unwrap());
    let me = browser.get(ME).await.expect(200);
    assert_eq!((me.text("/name"), me.text("/email")), ("Ana Lima".to_owned(), "ana@example.com".to_owned()));
    assert_eq!((me.text("/instance_role"), me.text("/session/kind")), ("member".to_owned(), "console".to_owned()));
    assert_eq!(stage.counts(), [2, 2, 1]);
    for event in ["auth.oauth.started", "auth.oauth.returned", "auth.oauth.succeeded", "user.created"] {
        let rows = stage.rows(event).await;
        assert_eq!(rows[0]["outcome"], "success", "{event}");
    }
    let row = &stage.rows("auth.oauth.succeeded").await[0];
    assert_eq!(
        (row["actor"]["user_id"].clone(), row["detail"]["provider"].clone()),
        (me.json["id"].clone(), json!("lying"))
    );
}

#[tokio::test]
async fn the_same_identity_is_the_same_person_and_another_issuers_is_not() {
    let stage = Stage::new().await;
    let first = stage.person().await;
    let renamed = Account { email: "ana.lima@example.com".to_owned(), ..Account::new("Ana Maria", "ana@example.com") };
    stage.lying.account(renamed.clone());
    let again = stage.person().await;
    assert_eq!((&again["id"], &again["email"]), (&first["id"], &first["email"]));
    assert_eq!(stage.counts(), [2, 3, 1]);

    stage.other.account(renamed);
    let journey = leave(&stage.world.stranger(), &stage.other, "/auth/login/other").await;
    let arrival = back(&stage.world.stranger(), "/auth/callback/other", &journey.cookie, &journey.query).await;
    let cookie = session(&arrival).unwrap();
    let me = stage.world.stranger().with("cookie", &cookie).get(ME).await.expect(200);
    assert_ne!(me.json["id"], first["id"], "the subject alone is no identity");
}

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
    stage.world.pass(limit - Duration::from_micros(1));
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
async fn only_a_verified_address_of_an_allowed_domain_may_join() {
    let stage = Stage::new().await;
    let unverified = Account { email_verified: false, ..Account::new("Eve", "eve@example.com") };
    let strangers = [
        unverified,
        Account::new("Eve", "eve@example.org"),
        Account::new("Eve", "eve@sub.example.com"),
        Account::new("Eve", "eve@example.com.evil.org"),
        Account::new("Eve", "eve@example.org@example.com"),
    ];
    for (number, account) in strangers.into_iter().enumerate() {
        let who = format!("{account:?}");
        stage.lying.account(account);
        turned_away(&stage.sign_in().await, "not-invited");
        let rows = stage.rows("auth.oauth.succeeded").await;
        assert_eq!(rows.len(), number + 1);
        assert_eq!(
            (rows[0]["outcome"].as_str(), rows[0]["detail"]["error"].as_str()),
            (Some("failure"), Some("not-invited"))
        );
        assert_eq!(stage.counts(), [1, 1, 0], "{who}");
    }
}

#[tokio::test]
async fn a_known_address_opens_no_account() {
    let stage = Stage::new().await;
    for email in ["owner@milton.test", "OWNER@Milton.Test"] {
        stage.lying.account(Account { subject: "attacker".to_owned(), ..Account::new("Eve", email) });
        turned_away(&stage.sign_in().await, "link-required");
        let row = &stage.rows("auth.oauth.succeeded").await[0];
        assert_eq!(row["detail"]["error"], "link-required");
    }
    let patch = json!({"email": "olga@example.com"});
    stage.owner.send(Method::PATCH, ME, Some(&patch)).await.expect(200);
    stage.lying.account(Account::new("Eve", "olga@example.com"));
    turned_away(&stage.sign_in().await, "link-required");
    let unverified = Account { email_verified: false, ..Account::new("Eve", "olga@example.com") };
    stage.lying.account(unverified);
    turned_away(&stage.sign_in().await, "not-invited");
    assert_eq!(stage.counts(), [1, 1, 0]);
}

#[tokio::test]
async fn a_suspended_person_stays_outside() {
    let stage = Stage::new().await;
    let id = stage.person().await["id"].as_str().unwrap().to_owned();
    forge::sql(&stage.world, "UPDATE users SET state = 'suspended' WHERE id = ?1", [&id]);
    let before = stage.counts();
    turned_away(&stage.sign_in().await, "access-denied");
    let row = &stage.rows("authz.denied").await[0];
    assert_eq!(row["detail"]["attempted"], "auth.oauth.succeeded");
    assert_eq!(stage.counts(), before);
}

#[tokio::test]
async fn nobody_owns_a_new_server_by_a_providers_word() {
    let (world, [lying, _]) = unclaimed().await;
    let journey = leave(&world.stranger(), &lying, LOGIN).await;
    turned_away(&back(&world.stranger(), CALLBACK, &journey.cookie, &journey.query).await, "not-invited");
    assert_eq!((forge::count(&world, "users"), forge::count(&world, "sessions")), (0, 0));
    let owner = world.claim("Olga Owner").await;
    let row = &world.audit(&owner, "event=auth.oauth.succeeded").await[0];
    assert_eq!((row["outcome"].as_str(), row["detail"]["error"].as_str()), (Some("failure"), Some("not-invited")));
}

#[tokio::test]
async fn a_provider_that_is_down_is_told_as_such() {
    let clock = Options::default().clock;
    let down = LyingProvider::start(Lie::Down, clock.clone()).await;
    let providers = vec![provider(config(&down), &clock)];
    let world = World::with(Options { clock, providers, ..Options::default() });
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
    let hints: String =
        ["next", "return_to", "redirect_uri", "redirect", "url", "issuer", "client_id", "state", "nonce"]
            .iter()
            .map(|name| format!("&{name}={evil}"))
            .collect();
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
