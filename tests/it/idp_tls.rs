//! Requests to a provider over TLS: trusted when its authority is, and not otherwise.

use std::sync::Arc;

use milton::base::clock::SystemClock;
use milton::base::entropy::SeededEntropy;
use milton::base::secret::Secret;
use milton::idp::{DiscoveryFault, HttpClient, HttpError, HttpOptions, IdpError, Provider, ProviderConfig};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs, version::TLS13};

/// Answers every request over TLS with an empty object; returns its issuer and its certificate as PEM.
async fn empty_provider() -> (String, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_protocol_versions(&[&TLS13]).unwrap().with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![cert.der().clone()], key).unwrap()));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let issuer = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    (issuer, cert.pem())
}

async fn ask(issuer: &str, extra_roots_pem: Option<String>) -> Option<IdpError> {
    let http = HttpClient::new(&HttpOptions { extra_roots_pem, ..HttpOptions::default() }).unwrap();
    let google = ProviderConfig::google("id".to_owned(), Secret::new("secret".to_owned()), Vec::new());
    let config = ProviderConfig { issuer: issuer.to_owned(), ..google };
    let provider = Provider::new(config, Arc::new(SystemClock), Arc::new(SeededEntropy::new(1)), http);
    provider.ok().unwrap().check().await.err()
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_when_it_is_named_and_only_then() {
    let (issuer, pem) = empty_provider().await;
    assert_eq!(ask(&issuer, None).await, Some(HttpError::Network.into()));
    let reached = IdpError::Discovery(DiscoveryFault::Malformed);
    assert_eq!(ask(&issuer, Some(pem)).await, Some(reached), "the handshake failed");
}
