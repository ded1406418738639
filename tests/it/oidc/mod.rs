//! Sign-in through a provider, over the API: the stage on which it plays.

mod journey;
mod people;

use std::sync::Arc;

use milton::base::clock::ManualClock;
use milton::base::entropy::SeededEntropy;
use milton::idp::{HttpOptions, Provider, ProviderConfig};
use serde_json::Value;

use crate::forge;
use crate::idp::{config, http};
use crate::lying_provider::{Lie, LyingProvider};
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
    unclaimed_with(Options::default()).await
}

async fn unclaimed_with(options: Options) -> (World, [LyingProvider; 2]) {
    let Options { quotas, clock, entropy, .. } = options;
    let lying = LyingProvider::start(Lie::None, clock.clone()).await;
    let other = LyingProvider::start(Lie::None, clock.clone()).await;
    let second = ProviderConfig { name: "other".to_owned(), ..config(&other) };
    let providers = [config(&lying), second].map(|config| provider(config, &clock)).into();
    (World::with(Options { quotas, providers, clock, entropy }), [lying, other])
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
