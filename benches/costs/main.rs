//! One operation again and again, in this process, without a wire: for a profiler, or for a tool that counts.
//!
//! `costs <healthz|read|list|create|forged> <times>`; `scripts/bench costs` runs it under valgrind and counts
//! allocations.
#![allow(missing_docs, clippy::cast_precision_loss)] // figures of a few digits

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use milton::app::{App, AppOptions};
use milton::base::clock::SystemClock;
use milton::base::entropy::SystemEntropy;
use milton::crypto::RootKey;
use milton::domain::actor::{Actor, Caller};
use milton::http::limits::Limits;
use milton::store::{Store, StoreOptions};
use poem::http::uri::Scheme;
use poem::http::{Method, Uri};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Body, Endpoint, Request, RequestParts};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const PLENTY: u32 = 1_000_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Test runners start every target with words of their own: nothing is measured by accident.
    let [operation, times] = arguments.as_slice() else { return ExitCode::SUCCESS };
    let Ok(times) = times.parse() else { return ExitCode::SUCCESS };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(operation, times))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(operation: &str, times: u32) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let entropy = Arc::new(SystemEntropy);
    let options = StoreOptions::at(&folder.path().join("milton.db"), Arc::new(SystemClock), entropy.clone());
    let app = Arc::new(App::new(AppOptions {
        store: Store::open(options, &RootKey::generate(&*entropy))?,
        clock: Arc::new(SystemClock),
        entropy,
        providers: Vec::new(),
        quotas: ["sign-ins", "requests", "requests-of-person", "delegations"]
            .map(|name| (name, PLENTY))
            .into_iter()
            .collect::<HashMap<_, _>>(),
        public_url: "https://localhost".to_owned(),
        outbound: milton::outbound::Options::default(),
        token_cost: milton::crypto::bearer::Cost::STANDARD,
    })?);
    let link = app.create_claim_link(&Caller::local(Actor::Operator)).await?;
    let claim = link.url.expose().split_once('#').ok_or("a link without a token")?.1.to_owned();
    let site = Site(milton::http::endpoint(Arc::clone(&app), &Limits::default(), Vec::new())?);

    let body = json!({"token": claim, "name": "Olga Owner", "email": "owner@milton.test"});
    let owner = site.ask(Method::POST, "/api/v1/auth/link", "", Some(&body)).await?;
    let token = text(&owner, "/token")?;
    let team = site.ask(Method::POST, "/api/v1/teams", &token, Some(&json!({"name": "Operations"}))).await?;
    let list = format!("/api/v1/teams/{}/delegations", text(&team, "/id")?);
    let work = json!({"title": "Renew the lease of the office on the second floor", "priority": "high",
        "body": "Ask for the same terms for two more years. ".repeat(5), "labels": ["office", "contracts"],
        "due_at": "2031-03-06T12:00:00Z", "assignee_id": text(&owner, "/user/id")?, "offer": true});
    let mut one = String::new();
    for _ in 0..51 {
        one = format!("{list}/{}", text(&site.ask(Method::POST, &list, &token, Some(&work)).await?, "/id")?);
    }
    let page = format!("{list}?limit=50");
    let forged: String = token.replace('A', "B").chars().rev().collect();
    let start = Instant::now();
    for _ in 0..times {
        let status = match operation {
            "healthz" => site.status(Method::GET, "/healthz", "", None).await?,
            "read" => site.status(Method::GET, &one, &token, None).await?,
            "list" => site.status(Method::GET, &page, &token, None).await?,
            "create" => site.status(Method::POST, &list, &token, Some(&work)).await?,
            "forged" => site.status(Method::GET, &one, &forged, None).await?,
            _ => return Err("healthz, read, list, create or forged".into()),
        };
        if !matches!(status, 200 | 201 | 401) {
            return Err(format!("{operation} answered {status}").into());
        }
    }
    println!("{operation}: {:.1} µs each", start.elapsed().as_secs_f64() * 1e6 / f64::from(times));
    app.stop().await?;
    Ok(())
}

struct Site<E>(E);

impl<E: Endpoint> Site<E> {
    async fn ask(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> Outcome<Value> {
        let answer = self.0.get_response(request(method, path, token, body)?).await;
        Ok(answer.into_body().into_json().await?)
    }

    async fn status(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> Outcome<u16> {
        let answer = self.0.get_response(request(method, path, token, body)?).await;
        let status = answer.status().as_u16();
        answer.into_body().into_bytes().await?;
        Ok(status)
    }
}

fn request(method: Method, path: &str, token: &str, body: Option<&Value>) -> Outcome<Request> {
    let mut request = poem::http::Request::builder().method(method).uri(path.parse::<Uri>()?);
    request = request.header("user-agent", "bench").header("content-type", "application/json");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let (parts, ()) = request.body(())?.into_parts();
    let local = LocalAddr(Addr::SocketAddr(([127, 0, 0, 1], 443).into()));
    let remote = RemoteAddr(Addr::SocketAddr(([127, 0, 0, 1], 4711).into()));
    let parts = RequestParts::from((parts, local, remote, Scheme::HTTPS));
    Ok(Request::from_parts(parts, body.map_or_else(Body::empty, |body| Body::from_string(body.to_string()))))
}

fn text(json: &Value, pointer: &str) -> Outcome<String> {
    Ok(json.pointer(pointer).and_then(Value::as_str).ok_or_else(|| format!("nothing at {pointer}: {json}"))?.to_owned())
}
