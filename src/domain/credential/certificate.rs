//! Certificates: what a chain in PEM (RFC 7468) must be, and when its first one ends.

use x509_parser::pem::Pem;

use crate::base::clock::Timestamp;

/// The label of a certificate's block.
const LABEL: &str = "CERTIFICATE";

/// Whether a text is one certificate after another, each of which can be read, and nothing that is none.
pub fn is_chain(text: &str) -> bool {
    let mut blocks = 0;
    let each_is_good = Pem::iter_from_buffer(text.as_bytes()).all(|block| {
        blocks += 1;
        block.is_ok_and(|block| block.label == LABEL && block.parse_x509().is_ok())
    });
    each_is_good && blocks > 0
}

/// When the first certificate of a chain ends (RFC 5280 section 4.1.2.5).
pub fn end_of(text: &str) -> Option<Timestamp> {
    let first = Pem::iter_from_buffer(text.as_bytes()).next()?.ok()?;
    let certificate = first.parse_x509().ok()?;
    Timestamp::of(certificate.validity().not_after.to_datetime())
}
