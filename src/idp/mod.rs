//! OpenID Connect client: sends people to their provider and believes only what it can check.
//!
//! Any issuer with discovery works; Google is a preset. The flow is authorization code with PKCE S256, `state` and
//! `nonce` ([OpenID Connect Core 1.0](https://openid.net/specs/openid-connect-core-1_0.html), RFC 7636, RFC 9207):
//! [`Provider::begin`] makes the address the browser is sent to, [`Provider::finish`] turns the code it comes back
//! with into an [`Identity`]. Between the two, the caller keeps `state`, `nonce` and `pkce_verifier`, lets them be
//! used once, and compares `state` itself.
//!
//! # What else a provider is asked
//!
//! - *To sign a person in anew* ([`Prompt::Anew`]: `prompt=login`, `max_age=0`), as a new proof of who they are. Whether it
//!   did shows in [`Identity::auth_time`]; Google ignores the question.
//! - *For new access tokens* ([`Provider::refresh`]), and *to revoke what it gave* ([`Provider::revoke`], RFC 7009).
//! - *Nothing, but it speaks up* when somebody signs out there: [`Provider::verify_logout`] checks its logout token
//!   ([Back-Channel Logout 1.0](https://openid.net/specs/openid-connect-backchannel-1_0.html)).
//!
//! # Configuration
//!
//! Register Milton at the provider as a *web application* with the redirect address
//! `https://<your host>/auth/callback/<name>` and, where it can, the back-channel logout address
//! `https://<your host>/auth/backchannel-logout/<name>`; then write into `milton.toml`:
//!
//! ```toml
//! # Google: console.cloud.google.com → APIs & Services → Credentials → OAuth client ID
//! [[oidc]]
//! name = "google"
//! issuer = "https://accounts.google.com"
//! client_id = "1234567890-abc.apps.googleusercontent.com"
//! client_secret_env = "MILTON_OIDC_GOOGLE_SECRET"   # the variable that holds the secret
//! allowed_domains = ["example.com"]                 # who may join without an invitation; empty: nobody
//!
//! # Keycloak, Authentik, Dex, Rauthy, …: whatever serves <issuer>/.well-known/openid-configuration
//! [[oidc]]
//! name = "keycloak"
//! issuer = "https://id.example.com/realms/staff"    # exactly as the provider spells it
//! client_id = "milton"
//! client_secret_env = "MILTON_OIDC_KEYCLOAK_SECRET" # leave out for a public client
//! allowed_domains = []
//! ```

mod config;
mod directory;
mod error;
mod http_client;
mod id_token;
mod identity;
mod logout_token;
mod protocol;
mod provider;
mod tokens;

pub use config::{GOOGLE_ISSUER, ProviderConfig};
pub use error::{DiscoveryFault, HttpError, IdTokenFault, IdpError, LogoutTokenFault};
pub use http_client::{HttpClient, HttpOptions};
pub use identity::Identity;
pub use logout_token::LoggedOut;
pub use provider::{Prompt, Provider, Start};
