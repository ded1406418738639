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
    kind: Kind,
    seen: Mutex<State>,
    certificate: Arc<Certificate>,
}

enum Kind {
    Local(Box<LocalCa>),
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
        let kind = match &settings.config.tls {
            Tls::LocalCa => {
                let ca = LocalCa::open(settings.layout.folder(), SystemClock.now()).map_err(refused)?;
                Kind::Local(Box::new(ca))
            }
            Tls::Pem { cert, key } => Kind::Files { chain: cert.clone(), key: key.clone() },
        };
        Self::of(kind).map_err(refused)
    }

    fn of(kind: Kind) -> Result<Self, TlsError> {
        // The state comes first: what changes in between is fetched by the next renewal.
        let seen = Mutex::new(kind.state());
        let certificate = Certificate::new(kind.fetch()?);
        Ok(Self { kind, seen, certificate })
    }

    /// The certificate in use.
    pub fn certificate(&self) -> &Arc<Certificate> {
        &self.certificate
    }

    /// The local authority's certificate, for clients that should trust it.
    pub fn local_ca(&self) -> Option<PathBuf> {
        match &self.kind {
            Kind::Local(ca) => Some(ca.certificate_file().canonicalize().unwrap_or(ca.certificate_file().to_owned())),
            Kind::Files { .. } => None,
        }
    }

    /// Replaces the certificate when its source has a newer one or the present one grows old.
    ///
    /// # Errors
    /// When the newer one is not usable; the present one stays in use and the next call tries again.
    pub fn renew(&self) -> Result<(), Error> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.kind.state();
        if !now.is_newer(*seen) {
            return Ok(());
        }
        self.certificate.replace(self.kind.fetch().map_err(Error::internal)?);
        *seen = now;
        tracing::info!("a new certificate is in use");
        Ok(())
    }
}

impl Kind {
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

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;

    /// Writes a new pair of files as if `age` seconds had passed.
    fn write(folder: &Path, age: u64) {
        let made = rcgen::generate_simple_self_signed(["milton.test".to_owned()]).unwrap();
        let files = [("cert.pem", made.cert.pem()), ("key.pem", made.signing_key.serialize_pem())];
        for (name, pem) in files {
            let path = folder.join(name);
            fs::write(&path, pem).unwrap();
            let written = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(age);
            File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
        }
    }

    #[test]
    fn files_are_read_again_when_they_change() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), 1);
        let [chain, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
        let source = Source::of(Kind::Files { chain: chain.clone(), key }).unwrap();
        let in_use = || source.certificate().current().cert[0].clone();
        let first = in_use();
        source.renew().unwrap();
        assert_eq!(in_use(), first);
        write(folder.path(), 2);
        source.renew().unwrap();
        let second = in_use();
        assert_ne!(second, first);
        fs::write(chain, "half a file").unwrap();
        assert!(source.renew().is_err() && source.renew().is_err(), "each call tries again");
        assert_eq!(in_use(), second, "and the old one stays");
    }

    #[test]
    fn a_local_certificate_is_replaced_after_a_third_of_its_life() {
        let issued = |days: u64| State::Issued(Timestamp::from_micros(0) + std::time::Duration::from_hours(24 * days));
        assert!(!issued(29).is_newer(issued(0)) && issued(30).is_newer(issued(0)));
    }
}
