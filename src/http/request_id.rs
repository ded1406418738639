//! The request's id: made here, answered in `X-Request-Id`. What a client sends in that header stays the client's.

use std::fmt;
use std::sync::Arc;

use poem::http::{HeaderName, HeaderValue};
use poem::{Endpoint, FromRequest, IntoResponse, Request, RequestBody, Response};

use crate::base::clock::Clock;
use crate::base::entropy::Entropy;
use crate::base::id::Id;

/// The header in which the id is answered; and in which a client may send one of its own.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id of a client that is kept, in characters.
const MAX_LENGTH: usize = 64;

/// What ties an answer, its log lines and its audit rows together. Handlers take it as an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id of this request; empty only where [`RequestIds`] does not stand before the handler.
    pub fn of(request: &Request) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_else(|| Self(Arc::from("")))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the client calls its request, when it is 1–64 of `A–Z a–z 0–9 . _ -`. Never this request's id: with it,
    /// anybody could graft their rows onto somebody else's request.
    pub fn of_client(request: &Request) -> Option<String> {
        let text = request.header(X_REQUEST_ID)?;
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        (plain && (1..=MAX_LENGTH).contains(&text.len())).then(|| text.to_owned())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'a> FromRequest<'a> for RequestId {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request))
    }
}

/// Gives each request its id before anything else happens.
pub struct RequestIds<E> {
    inner: E,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl<E> RequestIds<E> {
    /// Stands before `inner`.
    pub fn new(inner: E, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { inner, clock, entropy }
    }

    fn mint(&self) -> RequestId {
        RequestId(Arc::from(Id::<RequestId>::mint(self.clock.now(), &*self.entropy).to_string()))
    }
}

impl<E: Endpoint> Endpoint for RequestIds<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let id = self.mint();
        request.extensions_mut().insert(id.clone());
        let mut response = self.inner.call(request).await?.into_response();
        if let Ok(value) = HeaderValue::from_str(id.as_str()) {
            response.headers_mut().insert(X_REQUEST_ID, value);
        }
        Ok(response)
    }
}
