//! The shapes of success: what was made, changed, shown or removed, with the headers that go with it.

mod repeat;
mod versioned;

use poem::http::{HeaderValue, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::Json;
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::ToJSON;

use crate::app::Allowance;
use crate::domain::Error;

pub use repeat::Made;

/// Something new; a repetition of the request gets the same answer.
#[derive(ApiResponse)]
pub enum Created<T: ToJSON + Send + Sync> {
    /// Made, durable, and on record.
    #[oai(status = 201)]
    Created(
        Json<T>,
        /// Where it is.
        #[oai(header = "Location")]
        String,
        /// The audit row that stands for it.
        #[oai(header = "Milton-Audit")]
        i64,
        /// Its version, for `If-Match`.
        #[oai(header = "ETag")]
        Option<String>,
        /// What is left of the quota.
        #[oai(header = "RateLimit")]
        Option<String>,
        /// What the quota allows.
        #[oai(header = "RateLimit-Policy")]
        Option<String>,
        /// `true` on the answer that was given before to the same request.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

/// Something new that no repetition of the request can make or show again: its request is good once anyway.
#[derive(ApiResponse)]
pub enum CreatedOnce<T: ToJSON + Send + Sync> {
    /// Made, durable, and on record.
    #[oai(status = 201)]
    Created(
        Json<T>,
        /// Where it is.
        #[oai(header = "Location")]
        String,
        /// The audit row that stands for it.
        #[oai(header = "Milton-Audit")]
        i64,
        /// Its version, for `If-Match`.
        #[oai(header = "ETag")]
        Option<String>,
        /// What is left of the quota.
        #[oai(header = "RateLimit")]
        Option<String>,
        /// What the quota allows.
        #[oai(header = "RateLimit-Policy")]
        Option<String>,
    ),
}

/// The quota's two headers.
fn rate_limit(allowance: Option<&Allowance>) -> (Option<String>, Option<String>) {
    let left = allowance.map(|allowance| format!("\"{}\";r={}", allowance.quota.name, allowance.remaining));
    let policy = allowance
        .map(|Allowance { quota, .. }| format!("\"{}\";q={};w={}", quota.name, quota.limit, quota.window.as_secs()));
    (left, policy)
}

impl<T: ToJSON + Send + Sync> Created<T> {
    /// Answers what was made. It is told in `repeat` alone, so that no operation forgets the key of its request.
    fn at(made: Made<T>, seq: i64, allowance: Option<&Allowance>) -> Self {
        let (left, policy) = rate_limit(allowance);
        let Made { location, body, etag } = made;
        Self::Created(Json(body), location, seq, etag, left, policy, None)
    }
}

impl<T: ToJSON + Send + Sync> CreatedOnce<T> {
    /// Answers what was made.
    pub fn at(location: String, body: T, seq: i64, etag: Option<String>, allowance: Option<&Allowance>) -> Self {
        let (left, policy) = rate_limit(allowance);
        Self::Created(Json(body), location, seq, etag, left, policy)
    }
}

/// Something new, or what was there in its place.
#[derive(ApiResponse)]
pub enum Begun<T: ToJSON + Send + Sync> {
    /// Made, durable, and on record.
    #[oai(status = 201)]
    New(
        Json<T>,
        /// Where it is.
        #[oai(header = "Location")]
        String,
        /// The audit row that stands for it.
        #[oai(header = "Milton-Audit")]
        i64,
        /// Its version, for `If-Match`.
        #[oai(header = "ETag")]
        String,
        /// What is left of the quota.
        #[oai(header = "RateLimit")]
        Option<String>,
        /// What the quota allows.
        #[oai(header = "RateLimit-Policy")]
        Option<String>,
        /// `true` on the answer that was given before to the same request.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
    /// It was there.
    #[oai(status = 200)]
    Found(
        Json<T>,
        /// Where it is.
        #[oai(header = "Location")]
        String,
        /// The audit row that stands for what changed, if anything did.
        #[oai(header = "Milton-Audit")]
        Option<i64>,
        /// Its version, for `If-Match`.
        #[oai(header = "ETag")]
        String,
        /// `true` on the answer that was given before to the same request.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

/// Something changed.
#[derive(ApiResponse)]
pub enum Changed<T: ToJSON + Send + Sync> {
    /// Changed, durable, and on record.
    #[oai(status = 200)]
    Changed(
        Json<T>,
        /// The audit row that stands for it.
        #[oai(header = "Milton-Audit")]
        i64,
        /// Its version, for `If-Match`.
        #[oai(header = "ETag")]
        Option<String>,
    ),
}

/// Something changed; a repetition of the request gets the same answer.
#[derive(ApiResponse)]
pub enum Kept<T: ToJSON + Send + Sync> {
    /// Changed, durable, and on record.
    #[oai(status = 200)]
    Changed(
        Json<T>,
        /// The audit row that stands for it.
        #[oai(header = "Milton-Audit")]
        i64,
        /// Its version, for `If-Match`.
        #[oai(header = "ETag")]
        Option<String>,
        /// `true` on the answer that was given before to the same request.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

/// Something to see.
#[derive(ApiResponse)]
pub enum Shown<T: ToJSON + Send + Sync> {
    /// Here it is.
    #[oai(status = 200)]
    Shown(
        Json<T>,
        /// Its version, for `If-Match`.
        #[oai(header = "ETag")]
        Option<String>,
    ),
}

impl<T: ToJSON + Send + Sync> Shown<T> {
    /// Something without a version.
    pub fn plain(body: T) -> Self {
        Self::Shown(Json(body), None)
    }
}

/// Something done that leaves nothing to see.
#[derive(ApiResponse)]
pub enum Removed {
    /// Done, durable, and on record.
    #[oai(status = 204)]
    Removed(
        /// The audit row that stands for it.
        #[oai(header = "Milton-Audit")]
        i64,
    ),
}

/// An answer that sets one more cookie: the framework's own have room for one `Set-Cookie`.
pub struct WithCookie<T> {
    /// The answer.
    pub answer: T,
    /// The other cookie.
    pub cookie: Option<String>,
}

impl<T> WithCookie<T> {
    /// The answer without another cookie.
    pub const fn none(answer: T) -> Self {
        Self { answer, cookie: None }
    }
}

impl<T: IntoResponse> IntoResponse for WithCookie<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if let Some(cookie) = self.cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl<T: ApiResponse> ApiResponse for WithCookie<T> {
    fn meta() -> MetaResponses {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// A version as an entity tag (RFC 9110 section 8.8.3).
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The version in `If-Match`; `None` for `*`, which is any. A weak or foreign tag matches nothing; what is no tag at all
/// is told so, because reading anew would not help.
pub fn if_match(text: &str) -> Result<Option<i64>, Error> {
    if text.trim() == "*" {
        return Ok(None);
    }
    if !text.contains('"') {
        return Err(Error::invalid("If-Match", "must be an ETag in double quotes, such as \"3\", or *"));
    }
    let digits = text.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    digits.and_then(|digits| digits.parse().ok()).map(Some).ok_or(Error::PreconditionFailed)
}

/// The version in an `If-Match` that may be left out; `None` for any.
pub fn if_matches(text: Option<&str>) -> Result<Option<i64>, Error> {
    text.map(if_match).transpose().map(Option::flatten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strong_tags_of_ours_match() {
        assert_eq!(if_match("\"7\"").ok(), Some(Some(7)));
        assert_eq!(if_match(&etag(12)).ok(), Some(Some(12)));
        assert_eq!(if_match("*").ok(), Some(None));
        for bad in ["7", "W/\"7\"", "\"x\"", "", "\"7\", \"8\""] {
            assert!(if_match(bad).is_err(), "{bad}");
        }
    }
}
