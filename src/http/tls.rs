//! TLS 1.3 and nothing else, with a certificate that can be replaced while serving.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Why a certificate cannot be used or made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read, written or understood.
    #[error("{path}: {reason}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The key does not fit the certificate, or is of a kind we do not take.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
    /// A certificate could not be made.
    #[error(transparent)]
    Making(#[from] rcgen::Error),
}

impl TlsError {
    pub(super) fn file(path: &Path, reason: &impl ToString) -> Self {
        Self::File { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// The certificate in use. Replacing it touches no connection that stands.
#[derive(Debug)]
pub struct Certificate(ArcSwap<CertifiedKey>);

impl Certificate {
    /// Starts with `key`.
    pub fn new(key: CertifiedKey) -> Arc<Self> {
        Arc::new(Self(ArcSwap::from_pointee(key)))
    }

    /// Handshakes from now on get `key`.
    pub fn replace(&self, key: CertifiedKey) {
        self.0.store(Arc::new(key));
    }

    /// What handshakes get at this moment.
    pub fn current(&self) -> Arc<CertifiedKey> {
        self.0.load_full()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

/// TLS 1.3 with HTTP/2 and HTTP/1.1, no client certificates, no early data (a replayed request would be a second act).
///
/// # Errors
/// When the provider has no cipher suite for TLS 1.3.
pub fn server_config(resolver: Arc<dyn ResolvesServerCert>) -> Result<ServerConfig, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&rustls::version::TLS13])?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// A certificate chain (leaf first) and its key, from PEM files.
///
/// # Errors
/// When a file cannot be read, holds nothing of the kind, or the two do not belong together.
pub fn from_pem_files(chain: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let certificates = CertificateDer::pem_file_iter(chain).map_err(|error| TlsError::file(chain, &error))?;
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(|error| TlsError::file(chain, &error))?;
    if certificates.is_empty() {
        return Err(TlsError::file(chain, &"no certificate in it"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::file(key, &error))?;
    Ok(CertifiedKey::from_der(certificates, private, &provider())?)
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
