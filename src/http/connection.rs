//! One connection: TLS or a short refusal, then HTTP/2 or HTTP/1.1 as agreed in the handshake.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use poem::http::uri::Scheme;
use poem::http::{HeaderValue, Method, StatusCode, Version, header};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Request, RequestParts};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::activity::{Activity, Tracked};
use super::budget::Budget;
use super::guard;
use super::limits::Limits;

/// The first byte of every TLS handshake (RFC 8446, 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// For everybody else. Nothing of the request is read: it may hold a token, and it came in the clear.
const PLAINTEXT_REFUSAL: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n\
     Connection: close\r\n\r\n\
     {\"type\":\"/problems/bad-request\",\"title\":\"Bad request\",\"status\":400,\"detail\":\"This port speaks HTTPS alone.\"}\n";

/// How long the last bytes of an answer may take when the connection is to end.
const FLUSH: Duration = Duration::from_secs(3);

/// How often a connection is looked at.
const TICK: Duration = Duration::from_secs(1);

/// What all connections share.
pub struct Server<E> {
    endpoint: E,
    tls: TlsAcceptor,
    limits: Limits,
    budget: Arc<Budget>,
}

type Answer = Result<hyper::Response<Tracked>, Infallible>;

impl<E: Endpoint + 'static> Server<E> {
    /// Serves `endpoint` within `limits`.
    pub fn new(endpoint: E, tls: Arc<rustls::ServerConfig>, limits: Limits) -> Self {
        let budget = Budget::new(limits.bodies);
        Self { endpoint, tls: TlsAcceptor::from(tls), limits, budget }
    }

    /// Runs one connection to its end.
    pub async fn run(self: Arc<Self>, stream: TcpStream, stop: watch::Receiver<bool>) {
        let (Ok(peer), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else { return };
        set_options(&stream, &self.limits);
        let greeted = tokio::time::timeout(self.limits.handshake, self.greet(stream)).await;
        let Ok(Ok(Some(stream))) = greeted else { return };
        self.speak(stream, local, peer, stop).await;
    }

    async fn greet(&self, mut stream: TcpStream) -> io::Result<Option<TlsStream<TcpStream>>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 {
            return Ok(None);
        }
        if first[0] != TLS_HANDSHAKE {
            stream.write_all(PLAINTEXT_REFUSAL.as_bytes()).await?;
            stream.shutdown().await?;
            // Closing over unread bytes would reset the connection, and the refusal with it.
            let mut unread = [0; 4096];
            let _ = tokio::time::timeout(TICK, stream.read(&mut unread)).await;
            return Ok(None);
        }
        self.tls.accept(stream).await.map(Some)
    }

    async fn speak(
        self: Arc<Self>,
        stream: TlsStream<TcpStream>,
        local: SocketAddr,
        peer: SocketAddr,
        stop: watch::Receiver<bool>,
    ) {
        let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let activity = Activity::new();
        let limits = self.limits.clone();
        let begin = Arc::clone(&activity);
        let service = service_fn(move |request| {
            let (server, running) = (Arc::clone(&self), begin.begin());
            async move {
                let (response, body) = server.answer(request, local, peer).await.into_parts();
                Answer::Ok(hyper::Response::from_parts(response, Tracked::new(body, running)))
            }
        });
        let io = TokioIo::new(stream);
        if h2 {
            let connection = http2_builder(&limits).serve_connection(io, service);
            drive(connection, http2::Connection::graceful_shutdown, &activity, &limits, stop).await;
        } else {
            let connection = http1_builder(&limits).serve_connection(io, service);
            drive(connection, http1::Connection::graceful_shutdown, &activity, &limits, stop).await;
        }
    }

    async fn answer(
        &self,
        request: hyper::Request<Incoming>,
        local: SocketAddr,
        peer: SocketAddr,
    ) -> hyper::Response<BoxBody<Bytes, io::Error>> {
        let head = request.method() == Method::HEAD;
        let http1 = request.version() < Version::HTTP_2;
        let expects = request.headers().contains_key(header::EXPECT);
        let (parts, body) = request.into_parts();
        let (body, rest) = guard::guard(body, self.limits.body_at(parts.uri.path()), self.budget.share());
        let addresses = (LocalAddr(Addr::SocketAddr(local)), RemoteAddr(Addr::SocketAddr(peer)));
        let parts = RequestParts::from((parts, addresses.0, addresses.1, Scheme::HTTPS));
        let mut response = self.endpoint.get_response(Request::from_parts(parts, body)).await;
        // Who was too slow is not waited for again.
        let ended = response.status() != StatusCode::REQUEST_TIMEOUT && rest.drain(self.limits.drain, expects).await;
        if !ended && http1 {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let response = hyper::Response::from(response);
        // RFC 9110, 9.3.2; over HTTP/2 a body would be a protocol error.
        let empty = || Empty::new().map_err(|never| match never {}).boxed();
        response.map(|body| if head { empty() } else { body })
    }
}

fn http1_builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers)
        .max_header_size(limits.header_bytes as usize)
        .max_buf_size(2 * limits.header_bytes as usize)
        .max_headers(limits.header_fields);
    builder
}

fn http2_builder(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(limits.header_bytes)
        .max_concurrent_streams(limits.streams)
        .initial_stream_window_size(limits.stream_window)
        .initial_connection_window_size(limits.connection_window)
        .max_send_buf_size(limits.send_buffer)
        .keep_alive_interval(limits.idle / 2)
        .keep_alive_timeout(limits.headers);
    builder
}

/// Runs a connection until it ends, rests too long, or is told to stop and has nothing left to do.
async fn drive<C: Future>(
    connection: C,
    finish: impl Fn(Pin<&mut C>),
    activity: &Activity,
    limits: &Limits,
    mut stop: watch::Receiver<bool>,
) {
    let mut connection = pin!(connection);
    let mut tick = tokio::time::interval(TICK);
    let mut finishing = false;
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = stop.wait_for(|stop| *stop), if !finishing => {
                finish(connection.as_mut());
                finishing = true;
                tick.reset();
            }
            _ = tick.tick() => {
                // Half a header is no request: it holds up neither the slot nor the shutdown.
                let late = activity.is_fresh() && (finishing || activity.resting() > limits.headers);
                if late || (finishing && activity.resting() > FLUSH) {
                    return;
                }
                if activity.resting() > limits.idle {
                    finish(connection.as_mut());
                    finishing = true;
                }
            }
        }
    }
}

fn set_options(stream: &TcpStream, limits: &Limits) {
    // Both are refinements: a connection without them works.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    {
        let millis = u32::try_from(limits.stalled.as_millis()).unwrap_or(u32::MAX);
        let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, millis);
    }
}
