//! Floor 1: what Milton is about, as pure types and rules without I/O.

pub mod account;
pub mod actor;
pub mod api_key;
pub mod audit;
pub mod comment;
pub mod conversation;
pub mod credential;
pub mod delegation;
pub mod device;
pub mod error;
pub mod event;
pub mod grant;
pub mod idempotency;
pub mod identity;
mod invisible;
pub mod job;
pub mod live;
pub mod message;
pub mod native;
pub mod networks;
pub mod notification;
pub mod passkey;
pub mod permission;
pub mod qr_sign_in;
pub mod quota;
pub mod role;
pub mod schedule;
pub mod session;
pub mod team;
pub mod text;
pub mod trip;
pub mod user;
pub mod webhook;

pub use error::{AuthFailure, Conflict, Error, FieldError};
