//! Configuration: defaults, then `milton.toml`, then `MILTON_*` variables, then flags; every mistake is named at once.

mod document;
mod env;
mod http;
mod keys;
mod limits;
mod log;
mod oidc;
mod origin;
mod problems;
mod reader;
pub mod root_key;
mod setting;
mod storage;
mod template;
mod tls;
mod webhooks;

use std::path::PathBuf;

pub use env::Env;
pub use http::Http;
pub use keys::Keys;
pub use limits::Limits;
pub use log::{Format, Level, Log};
pub use oidc::{GOOGLE_ISSUER, Oidc};
pub use origin::Origin;
pub use problems::Problems;
pub use storage::Storage;
pub use template::template;
pub use tls::Tls;
pub use webhooks::Webhooks;

use reader::Reader;

/// What the configuration is made from. Reading it touches neither the disk nor the process's environment.
#[derive(Default)]
pub struct Sources {
    /// The text of `milton.toml`; `None` when there is no such file and everything comes from elsewhere.
    pub file: Option<String>,
    /// The file's name, for messages.
    pub name: String,
    /// The folder the file lies in: relative paths in the file start here, and the data lies here by default.
    pub folder: PathBuf,
    /// The environment.
    pub env: Env,
    /// Flags by the key they stand for, such as `http.port`; the strongest source.
    pub flags: Vec<(&'static str, String)>,
}

/// Everything an operator can decide, checked.
#[derive(Debug)]
pub struct Config {
    /// `[http]`
    pub http: Http,
    /// `[tls]`
    pub tls: Tls,
    /// `[storage]`
    pub storage: Storage,
    /// `[keys]`
    pub keys: Keys,
    /// `[[oidc]]`
    pub oidc: Vec<Oidc>,
    /// `[limits]`
    pub limits: Limits,
    /// `[webhooks]`
    pub webhooks: Webhooks,
    /// `[log]`
    pub log: Log,
}

impl Config {
    /// Puts the layers on top of each other.
    ///
    /// # Errors
    /// All mistakes of all sources together: broken TOML, unknown keys, wrong types, figures out of bounds.
    pub fn load(sources: &Sources) -> Result<Self, Problems> {
        let mut reader = Reader::new(sources)?;
        let config = Self {
            http: Http::read(&mut reader),
            tls: Tls::read(&mut reader),
            storage: Storage::read(&mut reader),
            keys: Keys::read(&mut reader),
            oidc: Oidc::read_all(&mut reader),
            limits: Limits::read(&mut reader),
            webhooks: Webhooks::read(&mut reader),
            log: Log::read(&mut reader),
        };
        reader.finish().map(|()| config)
    }
}

#[cfg(test)]
mod tests;
