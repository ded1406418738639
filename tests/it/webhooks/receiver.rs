//! A receiver of webhooks: keeps what it hears, and answers in the manner that it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How a receiver answers.
#[derive(Clone, Debug)]
pub enum Manner {
    /// With this status.
    Status(u16),
    /// With this status, and a place to go to.
    Redirect(String),
    /// Not at all; the connection stays open.
    Silence,
    /// With 200 and a body that has no end.
    Flood,
    /// With a head that has no end.
    FloodOfHead,
    /// By closing the connection.
    HangUp,
}

/// A request that was heard.
#[derive(Clone, Debug)]
pub struct Heard {
    pub head: String,
    pub body: Vec<u8>,
}

impl Heard {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let found = self.head.lines().filter_map(|line| line.split_once(": ")).find(|(found, _)| *found == name);
        found.unwrap_or_else(|| panic!("no {name}: {}", self.head)).1
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Debug)]
struct State {
    manner: Manner,
    heard: Vec<Heard>,
}

/// Listens on this machine.
#[derive(Clone, Debug)]
pub struct Receiver {
    pub url: String,
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { manner: Manner::Status(204), heard: Vec::new() }));
        let receiver = Self { url: format!("http://{address}/in?token=s3cret"), address, state };
        let own = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(own.clone().serve(stream));
            }
        });
        receiver
    }

    pub fn behave(&self, manner: Manner) {
        self.state.lock().unwrap().manner = manner;
    }

    /// All that was heard so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.state.lock().unwrap().heard.clone()
    }

    async fn serve(self, mut stream: TcpStream) {
        let Some(heard) = read(&mut stream).await else { return };
        let manner = {
            let mut state = self.state.lock().unwrap();
            state.heard.push(heard);
            state.manner.clone()
        };
        let answer = |status: u16, more: &str| format!("HTTP/1.1 {status} X\r\n{more}Content-Length: 0\r\n\r\n");
        let _ = match manner {
            Manner::Status(status) => stream.write_all(answer(status, "").as_bytes()).await,
            Manner::Redirect(to) => stream.write_all(answer(307, &format!("Location: {to}\r\n")).as_bytes()).await,
            Manner::Silence => std::future::pending().await,
            Manner::Flood => flood(&mut stream, "HTTP/1.1 200 X\r\nContent-Length: 1000000000000\r\n\r\n").await,
            Manner::FloodOfHead => flood(&mut stream, "HTTP/1.1 200 X\r\nX-Flood: ").await,
            Manner::HangUp => Ok(()),
        };
    }
}

/// Writes until nobody reads.
async fn flood(stream: &mut TcpStream, start: &str) -> std::io::Result<()> {
    stream.write_all(start.as_bytes()).await?;
    loop {
        stream.write_all(&[b'a'; 4096]).await?;
    }
}

async fn read(stream: &mut TcpStream) -> Option<Heard> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse::<usize>().ok()?;
            if bytes.len() >= end + 4 + length {
                return Some(Heard { head, body: bytes[end + 4..end + 4 + length].to_vec() });
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}
