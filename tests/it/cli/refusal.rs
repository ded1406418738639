//! Databases that are not opened: another key's, a newer Milton's. All bytes stay as they were.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

use super::server::Server;
use super::{initialized, listing, milton, refused, stderr};

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
fn what_others_can_write_is_not_trusted() {
    let folder = initialized();
    let data = folder.path().join("milton-data");
    let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    for mode in [0o720, 0o702, 0o1777] {
        set(&data, mode);
        refused(folder.path(), &[], "chmod go-w milton-data");
    }
    set(&data, 0o700);
    set(&data.join("milton.toml"), 0o620);
    refused(folder.path(), &[], "chmod go-w milton-data/milton.toml");
    set(&data.join("milton.toml"), 0o600);
    assert!(milton(folder.path(), &["serve", "--check"], &[]).status.success());
}

#[test]
fn what_belongs_to_somebody_else_is_not_trusted() {
    let folder = initialized();
    let data = folder.path().join("milton-data");
    if chown(&data, Some(65_534), None).is_err() {
        return; // only root can give files away
    }
    refused(folder.path(), &[], "run chown 0 milton-data");
    let empty = TempDir::new().unwrap();
    fs::create_dir(empty.path().join("milton-data")).unwrap();
    chown(empty.path().join("milton-data"), Some(65_534), None).unwrap();
    let output = milton(empty.path(), &["dev", "--port", "0"], &[]);
    assert_eq!(output.status.code(), Some(78), "{}", stderr(&output));
    assert_eq!(listing(empty.path()).len(), 1, "nothing is written into a foreign folder");
    chown(&data, Some(0), None).unwrap();
    for name in ["milton.toml", "root.key"] {
        chown(data.join(name), Some(65_534), None).unwrap();
        refused(folder.path(), &[], &format!("milton-data/{name}"));
        chown(data.join(name), Some(0), None).unwrap();
    }
}

#[test]
fn a_proxy_setting_that_nothing_reads_is_unknown() {
    let folder = served();
    refused(folder.path(), &[("MILTON_HTTP__TRUSTED_PROXIES", "10.0.0.0/8")], "unknown key http.trusted_proxies");
}
