//! Every statement of the store is prepared against the migrated schema, and nothing builds SQL at run time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::clock::SystemClock;
use crate::base::entropy::SystemEntropy;
use crate::crypto::keyring::RootKey;

use super::{
    Store, StoreOptions, api_key, audit, audit_check, audit_log, audit_proof, audit_tree, ceremony, checkpoint,
    clean_up, comment, conversation, credential, credential_share, custody, delegation, delegation_list, device, door,
    feed, grant, idempotency, identity, inspection, invitation, job, keys, label, leaving, login, login_code, message,
    notification, open, overdue, participant, passkey, people, preference, provider_token, qr_sign_in, quota, search,
    search_fill, search_hit, search_lists, session, standing, team, team_end, tombstone, trip, user, watch, webhook,
    webhook_delivery,
};

const ALL: &[(&str, &[&str])] = &[
    ("api_key", api_key::STATEMENTS),
    ("audit", audit::STATEMENTS),
    ("audit_check", audit_check::STATEMENTS),
    ("audit_log", audit_log::STATEMENTS),
    ("audit_proof", audit_proof::STATEMENTS),
    ("audit_tree", audit_tree::STATEMENTS),
    ("ceremony", ceremony::STATEMENTS),
    ("checkpoint", checkpoint::STATEMENTS),
    ("clean_up", clean_up::STATEMENTS),
    ("comment", comment::STATEMENTS),
    ("conversation", conversation::STATEMENTS),
    ("credential", credential::STATEMENTS),
    ("credential_share", credential_share::STATEMENTS),
    ("custody", custody::STATEMENTS),
    ("delegation", delegation::STATEMENTS),
    ("delegation_list", delegation_list::STATEMENTS),
    ("device", device::STATEMENTS),
    ("door", door::STATEMENTS),
    ("feed", feed::STATEMENTS),
    ("grant", grant::STATEMENTS),
    ("idempotency", idempotency::STATEMENTS),
    ("identity", identity::STATEMENTS),
    ("inspection", inspection::STATEMENTS),
    ("invitation", invitation::STATEMENTS),
    ("job", job::STATEMENTS),
    ("keys", keys::STATEMENTS),
    ("label", label::STATEMENTS),
    ("leaving", leaving::STATEMENTS),
    ("login", login::STATEMENTS),
    ("login_code", login_code::STATEMENTS),
    ("message", message::STATEMENTS),
    ("notification", notification::STATEMENTS),
    ("open", open::STATEMENTS),
    ("overdue", overdue::STATEMENTS),
    ("participant", participant::STATEMENTS),
    ("passkey", passkey::STATEMENTS),
    ("people", people::STATEMENTS),
    ("preference", preference::STATEMENTS),
    ("provider_token", provider_token::STATEMENTS),
    ("qr_sign_in", qr_sign_in::STATEMENTS),
    ("quota", quota::STATEMENTS),
    ("search", search::STATEMENTS),
    ("search_fill", search_fill::STATEMENTS),
    ("search_hit", search_hit::STATEMENTS),
    ("search_lists", search_lists::STATEMENTS),
    ("session", session::STATEMENTS),
    ("standing", standing::STATEMENTS),
    ("team", team::STATEMENTS),
    ("team_end", team_end::STATEMENTS),
    ("tombstone", tombstone::STATEMENTS),
    ("trip", trip::STATEMENTS),
    ("user", user::STATEMENTS),
    ("watch", watch::STATEMENTS),
    ("webhook", webhook::STATEMENTS),
    ("webhook_delivery", webhook_delivery::STATEMENTS),
];

fn sources() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|end| end == "rs") && !path.ends_with("statements.rs"))
        .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn every_statement_fits_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("milton.db");
    let options = StoreOptions::at(&path, Arc::new(SystemClock), Arc::new(SystemEntropy));
    drop(Store::open(options, &RootKey::generate(&SystemEntropy)).unwrap());
    let connection = rusqlite::Connection::open(path).unwrap();
    for (file, statements) in ALL {
        for sql in *statements {
            if let Err(error) = connection.prepare(sql) {
                panic!("{file}: {error}\n{sql}");
            }
            assert!(!sql.contains('$'), "{file}: SQLite numbers $1 by first appearance\n{sql}");
        }
    }
}

/// Each statement that reads a whole table or sorts by itself, so that a new one is seen and thought about.
#[test]
fn what_does_not_follow_an_index_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("milton.db");
    let options = StoreOptions::at(&path, Arc::new(SystemClock), Arc::new(SystemEntropy));
    drop(Store::open(options, &RootKey::generate(&SystemEntropy)).unwrap());
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut slow = Vec::new();
    for (file, sql) in ALL.iter().flat_map(|(file, statements)| statements.iter().map(move |sql| (file, sql))) {
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let lines: Vec<String> =
            plan.raw_query().mapped(|row| row.get::<_, String>(3)).collect::<Result<_, _>>().unwrap();
        for line in lines.iter().filter(|line| line.contains("SCAN") || line.contains("TEMP B-TREE")) {
            slow.push(format!("{file}: {line} | {}", sql.split_whitespace().take(6).collect::<Vec<_>>().join(" ")));
        }
    }
    insta::assert_snapshot!(slow.join("\n"), @r"
    audit_check: SCAN audit_nodes | SELECT level, nth, hash FROM audit_nodes
    audit_tree: SCAN CONSTANT ROW | SELECT EXISTS (SELECT 1 FROM audit_nodes)
    audit_tree: SCAN audit_nodes | SELECT EXISTS (SELECT 1 FROM audit_nodes)
    audit_tree: SCAN audit_log | SELECT leaf FROM audit_log ORDER BY
    ceremony: SCAN (subquery-1) | SELECT count(*) FROM (SELECT 1 FROM
    clean_up: SCAN CONSTANT ROW | SELECT EXISTS (SELECT t.selector FROM api_tokens
    clean_up: SCAN sign_in_links USING INDEX sign_in_links_with_hash | SELECT EXISTS (SELECT t.selector FROM api_tokens
    clean_up: SCAN invitations USING INDEX invitations_with_hash | SELECT EXISTS (SELECT t.selector FROM api_tokens
    clean_up: SCAN sign_in_links USING INDEX sign_in_links_with_hash | UPDATE sign_in_links SET hash = NULL
    clean_up: SCAN invitations USING INDEX invitations_with_hash | UPDATE invitations SET hash = NULL
    conversation: USE TEMP B-TREE FOR ORDER BY | SELECT p.conversation_id, p.team_id, p.last_seq, p.read_seq FROM
    conversation: USE TEMP B-TREE FOR ORDER BY | SELECT p.conversation_id, p.team_id, p.last_seq, p.read_seq FROM
    conversation: USE TEMP B-TREE FOR ORDER BY | SELECT p.conversation_id, p.team_id, p.last_seq, p.read_seq FROM
    conversation: SCAN p | SELECT count(*) FROM participation p JOIN
    delegation_list: USE TEMP B-TREE FOR ORDER BY | SELECT d.id, d.team_id, d.title_sealed, d.body_sealed, d.labels_sealed,
    delegation_list: USE TEMP B-TREE FOR ORDER BY | SELECT d.id, d.team_id, d.title_sealed, d.body_sealed, d.labels_sealed,
    delegation_list: USE TEMP B-TREE FOR ORDER BY | SELECT d.id, d.team_id, d.title_sealed, d.body_sealed, d.labels_sealed,
    delegation_list: USE TEMP B-TREE FOR ORDER BY | SELECT d.id, d.team_id, d.title_sealed, d.body_sealed, d.labels_sealed,
    delegation_list: USE TEMP B-TREE FOR ORDER BY | SELECT d.id, d.team_id, d.title_sealed, d.body_sealed, d.labels_sealed,
    delegation_list: USE TEMP B-TREE FOR ORDER BY | SELECT d.id, d.team_id, d.title_sealed, d.body_sealed, d.labels_sealed,
    delegation_list: USE TEMP B-TREE FOR ORDER BY | SELECT d.id, d.team_id, d.title_sealed, d.body_sealed, d.labels_sealed,
    delegation_list: USE TEMP B-TREE FOR ORDER BY | SELECT team_id FROM memberships WHERE user_id
    delegation_list: USE TEMP B-TREE FOR ORDER BY | SELECT team_id FROM memberships WHERE user_id
    idempotency: SCAN CONSTANT ROW | SELECT EXISTS (SELECT 1 FROM idempotency_keys
    login: SCAN sign_in_links | UPDATE sign_in_links SET consumed_at = ?1
    participant: SCAN p | SELECT u.id, u.name_sealed, p.joined_at, p.expires_at, r.id
    participant: USE TEMP B-TREE FOR ORDER BY | SELECT u.id, u.name_sealed, p.joined_at, p.expires_at, r.id
    qr_sign_in: SCAN (subquery-1) | SELECT count(*) FROM (SELECT 1 FROM
    quota: SCAN quota_state | SELECT user_id, quota, free_at FROM quota_state
    search_fill: SCAN search_teams USING INDEX search_teams_to_fill | SELECT team_id, filled_to FROM search_teams WHERE
    team: USE TEMP B-TREE FOR ORDER BY | SELECT t.id, t.name_sealed, t.version, t.created_at, t.deleted_at,
    team: USE TEMP B-TREE FOR ORDER BY | SELECT u.id, u.name_sealed, m.role, m.joined_at FROM
    team_end: USE TEMP B-TREE FOR ORDER BY | SELECT t.id FROM memberships m JOIN
    trip: SCAN (subquery-1) | SELECT count(*) FROM (SELECT 1 FROM
    user: SCAN CONSTANT ROW | SELECT EXISTS (SELECT 1 FROM users)
    user: SCAN users USING COVERING INDEX sqlite_autoindex_users_2 | SELECT EXISTS (SELECT 1 FROM users)
    webhook: SCAN webhooks USING INDEX webhooks_active | SELECT id, team_id, events, cursor FROM
    webhook_delivery: SCAN w USING INDEX webhooks_active | SELECT w.id FROM webhooks w JOIN
    ");
}

#[test]
fn no_file_of_statements_is_forgotten() {
    for (path, text) in sources() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let declares = text.contains("\nstatements! {");
        assert_eq!(declares, ALL.iter().any(|(file, _)| *file == name), "{name}");
    }
}

#[test]
fn nothing_builds_sql_at_run_time() {
    for (path, text) in sources() {
        for line in text.lines().filter(|line| line.contains("format!")) {
            let upper = line.to_uppercase();
            for verb in ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WHERE ", "PRAGMA "] {
                assert!(!upper.contains(verb), "{}: {line}", path.display());
            }
        }
    }
}
