//! kill -9 while people write and somebody listens: the stream resumes, and tells each thing once, in order.

use std::collections::BTreeMap;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

use super::reader::Said;
use crate::cli::load::{Acknowledged, Load};
use crate::cli::server::{Client, Server};
use crate::crash::{LIMITS, join};

const ROUNDS: usize = 8;
/// The rest is told within this time.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a reader has heard, and where they are.
#[derive(Default)]
struct Heard {
    last: Option<String>,
    created: Vec<(i64, String)>,
}

impl Heard {
    /// Reads until the stream breaks off, or until all of `wanted` rows were heard.
    async fn read(&mut self, mut stream: Incoming, mut wanted: watch::Receiver<i64>) {
        let mut text = String::new();
        loop {
            if self.created.last().is_some_and(|(seq, _)| *seq >= *wanted.borrow()) {
                return;
            }
            let frame = tokio::select! {
                frame = stream.frame() => frame,
                Ok(()) = wanted.changed() => continue,
            };
            let Some(Ok(frame)) = frame else { return };
            text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
            while let Some((frame, rest)) = text.split_once("\n\n") {
                self.note(&Said::read(frame));
                text = rest.to_owned();
            }
        }
    }

    fn note(&mut self, said: &Said) {
        assert_ne!(said.event.as_deref(), Some("reset"));
        if said.event.as_deref() == Some("delegation.created") {
            let id = said.data["resource"]["id"].as_str().unwrap().to_owned();
            self.created.push((said.data["seq"].as_i64().unwrap(), id));
        }
        self.last = said.id.clone().or(self.last.take());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_told_once_and_in_order_whenever_the_server_is_killed() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::with(folder.path(), LIMITS);
    let ana = server.claim().await;
    let team = ana.found_team().await;
    let mut people =
        vec![ana.clone(), join(&server, &ana, &team, "Ben").await, join(&server, &ana, &team, "Cleo").await];
    let (mut heard, mut acknowledged) = (Heard::default(), Vec::<Acknowledged>::new());
    for round in 0..ROUNDS {
        let stream = people[0].listen(heard.last.as_deref()).await;
        let (_wanted, never) = watch::channel(i64::MAX);
        let reading = tokio::spawn(async move {
            heard.read(stream, never).await;
            heard
        });
        let load = Load::start(&people, &team);
        load.reach(7 + 11 * round % 29).await;
        tokio::time::sleep(Duration::from_millis(round as u64 * 7 % 13)).await;
        server.signal(Signal::KILL);
        assert_eq!(server.wait().0.code(), None, "round {round}: killed by the signal");
        acknowledged.extend(load.end().await);
        heard = reading.await.unwrap();
        server = Server::with(folder.path(), LIMITS);
        people = people.iter().map(|person| server.meet_again(person)).collect();
    }
    let (_wanted, last) = watch::channel(acknowledged.iter().map(|one| one.seq).max().unwrap());
    let stream = people[0].listen(heard.last.as_deref()).await;
    timeout(PATIENCE, heard.read(stream, last)).await.expect("the rest is told");
    compare(&people[0], &heard, &acknowledged).await;
    server.stop();
}

async fn compare(person: &Client, heard: &Heard, acknowledged: &[Acknowledged]) {
    assert!(heard.created.is_sorted_by(|a, b| a.0 < b.0), "once, and in order: {:?}", heard.created);
    let by_id: BTreeMap<_, _> = heard.created.iter().map(|(seq, id)| (id.as_str(), *seq)).collect();
    assert_eq!(by_id.len(), heard.created.len());
    for one in acknowledged {
        let id = one.path.rsplit('/').next().unwrap();
        assert_eq!(by_id.get(id), Some(&one.seq), "{id} was acknowledged");
    }
    // What was told and not acknowledged happened all the same.
    for id in by_id.keys() {
        let team = acknowledged[0].path.rsplit_once('/').unwrap().0;
        person.get(&format!("{team}/{id}")).await.expect(200);
    }
}
