//! Jobs and their runs as the API shows them.

use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use super::moment;
use crate::domain::job;
use crate::domain::schedule::Cause;

/// Why a run came about.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum JobCause {
    /// Its moment came.
    Schedule,
    /// Its moment came while the server was down; several such moments are made up for by one run.
    Missed,
    /// Somebody asked for it.
    Hand,
}

impl From<Cause> for JobCause {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Schedule => Self::Schedule,
            Cause::Missed => Self::Missed,
            Cause::Hand => Self::Hand,
        }
    }
}

/// How a run ended.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum JobOutcome {
    /// It did all that there was to do.
    Success,
    /// It did not; the next run goes on where it ended.
    Failure,
}

/// One run of a job.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct JobRun {
    id: Uuid,
    /// The job's name.
    job: String,
    /// The moment that it serves; when it was asked for, for a run by hand.
    scheduled_for: OffsetDateTime,
    cause: JobCause,
    started_at: OffsetDateTime,
    /// Absent while it is under way.
    finished_at: Option<OffsetDateTime>,
    /// Absent while it is under way.
    outcome: Option<JobOutcome>,
    /// How many rows it changed; absent while it is under way, and when the server did not survive it.
    affected: Option<u64>,
}

impl From<job::Run> for JobRun {
    fn from(run: job::Run) -> Self {
        let outcome = |end: job::End| if end.success { JobOutcome::Success } else { JobOutcome::Failure };
        Self {
            id: run.id.uuid(),
            job: run.job,
            scheduled_for: moment(run.scheduled_for),
            cause: run.cause.into(),
            started_at: moment(run.started_at),
            finished_at: run.end.map(|end| moment(end.at)),
            outcome: run.end.map(outcome),
            affected: run.end.and_then(|end| end.affected),
        }
    }
}

/// A job that runs by the clock.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Job {
    name: String,
    /// When it runs, such as `daily at 02:30 UTC` or `every 60 s`.
    schedule: String,
    /// When it will run next, if nobody asks for it earlier.
    next_at: OffsetDateTime,
    /// Its last run, or the one under way. Of a job that comes round every minute it is known since the last start only.
    last: Option<JobRun>,
}

impl From<job::JobStatus> for Job {
    fn from(job: job::JobStatus) -> Self {
        Self {
            name: job.name.to_owned(),
            schedule: job.schedule.to_string(),
            next_at: moment(job.next_at),
            last: job.last.map(JobRun::from),
        }
    }
}
