//! A cheap HTTP/1.1 client over TLS 1.3: writes bytes made beforehand, reads to the end of the answer, no more.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::Outcome;

/// Whom to ask, and whom to trust.
#[derive(Clone)]
pub struct Target {
    port: u16,
    tls: TlsConnector,
}

impl Target {
    pub fn new(port: u16, authority: &Path) -> Outcome<Self> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority)?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder =
            rustls::ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { port, tls: TlsConnector::from(Arc::new(config)) })
    }

    pub async fn connect(&self) -> Outcome<Connection> {
        self.connect_from(Ipv4Addr::LOCALHOST).await
    }

    /// Connects from one of this machine's own addresses, 127.0.0.0/8.
    pub async fn connect_from(&self, address: Ipv4Addr) -> Outcome<Connection> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(IpAddr::V4(address), 0))?;
        let stream = socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("localhost")?;
        Ok(Connection { stream: self.tls.connect(name, stream).await?, buffer: Vec::with_capacity(64 << 10), body: 0 })
    }
}

/// One connection, kept alive.
pub struct Connection {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
    body: usize,
}

impl Connection {
    /// Sends a request and reads the answer; answers its status.
    pub async fn exchange(&mut self, request: &[u8]) -> Outcome<u16> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        let head = loop {
            self.read().await?;
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
        };
        let length: usize = match find(&self.buffer[..head], b"content-length: ") {
            Some(at) => digits(&self.buffer[at + 16..]),
            None => 0,
        };
        self.body = head + 4;
        while self.buffer.len() < self.body + length {
            self.read().await?;
        }
        Ok(u16::try_from(digits(&self.buffer[9..]))?)
    }

    /// Sends a request whose answer has no end, and waits for `sign` in it.
    pub async fn open(&mut self, request: &[u8], sign: &[u8]) -> Outcome<()> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        self.next_after(sign, 0).await.map(|_| ())
    }

    /// Reads on to the next `sign`; gives the `length` bytes behind it, and forgets them and all before.
    pub async fn next_after(&mut self, sign: &[u8], length: usize) -> Outcome<Vec<u8>> {
        loop {
            if let Some(at) = find(&self.buffer, sign).map(|at| at + sign.len())
                && self.buffer.len() >= at + length
            {
                return Ok(self.buffer.drain(..at + length).skip(at).collect());
            }
            self.read().await?;
        }
    }

    /// The last answer's body.
    pub fn body(&self) -> &[u8] {
        &self.buffer[self.body..]
    }

    async fn read(&mut self) -> Outcome<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).fold(0, |number, byte| number * 10 + usize::from(byte - b'0'))
}

/// A request as it goes over the wire.
pub fn request(method: &str, path: &str, token: Option<&str>, body: Option<&serde_json::Value>) -> Vec<u8> {
    let token = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    let body = body.map_or_else(String::new, ToString::to_string);
    let about = match body.len() {
        0 => String::new(),
        length => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n{token}{about}\r\n{body}").into_bytes()
}
