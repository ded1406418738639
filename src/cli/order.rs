//! An order of the operator's: carried out by the running server, which alone may write then, or else on the database
//! itself.

use std::time::Duration;

use super::control::{self, Reply, Request};
use super::database;
use super::exit::{Exit, Failure};
use super::operator;
use super::place::{Place, Settings};
use super::{runtime, server};

/// What came of it.
pub struct Answer {
    /// The answer; no problem.
    pub reply: Reply,
    /// Whether a server is running, which gave it.
    pub running: bool,
}

/// Gives an order.
///
/// # Errors
/// What the order runs into, in the operator's words; and when the database cannot be opened.
pub fn give(place: &Place, request: Request) -> Result<Answer, Failure> {
    let settings = place.load(Vec::new())?;
    let asked = control::ask(&settings.layout.socket(), &request)?;
    let running = asked.is_some();
    let reply = match asked {
        Some(reply) => reply,
        None => carry_out(&settings, request)?,
    };
    match reply {
        Reply::Problem { message, exit } => Err(Failure::new(Exit::of_code(exit), message)),
        reply => Ok(Answer { reply, running }),
    }
}

/// Does the server's part while none is running.
fn carry_out(settings: &Settings, request: Request) -> Result<Reply, Failure> {
    let key = settings.root_key()?;
    let store = database::open(settings, &key)?;
    let app = server::app(settings, settings.config.http.port, store, Vec::new())?;
    let reply = runtime::narrow()?.block_on(async {
        let jobs = server::jobs(&app).install(&app);
        let reply = operator::answer(&app, request, Duration::MAX).await;
        jobs.stop().await;
        reply
    });
    app.store().close();
    Ok(reply)
}

/// The running server answers something else than it was asked.
pub fn unexpected() -> Failure {
    Failure::new(Exit::Unavailable, "the running server does not answer as it should: it may be of another version")
}
