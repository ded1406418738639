//! The real binary, serving, and a client that speaks to it over TLS and trusts its authority alone.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustix::process::{Pid, Signal, kill_process};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

/// `milton dev` on a free port; killed when dropped.
pub struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    pub url: String,
    pub ca_file: PathBuf,
    /// The token of the claim link, while there is no owner.
    pub claim: Option<String>,
}

impl Server {
    /// Starts it on `folder/milton-data` and waits until it listens.
    pub fn start(folder: &Path) -> Self {
        Self::with(folder, &[])
    }

    /// With environment variables.
    pub fn with(folder: &Path, env: &[(&str, &str)]) -> Self {
        let log = File::create(folder.join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_milton"));
        command.args(["dev", "--json", "--port", "0"]).current_dir(folder).env_clear().envs(env.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("{line:?} {}", std::fs::read_to_string(folder.join("log")).unwrap()));
        assert_eq!(line["event"], "listening");
        let text = |field: &str| line[field].as_str().map(str::to_owned);
        Self {
            child,
            out,
            url: text("url").unwrap(),
            // Without a local authority a test puts its own certificate there.
            ca_file: text("ca_file").map_or_else(|| folder.join("cert.pem"), Into::into),
            claim: text("claim_url").map(|url| token(&url)),
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end; how it ended and how long that took.
    pub fn wait(&mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        let mut rest = String::new();
        while self.out.read_line(&mut rest).unwrap() > 0 {}
        assert_eq!(rest, "", "one line is all that a program has to read");
        (self.child.wait().unwrap(), start.elapsed())
    }

    /// Stops it as a service manager would.
    pub fn stop(mut self) {
        self.signal(Signal::TERM);
        let (status, _) = self.wait();
        assert_eq!(status.code(), Some(0));
    }

    /// A client that has no token yet.
    pub fn client(&self) -> Client {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.ca_file).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider);
        let config = builder.with_protocol_versions(&[&rustls::version::TLS13]).unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1().build();
        let http = legacy::Client::builder(TokioExecutor::new()).build(connector);
        Client { url: self.url.clone(), http, token: None }
    }

    /// The same person at this server, after a restart.
    pub fn meet_again(&self, person: &Client) -> Client {
        Client { token: person.token.clone(), ..self.client() }
    }

    /// Signs in by a link's token; `name` and `email` are those of a new owner.
    pub async fn sign_in(&self, token: &str, owner: Option<(&str, &str)>) -> Client {
        let mut body = json!({"token": token});
        if let Some((name, email)) = owner {
            body["name"] = json!(name);
            body["email"] = json!(email);
        }
        let mut client = self.client();
        let answer = client.post("/api/v1/auth/link", body).await;
        client.token = Some(answer.expect(201)["token"].as_str().unwrap().to_owned());
        client
    }

    /// Makes Ana the owner with the link that was printed at the start.
    pub async fn claim(&self) -> Client {
        self.sign_in(self.claim.as_ref().unwrap(), Some(("Ana", "ana@example.org"))).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The token that stands behind `#` in a link.
pub fn token(url: &str) -> String {
    url.split_once('#').unwrap().1.to_owned()
}

/// Somebody at the API. Clones share connections.
#[derive(Clone)]
pub struct Client {
    url: String,
    http: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    pub token: Option<String>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Answer {
    /// The JSON in an answer that must have this status.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }
}

impl Client {
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body)).await.unwrap()
    }

    /// Sends a request; an error means that there was no whole answer.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let (head, body) = self.http.request(request.body(Full::from(body))?).await?.into_parts();
        Ok(Answer { status: head.status, headers: head.headers, bytes: body.collect().await?.to_bytes() })
    }

    /// Opens a live stream, behind the id `last`.
    pub async fn listen(&self, last: Option<&str>) -> Incoming {
        let mut request = Request::builder().uri(format!("{}/api/v1/events", self.url));
        request = request.header("authorization", format!("Bearer {}", self.token.as_ref().unwrap()));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let answer = self.http.request(request.body(Full::default()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body()
    }

    /// Founds a team and gives its path below `/api/v1`.
    pub async fn found_team(&self) -> String {
        let team = self.post("/api/v1/teams", json!({"name": "Harbour"})).await.expect(201);
        format!("/api/v1/teams/{}", team["id"].as_str().unwrap())
    }
}
