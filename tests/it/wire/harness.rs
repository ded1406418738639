//! The toy behind the real listener on a real socket, and clients that speak HTTP/1.1, HTTP/2 or nonsense.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use milton::base::clock::{Clock as _, SystemClock};
use milton::base::entropy::SystemEntropy;
use milton::http::limits::Limits;
use milton::http::local_ca::LocalCa;
use milton::http::server::serve;
use milton::http::site::Site;
use milton::http::tls::{Certificate, server_config};
use poem::Endpoint;
use poem_openapi::OpenApiService;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::toy::Toy;

pub const TRUSTED_ORIGIN: &str = "https://app.example.org";

pub struct Wire {
    pub address: SocketAddr,
    pub certificate: Arc<Certificate>,
    pub ca: LocalCa,
    roots: Arc<rustls::RootCertStore>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// An answer, read to its end.
pub type Answer = Response<Bytes>;

impl Wire {
    pub async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    pub async fn with(limits: Limits) -> Self {
        let site = Site {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            origins: vec![TRUSTED_ORIGIN.to_owned()],
            request_timeout: limits.request,
            max_headers: limits.header_fields,
        };
        Self::over(site.build(OpenApiService::new(Toy, "Toy", "1")).unwrap(), limits, || {}).await
    }

    /// The listener over a site of one's own; `stopping` is told when it shall stop, before it does.
    pub async fn over(
        endpoint: impl Endpoint + 'static,
        limits: Limits,
        stopping: impl FnOnce() + Send + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = LocalCa::open(folder.path(), SystemClock.now()).unwrap();
        let certificate = Certificate::new(ca.issue(SystemClock.now()).unwrap());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca.certificate_file()).unwrap()).unwrap();
        let tls = Arc::new(server_config(Arc::<Certificate>::clone(&certificate)).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, endpoint, tls, limits, async {
            let _ = stopped.await;
            stopping();
        }));
        Self { address, certificate, ca, roots: Arc::new(roots), stop, task }
    }

    /// Stops the server; how long that took.
    pub async fn stop(self) -> Duration {
        let start = Instant::now();
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
        start.elapsed()
    }

    pub async fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub async fn tls(&self, protocol: &str) -> std::io::Result<TlsStream<TcpStream>> {
        self.tls_as(protocol, "localhost").await
    }

    pub async fn tls_as(&self, protocol: &str, name: &'static str) -> std::io::Result<TlsStream<TcpStream>> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder =
            rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_root_certificates(Arc::clone(&self.roots)).with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let name = ServerName::try_from(name).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(self.address).await?).await
    }

    /// Sends bytes over TLS as they are and reads until the server closes.
    pub async fn raw(&self, text: &str) -> String {
        let mut stream = self.tls("http/1.1").await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }

    pub async fn h1(&self, request: Request<Full<Bytes>>) -> Answer {
        let io = TokioIo::new(self.tls("http/1.1").await.unwrap());
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        collect(sender.send_request(request).await.unwrap()).await
    }

    pub async fn h2(&self, request: Request<Full<Bytes>>) -> Answer {
        let io = TokioIo::new(self.tls("h2").await.unwrap());
        let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        collect(sender.send_request(request).await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.h1(request("GET", path, "")).await
    }

    /// Posts JSON text over HTTP/1.1.
    pub async fn post(&self, path: &str, body: &str) -> Answer {
        let mut request = request("POST", path, body.to_owned());
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        self.h1(request).await
    }
}

async fn collect(response: Response<hyper::body::Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

pub fn request(method: &str, path: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(format!("https://localhost{path}")).header("host", "localhost");
    request.body(Full::new(body.into())).unwrap()
}

pub async fn read_to_end(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

pub fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The problem in an answer, after a look at what every problem has.
pub fn problem(answer: &Answer, status: u16, slug: &str) -> Value {
    let body: Value =
        serde_json::from_slice(answer.body()).unwrap_or_else(|_| panic!("{} {:?}", answer.status(), answer.body()));
    assert_eq!(answer.status(), status, "{body}");
    assert_eq!(header(answer, "content-type"), "application/problem+json");
    assert_eq!(body["type"], format!("/problems/{slug}"));
    assert_eq!(body["status"], status);
    assert_eq!(body["instance"], header(answer, "x-request-id"));
    assert_ne!(body["instance"], "");
    assert_eq!(header(answer, "strict-transport-security"), "max-age=63072000; includeSubDomains");
    assert_eq!(header(answer, "cache-control"), "no-store");
    body
}

/// The pointers of a 422.
pub fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|field| field["pointer"].as_str().unwrap()).collect()
}
