//! What can go wrong with an identity provider; no value here carries anything that came over the wire.

/// Why a sign-in at a provider failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdpError {
    /// The provider's configuration, or a redirect address, cannot work.
    #[error("configuration: {0}")]
    Configuration(&'static str),
    /// The provider's discovery document cannot be used.
    #[error("discovery: {0}")]
    Discovery(#[from] DiscoveryFault),
    /// The provider could not be asked.
    #[error("provider {0}")]
    Http(#[from] HttpError),
    /// The provider said no; holds its error code when it is a standard one, else `other`.
    #[error("provider refused: {0}")]
    Refused(&'static str),
    /// The token endpoint's answer is not one.
    #[error("malformed token answer")]
    TokenAnswer,
    /// The user-info endpoint's answer is not one, or speaks of somebody else.
    #[error("user info does not belong to the ID token")]
    UserInfo,
    /// The callback does not name this issuer (RFC 9207): a mix-up of providers.
    #[error("callback from another issuer")]
    CallbackIssuer,
    /// The ID token proves nothing.
    #[error("ID token: {0}")]
    IdToken(#[from] IdTokenFault),
    /// The logout token is a good ID token perhaps, but none of a logout.
    #[error("logout token: {0}")]
    LogoutToken(#[from] LogoutTokenFault),
}

/// What is wrong with a discovery document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryFault {
    /// It names another issuer than the configured one.
    #[error("another issuer")]
    Issuer,
    /// An endpoint is missing, or neither https nor a permitted loopback address.
    #[error("missing or insecure endpoint")]
    Endpoint,
    /// The provider signs with none of RS256, PS256, ES256 and EdDSA.
    #[error("no acceptable signature algorithm")]
    Algorithm,
    /// It, or the key set, is not what the specification asks for.
    #[error("malformed document")]
    Malformed,
}

/// Why a request to a provider has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The address is neither https nor a permitted loopback address.
    #[error("address is not https")]
    Insecure,
    /// No connection, no trusted certificate, or a connection that broke.
    #[error("not reachable")]
    Network,
    /// No complete answer in time.
    #[error("too slow")]
    Timeout,
    /// It answered with a redirect; none is followed.
    #[error("redirected")]
    Redirect,
    /// It answered with more than one MiB.
    #[error("answer too large")]
    TooLarge,
}

/// What is wrong with an ID token (OpenID Connect Core, section 3.1.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenFault {
    /// The answer has none.
    #[error("missing")]
    Missing,
    /// Its header or encoding is not acceptable.
    #[error("malformed")]
    Malformed,
    /// Unsigned, or signed with an algorithm that is not accepted.
    #[error("algorithm")]
    Algorithm,
    /// Signed with a key the provider does not publish.
    #[error("unknown key")]
    UnknownKey,
    /// The signature does not match.
    #[error("signature")]
    Signature,
    /// Another issuer's.
    #[error("issuer")]
    Issuer,
    /// Made for another client.
    #[error("audience")]
    Audience,
    /// `azp` names another client, or is missing beside several audiences.
    #[error("authorized party")]
    AuthorizedParty,
    /// Belongs to another sign-in.
    #[error("nonce")]
    Nonce,
    /// No longer valid.
    #[error("expired")]
    Expired,
    /// Issued in the future.
    #[error("issued in the future")]
    Future,
    /// The access token beside it is not the one it was issued with.
    #[error("access token hash")]
    AccessTokenHash,
}

/// What is wrong with a logout token beyond what can be wrong with an ID token (Back-Channel Logout 1.0, 2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogoutTokenFault {
    /// It speaks of no logout.
    #[error("no logout event")]
    Event,
    /// It has no name that could be remembered, or one that is too long.
    #[error("no usable id")]
    Id,
    /// It was issued too long ago.
    #[error("old")]
    Old,
}

/// Error codes of RFC 6749 (4.1.2.1, 5.2) and OpenID Connect Core (3.1.2.6); others are not repeated.
const KNOWN_CODES: [&str; 15] = [
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "login_required",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "request_not_supported",
];

impl IdpError {
    /// The provider's `error` parameter, on the callback or from the token endpoint.
    pub fn refused(code: &str) -> Self {
        Self::Refused(KNOWN_CODES.into_iter().find(|known| *known == code).unwrap_or("other"))
    }

    /// The name of this error in the audit log.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Configuration(_) => "configuration",
            Self::Discovery(_) => "discovery",
            Self::Http(HttpError::Timeout) => "timeout",
            Self::Http(_) => "network",
            Self::Refused(_) => "refused",
            Self::TokenAnswer => "token-answer",
            Self::UserInfo => "user-info",
            Self::CallbackIssuer => "callback-issuer",
            Self::IdToken(fault) => fault.kind(),
            Self::LogoutToken(LogoutTokenFault::Event) => "logout-token-event",
            Self::LogoutToken(LogoutTokenFault::Id) => "logout-token-id",
            Self::LogoutToken(LogoutTokenFault::Old) => "logout-token-old",
        }
    }
}

impl IdTokenFault {
    const fn kind(self) -> &'static str {
        match self {
            Self::Missing => "id-token-missing",
            Self::Malformed => "id-token-malformed",
            Self::Algorithm => "id-token-algorithm",
            Self::UnknownKey => "id-token-unknown-key",
            Self::Signature => "id-token-signature",
            Self::Issuer => "id-token-issuer",
            Self::Audience => "id-token-audience",
            Self::AuthorizedParty => "id-token-authorized-party",
            Self::Nonce => "id-token-nonce",
            Self::Expired => "id-token-expired",
            Self::Future => "id-token-future",
            Self::AccessTokenHash => "id-token-access-token-hash",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_providers_words_are_not_repeated() {
        assert_eq!(IdpError::refused("invalid_grant"), IdpError::Refused("invalid_grant"));
        assert_eq!(IdpError::refused("<script>"), IdpError::Refused("other"));
    }
}
