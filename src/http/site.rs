//! The whole site: API, documentation and console behind the gates that every request passes.

use std::sync::Arc;
use std::time::Duration;

use poem::endpoint::BoxEndpoint;
use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, EndpointExt, Request, Response};
use poem_openapi::{OpenApi, OpenApiService};

use super::cors::Cors;
use super::errors::Errors;
use super::headers::SecurityHeaders;
use super::pages::{self, Pages};
use super::problem::{Failure, Wire};
use super::request_id::RequestIds;
use super::routes::Routes;
use super::{console, docs, document};
use crate::base::clock::Clock;
use crate::base::entropy::Entropy;
use crate::domain::Error;

/// What a site needs beside its API.
pub struct Site {
    /// For request ids.
    pub clock: Arc<dyn Clock>,
    /// For request ids.
    pub entropy: Arc<dyn Entropy>,
    /// Origins whose pages may call the API; none by default.
    pub origins: Vec<String>,
    /// How long a request may take until its answer begins.
    pub request_timeout: Duration,
    /// How many header fields a request may have.
    pub max_headers: usize,
}

impl Site {
    /// The endpoint to serve. The API's paths are whole (`/api/v1/…`); pages stand beside them.
    ///
    /// # Errors
    /// `Internal` when the document or the documentation cannot be made.
    pub fn build<T: OpenApi + 'static>(self, service: OpenApiService<T, ()>) -> Result<impl Endpoint, Error> {
        let routes = Arc::new(Routes::of::<T>());
        let mut pages = Pages::default();
        console::add(&mut pages);
        docs::add(&mut pages, &document::document(&service)?)?;
        let dispatch = Dispatch {
            api: service.boxed(),
            pages,
            routes: Arc::clone(&routes),
            request_timeout: self.request_timeout,
            max_headers: self.max_headers,
        };
        let gates = SecurityHeaders(Cors::new(Errors::new(dispatch, routes), &self.origins));
        Ok(RequestIds::new(gates, self.clock, self.entropy))
    }
}

struct Dispatch {
    api: BoxEndpoint<'static>,
    pages: Pages,
    routes: Arc<Routes>,
    request_timeout: Duration,
    max_headers: usize,
}

impl Dispatch {
    fn options(&self, path: &str) -> poem::Result<Response> {
        let page = self.pages.has(path).then(|| pages::ALLOW.to_owned());
        let allow = page.or_else(|| self.routes.allow(path)).ok_or(Wire::NoRoute).map_err(Failure::from)?;
        Ok(Response::builder().status(StatusCode::NO_CONTENT).header(header::ALLOW, allow).finish())
    }
}

impl Endpoint for Dispatch {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if request.headers().len() > self.max_headers {
            return Err(Failure::from(Wire::HeadersTooLarge).into());
        }
        let path = request.uri().path();
        if request.method() == Method::OPTIONS {
            return self.options(path);
        }
        if self.pages.has(path) {
            return Ok(self.pages.answer(&request).await?);
        }
        request.set_data(Arc::clone(&self.routes));
        let answer = tokio::time::timeout(self.request_timeout, self.api.call(request)).await;
        answer.unwrap_or_else(|_| Err(Failure::from(Wire::Timeout).into()))
    }
}
