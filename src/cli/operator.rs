//! What the operator at the host's command line asks of Milton: one-time links and jobs, each audited as the operator's
//! act.

use std::sync::Arc;
use std::time::Duration;

use super::control::{Reply, Request};
use super::exit::{Exit, Failure};
use super::jobs::JobLine;
use crate::app::App;
use crate::app::job::{Begun, Hands};
use crate::app::sign_in::{NewLink, Whom};
use crate::domain::actor::{Actor, Caller};
use crate::domain::session::SIGN_IN_LIFETIME;
use crate::domain::text::Email;
use crate::domain::{Conflict, Error};

/// Carries out a request and says how it went; for the end of a job's run it waits as long as `patience`.
pub async fn answer(app: &Arc<App>, request: Request, patience: Duration) -> Reply {
    let operator = Caller::local(Actor::Operator);
    let reply = match request {
        Request::OwnerClaim => link(app, app.create_claim_link(&operator)).await,
        Request::LoginLink { whom } => match parse(&whom) {
            Ok(whom) => link(app, app.create_sign_in_link(&operator, whom)).await,
            Err(error) => Err(error),
        },
        Request::Jobs => jobs(app, &operator).await,
        Request::RunJob { name } => run_job(app, &operator, &name, patience).await,
    };
    reply.unwrap_or_else(|error| {
        let failure = failure(&error);
        Reply::Problem { message: failure.message, exit: failure.exit as u8 }
    })
}

/// The link that makes its opener the owner; `None` when the server has one.
///
/// # Errors
/// When the database does not answer.
pub async fn claim_link(app: &App) -> Result<Option<String>, Failure> {
    if app.is_claimed().map_err(|error| failure(&error))? {
        return Ok(None);
    }
    let link = app.create_claim_link(&Caller::local(Actor::Operator)).await.map_err(|error| failure(&error))?;
    Ok(Some(link.url.expose().clone()))
}

async fn link(app: &App, making: impl Future<Output = Result<NewLink, Error>>) -> Result<Reply, Error> {
    // Taken before the act: the link lives at least as long as is said of it.
    let expires_at = (app.clock().now() + SIGN_IN_LIFETIME).to_string();
    let link = making.await?;
    let person = link.person.map(|name| name.as_str().to_owned());
    Ok(Reply::Link { url: link.url.expose().clone(), expires_at, person })
}

async fn jobs(app: &App, operator: &Caller) -> Result<Reply, Error> {
    let jobs = app.jobs(operator, Hands::Operator).await?;
    Ok(Reply::Jobs { jobs: jobs.into_iter().map(JobLine::from).collect() })
}

async fn run_job(app: &Arc<App>, operator: &Caller, name: &str, patience: Duration) -> Result<Reply, Error> {
    let Begun { run, end, .. } = app.run_job(operator, name, Hands::Operator).await.map_err(|error| match error {
        Error::NotFound => Error::invalid("/name", "is not the name of a job: `milton jobs list` shows them"),
        Error::Conflict(Conflict::WrongState) => Error::Unavailable("a run of this job is under way"),
        error => error,
    })?;
    let run = match tokio::time::timeout(patience, end).await {
        Ok(over) => over.map_err(Error::internal)?,
        Err(_) => run,
    };
    Ok(Reply::Run { run: run.into() })
}

/// An account's id, or else an address.
fn parse(whom: &str) -> Result<Whom, Error> {
    match whom.parse() {
        Ok(id) => Ok(Whom::Account(id)),
        Err(_) => Email::parse("/email", whom).map(Whom::Email),
    }
}

/// An error in the operator's words.
pub fn failure(error: &Error) -> Failure {
    let (exit, line) = match error {
        Error::Conflict(Conflict::AlreadyClaimed) => (
            Exit::Failed,
            "this server has an owner; `milton login-link EMAIL` (or an account's id) lets somebody back in".to_owned(),
        ),
        Error::Conflict(Conflict::WrongState) => (
            Exit::Failed,
            "this account is suspended: no link lets its holder in until an Owner or Admin reinstates it".to_owned(),
        ),
        Error::NotFound => (Exit::Failed, "nobody here has this e-mail address or id".to_owned()),
        Error::Invalid(fields) => {
            let fields =
                fields.iter().map(|field| format!("{} {}", field.pointer.trim_start_matches('/'), field.detail));
            (Exit::Usage, fields.collect::<Vec<_>>().join(", "))
        }
        Error::Unavailable(why) => (Exit::Unavailable, format!("{why}: try again")),
        error => {
            tracing::error!(%error, "an operator's command failed");
            (Exit::Failed, error.to_string())
        }
    };
    Failure::new(exit, line)
}
