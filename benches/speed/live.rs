//! Somebody says something, and a hundred live streams tell of it: when they heard, against when the writer had their
//! answer.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{sleep, timeout};

use crate::Outcome;
use crate::client::{Connection, request};
use crate::people::Town;
use crate::report::{Pair, Report, Target};

const ROUNDS: usize = 5;
/// Streams of each person: as many as one may have.
const EACH: usize = 8;
const LISTENERS: usize = 100;
/// Written in a round, with a pause after each: people do not write without one.
const WRITES: usize = 100;
const PAUSE: Duration = Duration::from_millis(20);
/// How long the last listener has.
const PATIENCE: Duration = Duration::from_secs(10);

/// A message was heard of.
type Heard = (String, Instant);

pub async fn run(folder: &Path, report: &mut Report) -> Outcome<()> {
    let town = Town::found(&folder.join("live"), true).await?;
    let (tell, mut heard) = unbounded_channel();
    for nth in 0..LISTENERS {
        let person = nth / EACH;
        let address = Ipv4Addr::new(127, 0, 1, u8::try_from(person + 1)?);
        let mut connection = town.target.connect_from(address).await?;
        connection.open(&request("GET", "/api/v1/events", Some(&town.tokens[person]), None), b"\nid: ").await?;
        tokio::spawn(listen(connection, tell.clone()));
    }
    let said = json!({"body": "The van is at the back door; who has five minutes to carry boxes?"});
    let create = request("POST", &town.messages, Some(&town.tokens[0]), Some(&said));
    let mut writer = town.target.connect().await?;
    let mut pairs = Vec::new();
    for _ in 0..=ROUNDS {
        pairs.push(round(&mut writer, &create, &mut heard).await?);
    }
    // The first compared everybody's token and opened the keys.
    pairs.remove(0);
    let what = format!("p99 until {LISTENERS} live streams told a message");
    report.ratio(&what, "the sending's own, ms", pairs, Target::AtMost(3.0));
    Ok(())
}

async fn round(writer: &mut Connection, create: &[u8], heard: &mut UnboundedReceiver<Heard>) -> Outcome<Pair> {
    let (mut sent, mut own, mut seen) = (HashMap::new(), Vec::new(), Vec::new());
    for _ in 0..WRITES {
        let start = Instant::now();
        let status = writer.exchange(create).await?;
        own.push(start.elapsed());
        let made: Value = serde_json::from_slice(writer.body())?;
        let id = made["id"].as_str().ok_or_else(|| format!("{status}: {made}"))?;
        sent.insert(id.to_owned(), start);
        sleep(PAUSE).await;
    }
    while seen.len() < WRITES * LISTENERS {
        let (id, at) = timeout(PATIENCE, heard.recv()).await?.ok_or("the streams ended")?;
        seen.push(at - *sent.get(&id).ok_or("a stream told of what nobody wrote")?);
    }
    Ok(Pair::new(p99(seen), p99(own)))
}

fn p99(mut spans: Vec<Duration>) -> f64 {
    spans.sort_unstable();
    spans.get(spans.len() * 99 / 100).map_or(0.0, |span| span.as_secs_f64() * 1_000.0)
}

/// Notes each message that a stream tells of.
async fn listen(mut connection: Connection, tell: UnboundedSender<Heard>) {
    const BEFORE: &[u8] = br#""resource":{"id":""#;
    while let Ok(id) = connection.next_after(BEFORE, 36).await {
        if tell.send((String::from_utf8_lossy(&id).into_owned(), Instant::now())).is_err() {
            return;
        }
    }
}
