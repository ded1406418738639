//! A provider's discovery document and keys: fetched when first needed, kept for an hour, by one caller at a time.

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{DiscoveryError, IssuerUrl};
use tokio::sync::Mutex;

use crate::base::clock::{Clock, Timestamp};

use super::error::{DiscoveryFault, HttpError, IdpError};
use super::http_client::HttpClient;
use super::protocol::Metadata;

/// A key the provider has withdrawn is trusted no longer than this.
const LIFETIME: Duration = Duration::from_hours(1);
/// A provider that failed is left alone this long.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// Unknown key ids make us ask for the keys no more often than this.
const REFETCH_AFTER: Duration = Duration::from_mins(1);
/// The signatures we accept: no `none`, and nothing that is checked with a shared secret.
const ACCEPTED: [CoreJwsSigningAlgorithm; 4] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What is known about one issuer.
pub struct Directory {
    issuer: IssuerUrl,
    http: HttpClient,
    clock: Arc<dyn Clock>,
    /// Held while asking, so that a crowd of sign-ins asks once.
    state: Mutex<State>,
}

enum State {
    Unknown,
    Failed { error: IdpError, at: Timestamp },
    Known { metadata: Arc<Metadata>, at: Timestamp, refetched_at: Option<Timestamp> },
}

impl Directory {
    /// Knows nothing yet.
    pub fn new(issuer: IssuerUrl, http: HttpClient, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, http, clock, state: Mutex::new(State::Unknown) }
    }

    /// The document and keys; asks the provider when they are unknown or an hour old.
    pub async fn current(&self) -> Result<Arc<Metadata>, IdpError> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        match &*state {
            State::Known { metadata, at, .. } if now.since(*at) < LIFETIME => return Ok(Arc::clone(metadata)),
            State::Failed { error, at } if now.since(*at) < RETRY_AFTER => return Err(*error),
            _ => {}
        }
        let found = self.discover().await.map(Arc::new);
        *state = match &found {
            Ok(metadata) => State::Known { metadata: Arc::clone(metadata), at: now, refetched_at: None },
            Err(error) => State::Failed { error: *error, at: now },
        };
        found
    }

    /// Newer keys than those in `seen`; `None` when the provider was asked less than a minute ago.
    pub async fn newer_keys(&self, seen: &Arc<Metadata>) -> Result<Option<Arc<Metadata>>, IdpError> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        let State::Known { metadata, refetched_at, .. } = &mut *state else { return Ok(None) };
        if !Arc::ptr_eq(metadata, seen) {
            return Ok(Some(Arc::clone(metadata)));
        }
        if refetched_at.is_some_and(|at| now.since(at) < REFETCH_AFTER) {
            return Ok(None);
        }
        *refetched_at = Some(now);
        let keys = CoreJsonWebKeySet::fetch_async(seen.jwks_uri(), &self.http).await.map_err(|error| fault(&error))?;
        *metadata = Arc::new(Metadata::clone(seen).set_jwks(keys));
        Ok(Some(Arc::clone(metadata)))
    }

    async fn discover(&self) -> Result<Metadata, IdpError> {
        let metadata =
            Metadata::discover_async(self.issuer.clone(), &self.http).await.map_err(|error| fault(&error))?;
        let token = metadata.token_endpoint().map(|url| url.url().as_str());
        let endpoints = [Some(metadata.authorization_endpoint().url().as_str()), token];
        let optional = metadata.userinfo_endpoint().map(|url| url.url().as_str());
        let secure = |address: &str| self.http.permits(address);
        if !endpoints.into_iter().all(|endpoint| endpoint.is_some_and(secure)) || !optional.is_none_or(secure) {
            return Err(DiscoveryFault::Endpoint.into());
        }
        let offered = metadata.id_token_signing_alg_values_supported();
        let accepted: Vec<_> = offered.iter().filter(|alg| ACCEPTED.contains(alg)).cloned().collect();
        if accepted.is_empty() {
            return Err(DiscoveryFault::Algorithm.into());
        }
        Ok(metadata.set_id_token_signing_alg_values_supported(accepted))
    }
}

fn fault(error: &DiscoveryError<HttpError>) -> IdpError {
    match error {
        DiscoveryError::Request(error) => (*error).into(),
        DiscoveryError::Validation(_) => DiscoveryFault::Issuer.into(),
        _ => DiscoveryFault::Malformed.into(),
    }
}
