//! `milton audit`: a check that names what is wrong, and an older database that starts again only when told so.

use std::fs;
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use super::server::Server;
use super::{milton, stderr, stdout};

/// Runs the server until it has stopped; its stop is on record and signed.
fn run(folder: &TempDir) {
    let mut server = Server::start(folder.path());
    server.signal(Signal::TERM);
    assert_eq!(server.wait().0.code(), Some(0));
}

#[tokio::test]
async fn an_older_database_starts_again_when_it_is_accepted() {
    let folder = TempDir::new().unwrap();
    run(&folder);
    let database = folder.path().join("milton-data/milton.db");
    let older = fs::read(&database).unwrap();
    run(&folder);
    assert_eq!(milton(folder.path(), &["audit", "verify"], &[]).status.code(), Some(0));
    let nothing = milton(folder.path(), &["audit", "accept-rollback"], &[]);
    assert_eq!(nothing.status.code(), Some(1), "{}", stderr(&nothing));

    fs::write(&database, &older).unwrap();
    for command in [&["dev"][..], &["owner", "claim"]] {
        let refused = milton(folder.path(), command, &[]);
        assert_eq!(refused.status.code(), Some(79), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("milton audit accept-rollback"), "{}", stderr(&refused));
        assert_eq!(fs::read(&database).unwrap(), older, "it was not touched");
    }
    let accepted = milton(folder.path(), &["audit", "accept-rollback", "--json"], &[]);
    assert_eq!(accepted.status.code(), Some(0), "{}", stderr(&accepted));
    assert!(stdout(&accepted).contains("\"epoch\":2"), "{}", stdout(&accepted));
    run(&folder);
    let sound = milton(folder.path(), &["audit", "verify"], &[]);
    assert!(stdout(&sound).contains("all as they were written"), "{}{}", stdout(&sound), stderr(&sound));

    // The one from before does not come back either.
    fs::write(&database, &older).unwrap();
    let refused = milton(folder.path(), &["dev"], &[]);
    assert!(stderr(&refused).contains("epoch 2"), "{}", stderr(&refused));
    assert_eq!(refused.status.code(), Some(79));
}

/// Writes to the file past Milton, with the tool that everybody has.
fn tamper(folder: &TempDir, script: &str) {
    let database = folder.path().join("milton-data/milton.db");
    let output = Command::new("sqlite3").arg("-bail").arg(database).arg(script).output().unwrap();
    assert!(output.status.success(), "{script}: {}", stderr(&output));
}

#[tokio::test]
async fn whatever_is_done_to_the_file_is_named() {
    let folder = TempDir::new().unwrap();
    run(&folder);
    let database = folder.path().join("milton-data/milton.db");
    let older = fs::read(&database).unwrap();
    for _ in 0..3 {
        run(&folder);
    }
    let (rows, whole) = {
        let said = stdout(&milton(folder.path(), &["audit", "verify", "--json"], &[]));
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said["rows"], said["anchored_rows"], "the stop signs the last row");
        (said["rows"].as_i64().unwrap(), fs::read(&database).unwrap())
    };
    let untie = "DROP TRIGGER audit_log_in_order; DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete; \
        DROP TRIGGER audit_nodes_no_update; DROP TRIGGER checkpoints_no_update;";
    let columns = "at, event, outcome, actor_kind, actor_pseudonym, scope, resource_type, resource_id, request_id, \
        address_sealed, user_agent_sealed, detail_sealed, leaf";
    let log = "DELETE FROM audit_log WHERE seq";
    let cases = [
        ("edited", "UPDATE audit_log SET outcome = 'denied' WHERE seq = 2".to_owned(), "row 2"),
        ("deleted", format!("{log} = 3"), "row 3"),
        ("deleted and closed up", format!("{log} = 3; UPDATE audit_log SET seq = seq - 1 WHERE seq > 3"), "row 3"),
        ("inserted", format!("INSERT INTO audit_log SELECT 0, {columns} FROM audit_log WHERE seq = 2"), "row 0"),
        ("replaced", format!("REPLACE INTO audit_log SELECT 4, {columns} FROM audit_log WHERE seq = 2"), "row 4"),
        (
            "reordered",
            "UPDATE audit_log SET seq = -1 WHERE seq = 2; UPDATE audit_log SET seq = 2 WHERE seq = 5; \
             UPDATE audit_log SET seq = 5 WHERE seq = -1"
                .to_owned(),
            "row 2",
        ),
        ("tail cut", format!("{log} = {rows}"), "missing at the end"),
        ("tail cut, head too", format!("{log} = {rows}; UPDATE audit_head SET size = size - 1"), "missing at the end"),
        ("node", "INSERT INTO audit_nodes VALUES (8, 0, zeroblob(32))".to_owned(), "above row 1"),
        (
            "checkpoint",
            "UPDATE checkpoints SET note = replace(note, '/1', '/2')".to_owned(),
            "the head that was signed",
        ),
    ];
    for (how, script, named) in &cases {
        fs::write(&database, &whole).unwrap();
        tamper(&folder, &format!("{untie}{script}"));
        let found = milton(folder.path(), &["audit", "verify"], &[]);
        assert_eq!(found.status.code(), Some(1), "{how}: {}{}", stdout(&found), stderr(&found));
        assert!(stderr(&found).contains(named), "{how}: {}", stderr(&found));
        let refused = milton(folder.path(), &["dev"], &[]);
        assert!(!refused.status.success(), "{how}: it does not serve");
    }
    fs::write(&database, &older).unwrap();
    let found = milton(folder.path(), &["audit", "verify"], &[]);
    assert_eq!(found.status.code(), Some(79), "another file in its place: {}", stdout(&found));
    assert!(stderr(&found).contains(&format!("remembers {rows} rows")), "{}", stderr(&found));
    let doctor = milton(folder.path(), &["doctor"], &[]);
    assert!(stdout(&doctor).contains("remembers"), "{}", stdout(&doctor));
    fs::write(&database, &whole).unwrap();
    run(&folder);
}
