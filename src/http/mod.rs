//! Floor 4: the web. The listener, the gate before every handler, the API and the pages.

mod activity;
pub mod body;
mod budget;
mod caller;
pub mod catalog;
mod challenge;
mod connection;
pub mod console;
mod cookie;
pub mod cors;
pub mod docs;
pub mod document;
pub mod errors;
mod form;
mod guard;
pub mod headers;
pub mod limits;
pub mod local_ca;
pub mod pages;
pub mod problem;
mod redirect;
pub mod request_id;
pub mod routes;
mod schema;
mod seats;
pub mod server;
mod sheet;
pub mod site;
mod strict_json;
mod surplus;
pub mod tls;
pub mod v1;
mod yaml;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt};

use crate::app::App;
use crate::domain::Error;
use limits::Limits;
use site::Site;

/// The whole site over an app: what the listener serves, and what a test calls in process.
///
/// # Errors
/// `Internal` when the document or the documentation cannot be made.
pub fn endpoint(app: Arc<App>, limits: &Limits, origins: Vec<String>) -> Result<impl Endpoint + use<>, Error> {
    let site = Site {
        clock: Arc::clone(app.clock()),
        entropy: Arc::clone(app.entropy()),
        origins,
        request_timeout: limits.request,
        max_headers: limits.header_fields,
    };
    Ok(site.build(v1::service())?.data(app))
}
