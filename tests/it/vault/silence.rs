//! Silence: nothing of a vault stands in the files, in the audit log or in what the server says while it works.

use serde_json::{Value, json};
use tracing::Level;

use super::{MINE, delete, put, reveal};
use crate::forge;
use crate::subprocess;
use crate::world::World;

/// What people keep, each a word that stands nowhere else.
const KEPT: [&str; 10] = [
    "Quokkaname",
    "quokkauser",
    "quokkapass",
    "quokkahost",
    "quokkatotp",
    "quokkanotes",
    "quokkafield",
    "quokkavalue",
    "quokkarenamed",
    "quokkanewer",
];

fn login() -> Value {
    json!({"kind": "login", "name": KEPT[0], "payload": {
        "username": KEPT[1], "password": KEPT[2], "urls": [format!("https://{}/", KEPT[3])], "totp": KEPT[4],
        "notes": KEPT[5], "fields": [{"name": KEPT[6], "value": KEPT[7]}]}})
}

/// Everything that can be done with a credential, and some that fails.
async fn use_all(world: &World) {
    let olga = world.claim("Olga").await;
    let team = world.team(&olga, "Ops").await;
    let mia = world.join(&olga, &team, "member", "Mia").await;
    for list in [MINE.to_owned(), format!("/api/v1/teams/{team}/credentials")] {
        let path = olga.post(&list, &login()).await.expect(201).header("location");
        super::rename(&olga, &path, "*", KEPT[8]).await.expect(200);
        put(&olga, &path, "*", &json!({"password": KEPT[9]})).await.expect(200);
        put(&olga, &path, "*", &json!({"key": KEPT[9]})).await.expect(422);
        olga.get(&format!("{list}?name={}", KEPT[8])).await.expect(200);
        assert!(reveal(&olga, &path).await.expect(200).text.contains(KEPT[9]));
        reveal(&mia, &path).await.expect(403);
        olga.post(&format!("{path}/restore"), &json!({"version": 1})).await.expect(200);
        let item = json!({"type": 1, "name": KEPT[0], "login": {"password": KEPT[2], "username": KEPT[1]}});
        olga.post(&format!("{list}/import"), &json!({"items": [item]})).await.expect(200);
        let wrong = json!({"items": [{"type": 1, "name": KEPT[0], "login": {"password": [KEPT[2]]}}]});
        olga.post(&format!("{list}/import"), &wrong).await.expect(422);
        forge::sql(world, "UPDATE credential_versions SET payload_sealed = substr(payload_sealed, 2)", []);
        reveal(&olga, &path).await.expect(500);
        delete(&olga, &path).await.expect(204);
    }
    let told: Vec<Value> = world.audit(&olga, "").await;
    assert!(told.len() > 20);
    silent(&serde_json::to_string(&told).unwrap(), "the audit log");
}

#[track_caller]
fn silent(text: &str, place: &str) {
    let text = text.to_ascii_lowercase();
    for word in KEPT {
        let word = word.to_ascii_lowercase();
        assert!(!text.contains(&word), "{word} in {place}");
    }
}

#[tokio::test]
async fn neither_the_files_nor_the_audit_log_tell_of_it() {
    let world = World::unclaimed();
    use_all(&world).await;
    for entry in std::fs::read_dir(world.folder()).unwrap() {
        let path = entry.unwrap().path();
        silent(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()), &path.display().to_string());
    }
}

#[test]
fn what_the_server_says_tells_nothing_of_it() {
    if !subprocess::alone() {
        let again = subprocess::again("vault::silence::what_the_server_says_tells_nothing_of_it", "true");
        subprocess::passed(&again);
        let said = [again.stdout, again.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("ERROR"), "it says when a value does not open: {said}");
        return silent(&said, "what the server says");
    }
    tracing_subscriber::fmt().with_max_level(Level::TRACE).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async { use_all(&World::unclaimed()).await });
}
