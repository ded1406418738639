//! Every statement of the store is prepared against the migrated schema, and nothing builds SQL at run time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::clock::SystemClock;
use crate::base::entropy::SystemEntropy;
use crate::crypto::keyring::RootKey;

use super::{
    Store, StoreOptions, audit, delegation, door, inspection, invitation, keys, login, open, quota, session, team, user,
};

const ALL: &[(&str, &[&str])] = &[
    ("audit", audit::STATEMENTS),
    ("delegation", delegation::STATEMENTS),
    ("door", door::STATEMENTS),
    ("inspection", inspection::STATEMENTS),
    ("invitation", invitation::STATEMENTS),
    ("keys", keys::STATEMENTS),
    ("login", login::STATEMENTS),
    ("open", open::STATEMENTS),
    ("quota", quota::STATEMENTS),
    ("session", session::STATEMENTS),
    ("team", team::STATEMENTS),
    ("user", user::STATEMENTS),
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
    let options = StoreOptions { path: path.clone(), clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) };
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
