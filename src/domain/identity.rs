//! Identities: who a provider says that somebody is, and what it gave for further requests in their name.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::secret::Secret;

/// An access token is renewed when somebody wants it this shortly before its end.
pub const RENEW_BEFORE: Duration = Duration::from_mins(1);
/// The timer renews what ends within this time.
pub const RENEW_AHEAD: Duration = Duration::from_mins(10);
/// How far a provider's clock may be from ours.
pub const CLOCK_LEEWAY: Duration = Duration::from_mins(1);

/// An identity that belongs to an account.
#[derive(Clone, Debug)]
pub struct LinkedIdentity {
    /// The identity.
    pub id: Id<LinkedIdentity>,
    /// The provider's issuer.
    pub issuer: String,
    /// What the provider calls the person, for them to tell their identities apart: an address or a name.
    pub label: Option<String>,
    /// When it was linked.
    pub linked_at: Timestamp,
    /// When somebody last came by it.
    pub last_used_at: Timestamp,
}

/// Tokens for requests to the provider.
#[derive(Clone, Debug)]
pub struct ProviderTokens {
    /// The access token.
    pub access: Secret<String>,
    /// The refresh token, if there is one.
    pub refresh: Option<Secret<String>>,
    /// When the access token ends, if the provider says.
    pub expires_at: Option<Timestamp>,
}

impl ProviderTokens {
    /// Whether the access token ends within `span` of `now`. One without an end does not.
    pub fn ends_within(&self, span: Duration, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now + span)
    }
}

/// Whether a person proved who they are on a trip that began at `began`, by the provider's `auth_time` (`OpenID` Connect
/// Core, section 2). A provider that was asked to let them sign in anew, and says nothing or names an older moment, did
/// not do so; one that names a moment to come proves nothing.
pub fn proved_anew(auth_time: Option<Timestamp>, began: Timestamp, now: Timestamp) -> bool {
    auth_time.is_some_and(|at| at + CLOCK_LEEWAY >= began && at <= now + CLOCK_LEEWAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proof_of_this_trip_counts() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let (began, now) = (at(1_000), at(1_030));
        for (auth_time, counts) in
            [(939, false), (940, true), (1_000, true), (1_030, true), (1_090, true), (1_091, false)]
        {
            assert_eq!(proved_anew(Some(at(auth_time)), began, now), counts, "{auth_time}");
        }
        assert!(!proved_anew(None, began, now), "silence is no proof");
    }
}
