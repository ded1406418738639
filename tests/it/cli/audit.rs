//! `milton audit`: a check that names what is wrong, and an older database that starts again only when told so.

use std::fs;

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
    assert!(stdout(&accepted).contains("\"epoch\":\"2\""), "{}", stdout(&accepted));
    run(&folder);
    let sound = milton(folder.path(), &["audit", "verify"], &[]);
    assert!(stdout(&sound).contains("all as they were written"), "{}{}", stdout(&sound), stderr(&sound));

    // The one from before does not come back either.
    fs::write(&database, &older).unwrap();
    let refused = milton(folder.path(), &["dev"], &[]);
    assert!(stderr(&refused).contains("epoch 2"), "{}", stderr(&refused));
    assert_eq!(refused.status.code(), Some(79));
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let folder = TempDir::new().unwrap();
    run(&folder);
    let database = rusqlite::Connection::open(folder.path().join("milton-data/milton.db")).unwrap();
    database
        .execute_batch("DROP TRIGGER audit_log_no_update; UPDATE audit_log SET outcome = 'denied' WHERE seq = 2")
        .unwrap();
    let found = milton(folder.path(), &["audit", "verify"], &[]);
    assert_eq!(found.status.code(), Some(1));
    assert!(stderr(&found).contains("row 2 was changed"), "{}", stderr(&found));
}
