//! TLS for everything that goes out: 1.3, aws-lc-rs, the system's roots.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};

/// What is wrong with the roots that were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RootsError(pub &'static str);

/// A client that trusts the system's roots and those in `extra_roots_pem`.
///
/// # Errors
/// When the extra roots are no certificates.
pub fn client_config(extra_roots_pem: Option<&str>) -> Result<ClientConfig, RootsError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(system.certs);
    for certificate in CertificateDer::pem_slice_iter(extra_roots_pem.unwrap_or_default().as_bytes()) {
        let certificate = certificate.map_err(|_| RootsError("extra roots are not PEM"))?;
        roots.add(certificate).map_err(|_| RootsError("an extra root is not a certificate"))?;
    }
    if roots.is_empty() {
        tracing::warn!("no trusted root certificates on this system: no other server can be reached over TLS");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| RootsError("no TLS 1.3"))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
