//! kill -9 in the middle of writes, twenty times: what was acknowledged is there, with its audit row.

use std::path::Path;

use milton::base::entropy::SystemEntropy;
use milton::crypto::RootKey;
use milton::store::Inspection;
use milton::store::audit_check::Verified;
use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

use crate::cli::load::{Acknowledged, Load};
use crate::cli::server::{Client, Server};

const ROUNDS: usize = 20;
/// Acknowledged in each round before the server is killed; with what is on its way then, four people's quotas last.
const EACH_ROUND: usize = 20;
pub const LIMITS: &[(&str, &str)] = &[
    ("MILTON_LIMITS__DELEGATIONS_PER_HOUR", "200"),
    ("MILTON_LIMITS__REQUESTS_PER_MINUTE", "6000"),
    ("MILTON_LIMITS__REQUESTS_OF_PERSON_PER_MINUTE", "6000"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_twenty_kills() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::with(folder.path(), LIMITS);
    let ana = server.claim().await;
    let team = ana.found_team().await;
    let mut people = vec![ana.clone()];
    for name in ["Ben", "Cleo", "Dov"] {
        people.push(join(&server, &ana, &team, name).await);
    }
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let load = Load::start(&people, &team);
        load.reach(EACH_ROUND).await;
        server.signal(Signal::KILL);
        assert_eq!(server.wait().0.code(), None, "round {round}: killed by the signal");
        acknowledged.extend(load.end().await);
        server = Server::with(folder.path(), LIMITS);
        people = people.iter().map(|person| server.meet_again(person)).collect();
    }
    for one in &acknowledged {
        assert_eq!(people[0].get(&one.path).await.expect(200)["title"], one.title);
    }
    server.stop();
    assert!(acknowledged.len() >= ROUNDS * EACH_ROUND);
    look_at_the_log(&folder.path().join("milton-data"), &acknowledged);
}

/// A new person of the team.
pub async fn join(server: &Server, owner: &Client, team: &str, name: &str) -> Client {
    let invitation = owner.post(&format!("{team}/invitations"), json!({"role": "manager"})).await.expect(201);
    let mut client = server.client();
    let acceptance = json!({"token": invitation["token"], "name": name});
    let session = client.post("/api/v1/invitations/accept", acceptance).await.expect(201);
    client.token = Some(session["token"].as_str().unwrap().to_owned());
    client
}

fn look_at_the_log(data: &Path, acknowledged: &[Acknowledged]) {
    let key = RootKey::parse(&std::fs::read_to_string(data.join("root.key")).unwrap()).unwrap();
    let database = data.join("milton.db");
    let inspection = Inspection::open(&database, &key, &SystemEntropy).unwrap();
    assert!(matches!(inspection.audit(), Ok(Verified::Sound { .. })));
    assert_eq!(inspection.integrity().unwrap(), Vec::<String>::new());
    let connection = Connection::open(database).unwrap();
    let mut find = connection.prepare("SELECT event, outcome, resource_id FROM audit_log WHERE seq = ?1").unwrap();
    for one in acknowledged {
        let id = one.path.rsplit('/').next().unwrap().to_owned();
        let row = find.query_row([one.seq], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        assert_eq!(row, ("delegation.created".to_owned(), "success".to_owned(), id));
    }
}
