//! Floor 4: the web. The listener, the gate before every handler, the API and the pages.

pub mod body;
pub mod catalog;
pub mod console;
pub mod cors;
pub mod docs;
pub mod document;
pub mod errors;
pub mod headers;
pub mod pages;
pub mod problem;
pub mod request_id;
pub mod routes;
mod schema;
pub mod site;
mod strict_json;
mod yaml;
