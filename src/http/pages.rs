//! Static pages and files: from memory, with strong validators and, where it pays, compressed once.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::web::{Compress, CompressionAlgo};
use poem::{IntoResponse, Request, Response};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::problem::{Failure, Wire};

/// Smaller files travel as they are, in bytes.
const WORTH_COMPRESSING: usize = 1_400;

/// The methods of every page.
pub const ALLOW: &str = "GET, HEAD, OPTIONS";

/// One page or file.
pub struct Page {
    body: Bytes,
    content_type: &'static str,
    policy: &'static str,
    /// The content's digest.
    tag: String,
    /// Made when first asked for. Only files that are the same for everybody are compressed: no secret stands beside
    /// chosen text (BREACH).
    gzip: OnceCell<Bytes>,
}

impl Page {
    /// A page with its media type and content security policy.
    pub fn new(body: impl Into<Bytes>, content_type: &'static str, policy: &'static str) -> Self {
        let body = body.into();
        let tag = URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..12]);
        Self { body, content_type, policy, tag, gzip: OnceCell::new() }
    }

    async fn answer(&self, request: &Request) -> Response {
        let gzip = self.compressible() && accepts_gzip(request);
        let tag = format!("\"{}{}\"", self.tag, if gzip { "-gz" } else { "" });
        let mut answer = Response::builder()
            .header(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(self.policy))
            // Kept, but asked for each time: a new version of the program shows at once.
            .header(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))
            .header(header::ETAG, &tag);
        if self.compressible() {
            answer = answer.header(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if has(request, &tag) {
            return answer.status(StatusCode::NOT_MODIFIED).finish();
        }
        answer = answer.header(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if !gzip {
            return answer.body(self.body.clone());
        }
        answer = answer.header(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        answer.body(self.gzip.get_or_init(|| compress(self.body.clone())).await.clone())
    }

    fn compressible(&self) -> bool {
        let text = ["text/", "application/json", "application/yaml", "image/svg"];
        self.body.len() >= WORTH_COMPRESSING && text.iter().any(|kind| self.content_type.starts_with(kind))
    }
}

async fn compress(body: Bytes) -> Bytes {
    let squeezed = Compress::new(Response::builder().body(body), CompressionAlgo::GZIP).into_response();
    squeezed.into_body().into_bytes().await.unwrap_or_default()
}

fn accepts_gzip(request: &Request) -> bool {
    let mut codings = request.header(header::ACCEPT_ENCODING).unwrap_or_default().split(',').map(str::trim);
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

/// `If-None-Match` compares weakly (RFC 9110, 13.1.2).
fn has(request: &Request, tag: &str) -> bool {
    let mut known = request.header(header::IF_NONE_MATCH).unwrap_or_default().split(',').map(str::trim);
    known.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// All pages by path.
#[derive(Default)]
pub struct Pages(HashMap<String, Page>);

impl Pages {
    /// Puts a page at a path.
    pub fn add(&mut self, path: impl Into<String>, page: Page) {
        self.0.insert(path.into(), page);
    }

    /// Whether a page stands at this path.
    pub fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Answers a request for a page.
    ///
    /// # Errors
    /// `NoRoute` when nothing stands there, `MethodNotAllowed` for anything but GET, HEAD and OPTIONS.
    pub async fn answer(&self, request: &Request) -> Result<Response, Failure> {
        let page = self.0.get(request.uri().path()).ok_or(Wire::NoRoute)?;
        match *request.method() {
            Method::GET => Ok(page.answer(request).await),
            Method::HEAD => {
                let mut response = page.answer(request).await;
                response.set_body(());
                Ok(response)
            }
            _ => Err(Wire::MethodNotAllowed(ALLOW.to_owned()).into()),
        }
    }
}
