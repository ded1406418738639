//! Sign-in through a provider, over the API: the stage on which it plays.

mod attacks;
mod device;
mod invitations;
mod journey;
mod linking;
mod logout;
mod native;
mod people;
mod states;
mod step_up;
mod tokens;

use std::sync::Arc;

use milton::base::clock::ManualClock;
use milton::base::entropy::SeededEntropy;
use milton::idp::{HttpOptions, Provider, ProviderConfig};
use serde_json::{Value, json};

use crate::forge;
use crate::idp::{config, http};
use crate::lying_provider::{Lie, LyingProvider};
use crate::world::{Answer, Options, Person, World};

const ME: &str = "/api/v1/me";
const LOGIN: &str = "/auth/login/lying";
const CALLBACK: &str = "/auth/callback/lying";
const LINK: &str = "/api/v1/me/identities/link";
const STEP_UP: &str = "/api/v1/auth/step-up/provider";
const IDENTITIES: &str = "/api/v1/me/identities";
const LOGOUT: &str = "/auth/backchannel-logout/lying";

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

    /// Leaves to link an identity, or to prove anew who one is.
    async fn leave_as(&self, person: &Person, path: &str, body: &Value) -> Journey {
        let departure = person.post(path, body).await.expect(200);
        Journey { cookie: trip_cookie(&departure), query: self.lying.browse(&departure.text("/url")).await }
    }

    /// Comes back from linking whoever is at the provider to a person's account.
    async fn link(&self, person: &Person) -> Answer {
        self.back(&self.leave_as(person, LINK, &json!({"provider": "lying"})).await).await
    }

    /// A person's identities.
    async fn identities(&self, person: &Person) -> Vec<Value> {
        person.get(IDENTITIES).await.expect(200).json["items"].as_array().unwrap().clone()
    }

    /// Somebody who has come by the provider, in the browser that they have come with.
    async fn arrived(&self) -> Person {
        let cookie = session(&self.sign_in().await).unwrap();
        let mut browser = self.world.stranger().with("cookie", &cookie);
        browser = browser.with("sec-fetch-site", "same-origin").with("milton-console", "1");
        browser.id = browser.get(ME).await.expect(200).text("/id");
        browser
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
    (World::with(Options { quotas, providers, clock, entropy, ..Options::default() }), [lying, other])
}

/// A world's options with the provider `lying`, for tests of other things.
pub async fn options() -> (LyingProvider, Options) {
    let options = Options::default();
    let lying = LyingProvider::start(Lie::None, options.clock.clone()).await;
    let providers = vec![provider(config(&lying), &options.clock)];
    (lying, Options { providers, ..options })
}

/// Links whoever is at the provider to a person's account.
pub async fn link(world: &World, lying: &LyingProvider, person: &Person) {
    let departure = person.post(LINK, &json!({"provider": "lying"})).await.expect(200);
    let query = lying.browse(&departure.text("/url")).await;
    let landing = back(&world.stranger(), CALLBACK, &trip_cookie(&departure), &query).await;
    assert_eq!(landing.header("location"), "/account?linked=lying");
}

fn provider(config: ProviderConfig, clock: &Arc<ManualClock>) -> Provider {
    let http = http(HttpOptions::default().timeout);
    let seed = config.name.bytes().map(u64::from).sum();
    Provider::new(config, clock.clone(), Arc::new(SeededEntropy::new(seed)), http).unwrap()
}

async fn leave(browser: &Person, provider: &LyingProvider, path: &str) -> Journey {
    let departure = browser.get(path).await.expect(303);
    Journey { cookie: trip_cookie(&departure), query: provider.browse(&departure.header("location")).await }
}

/// The cookie that binds a trip to its browser.
fn trip_cookie(departure: &Answer) -> String {
    let cookie = departure.header("set-cookie").split_once(';').unwrap().0.to_owned();
    assert!(cookie.starts_with("__Host-milton-login=") && cookie.len() > 50, "{cookie}");
    cookie
}

async fn back(browser: &Person, path: &str, cookie: &str, query: &str) -> Answer {
    browser.clone().with("cookie", cookie).get(&format!("{path}?{query}")).await.expect(303)
}

/// The session's cookie, when the answer sets one.
fn session(answer: &Answer) -> Option<String> {
    let mut cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let cookie = cookies.find(|cookie| cookie.starts_with("__Host-milton="))?;
    Some(cookie.split_once(';').unwrap().0.to_owned())
}

#[track_caller]
fn turned_away(answer: &Answer, problem: &str) {
    led_to(answer, &format!("/?problem={problem}"));
}

/// Fails the test unless the browser was sent there without a session, and without the cookie of its trip.
#[track_caller]
fn led_to(answer: &Answer, place: &str) {
    assert_eq!(answer.header("location"), place);
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["__Host-milton-login=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"]);
    assert!(answer.text.is_empty());
}

/// The query with one parameter replaced, or without it.
fn with(query: &str, name: &str, value: Option<&str>) -> String {
    let others = query.split('&').filter(|pair| pair.split_once('=').unwrap().0 != name).map(str::to_owned);
    others.chain(value.map(|value| format!("{name}={value}"))).collect::<Vec<_>>().join("&")
}
