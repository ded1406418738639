//! Databases that are not opened: another key's, a newer Milton's. All bytes stay as they were.

use std::fs;

use rusqlite::Connection;
use tempfile::TempDir;

use super::server::Server;
use super::{listing, milton, refused, stderr};

/// A folder that was served once.
fn served() -> TempDir {
    let folder = TempDir::new().unwrap();
    Server::start(folder.path()).stop();
    folder
}

#[test]
fn another_key_is_refused() {
    let folder = served();
    fs::write(folder.path().join("milton-data/root.key"), "A".repeat(43)).unwrap();
    let before = listing(folder.path());
    for arguments in [&["serve"] as &[&str], &["dev", "--port", "0"], &["owner", "claim"]] {
        let output = milton(folder.path(), arguments, &[]);
        assert_eq!(output.status.code(), Some(78), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("the root key is not the one"), "{}", stderr(&output));
        assert_eq!(listing(folder.path()), before, "{arguments:?} wrote something");
    }
}

#[test]
fn a_newer_database_is_refused() {
    let folder = served();
    let database = Connection::open(folder.path().join("milton-data/milton.db")).unwrap();
    database.execute("INSERT INTO schema_migrations VALUES (9999, 'from the future', 0)", []).unwrap();
    drop(database);
    let before = listing(folder.path());
    for arguments in [&["serve"] as &[&str], &["dev", "--port", "0"], &["login-link", "ana@example.org"]] {
        let output = milton(folder.path(), arguments, &[]);
        assert_eq!(output.status.code(), Some(78), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("made by a newer Milton (schema 9999"), "{}", stderr(&output));
        assert_eq!(listing(folder.path()), before, "{arguments:?} wrote something");
    }
}

#[test]
fn a_provider_without_tls_is_for_dev_alone() {
    let folder = served();
    let config = folder.path().join("milton-data/milton.toml");
    let provider = "\n[[oidc]]\nname = \"local\"\nissuer = \"http://localhost:4000\"\nclient_id = \"milton\"\n";
    fs::write(&config, fs::read_to_string(&config).unwrap() + provider).unwrap();
    for arguments in [&["serve"] as &[&str], &["serve", "--check"]] {
        let output = milton(folder.path(), arguments, &[]);
        assert_eq!(output.status.code(), Some(78), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("plain http is for `milton dev` alone"), "{}", stderr(&output));
    }
    Server::start(folder.path()).stop();
}

#[test]
fn a_proxy_setting_that_nothing_reads_is_unknown() {
    let folder = served();
    refused(folder.path(), &[("MILTON_HTTP__TRUSTED_PROXIES", "10.0.0.0/8")], "unknown key http.trusted_proxies");
}
