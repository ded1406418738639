//! `Sheet`: comma-separated values as a request body, for people who come from elsewhere.

use poem::{Request, RequestBody};
use poem_openapi::impl_apirequest_for_payload;
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::MetaSchemaRef;
use poem_openapi::types::Type;

use super::body::{self, IMPORT};
use super::problem::{Failure, Wire};

/// Text of the type `text/csv` (RFC 4180, RFC 7111), in UTF-8, of at most 4 MiB.
pub struct Sheet(pub String);

impl Payload for Sheet {
    const CONTENT_TYPE: &'static str = "text/csv";

    fn check_content_type(content_type: &str) -> bool {
        content_type.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(Self::CONTENT_TYPE))
    }

    fn schema_ref() -> MetaSchemaRef {
        String::schema_ref()
    }
}

impl ParsePayload for Sheet {
    const IS_REQUIRED: bool = true;

    async fn from_request(_: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = body.take()?.into_bytes_limit(IMPORT).await.map_err(|error| body::unreadable(error, IMPORT))?;
        let text = String::from_utf8(bytes.into());
        Ok(Self(text.map_err(|_| Failure::from(Wire::BadRequest("The body is not UTF-8.")))?))
    }
}

impl_apirequest_for_payload!(Sheet);
