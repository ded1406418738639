//! A whole server in this process: a database in a temporary folder, a clock that stands still, seeded entropy, and
//! people who speak to the API as a client would.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use milton::app::sign_in::Whom;
use milton::app::{App, AppOptions, QuotaFigures};
use milton::base::clock::{Clock, ManualClock, Timestamp};
use milton::base::entropy::SeededEntropy;
use milton::crypto::RootKey;
use milton::crypto::bearer::Cost;
use milton::domain::actor::{Actor, Caller};
use milton::domain::role::Role;
use milton::domain::text::Email;
use milton::http;
use milton::idp::Provider;
use milton::jobs::Jobs;
use milton::jobs::failure_bursts::FailureBursts;
use milton::jobs::token_clean_up::TokenCleanUp;
use milton::outbound;
use milton::store::{Store, StoreOptions};
use poem::endpoint::BoxEndpoint;
use poem::http::uri::Scheme;
use poem::http::{HeaderMap, Method, StatusCode, Uri};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Body, Endpoint, EndpointExt, Request, RequestParts, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Where the server believes to be.
pub const URL: &str = "https://milton.test";

/// A running server.
pub struct World {
    pub app: Arc<App>,
    pub clock: Arc<ManualClock>,
    /// Their timers stand still: a test looks at the clock for them.
    pub jobs: Jobs,
    endpoint: Arc<BoxEndpoint<'static>>,
    folder: TempDir,
}

/// How a world differs from the usual one.
pub struct Options {
    pub quotas: QuotaFigures,
    pub providers: Vec<Provider>,
    pub clock: Arc<ManualClock>,
    pub entropy: Arc<SeededEntropy>,
    pub outbound: outbound::Options,
    pub token_cost: Cost,
}

impl Default for Options {
    /// Sign-ins and requests are as good as unlimited: worlds are peopled from one address in no time.
    fn default() -> Self {
        let start = Timestamp::parse("2026-03-01T09:00:00Z").unwrap();
        Self {
            quotas: HashMap::from([
                ("sign-ins", 100_000),
                ("sign-ins-of-account", 100_000),
                ("requests", 1_000_000),
                ("requests-of-person", 1_000_000),
            ]),
            providers: Vec::new(),
            clock: Arc::new(ManualClock::at(start)),
            entropy: Arc::new(SeededEntropy::new(1)),
            outbound: outbound::Options::default(),
            token_cost: Cost::CHEAP,
        }
    }
}

impl Options {
    /// The same with quotas that are as good as none.
    pub fn unlimited(mut self) -> Self {
        self.quotas.extend(milton::domain::quota::ALL.map(|quota| (quota.name, 1_000_000)));
        self
    }
}

impl World {
    /// A fresh server that nobody has claimed.
    pub fn unclaimed() -> Self {
        Self::with(Options::default())
    }

    /// A fresh server of one's own making.
    pub fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::open(folder, options)
    }

    /// Stops the server and starts it again on the same file. Nobody may hold a `Person` of the old one any more.
    pub async fn restart(self, options: Options) -> Self {
        Self::open(self.stop().await, options)
    }

    /// Stops the server; its files stay as long as the folder is held.
    pub async fn stop(self) -> TempDir {
        self.app.stop().await.unwrap();
        self.folder
    }

    /// A server in this folder: a fresh one, or the one that is there.
    pub fn open(folder: TempDir, options: Options) -> Self {
        Self::open_with(folder, options, |jobs| jobs)
    }

    /// The same, with jobs of a test's own.
    pub fn open_with(folder: TempDir, options: Options, more: impl FnOnce(Jobs) -> Jobs) -> Self {
        let store = Store::open(
            StoreOptions::at(&folder.path().join("milton.db"), options.clock.clone(), options.entropy.clone()),
            &root_key(),
        )
        .unwrap();
        let app = Arc::new(
            App::new(AppOptions {
                store,
                clock: options.clock.clone(),
                entropy: options.entropy,
                providers: options.providers,
                quotas: options.quotas,
                public_url: URL.to_owned(),
                outbound: options.outbound,
                token_cost: options.token_cost,
            })
            .unwrap(),
        );
        let jobs = more(Jobs::of(&app).with(FailureBursts).with(TokenCleanUp)).install(&app);
        let endpoint = http::endpoint(Arc::clone(&app), &http::limits::Limits::default(), Vec::new()).unwrap();
        let endpoint = Arc::new(endpoint.map_to_response().boxed());
        Self { app, clock: options.clock, jobs, endpoint, folder }
    }

    /// A server with an owner, who has just signed in.
    pub async fn claimed() -> (Self, Person) {
        let world = Self::unclaimed();
        let owner = world.claim("Olga Owner").await;
        (world, owner)
    }

    /// Claims the server.
    pub async fn claim(&self, name: &str) -> Person {
        let token = self.claim_token().await;
        let answer = self
            .stranger()
            .post("/api/v1/auth/link", &json!({"token": token, "name": name, "email": "owner@milton.test"}))
            .await
            .expect(201);
        self.person(&answer)
    }

    /// The token of a new claim link.
    pub async fn claim_token(&self) -> String {
        let link = self.app.create_claim_link(&Caller::local(Actor::Operator)).await.unwrap();
        link.url.expose().split_once('#').unwrap().1.to_owned()
    }

    /// Somebody without a token.
    pub fn stranger(&self) -> Person {
        Person {
            endpoint: Arc::clone(&self.endpoint),
            token: None,
            id: String::new(),
            headers: HeaderMap::new(),
            address: "192.0.2.7".parse().unwrap(),
        }
    }

    /// Whoever a sign-in's answer speaks of.
    pub fn person(&self, answer: &Answer) -> Person {
        let text = |pointer| answer.json.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
        Person { token: Some(text("/token")), id: text("/user/id"), ..self.stranger() }
    }

    /// Somebody with this token.
    pub fn holder(&self, token: &str) -> Person {
        Person { token: Some(token.to_owned()), ..self.stranger() }
    }

    /// Founds a team and answers its id.
    pub async fn team(&self, owner: &Person, name: &str) -> String {
        owner.post("/api/v1/teams", &json!({"name": name})).await.expect(201).text("/id")
    }

    /// Invites a new person into a team, who accepts.
    pub async fn join(&self, owner: &Person, team: &str, role: &str, name: &str) -> Person {
        let path = format!("/api/v1/teams/{team}/invitations");
        let token = owner.post(&path, &json!({"role": role})).await.expect(201).text("/token");
        let body = json!({"token": token, "name": name});
        self.person(&self.stranger().post("/api/v1/invitations/accept", &body).await.expect(201))
    }

    /// Gives a person a role in a team, or none, behind the server's back: roles are read anew for each request.
    pub fn cast(&self, team: &str, person: &Person, role: Option<Role>) {
        let rows = self.database();
        rows.execute("DELETE FROM memberships WHERE team_id = ?1 AND user_id = ?2", [team, &person.id]).unwrap();
        if let Some(role) = role {
            let sql = "INSERT INTO memberships (team_id, user_id, role, joined_at) VALUES (?1, ?2, ?3, 0)";
            rows.execute(sql, [team, &person.id, role.as_str()]).unwrap();
        }
    }

    /// Gives a person a role on the server, or none, behind the server's back.
    pub fn cast_on_server(&self, person: &Person, role: Option<Role>) {
        let sql = "UPDATE users SET instance_role = ?2 WHERE id = ?1";
        self.database().execute(sql, (&person.id, role.map(Role::as_str))).unwrap();
    }

    fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("milton.db")).unwrap()
    }

    /// Signs in whoever has this address once more, by a link made on the host.
    pub async fn sign_in(&self, email: &str) -> Person {
        self.sign_in_by_link(Whom::Email(Email::parse("/email", email).unwrap())).await
    }

    /// Signs a person in once more, by a link made on the host.
    pub async fn sign_in_again(&self, person: &Person) -> Person {
        self.sign_in_by_link(Whom::Account(person.id.parse().unwrap())).await
    }

    async fn sign_in_by_link(&self, whom: Whom) -> Person {
        let link = self.app.create_sign_in_link(&Caller::local(Actor::Operator), whom).await.unwrap();
        let token = link.url.expose().split_once('#').unwrap().1.to_owned();
        self.person(&self.stranger().post("/api/v1/auth/link", &json!({"token": token})).await.expect(201))
    }

    /// Rows of the audit log, newest first, as the owner sees them; `query` such as `event=authz.denied`.
    pub async fn audit(&self, owner: &Person, query: &str) -> Vec<Value> {
        let limit = if query.contains("limit=") { "" } else { "limit=100&" };
        let answer = owner.get(&format!("/api/v1/admin/audit?{limit}{query}")).await.expect(200);
        answer.json["items"].as_array().unwrap().clone()
    }

    /// How many rows the audit log has, without leaving one.
    pub fn audit_size(&self) -> i64 {
        match self.app.store().verify_audit().unwrap() {
            milton::store::audit_check::Verified::Sound { rows } => rows,
            other => panic!("{other:?}"),
        }
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves the clock.
    pub fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// The folder of the database.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

/// The root key of every world.
pub fn root_key() -> RootKey {
    RootKey::generate(&SeededEntropy::new(99))
}

/// Somebody who speaks to the API.
#[derive(Clone)]
pub struct Person {
    endpoint: Arc<BoxEndpoint<'static>>,
    pub token: Option<String>,
    pub id: String,
    pub headers: HeaderMap,
    pub address: IpAddr,
}

impl Person {
    /// The same person with one more header on each request.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    /// The same person somewhere else.
    pub fn at(self, address: &str) -> Self {
        Self { address: address.parse().unwrap(), ..self }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Any request. A live stream has no end to wait for: of it, the head is read.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.transmit(method, path, body.map(|body| ("application/json", body.to_string()))).await
    }

    /// A form, as providers send it; the fields are written as they are.
    pub async fn post_form(&self, path: &str, fields: &str) -> Answer {
        let body = Some(("application/x-www-form-urlencoded", fields.to_owned()));
        self.transmit(Method::POST, path, body).await
    }

    async fn transmit(&self, method: Method, path: &str, body: Option<(&str, String)>) -> Answer {
        let response = self.respond(method, path, body).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let is_stream = response.content_type() == Some("text/event-stream");
        let text = if is_stream { String::new() } else { response.into_body().into_string().await.unwrap() };
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        assert!(json.is_null() || !holds_null(&json), "what is not there is left out, as the document says: {text}");
        Answer { status, headers, json, text }
    }

    /// Any request, with the answer's body still to come.
    pub async fn respond(&self, method: Method, path: &str, body: Option<(&str, String)>) -> Response {
        let mut request = poem::http::Request::builder().method(method).uri(path.parse::<Uri>().unwrap());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some((kind, _)) = &body {
            request = request.header("content-type", *kind);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let local = LocalAddr(Addr::SocketAddr("192.0.2.1:443".parse().unwrap()));
        let remote = RemoteAddr(Addr::SocketAddr((self.address, 4711).into()));
        let parts = RequestParts::from((parts, local, remote, Scheme::HTTPS));
        let body = body.map_or_else(Body::empty, |(_, body)| Body::from_string(body));
        let request = Request::from_parts(parts, body);
        self.endpoint.get_response(request).await
    }
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
    pub text: String,
}

impl Answer {
    /// Fails the test unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// Fails the test unless this is the problem of that name.
    #[track_caller]
    pub fn problem(self, status: u16, slug: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.json["type"], format!("/problems/{slug}"), "{}", answer.text);
        answer
    }

    /// The text at a JSON pointer.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> String {
        let found = self.json.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("nothing at {pointer}: {}", self.text)).to_owned()
    }

    /// The value of a header.
    #[track_caller]
    pub fn header(&self, name: &str) -> String {
        let found = self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {:?}", self.headers));
        found.to_str().unwrap().to_owned()
    }
}

fn holds_null(json: &Value) -> bool {
    match json {
        Value::Null => true,
        Value::Array(items) => items.iter().any(holds_null),
        Value::Object(fields) => fields.values().any(holds_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
