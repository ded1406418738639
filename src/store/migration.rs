//! Migrations: numbered, forward-only, each in one transaction at start.

use std::collections::BTreeMap;

use crate::base::clock::Timestamp;
use crate::domain::Error;

use super::engine::{Engine, Value, unexpected};
use super::sqlite::Sqlite;

/// One step of the schema.
struct Migration {
    version: i64,
    name: &'static str,
    script: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "foundation", script: include_str!("migrations/0001_foundation.sql") },
    Migration { version: 2, name: "identity", script: include_str!("migrations/0002_identity.sql") },
    Migration { version: 3, name: "workspace", script: include_str!("migrations/0003_workspace.sql") },
    Migration { version: 4, name: "proof", script: include_str!("migrations/0004_proof.sql") },
    Migration { version: 5, name: "retention", script: include_str!("migrations/0005_retention.sql") },
    Migration { version: 6, name: "erasure", script: include_str!("migrations/0006_erasure.sql") },
    Migration { version: 7, name: "export", script: include_str!("migrations/0007_export.sql") },
    Migration { version: 8, name: "backup", script: include_str!("migrations/0008_backup.sql") },
    Migration { version: 9, name: "keys", script: include_str!("migrations/0009_keys.sql") },
    Migration { version: 10, name: "certificate", script: include_str!("migrations/0010_certificate.sql") },
];

/// The schema from which on the audit log proves itself.
pub(super) const PROOF: i64 = 4;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT";
const APPLIED: &str = "SELECT coalesce(max(version), 0) FROM schema_migrations";
const SCHEMA: &str = "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL";
const RECORD: &str = "INSERT INTO schema_migrations (version, name, applied_at) VALUES (?1, ?2, ?3)";

/// The newest schema this build knows.
pub(super) fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// The schema of an open database; an empty file has 0.
pub(super) fn applied(engine: &dyn Engine) -> Result<i64, Error> {
    let mut version = 0;
    engine.query(APPLIED, &[], &mut |row| {
        version = row.integer(0)?;
        Ok(())
    })?;
    Ok(version)
}

/// Applies what is missing, within the caller's transaction. References are not enforced meanwhile, and checked at its
/// end.
pub(super) fn run(engine: &dyn Engine, now: Timestamp) -> Result<(), Error> {
    engine.batch(CREATE)?;
    let applied = applied(engine)?;
    if applied > newest() {
        return Err(unexpected("the schema is newer than this program"));
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > applied) {
        engine.batch(migration.script)?;
        let values = [Value::from(migration.version), migration.name.into(), now.into()];
        engine.execute(RECORD, &values)?;
    }
    engine.query("PRAGMA foreign_key_check", &[], &mut |_| {
        Err(unexpected("a migration left a row that refers to nothing"))
    })
}

/// Each table, index or trigger of the file that is not as the migrations make it. The engine's own check does not know
/// what is missing; the append-only log stands on its triggers.
pub(super) fn schema_changes(engine: &dyn Engine) -> Result<Vec<String>, Error> {
    let expected = Sqlite::in_memory()?;
    run(&expected, Timestamp::default())?;
    let (expected, found) = (schema(&expected)?, schema(engine)?);
    let missing = expected.keys().filter(|name| !found.contains_key(*name)).map(|name| format!("{name} is missing"));
    let other = found.iter().filter_map(|(name, sql)| match expected.get(name) {
        None => Some(format!("{name} was added")),
        Some(made) if made != sql => Some(format!("{name} was changed")),
        Some(_) => None,
    });
    Ok(missing.chain(other).collect())
}

fn schema(engine: &dyn Engine) -> Result<BTreeMap<String, String>, Error> {
    let mut schema = BTreeMap::new();
    engine.query(SCHEMA, &[], &mut |row| {
        schema.insert(row.text(0)?.to_owned(), row.text(1)?.to_owned());
        Ok(())
    })?;
    Ok(schema)
}
