//! Gets a one-time link and prints it.

use serde_json::json;

use super::banner;
use super::control::{Reply, Request};
use super::exit::Failure;
use super::order;
use super::output::Output;
use super::place::Place;

/// Gets the link that `request` is about and prints it.
///
/// # Errors
/// When there is no such person or the server has an owner already, and when the database cannot be opened.
pub fn obtain(place: &Place, request: Request, output: Output) -> Result<(), Failure> {
    let order::Answer { reply, running } = order::give(place, request)?;
    let Reply::Link { url, expires_at, person } = reply else { return Err(order::unexpected()) };
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
