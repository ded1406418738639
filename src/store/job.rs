//! The runs of jobs in the database: begun, finished, listed.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::job::{End, Run};
use crate::domain::schedule::Cause;
use crate::domain::{Conflict, Error};

use super::engine::{Row, Value};
use super::tx::{ReadTx, Tx};

statements! {
    BEGIN = "INSERT INTO job_runs (id, job, scheduled_for, cause, started_at) VALUES (?1, ?2, ?3, ?4, ?5) \
        ON CONFLICT DO NOTHING";
    FINISH = "UPDATE job_runs SET finished_at = ?2, outcome = ?3, affected = ?4 WHERE id = ?1 AND finished_at IS NULL";
    NEWEST_SERVED = "SELECT max(scheduled_for) FROM job_runs WHERE job = ?1 AND scheduled_for <= ?2 \
        AND cause <> 'hand'";
    FOUNDED = "SELECT min(applied_at) FROM schema_migrations";
    UNDER_WAY = "SELECT id, job, scheduled_for, cause, started_at, finished_at, outcome, affected FROM job_runs \
        WHERE job = ?1 AND finished_at IS NULL";
    LIST = "SELECT id, job, scheduled_for, cause, started_at, finished_at, outcome, affected FROM job_runs \
        WHERE job = ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3";
}

/// Writes down that a run has begun. `Conflict(AlreadyExists)` when its moment was served before.
pub fn begin(tx: &mut Tx<'_>, run: &Run) -> Result<(), Error> {
    let values = [
        run.id.into(),
        Value::plain(&run.job),
        run.scheduled_for.into(),
        run.cause.as_str().into(),
        run.started_at.into(),
    ];
    match tx.execute(BEGIN, &values)? {
        1 => Ok(()),
        _ => Err(Error::Conflict(Conflict::AlreadyExists)),
    }
}

/// Writes down how a run ended. `Conflict(WrongState)` when that is known.
pub fn finish(tx: &mut Tx<'_>, id: Id<Run>, end: &End) -> Result<(), Error> {
    let affected = end.affected.map(i64::try_from).transpose().map_err(Error::internal)?;
    let values = [id.into(), end.at.into(), end.outcome().into(), affected.map_or(Value::NULL, Value::from)];
    match tx.execute(FINISH, &values)? {
        1 => Ok(()),
        _ => Err(Error::Conflict(Conflict::WrongState)),
    }
}

/// The newest moment of a job that was served and does not lie in the future. Before the first one it is the moment when
/// the database was made: earlier ones concerned nobody.
pub fn newest_served(read: &ReadTx<'_>, job: &str) -> Result<Timestamp, Error> {
    let now = read.now();
    let served = read.first(NEWEST_SERVED, &[Value::plain(job), now.into()], |row| row.time_or_none(0))?.flatten();
    let founded = || read.first(FOUNDED, &[], |row| row.time_or_none(0)).map(Option::flatten);
    let known = served.map_or_else(founded, |at| Ok(Some(at)))?;
    // Founded in the future, which is to say by a clock that was wrong: then everything is yet to be served.
    Ok(known.filter(|at| *at <= now).unwrap_or_default())
}

/// A job's runs of which no end is known.
pub fn under_way(read: &ReadTx<'_>, job: &str) -> Result<Vec<Run>, Error> {
    read.all(UNDER_WAY, &[Value::plain(job)], |row| run(&row))
}

/// A job's runs, newest first.
pub fn list(read: &ReadTx<'_>, job: &str, page: &PageRequest) -> Result<Page<Run>, Error> {
    let values = [Value::plain(job), page.after().map(Value::plain).into(), page.fetch().into()];
    let runs = read.all(LIST, &values, |row| run(&row))?;
    Ok(page.cut(runs, |run| run.id.to_string()))
}

fn run(row: &Row<'_>) -> Result<Run, Error> {
    let affected = row.integer_or_none(7)?.map(u64::try_from).transpose().map_err(Error::internal)?;
    let success = row.text_or_none(6)? == Some("success");
    Ok(Run {
        id: row.id(0)?,
        job: row.text(1)?.to_owned(),
        scheduled_for: row.time(2)?,
        cause: row.word(3, Cause::parse)?,
        started_at: row.time(4)?,
        end: row.time_or_none(5)?.map(|at| End { at, success, affected }),
    })
}
