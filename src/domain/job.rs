//! Jobs that run by the clock, and their runs.

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::schedule::{Cause, Schedule};

/// One run of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The run.
    pub id: Id<Run>,
    /// The job's name.
    pub job: String,
    /// The moment that it serves; when it was asked for, for a run by hand.
    pub scheduled_for: Timestamp,
    /// Why it came about.
    pub cause: Cause,
    /// When it began.
    pub started_at: Timestamp,
    /// How it ended; nothing while it is under way.
    pub end: Option<End>,
}

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// Whether it did all that there was to do.
    pub success: bool,
    /// How many rows it changed; unknown of a run that the server did not survive.
    pub affected: Option<u64>,
}

impl End {
    /// The outcome's name in the API and in the database.
    pub const fn outcome(&self) -> &'static str {
        if self.success { "success" } else { "failure" }
    }
}

/// A job with what is known of it.
#[derive(Clone, Debug)]
pub struct JobStatus {
    /// Its name.
    pub name: &'static str,
    /// When it runs.
    pub schedule: Schedule,
    /// When it will run next, if nobody asks for it earlier.
    pub next_at: Timestamp,
    /// Its last run, or the one that is under way.
    pub last: Option<Run>,
}
