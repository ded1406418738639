//! A provider's tokens: what an answer of its token endpoint gives, how they are renewed, and how they are revoked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Request;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use openidconnect::core::CoreErrorResponseType;
use openidconnect::{
    AuthType, HttpRequest, OAuth2TokenResponse, RefreshToken, RequestTokenError, StandardErrorResponse,
};
use url::form_urlencoded;

use crate::base::clock::Timestamp;
use crate::base::secret::Secret;
use crate::domain::identity::ProviderTokens;

use super::error::{HttpError, IdpError};
use super::protocol::{Metadata, TokenAnswer};
use super::provider::{Provider, auth_type};

impl Provider {
    /// Gets a new access token (RFC 6749, section 6). What the answer leaves out stays as it was.
    ///
    /// # Errors
    /// `Refused("invalid_grant")` when the refresh token is good for nothing any more; otherwise `Discovery`, `Http` or
    /// `TokenAnswer`, and the refresh token may still be good.
    pub async fn refresh(&self, refresh: &Secret<String>) -> Result<ProviderTokens, IdpError> {
        let metadata = self.directory.current().await?;
        let client = self.client(&metadata, &self.config.issuer)?; // no redirect takes part in a renewal
        let token = RefreshToken::new(refresh.expose().clone());
        let request =
            client.exchange_refresh_token(&token).map_err(|_| IdpError::Configuration("no token endpoint"))?;
        let answer = request.request_async(&self.http).await.map_err(refusal)?;
        Ok(given(&answer, self.clock.now()))
    }

    /// Revokes tokens (RFC 7009): the refresh token first, because most providers end what came from it as well.
    /// `false` when the provider has no endpoint for that, or one that may not be asked.
    ///
    /// # Errors
    /// `Discovery`, `Http` or `Refused`. Nobody knows then which of the tokens still work.
    pub async fn revoke(&self, tokens: &ProviderTokens) -> Result<bool, IdpError> {
        let metadata = self.directory.current().await?;
        let endpoint = metadata.additional_metadata().revocation_endpoint.as_deref();
        let Some(endpoint) = endpoint.filter(|endpoint| self.http.permits(endpoint)) else {
            return Ok(false);
        };
        if let Some(refresh) = &tokens.refresh {
            self.revoke_one(&metadata, endpoint, refresh, "refresh_token").await?;
        }
        self.revoke_one(&metadata, endpoint, &tokens.access, "access_token").await?;
        Ok(true)
    }

    async fn revoke_one(
        &self,
        metadata: &Metadata,
        endpoint: &str,
        token: &Secret<String>,
        kind: &str,
    ) -> Result<(), IdpError> {
        let answer = self.http.send(self.revocation(metadata, endpoint, token, kind)?).await?;
        if answer.status().is_success() { Ok(()) } else { Err(IdpError::Refused("revocation")) }
    }

    /// The request. `openidconnect` has one of its own, which will not go to plain loopback, where `milton dev` may.
    fn revocation(
        &self,
        metadata: &Metadata,
        endpoint: &str,
        token: &Secret<String>,
        kind: &str,
    ) -> Result<HttpRequest, IdpError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", token.expose()).append_pair("token_type_hint", kind);
        let request = Request::post(endpoint)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = match (&self.config.client_secret, auth_type(metadata)) {
            (Some(secret), AuthType::BasicAuth) => {
                let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let both = format!("{}:{}", encode(&self.client_id), encode(secret.expose()));
                request.header(AUTHORIZATION, format!("Basic {}", STANDARD.encode(both)))
            }
            (secret, _) => {
                form.append_pair("client_id", &self.client_id);
                form.extend_pairs(secret.iter().map(|secret| ("client_secret", secret.expose())));
                request
            }
        };
        request.body(form.finish().into_bytes()).map_err(|_| HttpError::Insecure.into())
    }
}

/// What the token endpoint gave.
pub(super) fn given(answer: &TokenAnswer, now: Timestamp) -> ProviderTokens {
    ProviderTokens {
        access: Secret::new(answer.access_token().secret().clone()),
        refresh: answer.refresh_token().map(|token| Secret::new(token.secret().clone())),
        expires_at: answer.expires_in().map(|span| now + span),
    }
}

/// Why the token endpoint gave nothing.
pub(super) fn refusal(error: RequestTokenError<HttpError, StandardErrorResponse<CoreErrorResponseType>>) -> IdpError {
    match error {
        RequestTokenError::ServerResponse(refusal) => IdpError::refused(refusal.error().as_ref()),
        RequestTokenError::Request(error) => error.into(),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => IdpError::TokenAnswer,
    }
}
