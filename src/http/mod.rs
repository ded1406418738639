//! Floor 4: the web. The listener, the gate before every handler, the API and the pages.

pub mod body;
pub mod catalog;
pub mod problem;
mod schema;
mod strict_json;
