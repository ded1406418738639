//! Sends one request to an address that may be reached, and hears what the status of the answer is.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::address::{Address, Unfit};
use super::public::is_public;
use super::resolver::{Resolver, SystemResolver};
use super::tls::{RootsError, client_config};

/// Bytes of an answer's head, and of what of its body is let through before the connection is closed.
const MAX_ANSWER: usize = 64 * 1024;
/// How long an answer's body may take that nobody is going to read.
const PATIENCE: Duration = Duration::from_secs(1);

/// What may be reached, and how.
pub struct Options {
    /// Networks that may be reached although they are not public, and without TLS.
    pub allowed_networks: Vec<IpNet>,
    /// Certificates (PEM) to trust beside the system's.
    pub extra_roots_pem: Option<String>,
    /// For one request, from the first look at the name to the head of the answer.
    pub timeout: Duration,
    /// Who knows the addresses of names.
    pub resolver: Arc<dyn Resolver>,
}

impl Default for Options {
    fn default() -> Self {
        let (timeout, resolver) = (Duration::from_secs(10), Arc::new(SystemResolver));
        Self { allowed_networks: Vec::new(), extra_roots_pem: None, timeout, resolver }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The address, or one that its name stands for, may not be reached.
    #[error("address-refused")]
    Refused,
    /// The name stands for no address.
    #[error("unresolved")]
    Unresolved,
    /// No connection, or one that broke.
    #[error("network")]
    Network,
    /// No TLS 1.3, or no certificate that is trusted for the name.
    #[error("tls")]
    Tls,
    /// It took too long.
    #[error("timeout")]
    Timeout,
}

/// Sends requests to fit addresses; see the module for what these are.
pub struct Client {
    options: Options,
    /// Made when it is first wanted: the system's roots are read from many files.
    tls: OnceLock<Result<TlsConnector, RootsError>>,
}

impl Client {
    /// A client that has sent nothing yet.
    pub const fn new(options: Options) -> Self {
        Self { options, tls: OnceLock::new() }
    }

    /// Reads an address to send to later. What a name stands for is not looked at: it may be another tomorrow.
    ///
    /// # Errors
    /// What stands against it, for its author.
    pub fn address(&self, text: &str) -> Result<Address, Unfit> {
        let address = Address::parse(text, !self.options.allowed_networks.is_empty())?;
        match address.host() {
            Ok(host) if !self.admits(host, address.is_tls()) => Err(Unfit("must not lie in a private network")),
            _ => Ok(address),
        }
    }

    /// Sends JSON with these headers, their names in small letters, and answers the status. Redirects are statuses like
    /// others.
    pub async fn post(
        &self,
        address: &Address,
        headers: &[(&'static str, String)],
        json: Bytes,
    ) -> Result<u16, SendError> {
        let exchange = self.exchange(address, headers, json);
        let answer = tokio::time::timeout(self.options.timeout, exchange).await.unwrap_or(Err(SendError::Timeout))?;
        let (head, body) = answer.into_parts();
        // A receiver that is still writing shall not see its connection break for nothing.
        let _ = tokio::time::timeout(PATIENCE, Limited::new(body, MAX_ANSWER).collect()).await;
        Ok(head.status.as_u16())
    }

    async fn exchange(
        &self,
        address: &Address,
        headers: &[(&'static str, String)],
        json: Bytes,
    ) -> Result<Response<Incoming>, SendError> {
        let request = request(address, headers, json).ok_or(SendError::Refused)?;
        let stream = self.connect(address).await?;
        if !address.is_tls() {
            return speak(stream, request).await;
        }
        let host = address.host().map_or_else(|name| ServerName::try_from(name.to_owned()).ok(), |ip| Some(ip.into()));
        let tls = self.tls.get_or_init(|| {
            let config = client_config(self.options.extra_roots_pem.as_deref())?;
            Ok(TlsConnector::from(Arc::<ClientConfig>::new(config)))
        });
        let (Ok(tls), Some(host)) = (tls, host) else { return Err(SendError::Tls) };
        speak(tls.connect(host, stream).await.map_err(|_| SendError::Tls)?, request).await
    }

    /// A connection to one of the addresses that were looked at, the first that takes it.
    async fn connect(&self, address: &Address) -> Result<TcpStream, SendError> {
        let found = match address.host() {
            Ok(host) => vec![host],
            Err(name) => self.options.resolver.resolve(name).await.map_err(|_| SendError::Unresolved)?,
        };
        if found.is_empty() {
            return Err(SendError::Unresolved);
        }
        if !found.iter().all(|host| self.admits(*host, address.is_tls())) {
            return Err(SendError::Refused);
        }
        let ends: Vec<_> = found.into_iter().map(|host| SocketAddr::new(host, address.port())).collect();
        TcpStream::connect(ends.as_slice()).await.map_err(|_| SendError::Network)
    }

    /// Whether a host may be reached: everybody's over TLS, and what is allowed by name either way.
    fn admits(&self, host: IpAddr, is_tls: bool) -> bool {
        let allowed = self.options.allowed_networks.iter().any(|network| network.contains(&host.to_canonical()));
        allowed || is_tls && is_public(host)
    }
}

fn request(address: &Address, headers: &[(&'static str, String)], json: Bytes) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::new(Full::from(json));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = address.target().parse::<Uri>().ok()?;
    let head = request.headers_mut();
    head.insert(HOST, address.authority().parse().ok()?);
    head.insert(USER_AGENT, HeaderValue::from_static(concat!("milton/", env!("CARGO_PKG_VERSION"))));
    head.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        head.insert(HeaderName::from_static(name), value.parse().ok()?);
    }
    Some(request)
}

/// One request over a fresh connection, which ends with the answer.
async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, SendError> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_ANSWER);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|_| SendError::Network)?;
    // Ends when `sender` and the answer's body are dropped.
    tokio::spawn(connection);
    sender.send_request(request).await.map_err(|_| SendError::Network)
}
