//! What others meet: the certificate this server shows, and the providers people sign in with.

use std::path::Path;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use super::Check;
use crate::base::clock::{Clock, SystemClock, Timestamp};
use crate::cli::place::Settings;
use crate::cli::server::Mode;
use crate::cli::{providers, runtime};
use crate::config::{Oidc, Tls};
use crate::http::tls;

/// Less life than this, in days, is worth a warning: renewals come well before.
const SHORT: u64 = 14;
const CERTIFICATE: &str = "certificate";

/// The checks of this file.
pub fn checks(settings: &Settings) -> Vec<Check> {
    let mut checks = vec![certificate(settings)];
    checks.extend(settings.config.oidc.iter().map(discovery));
    checks
}

fn certificate(settings: &Settings) -> Check {
    let origin = settings.config.http.origin(settings.config.http.port);
    match &settings.config.tls {
        Tls::LocalCa if !matches!(origin.host(), "localhost" | "127.0.0.1" | "::1") => {
            let detail = format!("the local authority speaks for this machine alone, not for {}", origin.host());
            Check::fail(CERTIFICATE, detail, "set tls.mode to \"pem\" and name a certificate for that host")
        }
        Tls::LocalCa if !settings.layout.local_ca().exists() => {
            Check::warn(CERTIFICATE, "the local authority is not made yet", "the first start makes it")
        }
        Tls::LocalCa => look(&settings.layout.local_ca(), None),
        Tls::Pem { cert, key } => match tls::from_pem_files(cert, key) {
            Err(error) => Check::fail(CERTIFICATE, error.to_string(), "name a chain in PEM and the key it belongs to"),
            Ok(_) => look(cert, Some(origin.host())),
        },
    }
}

/// How long the first certificate of a file is good, and whether it is for `host`.
fn look(file: &Path, host: Option<&str>) -> Check {
    let unreadable = |why: String| Check::fail(CERTIFICATE, format!("{}: {why}", file.display()), "replace the file");
    let certificate = match CertificateDer::from_pem_file(file) {
        Err(error) => return unreadable(error.to_string()),
        Ok(certificate) => certificate,
    };
    if let Some(host) = host.filter(|host| !is_for(&certificate, host)) {
        let detail = format!("{} is not for {host}", file.display());
        return Check::fail(CERTIFICATE, detail, "get a certificate for the host in http.public_url");
    }
    match x509_parser::parse_x509_certificate(&certificate) {
        Err(error) => unreadable(error.to_string()),
        Ok((_, parsed)) => {
            let end = parsed.validity().not_after.timestamp().saturating_mul(1_000_000);
            life(Timestamp::from_micros(end), SystemClock.now())
        }
    }
}

fn is_for(certificate: &CertificateDer<'_>, host: &str) -> bool {
    let names = ParsedCertificate::try_from(certificate).ok().zip(ServerName::try_from(host).ok());
    names.is_some_and(|(certificate, name)| rustls::client::verify_server_name(&certificate, &name).is_ok())
}

fn life(end: Timestamp, now: Timestamp) -> Check {
    let days = end.since(now).as_secs() / 86_400;
    let detail = format!("good until {end}");
    match days {
        _ if end <= now => Check::fail(CERTIFICATE, format!("expired at {end}"), "renew it; no restart is needed"),
        0..SHORT => Check::warn(CERTIFICATE, detail, "see why it was not renewed yet"),
        _ => Check::pass(CERTIFICATE, detail),
    }
}

fn discovery(oidc: &Oidc) -> Check {
    const NAME: &str = "provider";
    let label = format!("{}, {}", oidc.name, oidc.issuer);
    let fix = "compare the issuer with what the provider says, and try to reach it from this machine";
    let asked = providers::of(std::slice::from_ref(oidc), Mode::Dev).and_then(|providers| {
        let runtime = runtime::narrow()?;
        Ok(providers.iter().try_for_each(|provider| runtime.block_on(provider.check())))
    });
    match asked {
        Err(failure) => Check::fail(NAME, failure.message, fix),
        Ok(Err(error)) => Check::fail(NAME, format!("{label}: {error}"), fix),
        Ok(Ok(())) if oidc.issuer.starts_with("http://") => {
            Check::warn(NAME, format!("{label} answers without TLS"), "serve will refuse it: only dev takes plain http")
        }
        Ok(Ok(())) => Check::pass(NAME, format!("{label} answers")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Status;
    use super::*;

    #[test]
    fn a_certificate_grows_old() {
        let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        let days = |days: u64| now + Duration::from_hours(24 * days);
        assert_eq!(life(days(14), now).status, Status::Pass);
        assert_eq!(life(days(13), now).status, Status::Warn);
        assert_eq!(life(now, now).status, Status::Fail);
    }
}
