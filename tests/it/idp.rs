//! Sign-in through a provider, against an honest one and against every lie it can tell.

use std::sync::Arc;
use std::time::Duration;

use milton::base::clock::{ManualClock, Timestamp};
use milton::base::entropy::SeededEntropy;
use milton::base::secret::Secret;
use milton::idp::{
    DiscoveryFault, HttpClient, HttpError, HttpOptions, IdTokenFault, Identity, IdpError, Prompt, Provider,
    ProviderConfig, Start,
};

use crate::lying_provider::{Account, At, CLIENT_ID, CLIENT_SECRET, Lie, LyingProvider, parameter};

const CALLBACK: &str = "https://localhost:8443/auth/callback/lying";

/// A provider, our client for it, and the clock both look at.
struct Stage {
    lying: LyingProvider,
    provider: Provider,
    clock: Arc<ManualClock>,
}

impl Stage {
    async fn with(lie: Lie) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::parse("2026-11-23T12:00:00Z").unwrap()));
        let lying = LyingProvider::start(lie, clock.clone()).await;
        let late = matches!(lie, Lie::Slow(_) | Lie::Endless(_));
        let http = http(if late { Duration::from_millis(200) } else { HttpOptions::default().timeout });
        let provider = Provider::new(config(&lying), clock.clone(), Arc::new(SeededEntropy::new(1)), http).unwrap();
        Self { lying, provider, clock }
    }

    /// The whole journey: begin, browse, check the callback, finish.
    async fn sign_in(&self) -> Result<Identity, IdpError> {
        let start = self.provider.begin(CALLBACK, Prompt::AsUsual).await?;
        let callback = self.lying.browse(&start.authorize_url).await;
        assert_eq!(parameter(&callback, "state").as_ref(), Some(start.state.expose()));
        self.provider.check_callback_issuer(parameter(&callback, "iss").as_deref()).await?;
        self.finish(&start, &callback).await
    }

    async fn finish(&self, start: &Start, callback: &str) -> Result<Identity, IdpError> {
        let code = parameter(callback, "code").unwrap();
        self.provider.finish(&code, &start.pkce_verifier, &start.nonce, CALLBACK).await
    }
}

pub fn config(lying: &LyingProvider) -> ProviderConfig {
    ProviderConfig {
        name: "lying".to_owned(),
        display_name: "Lying".to_owned(),
        issuer: lying.issuer().to_owned(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: Some(Secret::new(CLIENT_SECRET.to_owned())),
        allowed_domains: vec!["example.com".to_owned()],
    }
}

pub fn http(timeout: Duration) -> HttpClient {
    HttpClient::new(&HttpOptions { allow_plain_loopback: true, timeout, ..HttpOptions::default() }).unwrap()
}

/// Signs in at a provider for each lie; returns those that came out otherwise than expected, and how.
async fn undetected(lies: impl IntoIterator<Item = (Lie, IdpError)>) -> Vec<(Lie, Option<IdpError>)> {
    let mut wrong = Vec::new();
    for (lie, expected) in lies {
        let error = Stage::with(lie).await.sign_in().await.err();
        if error != Some(expected) {
            wrong.push((lie, error));
        }
    }
    wrong
}

#[tokio::test]
async fn an_honest_provider_tells_who_signed_in() {
    let stage = Stage::with(Lie::None).await;
    let identity = stage.sign_in().await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(identity.issuer, stage.lying.issuer());
    assert_eq!(identity.subject, "sub-ana@example.com");
    assert_eq!(identity.email.as_deref(), Some("ana@example.com"));
    assert_eq!(identity.name.as_deref(), Some("Ana Lima"));
    assert!(identity.email_verified && stage.provider.admits(&identity));
    assert!(identity.tokens.access.expose().starts_with("access-") && identity.tokens.refresh.is_none());
    assert_eq!(identity.tokens.expires_at.map(|at| at.to_string()).as_deref(), Some("2026-11-23T13:00:00Z"));
}

#[tokio::test]
async fn what_is_not_a_lie_is_believed() {
    let honest = [Lie::SeveralAudiencesOurParty, Lie::EmailAtUserInfo, Lie::Expired(59), Lie::Future(60)];
    for lie in honest {
        let identity = Stage::with(lie).await.sign_in().await.unwrap_or_else(|error| panic!("{lie:?}: {error}"));
        assert_eq!(identity.email.as_deref(), Some("ana@example.com"), "{lie:?}");
        assert!(identity.email_verified, "{lie:?}");
    }
}

#[tokio::test]
async fn every_lie_in_an_id_token_is_found() {
    use IdTokenFault as Fault;
    let lies = [
        (Lie::NoIdToken, Fault::Missing),
        (Lie::BadSignature, Fault::Signature),
        (Lie::ChangedClaims, Fault::Signature),
        (Lie::UnknownKey, Fault::UnknownKey),
        (Lie::AlgNone, Fault::Algorithm),
        (Lie::Hs256WithPublicKey, Fault::Algorithm),
        (Lie::Hs256WithClientSecret, Fault::Algorithm),
        (Lie::TokenIssuer, Fault::Issuer),
        (Lie::Audience, Fault::Audience),
        (Lie::SeveralAudiencesNoParty, Fault::AuthorizedParty),
        (Lie::SeveralAudiencesWrongParty, Fault::AuthorizedParty),
        (Lie::WrongParty, Fault::AuthorizedParty),
        (Lie::Nonce, Fault::Nonce),
        (Lie::NoNonce, Fault::Nonce),
        (Lie::Expired(61), Fault::Expired),
        (Lie::Future(61), Fault::Future),
        (Lie::AccessTokenHash, Fault::AccessTokenHash),
        (Lie::EmptySubject, Fault::Malformed),
    ];
    let lies = lies.map(|(lie, fault)| (lie, fault.into()));
    assert_eq!(undetected(lies).await, []);
}

#[tokio::test]
async fn every_lie_around_it_is_found() {
    let lies = [
        (Lie::DiscoveryIssuer, IdpError::Discovery(DiscoveryFault::Issuer)),
        (Lie::InsecureEndpoint, IdpError::Discovery(DiscoveryFault::Endpoint)),
        (Lie::WeakAlgorithms, IdpError::Discovery(DiscoveryFault::Algorithm)),
        (Lie::Garbage(At::Discovery), IdpError::Discovery(DiscoveryFault::Malformed)),
        (Lie::Garbage(At::Keys), IdpError::Discovery(DiscoveryFault::Malformed)),
        (Lie::Garbage(At::Token), IdpError::TokenAnswer),
        (Lie::CallbackIssuer, IdpError::CallbackIssuer),
        (Lie::NoCallbackIssuer, IdpError::CallbackIssuer),
        (Lie::OtherSubjectAtUserInfo, IdpError::UserInfo),
    ];
    assert_eq!(undetected(lies).await, []);
}

#[tokio::test]
async fn a_provider_that_is_down_slow_or_endless_does_not_hold_us_up() {
    let mut lies = vec![(Lie::Down, HttpError::Network), (Lie::Redirect(At::UserInfo), HttpError::Redirect)];
    for at in [At::Discovery, At::Keys, At::Token] {
        lies.extend([(Lie::Redirect(at), HttpError::Redirect), (Lie::Huge(at), HttpError::TooLarge)]);
        lies.extend([(Lie::Slow(at), HttpError::Timeout), (Lie::Endless(at), HttpError::Timeout)]);
    }
    let lies = lies.into_iter().map(|(lie, error)| (lie, error.into()));
    assert_eq!(undetected(lies).await, []);
}

#[tokio::test]
async fn a_code_works_once_and_for_the_one_who_began() {
    let stage = Stage::with(Lie::None).await;
    let (ours, theirs) =
        (stage.provider.begin(CALLBACK, Prompt::AsUsual).await, stage.provider.begin(CALLBACK, Prompt::AsUsual).await);
    let (ours, theirs) = (ours.ok().unwrap(), theirs.ok().unwrap());
    let refused = Some(IdpError::Refused("invalid_grant"));

    let stolen = stage.lying.browse(&theirs.authorize_url).await;
    assert_eq!(stage.finish(&ours, &stolen).await.err(), refused, "another's verifier");

    let callback = stage.lying.browse(&ours.authorize_url).await;
    assert!(stage.finish(&ours, &callback).await.is_ok());
    assert_eq!(stage.finish(&ours, &callback).await.err(), refused, "replayed");
}

#[tokio::test]
async fn no_two_sign_ins_share_a_value() {
    let stage = Stage::with(Lie::None).await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..3 {
        let start = stage.provider.begin(CALLBACK, Prompt::AsUsual).await.ok().unwrap();
        for secret in [&start.state, &start.nonce, &start.pkce_verifier] {
            assert_eq!(secret.expose().len(), 43, "32 bytes");
            assert!(seen.insert(secret.expose().clone()));
        }
        assert!(!start.authorize_url.contains(start.pkce_verifier.expose()));
    }
}

#[tokio::test]
async fn a_new_key_is_fetched_when_it_is_first_seen_and_then_at_most_once_a_minute() {
    let stage = Stage::with(Lie::None).await;
    assert!(stage.sign_in().await.is_ok());
    stage.lying.rotate_key();
    assert!(stage.sign_in().await.is_ok(), "the new key was not fetched");
    assert_eq!(stage.lying.hits("/keys"), 2);

    stage.lying.lie(Lie::UnknownKey);
    let unknown = Some(IdpError::IdToken(IdTokenFault::UnknownKey));
    for _ in 0..3 {
        assert_eq!(stage.sign_in().await.err(), unknown);
    }
    assert_eq!(stage.lying.hits("/keys"), 2, "asked again within the minute");
    stage.clock.advance(Duration::from_mins(1));
    assert_eq!(stage.sign_in().await.err(), unknown);
    assert_eq!(stage.lying.hits("/keys"), 3);
}

#[tokio::test]
async fn a_withdrawn_key_is_forgotten_within_the_hour() {
    let stage = Stage::with(Lie::None).await;
    assert!(stage.sign_in().await.is_ok());
    stage.clock.advance(Duration::from_hours(1));
    assert!(stage.sign_in().await.is_ok());
    assert_eq!(stage.lying.hits("/keys"), 2);
}

#[tokio::test]
async fn a_crowd_asks_once() {
    let stage = Arc::new(Stage::with(Lie::None).await);
    let crowd: Vec<_> = (0..20)
        .map(|_| {
            tokio::spawn({
                let stage = Arc::clone(&stage);
                async move { stage.provider.begin(CALLBACK, Prompt::AsUsual).await.is_ok() }
            })
        })
        .collect();
    for one in crowd {
        assert!(one.await.unwrap());
    }
    assert_eq!(stage.lying.hits("/.well-known/openid-configuration"), 1);
}

#[tokio::test]
async fn a_failed_discovery_is_tried_again_after_a_pause() {
    let stage = Stage::with(Lie::DiscoveryIssuer).await;
    let error = Some(IdpError::Discovery(DiscoveryFault::Issuer));
    assert_eq!(stage.provider.check().await.err(), error);
    stage.lying.lie(Lie::None);
    assert_eq!(stage.provider.check().await.err(), error, "asked again at once");
    assert_eq!(stage.lying.hits("/.well-known/openid-configuration"), 1);
    stage.clock.advance(Duration::from_secs(10));
    assert_eq!(stage.provider.check().await, Ok(()));
}

#[tokio::test]
async fn an_unverified_address_or_another_domain_is_not_admitted() {
    let stage = Stage::with(Lie::None).await;
    let unverified = Account { email_verified: false, ..Account::new("Eve", "eve@example.com") };
    for account in [unverified, Account::new("Eve", "eve@example.org")] {
        stage.lying.account(account);
        let identity = stage.sign_in().await.ok().unwrap();
        assert!(!stage.provider.admits(&identity));
    }
}

#[tokio::test]
async fn googles_hosted_domain_is_read() {
    let stage = Stage::with(Lie::None).await;
    stage
        .lying
        .account(Account { hosted_domain: Some("example.com".to_owned()), ..Account::new("Ana", "ana@example.com") });
    assert_eq!(stage.sign_in().await.ok().unwrap().hosted_domain.as_deref(), Some("example.com"));
}

#[tokio::test]
async fn a_wrong_client_secret_is_refused() {
    let stage = Stage::with(Lie::None).await;
    let config = ProviderConfig { client_secret: Some(Secret::new("guessed".to_owned())), ..config(&stage.lying) };
    let provider = Provider::new(
        config,
        stage.clock.clone(),
        Arc::new(SeededEntropy::new(2)),
        http(HttpOptions::default().timeout),
    )
    .ok()
    .unwrap();
    let stage = Stage { provider, ..stage };
    assert_eq!(stage.sign_in().await.err(), Some(IdpError::Refused("invalid_client")));
}

#[tokio::test]
async fn without_the_development_switch_plain_http_is_refused_at_once() {
    let stage = Stage::with(Lie::None).await;
    let strict = HttpClient::new(&HttpOptions::default()).unwrap();
    let provider = Provider::new(config(&stage.lying), stage.clock.clone(), Arc::new(SeededEntropy::new(2)), strict);
    assert_eq!(provider.err(), Some(IdpError::Configuration("issuer")));
    assert_eq!(stage.lying.hits("/.well-known/openid-configuration"), 0);
}
