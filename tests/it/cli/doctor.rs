//! What `milton doctor` finds.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use super::server::Server;
use super::{initialized, milton, stderr, stdout};

/// The exit code, and each check's line.
fn doctor(folder: &Path) -> (Option<i32>, BTreeMap<String, Value>) {
    let output = milton(folder, &["doctor", "--json"], &[]);
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        (line["check"].as_str().unwrap().to_owned(), line)
    };
    (output.status.code(), stdout(&output).lines().map(line).collect())
}

const CHECKS: [&str; 10] = [
    "audit log",
    "certificate",
    "clock",
    "config",
    "database file",
    "disk space",
    "folder",
    "integrity",
    "key match",
    "last act",
];

#[test]
fn a_healthy_folder_passes_running_or_not() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let healthy = |when: &str| {
        let (exit, checks) = doctor(folder.path());
        assert_eq!(exit, Some(0), "{when}: {checks:#?}");
        assert!(CHECKS.iter().all(|name| checks.contains_key(*name)), "{when}: {checks:#?}");
        let bad = checks.values().find(|check| check["status"] != "pass" && check["check"] != "disk space");
        assert_eq!(bad, None, "{when}");
    };
    healthy("running");
    server.stop();
    healthy("stopped");
}

#[test]
fn before_the_first_start_there_are_warnings_with_their_fix() {
    let folder = initialized();
    let (exit, checks) = doctor(folder.path());
    assert_eq!(exit, Some(0), "{checks:#?}");
    for name in ["database file", "certificate"] {
        assert_eq!(checks[name]["status"], "warn", "{checks:#?}");
        assert_ne!(checks[name]["fix"], "");
    }
    assert!(!checks.contains_key("integrity"));
}

#[test]
fn a_changed_audit_row_is_found() {
    let folder = TempDir::new().unwrap();
    Server::start(folder.path()).stop();
    let database = Connection::open(folder.path().join("milton-data/milton.db")).unwrap();
    let change = "DROP TRIGGER audit_log_no_update; UPDATE audit_log SET outcome = 'denied' WHERE seq = 2;";
    database.execute_batch(change).unwrap();
    drop(database);
    let (exit, checks) = doctor(folder.path());
    assert_eq!(exit, Some(1));
    assert_eq!(checks["audit log"]["status"], "fail");
    assert!(checks["audit log"]["detail"].as_str().unwrap().starts_with("row 2 was changed"), "{checks:#?}");
    assert_eq!(checks["integrity"]["status"], "pass");
}

#[test]
fn another_key_and_a_reference_to_nothing_are_found() {
    let folder = TempDir::new().unwrap();
    Server::start(folder.path()).stop();
    let data = folder.path().join("milton-data");
    let database = Connection::open(data.join("milton.db")).unwrap();
    let lost = "PRAGMA foreign_keys = OFF; INSERT INTO quota_state VALUES ('nobody', 'delegations', 0);";
    database.execute_batch(lost).unwrap();
    drop(database);
    let (exit, checks) = doctor(folder.path());
    assert_eq!((exit, &checks["integrity"]["status"]), (Some(1), &Value::from("fail")));
    assert!(checks["integrity"]["detail"].as_str().unwrap().contains("refers to nothing in users"), "{checks:#?}");

    fs::write(data.join("root.key"), "A".repeat(43)).unwrap();
    let (exit, checks) = doctor(folder.path());
    assert_eq!((exit, &checks["key match"]["status"]), (Some(1), &Value::from("fail")));
}

#[test]
fn permissions_are_looked_at() {
    let folder = initialized();
    let data = folder.path().join("milton-data");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(data.join("root.key"), fs::Permissions::from_mode(0o640)).unwrap();
    let (exit, checks) = doctor(folder.path());
    assert_eq!(exit, Some(1));
    assert_eq!(checks["config"]["status"], "pass");
    assert_eq!(checks["folder"]["status"], "warn");
    assert_eq!(checks["folder"]["fix"], "chmod 700 milton-data");
    assert_eq!(checks["root key"]["status"], "fail");
    assert!(checks["root key"]["detail"].as_str().unwrap().contains("chmod 600"));
}

#[test]
fn a_certificate_and_a_provider_that_do_not_serve_are_named() {
    let folder = initialized();
    let output = milton(folder.path(), &["doctor"], &[("MILTON_HTTP__PUBLIC_URL", "https://milton.example.org")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("not for milton.example.org"), "{}{}", stdout(&output), stderr(&output));

    let config = folder.path().join("milton-data/milton.toml");
    let provider = "\n[[oidc]]\nname = \"local\"\nissuer = \"http://localhost:1\"\nclient_id = \"milton\"\n";
    fs::write(&config, fs::read_to_string(&config).unwrap() + provider).unwrap();
    let (exit, checks) = doctor(folder.path());
    assert_eq!((exit, &checks["provider"]["status"]), (Some(1), &Value::from("fail")), "{checks:#?}");
}
