//! A search for two words among a million messages, against the same among a thousand.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::Outcome;
use crate::chatter;
use crate::client::request;
use crate::load::{self, Load};
use crate::people::Town;
use crate::report::{Pair, Report, Target};

const FEW: usize = 1_000;
const MANY: usize = 1_000_000;
const ROUNDS: usize = 5;
/// Few enough at a time that an answer does not wait for others.
const LOAD: Load = Load { connections: 2, span: Duration::from_millis(1_500), status: 200, from: Ipv4Addr::LOCALHOST };

/// What is searched for, and what it shows. Each finds a full page of ten in both.
const SEARCHES: [(&str, &str); 3] = [
    ("rarely often", "search: a rare and a frequent word"),
    ("often commonly", "search: two frequent words"),
    ("rarely", "search: one rare word"),
];

pub async fn run(folder: &Path, report: &mut Report) -> Outcome<()> {
    let few = town(&folder.join("data").join("few"), FEW).await?;
    let many = town(&folder.join("data").join("many"), MANY).await?;
    for (words, what) in SEARCHES {
        let mut pairs = Vec::new();
        for round in 0..=ROUNDS {
            let [here, there] = [median(&many, words).await?, median(&few, words).await?];
            // The first round opens keys and caches.
            if round > 0 {
                pairs.push(Pair::new(here, there));
            }
        }
        report.ratio(what, "of 1,000 messages, µs", pairs, Target::AtMost(1.5));
    }
    Ok(())
}

/// A server with this many messages, each person taking part in all conversations.
async fn town(folder: &Path, messages: usize) -> Outcome<Town> {
    let town = Town::found(folder, true).await?;
    let database = town.server.database();
    tokio::task::spawn_blocking(move || chatter::fill(&database, messages)).await??;
    Ok(town)
}

/// The median of the time to an answer, in microseconds.
async fn median(town: &Town, words: &str) -> Outcome<f64> {
    let path = town.list.replace("/delegations", &format!("/search?limit=10&q={}", words.replace(' ', "+")));
    let requests = town.tokens.iter().map(|token| request("GET", &path, Some(token), None)).collect();
    let measured = load::run(&town.target, town.server.id(), LOAD, &Arc::new(requests)).await?;
    Ok(measured.quantile(0.5) * 1_000.0)
}
