//! Nobody rewrites the log unseen: what the database refuses, and what the check finds when it was made to agree.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use milton::crypto::merkle::Frontier;
use milton::store::audit_check::Verified;
use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{busy, open};
use crate::world::World;

/// What somebody who can write the file would try first.
const UNTIE: &str =
    "DROP TRIGGER audit_log_in_order; DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete;";

#[tokio::test]
async fn the_sqlite3_tool_cannot_rewrite_the_log() {
    let (world, _, _) = busy().await;
    let path = world.folder().join("milton.db");
    let columns = "at, event, outcome, actor_kind, actor_pseudonym, scope, resource_type, resource_id, request_id, \
        address_sealed, user_agent_sealed, detail_sealed, leaf";
    for sql in [
        "UPDATE audit_log SET outcome = 'success'".to_owned(),
        "DELETE FROM audit_log WHERE seq = 2".to_owned(),
        format!("REPLACE INTO audit_log SELECT 3, {columns} FROM audit_log WHERE seq = 2"),
        format!("INSERT OR REPLACE INTO audit_log SELECT 1, {columns} FROM audit_log WHERE seq = 2"),
        format!("INSERT INTO audit_log SELECT 1000, {columns} FROM audit_log WHERE seq = 2"),
        format!(
            "PRAGMA recursive_triggers = OFF; REPLACE INTO audit_log SELECT 3, {columns} FROM audit_log WHERE seq = 2"
        ),
    ] {
        let output = Command::new("sqlite3").arg(&path).arg(&sql).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("append-only"), "{sql}: {said}");
    }
    assert!(matches!(world.app.store().verify_audit().unwrap(), Verified::Sound { .. }));
}

/// What the check says after a script behind the server's back.
fn checked(world: &World, script: &str) -> Verified {
    let connection = open(world);
    connection.execute_batch("BEGIN").unwrap();
    connection.execute_batch(script).unwrap();
    connection.execute_batch("COMMIT").unwrap();
    world.app.store().verify_audit().unwrap()
}

#[tokio::test]
async fn every_field_of_a_row_is_under_its_leaf() {
    let (world, _, _) = busy().await;
    let connection = open(&world);
    connection.execute_batch(UNTIE).unwrap();
    connection.pragma_update(None, "ignore_check_constraints", true).unwrap();
    let mut statement = connection.prepare("SELECT name, type FROM pragma_table_info('audit_log')").unwrap();
    let columns = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
    let columns: Vec<_> = columns.map(Result::unwrap).filter(|(name, _)| name != "seq").collect();
    assert_eq!(columns.len(), 13);
    let rows = world.audit_size();
    let first_of_person =
        "SELECT min(seq) FROM audit_log WHERE actor_pseudonym IS NOT NULL AND detail_sealed IS NOT NULL";
    let seq: i64 = connection.query_row(first_of_person, [], |row| row.get(0)).unwrap();
    for (name, kind) in columns {
        let read = format!("SELECT {name} FROM audit_log WHERE seq = {seq}");
        let write = format!("UPDATE audit_log SET {name} = ?1 WHERE seq = {seq}");
        let own: Stored = connection.query_row(&read, [], |row| row.get(0)).unwrap();
        let mut forgeries = match kind.as_str() {
            "INTEGER" => vec![Stored::Integer(7)],
            "TEXT" => vec![Stored::Text("forged".to_owned()), Stored::Text(String::new())],
            _ => vec![Stored::Blob(vec![0; 32]), Stored::Blob(Vec::new())],
        };
        if matches!(own, Stored::Blob(_)) && name.ends_with("_sealed") {
            forgeries.push(Stored::Null);
        }
        for forged in forgeries {
            connection.execute(&write, [&forged]).unwrap();
            let found = world.app.store().verify_audit().unwrap();
            assert_eq!(found, Verified::BadRow { seq }, "{name} = {forged:?}");
        }
        connection.execute(&write, [&own]).unwrap();
        assert_eq!(world.app.store().verify_audit().unwrap(), Verified::Sound { rows }, "{name}");
    }
    let not_text = format!("UPDATE audit_log SET event = CAST(x'ff' AS TEXT) WHERE seq = {seq}");
    assert_eq!(checked(&world, &not_text), Verified::BadRow { seq });
}

#[tokio::test]
async fn rows_cannot_leave_change_places_or_join_unseen() {
    let columns = "at, event, outcome, actor_kind, actor_pseudonym, scope, resource_type, resource_id, request_id, \
        address_sealed, user_agent_sealed, detail_sealed, leaf";
    let bad = |seq| Verified::BadRow { seq };
    let cases = [
        ("DELETE FROM audit_log WHERE seq = 1".to_owned(), bad(1)),
        ("DELETE FROM audit_log WHERE seq = 5".to_owned(), bad(5)),
        ("DELETE FROM audit_log WHERE seq IN (4, 5)".to_owned(), bad(4)),
        ("DELETE FROM audit_log WHERE seq = 5; UPDATE audit_log SET seq = seq - 1 WHERE seq > 5".to_owned(), bad(5)),
        (
            "UPDATE audit_log SET seq = -1 WHERE seq = 3; UPDATE audit_log SET seq = 3 WHERE seq = 4; \
             UPDATE audit_log SET seq = 4 WHERE seq = -1"
                .to_owned(),
            bad(3),
        ),
        (format!("INSERT INTO audit_log SELECT max(seq) + 1, {columns} FROM audit_log"), bad(0)),
        (format!("INSERT INTO audit_log SELECT 0, {columns} FROM audit_log WHERE seq = 2"), bad(0)),
        ("DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log)".to_owned(), Verified::BadHead),
        ("DELETE FROM audit_log".to_owned(), Verified::BadHead),
        ("DELETE FROM audit_head".to_owned(), Verified::BadHead),
        ("UPDATE audit_head SET size = size + 1".to_owned(), Verified::BadHead),
        ("UPDATE audit_head SET root = zeroblob(32)".to_owned(), Verified::BadHead),
        ("UPDATE audit_head SET frontier = zeroblob(length(frontier))".to_owned(), Verified::BadHead),
        ("UPDATE audit_head SET frontier = x''".to_owned(), Verified::BadHead),
        (
            "DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log); UPDATE audit_head SET size = size - 1"
                .to_owned(),
            Verified::BadHead,
        ),
    ];
    for (script, expected) in cases {
        let (world, _, _) = busy().await;
        let rows = world.audit_size();
        let expected = if script.contains("max(seq) + 1, ") { bad(rows + 1) } else { expected };
        assert_eq!(checked(&world, &format!("{UNTIE}{script}")), expected, "{script}");
    }
}

/// A forger who knows the format makes the leaf fit the row; the head, which stands over all rows, does not fit then.
#[tokio::test]
async fn a_forged_row_with_a_fitting_leaf_does_not_fit_the_head() {
    let (world, _, _) = busy().await;
    let connection = open(&world);
    connection.execute_batch(UNTIE).unwrap();
    connection.execute("UPDATE audit_log SET outcome = 'success' WHERE seq = 6", []).unwrap();
    connection.execute("UPDATE audit_log SET event = 'team.updated' WHERE seq = 6", []).unwrap();
    let mut statement = connection.prepare("SELECT * FROM audit_log WHERE seq = 6").unwrap();
    let names: Vec<String> = statement.column_names().into_iter().map(ToOwned::to_owned).collect();
    let row = statement.query_row([], |row| {
        let json = |at| -> rusqlite::Result<Value> {
            Ok(match row.get::<_, Stored>(at)? {
                Stored::Integer(number) => json!(number),
                Stored::Text(text) => json!(text),
                Stored::Blob(bytes) => json!(URL_SAFE_NO_PAD.encode(bytes)),
                _ => Value::Null,
            })
        };
        let fields = names.iter().enumerate().filter(|(_, name)| *name != "leaf");
        fields.map(|(at, name)| Ok((name.clone(), json(at)?))).collect::<rusqlite::Result<Map<_, _>>>()
    });
    let canonical = serde_json::to_vec(&row.unwrap()).unwrap();
    let leaf = Sha256::new().chain_update([0]).chain_update(canonical).finalize().to_vec();
    assert_eq!(world.app.store().verify_audit().unwrap(), Verified::BadRow { seq: 6 });
    connection.execute("UPDATE audit_log SET leaf = ?1 WHERE seq = 6", [leaf]).unwrap();
    assert_eq!(world.app.store().verify_audit().unwrap(), Verified::BadHead, "the test knows the format");
    grow_another_tree(&connection);
    assert_eq!(world.app.store().verify_audit().unwrap(), Verified::BadHead, "the head wants the root key");
}

/// What a forger does who has the file and knows everything but the root key: a head that fits the rows.
fn grow_another_tree(connection: &Connection) {
    let mut leaves = connection.prepare("SELECT leaf FROM audit_log ORDER BY seq").unwrap();
    let mut tree = Frontier::new();
    for leaf in leaves.query_map([], |row| row.get::<_, [u8; 32]>(0)).unwrap() {
        tree.push(leaf.unwrap());
    }
    let size = i64::try_from(tree.size()).unwrap();
    let head = rusqlite::params![size, tree.root(), tree.to_bytes()];
    connection.execute("UPDATE audit_head SET size = ?1, root = ?2, frontier = ?3", head).unwrap();
}

/// After a cut the writer still knows where the log ended: it writes nothing that would cover the hole.
#[tokio::test]
async fn nothing_is_written_over_a_log_that_was_cut() {
    let (world, owner, team) = busy().await;
    open(&world)
        .execute_batch(
            "DROP TRIGGER audit_log_no_delete; DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log);",
        )
        .unwrap();
    let list = format!("/api/v1/teams/{team}/delegations");
    owner.post(&list, &json!({"title": "Business as usual"})).await.problem(503, "unavailable");
    assert_eq!(world.app.store().verify_audit().unwrap(), Verified::BadHead);
}
