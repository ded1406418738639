//! A toy API: one operation for each way in which a request can go.
#![allow(clippy::unused_async)] // the framework wants every operation async

use std::time::Duration;

use milton::domain::{AuthFailure, Error};
use milton::http::body::{Body, SMALL};
use milton::http::problem::Failure;
use milton::http::request_id::RequestId;
use poem::web::RemoteAddr;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json, PlainText};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Toy;

#[derive(Debug, Object)]
pub struct Tag {
    #[oai(validator(max_length = 5))]
    name: String,
}

/// A note.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Note {
    #[oai(validator(min_length = 1, max_length = 10))]
    title: String,
    /// A described reference.
    tag: Option<Tag>,
}

#[OpenApi(prefix_path = "/api/v1")]
impl Toy {
    #[oai(path = "/notes", method = "post", operation_id = "createNote")]
    async fn create(&self, note: Body<Note>) -> Result<Json<Note>, Failure> {
        Ok(Json(note.0))
    }

    #[oai(path = "/teams/:team/notes/:note", method = "get", operation_id = "getNote")]
    async fn get(
        &self,
        team: Path<Uuid>,
        note: Path<Uuid>,
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<Option<u32>>,
        page: Query<u32>,
    ) -> Result<PlainText<String>, Failure> {
        Ok(PlainText(format!("{}/{}?{:?}&{}", team.0, note.0, limit.0, page.0)))
    }

    #[oai(path = "/whoami", method = "get", operation_id = "whoAmI")]
    async fn whoami(&self, peer: &RemoteAddr, id: RequestId) -> Result<PlainText<String>, Failure> {
        Ok(PlainText(format!("{peer} {id}")))
    }

    /// Open to strangers.
    #[oai(path = "/small-notes", method = "post", operation_id = "createSmallNote")]
    async fn create_small(&self, note: Body<Note, SMALL>) -> Result<Json<Note>, Failure> {
        Ok(Json(note.0))
    }

    /// Has no limit of its own.
    #[oai(path = "/upload", method = "post", operation_id = "upload")]
    async fn upload(&self, bytes: Binary<Vec<u8>>) -> Result<PlainText<String>, Failure> {
        Ok(PlainText(bytes.0.len().to_string()))
    }

    /// Refuses before it looks at the body.
    #[oai(path = "/closed", method = "post", operation_id = "closed")]
    async fn closed(&self) -> Result<PlainText<String>, Failure> {
        Err(AuthFailure::Missing.into())
    }

    #[oai(path = "/panic", method = "get", operation_id = "panic")]
    async fn panic(&self) -> Result<PlainText<String>, Failure> {
        panic!("hunter2");
    }

    #[oai(path = "/fault", method = "get", operation_id = "fault")]
    async fn fault(&self) -> Result<PlainText<String>, Failure> {
        Err(Error::internal("hunter2").into())
    }

    #[oai(path = "/slow", method = "get", operation_id = "slow")]
    async fn slow(&self, seconds: Query<u64>) -> Result<PlainText<String>, Failure> {
        tokio::time::sleep(Duration::from_secs(seconds.0)).await;
        Ok(PlainText(String::from("done")))
    }
}
