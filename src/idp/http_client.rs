//! The way out: the only code that sends requests to identity providers.

use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::header::{HeaderValue, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

use super::error::{HttpError, IdpError};
use crate::outbound::{RootsError, client_config};

/// Largest answer read, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// How requests may go out.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Certificates (PEM) to trust beside the system's: for a provider with its own authority.
    pub extra_roots_pem: Option<String>,
    /// Permits plain http to this machine itself: for development and tests.
    pub allow_plain_loopback: bool,
    /// For one request, from the first packet to the last byte of the answer.
    pub timeout: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { extra_roots_pem: None, allow_plain_loopback: false, timeout: Duration::from_secs(5) }
    }
}

/// Sends requests over TLS 1.3; follows no redirect, waits not long, reads not much. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    allow_plain_loopback: bool,
    timeout: Duration,
}

impl HttpClient {
    /// A client that trusts the system's roots and those of `options`.
    ///
    /// # Errors
    /// `Configuration` when the extra roots are no certificates.
    pub fn new(options: &HttpOptions) -> Result<Self, IdpError> {
        let tls = client_config(options.extra_roots_pem.as_deref());
        let tls = tls.map_err(|RootsError(why)| IdpError::Configuration(why))?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http() // `permits` is stricter than `https_only`: it knows loopback
            .enable_http1()
            .build();
        // Sign-ins are rare: a kept connection would be dead by the next one.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self { client, allow_plain_loopback: options.allow_plain_loopback, timeout: options.timeout })
    }

    /// Whether an address may be used: https, or plain http to this machine where that is allowed.
    pub fn permits(&self, address: &str) -> bool {
        address.parse().is_ok_and(|uri| self.permits_uri(&uri))
    }

    fn permits_uri(&self, uri: &Uri) -> bool {
        match (uri.scheme_str(), uri.host()) {
            (Some("https"), Some(_)) => true,
            (Some("http"), Some(host)) => self.allow_plain_loopback && is_loopback(host),
            _ => false,
        }
    }

    /// Sends one request.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if !self.permits_uri(request.uri()) {
            return Err(HttpError::Insecure);
        }
        let (mut head, body) = request.into_parts();
        head.headers.insert(USER_AGENT, HeaderValue::from_static(concat!("milton/", env!("CARGO_PKG_VERSION"))));
        let host = head.uri.host().unwrap_or_default().to_owned();
        let exchange = self.exchange(Request::from_parts(head, Full::from(body)));
        let answer = tokio::time::timeout(self.timeout, exchange).await.unwrap_or(Err(HttpError::Timeout));
        answer.inspect_err(|error| tracing::warn!(host, %error, "identity provider"))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<HttpResponse, HttpError> {
        let answer = self.client.request(request).await.map_err(|error| {
            tracing::debug!(?error, "no connection to the identity provider");
            HttpError::Network
        })?;
        if answer.status().is_redirection() {
            return Err(HttpError::Redirect);
        }
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await;
        let body = body.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
            Some(_) => HttpError::TooLarge,
            None => HttpError::Network,
        })?;
        Ok(Response::from_parts(head, body.to_bytes().to_vec()))
    }
}

impl<'c> AsyncHttpClient<'c> for HttpClient {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(allow_plain_loopback: bool) -> HttpClient {
        HttpClient::new(&HttpOptions { allow_plain_loopback, ..HttpOptions::default() }).unwrap()
    }

    #[test]
    fn plain_http_goes_to_this_machine_alone_and_only_when_allowed() {
        for (address, strict, dev) in [
            ("https://id.example.com/token", true, true),
            ("http://127.0.0.1:4000/token", false, true),
            ("http://[::1]:4000/token", false, true),
            ("http://localhost:4000/token", false, true),
            ("http://id.example.com/token", false, false),
            ("http://localhost.example.com/token", false, false),
            ("http://127.0.0.1@example.com/token", false, false),
            ("file:///etc/passwd", false, false),
            ("/token", false, false),
        ] {
            assert_eq!(client(false).permits(address), strict, "{address}");
            assert_eq!(client(true).permits(address), dev, "{address}");
        }
    }

    #[test]
    fn extra_roots_must_be_certificates() {
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
        let options = HttpOptions { extra_roots_pem: Some(pem), ..HttpOptions::default() };
        assert!(matches!(HttpClient::new(&options).err(), Some(IdpError::Configuration(_))));
    }
}
