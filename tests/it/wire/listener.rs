//! The listener: TLS 1.3 alone, and every wait and every size bounded.

use std::time::{Duration, Instant};

use bytes::Bytes;
use milton::base::clock::{Clock as _, SystemClock};
use milton::http::limits::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::harness::{Wire, header, problem, read_to_end, request};

const MIB: usize = 1 << 20;

/// A `ClientHello` of TLS 1.2 (RFC 5246, 7.4.1.2) with one suite and one signature algorithm.
fn tls12_hello() -> Vec<u8> {
    let mut hello = vec![0x03, 0x03];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0]);
    hello.extend([0, 8, 0, 13, 0, 4, 0, 2, 4, 3]);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![0x16, 0x03, 0x01, 0, length + 4, 0x01, 0, 0, length];
    record.extend(hello);
    record
}

#[tokio::test]
async fn tls_1_2_is_refused() {
    let wire = Wire::start().await;
    let mut stream = wire.tcp().await;
    stream.write_all(&tls12_hello()).await.unwrap();
    let mut alert = Vec::new();
    stream.read_to_end(&mut alert).await.unwrap();
    assert_eq!(alert, [0x15, 0x03, 0x03, 0, 2, 2, 70], "fatal alert protocol_version");
}

#[tokio::test]
async fn a_plaintext_request_is_told_so() {
    let wire = Wire::start().await;
    let mut stream = wire.tcp().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n").await.unwrap();
    let answer = timeout(Duration::from_secs(3), read_to_end(&mut stream)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("HTTPS"), "{answer}");
    assert!(!answer.contains("Bearer"));
}

#[tokio::test]
async fn the_certificate_is_for_loopback_names_and_can_be_replaced() {
    let wire = Wire::start().await;
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert!(wire.tls_as("h2", name).await.is_ok(), "{name}");
    }
    assert!(wire.tls_as("h2", "example.org").await.is_err());
    let leaf = async || wire.tls("h2").await.unwrap().get_ref().1.peer_certificates().unwrap()[0].clone();
    let before = leaf().await;
    wire.certificate.replace(wire.ca.issue(SystemClock.now()).unwrap());
    assert_ne!(leaf().await, before);
}

#[tokio::test]
async fn a_half_sent_header_is_closed_within_six_seconds() {
    let wire = Wire::start().await;
    let mut http1 = wire.tls("http/1.1").await.unwrap();
    http1.write_all(b"GET / HTTP/1.1\r\nHost: lo").await.unwrap();
    let mut http2 = wire.tls("h2").await.unwrap();
    http2.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    let mut silent = wire.tcp().await;
    let closed = async {
        tokio::join!(read_to_end(&mut http1), read_to_end(&mut http2), read_to_end(&mut silent));
    };
    assert!(timeout(Duration::from_secs(7), closed).await.is_ok());
}

#[tokio::test]
async fn shutdown_waits_for_requests_and_for_nothing_else() {
    let wire = Wire::start().await;
    let mut half = wire.tls("http/1.1").await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nHost: lo").await.unwrap();
    let mut running = wire.tls("http/1.1").await.unwrap();
    let text = b"GET /api/v1/slow?seconds=2 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    running.write_all(text).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (took, answer) = tokio::join!(wire.stop(), read_to_end(&mut running));
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("done"), "{answer}");
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[tokio::test]
async fn shutdown_cuts_what_does_not_finish() {
    let wire = Wire::with(Limits { shutdown: Duration::from_secs(1), ..Limits::default() }).await;
    let mut running = wire.tls("http/1.1").await.unwrap();
    running.write_all(b"GET /api/v1/slow?seconds=20 HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(wire.stop().await < Duration::from_secs(2));
}

#[tokio::test]
async fn a_slow_request_ends_in_time() {
    let wire = Wire::with(Limits { request: Duration::from_secs(1), ..Limits::default() }).await;
    problem(&wire.get("/api/v1/slow?seconds=20").await, 408, "request-timeout");
    let mut stream = wire.tls("http/1.1").await.unwrap();
    let head = "POST /api/v1/notes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = timeout(Duration::from_secs(8), read_to_end(&mut stream)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn an_oversized_header_is_refused() {
    let wire = Wire::start().await;
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "a".repeat(40 << 10));
    assert!(wire.raw(&long).await.starts_with("HTTP/1.1 431 "));
    let many = "X-Many: 1\r\n".repeat(70);
    let answer = wire.raw(&format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let mut request = request("GET", "/api/v1/whoami", "");
    for n in 0..70 {
        request
            .headers_mut()
            .insert(hyper::header::HeaderName::try_from(format!("x-{n}")).unwrap(), "1".parse().unwrap());
    }
    problem(&wire.h2(request).await, 431, "headers-too-large");
}

#[tokio::test]
async fn an_oversized_body_is_refused_and_the_refusal_arrives() {
    let wire = Wire::start().await;
    let body = Bytes::from(vec![b' '; MIB + MIB / 2]);
    let oversized = || {
        let mut request = request("POST", "/api/v1/notes", body.clone());
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        request
    };
    problem(&wire.h1(oversized()).await, 413, "payload-too-large");
    problem(&wire.h2(oversized()).await, 413, "payload-too-large");
    let upload = |size: usize| {
        let mut request = request("POST", "/api/v1/upload", vec![b' '; size]);
        request.headers_mut().insert("content-type", "application/octet-stream".parse().unwrap());
        request
    };
    problem(&wire.h1(upload(MIB + 1)).await, 413, "payload-too-large");
    problem(&wire.h2(upload(MIB + 1)).await, 413, "payload-too-large");
    assert_eq!(wire.h2(upload(MIB)).await.body(), "1048576");
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000)).repeat(20);
    let head = "POST /api/v1/notes HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json";
    let answer = wire.raw(&format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_strangers_body_is_small() {
    let wire = Wire::start().await;
    let padded = |size: usize| format!("{:size$}", r#"{"title":"a"}"#);
    assert_eq!(wire.post("/api/v1/small-notes", &padded(8 << 10)).await.status(), 200);
    problem(&wire.post("/api/v1/small-notes", &padded((8 << 10) + 1)).await, 413, "payload-too-large");
}

#[tokio::test]
async fn all_bodies_together_have_a_bound() {
    let wire = Wire::with(Limits { bodies: 100_000, ..Limits::default() }).await;
    let head = "POST /api/v1/notes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 90001\r\n\r\n";
    let mut holder = wire.tls("http/1.1").await.unwrap();
    holder.write_all(format!("{head}{}", " ".repeat(90_000)).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let large = format!("{:20000}", r#"{"title":"a"}"#);
    for _ in 0..2 {
        let refused = wire.post("/api/v1/notes", &large).await;
        problem(&refused, 503, "unavailable");
        assert_eq!(header(&refused, "retry-after"), "1");
        assert_eq!(wire.post("/api/v1/notes", r#"{"title":"a"}"#).await.status(), 200, "small ones still fit");
    }
    drop(holder);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(wire.post("/api/v1/notes", &large).await.status(), 200, "and what was held is free again");
}

#[tokio::test]
async fn a_connection_has_its_share_of_streams_and_of_memory() {
    let wire = Wire::start().await;
    let mut stream = wire.tls("h2").await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[3], 4, "SETTINGS comes first");
    let mut settings = vec![0; usize::from(frame[2])];
    stream.read_exact(&mut settings).await.unwrap();
    let value = |id: u16| {
        let found = settings.chunks(6).find(|setting| setting[..2] == id.to_be_bytes());
        found.map(|setting| u32::from_be_bytes(setting[2..].try_into().unwrap()))
    };
    // RFC 9113, 6.5.2: SETTINGS_MAX_CONCURRENT_STREAMS and SETTINGS_INITIAL_WINDOW_SIZE.
    assert_eq!((value(3), value(4)), (Some(32), Some(32 << 10)));
}

#[tokio::test]
async fn an_answer_before_the_body_arrives_whole() {
    let wire = Wire::start().await;
    let unread = || request("POST", "/api/v1/closed", vec![b' '; MIB]);
    problem(&wire.h1(unread()).await, 401, "missing-token");
    problem(&wire.h2(unread()).await, 401, "missing-token");
    let expects =
        "POST /api/v1/closed HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
    let start = Instant::now();
    let answer = wire.raw(expects).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "nobody asks for a body that is not wanted: {answer}");
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let wire = Wire::start().await;
    let refused = "POST /api/v1/closed HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc";
    let last = "GET /api/v1/whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = wire.raw(&format!("{refused}{last}")).await;
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let wire = Wire::start().await;
    for path in ["/api/v1/whoami", "/docs", "/api/v1/nowhere", "/api/v1/fault"] {
        let get = wire.get(path).await;
        for head in [wire.h1(request("HEAD", path, "")).await, wire.h2(request("HEAD", path, "")).await] {
            assert_eq!(head.status(), get.status(), "{path}");
            assert_eq!(header(&head, "content-type"), header(&get, "content-type"), "{path}");
            assert!(head.body().is_empty(), "{path}");
        }
    }
}

#[tokio::test]
async fn one_address_has_its_share_of_connections() {
    let wire = Wire::with(Limits { connections_per_address: 2, ..Limits::default() }).await;
    let first = wire.tls("h2").await.unwrap();
    let _second = wire.tls("h2").await.unwrap();
    assert!(wire.tls("h2").await.is_err());
    drop(first);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(wire.tls("h2").await.is_ok(), "a place is given back");
}

#[tokio::test]
async fn a_full_server_lets_new_connections_wait() {
    let wire = Wire::with(Limits { connections: 1, ..Limits::default() }).await;
    let only = wire.tls("h2").await.unwrap();
    assert!(timeout(Duration::from_millis(500), wire.tls("h2")).await.is_err());
    drop(only);
    assert!(timeout(Duration::from_secs(2), wire.tls("h2")).await.unwrap().is_ok());
}

#[tokio::test]
async fn an_idle_http2_connection_is_closed() {
    let wire = Wire::with(Limits { idle: Duration::from_secs(1), ..Limits::default() }).await;
    let io = hyper_util::rt::TokioIo::new(wire.tls("h2").await.unwrap());
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    let connection = tokio::spawn(connection);
    assert_eq!(sender.send_request(request("GET", "/api/v1/whoami", "")).await.unwrap().status(), 200);
    assert!(timeout(Duration::from_secs(5), connection).await.is_ok());
}
