//! Gets a one-time link: from the running server, which alone may write then, or else from the database itself.

use serde_json::json;

use super::banner;
use super::control::{self, Reply, Request};
use super::database;
use super::exit::{Exit, Failure};
use super::operator;
use super::output::Output;
use super::place::{Place, Settings};
use super::{runtime, server};

/// Gets the link that `request` is about and prints it.
///
/// # Errors
/// When there is no such person or the server has an owner already, and when the database cannot be opened.
pub fn obtain(place: &Place, request: Request, output: Output) -> Result<(), Failure> {
    let settings = place.load(Vec::new())?;
    let asked = control::ask(&settings.layout.socket(), &request)?;
    let running = asked.is_some();
    let reply = match asked {
        Some(reply) => reply,
        None => make(&settings, request)?,
    };
    match reply {
        Reply::Link { url, expires_at, person } => {
            let start = if running { "" } else { "\nNo server is running: start it first." };
            let whom = person.as_ref().map_or_else(String::new, |name| format!("\nIt is for {name}."));
            let human = format!("{}{whom}\nIt works once, until {expires_at}.{start}", banner::link(&url));
            let mut machine = json!({"event": "link", "url": url, "expires_at": expires_at, "running": running});
            if let Some(name) = person {
                machine["person"] = json!(name);
            }
            output.say(&human, &machine);
            Ok(())
        }
        Reply::Problem { message, exit } => Err(Failure::new(Exit::of_code(exit), message)),
    }
}

/// Does the server's part while none is running.
fn make(settings: &Settings, request: Request) -> Result<Reply, Failure> {
    let key = settings.root_key()?;
    let store = database::open(settings, &key)?;
    let app = server::app(settings, settings.config.http.port, store, Vec::new())?;
    let reply = runtime::narrow()?.block_on(operator::answer(&app, request));
    app.store().close();
    Ok(reply)
}
