//! Floor 1: what Milton is about, as pure types and rules without I/O.

pub mod actor;
pub mod api_key;
pub mod audit;
pub mod delegation;
pub mod error;
pub mod event;
mod invisible;
pub mod job;
pub mod permission;
pub mod quota;
pub mod role;
pub mod schedule;
pub mod session;
pub mod team;
pub mod text;
pub mod user;

pub use error::{AuthFailure, Conflict, Error, FieldError};
