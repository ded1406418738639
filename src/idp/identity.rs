//! Who somebody is, according to a provider that proved it. No `Debug`: all of it is personal.

use crate::base::clock::Timestamp;
use crate::domain::identity::ProviderTokens;

/// A person as a provider knows them. (`issuer`, `subject`) is the identity; everything else may change.
pub struct Identity {
    /// The provider's issuer.
    pub issuer: String,
    /// The provider's name for the person: stable, never given to somebody else, compared byte by byte.
    pub subject: String,
    /// Their e-mail address, if the provider tells it.
    pub email: Option<String>,
    /// Whether the provider has checked that the address is theirs.
    pub email_verified: bool,
    /// Their full name, if the provider tells it.
    pub name: Option<String>,
    /// Google's `hd`: the organisation's domain that the account belongs to.
    pub hosted_domain: Option<String>,
    /// When they last proved to the provider who they are, if the provider tells it.
    pub auth_time: Option<Timestamp>,
    /// What the provider calls its own session (`sid`), if it has a name.
    pub session: Option<String>,
    /// What the provider gave for further requests.
    pub tokens: ProviderTokens,
}
