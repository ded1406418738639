//! One provider's configuration, and the rule for who may join through it.

use crate::base::secret::Secret;

use super::identity::Identity;

/// Google's issuer, as its discovery document spells it.
///
/// Google's documentation also allows `accounts.google.com` in ID tokens, which older endpoints than the discovered
/// ones used. `openidconnect` takes no issuer that is not a URL, so such a token is refused as malformed.
pub const GOOGLE_ISSUER: &str = "https://accounts.google.com";

/// What Milton must know about one provider.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// Short name in addresses: `/auth/login/<name>`.
    pub name: String,
    /// What the sign-in button says.
    pub display_name: String,
    /// The issuer, character by character as the provider spells it.
    pub issuer: String,
    /// Who Milton is at the provider.
    pub client_id: String,
    /// Proves it; `None` for a public client, which PKCE alone protects.
    pub client_secret: Option<Secret<String>>,
    /// E-mail domains whose people may join without an invitation; empty: nobody may.
    pub allowed_domains: Vec<String>,
}

impl ProviderConfig {
    /// Google, with the credentials of an OAuth client of type *web application*.
    pub fn google(client_id: String, client_secret: Secret<String>, allowed_domains: Vec<String>) -> Self {
        Self {
            name: "google".to_owned(),
            display_name: "Google".to_owned(),
            issuer: GOOGLE_ISSUER.to_owned(),
            client_id,
            client_secret: Some(client_secret),
            allowed_domains,
        }
    }

    /// Whether the provider is known to let people sign in anew when it is asked to (`prompt=login`, `max_age`). Google
    /// ignores both; whether another does shows when somebody comes back.
    pub fn signs_in_anew(&self) -> bool {
        self.issuer != GOOGLE_ISSUER
    }

    /// Whether this identity may join without an invitation: its e-mail is verified and in an allowed domain.
    ///
    /// At Google anyone can open an account with a foreign address, so there the signed `hd` claim, which only the
    /// domain's own organisation gets, must name an allowed domain too.
    pub fn admits(&self, identity: &Identity) -> bool {
        let allowed = |domain: &str| self.allowed_domains.iter().any(|one| one.eq_ignore_ascii_case(domain));
        let email = identity.email.as_deref().and_then(|email| email.split_once('@'));
        let hosted = self.issuer != GOOGLE_ISSUER || identity.hosted_domain.as_deref().is_some_and(allowed);
        identity.email_verified && hosted && email.is_some_and(|(_, domain)| allowed(domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::ProviderTokens;

    fn identity(email: &str, email_verified: bool, hosted_domain: Option<&str>) -> Identity {
        Identity {
            issuer: String::new(),
            subject: "1".to_owned(),
            email: Some(email.to_owned()),
            email_verified,
            name: None,
            hosted_domain: hosted_domain.map(str::to_owned),
            auth_time: None,
            session: None,
            tokens: ProviderTokens { access: Secret::new(String::new()), refresh: None, expires_at: None },
        }
    }

    fn config(issuer: &str, domains: &[&str]) -> ProviderConfig {
        let domains = domains.iter().map(ToString::to_string).collect();
        let google = ProviderConfig::google("id".to_owned(), Secret::new("secret".to_owned()), domains);
        ProviderConfig { issuer: issuer.to_owned(), ..google }
    }

    #[test]
    fn a_verified_address_in_an_allowed_domain_is_admitted() {
        let config = config("https://id.example.com", &["Example.com"]);
        assert!(config.admits(&identity("ana@example.COM", true, None)));
        assert!(!config.admits(&identity("ana@example.com", false, None)));
        assert!(!config.admits(&identity("ana@evil-example.com", true, None)));
        assert!(!config.admits(&identity("ana@sub.example.com", true, None)));
        // With two of them, readers disagree about where the domain begins.
        assert!(!config.admits(&identity("ana@example.com@evil.com", true, None)));
        assert!(!config.admits(&identity("ana@evil.com@example.com", true, None)));
        assert!(!config.admits(&identity("example.com", true, None)));
    }

    #[test]
    fn without_domains_nobody_is_admitted() {
        assert!(!config("https://id.example.com", &[]).admits(&identity("ana@example.com", true, None)));
    }

    #[test]
    fn google_must_vouch_for_the_domain() {
        let config = config(GOOGLE_ISSUER, &["example.com"]);
        assert!(config.admits(&identity("ana@example.com", true, Some("EXAMPLE.com"))));
        assert!(!config.admits(&identity("ana@example.com", true, None)));
        assert!(!config.admits(&identity("ana@example.com", true, Some("other.com"))));
    }

    #[test]
    fn no_secret_is_printed() {
        assert!(!format!("{:?}", config(GOOGLE_ISSUER, &[])).contains("\"secret\""));
    }
}
