//! Checks an ID token: `openidconnect` verifies, we set the rules and add the checks it leaves out.

use std::time::{Duration, UNIX_EPOCH};

use openidconnect::core::CoreJsonWebKey;
use openidconnect::{
    AccessTokenHash, ClaimsVerificationError, ClientId, IdTokenVerifier, Nonce, OAuth2TokenResponse,
    SignatureVerificationError, TokenResponse,
};

use crate::base::clock::Timestamp;
use crate::domain::identity::CLOCK_LEEWAY;

use super::error::IdTokenFault;
use super::protocol::{Claims, Metadata, TokenAnswer};

/// The claims of the ID token in `answer`, once all of OpenID Connect Core 3.1.3.7 holds.
pub fn verify<'a>(
    answer: &'a TokenAnswer,
    metadata: &Metadata,
    client_id: &ClientId,
    nonce: &Nonce,
    now: Timestamp,
) -> Result<&'a Claims, IdTokenFault> {
    let token = answer.id_token().ok_or(IdTokenFault::Missing)?;
    let verifier = verifier(metadata, client_id, now);
    let claims = token.claims(&verifier, nonce).map_err(|error| fault(&error))?;
    check_party(claims, client_id)?;
    if !(1..=255).contains(&claims.subject().len()) {
        return Err(IdTokenFault::Malformed); // an empty subject would be one account for many people
    }
    if claims.issue_time().timestamp() > (now + CLOCK_LEEWAY).seconds() {
        return Err(IdTokenFault::Future);
    }
    if let Some(stated) = claims.access_token_hash() {
        let key = token.signing_key(&verifier).map_err(|_| IdTokenFault::UnknownKey)?;
        let algorithm = token.signing_alg().map_err(|_| IdTokenFault::Algorithm)?;
        let actual = AccessTokenHash::from_token(answer.access_token(), algorithm, key);
        if actual.ok().as_ref() != Some(stated) {
            return Err(IdTokenFault::AccessTokenHash);
        }
    }
    Ok(claims)
}

/// The rules of issuer, audience, signature and time, which hold for every token of the provider.
pub(super) fn verifier(
    metadata: &Metadata,
    client_id: &ClientId,
    now: Timestamp,
) -> IdTokenVerifier<'static, CoreJsonWebKey> {
    let earliest = Duration::from_secs(u64::try_from((now - CLOCK_LEEWAY).seconds()).unwrap_or(0));
    // The verifier of a public client has no shared secret that a signature could be checked with.
    IdTokenVerifier::new_public_client(client_id.clone(), metadata.issuer().clone(), metadata.jwks().clone())
        .set_allowed_algs(metadata.id_token_signing_alg_values_supported().iter().cloned())
        .set_other_audience_verifier_fn(|_| true) // several audiences are `check_party`'s business
        .set_time_fn(move || (UNIX_EPOCH + earliest).into())
}

/// `azp` must be us where it stands, and must stand where there is more than one audience.
fn check_party(claims: &Claims, client_id: &ClientId) -> Result<(), IdTokenFault> {
    match claims.authorized_party() {
        Some(party) if party == client_id => Ok(()),
        None if claims.audiences().len() == 1 => Ok(()),
        _ => Err(IdTokenFault::AuthorizedParty),
    }
}

pub(super) fn fault(error: &ClaimsVerificationError) -> IdTokenFault {
    use ClaimsVerificationError as Claim;
    use SignatureVerificationError as Sign;
    match error {
        Claim::Expired(_) => IdTokenFault::Expired,
        Claim::InvalidAudience(_) => IdTokenFault::Audience,
        Claim::InvalidIssuer(_) => IdTokenFault::Issuer,
        Claim::InvalidNonce(_) => IdTokenFault::Nonce,
        Claim::SignatureVerification(Sign::NoMatchingKey) => IdTokenFault::UnknownKey,
        Claim::SignatureVerification(Sign::DisallowedAlg(_) | Sign::UnsupportedAlg(_) | Sign::NoSignature) => {
            IdTokenFault::Algorithm
        }
        Claim::SignatureVerification(_) => IdTokenFault::Signature,
        _ => IdTokenFault::Malformed,
    }
}
