//! Live streams through the real listener: HTTP/1.1 and HTTP/2, its limits, and its stop.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use milton::http;
use milton::http::limits::Limits;
use poem::http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::client::TlsStream;

use super::harness::{Wire, read_to_end, request};
use crate::world::{Options, Person, World};

const OWNER: &str = "owner@milton.test";
const SOON: Duration = Duration::from_secs(12);

async fn serve(limits: Limits) -> (World, Person, Wire) {
    let (world, owner) = World::claimed().await;
    let app = Arc::clone(&world.app);
    let endpoint = http::endpoint(Arc::clone(&app), &limits, Vec::new()).unwrap();
    let wire = Wire::over(endpoint, limits, move || app.end_streams()).await;
    (world, owner, wire)
}

fn opening(person: &Person) -> Request<Full<Bytes>> {
    let mut request = request("GET", "/api/v1/events", "");
    let token = format!("Bearer {}", person.token.as_ref().unwrap());
    request.headers_mut().insert("authorization", token.parse().unwrap());
    request
}

async fn h1(wire: &Wire, person: &Person) -> TlsStream<TcpStream> {
    let mut stream = wire.tls("http/1.1").await.unwrap();
    let token = person.token.as_ref().unwrap();
    let head = format!("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Reads until the text stands there; what came until then.
async fn read_until(stream: &mut TlsStream<TcpStream>, text: &str) -> String {
    let mut read = String::new();
    let reading = async {
        while !read.contains(text) {
            let mut bytes = [0; 1024];
            let size = stream.read(&mut bytes).await.unwrap();
            assert!(size > 0, "it ended after {read}");
            read.push_str(std::str::from_utf8(&bytes[..size]).unwrap());
        }
    };
    timeout(SOON, reading).await.unwrap_or_else(|_| panic!("no {text}"));
    read
}

async fn frame(body: &mut Incoming) -> Option<String> {
    loop {
        let frame = timeout(SOON, body.frame()).await.expect("the stream says nothing")?;
        let data = frame.unwrap().into_data().unwrap();
        // HTTP/2 may end a stream with a frame that carries nothing.
        if !data.is_empty() {
            return Some(String::from_utf8(data.to_vec()).unwrap());
        }
    }
}

async fn sign_out(person: &Person) {
    person.send(Method::POST, "/api/v1/auth/logout", None).await.expect(204);
}

/// A request must be answered within a second here; a stream goes on.
#[tokio::test]
async fn over_http_1_a_stream_outlives_the_time_for_requests_and_ends_with_its_session() {
    let (world, owner, wire) = serve(Limits { request: Duration::from_secs(1), ..Limits::default() }).await;
    let mut stream = h1(&wire, &owner).await;
    let head = read_until(&mut stream, "id: ").await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("content-type: text/event-stream"), "{head}");
    sleep(Duration::from_millis(1_500)).await;
    world.sign_in(OWNER).await;
    read_until(&mut stream, "event: notification\ndata: {").await;
    sign_out(&owner).await;
    let end = read_until(&mut stream, "0\r\n\r\n").await;
    assert!(end.contains("event: end\ndata: {\"reason\":\"revoked\"}"), "{end}");
}

#[tokio::test]
async fn over_http_2_streams_share_a_connection_and_each_ends_by_itself() {
    let (world, owner, wire) = serve(Limits { idle: Duration::from_secs(1), ..Limits::default() }).await;
    let other = world.sign_in(OWNER).await;
    let io = TokioIo::new(wire.tls("h2").await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let mut mine = sender.send_request(opening(&owner)).await.unwrap().into_body();
    let mut others = sender.send_request(opening(&other)).await.unwrap().into_body();
    frame(&mut mine).await.unwrap();
    frame(&mut others).await.unwrap();
    sleep(Duration::from_secs(3)).await;
    world.sign_in(OWNER).await;
    let told = frame(&mut mine).await.unwrap();
    assert!(told.contains("event: notification") && frame(&mut others).await.unwrap() == told, "{told}");
    sign_out(&other).await;
    assert_eq!(frame(&mut others).await.unwrap(), "event: end\ndata: {\"reason\":\"revoked\"}\n\n");
    assert_eq!(frame(&mut others).await, None);
    world.sign_in(OWNER).await;
    assert!(frame(&mut mine).await.unwrap().contains("event: notification"), "an idle connection it is not");
}

/// Megabytes are told to somebody who reads none of it: what the socket holds is all that waits for them.
#[tokio::test]
async fn over_tls_who_does_not_read_loses_their_stream_and_holds_nobody_up() {
    let mut options = Options::default();
    options.quotas.insert("delegations", 1_000_000);
    let world = World::with(options);
    let owner = world.claim("Olga").await;
    let team = world.team(&owner, "Ops").await;
    let app = Arc::clone(&world.app);
    let endpoint = http::endpoint(Arc::clone(&app), &Limits::default(), Vec::new()).unwrap();
    let wire = Wire::over(endpoint, Limits::default(), move || app.end_streams()).await;
    let (mut slow, mut quick) = (h1(&wire, &owner).await, h1(&wire, &owner).await);
    read_until(&mut slow, "id: ").await;
    read_until(&mut quick, "id: ").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    for nth in 0..600 {
        let body = json!({"title": format!("Number {nth}."), "body": "x".repeat(20_000)});
        owner.post(&list, &body).await.expect(201);
        read_until(&mut quick, &format!("Number {nth}.")).await;
    }
    sleep(Duration::from_secs(11)).await;
    let text = timeout(SOON, read_to_end(&mut slow)).await.expect("it was closed");
    assert!(text.contains("Number 0.") && !text.contains("Number 599."), "{}", text.len());
    assert!(!text.contains("event: end"), "nobody took it");
    owner.post(&list, &json!({"title": "Afterwards"})).await.expect(201);
    read_until(&mut quick, "Afterwards").await;
}

#[tokio::test]
async fn who_hangs_up_gives_the_place_back() {
    let (_, owner, wire) = serve(Limits::default()).await;
    let mut open = Vec::new();
    for _ in 0..8 {
        let mut stream = h1(&wire, &owner).await;
        read_until(&mut stream, "id: ").await;
        open.push(stream);
    }
    assert_eq!(wire.h1(opening(&owner)).await.status(), 429);
    open.clear();
    let again = async {
        loop {
            let mut stream = h1(&wire, &owner).await;
            let mut head = [0; 12];
            stream.read_exact(&mut head).await.unwrap();
            match &head[9..] {
                b"200" => return,
                _ => sleep(Duration::from_millis(50)).await,
            }
        }
    };
    timeout(SOON, again).await.expect("nobody waits for a heartbeat to find out");
}

#[tokio::test]
async fn a_stop_ends_streams_and_is_not_held_up_by_them() {
    let (_world, owner, wire) = serve(Limits::default()).await;
    let mut stream = h1(&wire, &owner).await;
    read_until(&mut stream, "id: ").await;
    let (took, end) = tokio::join!(wire.stop(), read_until(&mut stream, "0\r\n\r\n"));
    assert!(end.contains("event: end\ndata: {\"reason\":\"stopping\"}"), "{end}");
    assert!(took < Limits::default().shutdown, "{took:?}");
}

#[tokio::test]
async fn head_opens_no_stream() {
    let (_world, owner, wire) = serve(Limits::default()).await;
    for _ in 0..10 {
        let mut head = opening(&owner);
        *head.method_mut() = Method::HEAD;
        let answer = wire.h1(head).await;
        assert!(answer.status() == 200 && answer.body().is_empty());
        sleep(Duration::from_millis(20)).await;
    }
}
