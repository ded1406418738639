//! Where the server's certificate comes from, and when to fetch the next one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::sign::CertifiedKey;

use super::exit::{Exit, Failure};
use super::place::Settings;
use crate::base::clock::{Clock, SystemClock, Timestamp};
use crate::config::Tls;
use crate::domain::Error;
use crate::http::local_ca::{LEAF_LIFETIME, LocalCa};
use crate::http::tls::{self, Certificate, TlsError};

/// The source, and the state of it that the present certificate stands for.
pub struct Source {
    from: From,
    seen: Mutex<State>,
    certificate: Arc<Certificate>,
}

enum From {
    Local(LocalCa),
    Files { chain: PathBuf, key: PathBuf },
}

/// What tells one certificate of a source from the next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Issued(Timestamp),
    Written([Option<SystemTime>; 2]),
}

impl Source {
    /// Gets the first certificate; makes the local authority when there is none.
    ///
    /// # Errors
    /// When a file cannot be read or made, or is not what it should be.
    pub fn open(settings: &Settings) -> Result<Self, Failure> {
        let refused = |error: TlsError| Failure::new(Exit::Config, format!("the certificate: {error}"));
        let from = match &settings.config.tls {
            Tls::LocalCa => From::Local(LocalCa::open(settings.layout.folder(), SystemClock.now()).map_err(refused)?),
            Tls::Pem { cert, key } => From::Files { chain: cert.clone(), key: key.clone() },
        };
        let seen = from.state();
        let certificate = Certificate::new(from.fetch().map_err(refused)?);
        Ok(Self { from, seen: Mutex::new(seen), certificate })
    }

    /// The certificate in use.
    pub fn certificate(&self) -> &Arc<Certificate> {
        &self.certificate
    }

    /// The local authority's certificate, for clients that should trust it.
    pub fn local_ca(&self) -> Option<PathBuf> {
        match &self.from {
            From::Local(ca) => Some(ca.certificate_file().canonicalize().unwrap_or(ca.certificate_file().to_owned())),
            From::Files { .. } => None,
        }
    }

    /// Replaces the certificate when its source has a newer one or the present one grows old.
    ///
    /// # Errors
    /// When the newer one is not usable; the present one stays in use and the next call tries again.
    pub fn renew(&self) -> Result<(), Error> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.from.state();
        if !now.is_newer(*seen) {
            return Ok(());
        }
        self.certificate.replace(self.from.fetch().map_err(Error::internal)?);
        *seen = now;
        tracing::info!("a new certificate is in use");
        Ok(())
    }
}

impl From {
    fn state(&self) -> State {
        let written = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
        match self {
            Self::Local(_) => State::Issued(SystemClock.now()),
            Self::Files { chain, key } => State::Written([written(chain), written(key)]),
        }
    }

    fn fetch(&self) -> Result<CertifiedKey, TlsError> {
        match self {
            Self::Local(ca) => ca.issue(SystemClock.now()),
            Self::Files { chain, key } => tls::from_pem_files(chain, key),
        }
    }
}

impl State {
    /// A certificate of the local authority makes room for the next when a third of its life is over.
    fn is_newer(self, seen: Self) -> bool {
        match (self, seen) {
            (Self::Issued(now), Self::Issued(then)) => now.since(then) >= LEAF_LIFETIME / 3,
            (now, seen) => now != seen,
        }
    }
}
