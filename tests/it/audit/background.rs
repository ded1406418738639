//! The full check in the background: of each start, and every night.

use std::time::Duration;

use milton::jobs::audit_check::AuditCheck;
use serde_json::json;
use tempfile::TempDir;

use super::{busy, grow, open};
use crate::world::{Options, Person, World};

fn checking(folder: TempDir) -> World {
    World::open_with(folder, Options::default(), |jobs| jobs.with(AuditCheck::default()))
}

fn found(world: &World, event: &str) -> i64 {
    let sql = "SELECT count(*) FROM audit_log WHERE event = ?1";
    open(world).query_row(sql, [event], |row| row.get(0)).unwrap()
}

/// How the last run ended.
async fn outcome(owner: &Person) -> String {
    owner.get("/api/v1/admin/jobs/audit-check/runs").await.expect(200).text("/items/0/outcome")
}

#[tokio::test]
async fn each_start_checks_the_whole_log_once_and_each_night_does() {
    let (world, owner, _) = busy().await;
    grow(&world, &owner, 1100).await;
    drop(owner);
    let world = checking(world.stop().await);
    let owner = world.sign_in("owner@milton.test").await;
    let rows = world.audit_size();
    for _ in 0..2 {
        world.jobs.look(&world.app).await;
    }
    let told = world.audit(&owner, "event=audit.verified").await;
    assert_eq!(told.len(), 1);
    let checked = told[0]["detail"]["found"].as_str().unwrap();
    assert!(checked.starts_with(&(rows + 1).to_string()), "{checked}, of {rows} and the one that the run began with");
    assert_eq!(outcome(&owner).await, "success");
    world.pass(Duration::from_hours(24));
    world.jobs.look(&world.app).await;
    assert_eq!(found(&world, "audit.verified"), 2);
}

/// Somebody who knows Milton puts the triggers back, and the start, which looks at the end of the log, sees nothing.
#[tokio::test]
async fn a_row_that_was_changed_long_ago_is_found_and_told() {
    let (world, ..) = busy().await;
    let folder = world.stop().await;
    let database = rusqlite::Connection::open(folder.path().join("milton.db")).unwrap();
    let sql = "SELECT sql FROM sqlite_schema WHERE name = 'audit_log_no_update'";
    let trigger: String = database.query_row(sql, [], |row| row.get(0)).unwrap();
    let forge = "DROP TRIGGER audit_log_no_update; UPDATE audit_log SET outcome = 'denied' WHERE seq = 3;";
    database.execute_batch(&format!("{forge}{trigger}")).unwrap();
    drop(database);
    let world = checking(folder);
    world.jobs.look(&world.app).await;
    let owner = world.sign_in("owner@milton.test").await;
    let told = world.audit(&owner, "event=audit.verify_failed").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["detail"]["found"], "row 3 was changed, or one before it is missing");
    assert_eq!((&told[0]["outcome"], found(&world, "audit.verified")), (&json!("failure"), 0));
    assert_eq!(outcome(&owner).await, "failure");
}
