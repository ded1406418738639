//! The headers that every answer carries, and the two content security policies.

use poem::http::{HeaderName, HeaderValue, header};
use poem::{Endpoint, IntoResponse, Request, Response};

/// For answers that are data: nothing may be loaded, nobody may frame them.
pub const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// For the console's pages: our own files alone, nothing inline, no string becomes code.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; font-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'self'; require-trusted-types-for 'script'";

/// For the API's documentation: its style sheet carries its icons as `data:` images, and it was not written for
/// Trusted Types.
pub const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Set on every answer, whatever the handler says.
const ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Set where the handler says nothing: data is not kept by anybody and loads nothing.
const UNLESS_SET: [(HeaderName, HeaderValue); 2] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DATA_POLICY)),
];

/// Adds the headers to what `inner` answers.
pub struct SecurityHeaders<E>(pub E);

impl<E: Endpoint> Endpoint for SecurityHeaders<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mut response = self.0.call(request).await?.into_response();
        let headers = response.headers_mut();
        for (name, value) in ALWAYS {
            headers.insert(name, value);
        }
        for (name, value) in UNLESS_SET {
            headers.entry(name).or_insert(value);
        }
        Ok(response)
    }
}
