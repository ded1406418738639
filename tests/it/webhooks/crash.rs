//! kill -9 among deliveries: the next server brings each to its receiver, and the ids tell what came twice.

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

use super::{Manner, Receiver, is_signed};
use crate::cli::server::{Client, Server};

const ENV: &[(&str, &str)] = &[
    ("MILTON_WEBHOOKS__ALLOWED_NETWORKS", "127.0.0.0/8"),
    ("MILTON_LIMITS__DELEGATIONS_PER_HOUR", "200"),
    ("MILTON_LIMITS__REQUESTS_PER_MINUTE", "6000"),
    ("MILTON_LIMITS__REQUESTS_OF_PERSON_PER_MINUTE", "6000"),
];
const ROUNDS: usize = 4;
const EACH_ROUND: usize = 10;
/// How long a busy machine may take for what usually takes seconds.
const AT_LAST: Duration = Duration::from_mins(1);

async fn delegate(ana: &Client, team: &str) -> String {
    let made = ana.post(&format!("{team}/delegations"), json!({"title": "Sweep"})).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// What the receiver has heard of, by the ids of things.
fn told(receiver: &Receiver) -> BTreeSet<String> {
    receiver.heard().iter().map(|heard| heard.json()["data"]["resource_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_told_whatever_kills_the_server() {
    let folder = TempDir::new().unwrap();
    let receiver = Receiver::start().await;
    let mut server = Server::with(folder.path(), ENV);
    let mut ana = server.claim().await;
    let team = ana.found_team().await;
    let wanted = json!({"name": "Chat", "url": receiver.url, "events": ["delegation.*"]});
    let secret = ana.post(&format!("{team}/webhooks"), wanted).await.expect(201)["secret"].as_str().unwrap().to_owned();
    let mut made = BTreeSet::new();
    for round in 0..ROUNDS {
        // Half of the servers die with a request under way of which they will never hear.
        receiver.behave(if round % 2 == 0 { Manner::Silence } else { Manner::Status(204) });
        for _ in 0..EACH_ROUND {
            made.insert(delegate(&ana, &team).await);
        }
        if round > 0 {
            tokio::time::sleep(Duration::from_millis(100 * round as u64)).await;
        }
        server.signal(Signal::KILL);
        assert_eq!(server.wait().0.code(), None, "round {round}: killed by the signal");
        server = Server::with(folder.path(), ENV);
        ana = server.meet_again(&ana);
    }
    receiver.behave(Manner::Status(204));
    let arrived = async {
        while told(&receiver) != made {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(AT_LAST, arrived).await.unwrap_or_else(|_| panic!("{:?}", made.difference(&told(&receiver))));
    server.stop();
    let heard = receiver.heard();
    assert!(heard.iter().all(|heard| is_signed(heard, &secret)));
    let ids: BTreeSet<_> = heard.iter().map(|heard| heard.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), made.len(), "what comes twice comes under one id");
}
