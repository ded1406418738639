//! An OpenID provider on loopback that is honest until it is told to lie.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::{Request, Response, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use milton::base::clock::Clock;
use openidconnect::url::{Url, form_urlencoded};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

mod lie;
mod signer;
mod tokens;

pub use lie::{At, Lie};
use signer::Signer;

pub const CLIENT_ID: &str = "milton-test";
pub const CLIENT_SECRET: &str = "a secret: with/odd+characters";
const OTHER_CLIENT: &str = "another-client";

/// Who signs in.
#[derive(Clone, Debug)]
pub struct Account {
    pub subject: String,
    pub email: String,
    pub email_verified: bool,
    pub name: String,
    pub hosted_domain: Option<String>,
}

impl Account {
    /// A verified account.
    pub fn new(name: &str, email: &str) -> Self {
        let (name, email) = (name.to_owned(), email.to_owned());
        Self { subject: format!("sub-{email}"), email, email_verified: true, name, hosted_domain: None }
    }
}

/// The provider. It stops when it is dropped.
pub struct LyingProvider {
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    issuer: String,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// The token endpoint answers while nobody holds it.
    gate: tokio::sync::RwLock<()>,
}

struct State {
    lie: Lie,
    account: Account,
    signer: Signer,
    codes: Vec<Grant>,
    access_tokens: Vec<(String, Account)>,
    /// Whether refresh tokens are given out, and which are good.
    renews: bool,
    refresh_tokens: Vec<String>,
    revoked: Vec<String>,
    /// What the provider calls its own session.
    sid: Option<String>,
    hits: Vec<String>,
}

/// A code that was given out and not used.
struct Grant {
    code: String,
    nonce: String,
    challenge: String,
    redirect_uri: String,
    account: Account,
    /// Whether the person was to sign in anew.
    anew: bool,
}

type Answer = Response<BoxBody<Bytes, Infallible>>;

impl LyingProvider {
    /// Starts on a free port of 127.0.0.1; times in its tokens come from `clock`.
    pub async fn start(lie: Lie, clock: Arc<dyn Clock>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let state = State {
            lie,
            account: Account::new("Ana Lima", "ana@example.com"),
            signer: Signer::new(),
            codes: Vec::new(),
            access_tokens: Vec::new(),
            renews: false,
            refresh_tokens: Vec::new(),
            revoked: Vec::new(),
            sid: None,
            hits: Vec::new(),
        };
        let shared = Arc::new(Shared { issuer, clock, state: Mutex::new(state), gate: tokio::sync::RwLock::default() });
        let server = tokio::spawn(serve(listener, Arc::clone(&shared)));
        if lie == Lie::Down {
            server.abort();
        }
        Self { shared, server }
    }

    /// The issuer, as an honest provider would name itself.
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// Lies differently from now on.
    pub fn lie(&self, lie: Lie) {
        self.shared.state().lie = lie;
    }

    /// Who signs in from now on.
    pub fn account(&self, account: Account) {
        self.shared.state().account = account;
    }

    /// Signs with a new key from now on, and publishes that one alone.
    pub fn rotate_key(&self) {
        self.shared.state().signer.rotate();
    }

    /// Is down from now on.
    pub fn stop(&self) {
        self.server.abort();
    }

    /// How often a path was asked for.
    pub fn hits(&self, path: &str) -> usize {
        self.shared.state().hits.iter().filter(|hit| *hit == path).count()
    }

    /// Plays the browser: opens the authorize address and returns the query string that the callback gets.
    pub async fn browse(&self, authorize_url: &str) -> String {
        assert!(authorize_url.starts_with(self.issuer()), "{authorize_url}");
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let answer = client.get(authorize_url.parse().unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FOUND);
        let location = answer.headers()[header::LOCATION].to_str().unwrap();
        Url::parse(location).unwrap().query().unwrap().to_owned()
    }
}

impl Drop for LyingProvider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// One parameter of a query string or form.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(|request| answer(&shared, request));
            // A client that hangs up on an endless answer is what the tests want.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let (head, body) = request.into_parts();
    let form = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let path = head.uri.path();
    shared.state().hits.push(path.to_owned());
    let at = match path {
        "/.well-known/openid-configuration" => At::Discovery,
        "/keys" => At::Keys,
        "/token" => At::Token,
        "/userinfo" => At::UserInfo,
        "/revoke" => At::Revoke,
        _ if path.starts_with("/honest") => return Ok(json_answer(StatusCode::OK, &shared.discovery(Lie::None))),
        _ => return Ok(shared.authorize(head.uri.query().unwrap_or_default())),
    };
    let lie = shared.state().lie;
    if let Some(answer) = transport_lie(lie, at).await {
        return Ok(answer);
    }
    let credentials = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Ok(match at {
        At::Discovery => json_answer(StatusCode::OK, &shared.discovery(lie)),
        At::Keys => json_answer(StatusCode::OK, &json!({ "keys": [shared.state().signer.public_key()] })),
        At::Token => {
            let _open = shared.gate.read().await;
            if parameter(&form, "grant_type").as_deref() == Some("refresh_token") {
                shared.renew(credentials, &form)
            } else {
                shared.token(lie, credentials, &form)
            }
        }
        At::Revoke => shared.revoke(credentials, &form),
        At::UserInfo => shared.user_info(lie, credentials),
    })
}

/// The lies that are told below the protocol.
async fn transport_lie(lie: Lie, here: At) -> Option<Answer> {
    match lie {
        Lie::Redirect(at) if at == here => Some(redirect("/honest")),
        Lie::Slow(at) if at == here => std::future::pending().await,
        Lie::Endless(at) if at == here => Some(typed(StatusCode::OK, BoxBody::new(Endless))),
        Lie::Huge(at) if at == here => {
            let padding = " ".repeat(2 * 1024 * 1024);
            Some(typed(StatusCode::OK, Full::from(format!("{{{padding}}}")).boxed()))
        }
        Lie::Garbage(at) if at == here => Some(typed(StatusCode::OK, Full::from("<html>").boxed())),
        _ => None,
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn discovery(&self, lie: Lie) -> Value {
        let issuer = &self.issuer;
        let weak = lie == Lie::WeakAlgorithms;
        json!({
            "issuer": if lie == Lie::DiscoveryIssuer { "https://evil.example" } else { issuer },
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": if lie == Lie::InsecureEndpoint { "http://192.0.2.1/token".to_owned() } else { format!("{issuer}/token") },
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/keys"),
            "revocation_endpoint": format!("{issuer}/revoke"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            // An honest provider may offer weak ones as well; nobody has to take them.
            "id_token_signing_alg_values_supported": if weak { json!(["none", "HS256"]) } else { json!(["RS256", "HS256", "none"]) },
            "authorization_response_iss_parameter_supported": true,
        })
    }

    /// Everybody consents at once.
    fn authorize(&self, query: &str) -> Answer {
        let get = |name| parameter(query, name).unwrap_or_default();
        let wanted = [("client_id", CLIENT_ID), ("response_type", "code"), ("code_challenge_method", "S256")];
        if wanted.iter().any(|(name, value)| get(name) != *value) || get("scope") != "openid email profile" {
            return json_answer(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_request" }));
        }
        let mut state = self.state();
        let code = format!("code-{}", state.hits.len());
        let mut callback = Url::parse(&get("redirect_uri")).unwrap();
        callback.query_pairs_mut().append_pair("code", &code).append_pair("state", &get("state"));
        match state.lie {
            Lie::NoCallbackIssuer => {}
            Lie::CallbackIssuer => drop(callback.query_pairs_mut().append_pair("iss", "https://evil.example")),
            _ => drop(callback.query_pairs_mut().append_pair("iss", &self.issuer)),
        }
        let account = state.account.clone();
        let (nonce, challenge, redirect_uri) = (get("nonce"), get("code_challenge"), get("redirect_uri"));
        let anew = get("prompt") == "login" && get("max_age") == "0";
        state.codes.push(Grant { code, nonce, challenge, redirect_uri, account, anew });
        redirect(callback.as_str())
    }

    fn token(&self, lie: Lie, credentials: &str, form: &str) -> Answer {
        let get = |name| parameter(form, name).unwrap_or_default();
        let refuse = |code| json_answer(StatusCode::BAD_REQUEST, &json!({ "error": code }));
        if credentials != basic_credentials() {
            return refuse("invalid_client");
        }
        let mut state = self.state();
        let Some(place) = state.codes.iter().position(|grant| grant.code == get("code")) else {
            return refuse("invalid_grant"); // never given out, or used before
        };
        let grant = state.codes.remove(place);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(get("code_verifier")));
        if challenge != grant.challenge || get("redirect_uri") != grant.redirect_uri {
            return refuse("invalid_grant");
        }
        let access_token = format!("access-{}", grant.code);
        let mut claims = self.claims(lie, &grant, &access_token);
        if let Some(sid) = &state.sid {
            claims["sid"] = sid.as_str().into();
        }
        let id_token = state.signer.id_token(lie, claims);
        state.access_tokens.push((access_token.clone(), grant.account));
        let mut answer = json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": 3600 });
        if state.renews {
            answer["refresh_token"] = state.new_refresh_token().into();
        }
        if lie != Lie::NoIdToken {
            answer["id_token"] = id_token.into();
        }
        json_answer(StatusCode::OK, &answer)
    }

    fn claims(&self, lie: Lie, grant: &Grant, access_token: &str) -> Value {
        let now = self.clock.now().seconds();
        let account = &grant.account;
        let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(access_token)[..16]);
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT_ID, "sub": account.subject, "nonce": grant.nonce,
            "iat": now, "exp": now + 300, "at_hash": hash, "name": account.name,
            "email": account.email, "email_verified": account.email_verified,
        });
        match lie {
            Lie::NoAuthTime => {}
            Lie::AuthTime(seconds) => claims["auth_time"] = json!(now + seconds),
            _ if grant.anew => claims["auth_time"] = json!(now),
            _ => {}
        }
        if let Some(domain) = &account.hosted_domain {
            claims["hd"] = domain.as_str().into();
        }
        let (claim, value) = match lie {
            Lie::TokenIssuer => ("iss", json!("https://evil.example")),
            Lie::Audience => ("aud", json!(OTHER_CLIENT)),
            Lie::SeveralAudiencesNoParty => ("aud", json!([CLIENT_ID, OTHER_CLIENT])),
            Lie::SeveralAudiencesWrongParty => {
                claims["aud"] = json!([CLIENT_ID, OTHER_CLIENT]);
                ("azp", json!(OTHER_CLIENT))
            }
            Lie::SeveralAudiencesOurParty => {
                claims["aud"] = json!([OTHER_CLIENT, CLIENT_ID]);
                ("azp", json!(CLIENT_ID))
            }
            Lie::WrongParty => ("azp", json!(OTHER_CLIENT)),
            Lie::Nonce => ("nonce", json!("of another sign-in")),
            Lie::NoNonce => ("nonce", Value::Null),
            Lie::Expired(seconds) => ("exp", json!(now - seconds)),
            Lie::Future(seconds) => ("iat", json!(now + seconds)),
            Lie::AccessTokenHash => ("at_hash", json!(URL_SAFE_NO_PAD.encode([7; 16]))),
            Lie::EmptySubject => ("sub", json!("")),
            Lie::EmailAtUserInfo | Lie::OtherSubjectAtUserInfo | Lie::Redirect(At::UserInfo) => ("email", Value::Null),
            _ => return claims,
        };
        claims[claim] = value;
        claims
    }

    fn user_info(&self, lie: Lie, credentials: &str) -> Answer {
        let state = self.state();
        let token = credentials.strip_prefix("Bearer ").unwrap_or_default();
        let Some((_, account)) = state.access_tokens.iter().find(|(known, _)| known == token) else {
            return json_answer(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_token" }));
        };
        let subject = if lie == Lie::OtherSubjectAtUserInfo { "somebody-else" } else { &account.subject };
        let (email, verified) = (&account.email, account.email_verified);
        json_answer(StatusCode::OK, &json!({ "sub": subject, "email": email, "email_verified": verified }))
    }
}

/// HTTP Basic, with both parts form-encoded first (RFC 6749, 2.3.1).
fn basic_credentials() -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET))))
}

fn json_answer(status: StatusCode, value: &Value) -> Answer {
    typed(status, Full::from(value.to_string()).boxed())
}

fn typed(status: StatusCode, body: BoxBody<Bytes, Infallible>) -> Answer {
    Response::builder().status(status).header(header::CONTENT_TYPE, "application/json").body(body).unwrap()
}

fn redirect(location: &str) -> Answer {
    let answer = Response::builder().status(StatusCode::FOUND).header(header::LOCATION, location);
    answer.body(Full::default().boxed()).unwrap()
}

/// Headers, and then nothing, for ever.
struct Endless;

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}
