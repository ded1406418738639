//! Every refusal as RFC 9457 `application/problem+json`: the one place where an error becomes an answer.

use poem::error::ResponseError;
use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{ToJSON, Type};
use poem_openapi::{ApiResponse, Object};

use super::catalog::{self, Kind};
use super::challenge;
use crate::domain::permission::Permission;
use crate::domain::{AuthFailure, Error, FieldError};

/// The media type of RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was refused (RFC 9457).
#[derive(Debug, Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Problem {
    /// What went wrong, as a stable name: `/problems/<slug>`.
    #[oai(rename = "type")]
    pub kind: String,
    /// The same in words, alike for every occurrence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// This occurrence in words.
    pub detail: String,
    /// The request's id, as in `X-Request-Id`.
    pub instance: Option<String>,
    /// Which fields are wrong; present when the status is 422, and with `wrong-state` where one of many stood against it.
    pub errors: Option<Vec<ProblemField>>,
    /// Which permission was missing, as `GET /api/v1/admin/audit` shows the denial too; present when the matrix said no.
    pub permission: Option<String>,
}

/// One field that is wrong.
#[derive(Debug, Clone, Object)]
pub struct ProblemField {
    /// JSON pointer (RFC 6901) into the request body, or the parameter's name.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// A refusal on its way out: handlers answer `Result<T, Failure>` and use `?` on `domain::Error`.
///
/// It becomes an answer in `http::errors`, where the request's id is known.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What the business said.
    #[error(transparent)]
    Domain(#[from] Error),
    /// What the protocol said, before any business.
    #[error("{0:?}")]
    Wire(Wire),
}

/// What can be wrong with a request before it means anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wire {
    /// Not HTTP as we speak it.
    BadRequest(&'static str),
    /// Not JSON, or one name twice in an object.
    MalformedJson(String),
    /// No such path.
    NoRoute,
    /// The path is there, the method is not; with the methods that are.
    MethodNotAllowed(String),
    /// The request took too long to arrive.
    Timeout,
    /// The body is larger than this many bytes.
    PayloadTooLarge(usize),
    /// The body is of none of these types; none are for what takes no body.
    UnsupportedMediaType(Vec<&'static str>),
    /// More header fields than allowed.
    HeadersTooLarge,
}

impl From<AuthFailure> for Failure {
    fn from(failure: AuthFailure) -> Self {
        Self::Domain(Error::Unauthenticated(failure))
    }
}

impl From<Wire> for Failure {
    fn from(wire: Wire) -> Self {
        Self::Wire(wire)
    }
}

impl Failure {
    /// The finished answer. `instance` is the request's id, where it is known.
    pub fn answer(&self, instance: Option<&str>) -> Response {
        let kind = self.kind();
        let problem = Problem {
            kind: format!("/problems/{}", kind.slug),
            title: kind.title.to_owned(),
            status: kind.status,
            detail: self.detail(kind),
            instance: instance.map(ToOwned::to_owned),
            errors: self.fields(),
            permission: self.permission().map(|permission| permission.as_str().to_owned()),
        };
        let mut response = poem::web::Json(problem.to_json()).into_response();
        response.set_status(StatusCode::from_u16(kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        self.add_headers(response.headers_mut());
        response
    }

    /// The fault behind an answer of 500, which only the log may see.
    pub fn internal_cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        match self {
            Self::Domain(Error::Internal(cause)) => Some(cause.as_ref()),
            _ => None,
        }
    }

    /// Why it cannot be done at this moment, behind an answer of 503.
    pub const fn unavailable(&self) -> Option<&'static str> {
        match self {
            Self::Domain(Error::Unavailable(reason)) => Some(*reason),
            _ => None,
        }
    }

    fn kind(&self) -> &'static Kind {
        let slug = match self {
            Self::Domain(Error::Unauthenticated(failure)) => challenge::slug(*failure),
            Self::Domain(error) => error.kind(),
            Self::Wire(wire) => wire.slug(),
        };
        catalog::find(slug)
    }

    fn detail(&self, kind: &Kind) -> String {
        match self {
            Self::Domain(Error::RateLimited { quota, limit, window, .. }) if window.is_zero() => {
                format!("The quota \u{201c}{quota}\u{201d} allows {limit} at once.")
            }
            Self::Domain(Error::RateLimited { quota, limit, window, .. }) => {
                format!("The quota \u{201c}{quota}\u{201d} allows {limit} per {} seconds.", window.as_secs())
            }
            Self::Domain(Error::OutOfScope(permission)) => {
                format!("The API key has no scope \u{201c}{}\u{201d}. The attempt is on record.", permission.as_str())
            }
            Self::Domain(Error::Elsewhere) => {
                String::from("The API key may not be used from this address. The attempt is on record.")
            }
            Self::Domain(Error::Unavailable(reason)) => format!("Nothing was changed ({reason}); try again."),
            Self::Domain(Error::WrongState(found)) => {
                format!("The present state does not allow this step: {}.", found.detail)
            }
            Self::Wire(Wire::BadRequest(reason)) => (*reason).to_owned(),
            Self::Wire(Wire::MalformedJson(reason)) => format!("The body is not valid JSON: {reason}."),
            Self::Wire(Wire::PayloadTooLarge(limit)) => {
                format!("The body is larger than the {} that this takes.", weight(*limit))
            }
            Self::Wire(Wire::UnsupportedMediaType(types)) if !types.is_empty() => {
                format!("The body must be {}; see Content-Type.", types.join(" or "))
            }
            _ => kind.detail.to_owned(),
        }
    }

    fn fields(&self) -> Option<Vec<ProblemField>> {
        let fields = match self {
            Self::Domain(Error::Invalid(fields)) => fields.as_slice(),
            Self::Domain(Error::WrongState(found)) if !found.pointer.is_empty() => std::slice::from_ref(found),
            _ => return None,
        };
        let turn = |field: &FieldError| ProblemField { pointer: field.pointer.clone(), detail: field.detail.clone() };
        Some(fields.iter().map(turn).collect())
    }

    const fn permission(&self) -> Option<Permission> {
        match self {
            Self::Domain(Error::Forbidden(permission)) => *permission,
            Self::Domain(Error::OutOfScope(permission)) => Some(*permission),
            _ => None,
        }
    }

    fn add_headers(&self, headers: &mut HeaderMap) {
        let mut set = |name: HeaderName, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        };
        match self {
            Self::Domain(Error::Unauthenticated(failure)) => set(header::WWW_AUTHENTICATE, challenge::header(*failure)),
            Self::Domain(Error::RateLimited { quota, limit, window, retry_after }) => {
                let wait = seconds_up(*retry_after);
                set(header::RETRY_AFTER, wait.to_string());
                // draft-ietf-httpapi-ratelimit-headers
                set(RATE_LIMIT, format!("\"{quota}\";r=0;t={wait}"));
                let unit = match window.as_secs() {
                    0 => String::from("qu=\"concurrent-requests\""),
                    seconds => format!("w={seconds}"),
                };
                set(RATE_LIMIT_POLICY, format!("\"{quota}\";q={limit};{unit}"));
            }
            Self::Domain(Error::Unavailable(_)) => set(header::RETRY_AFTER, String::from("1")),
            Self::Wire(Wire::MethodNotAllowed(methods)) => set(header::ALLOW, methods.clone()),
            _ => {}
        }
    }
}

/// What is left of a quota (draft-ietf-httpapi-ratelimit-headers).
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What a quota allows (draft-ietf-httpapi-ratelimit-headers).
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

impl Wire {
    const fn slug(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad-request",
            Self::MalformedJson(_) => "malformed-json",
            Self::NoRoute => "not-found",
            Self::MethodNotAllowed(_) => "method-not-allowed",
            Self::Timeout => "request-timeout",
            Self::PayloadTooLarge(_) => "payload-too-large",
            Self::UnsupportedMediaType(_) => "unsupported-media-type",
            Self::HeadersTooLarge => "headers-too-large",
        }
    }
}

/// A number of bytes as people write it.
fn weight(bytes: usize) -> String {
    if bytes.is_multiple_of(1 << 20) { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) }
}

/// Whole seconds, rounded up: a client that waits so long is not refused again for a fraction.
fn seconds_up(span: std::time::Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn as_response(&self) -> Response {
        self.answer(None)
    }
}

impl ApiResponse for Failure {
    fn meta() -> MetaResponses {
        MetaResponses { responses: catalog::STATUSES.iter().map(|&(status, about)| meta(status, about)).collect() }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}

fn meta(status: u16, description: &'static str) -> MetaResponse {
    let headers: &[&str] = match status {
        401 => &["WWW-Authenticate"],
        405 => &["Allow"],
        429 => &["Retry-After", "RateLimit", "RateLimit-Policy"],
        503 => &["Retry-After"],
        _ => &[],
    };
    let header = |name: &&str| MetaHeader {
        name: (*name).to_owned(),
        description: None,
        required: true,
        deprecated: false,
        schema: String::schema_ref(),
    };
    MetaResponse {
        description,
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType { content_type: PROBLEM_JSON, schema: Problem::schema_ref() }],
        headers: headers.iter().map(header).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::Conflict;

    const CONFLICTS: [Conflict; 11] = [
        Conflict::LastOwner,
        Conflict::WrongState,
        Conflict::LinkRequired,
        Conflict::AlreadyUsed,
        Conflict::AddressUnproven,
        Conflict::AlreadyExists,
        Conflict::AlreadyClaimed,
        Conflict::LimitReached,
        Conflict::StepUpIgnored,
        Conflict::OtherIdentity,
        Conflict::PasskeysUnavailable,
    ];
    const AUTH: [AuthFailure; 5] = [
        AuthFailure::Missing,
        AuthFailure::Invalid,
        AuthFailure::Expired,
        AuthFailure::Revoked,
        AuthFailure::StepUpRequired,
    ];

    fn limited() -> Error {
        let (window, retry_after) = (Duration::from_hours(1), Duration::from_millis(179_001));
        Error::RateLimited { quota: "delegations", limit: 20, window, retry_after }
    }

    fn every_failure() -> Vec<Failure> {
        let mut all = vec![
            Error::Forbidden(None),
            Error::Elsewhere,
            Error::NotInvited,
            Error::PasskeyRefused,
            Error::NotFound,
            Error::PreconditionFailed,
        ];
        all.extend([Error::Held, Error::Unavailable("queue"), Error::internal("disk gone"), limited()]);
        all.push(Error::invalid("/title", "is required"));
        all.extend(CONFLICTS.map(Error::Conflict));
        all.extend(AUTH.map(Error::Unauthenticated));
        all.into_iter().map(Failure::from).collect()
    }

    async fn json(response: Response) -> serde_json::Value {
        response.into_body().into_json().await.unwrap()
    }

    #[tokio::test]
    async fn every_error_has_its_own_entry_and_tells_nothing_else() {
        for failure in every_failure() {
            let internal = failure.internal_cause().is_some();
            let answer = failure.answer(Some("r-1"));
            let status = answer.status();
            assert_eq!(answer.content_type(), Some(PROBLEM_JSON));
            assert_eq!(status == 401, answer.headers().contains_key("www-authenticate"));
            assert!(catalog::STATUSES.iter().any(|(documented, _)| *documented == status.as_u16()), "{status}");
            let body = json(answer).await;
            assert_eq!(body["instance"], "r-1");
            assert_eq!(body["type"] == "/problems/internal", internal, "{body}");
            assert!(!body.to_string().contains("disk gone"));
        }
    }

    #[tokio::test]
    async fn a_wrong_field_is_named() {
        let body = json(Failure::from(Error::invalid("/title", "is required")).answer(None)).await;
        assert_eq!(body["errors"], serde_json::json!([{"pointer": "/title", "detail": "is required"}]));
        assert_eq!(body.get("instance"), None, "nothing stands as null");
    }

    #[test]
    fn a_used_up_quota_says_when_to_come_back() {
        let answer = Failure::from(limited()).answer(None);
        assert_eq!(answer.header("retry-after"), Some("180"));
        assert_eq!(answer.header("ratelimit"), Some("\"delegations\";r=0;t=180"));
        assert_eq!(answer.header("ratelimit-policy"), Some("\"delegations\";q=20;w=3600"));
    }
}
