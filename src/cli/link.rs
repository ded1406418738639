//! Gets a one-time link: from the running server, which alone may write then.

use serde_json::json;

use super::banner;
use super::control::{self, Reply, Request};
use super::exit::{Exit, Failure};
use super::output::Output;
use super::place::Place;

/// Gets the link that `request` is about and prints it.
///
/// # Errors
/// When there is no such person or the server has an owner already, and when no server can be reached.
pub fn obtain(place: &Place, request: &Request, output: Output) -> Result<(), Failure> {
    let settings = place.load(Vec::new())?;
    match control::ask(&settings.layout.socket(), request)? {
        Some(Reply::Link { url, expires_at }) => {
            let human = format!("{}\nIt works once, until {expires_at}.", banner::link(&url));
            output.say(&human, &json!({"event": "link", "url": url, "expires_at": expires_at}));
            Ok(())
        }
        Some(Reply::Problem { message, exit }) => Err(Failure::new(Exit::of_code(exit), message)),
        None => Err(Failure::new(
            Exit::Unavailable,
            format!("no server runs on {}: start it with milton serve", settings.layout.folder().display()),
        )),
    }
}
