//! A server that runs: TLS, claim, control socket, one process per folder, the document, an orderly end.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::load::Load;
use super::server::{Server, token};
use super::{initialized, milton, stderr, stdout};

#[tokio::test]
async fn dev_serves_over_tls_until_it_is_told_to_stop() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::start(folder.path());
    assert_eq!(server.client().get("/healthz").await.expect(200)["status"], "alive");
    assert_eq!(server.client().get("/readyz").await.expect(200)["status"], "ready");
    let ana = server.claim().await;
    assert_eq!(ana.get("/api/v1/me").await.expect(200)["instance_role"], "owner");
    server.signal(Signal::INT);
    assert_eq!(server.wait().0.code(), Some(0));
    assert!(!folder.path().join("milton-data/milton.sock").exists());

    let server = Server::start(folder.path());
    assert_eq!(server.claim, None, "it has an owner now");
    assert_eq!(
        server.meet_again(&ana).get("/api/v1/me").await.expect(200)["name"],
        "Ana",
        "sessions outlive a restart"
    );
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(!log.contains("mlt_"), "{log}");
}

#[tokio::test]
async fn a_live_stream_does_not_hold_up_the_end() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::start(folder.path());
    let ana = server.claim().await;
    let again = link(&folder, ANA, true);
    let listening = ana.clone();
    let stream = tokio::spawn(async move { listening.get("/api/v1/events").await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.sign_in(&again, None).await;
    server.signal(Signal::TERM);
    let text = String::from_utf8(stream.await.unwrap().bytes.to_vec()).unwrap();
    assert!(text.contains("event: notification") && text.ends_with("data: {\"reason\":\"stopping\"}\n\n"), "{text}");
    let (status, took) = server.wait();
    assert!(status.code() == Some(0) && took < Duration::from_secs(9), "{status} {took:?}");
}

#[tokio::test]
async fn a_certificate_of_ones_own_is_served() {
    let folder = TempDir::new().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let env = [("MILTON_TLS__MODE", "pem"), ("MILTON_TLS__CERT", "cert.pem"), ("MILTON_TLS__KEY", "key.pem")];
    let server = Server::with(folder.path(), &env);
    assert_eq!(server.client().get("/healthz").await.expect(200)["status"], "alive");
    assert!(!folder.path().join("milton-data/ca.pem").exists());
    let checks = stdout(&milton(folder.path(), &["doctor"], &env));
    assert!(checks.contains("pass  certificate "), "{checks}");
}

#[tokio::test]
async fn the_document_is_the_same_everywhere() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let printed = milton(folder.path(), &["openapi"], &[]);
    assert!(printed.status.success());
    assert_eq!(stdout(&printed), include_str!("../../../openapi/milton.json"));
    assert_eq!(server.client().get("/openapi.json").await.bytes, printed.stdout);
    let line = stdout(&milton(folder.path(), &["openapi", "--json"], &[]));
    assert_eq!(line.lines().count(), 1);
    assert_eq!(
        serde_json::from_str::<Value>(&line).unwrap(),
        serde_json::from_slice::<Value>(&printed.stdout).unwrap()
    );
}

#[test]
fn a_second_process_is_turned_away() {
    let folder = TempDir::new().unwrap();
    let _server = Server::start(folder.path());
    for arguments in [&["dev", "--port", "0"] as &[&str], &["serve"]] {
        let output = milton(folder.path(), arguments, &[]);
        assert_eq!(output.status.code(), Some(75), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("another process has"), "{}", stderr(&output));
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let port = server.url.rsplit(':').next().unwrap();
    let output = milton(folder.path(), &["dev", "--data", "other", "--port", port], &[]);
    assert_eq!(output.status.code(), Some(69), "{}", stderr(&output));
    assert!(stderr(&output).contains(&format!("127.0.0.1:{port}")), "{}", stderr(&output));
}

/// What `owner claim` or `login-link` prints: the link's token.
fn link(folder: &TempDir, arguments: &[&str], running: bool) -> String {
    let output = milton(folder.path(), &[arguments, &["--json"]].concat(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let line: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((line["event"].as_str(), line["running"].as_bool()), (Some("link"), Some(running)));
    assert_eq!(line["person"].as_str(), (arguments == ANA).then_some("Ana"));
    assert!(line["expires_at"].as_str().unwrap().ends_with('Z'));
    token(line["url"].as_str().unwrap())
}

/// What a refused command says, which must exit with 1.
fn refusal(folder: &TempDir, arguments: &[&str]) -> String {
    let output = milton(folder.path(), arguments, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    stderr(&output)
}

const ANA: &[&str] = &["login-link", "ana@example.org"];
const BEN: &[&str] = &["login-link", "ben@example.org"];
const CLAIM: &[&str] = &["owner", "claim"];

#[tokio::test]
async fn links_are_made_while_the_server_runs() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let claim = link(&folder, CLAIM, true);
    server.sign_in(&claim, Some(("Ana", "ana@example.org"))).await;
    assert!(refusal(&folder, CLAIM).contains("has an owner"));
    assert!(refusal(&folder, BEN).contains("nobody here has this e-mail address or id"));
    let ana = server.sign_in(&link(&folder, ANA, true), None).await;
    assert_eq!(ana.get("/api/v1/me").await.expect(200)["name"], "Ana");
    let rows = ana.get("/api/v1/admin/audit?event=auth.link.created").await.expect(200);
    let actors: Vec<_> = rows["items"].as_array().unwrap().iter().map(|row| row["actor"]["kind"].clone()).collect();
    assert!(actors.len() >= 3 && actors.iter().all(|kind| kind == "operator"), "{rows}");
}

#[tokio::test]
async fn links_are_made_while_no_server_runs() {
    let folder = initialized();
    let claim = link(&folder, CLAIM, false);
    let server = Server::start(folder.path());
    server.sign_in(&claim, Some(("Ana", "ana@example.org"))).await;
    server.stop();
    assert!(refusal(&folder, CLAIM).contains("has an owner"));
    assert!(refusal(&folder, BEN).contains("nobody here has this e-mail address or id"));
    assert_eq!(milton(folder.path(), &["login-link", "ana"], &[]).status.code(), Some(2));
    let ana = link(&folder, ANA, false);
    let server = Server::start(folder.path());
    assert_eq!(server.sign_in(&ana, None).await.get("/api/v1/me").await.expect(200)["name"], "Ana");
}

#[tokio::test]
async fn no_link_lets_the_suspended_in_and_one_lets_in_who_is_leaving() {
    let folder = initialized();
    let claim = link(&folder, CLAIM, false);
    let server = Server::start(folder.path());
    server.sign_in(&claim, Some(("Ana", "ana@example.org"))).await;
    server.stop();
    let state = |state: &str| {
        let database = rusqlite::Connection::open(folder.path().join("milton-data/milton.db")).unwrap();
        assert_eq!(database.execute("UPDATE users SET state = ?1", [state]).unwrap(), 1);
    };
    state("suspended");
    assert!(
        refusal(&folder, ANA).contains("suspended: no link lets its holder in until an Owner or Admin reinstates it")
    );
    state("leaving");
    let ana = link(&folder, ANA, false);
    let server = Server::start(folder.path());
    assert_eq!(server.sign_in(&ana, None).await.get("/api/v1/me").await.expect(200)["state"], "leaving");
}

#[tokio::test]
async fn sigterm_under_load_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let mut server = Server::with(folder.path(), &[("MILTON_LIMITS__DELEGATIONS_PER_HOUR", "200")]);
    let ana = server.claim().await;
    let team = ana.found_team().await;
    let load = Load::start(std::slice::from_ref(&ana), &team);
    load.reach(50).await;
    server.signal(Signal::TERM);
    let (status, took) = tokio::task::spawn_blocking(move || server.wait()).await.unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(took <= Duration::from_secs(10), "{took:?}");
    let acknowledged = load.end().await;

    let server = Server::start(folder.path());
    let ana = server.meet_again(&ana);
    for one in acknowledged {
        assert_eq!(ana.get(&one.path).await.expect(200)["title"], one.title);
    }
}
