//! Ways in by a provider's word: OpenID Connect, from leaving for the provider to the session.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::base::entropy;
use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::permission::Permission;
use crate::domain::quota;
use crate::domain::role::Role;
use crate::domain::session::{Method, Session, SessionKind};
use crate::domain::text::{Email, Name};
use crate::domain::user::{DeviceDescription, User};
use crate::domain::{AuthFailure, Conflict, Error};
use crate::idp::{Identity, IdpError, Provider};
use crate::store::login::{self, NewTransaction, Transaction};
use crate::store::session::NewSession;
use crate::store::user::{self, Address, NewUser};
use crate::store::{Action, Target, Tx};

use super::App;
use super::sign_in::{Arrival, SignedInNow, arrive, join};

impl App {
    /// The providers people may sign in with.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    fn provider(&self, name: &str) -> Result<&Provider, Error> {
        self.providers.iter().find(|provider| provider.config().name == name).ok_or(Error::NotFound)
    }

    fn redirect_uri(&self, provider: &str) -> String {
        format!("{}/auth/callback/{provider}", self.public_url)
    }

    /// Sends a browser to its provider. The cookie binds what comes back to that browser.
    pub async fn begin_oidc(&self, caller: &Caller, name: &str) -> Result<Departure, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        let provider = self.provider(name)?;
        let start = match provider.begin(&self.redirect_uri(name)).await {
            Ok(start) => start,
            Err(error) => return Err(self.oidc_failed(caller, name, error).await?),
        };
        let cookie = Secret::new(random_text(&*self.entropy));
        let transaction = NewTransaction {
            provider: name.to_owned(),
            state_hash: sha256(start.state.expose()),
            cookie_hash: sha256(cookie.expose()),
            nonce: start.nonce,
            verifier: start.pkce_verifier,
        };
        self.act(caller, StartOidc(transaction)).await?;
        Ok(Departure { url: start.authorize_url, cookie })
    }

    /// Receives a browser from its provider and signs the person in.
    pub async fn finish_oidc(&self, caller: &Caller, name: &str, answer: CallbackAnswer) -> Result<SignedInNow, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        let provider = self.provider(name)?;
        let transaction = self.return_from_oidc(caller, name, &answer).await?;
        let identity = match self.identity(provider, name, &answer, &transaction).await {
            Ok(identity) => identity,
            Err(error) => return Err(self.oidc_failed(caller, name, error).await?),
        };
        let admitted = provider.admits(&identity);
        let arrival = Arrival { name: None, email: None, device: answer.device, kind: SessionKind::Console };
        let person = Arriving::new(identity, name.to_owned(), admitted);
        let known = self.store.look(|read| login::find_identity(read, &person.issuer, person.subject.expose()))?;
        let sign_in = |_, session| SignInWithIdentity { person, session };
        self.begin_session(caller, known, arrival, Method::Provider, sign_in).await
    }

    /// Uses the transaction up first: whatever the provider says, nobody comes back with the same state again.
    async fn return_from_oidc(
        &self,
        caller: &Caller,
        name: &str,
        answer: &CallbackAnswer,
    ) -> Result<Transaction, Error> {
        let back = ReturnFromOidc {
            provider: name.to_owned(),
            state_hash: sha256(&answer.state),
            cookie_hash: sha256(answer.cookie.expose()),
        };
        Ok(self.act(caller, back).await?.output)
    }

    async fn identity(
        &self,
        provider: &Provider,
        name: &str,
        answer: &CallbackAnswer,
        transaction: &Transaction,
    ) -> Result<Identity, IdpError> {
        provider.check_callback_issuer(answer.issuer.as_deref()).await?;
        let code = match (&answer.code, &answer.error) {
            (Some(code), None) => code,
            (_, error) => return Err(IdpError::refused(error.as_deref().unwrap_or_default())),
        };
        provider.finish(code.expose(), &transaction.verifier, &transaction.nonce, &self.redirect_uri(name)).await
    }

    /// Records why a provider's sign-in failed; answers with the error to tell.
    async fn oidc_failed(&self, caller: &Caller, name: &str, error: IdpError) -> Result<Error, Error> {
        let detail = BTreeMap::from([("provider", name.to_owned()), ("error", error.kind().to_owned())]);
        self.record_failure(caller, Event::OauthFailed, detail).await?;
        Ok(match error {
            IdpError::Discovery(_) | IdpError::Http(_) | IdpError::Configuration(_) => {
                Error::Unavailable("the identity provider does not answer as it should")
            }
            _ => AuthFailure::Invalid.into(),
        })
    }
}

/// A browser on its way to its provider.
pub struct Departure {
    /// Where to.
    pub url: String,
    /// The value of the cookie that it must bring back.
    pub cookie: Secret<String>,
}

/// What a browser brings back from its provider.
#[derive(Debug)]
pub struct CallbackAnswer {
    /// Names the transaction.
    pub state: String,
    /// What is exchanged for tokens.
    pub code: Option<Secret<String>>,
    /// Why the provider refused.
    pub error: Option<String>,
    /// Who answers (RFC 9207).
    pub issuer: Option<String>,
    /// The cookie set at departure.
    pub cookie: Secret<String>,
    /// What the client says of itself.
    pub device: Option<DeviceDescription>,
}

fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// 256 random bits in a form that fits a cookie.
fn random_text(entropy: &dyn entropy::Entropy) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(entropy::bytes::<32>(entropy))
}

/// Remembers a sign-in that leaves for its provider.
#[derive(Debug)]
struct StartOidc(NewTransaction);

impl Action for StartOidc {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::SignIn
    }
    fn event(&self) -> Event {
        Event::OauthStarted
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.note("provider", &self.0.provider);
        login::insert_transaction(tx, &self.0)
    }
}

/// Uses up the transaction of a sign-in that comes back.
#[derive(Debug)]
struct ReturnFromOidc {
    provider: String,
    state_hash: [u8; 32],
    cookie_hash: [u8; 32],
}

impl Action for ReturnFromOidc {
    type Output = Transaction;

    fn permission(&self) -> Permission {
        Permission::SignIn
    }
    fn event(&self) -> Event {
        Event::OauthReturned
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Transaction, Error> {
        tx.note("provider", &self.provider);
        let found = login::consume_transaction(tx, &self.provider, &self.state_hash, &self.cookie_hash)?;
        found.ok_or(Error::Conflict(Conflict::AlreadyUsed))
    }
}

/// Who stands at the door with a provider's word.
#[derive(Debug)]
struct Arriving {
    provider: String,
    issuer: String,
    subject: Secret<String>,
    name: Option<Name>,
    /// Their address, when the provider says that it is verified.
    email: Option<Email>,
    /// Whether a domain rule lets them in without an invitation.
    admitted: bool,
}

impl Arriving {
    fn new(identity: Identity, provider: String, admitted: bool) -> Self {
        let email = identity.email.as_deref().filter(|_| identity.email_verified);
        let email = email.and_then(|email| Email::parse("/email", email).ok());
        let name = identity.name.as_deref().or(email.as_ref().map(Email::as_str));
        Self {
            name: name.and_then(|name| Name::parse("/name", name).ok()),
            email,
            provider,
            issuer: identity.issuer,
            subject: Secret::new(identity.subject),
            admitted,
        }
    }

    /// Makes their account, if they may join. An address that another has verified is no way in; what somebody only
    /// says of themself stands in nobody's way.
    fn join(&self, tx: &mut Tx<'_>) -> Result<Id<User>, Error> {
        if let Some(email) = &self.email {
            user::refuse_taken(tx, email)?;
        }
        let Some(name) = self.name.clone().filter(|_| self.admitted) else {
            return Err(Error::NotInvited);
        };
        if !user::is_claimed(tx)? {
            return Err(Error::NotInvited);
        }
        let email = self.email.clone().map(Address::Verified);
        let new = NewUser { name, email, instance_role: Role::Member };
        let id = join(tx, &new)?;
        login::insert_identity(tx, id, &self.issuer, self.subject.expose())?;
        Ok(id)
    }
}

/// Signs in by a provider's word.
#[derive(Debug)]
struct SignInWithIdentity {
    person: Arriving,
    session: NewSession,
}

impl Action for SignInWithIdentity {
    type Output = (Session, User);

    fn permission(&self) -> Permission {
        Permission::SignIn
    }
    fn event(&self) -> Event {
        Event::OauthSucceeded
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(Session, User), Error> {
        tx.note("provider", &self.person.provider);
        let subject = self.person.subject.expose();
        let id = match login::find_identity(tx, &self.person.issuer, subject)? {
            Some(id) => {
                login::touch_identity(tx, &self.person.issuer, subject)?;
                id
            }
            None => self.person.join(tx)?,
        };
        arrive(tx, id, &self.session)
    }
}
