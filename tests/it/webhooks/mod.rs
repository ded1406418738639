//! Webhooks against a receiver in this process, which behaves as it is told.

mod attacks;
mod bounds;
mod crash;
mod deliveries;
mod receiver;
mod rules;

use std::sync::Arc;
use std::time::Duration;

use milton::app::App;
use milton::domain::actor::{Actor, Caller};
use milton::outbound;
use serde_json::{Value, json};

use crate::world::{Options, Person, World};
pub use receiver::{Heard, Manner, Receiver};

/// The spans between attempts, and then some: all jitter is behind them.
const LATER: [Duration; 9] = [
    Duration::from_secs(7),
    Duration::from_mins(6),
    Duration::from_mins(37),
    Duration::from_mins(145),
    Duration::from_mins(361),
    Duration::from_mins(721),
    Duration::from_mins(1_009),
    Duration::from_mins(1_441),
    Duration::from_mins(1_729),
];

/// Makes a webhook that goes nowhere in particular; answers its id.
pub async fn make(person: &Person, team: &str) -> String {
    make_to(person, team, "https://hooks.example.org/in", &["delegation.*"]).await.0
}

/// Makes a webhook; answers its id and its secret.
async fn make_to(person: &Person, team: &str, url: &str, events: &[&str]) -> (String, String) {
    let body = json!({"name": "Chat room", "url": url, "events": events});
    let made = person.post(&format!("/api/v1/teams/{team}/webhooks"), &body).await.expect(201);
    (made.text("/id"), made.text("/secret"))
}

/// Whom webhooks may reach in tests: this machine, which answers at once or never.
fn loopback() -> outbound::Options {
    outbound::Options {
        allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
        timeout: Duration::from_millis(300),
        ..outbound::Options::default()
    }
}

/// One team, its Owner, and a webhook to a receiver that listens.
struct Scene {
    world: World,
    olga: Person,
    team: String,
    receiver: Receiver,
    webhook: String,
    secret: String,
}

impl Scene {
    async fn new() -> Self {
        Self::with(&["delegation.*"]).await
    }

    async fn with(events: &[&str]) -> Self {
        Self::on(loopback(), events).await
    }

    /// The same on a server whose webhooks reach public addresses alone; the one that is there reaches none.
    async fn closed() -> Self {
        Self::on(outbound::Options::default(), &["delegation.*"]).await
    }

    async fn on(outbound: outbound::Options, events: &[&str]) -> Self {
        let is_closed = outbound.allowed_networks.is_empty();
        let mut options = Options { outbound, ..Options::default() };
        options.quotas.extend([("delegations", 100_000), ("webhooks", 100_000)]);
        let world = World::with(options);
        let olga = world.claim("Olga").await;
        let team = world.team(&olga, "Ops").await;
        let receiver = Receiver::start().await;
        let url = if is_closed { "https://hooks.example.org/in" } else { &receiver.url };
        let (webhook, secret) = make_to(&olga, &team, url, events).await;
        Self { world, olga, team, receiver, webhook, secret }
    }

    /// Writes a delegation down; answers its id.
    async fn delegate(&self, title: &str) -> String {
        let list = format!("/api/v1/teams/{}/delegations", self.team);
        self.olga.post(&list, &json!({"title": title})).await.expect(201).text("/id")
    }

    /// One round of the deliverer; answers how much was tried.
    async fn deliver(&self) -> u64 {
        deliver(&self.world.app).await
    }

    /// Stops the server and starts it again, with other figures; whoever was signed in has to come again.
    async fn restart(self, options: Options) -> (World, Receiver) {
        let Self { world, olga, receiver, .. } = self;
        drop(olga);
        (world.restart(options).await, receiver)
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/teams/{}/webhooks/{}{rest}", self.team, self.webhook)
    }

    /// The Owner, signed in a moment ago.
    async fn fresh(&self) -> Person {
        self.world.sign_in("owner@milton.test").await
    }

    async fn deliveries(&self, query: &str) -> Vec<Value> {
        let listed = self.fresh().await.get(&self.path(&format!("/deliveries{query}"))).await.expect(200);
        listed.json["items"].as_array().unwrap().clone()
    }

    async fn state(&self) -> String {
        self.fresh().await.get(&self.path("")).await.expect(200).text("/state")
    }
}

async fn deliver(app: &Arc<App>) -> u64 {
    app.deliver_webhooks(&Caller::local(Actor::Job("webhooks"))).await.unwrap()
}

/// Whether a delivery is signed with this secret, judged by the specification's own library.
fn is_signed(heard: &Heard, secret: &str) -> bool {
    let judge = standardwebhooks::Webhook::new(secret).unwrap();
    let at = heard.header("webhook-timestamp").parse().unwrap();
    let expected = judge.sign(heard.header("webhook-id"), at, &heard.body).unwrap();
    heard.header("webhook-signature").split(' ').any(|signature| signature == expected)
}
