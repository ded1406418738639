//! The schema: strict tables, nothing of people's words in plaintext, and no table that an erased account stays in.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, Row};
use serde_json::json;

use crate::world::World;

/// Tables of a person's data: gone with the account.
const CASCADE: &[&str] = &[
    "identities",
    "oauth_tokens",
    "sessions",
    "api_tokens",
    "api_keys",
    "devices",
    "passkeys",
    "qr_logins",
    "memberships",
    "invitations",
    "resource_grants",
    "delegations",
    "delegation_comments",
    "conversation_participants",
    "messages",
    "credentials",
    "notifications",
];

/// Other tables that refer to a person, and why they are not among a person's data.
const BESIDE: &[(&str, &str)] = &[
    ("sign_in_links", "made on the host, ten minutes old at most"),
    (
        "delegation_custody",
        "the chain of a delegation, gone with it; whoever took a step is taken out of it, and the chain stays whole",
    ),
    ("login_transactions", "a trip to a provider under way, ten minutes old at most"),
    ("login_codes", "a native app's one-time code, a minute old at most"),
    ("passkey_ceremonies", "a passkey's ceremony under way, five minutes old at most"),
    ("deletion_requests", "the account's own end"),
    ("delegation_watchers", "who hears of a delegation, gone with either"),
    ("comment_mentions", "who is named in a comment, gone with either"),
    ("message_mentions", "who is named in a message, gone with either"),
    ("conversations", "the team's; whoever began one is taken out of it"),
    ("credential_versions", "part of a credential, gone with it; whoever wrote one is taken out of it"),
    ("credential_shares", "part of a credential, gone with it or with whom it was shared to"),
    ("webhooks", "the team's; whoever made one is taken out of it"),
    ("notification_preferences", "what its owner wants to hear of"),
    ("idempotency_keys", "what was answered within the last day"),
    ("quota_state", "how much of an allowance is in use"),
    ("legal_holds", "the instance's; whoever placed or released one is taken out of it"),
];

/// Columns named like a reference that are none, and why.
const NO_REFERENCE: &[(&str, &str)] = &[
    ("data_keys.owner_id", "user, team or instance; destroyed by name when its owner is erased"),
    ("audit_log.resource_id", "the log outlives what it speaks of"),
    ("audit_log.request_id", "made for each request"),
    ("legal_holds.subject_id", "a user, a team or a conversation; what is held cannot go"),
    ("resource_grants.resource_id", "a delegation or a conversation; a grant of what is gone opens nothing"),
];

/// Everything that stands in the file as text, beside ids. Words that people wrote are sealed: a new column here wants a
/// reason.
const PLAIN_TEXT: &[(&str, &[&str])] = &[
    (
        "words of a closed list",
        &[
            "audit_log.actor_kind",
            "audit_log.event",
            "audit_log.outcome",
            "audit_log.resource_type",
            "api_keys.revoke_reason",
            "api_keys.scopes",
            "conversations.kind",
            "credential_shares.role",
            "credentials.kind",
            "data_keys.owner_kind",
            "delegation_custody.state",
            "delegation_custody.step",
            "delegations.priority",
            "delegations.state",
            "deletion_requests.state",
            "invitations.role",
            "job_runs.cause",
            "job_runs.job",
            "job_runs.outcome",
            "login_transactions.purpose",
            "memberships.role",
            "notification_preferences.kind",
            "notifications.kind",
            "passkey_ceremonies.purpose",
            "qr_logins.state",
            "quota_state.quota",
            "legal_holds.subject_kind",
            "resource_grants.resource_type",
            "resource_grants.role",
            "schema_migrations.name",
            "sessions.kind",
            "sessions.method",
            "sessions.revoke_reason",
            "settings.name",
            "sign_in_links.purpose",
            "users.instance_role",
            "users.state",
            "webhook_deliveries.last_error",
            "webhook_deliveries.state",
            "webhooks.events",
            "webhooks.state",
        ],
    ),
    ("bcrypt hashes", &["api_tokens.hash", "invitations.hash", "sign_in_links.hash"]),
    ("random names", &["api_tokens.selector", "invitations.selector", "sign_in_links.selector"]),
    ("pseudonyms", &["audit_log.actor_pseudonym", "users.pseudonym"]),
    ("`instance`, or a team's id", &["audit_log.scope"]),
    ("nothing, or a delegation's id", &["search_teams.filled_to"]),
    ("signed heads", &["checkpoints.note"]),
    ("from the configuration", &["identities.issuer", "login_transactions.provider", "oauth_tokens.provider"]),
];

/// Bytes that are neither sealed nor a blind index.
const PLAIN_BYTES: &[(&str, &[&str])] = &[
    (
        "the Merkle tree",
        &["audit_head.frontier", "audit_head.mac", "audit_head.root", "audit_log.leaf", "audit_nodes.hash"],
    ),
    ("keys, wrapped", &["data_keys.wrapped"]),
    (
        "SHA-256 of random values, and of the names of logout tokens",
        &[
            "devices.mark_hash",
            "idempotency_keys.key_hash",
            "idempotency_keys.request_hash",
            "login_codes.challenge_hash",
            "login_codes.code_hash",
            "login_transactions.cookie_hash",
            "login_transactions.state_hash",
            "logout_tokens.token_hash",
            "qr_logins.poll_hash",
            "qr_logins.scan_hash",
        ],
    ),
    ("instance id and key check", &["settings.value"]),
    ("the id of what holds a word; it is looked up before it is shown", &["search_index.found"]),
];

struct Column {
    table: String,
    name: String,
    kind: String,
}

impl Column {
    fn full(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }
    fn is_id(&self) -> bool {
        self.name == "id" || self.name.ends_with("_id") || self.name.ends_with("ed_by")
    }
}

struct Reference {
    table: String,
    column: String,
    target: String,
    on_delete: String,
}

fn open(world: &World) -> Connection {
    let connection = Connection::open(world.folder().join("milton.db")).unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    connection
}

fn read<T>(connection: &Connection, sql: &str, turn: impl Fn(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| turn(row)).unwrap().map(Result::unwrap).collect()
}

fn tables(connection: &Connection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    read(connection, sql, |row| row.get(0))
}

fn columns(connection: &Connection) -> Vec<Column> {
    let sql = "SELECT m.name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c \
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
    read(connection, sql, |row| Ok(Column { table: row.get(0)?, name: row.get(1)?, kind: row.get(2)? }))
}

fn references(connection: &Connection) -> Vec<Reference> {
    let sql = "SELECT m.name, f.\"from\", f.\"table\", f.on_delete FROM sqlite_master m, pragma_foreign_key_list(m.name) f \
        WHERE m.type = 'table'";
    read(connection, sql, |row| {
        Ok(Reference { table: row.get(0)?, column: row.get(1)?, target: row.get(2)?, on_delete: row.get(3)? })
    })
}

fn listed(lists: &[(&str, &[&str])]) -> BTreeSet<String> {
    lists.iter().flat_map(|(_, columns)| *columns).map(|column| (*column).to_owned()).collect()
}

#[tokio::test]
async fn every_table_is_strict_and_every_column_is_what_its_name_says() {
    let world = World::unclaimed();
    let connection = open(&world);
    let loose = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 \
        AND name NOT LIKE 'sqlite_%'";
    assert_eq!(read(&connection, loose, |row| row.get::<_, String>(0)), Vec::<String>::new());
    for column in columns(&connection) {
        let name = column.name.as_str();
        let expected = match name {
            _ if name.ends_with("_sealed") || name.ends_with("_bidx") => "BLOB",
            "at" | "auth_time" => "INTEGER",
            _ if name.ends_with("_at") => "INTEGER",
            _ if column.is_id() => "TEXT",
            _ => continue,
        };
        assert_eq!(column.kind, expected, "{}", column.full());
    }
}

#[tokio::test]
async fn what_people_write_has_no_column_in_plaintext() {
    let world = World::unclaimed();
    let columns = columns(&open(&world));
    let of = |kind: &'static str| columns.iter().filter(move |column| column.kind == kind);
    let text: BTreeSet<_> = of("TEXT").filter(|column| !column.is_id()).map(Column::full).collect();
    assert_eq!(text, listed(PLAIN_TEXT));
    let guarded = |column: &&Column| column.name.ends_with("_sealed") || column.name.ends_with("_bidx");
    let bytes: BTreeSet<_> = of("BLOB").filter(|column| !guarded(column)).map(Column::full).collect();
    assert_eq!(bytes, listed(PLAIN_BYTES));
    assert!(columns.iter().all(|column| ["TEXT", "BLOB", "INTEGER"].contains(&column.kind.as_str())));
}

#[tokio::test]
async fn every_table_that_refers_to_a_person_is_accounted_for() {
    let world = World::unclaimed();
    let references = references(&open(&world));
    let mut found = BTreeSet::new();
    for Reference { table, column, on_delete, .. } in references.iter().filter(|one| one.target == "users") {
        assert!(matches!(on_delete.as_str(), "CASCADE" | "SET NULL"), "{table}.{column} is {on_delete}");
        found.insert(table.as_str());
    }
    let expected: BTreeSet<_> = CASCADE.iter().copied().chain(BESIDE.iter().map(|(table, _)| *table)).collect();
    assert_eq!(found, expected, "a table that refers to users stands in one of the two lists");
    let outlive = ["delegation_custody", "conversations", "credential_versions", "legal_holds", "webhooks"];
    for table in found.iter().filter(|table| !outlive.contains(*table)) {
        let cascades = |one: &&Reference| one.table == **table && one.on_delete == "CASCADE" && one.target == "users";
        assert!(references.iter().any(|one| cascades(&one)), "{table}: some person's erasure takes its rows along");
    }
}

#[tokio::test]
async fn every_id_of_something_else_is_a_foreign_key_with_an_index() {
    let world = World::unclaimed();
    let connection = open(&world);
    let references = references(&connection);
    for column in columns(&connection).iter().filter(|column| column.is_id() && column.name != "id") {
        let refers = references.iter().any(|one| one.table == column.table && one.column == column.name);
        let excused = NO_REFERENCE.iter().any(|(name, _)| *name == column.full());
        assert!(refers != excused, "{}", column.full());
    }
    let leading = "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_index_list(m.name) i, \
        pragma_index_info(i.name) c WHERE m.type = 'table' AND c.seqno = 0 AND i.partial = 0";
    let indexed: BTreeSet<String> = read(&connection, leading, |row| row.get(0)).into_iter().collect();
    for Reference { table, column, .. } in references {
        assert!(indexed.contains(&format!("{table}.{column}")), "{table}.{column}: a cascade would scan the table");
    }
}

#[tokio::test]
async fn nothing_names_a_person_whose_row_is_gone() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "manager", "Ana").await;
    world.join(&ana, &team, "member", "Ben").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    ana.post(&list, &json!({"title": "Hers", "offer": true, "assignee_id": owner.id})).await.expect(201);
    let given = json!({"title": "For her", "offer": true, "assignee_id": ana.id});
    let path = owner.post(&list, &given).await.expect(201).header("location");
    ana.post(&format!("{path}/accept"), &json!({})).await.expect(200);

    let connection = open(&world);
    let mentions = |connection: &Connection| -> BTreeSet<String> {
        let text = columns(connection).into_iter().filter(|column| column.kind == "TEXT");
        let holds = |column: &Column| {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {} WHERE {} = ?1)", column.table, column.name);
            connection.query_row(&sql, [&ana.id], |row| row.get::<_, bool>(0)).unwrap()
        };
        text.filter(holds).map(|column| column.full()).collect()
    };
    let before = mentions(&connection);
    for table in
        ["users.id", "sessions.user_id", "memberships.user_id", "delegations.assignee_id", "quota_state.user_id"]
    {
        assert!(before.contains(table), "{table} is not in {before:?}");
    }
    assert_eq!(connection.execute("DELETE FROM users WHERE id = ?1", [&ana.id]).unwrap(), 1);
    let left = mentions(&connection);
    assert!(left.is_subset(&BTreeSet::from(["data_keys.owner_id".to_owned()])), "{left:?}");
    let dangling: i64 =
        connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    assert_eq!(dangling, 0);
}

#[tokio::test]
async fn migrations_are_numbered_without_a_gap_and_each_was_run() {
    let world = World::unclaimed();
    let sql = "SELECT version, name FROM schema_migrations ORDER BY version";
    let applied = read(&open(&world), sql, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/migrations");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = files.collect();
    let expected = applied.iter().map(|(version, name)| format!("{version:04}_{name}.sql"));
    assert_eq!(files, expected.collect());
    let numbers: Vec<_> = applied.iter().map(|(version, _)| *version).collect();
    assert!(numbers.iter().copied().eq(1..=*numbers.last().unwrap()), "{numbers:?}");
    assert_eq!(tables(&open(&world)).len(), 49, "a new table is thought about in this file");
}
