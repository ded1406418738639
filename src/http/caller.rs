//! Who asks: the first argument of every operation. poem-openapi extracts arguments in the declared order and stops at
//! the first that fails, so this is the gate before all others.

use std::ops::Deref;
use std::sync::Arc;

use poem::http::{HeaderMap, Method, header};
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::body::unreadable;
use super::cookie;
use super::limits;
use super::problem::Failure;
use super::request_id::RequestId;
use super::surplus;
use crate::app::App;
use crate::base::secret::Secret;
use crate::domain::actor::{Actor, Caller, SignedIn};
use crate::domain::idempotency::Mark;
use crate::domain::session::SessionKind;
use crate::domain::{AuthFailure, Error, quota};

/// What the console sends with every request, so that no foreign page can: a form cannot set a header.
pub const CONSOLE_HEADER: &str = "milton-console";

/// What a client calls a request that it may send again.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The most of a `User-Agent` that is kept, in bytes.
const USER_AGENT: usize = 256;

/// The security scheme's name in the document.
const SCHEME: &str = "BearerToken";

/// Somebody signed in: by `Authorization: Bearer`, which takes sessions and API keys, or by the console's cookie, which
/// takes console sessions alone.
pub struct Member {
    /// Who, and from where.
    pub caller: Caller,
    /// The sign-in or key behind it.
    pub signed_in: SignedIn,
    /// The app they ask.
    pub app: Arc<App>,
    /// What their request is called, when they may send it again (`Idempotency-Key`).
    pub mark: Option<Mark>,
}

/// Anybody: signed in when they show a token, which must then be good; a stranger otherwise. A cookie may be stale:
/// browsers send it until its day is over, and no script can take it away, so it must not stand in the way of a new
/// sign-in.
pub struct Visitor {
    /// Who, and from where.
    pub caller: Caller,
    /// The app they ask.
    pub app: Arc<App>,
    /// Whether this is the console, which keeps its token in a cookie.
    pub console: bool,
    /// The login cookie, when they are on their way back from a provider.
    pub login_cookie: Option<String>,
    /// Whether this opens a page, as far as the browser says: an image of a foreign page leads nobody to a provider.
    pub is_document: bool,
    /// The mark of their browser, when it was signed in with before.
    pub device_mark: Option<Secret<String>>,
}

impl Visitor {
    /// The same circumstances, and nobody in particular: browsers on their way to a provider and back may show a session
    /// or not, as their rules for cookies have it, and it is of no matter.
    pub fn anybody(&self) -> Caller {
        Caller { actor: Actor::Anonymous, ..self.caller.clone() }
    }
}

impl Deref for Member {
    type Target = App;
    fn deref(&self) -> &App {
        &self.app
    }
}

impl Deref for Visitor {
    type Target = App;
    fn deref(&self) -> &App {
        &self.app
    }
}

fn app(request: &Request) -> Result<Arc<App>, Error> {
    request.data::<Arc<App>>().cloned().ok_or_else(|| Error::internal("a request without an app"))
}

/// The circumstances of a request; nobody in particular acts yet.
fn stranger(request: &Request) -> Caller {
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Caller {
        actor: Actor::Anonymous,
        request_id: RequestId::of(request).as_str().to_owned(),
        client_request_id: RequestId::of_client(request),
        address: request.remote_addr().as_socket_addr().map(|address| address.ip().to_canonical()),
        user_agent: agent.map(|agent| agent.chars().take(USER_AGENT).collect()),
    }
}

/// What a request shows of itself.
enum Shown<'a> {
    Token(&'a str),
    Cookie(&'a str),
}

fn shown(headers: &HeaderMap) -> Result<Option<Shown<'_>>, AuthFailure> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|value| value.split_once(' '));
        return match token {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(Shown::Token(token.trim()))),
            _ => Err(AuthFailure::Invalid),
        };
    }
    Ok(cookie::read(headers, cookie::SESSION).map(Shown::Cookie))
}

/// Whether a request with a cookie comes from our own console: safe methods change nothing, the others must say so.
fn is_own_page(request: &Request, public_url: &str) -> bool {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let same_origin = match text("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => text("origin") == Some(public_url),
    };
    same_origin && is_console(request)
}

fn is_console(request: &Request) -> bool {
    request.headers().get(CONSOLE_HEADER).is_some_and(|value| value == "1")
}

/// Who is behind what a request shows. One request of theirs is spent as soon as they are known, before anything of it
/// can leave a row.
async fn authenticate(app: &App, request: &Request, stranger: &Caller) -> Result<Option<SignedIn>, Error> {
    let shown = match shown(request.headers()) {
        Ok(shown) => shown,
        Err(failure) => return app.refuse_token(stranger, failure).await,
    };
    match shown {
        None => Ok(None),
        Some(Shown::Token(token)) => recognize(app, stranger, token).await.map(Some),
        Some(Shown::Cookie(token)) => {
            let signed_in = recognize(app, stranger, token).await?;
            let is_console = signed_in.session().is_ok_and(|session| session.kind == SessionKind::Console);
            if !is_console || !is_own_page(request, app.public_url()) {
                return app.refuse_foreign_page(&known(stranger, signed_in)).await;
            }
            Ok(Some(signed_in))
        }
    }
}

async fn recognize(app: &App, stranger: &Caller, token: &str) -> Result<SignedIn, Error> {
    let signed_in = app.authenticate(stranger, token).await?;
    app.spend(&known(stranger, signed_in), quota::REQUESTS_OF_PERSON).await?;
    Ok(signed_in)
}

fn known(stranger: &Caller, signed_in: SignedIn) -> Caller {
    Caller { actor: Actor::User(signed_in), ..stranger.clone() }
}

/// What a request is called by its client. Its body is read for that, and put back.
async fn mark(request: &Request, body: &mut RequestBody) -> Result<Option<Mark>, Failure> {
    let Some(key) = request.headers().get(IDEMPOTENCY_KEY).filter(|_| *request.method() == Method::POST) else {
        return Ok(None);
    };
    let limit = limits::most_at(request.uri().path());
    let bytes = match body.take() {
        Ok(body) => body.into_bytes_limit(limit).await.map_err(|error| unreadable(error, limit))?,
        Err(error) => return Err(Error::internal(error).into()),
    };
    let path = request.uri().path();
    let mark = Mark::parse(key.to_str().unwrap_or_default(), request.method().as_str(), path, &bytes)?;
    *body = RequestBody::new(bytes.into());
    Ok(Some(mark))
}

impl<'a> ApiExtractor<'a> for Member {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let about = "A session's token (`mlt_s_…`) or an API key (`mlt_k_…`), each shown once. The console uses a cookie \
            instead, which holds no key.";
        registry.create_security_scheme(
            SCHEME,
            MetaSecurityScheme {
                ty: "http",
                description: Some(about),
                name: None,
                key_in: None,
                scheme: Some("bearer"),
                bearer_format: Some("mlt_<s|k>_<selector><secret><mac>"),
                flows: None,
                openid_connect_url: None,
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let app = app(request).map_err(Failure::from)?;
        let stranger = stranger(request);
        app.spend(&stranger, quota::REQUESTS).await.map_err(Failure::from)?;
        let signed_in = authenticate(&app, request, &stranger).await.map_err(Failure::from)?;
        let signed_in = signed_in.ok_or(Failure::from(AuthFailure::Missing))?;
        surplus::refuse(request, body).await?;
        let mark = mark(request, body).await?;
        Ok(Self { caller: known(&stranger, signed_in), signed_in, app, mark })
    }
}

impl<'a> ApiExtractor<'a> for Visitor {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::PoemExtractor];
    type ParamType = ();
    type ParamRawType = ();

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let app = app(request).map_err(Failure::from)?;
        let stranger = stranger(request);
        app.spend(&stranger, quota::REQUESTS).await.map_err(Failure::from)?;
        let has_header = request.headers().contains_key(header::AUTHORIZATION);
        let caller = match authenticate(&app, request, &stranger).await {
            Ok(Some(signed_in)) => known(&stranger, signed_in),
            Ok(None) => stranger,
            Err(Error::Unauthenticated(_)) if !has_header => stranger,
            Err(error) => return Err(Failure::from(error).into()),
        };
        let login_cookie = cookie::read(request.headers(), cookie::LOGIN).map(ToOwned::to_owned);
        let device_mark = cookie::read(request.headers(), cookie::DEVICE).map(|mark| Secret::new(mark.to_owned()));
        let fetched = request.headers().get("sec-fetch-dest");
        let is_document = fetched.is_none_or(|what| what == "document");
        Ok(Self { caller, app, console: is_console(request), login_cookie, is_document, device_mark })
    }
}
