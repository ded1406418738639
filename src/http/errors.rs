//! The last line before the wire: every error and every panic leaves as a problem, and faults are logged.

use std::any::Any;
use std::error::Error as StdError;
use std::sync::Arc;

use poem::error::{MethodNotAllowedError, NotFoundError, ReadBodyError};
use poem::http::{Method, StatusCode};
use poem::middleware::{CatchPanic, CatchPanicEndpoint};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use poem_openapi::error::{AuthorizationError, ContentTypeError, ParseParamError, ParsePathError};

use super::body;
use super::limits;
use super::problem::{Failure, Wire};
use super::request_id::RequestId;
use super::routes::Routes;
use crate::domain::{AuthFailure, Error};

type PanicHandler = fn(Box<dyn Any + Send>) -> Response;

/// Turns whatever goes wrong in `inner` into a problem.
pub struct Errors<E> {
    inner: CatchPanicEndpoint<E, PanicHandler>,
    routes: Arc<Routes>,
}

/// Marks the answer of a handler that panicked, until the request's id is at hand.
#[derive(Clone)]
struct Panicked;

impl<E: Endpoint> Errors<E> {
    /// Stands before `inner`, whose paths are `routes`.
    pub fn new(inner: E, routes: Arc<Routes>) -> Self {
        let handler: PanicHandler = |_| {
            let mut response = Response::default();
            response.set_data(Panicked);
            response
        };
        Self { inner: CatchPanic::new().with_handler(handler).transform(inner), routes }
    }

    fn translate(&self, error: poem::Error, method: &Method, path: &str) -> Failure {
        match error.downcast::<Failure>() {
            Ok(failure) => failure,
            Err(error) if error.is::<NotFoundError>() => Wire::NoRoute.into(),
            Err(error) if error.is::<MethodNotAllowedError>() => {
                Wire::MethodNotAllowed(self.routes.allow(path).unwrap_or_default()).into()
            }
            Err(error) if error.is::<ContentTypeError>() => {
                let operation = self.routes.operation(method, path);
                let accepts = operation.map(|operation| operation.accepts.clone()).unwrap_or_default();
                Wire::UnsupportedMediaType(accepts).into()
            }
            Err(error) if error.is::<AuthorizationError>() => AuthFailure::Missing.into(),
            Err(error) => self.parameter(&error, method, path).unwrap_or_else(|| other(error, path)),
        }
    }

    /// A parameter that does not parse is a wrong field by its own name.
    fn parameter(&self, error: &poem::Error, method: &Method, path: &str) -> Option<Failure> {
        let (name, reason) = if let Some(error) = error.downcast_ref::<ParseParamError>() {
            (error.name.to_owned(), error.reason.as_str())
        } else {
            let error = error.downcast_ref::<ParsePathError>()?;
            let nth = error.name.strip_prefix("param").and_then(|nth| nth.parse().ok());
            let name = nth.and_then(|nth| self.routes.parameter(path, nth)).unwrap_or(error.name);
            (name.to_owned(), error.reason.as_str())
        };
        // The framework's own words name Rust types; what the document says may be shown.
        let broken = reason.strip_prefix("verification failed. ");
        if broken.is_none() && reason.contains("expects an input value") {
            return Some(Error::invalid(name, "is required").into());
        }
        let wants = self.routes.operation(method, path).and_then(|operation| operation.wants(&name, broken));
        Some(Error::invalid(name, wants.unwrap_or_else(|| String::from("has the wrong form"))).into())
    }
}

/// What is left is judged by its status: a client's fault is told as such, the rest is ours.
fn other(error: poem::Error, path: &str) -> Failure {
    let limit = limits::most_at(path);
    let error = match error.downcast::<ReadBodyError>() {
        Ok(error) => return body::unreadable(error, limit),
        Err(error) => error,
    };
    match error.status() {
        StatusCode::BAD_REQUEST => Wire::BadRequest("The request cannot be understood.").into(),
        StatusCode::UNAUTHORIZED => AuthFailure::Missing.into(),
        StatusCode::NOT_FOUND => Wire::NoRoute.into(),
        StatusCode::PAYLOAD_TOO_LARGE => Wire::PayloadTooLarge(limit).into(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Wire::UnsupportedMediaType(Vec::new()).into(),
        _ => Error::internal(error.to_string()).into(),
    }
}

impl<E: Endpoint> Endpoint for Errors<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let id = RequestId::of(&request);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let failure = match self.inner.call(request).await.map(IntoResponse::into_response) {
            Ok(response) if response.data::<Panicked>().is_none() => return Ok(response),
            Ok(_) => Error::internal("a handler panicked").into(),
            Err(error) if error.is_from_response() => return Ok(error.into_response()),
            Err(error) => self.translate(error, &method, uri.path()),
        };
        if let Some(cause) = failure.internal_cause() {
            tracing::error!(request_id = %id, path = uri.path(), cause = chain(cause), "internal error");
        }
        if let Some(reason) = failure.unavailable() {
            tracing::warn!(request_id = %id, path = uri.path(), reason, "unavailable");
        }
        Ok(failure.answer(Some(id.as_str()).filter(|id| !id.is_empty())))
    }
}

/// An error with all its causes in one line.
fn chain(error: &(dyn StdError + Send + Sync)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Mutex, PoisonError};

    use poem::endpoint::make_sync;

    use super::*;

    /// A log in memory.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_is_unavailable_is_logged_with_its_reason() {
        let log = Log::default();
        let sink = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || sink.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let refuse =
            |_| -> poem::Result<Response> { Err(Failure::from(Error::Unavailable("the disk is full")).into()) };
        let errors = Errors::new(make_sync(refuse), Arc::new(Routes::of::<()>()));
        let response = errors.call(Request::builder().uri_str("/a").finish()).await.unwrap();
        assert_eq!(response.status(), 503);
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains(" WARN ") && log.contains("the disk is full") && log.contains("path=\"/a\""), "{log}");
    }
}
