//! The server itself: is it alive, is it ready, which version is it?

use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use super::Tag;
use crate::http::caller::Visitor;
use crate::http::problem::Failure;

/// The server's own operations.
pub struct Meta;

/// A sign of life.
#[derive(Object)]
struct Alive {
    /// Always `alive`.
    status: String,
}

/// Whether the server can do its work.
#[derive(Object)]
struct Ready {
    /// `ready` or `not-ready`.
    status: String,
    /// Whether writes can be durable at this moment.
    writable: bool,
}

#[derive(ApiResponse)]
enum Readiness {
    /// It can.
    #[oai(status = 200)]
    Ready(Json<Ready>),
    /// It cannot; `writable` says which part is missing.
    #[oai(status = 503)]
    NotReady(Json<Ready>),
}

/// Which Milton this is.
#[derive(Object)]
struct Version {
    version: String,
    /// Whether the server has an owner.
    claimed: bool,
}

#[OpenApi(tag = "Tag::Meta")]
#[allow(clippy::unused_async)] // the framework's signature
impl Meta {
    /// Is the server alive?
    ///
    /// Open to everybody; asks nothing of the database.
    #[oai(path = "/healthz", method = "get", operation_id = "getHealth")]
    async fn health(&self) -> Json<Alive> {
        Json(Alive { status: "alive".to_owned() })
    }

    /// Can the server do its work?
    ///
    /// Open to everybody. Answers 503 while reads fail or writes cannot be durable.
    #[oai(path = "/readyz", method = "get", operation_id = "getReadiness")]
    async fn readiness(&self, visitor: Visitor) -> Readiness {
        let writable = visitor.store().is_writable();
        if visitor.is_ready() {
            Readiness::Ready(Json(Ready { status: "ready".to_owned(), writable }))
        } else {
            Readiness::NotReady(Json(Ready { status: "not-ready".to_owned(), writable }))
        }
    }

    /// Which version is this, and does the server have an owner?
    ///
    /// Open to everybody.
    #[oai(path = "/api/v1/version", method = "get", operation_id = "getVersion")]
    async fn version(&self, visitor: Visitor) -> Result<Json<Version>, Failure> {
        Ok(Json(Version { version: env!("CARGO_PKG_VERSION").to_owned(), claimed: visitor.is_claimed()? }))
    }
}
