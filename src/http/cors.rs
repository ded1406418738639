//! Cross-origin requests: closed, but for the configured origins.

use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};

/// What a foreign page may send beside the safelisted headers.
const REQUEST_HEADERS: &str = "authorization, content-type, if-match, if-none-match, idempotency-key, last-event-id, \
     milton-poll, x-request-id";
/// What it may read beside the safelisted headers.
const ANSWER_HEADERS: &str =
    "etag, location, milton-audit, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id";
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";

/// Answers the Fetch standard's questions for `origins`, and nobody else's. Cookies stay out: foreign pages bring a token.
pub struct Cors<E> {
    inner: E,
    origins: Vec<HeaderValue>,
}

impl<E> Cors<E> {
    /// `origins` as browsers write them: `https://app.example.org`. What is no header value is left out.
    pub fn new(inner: E, origins: &[String]) -> Self {
        Self { inner, origins: origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect() }
    }
}

impl<E: Endpoint> Endpoint for Cors<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let origin = request.headers().get(header::ORIGIN).filter(|origin| self.origins.contains(origin)).cloned();
        let asks = request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = match (&origin, asks) {
            (Some(_), true) => preflight(),
            _ => self.inner.call(request).await?.into_response(),
        };
        let headers = response.headers_mut();
        if let Some(origin) = origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            set(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
        }
        if !self.origins.is_empty() {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
        Ok(response)
    }
}

fn preflight() -> Response {
    let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
    let headers = response.headers_mut();
    set(headers, header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    set(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
    set(headers, header::ACCESS_CONTROL_MAX_AGE, "600");
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
