//! The database: whether it opens with this key, is whole, and its audit log is as it was written.

use std::path::Path;

use super::Check;
use crate::base::clock::{Clock, SystemClock, Timestamp};
use crate::base::entropy::SystemEntropy;
use crate::cli::database::remedy;
use crate::cli::place::Settings;
use crate::domain::Error;
use crate::store::audit_check::Verified;
use crate::store::{Inspection, RolledBack};

const RESTORE: &str = "stop the server, keep a copy of the folder, restore a backup";
const ROLLED_BACK: &str = "put the newest file back, or accept that it is lost: milton audit accept-rollback";
const NOTHING_SIGNED: &str = "right for a database that never ran; otherwise find out who took it away";
const TAMPERED: &str = "somebody wrote to the file past Milton: find out who, then restore a backup";

/// The checks of this file; none while there is no database or no key, which other checks tell.
pub fn checks(settings: &Settings) -> Vec<Check> {
    const NAME: &str = "key match";
    let path = settings.layout.database();
    let Ok(key) = settings.root_key() else { return Vec::new() };
    if !path.exists() {
        return Vec::new();
    }
    let inspection = match Inspection::open(&path, &key, &SystemEntropy) {
        Err(error) => return vec![Check::fail(NAME, error.to_string(), remedy(&error).1)],
        Ok(inspection) => inspection,
    };
    vec![
        Check::pass(NAME, "the root key opens the database"),
        integrity(inspection.integrity()),
        schema(inspection.schema_changes()),
        audit(inspection.audit()),
        anchor(inspection.anchored(&settings.anchor()), &settings.anchor()),
        last_act(inspection.last_act_at(), SystemClock.now()),
    ]
}

fn integrity(found: Result<Vec<String>, Error>) -> Check {
    const NAME: &str = "integrity";
    match found {
        Err(error) => Check::fail(NAME, error.to_string(), RESTORE),
        Ok(problems) if problems.is_empty() => Check::pass(NAME, "every page and every reference is sound"),
        Ok(problems) => Check::fail(NAME, problems.join("; "), RESTORE),
    }
}

fn schema(found: Result<Vec<String>, Error>) -> Check {
    const NAME: &str = "schema";
    match found {
        Err(error) => Check::fail(NAME, error.to_string(), RESTORE),
        Ok(changes) if changes.is_empty() => Check::pass(NAME, "every table, index and trigger is as it was made"),
        Ok(changes) => Check::fail(NAME, changes.join("; "), TAMPERED),
    }
}

fn anchor(found: Result<Option<Result<u64, RolledBack>>, Error>, path: &Path) -> Check {
    const NAME: &str = "anchor";
    match found {
        Err(error) => Check::fail(NAME, error.to_string(), "check the file and who owns it"),
        Ok(Some(Err(rolled_back))) => Check::fail(NAME, rolled_back.to_string(), ROLLED_BACK),
        Ok(Some(Ok(size))) => Check::pass(NAME, format!("the first {size} rows are those that were signed")),
        Ok(None) => Check::warn(NAME, format!("no signed head in {}", path.display()), NOTHING_SIGNED),
    }
}

fn audit(found: Result<Verified, Error>) -> Check {
    const NAME: &str = "audit log";
    let detail = match found {
        Ok(sound @ Verified::Sound { .. }) => return Check::pass(NAME, sound.to_string()),
        Ok(bad) => bad.to_string(),
        Err(error) => error.to_string(),
    };
    Check::fail(NAME, detail, TAMPERED)
}

/// Acts that lie in the future: the clock went back, and lifetimes of tokens with it.
fn last_act(found: Result<Timestamp, Error>, now: Timestamp) -> Check {
    const NAME: &str = "last act";
    match found {
        Err(error) => Check::fail(NAME, error.to_string(), RESTORE),
        Ok(at) if at > now => Check::fail(NAME, format!("{at} lies in the future"), "set the clock"),
        Ok(at) => Check::pass(NAME, at.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn what_is_found_becomes_a_line() {
        let noon = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        assert_eq!(last_act(Ok(noon), noon).status, Status::Pass);
        assert_eq!(last_act(Ok(noon), Timestamp::from_micros(0)).status, Status::Fail);
        assert_eq!(audit(Ok(Verified::Sound { rows: 3 })).status, Status::Pass);
        assert!(audit(Ok(Verified::BadRow { seq: 7 })).detail.contains("row 7"));
        assert_eq!(audit(Ok(Verified::BadHead)).status, Status::Fail);
        assert_eq!(integrity(Ok(vec!["page 3 is never used".to_owned()])).status, Status::Fail);
    }
}
