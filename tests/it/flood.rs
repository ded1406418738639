//! A million forged tokens: the audit log stays small, each is counted, and none costs a hash.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use milton::crypto::TokenKind;
use milton::domain::actor::{Actor, Caller};
use milton::domain::{AuthFailure, Error};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::forge;
use crate::world::{Person, World};

/// Networks that take part, and how many attempts each makes.
const NETWORKS: u8 = 20;
const ATTEMPTS: usize = 50_000;

fn caller(address: IpAddr) -> Caller {
    Caller { address: Some(address), ..Caller::local(Actor::Anonymous) }
}

/// Where an attempt comes from: every other network is an IPv6 one with many hosts.
fn address(network: u8, attempt: usize) -> IpAddr {
    if network.is_multiple_of(2) {
        IpAddr::from([203, 0, 113, network])
    } else {
        let host = u16::try_from(attempt % 65_536).unwrap();
        IpAddr::from([0x2001, 0xdb8, 0, network.into(), 0, 0, 0, host])
    }
}

/// The counts of all bursts by network, and how many rows say them.
async fn bursts(world: &World, owner: &Person) -> (BTreeMap<String, u64>, usize) {
    let rows = world.audit(owner, "event=auth.failure_burst").await;
    let mut counts = BTreeMap::new();
    for row in &rows {
        let text = |field: &str| row["detail"][field].as_str().unwrap().to_owned();
        *counts.entry(text("network")).or_default() += text("count").parse::<u64>().unwrap();
    }
    (counts, rows.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_million_forged_tokens_leave_a_bounded_log_and_exact_counts() {
    let (world, olga) = World::claimed().await;
    let good = olga.token.clone().unwrap();
    // Right in shape with a wrong MAC, of a kind that does not belong here, and rubbish.
    let forged = Arc::new([
        forge::mistyped(&good, 10),
        forge::mistyped(&good, 40),
        forge::mistyped(&good, 70),
        forge::unknown(&world, TokenKind::SignInLink),
        good[..75].to_owned(),
        "x".repeat(8_000),
        String::new(),
    ]);
    let (size, hashes) = (world.audit_size(), world.app.hashes());
    let mut flood = JoinSet::new();
    for network in 0..NETWORKS {
        let (app, forged) = (Arc::clone(&world.app), Arc::clone(&forged));
        flood.spawn(async move {
            for attempt in 0..ATTEMPTS {
                let caller = caller(address(network, attempt));
                let refused = app.authenticate(&caller, &forged[attempt % forged.len()]).await;
                assert!(matches!(refused, Err(Error::Unauthenticated(AuthFailure::Invalid))), "{refused:?}");
            }
        });
    }
    flood.join_all().await;
    assert_eq!(world.app.hashes(), hashes, "none of them cost a hash");
    let networks = i64::from(NETWORKS);
    assert_eq!(world.audit_size(), size + 5 * networks, "five rows for each network");
    world.pass(Duration::from_mins(1));
    world.jobs.look(&world.app).await;
    assert_eq!(world.audit_size(), size + 6 * networks, "and one with the count");

    let (counts, rows) = bursts(&world, &olga).await;
    assert_eq!((counts.len(), rows), (NETWORKS.into(), NETWORKS.into()));
    for network in 0..NETWORKS {
        let name = match address(network, 0) {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(_) => format!("2001:db8:0:{network:x}::/64"),
        };
        assert_eq!(counts.get(&name), Some(&(ATTEMPTS as u64 - 5)), "{name}: {counts:?}");
    }
    olga.get("/api/v1/me").await.expect(200);
}

/// Minute after minute, with looks in between, and a stop before the last minute is over.
#[tokio::test]
async fn rows_and_counts_together_are_the_failures_and_a_stop_forgets_none() {
    let (world, olga) = World::claimed().await;
    let mut attempts = 0_u64;
    for round in 0..10_u64 {
        for attempt in 0..7 + 3 * round {
            let refused = world.app.authenticate(&caller([203, 0, 113, 5].into()), "mlt_s_x").await;
            assert!(refused.is_err());
            attempts += 1;
            world.pass(Duration::from_secs(attempt % 5));
        }
        world.jobs.look(&world.app).await;
    }
    drop(olga);
    let options = crate::world::Options {
        clock: Arc::clone(&world.clock),
        entropy: Arc::new(milton::base::entropy::SeededEntropy::new(2)),
        ..Default::default()
    };
    let world = world.restart(options).await;
    let olga = world.sign_in("owner@milton.test").await;
    let (counts, _) = bursts(&world, &olga).await;
    let written = forge::number(&world, "SELECT count(*) FROM audit_log WHERE event = 'auth.login.failed'");
    assert_eq!(counts.values().sum::<u64>() + u64::try_from(written).unwrap(), attempts);
}

/// The disk refuses for a while: what should have been written is counted, and what was counted is not forgotten.
#[tokio::test]
async fn what_could_not_be_written_is_counted() {
    let (world, olga) = World::claimed().await;
    let attempt = async || world.app.authenticate(&caller([203, 0, 113, 5].into()), "mlt_s_x").await.unwrap_err();
    for _ in 0..3 {
        assert!(matches!(attempt().await, Error::Unauthenticated(_)));
    }
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON audit_log BEGIN SELECT raise(ABORT, 'full'); END";
    forge::sql(&world, refuse, []);
    for _ in 0..2 {
        assert!(!matches!(attempt().await, Error::Unauthenticated(_)), "what is not on record is not told");
    }
    for _ in 0..4 {
        assert!(matches!(attempt().await, Error::Unauthenticated(_)));
    }
    assert!(world.app.record_bursts(true).await.is_err());
    forge::sql(&world, "DROP TRIGGER refuse", []);
    world.app.record_bursts(true).await.unwrap();
    let (counts, rows) = bursts(&world, &olga).await;
    assert_eq!((counts.values().sum::<u64>(), rows), (6, 1));
    assert_eq!(world.audit(&olga, "event=auth.login.failed").await.len(), 3);
}

/// Whatever a stranger fails at is counted alike: tokens in headers, cookies, links, invitations.
#[tokio::test]
async fn every_kind_of_failure_of_one_network_shares_its_five_rows() {
    let (world, olga) = World::claimed().await;
    let mut attacker = world.stranger();
    attacker.address = "203.0.113.9".parse().unwrap();
    let cookie = attacker.clone().with("cookie", "__Host-milton=mlt_s_forged");
    let key = attacker.clone().with("authorization", "Bearer mlt_k_forged");
    let size = world.audit_size();
    for _ in 0..10 {
        cookie.get("/api/v1/me").await.problem(401, "invalid-token");
        key.get("/api/v1/me").await.problem(401, "invalid-token");
        for path in ["/api/v1/auth/link", "/api/v1/invitations/accept"] {
            let body = json!({"token": "mlt_l_forged", "name": "Mallory"});
            attacker.post(path, &body).await.problem(401, "invalid-token");
        }
    }
    assert_eq!(world.audit_size(), size + 5);
    world.app.record_bursts(true).await.unwrap();
    assert_eq!(world.audit_size(), size + 6);
    let row: Value = world.audit(&olga, "event=auth.failure_burst").await.remove(0);
    assert_eq!(row["detail"], json!({"count": "35", "network": "203.0.113.9"}));
    assert_eq!((&row["outcome"], &row["address"]), (&json!("failure"), &json!("203.0.113.9")));
}
