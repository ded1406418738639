//! Checks a logout token (`OpenID` Connect Back-Channel Logout 1.0): `openidconnect` verifies it as the ID token whose
//! shape it has, we add what makes it a logout.

use std::str::FromStr;
use std::time::Duration;

use openidconnect::{IdTokenVerifier, JsonWebTokenType, Nonce, core::CoreJsonWebKey};

use crate::base::clock::Timestamp;
use crate::domain::identity::CLOCK_LEEWAY;

use super::error::{IdTokenFault, IdpError, LogoutTokenFault};
use super::id_token::{fault, verifier};
use super::protocol::{LogoutToken, Metadata};
use super::provider::Provider;

/// How old a logout token may be, the clocks' difference aside.
const LIFETIME: Duration = Duration::from_mins(2);
/// The member of `events` that speaks of a logout.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Somebody signed out at the provider.
pub struct LoggedOut {
    /// The provider's issuer.
    pub issuer: String,
    /// Whom it means.
    pub subject: String,
    /// The provider's session that ended; all of the person's when it names none.
    pub session: Option<String>,
    /// The token's own name: it may be used once.
    pub token: String,
    /// When the token is too old to be used again.
    pub expires_at: Timestamp,
}

impl Provider {
    /// Who signed out, according to a logout token. Whether it was used before is the caller's business.
    ///
    /// A token that names a session but nobody (`sid` without `sub`) is refused as malformed: `openidconnect` reads
    /// tokens with a subject alone.
    ///
    /// # Errors
    /// `IdToken` or `LogoutToken` for what is no good token; `Discovery` or `Http` when the keys cannot be had.
    pub async fn verify_logout(&self, token: &str) -> Result<LoggedOut, IdpError> {
        let token = LogoutToken::from_str(token).map_err(|_| IdTokenFault::Malformed)?;
        let now = self.clock.now();
        let check = |metadata: &Metadata| {
            let verifier = verifier(metadata, &self.client_id, now);
            check(&token, &verifier.set_allowed_jose_types(kinds()), now)
        };
        self.with_newer_keys(&self.directory.current().await?, check).await
    }
}

/// What a logout token may call itself: explicitly, or as tokens were called before that was asked for.
fn kinds() -> impl Iterator<Item = openidconnect::NormalizedJsonWebTokenType> {
    let names = ["logout+jwt", "JWT"].map(|name| JsonWebTokenType::new(name.to_owned()));
    names.into_iter().filter_map(|name| name.normalize().ok())
}

fn check(
    token: &LogoutToken,
    verifier: &IdTokenVerifier<'_, CoreJsonWebKey>,
    now: Timestamp,
) -> Result<LoggedOut, IdpError> {
    // A nonce would make an ID token of it, which anybody who signed in may hold.
    let no_nonce = |nonce: Option<&Nonce>| nonce.map_or(Ok(()), |_| Err("a nonce".to_owned()));
    let claims = token.claims(verifier, no_nonce).map_err(|error| fault(&error))?;
    let own = claims.additional_claims();
    let speaks = own.events.as_ref().and_then(|events| events.get(EVENT)).is_some_and(serde_json::Value::is_object);
    if !speaks {
        return Err(LogoutTokenFault::Event.into());
    }
    let issued_at = Timestamp::from_micros(claims.issue_time().timestamp_micros());
    if issued_at > now + CLOCK_LEEWAY {
        return Err(IdTokenFault::Future.into());
    }
    let expires_at = issued_at + LIFETIME + CLOCK_LEEWAY;
    if expires_at <= now {
        return Err(LogoutTokenFault::Old.into());
    }
    let token = own.jti.clone().filter(|jti| (1..=255).contains(&jti.len())).ok_or(LogoutTokenFault::Id)?;
    let subject = claims.subject().as_str().to_owned();
    Ok(LoggedOut { issuer: claims.issuer().to_string(), subject, session: own.sid.clone(), token, expires_at })
}
