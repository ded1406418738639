//! Floor 1: what Milton is about, as pure types and rules without I/O.

pub mod error;

pub use error::{AuthFailure, Conflict, Error, FieldError};
