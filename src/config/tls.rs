//! `[tls]`: where the certificate comes from.

use std::path::PathBuf;

use super::reader::Reader;

/// The source of the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Issued by a certificate authority of the server's own, kept in the data folder.
    LocalCa,
    /// Two PEM files, read again when they change.
    Pem {
        /// The certificate chain, leaf first.
        cert: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    LocalCa,
    Pem,
}

impl Tls {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mode = reader.choice("tls.mode", &[("local-ca", Mode::LocalCa), ("pem", Mode::Pem)], Mode::LocalCa);
        let [cert, key] = ["tls.cert", "tls.key"].map(|name| {
            let path = reader.path(name);
            match mode {
                Mode::Pem if path.is_none() => reader.refuse(name, "must name a PEM file when tls.mode is \"pem\""),
                Mode::LocalCa if path.is_some() => reader.refuse(name, "does nothing unless tls.mode is \"pem\""),
                _ => {}
            }
            path.unwrap_or_default()
        });
        match mode {
            Mode::LocalCa => Self::LocalCa,
            Mode::Pem => Self::Pem { cert, key },
        }
    }
}
