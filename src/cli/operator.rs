//! What the operator at the host's command line asks of Milton: one-time links, each audited as the operator's act.

use super::control::{Reply, Request};
use super::exit::{Exit, Failure};
use crate::app::App;
use crate::app::sign_in::{NewLink, Whom};
use crate::domain::actor::{Actor, Caller};
use crate::domain::session::SIGN_IN_LIFETIME;
use crate::domain::text::Email;
use crate::domain::{Conflict, Error};

/// Carries out a request and says how it went.
pub async fn answer(app: &App, request: Request) -> Reply {
    // Taken before the act: the link lives at least as long as is said of it.
    let expires_at = (app.clock().now() + SIGN_IN_LIFETIME).to_string();
    match link(app, request).await {
        Ok(link) => {
            let person = link.person.map(|name| name.as_str().to_owned());
            Reply::Link { url: link.url.expose().clone(), expires_at, person }
        }
        Err(failure) => Reply::Problem { message: failure.message, exit: failure.exit as u8 },
    }
}

/// The link that makes its opener the owner; `None` when the server has one.
///
/// # Errors
/// When the database does not answer.
pub async fn claim_link(app: &App) -> Result<Option<String>, Failure> {
    if app.is_claimed().map_err(|error| failure(&error))? {
        return Ok(None);
    }
    link(app, Request::OwnerClaim).await.map(|link| Some(link.url.expose().clone()))
}

async fn link(app: &App, request: Request) -> Result<NewLink, Failure> {
    let operator = Caller::local(Actor::Operator);
    let made = match request {
        Request::OwnerClaim => app.create_claim_link(&operator).await,
        Request::LoginLink { whom } => match parse(&whom) {
            Ok(whom) => app.create_sign_in_link(&operator, whom).await,
            Err(error) => Err(error),
        },
    };
    made.map_err(|error| failure(&error))
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
