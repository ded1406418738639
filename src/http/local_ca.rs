//! A certificate authority for this machine alone, for `milton dev`.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;

use super::tls::{self, TlsError};
use crate::base::clock::Timestamp;
use crate::base::whole_file;

const DAY: Duration = Duration::from_hours(24);
const CA_LIFETIME: Duration = DAY.saturating_mul(3_650);
/// How long a leaf is good; issue the next one well before.
pub const LEAF_LIFETIME: Duration = DAY.saturating_mul(90);
const LOCALHOST: &str = "localhost";

/// The authority. Trusting it is harmless: its name constraints (RFC 5280, 4.2.1.10) let it speak for `localhost`,
/// 127.0.0.0/8 and `::1` and for nothing else.
pub struct LocalCa {
    certificate: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl LocalCa {
    /// Opens the authority in `folder`, or makes it: `ca.pem` and `ca.key` (0600).
    ///
    /// # Errors
    /// When the files cannot be read or written, or others may read the key.
    pub fn open(folder: &Path, now: Timestamp) -> Result<Self, TlsError> {
        let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
        if !certificate.exists() {
            make(&certificate, &key, now)?;
        }
        let pair = KeyPair::from_pem(&read_private(&key)?).map_err(|error| TlsError::file(&key, &error))?;
        let pem = fs::read_to_string(&certificate).map_err(|error| TlsError::file(&certificate, &error))?;
        let issuer = Issuer::from_ca_cert_pem(&pem, pair).map_err(|error| TlsError::file(&certificate, &error))?;
        Ok(Self { certificate, issuer })
    }

    /// The file to trust.
    pub fn certificate_file(&self) -> &Path {
        &self.certificate
    }

    /// A new certificate for `localhost`, 127.0.0.1 and `::1`, good for [`LEAF_LIFETIME`]. Its key is never written down.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn issue(&self, now: Timestamp) -> Result<CertifiedKey, TlsError> {
        let key = KeyPair::generate()?;
        let mut leaf = params(LOCALHOST, now, LEAF_LIFETIME);
        leaf.subject_alt_names = vec![
            SanType::DnsName(LOCALHOST.try_into()?),
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let certificate = leaf.signed_by(&key, &self.issuer)?;
        let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Ok(CertifiedKey::from_der(vec![certificate.der().clone()], private, &tls::provider())?)
    }
}

fn make(certificate: &Path, key: &Path, now: Timestamp) -> Result<(), TlsError> {
    let pair = KeyPair::generate()?;
    let mut ca = params("Milton local CA", now, CA_LIFETIME);
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName(LOCALHOST.to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(Ipv6Addr::LOCALHOST.octets(), 128)),
        ],
        excluded_subtrees: Vec::new(),
    });
    let pem = ca.self_signed(&pair)?.pem();
    // The certificate comes last: where it is, its key is.
    let write = |path: &Path, pem: &str, mode| {
        whole_file::replace(path, pem.as_bytes(), mode).map_err(|error| TlsError::file(path, &error))
    };
    write(key, &pair.serialize_pem(), 0o600)?;
    write(certificate, &pem, 0o644)
}

fn params(name: &str, now: Timestamp, lifetime: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    // A day back, for clients whose clock is behind.
    params.not_before = moment(now - DAY);
    params.not_after = moment(now + lifetime);
    params
}

fn moment(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn read_private(path: &Path) -> Result<String, TlsError> {
    let mode = fs::metadata(path).map_err(|error| TlsError::file(path, &error))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(TlsError::file(path, &"others may read this key; it must have mode 0600"));
    }
    fs::read_to_string(path).map_err(|error| TlsError::file(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    #[test]
    fn it_is_made_once_and_its_key_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let pem = |ca: &LocalCa| fs::read_to_string(ca.certificate_file()).unwrap();
        let first = LocalCa::open(folder.path(), NOW).unwrap();
        assert_eq!(pem(&first), pem(&LocalCa::open(folder.path(), NOW + DAY).unwrap()));
        let key = folder.path().join("ca.key");
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(LocalCa::open(folder.path(), NOW).err().unwrap().to_string().contains("0600"));
    }
}
