//! Signed heads and the anchor: what is kept of the tree cannot be edited unseen, and an older database put back in the
//! place of a newer one does not start.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use milton::base::clock::SystemClock;
use milton::base::entropy::SystemEntropy;
use milton::store::audit_check::Verified;
use milton::store::{OpenError, RolledBack, Store, StoreOptions};
use serde_json::json;

use super::{busy, grow, open};
use crate::world::{Options, World, root_key};

/// Leaves a row.
async fn fail(world: &World) {
    world.stranger().post("/api/v1/auth/link", &json!({"token": "mlt_l_none"})).await.problem(401, "invalid-token");
}

fn opened(database: &Path) -> Result<Store, OpenError> {
    Store::open(StoreOptions::at(database, Arc::new(SystemClock), Arc::new(SystemEntropy)), &root_key())
}

fn rolled_back(database: &Path) -> RolledBack {
    match opened(database).map(|_| ()) {
        Err(OpenError::RolledBack(_, how)) => how,
        other => panic!("{other:?}"),
    }
}

/// The database file as it is at this moment, closed cleanly.
async fn stopped(world: World) -> (tempfile::TempDir, u64) {
    let rows = world.audit_size().unsigned_abs();
    (world.stop().await, rows)
}

#[tokio::test]
async fn what_is_kept_of_the_tree_cannot_be_edited_unseen() {
    let (world, owner, _) = busy().await;
    grow(&world, &owner, 600).await;
    let untie = "DROP TRIGGER IF EXISTS audit_nodes_no_update; DROP TRIGGER IF EXISTS checkpoints_no_update;";
    let database = open(&world);
    database.execute_batch(untie).unwrap();
    let count = |table: &str| -> i64 {
        database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    // Two bundles, and the one above them; a head for each time that 256 rows more were there.
    assert_eq!((count("audit_nodes"), count("checkpoints")), (3, 2));
    let first: i64 = database.query_row("SELECT min(size) FROM checkpoints", [], |row| row.get(0)).unwrap();
    let keep =
        "CREATE TEMP TABLE nodes AS SELECT * FROM audit_nodes; CREATE TEMP TABLE heads AS SELECT * FROM checkpoints;";
    let bring_back = "DELETE FROM audit_nodes; INSERT INTO audit_nodes SELECT * FROM nodes; DROP TABLE nodes; \
        DELETE FROM checkpoints; INSERT INTO checkpoints SELECT * FROM heads; DROP TABLE heads;";
    let cases = [
        ("UPDATE audit_nodes SET hash = zeroblob(32) WHERE level = 8 AND nth = 1", Verified::BadNode { seq: 257 }),
        ("UPDATE audit_nodes SET hash = zeroblob(32) WHERE level = 9", Verified::BadNode { seq: 1 }),
        ("DELETE FROM audit_nodes WHERE nth = 1", Verified::BadNode { seq: 257 }),
        ("INSERT INTO audit_nodes VALUES (10, 0, zeroblob(32))", Verified::BadNode { seq: 1 }),
        ("UPDATE checkpoints SET note = replace(note, '/1', '/2')", Verified::BadCheckpoint { size: first }),
        ("UPDATE checkpoints SET size = size + 1", Verified::BadCheckpoint { size: first + 1 }),
        (
            "INSERT INTO checkpoints SELECT epoch, 9999, at, note FROM checkpoints LIMIT 1",
            Verified::BadCheckpoint { size: 9999 },
        ),
    ];
    for (script, expected) in cases {
        database.execute_batch(keep).unwrap();
        database.execute_batch(script).unwrap();
        assert_eq!(world.app.store().verify_audit().unwrap(), expected, "{script}");
        database.execute_batch(bring_back).unwrap();
        assert!(matches!(world.app.store().verify_audit().unwrap(), Verified::Sound { .. }), "{script}");
    }
}

#[tokio::test]
async fn an_older_database_does_not_start_in_the_place_of_a_newer() {
    let (world, owner, _) = busy().await;
    let (folder, rows) = stopped(world).await;
    let database = folder.path().join("milton.db");
    let older = fs::read(&database).unwrap();
    let anchor = fs::read(folder.path().join("milton.anchor")).unwrap();
    drop(owner);

    let store = opened(&database).unwrap();
    drop(store);
    fs::remove_file(folder.path().join("milton.anchor")).unwrap();
    drop(opened(&database).unwrap());
    let told = fs::read_to_string(folder.path().join("milton.anchor")).unwrap();
    assert!(
        !told.is_empty() && String::from_utf8_lossy(&anchor).ends_with(&told),
        "a lost anchor is told the last head"
    );
    fs::write(folder.path().join("milton.anchor"), &anchor).unwrap();
    drop(opened(&database).unwrap());
    assert_eq!(fs::read(folder.path().join("milton.anchor")).unwrap(), anchor, "nothing happened, nothing is signed");
    let world = World::open(folder, Options::default());
    fail(&world).await;
    let (folder, newer) = stopped(world).await;
    assert!(newer > rows);
    let newest = fs::read(&database).unwrap();

    fs::write(&database, &older).unwrap();
    let RolledBack::Behind { anchored, held } = rolled_back(&database) else { panic!() };
    assert!(anchored >= newer && held >= rows && anchored > held, "{anchored} {held}");
    assert_eq!(fs::read(&database).unwrap(), older, "it was not touched");
    // Whatever is added to the old one: it is another log from there on.
    fs::rename(folder.path().join("milton.anchor"), folder.path().join("away")).unwrap();
    let world = World::open(folder, Options::default());
    for _ in 0..9 {
        fail(&world).await;
    }
    let (folder, _) = stopped(world).await;
    fs::rename(folder.path().join("away"), folder.path().join("milton.anchor")).unwrap();
    assert_eq!(rolled_back(&database), RolledBack::Other { anchored });
    fs::write(&database, newest).unwrap();
    opened(&database).unwrap();
}
