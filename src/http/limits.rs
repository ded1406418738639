//! The bounds of the wire, each with its default.

use std::time::Duration;

use super::body::{IMPORT, MAX_BODY};

/// How the paths end that take files from elsewhere.
pub const IMPORTS: &str = "/credentials/import";

/// How much and how long a client may keep the server busy.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For the TLS handshake, its first byte included: 5 s.
    pub handshake: Duration,
    /// For the header of a request: 5 s. An idle HTTP/1.1 connection waits for its next header and closes likewise.
    pub headers: Duration,
    /// Header of a request: 32 KiB.
    pub header_bytes: u32,
    /// Header fields of a request: 64.
    pub header_fields: usize,
    /// Body of a request: 1 MiB.
    pub body: usize,
    /// Body of a request whose path ends with [`IMPORTS`]: 4 MiB.
    pub import: usize,
    /// Bodies being read, all together: 64 MiB; one that gets nothing more is refused with 503.
    pub bodies: usize,
    /// What is read beyond an early answer so that the client sees it: 1 MiB.
    pub drain: usize,
    /// From the end of the header to the beginning of the answer: 30 s.
    pub request: Duration,
    /// An HTTP/2 connection without a stream: 60 s.
    pub idle: Duration,
    /// Sent data that nobody acknowledges: 30 s. A client that stops reading is cut.
    pub stalled: Duration,
    /// Streams at once on one HTTP/2 connection: 32.
    pub streams: u32,
    /// What one HTTP/2 stream may send before it is read: 32 KiB.
    pub stream_window: u32,
    /// What all streams of one HTTP/2 connection may send before it is read: 128 KiB.
    pub connection_window: u32,
    /// What of an answer waits in memory for one HTTP/2 stream: 64 KiB.
    pub send_buffer: usize,
    /// Connections in all: 1,024; more wait to be accepted.
    pub connections: usize,
    /// Connections of one IPv4 address or one IPv6 /64 network: 64; more are closed at once.
    pub connections_per_address: usize,
    /// From the call to stop until what still runs is cut: 10 s.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            headers: Duration::from_secs(5),
            header_bytes: 32 << 10,
            header_fields: 64,
            body: MAX_BODY,
            import: IMPORT,
            bodies: 64 << 20,
            drain: 1 << 20,
            request: Duration::from_secs(30),
            idle: Duration::from_mins(1),
            stalled: Duration::from_secs(30),
            streams: 32,
            stream_window: 32 << 10,
            connection_window: 128 << 10,
            send_buffer: 64 << 10,
            connections: 1_024,
            connections_per_address: 64,
            shutdown: Duration::from_secs(10),
        }
    }
}

/// How much the body of a request to this path may weigh by default.
pub fn most_at(path: &str) -> usize {
    if path.ends_with(IMPORTS) { IMPORT } else { MAX_BODY }
}

impl Limits {
    /// How much the body of a request to this path may weigh.
    pub fn body_at(&self, path: &str) -> usize {
        if path.ends_with(IMPORTS) { self.import } else { self.body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_from_elsewhere_alone_may_weigh_more() {
        let limits = Limits::default();
        assert_eq!(limits.body_at("/api/v1/me/credentials/import"), 4 << 20);
        for other in ["/api/v1/me/credentials", "/api/v1/me/credentials/import/", "/api/v1/teams"] {
            assert_eq!(limits.body_at(other), 1 << 20, "{other}");
        }
    }
}
