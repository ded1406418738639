//! The long type parameters of `openidconnect`, chosen once.

use std::collections::BTreeMap;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IdToken, IdTokenClaims, IdTokenFields, ProviderMetadata, StandardErrorResponse, StandardTokenResponse,
    UserInfoClaims,
};
use serde::{Deserialize, Serialize};

/// A discovery document with its keys.
pub type Metadata = ProviderMetadata<
    Further,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// The client that a discovery document makes.
pub type Client = openidconnect::Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenAnswer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What the token endpoint answers.
pub type TokenAnswer = StandardTokenResponse<
    IdTokenFields<
        Extra,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// What an ID token says.
pub type Claims = IdTokenClaims<Extra, CoreGenderClaim>;

/// What the user-info endpoint says.
pub type UserInfo = UserInfoClaims<Extra, CoreGenderClaim>;

/// The claims we read beyond the standard ones.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Extra {
    /// Google's hosted domain.
    pub hd: Option<String>,
    /// The provider's own session (Back-Channel Logout 1.0, 2.1).
    pub sid: Option<String>,
}

impl AdditionalClaims for Extra {}

/// A logout token: it has the shape of an ID token with claims of its own.
pub type LogoutToken =
    IdToken<LogoutClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// The claims of a logout token beyond those of an ID token (Back-Channel Logout 1.0, 2.4).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct LogoutClaims {
    /// What happened: one member names the logout.
    pub events: Option<BTreeMap<String, serde_json::Value>>,
    /// The token's own name.
    pub jti: Option<String>,
    /// The provider's session that ended.
    pub sid: Option<String>,
}

impl AdditionalClaims for LogoutClaims {}

/// What we read in a discovery document beyond the standard fields.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Further {
    /// The provider names itself on every callback (RFC 9207).
    pub authorization_response_iss_parameter_supported: Option<bool>,
    /// Where tokens are revoked (RFC 7009, RFC 8414).
    pub revocation_endpoint: Option<String>,
}

impl AdditionalProviderMetadata for Further {}
