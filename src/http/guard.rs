//! Bounds a request's body, alone and together with all others, and reads a bounded rest of it when the answer came first.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::budget::Share;

/// How long the rest of a body may take when the answer is ready.
const DRAIN_TIME: Duration = Duration::from_secs(5);

struct Inner {
    body: Incoming,
    /// Bytes that may still come.
    left: usize,
    /// What it holds of the memory for all bodies, until the request is answered.
    share: Share,
    /// Whether the bytes are kept: what is drained is thrown away.
    keeps: bool,
    /// Whether anybody has asked for the body: until then a client that sent `Expect` holds it back.
    asked: bool,
}

impl Inner {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.asked = true;
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| {
            let frame = frame.map_err(io::Error::other)?;
            let size = frame.data_ref().map_or(0, Bytes::len);
            self.left = self.left.checked_sub(size).ok_or(io::ErrorKind::FileTooLarge)?;
            if self.keeps && !self.share.take(size) {
                return Err(io::ErrorKind::QuotaExceeded.into());
            }
            Ok(frame)
        }))
    }
}

type Shared = Arc<Mutex<Inner>>;

fn lock(shared: &Shared) -> std::sync::MutexGuard<'_, Inner> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The handler's side: ends with `FileTooLarge` beyond the limit, and with `QuotaExceeded` when there is no memory left.
struct Guarded(Shared);

impl Body for Guarded {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        lock(&self.0).poll(cx)
    }

    fn is_end_stream(&self) -> bool {
        lock(&self.0).body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        lock(&self.0).body.size_hint()
    }
}

/// The listener's side: what the handler did not read.
pub struct Rest(Option<Shared>);

/// Lets at most `limit` bytes of `body` through to the handler, as long as `share` gets them.
pub fn guard(body: Incoming, limit: usize, share: Share) -> (poem::Body, Rest) {
    if body.is_end_stream() {
        return (poem::Body::empty(), Rest(None));
    }
    let shared = Arc::new(Mutex::new(Inner { body, left: limit, share, keeps: true, asked: false }));
    (poem::Body::from(Guarded(Arc::clone(&shared)).boxed()), Rest(Some(shared)))
}

impl Rest {
    /// Reads up to `most` bytes that the handler left. `true` when the body is at its end, so that the connection can
    /// be used again; a client that still waits with its body (`expects`) is not asked for it any more.
    pub async fn drain(self, most: usize, expects: bool) -> bool {
        let Some(shared) = self.0 else { return true };
        {
            let mut inner = lock(&shared);
            if inner.body.is_end_stream() {
                return true;
            }
            if expects && !inner.asked {
                return false;
            }
            inner.left = most;
            inner.keeps = false;
            inner.share.give_back();
        }
        let read = async {
            loop {
                match poll_fn(|cx| lock(&shared).poll(cx)).await {
                    None => return true,
                    Some(Ok(_)) => {}
                    Some(Err(_)) => return false,
                }
            }
        };
        tokio::time::timeout(DRAIN_TIME, read).await.unwrap_or(false)
    }
}
