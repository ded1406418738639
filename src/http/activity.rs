//! What a connection is doing: how many requests run on it, and since when it rests.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Duration, Instant};

/// Counts the requests of one connection.
#[derive(Debug)]
pub struct Activity {
    running: AtomicUsize,
    served: AtomicUsize,
    since: Mutex<Instant>,
}

impl Activity {
    /// A connection that has just been opened.
    pub fn new() -> Arc<Self> {
        let since = Mutex::new(Instant::now());
        Arc::new(Self { running: AtomicUsize::new(0), served: AtomicUsize::new(0), since })
    }

    /// A request begins; it ends when the guard is dropped.
    pub fn begin(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        self.served.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    /// Whether no request runs.
    pub fn rests(&self) -> bool {
        self.running.load(Ordering::Relaxed) == 0
    }

    /// Whether no request has come yet.
    pub fn is_fresh(&self) -> bool {
        self.served.load(Ordering::Relaxed) == 0
    }

    /// How long it has been resting.
    pub fn resting(&self) -> Duration {
        if !self.rests() {
            return Duration::ZERO;
        }
        self.since.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

/// A request that runs.
#[derive(Debug)]
pub struct Running(Arc<Activity>);

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer's body, which keeps its request running until the last byte.
pub struct Tracked {
    body: BoxBody<Bytes, std::io::Error>,
    _running: Running,
}

impl Tracked {
    /// Ties a body to its request.
    pub fn new(body: BoxBody<Bytes, std::io::Error>, running: Running) -> Self {
        Self { body, _running: running }
    }
}

impl Body for Tracked {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
