//! Whoever makes webhooks shall not make the server speak to machines that only the server can reach.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use milton::base::entropy::SeededEntropy;
use milton::outbound::{self, Client, Resolver, Resolving, SendError};
use poem::http::Method;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs, version::TLS13};

use super::{Manner, Receiver, Scene, deliver, loopback, make_to};
use crate::world::Options;

/// Answers one list of addresses after the other, and the last one for ever.
struct Liar(Mutex<VecDeque<Vec<IpAddr>>>);

impl Liar {
    fn says(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(parse).collect())))
    }
}

impl Resolver for Liar {
    fn resolve(&self, _: &str) -> Resolving {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(async move { Ok(answer.unwrap_or_default()) })
    }
}

async fn post(client: &Client, url: &str) -> Result<u16, SendError> {
    let address = client.address(url).unwrap_or_else(|unfit| panic!("{url}: {unfit}"));
    client.post(&address, &[], "{}".into()).await
}

#[tokio::test]
async fn addresses_of_private_networks_are_refused_however_they_are_written() {
    let Scene { olga, team, .. } = Scene::closed().await;
    let list = format!("/api/v1/teams/{team}/webhooks");
    let hosts = [
        "127.0.0.1",
        "127.1",
        "127.255.255.254",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "①②⑦.0.0.1",
        "0.0.0.0",
        "0",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "172.16.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b:1::1]",
        "[100::1]",
        "[2001::1]",
        "[2001:db8::1]",
        "[2002:7f00:1::]",
        "[3fff::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[ff02::1]",
    ];
    for host in hosts {
        let mut body = json!({"name": "Chat", "url": format!("https://{host}/"), "events": ["delegation.*"]});
        let refused = olga.post(&list, &body).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["pointer"], "/url", "{host}: {}", refused.text);
        body["url"] = json!("https://hooks.example.org/");
        let made = olga.post(&list, &body).await.expect(201);
        let change = json!({"url": format!("https://{host}/")});
        let path = made.header("location");
        let olga = olga.clone().with("if-match", "*");
        olga.send(Method::PATCH, &path, Some(&change)).await.problem(422, "invalid");
        olga.send(Method::DELETE, &path, None).await.expect(204);
    }
    for url in [
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "https://ana:secret@hooks.example.org/",
        "https://hooks.example.org/#x",
        "https://hooks.example.org:22/",
        "hooks.example.org",
        "https:///",
        "file:///etc/passwd",
    ] {
        let body = json!({"name": "Chat", "url": url, "events": ["delegation.*"]});
        olga.post(&list, &body).await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn a_name_is_as_good_as_the_worst_of_its_addresses() {
    for answer in [
        &["127.0.0.1"][..],
        &["10.1.2.3"],
        &["::1"],
        &["::ffff:10.0.0.1"],
        &["169.254.169.254"],
        &["fd00::1"],
        &["64:ff9b::a00:1"],
        &["1.1.1.1", "127.0.0.1"],
        &["2606:4700::1", "fe80::1"],
    ] {
        let client = Client::new(outbound::Options { resolver: Liar::says(&[answer]), ..outbound::Options::default() });
        assert_eq!(post(&client, "https://hooks.example.org/").await, Err(SendError::Refused), "{answer:?}");
    }
    let nobody = Client::new(outbound::Options { resolver: Liar::says(&[&[]]), ..outbound::Options::default() });
    assert_eq!(post(&nobody, "https://hooks.example.org/").await, Err(SendError::Unresolved));
    let receiver = Receiver::start().await;
    let local = Client::new(outbound::Options::default());
    let url = format!("https://localhost:{}/", receiver.address.port());
    assert_eq!(post(&local, &url).await, Err(SendError::Refused), "by the system's resolver");
    assert!(receiver.heard().is_empty());
}

#[tokio::test]
async fn what_is_allowed_by_name_is_reached_and_nothing_around_it() {
    let receiver = Receiver::start().await;
    let port = receiver.address.port();
    let of = |answer: &[&str]| Client::new(outbound::Options { resolver: Liar::says(&[answer]), ..loopback() });
    assert_eq!(post(&of(&["127.0.0.1"]), &format!("http://hooks.test:{port}/")).await, Ok(204));
    assert_eq!(post(&of(&["::ffff:127.0.0.1"]), &format!("http://hooks.test:{port}/")).await, Ok(204));
    for beside in [&["127.0.0.1", "10.0.0.1"][..], &["::1"], &["128.0.0.1"]] {
        let answer = post(&of(beside), &format!("http://hooks.test:{port}/")).await;
        assert_eq!(answer, Err(SendError::Refused), "{beside:?}: plain http goes into allowed networks alone");
    }
    let client = of(&["127.0.0.1"]);
    for url in ["https://10.0.0.1/", "http://1.1.1.1/", "http://[::1]/", "http://127.0.0.1:22/"] {
        assert!(client.address(url).is_err(), "{url}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_asked_once_for_each_request() {
    let receiver = Receiver::start().await;
    let url = format!("http://hooks.test:{}/", receiver.address.port());
    // Allowed when it is looked at, private when a second look would be taken.
    let resolver = Liar::says(&[&["127.0.0.1"], &["10.255.255.1"]]);
    let client = Client::new(outbound::Options { resolver, ..loopback() });
    assert_eq!(post(&client, &url).await, Ok(204), "the connection goes to the address that was looked at");
    assert_eq!(post(&client, &url).await, Err(SendError::Refused), "and the next request looks again");
    assert_eq!(receiver.heard().len(), 1);
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let scene = Scene::new().await;
    let private = Receiver::start().await;
    scene.receiver.behave(Manner::Redirect(private.url.clone()));
    scene.delegate("Sweep").await;
    scene.deliver().await;
    assert!(private.heard().is_empty());
    let delivery = &scene.deliveries("").await[0];
    assert_eq!((&delivery["state"], &delivery["last_status"]), (&json!("pending"), &json!(307)));
}

#[tokio::test]
async fn what_was_allowed_once_is_judged_again_at_each_attempt() {
    let scene = Scene::new().await;
    scene.delegate("Sweep").await;
    let team = scene.team.clone();
    let entropy = Arc::new(SeededEntropy::new(2));
    let (world, receiver) = scene.restart(Options { entropy, ..Options::default() }).await;
    assert_eq!(deliver(&world.app).await, 1);
    assert!(receiver.heard().is_empty(), "the operator allows it no more");
    let olga = world.sign_in("owner@milton.test").await;
    let webhooks = olga.get(&format!("/api/v1/teams/{team}/webhooks")).await.expect(200);
    let path = format!("/api/v1/teams/{team}/webhooks/{}/deliveries", webhooks.text("/items/0/id"));
    assert_eq!(olga.get(&path).await.expect(200).text("/items/0/last_error"), "address-refused");
}

/// Answers over TLS 1.3 as `localhost`; its address, and its certificate as PEM.
async fn tls_receiver() -> (u16, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_protocol_versions(&[&TLS13]).unwrap().with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![cert.der().clone()], key).unwrap()));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    (port, cert.pem())
}

#[tokio::test]
async fn a_certificate_must_be_trusted_and_of_the_name() {
    let (port, pem) = tls_receiver().await;
    let client = |trusted: bool| {
        let extra_roots_pem = trusted.then(|| pem.clone());
        Client::new(outbound::Options { extra_roots_pem, resolver: Liar::says(&[&["127.0.0.1"]]), ..loopback() })
    };
    let url = |host: &str| format!("https://{host}:{port}/");
    assert_eq!(post(&client(true), &url("localhost")).await, Ok(200));
    assert_eq!(post(&client(false), &url("localhost")).await, Err(SendError::Tls));
    assert_eq!(post(&client(true), &url("other.test")).await, Err(SendError::Tls));
    assert_eq!(post(&client(true), &url("127.0.0.1")).await, Err(SendError::Tls));
}

#[tokio::test]
async fn who_says_too_much_or_nothing_is_not_waited_for() {
    let scene = Scene::new().await;
    for (manner, state, error) in [
        (Manner::Flood, "delivered", None),
        (Manner::FloodOfHead, "pending", Some("network")),
        (Manner::Silence, "pending", Some("timeout")),
        (Manner::HangUp, "pending", Some("network")),
        (Manner::Status(301), "pending", Some("status")),
        (Manner::Status(199), "pending", Some("network")),
    ] {
        scene.world.pass(Duration::from_millis(1));
        scene.receiver.behave(manner.clone());
        scene.delegate("Sweep").await;
        assert_eq!(scene.deliver().await, 1, "{manner:?}");
        let newest = &scene.deliveries("").await[0];
        assert_eq!((newest["state"].as_str().unwrap(), newest["last_error"].as_str()), (state, error), "{manner:?}");
    }
}

#[tokio::test]
async fn who_does_not_answer_keeps_nobody_else_waiting() {
    let scene = Scene::new().await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        let receiver = Receiver::start().await;
        receiver.behave(Manner::Silence);
        make_to(&scene.olga, &scene.team, &receiver.url, &["delegation.*"]).await;
        silent.push(receiver);
    }
    for _ in 0..5 {
        scene.delegate("Sweep").await;
    }
    assert_eq!(scene.deliver().await, 10 + 5, "one attempt for each that is silent, and everything for the other");
    assert_eq!(scene.receiver.heard().len(), 5);
    assert!(silent.iter().all(|receiver| receiver.heard().len() == 1));
}
