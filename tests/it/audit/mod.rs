//! The audit log: every act and every refusal leaves its row, and its readers find it.

mod anchored;
mod background;
mod proofs;
mod tampering;

use std::collections::BTreeSet;
use std::time::Duration;

use milton::store::audit_check::Verified;
use poem::http::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::world::{Person, World};

const LOG: &str = "/api/v1/admin/audit";

fn open(world: &World) -> Connection {
    Connection::open(world.folder().join("milton.db")).unwrap()
}

/// A server on which Olga and her team did this and that over some minutes.
async fn busy() -> (World, Person, String) {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    world.pass(Duration::from_mins(1));
    let ana = world.join(&owner, &team, "member", "Ana").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    let body = json!({"title": "Plan", "assignee_id": ana.id, "offer": true});
    let path = owner.post(&list, &body).await.expect(201).header("location");
    world.pass(Duration::from_mins(1));
    ana.post(&format!("{path}/done"), &json!({})).await.problem(409, "wrong-state");
    ana.post("/api/v1/teams", &json!({"name": "Mine"})).await.problem(403, "access-denied");
    ana.post(&format!("{path}/accept"), &json!({})).await.expect(200);
    world.stranger().get("/api/v1/me").await.problem(401, "missing-token");
    world.holder("mlt_s_forged").get("/api/v1/me").await.expect(401);
    (world, owner, team)
}

/// Makes rows, by asking for the log, until there are so many.
async fn grow(world: &World, owner: &Person, rows: i64) {
    while world.audit_size() < rows {
        for _ in 0..20 {
            owner.get("/api/v1/admin/audit?limit=1").await.expect(200);
        }
    }
}

fn seqs(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["seq"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_row_tells_who_did_what_to_what_and_from_where() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    world.pass(Duration::from_secs(5));
    let mut client = owner.clone().with("x-request-id", "req-42").with("user-agent", "Agent/7");
    client.address = "198.51.100.23".parse().unwrap();
    let list = format!("/api/v1/teams/{team}/delegations");
    let made = client.post(&list, &json!({"title": "Plan"})).await.expect(201);
    let request = made.header("x-request-id");
    assert_eq!(request.parse::<uuid::Uuid>().unwrap().get_version_num(), 7);
    let rows = world.audit(&owner, &format!("request_id={request}")).await;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(row["seq"].to_string(), made.header("milton-audit"));
    let expected = json!({"seq": row["seq"], "at": "2026-03-01T09:00:05Z", "event": "delegation.created",
        "outcome": "success", "actor": {"kind": "user", "user_id": owner.id, "name": "Olga Owner"}, "scope": team,
        "resource_type": "delegation", "resource_id": made.text("/id"), "request_id": request,
        "address": "198.51.100.23", "user_agent": "Agent/7", "detail": row["detail"], "leaf": row["leaf"]});
    assert_eq!(*row, expected);
    assert_eq!(row["leaf"].as_str().unwrap().len(), 64);
    assert_eq!(row["detail"]["client_request_id"], "req-42");

    let graft = client.clone().with("x-request-id", &request);
    let refused = graft.post("/api/v1/teams/01957000-0000-7000-8000-000000000000/leave", &json!({})).await.expect(403);
    assert_eq!(world.audit(&owner, &format!("request_id={request}")).await.len(), 1, "nobody's row joins another's");
    let row = &world.audit(&owner, &format!("request_id={}", refused.header("x-request-id"))).await[0];
    assert_eq!(row["detail"]["client_request_id"], request);
    assert_eq!((&row["event"], &row["outcome"]), (&json!("authz.denied"), &json!("denied")));
    assert_eq!(row["detail"]["attempted"], "team.member.left");
    assert_eq!(row["detail"]["permission"], "membership:leave");
    assert_eq!(row["scope"], "01957000-0000-7000-8000-000000000000");

    let unnamed = owner.get("/api/v1/me").await.header("x-request-id");
    let made_up = owner.post(&list, &json!({"title": "Another"})).await.expect(201).header("x-request-id");
    assert_ne!(unnamed, made_up);
    assert_eq!(world.audit(&owner, &format!("request_id={made_up}")).await.len(), 1);
}

#[tokio::test]
async fn what_failed_is_on_record_as_what_it_was() {
    let (world, owner, team) = busy().await;
    let one = async |query: &str| world.audit(&owner, query).await;
    let conflict = one("event=delegation.done&outcome=failure").await;
    assert_eq!(conflict.len(), 1);
    assert_eq!(conflict[0]["detail"]["error"], "wrong-state");
    assert_eq!(one("event=delegation.done&outcome=success").await.len(), 0);
    let denied = one("event=authz.denied").await;
    assert_eq!(denied.len(), 1);
    assert_eq!((&denied[0]["outcome"], &denied[0]["detail"]["attempted"]), (&json!("denied"), &json!("team.created")));
    let strangers = one("event=auth.login.failed").await;
    assert_eq!(strangers.len(), 1, "a forged token; that somebody has none is no failure");
    assert_eq!(strangers[0]["actor"], json!({"kind": "anonymous"}));
    assert_eq!(strangers[0]["address"], "192.0.2.7");

    let list = format!("/api/v1/teams/{team}/delegations");
    for _ in 0..19 {
        owner.post(&list, &json!({"title": "One more"})).await.expect(201);
    }
    for _ in 0..3 {
        owner.post(&list, &json!({"title": "Too many"})).await.problem(429, "quota-exceeded");
    }
    let limited = one("event=ratelimit.exceeded").await;
    assert_eq!(limited.len(), 1);
    assert_eq!(limited[0]["outcome"], "denied");
    assert_eq!(limited[0]["detail"], json!({"quota": "delegations", "limit": "20"}));
    assert_eq!(limited[0]["actor"]["user_id"], owner.id);
}

type Holds<'a> = Box<dyn Fn(&Value) -> bool + 'a>;

#[tokio::test]
async fn each_filter_lets_in_what_it_names_and_nothing_else() {
    let (world, owner, _) = busy().await;
    let all = world.audit(&owner, "").await;
    let ana = all.iter().find(|row| row["event"] == "delegation.accepted").unwrap();
    let text = |row: &Value, pointer: &str| row.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let (ana_id, request) = (text(ana, "/actor/user_id"), text(ana, "/request_id"));
    let (resource, at) = (text(ana, "/resource_id"), text(ana, "/at"));
    let filters: [(String, Holds<'_>); 7] = [
        ("event=delegation.accepted".to_owned(), Box::new(|row| row["event"] == "delegation.accepted")),
        ("outcome=failure".to_owned(), Box::new(|row| row["outcome"] == "failure")),
        (format!("actor_id={ana_id}"), Box::new(|row| row["actor"]["user_id"] == *ana_id)),
        (format!("resource_id={resource}"), Box::new(|row| row["resource_id"] == *resource)),
        (format!("request_id={request}"), Box::new(|row| row["request_id"] == *request)),
        (format!("since={at}"), Box::new(|row| text(row, "/at") >= at)),
        (format!("until={at}"), Box::new(|row| text(row, "/at") < at)),
    ];
    let last = seqs(&all)[0];
    for (filter, holds) in &filters {
        let expected: Vec<_> = all.iter().filter(|row| holds(row)).map(|row| row["seq"].as_i64().unwrap()).collect();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{filter} divides nothing");
        // Reading leaves rows of its own.
        let found = seqs(&world.audit(&owner, filter).await).into_iter().filter(|seq| *seq <= last);
        assert_eq!(found.collect::<Vec<_>>(), expected, "{filter}");
    }
    for (one, holds) in &filters {
        for (other, holds_too) in &filters {
            if one.split('=').next() == other.split('=').next() {
                continue;
            }
            let both = |row: &&Value| holds(row) && holds_too(row);
            let expected: Vec<_> = all.iter().filter(both).map(|row| row["seq"].as_i64().unwrap()).collect();
            let found = seqs(&world.audit(&owner, &format!("{one}&{other}")).await);
            let found: Vec<_> = found.into_iter().filter(|seq| *seq <= last).collect();
            assert_eq!(found, expected, "{one} and {other}");
        }
    }
    let reads = 1 + filters.len() * filters.len();
    assert_eq!(world.audit(&owner, "event=audit.queried").await.len(), reads);
}

#[tokio::test]
async fn a_filter_that_names_nothing_there_is_told() {
    let (world, owner) = World::claimed().await;
    for wrong in ["event=delegation.teleported", "outcome=maybe", "actor_id=ana", "resource_id=7", "since=yesterday"] {
        owner.get(&format!("{LOG}?{wrong}")).await.problem(422, "invalid");
    }
    for wrong in ["limit=0", "limit=101", "cursor=%21", "cursor=AAAA"] {
        owner.get(&format!("{LOG}?{wrong}")).await.problem(422, "invalid");
    }
    assert_eq!(world.audit(&owner, "request_id=never").await, Vec::<Value>::new());
    assert_eq!(world.audit(&owner, "resource_id=01957000-0000-7000-8000-000000000000").await, Vec::<Value>::new());
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_rows_arrive() {
    let (_world, owner, team) = busy().await;
    let first = owner.get(&format!("{LOG}?limit=3")).await.expect(200);
    let mut found = seqs(first.json["items"].as_array().unwrap());
    let mut next = first.json["next_cursor"].as_str().map(ToOwned::to_owned);
    let mut late = 0;
    while let Some(cursor) = next {
        if late < 5 {
            late += 1;
            owner.send(Method::PATCH, &format!("/api/v1/teams/{team}"), Some(&json!({"name": "Ops"}))).await;
        }
        let page = owner.get(&format!("{LOG}?limit=3&cursor={cursor}")).await.expect(200);
        let rows = seqs(page.json["items"].as_array().unwrap());
        assert!((1..=3).contains(&rows.len()));
        found.extend(rows);
        next = page.json["next_cursor"].as_str().map(ToOwned::to_owned);
    }
    let newest = found[0];
    assert!(newest > 10 && found.into_iter().eq((1..=newest).rev()), "newest first, each once");
}

#[tokio::test]
async fn managers_and_members_read_their_own_acts() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    for role in ["manager", "member"] {
        let person = world.join(&owner, &team, role, "Ana").await;
        let own = person.get(&format!("{LOG}?actor_id={}", person.id)).await.expect(200);
        let items = own.json["items"].as_array().unwrap();
        assert!(!items.is_empty() && items.iter().all(|row| row["actor"]["user_id"] == person.id));
        let denials = async || world.audit(&owner, &format!("event=authz.denied&actor_id={}", person.id)).await;
        let before = denials().await.len();
        let queries =
            ["", "?event=audit.queried", &format!("?actor_id={}", owner.id)].map(|query| format!("{LOG}{query}"));
        for query in &queries {
            person.get(query).await.problem(403, "access-denied");
        }
        let rows = denials().await;
        assert_eq!(rows.len(), before + queries.len(), "one row for each refusal");
        assert_eq!(rows[0]["detail"]["permission"], "audit:read");
    }
    world.stranger().get(LOG).await.expect(401);
}

#[tokio::test]
async fn that_the_log_was_read_is_on_record_first() {
    let (world, owner, _) = busy().await;
    let before = world.audit_size();
    owner.get(&format!("{LOG}?limit=5")).await.expect(200);
    let rows = world.audit(&owner, "event=audit.queried").await;
    assert_eq!(rows[0]["seq"], before + 1);
    assert_eq!(rows[0]["detail"]["rows"], "5");
    assert_eq!(world.audit_size(), before + 2);
}

/// The name of the data key in a sealed value's header.
fn key_of(sealed: &[u8]) -> &[u8] {
    &sealed[5..13]
}

#[tokio::test]
async fn personal_parts_are_sealed_under_whom_they_speak_of() {
    let (world, owner, _) = busy().await;
    world.app.record_start().await.unwrap();
    let connection = open(&world);
    let keys = |of: &str, column: &str| -> BTreeSet<Vec<u8>> {
        let sql = format!("SELECT {column} FROM audit_log WHERE {of} AND {column} IS NOT NULL");
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        rows.map(|sealed| key_of(&sealed.unwrap()).to_owned()).collect()
    };
    let instance = keys("event = 'system.started'", "detail_sealed");
    assert_eq!(instance.len(), 1);
    assert_eq!(keys("actor_kind = 'anonymous' AND actor_pseudonym IS NULL", "address_sealed"), instance);
    let persons = |column| keys("actor_kind = 'user'", column);
    assert_eq!(persons("address_sealed").len(), 2, "Olga's and Ana's");
    assert!(persons("address_sealed").is_disjoint(&instance) && persons("detail_sealed").is_disjoint(&instance));
    let kinds = "SELECT count(DISTINCT actor_pseudonym) FROM audit_log WHERE actor_kind = 'user'";
    assert_eq!(connection.query_row(kinds, [], |row| row.get::<_, i64>(0)).unwrap(), 2);
    let named = "SELECT EXISTS (SELECT 1 FROM audit_log WHERE actor_pseudonym = ?1)";
    assert!(!connection.query_row(named, [&owner.id], |row| row.get::<_, bool>(0)).unwrap(), "never by their id");
}

#[tokio::test]
async fn a_flood_of_forged_tokens_leaves_a_bounded_number_of_rows_and_an_exact_count() {
    let (world, owner) = World::claimed().await;
    let before = world.audit_size();
    let mut forger = world.holder("mlt_s_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567");
    for n in 0..10_000 {
        if n == 4_000 {
            forger.address = "203.0.113.9".parse().unwrap();
        }
        forger.get("/api/v1/me").await.expect(401);
    }
    assert_eq!(world.audit_size(), before + 10, "the first five of each network");
    world.app.record_bursts(false).await.unwrap();
    assert_eq!(world.audit_size(), before + 10, "the minute is not over");
    world.pass(Duration::from_mins(1));
    for _ in 0..2 {
        world.app.record_bursts(false).await.unwrap();
        assert_eq!(world.audit_size(), before + 12);
    }
    let mut bursts: Vec<_> = world.audit(&owner, "event=auth.failure_burst").await;
    bursts.sort_by_key(|row| row["address"].to_string());
    let told = |row: &Value| (row["address"].clone(), row["detail"]["count"].clone(), row["outcome"].clone());
    assert_eq!(told(&bursts[0]), (json!("192.0.2.7"), json!("3995"), json!("failure")));
    assert_eq!(told(&bursts[1]), (json!("203.0.113.9"), json!("5995"), json!("failure")));
    assert_eq!(bursts[0]["actor"], json!({"kind": "job"}));
    assert_eq!(world.app.store().verify_audit().unwrap(), Verified::Sound { rows: world.audit_size() });
}
