//! `milton jobs`, beside a running server and without one.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::Server;
use super::{initialized, milton, stderr, stdout};

fn line(output: &std::process::Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_str(&stdout(output)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_and_run_by_the_running_server() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let ana = server.claim().await;
    let jobs = line(&milton(folder.path(), &["jobs", "list", "--json"], &[]));
    let names: Vec<_> = jobs["items"].as_array().unwrap().iter().map(|job| job["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["failure-bursts", "last-seen", "provider-tokens", "qr-expiry", "team-purge", "token-clean-up", "certificate"]
    );
    assert_eq!(jobs["items"][5]["schedule"], "daily at 02:30 UTC");

    let ran = line(&milton(folder.path(), &["jobs", "run", "token-clean-up", "--json"], &[]));
    assert_eq!((&ran["event"], &ran["run"]["outcome"]), (&json!("job-run"), &json!("success")));
    assert_eq!((&ran["run"]["cause"], &ran["run"]["affected"]), (&json!("hand"), &json!(1)));
    let runs = ana.get("/api/v1/admin/jobs/token-clean-up/runs").await.expect(200);
    assert_eq!(runs["items"][0]["id"], ran["run"]["id"]);
    let started = ana.get("/api/v1/admin/audit?event=system.job.started").await.expect(200);
    assert_eq!(started["items"][0]["actor"], json!({"kind": "operator"}));

    let listed = stdout(&milton(folder.path(), &["jobs", "list"], &[]));
    assert!(listed.contains("token-clean-up  daily at 02:30 UTC, next "), "{listed}");
    assert!(listed.contains("; success at ") && listed.contains(", 1 rows (hand)"), "{listed}");
    let unknown = milton(folder.path(), &["jobs", "run", "drop-everything"], &[]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("name is not the name of a job"), "{}", stderr(&unknown));
    server.stop();
}

#[test]
fn without_a_server_they_run_on_the_database_itself() {
    let folder = initialized();
    let ran = milton(folder.path(), &["jobs", "run", "token-clean-up"], &[]);
    assert!(ran.status.success(), "{}", stderr(&ran));
    assert!(stdout(&ran).starts_with("token-clean-up: success at "), "{}", stdout(&ran));
    let jobs = line(&milton(folder.path(), &["--json", "jobs", "list"], &[]));
    assert_eq!(jobs["items"][5]["last"]["cause"], "hand");
    assert_eq!(jobs["items"][5]["last"]["affected"], 0);
}
