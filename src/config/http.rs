//! `[http]`: where the server listens, what the world calls it, and whose pages may call it.

use std::net::{IpAddr, Ipv4Addr};

use super::Origin;
use super::reader::Reader;

/// The listener and its surroundings.
#[derive(Debug)]
pub struct Http {
    /// The address to listen on; this machine alone by default.
    pub host: IpAddr,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// What browsers call this server, when it is not `https://localhost:<port>`.
    pub public_url: Option<Origin>,
    /// Origins whose pages may call the API with their own tokens (CORS); none by default.
    pub allowed_origins: Vec<Origin>,
}

impl Http {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let public_url = reader.find::<Origin>("http.public_url");
        if public_url.as_ref().is_some_and(|origin| !origin.is_secure()) {
            reader.refuse("http.public_url", "must start with https://: there is no plaintext listener");
        }
        Self {
            host: reader.get("http.host", IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: reader.get("http.port", 8443),
            public_url,
            allowed_origins: reader.get("http.allowed_origins", Vec::new()),
        }
    }

    /// What browsers call this server once it listens on `port`.
    pub fn origin(&self, port: u16) -> Origin {
        self.public_url.clone().unwrap_or_else(|| Origin::localhost(port))
    }
}
