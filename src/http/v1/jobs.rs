//! Jobs: which there are, when they ran, and runs by hand.

use std::time::Duration;

use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use super::Tag;
use super::answer::Shown;
use super::model::{Job, JobRun, List, page_request};
use crate::app::job::{Begun, Hands};
use crate::domain::Error;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// How long an answer waits for the end of a run.
const PATIENCE: Duration = Duration::from_secs(5);

/// What runs by the clock.
pub struct Jobs;

/// A run began.
#[derive(ApiResponse)]
enum Started {
    /// It is over.
    #[oai(status = 200)]
    Over(
        Json<JobRun>,
        /// The audit row that stands for its beginning.
        #[oai(header = "Milton-Audit")]
        i64,
    ),
    /// It is under way; its end will be among the job's runs.
    #[oai(status = 202)]
    UnderWay(
        Json<JobRun>,
        /// The audit row that stands for its beginning.
        #[oai(header = "Milton-Audit")]
        i64,
    ),
}

#[OpenApi(tag = "Tag::Admin", prefix_path = "/api/v1/admin/jobs")]
impl Jobs {
    /// What runs by the clock?
    ///
    /// Each job with its last run and its next. Permission `job:read`.
    #[oai(path = "/", method = "get", operation_id = "listJobs")]
    async fn list(&self, member: Member) -> Result<Shown<List<Job>>, Failure> {
        let jobs = member.jobs(&member.caller, Hands::Person).await?;
        Ok(Shown::plain(List::whole(jobs.into_iter().map(Job::from).collect())))
    }

    /// When did a job run?
    ///
    /// Newest first: the runs of daily jobs and all that were started by hand. Runs of a job that comes round every minute
    /// are not recorded. Permission `job:read`.
    #[oai(path = "/:name/runs", method = "get", operation_id = "listJobRuns")]
    async fn runs(
        &self,
        member: Member,
        /// The job's name.
        name: Path<String>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<JobRun>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let runs = member.job_runs(&member.caller, &name, page).await?;
        Ok(Shown::plain(List::of(runs, JobRun::from)))
    }

    /// Run a job now
    ///
    /// 200 when it is over within five seconds, 202 when it goes on, 409 (`wrong-state`) while another run of it is under
    /// way. What it does, it does in its own name. Permission `job:run` · event `system.job.started`.
    #[oai(path = "/:name/run", method = "post", operation_id = "runJob")]
    async fn run(
        &self,
        member: Member,
        /// The job's name.
        name: Path<String>,
    ) -> Result<Started, Failure> {
        let Begun { run, seq, end } = member.app.run_job(&member.caller, &name, Hands::Person).await?;
        match tokio::time::timeout(PATIENCE, end).await {
            Ok(over) => Ok(Started::Over(Json(over.map_err(Error::internal)?.into()), seq)),
            Err(_) => Ok(Started::UnderWay(Json(run.into()), seq)),
        }
    }
}
