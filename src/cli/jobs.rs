//! `milton jobs`: what runs by the clock, and runs by hand.

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::control::{Reply, Request};
use super::exit::{Exit, Failure};
use super::order;
use super::output::Output;
use super::place::Place;
use crate::domain::job::{JobStatus, Run};

/// What runs by the clock
#[derive(Args)]
#[command(
    after_help = "Examples:\n  milton jobs list\n  milton jobs run token-clean-up --config /etc/milton/milton.toml"
)]
pub struct Jobs {
    #[command(subcommand)]
    command: JobsCommand,
}

#[derive(Subcommand)]
enum JobsCommand {
    /// List the jobs, with their last run and their next
    #[command(after_help = "Example:\n  milton jobs list --json")]
    List(Place),
    /// Run a job now
    #[command(after_help = "Example:\n  milton jobs run token-clean-up --config /etc/milton/milton.toml")]
    Run {
        /// The job's name, as `milton jobs list` shows it
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        place: Place,
    },
}

impl Jobs {
    pub fn run(&self, output: Output) -> Result<(), Failure> {
        match &self.command {
            JobsCommand::List(place) => {
                let Reply::Jobs { jobs } = order::give(place, Request::Jobs)?.reply else {
                    return Err(order::unexpected());
                };
                let lines: Vec<_> = jobs.iter().map(JobLine::text).collect();
                output.say(&lines.join("\n"), &json!({"event": "jobs", "items": jobs}));
                Ok(())
            }
            JobsCommand::Run { name, place } => {
                let Reply::Run { run } = order::give(place, Request::RunJob { name: name.clone() })?.reply else {
                    return Err(order::unexpected());
                };
                output.say(&format!("{}: {}", run.job, run.text()), &json!({"event": "job-run", "run": run}));
                let failed = run.outcome.as_deref() == Some("failure");
                if failed { Err(Failure::new(Exit::Failed, "the run failed; the log says why")) } else { Ok(()) }
            }
        }
    }
}

/// A job in an answer.
#[derive(Serialize, Deserialize)]
pub struct JobLine {
    name: String,
    schedule: String,
    next_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<RunLine>,
}

impl JobLine {
    fn text(&self) -> String {
        let last = self.last.as_ref().map_or_else(|| "has not run yet".to_owned(), RunLine::text);
        format!("{}  {}, next {}; {last}", self.name, self.schedule, self.next_at)
    }
}

impl From<JobStatus> for JobLine {
    fn from(job: JobStatus) -> Self {
        Self {
            name: job.name.to_owned(),
            schedule: job.schedule.to_string(),
            next_at: job.next_at.to_string(),
            last: job.last.map(RunLine::from),
        }
    }
}

/// A run in an answer, as the API shows it.
#[derive(Serialize, Deserialize)]
pub struct RunLine {
    id: String,
    job: String,
    scheduled_for: String,
    cause: String,
    started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    affected: Option<u64>,
}

impl RunLine {
    fn text(&self) -> String {
        match (&self.outcome, &self.finished_at) {
            (Some(outcome), Some(at)) => {
                let rows = self.affected.map_or_else(String::new, |count| format!(", {count} rows"));
                format!("{outcome} at {at}{rows} ({})", self.cause)
            }
            _ => format!("under way since {} ({})", self.started_at, self.cause),
        }
    }
}

impl From<Run> for RunLine {
    fn from(run: Run) -> Self {
        Self {
            id: run.id.to_string(),
            job: run.job,
            scheduled_for: run.scheduled_for.to_string(),
            cause: run.cause.as_str().to_owned(),
            started_at: run.started_at.to_string(),
            finished_at: run.end.map(|end| end.at.to_string()),
            outcome: run.end.map(|end| end.outcome().to_owned()),
            affected: run.end.and_then(|end| end.affected),
        }
    }
}
