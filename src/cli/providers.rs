//! From `[[oidc]]` to providers that can be asked.

use std::sync::Arc;

use super::exit::{Exit, Failure};
use super::server::Mode;
use crate::base::clock::SystemClock;
use crate::base::entropy::SystemEntropy;
use crate::config::Oidc;
use crate::idp::{HttpClient, HttpOptions, Provider, ProviderConfig};

/// The configured providers; none has been asked anything yet. Plain `http` issuers on this machine are for
/// `milton dev` alone.
///
/// # Errors
/// An issuer that may not be asked in this mode, with exit code 78. Nothing is written.
pub fn of(configured: &[Oidc], mode: Mode) -> Result<Vec<Provider>, Failure> {
    if configured.is_empty() {
        return Ok(Vec::new()); // and the system's root certificates stay unread
    }
    let options = HttpOptions { allow_plain_loopback: mode == Mode::Dev, ..HttpOptions::default() };
    let http = HttpClient::new(&options).map_err(|error| Failure::new(Exit::Config, error.to_string()))?;
    let provider = |oidc: &Oidc| {
        let refused = |error| {
            let hint = if oidc.issuer.starts_with("http://") { "; plain http is for `milton dev` alone" } else { "" };
            Failure::new(Exit::Config, format!("the provider {}, {}: {error}{hint}", oidc.name, oidc.issuer))
        };
        Provider::new(config(oidc), Arc::new(SystemClock), Arc::new(SystemEntropy), http.clone()).map_err(refused)
    };
    configured.iter().map(provider).collect()
}

fn config(oidc: &Oidc) -> ProviderConfig {
    ProviderConfig {
        name: oidc.name.clone(),
        display_name: oidc.display_name.clone(),
        issuer: oidc.issuer.clone(),
        client_id: oidc.client_id.clone(),
        client_secret: oidc.client_secret.clone(),
        allowed_domains: oidc.allowed_domains.iter().map(|domain| domain.as_str().to_owned()).collect(),
    }
}
