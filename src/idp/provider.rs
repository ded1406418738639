//! One provider: where to send the browser, and what to make of the code it brings back.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndUserName, IssuerUrl, LocalizedClaim, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, UserInfoError,
};

use crate::base::clock::{Clock, Timestamp};
use crate::base::entropy::{self, Entropy};
use crate::base::secret::Secret;

use super::config::ProviderConfig;
use super::directory::Directory;
use super::error::{IdTokenFault, IdpError};
use super::http_client::HttpClient;
use super::id_token;
use super::identity::Identity;
use super::protocol::{Claims, Client, Metadata, TokenAnswer, UserInfo};
use super::tokens;

/// A sign-in that has begun. The three secrets are 32 random bytes each, base64url, and good for this one sign-in.
pub struct Start {
    /// Where to send the browser.
    pub authorize_url: String,
    /// Comes back on the callback, where it must equal this.
    pub state: Secret<String>,
    /// For [`Provider::finish`]: comes back inside the ID token.
    pub nonce: Secret<String>,
    /// For [`Provider::finish`]: proves that who began is who finishes (RFC 7636).
    pub pkce_verifier: Secret<String>,
}

/// How the provider shall ask the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// As it likes: a session of its own may be enough.
    AsUsual,
    /// By a new sign-in there, whatever session it has. Some providers ignore that: see [`Identity::auth_time`].
    Anew,
}

/// The age of a sign-in at the provider from which on it asks its people anew.
const OLDEST_SIGN_IN: Duration = Duration::from_hours(30 * 24);

/// An OpenID provider as configured. Makes no request before it is needed.
pub struct Provider {
    pub(super) config: ProviderConfig,
    pub(super) client_id: ClientId,
    pub(super) directory: Directory,
    pub(super) clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    pub(super) http: HttpClient,
}

impl Provider {
    /// A provider that has not been asked anything yet.
    ///
    /// # Errors
    /// `Configuration` when the issuer is not an address that `http` permits, or there is no client id.
    pub fn new(
        config: ProviderConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        http: HttpClient,
    ) -> Result<Self, IdpError> {
        let issuer = IssuerUrl::new(config.issuer.clone()).map_err(|_| IdpError::Configuration("issuer"))?;
        let bare = issuer.url().query().is_none() && issuer.url().fragment().is_none();
        if !bare || !http.permits(&config.issuer) {
            return Err(IdpError::Configuration("issuer"));
        }
        if config.client_id.is_empty() {
            return Err(IdpError::Configuration("client id"));
        }
        let client_id = ClientId::new(config.client_id.clone());
        let directory = Directory::new(issuer, http.clone(), Arc::clone(&clock));
        Ok(Self { config, client_id, directory, clock, entropy, http })
    }

    /// Its configuration.
    pub const fn config(&self) -> &ProviderConfig {
        &self.config
    }

    /// Whether this identity may join without an invitation; see [`ProviderConfig::admits`].
    pub fn admits(&self, identity: &Identity) -> bool {
        self.config.admits(identity)
    }

    /// Asks for the discovery document and keys unless they are known: for `milton doctor`.
    ///
    /// # Errors
    /// `Discovery` or `Http`.
    pub async fn check(&self) -> Result<(), IdpError> {
        self.directory.current().await.map(|_| ())
    }

    /// Begins a sign-in that comes back to `redirect_uri`.
    ///
    /// # Errors
    /// `Discovery`, `Http`, or `Configuration` for a redirect address that is none.
    pub async fn begin(&self, redirect_uri: &str, prompt: Prompt) -> Result<Start, IdpError> {
        let client = self.client(&*self.directory.current().await?, redirect_uri)?;
        let (state, nonce, pkce_verifier) = (self.random(), self.random(), self.random());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier(&pkce_verifier));
        let (csrf, once) = (CsrfToken::new(state.expose().clone()), Nonce::new(nonce.expose().clone()));
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || csrf, move || once)
            .add_scopes(["email", "profile"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge);
        // `max_age` makes `auth_time` a claim that the provider must give (Core, 3.1.2.1).
        request = match prompt {
            Prompt::Anew => request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO),
            Prompt::AsUsual => request.set_max_age(OLDEST_SIGN_IN),
        };
        let (url, _, _) = request.url();
        Ok(Start { authorize_url: url.into(), state, nonce, pkce_verifier })
    }

    /// Whether the callback comes from this provider: its `iss` parameter, by RFC 9207.
    ///
    /// # Errors
    /// `CallbackIssuer` when it names another, or none where the provider promised to name itself.
    pub async fn check_callback_issuer(&self, iss: Option<&str>) -> Result<(), IdpError> {
        let metadata = self.directory.current().await?;
        let promised = metadata.additional_metadata().authorization_response_iss_parameter_supported;
        match iss {
            Some(iss) if iss == self.config.issuer => Ok(()),
            None if promised != Some(true) => Ok(()),
            _ => Err(IdpError::CallbackIssuer),
        }
    }

    /// Turns the callback's code into the identity it stands for. `nonce` and `pkce_verifier` are those of
    /// [`Start`]; `redirect_uri` is the same as at [`Provider::begin`].
    ///
    /// # Errors
    /// Any: see [`IdpError`]. The code is used up in any case.
    pub async fn finish(
        &self,
        code: &str,
        pkce_verifier: &Secret<String>,
        nonce: &Secret<String>,
        redirect_uri: &str,
    ) -> Result<Identity, IdpError> {
        let metadata = self.directory.current().await?;
        let client = self.client(&metadata, redirect_uri)?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| IdpError::Configuration("no token endpoint"))?
            .set_pkce_verifier(verifier(pkce_verifier))
            .request_async(&self.http)
            .await
            .map_err(tokens::refusal)?;
        let claims = self.verify(&answer, &metadata, &Nonce::new(nonce.expose().clone())).await?;
        let info = if claims.email().is_none() { self.user_info(&client, &answer, claims).await? } else { None };
        Ok(self.identity(&answer, claims, info.as_ref()))
    }

    /// Verifies the ID token.
    async fn verify<'a>(
        &self,
        answer: &'a TokenAnswer,
        metadata: &Arc<Metadata>,
        nonce: &Nonce,
    ) -> Result<&'a Claims, IdpError> {
        let verify =
            |metadata: &Metadata| Ok(id_token::verify(answer, metadata, &self.client_id, nonce, self.clock.now())?);
        self.with_newer_keys(metadata, verify).await
    }

    /// Checks what the provider signed; a key we do not know makes us ask for newer keys, at most once a minute.
    pub(super) async fn with_newer_keys<T>(
        &self,
        metadata: &Arc<Metadata>,
        verify: impl Fn(&Metadata) -> Result<T, IdpError>,
    ) -> Result<T, IdpError> {
        let unknown = IdpError::IdToken(IdTokenFault::UnknownKey);
        match verify(metadata) {
            Err(error) if error == unknown => match self.directory.newer_keys(metadata).await? {
                Some(newer) => verify(&newer),
                None => Err(unknown),
            },
            checked => checked,
        }
    }

    /// What the user-info endpoint says, for providers that keep the e-mail out of the ID token (Core, 5.4).
    async fn user_info(
        &self,
        client: &Client,
        answer: &TokenAnswer,
        claims: &Claims,
    ) -> Result<Option<UserInfo>, IdpError> {
        let Ok(request) = client.user_info(answer.access_token().clone(), Some(claims.subject().clone())) else {
            return Ok(None); // the provider has no such endpoint
        };
        match request.request_async(&self.http).await {
            Ok(info) => Ok(Some(info)),
            Err(UserInfoError::Request(error)) => Err(error.into()),
            Err(_) => Err(IdpError::UserInfo),
        }
    }

    fn identity(&self, answer: &TokenAnswer, claims: &Claims, info: Option<&UserInfo>) -> Identity {
        // The address and whether it is verified must come from one and the same source.
        let (email, email_verified) = match info {
            None => (claims.email(), claims.email_verified()),
            Some(info) => (info.email(), info.email_verified()),
        };
        let name = claims.name().or_else(|| info.and_then(|info| info.name()));
        Identity {
            issuer: self.config.issuer.clone(),
            subject: claims.subject().as_str().to_owned(),
            email: email.map(|email| email.as_str().to_owned()),
            email_verified: email_verified.unwrap_or(false),
            name: name.and_then(plain_name),
            hosted_domain: claims.additional_claims().hd.clone(),
            auth_time: claims.auth_time().map(|at| Timestamp::from_micros(at.timestamp_micros())),
            session: claims.additional_claims().sid.clone().filter(|sid| (1..=255).contains(&sid.len())),
            tokens: tokens::given(answer, self.clock.now()),
        }
    }

    pub(super) fn client(&self, metadata: &Metadata, redirect_uri: &str) -> Result<Client, IdpError> {
        let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| IdpError::Configuration("redirect"))?;
        let secret = self.config.client_secret.as_ref().map(|secret| ClientSecret::new(secret.expose().clone()));
        let client = Client::from_provider_metadata(metadata.clone(), self.client_id.clone(), secret);
        Ok(client.set_redirect_uri(redirect).set_auth_type(auth_type(metadata)))
    }

    fn random(&self) -> Secret<String> {
        let bytes = Secret::new(entropy::bytes::<32>(&*self.entropy));
        Secret::new(URL_SAFE_NO_PAD.encode(bytes.expose()))
    }
}

/// How to show the client secret: in the header, which is the default, unless the provider only takes the body.
pub(super) fn auth_type(metadata: &Metadata) -> AuthType {
    match metadata.token_endpoint_auth_methods_supported() {
        Some(methods)
            if methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic) =>
        {
            AuthType::RequestBody
        }
        _ => AuthType::BasicAuth,
    }
}

fn verifier(secret: &Secret<String>) -> PkceCodeVerifier {
    PkceCodeVerifier::new(secret.expose().clone())
}

fn plain_name(name: &LocalizedClaim<EndUserName>) -> Option<String> {
    name.get(None).map(|name| name.as_str().to_owned()).filter(|name| !name.is_empty())
}
