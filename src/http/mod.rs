//! Floor 4: the web. The listener, the gate before every handler, the API and the pages.

mod activity;
pub mod body;
pub mod catalog;
mod connection;
pub mod console;
pub mod cors;
pub mod docs;
pub mod document;
pub mod errors;
mod guard;
pub mod headers;
pub mod limits;
pub mod local_ca;
pub mod pages;
pub mod problem;
pub mod request_id;
pub mod routes;
mod schema;
mod seats;
pub mod server;
pub mod site;
mod strict_json;
pub mod tls;
mod yaml;
