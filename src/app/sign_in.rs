//! Ways in: one-time links and OpenID Connect. Each ends in a session, or in a refusal on record.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::base::entropy;
use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::crypto::bearer::TokenKind;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::permission::Permission;
use crate::domain::quota;
use crate::domain::role::Role;
use crate::domain::session::{Session, SessionKind};
use crate::domain::text::{Email, Name};
use crate::domain::user::{DeviceDescription, User, UserState};
use crate::domain::{AuthFailure, Conflict, Error};
use crate::idp::{Identity, IdpError, Provider};
use crate::store::login::{self, LinkPurpose, NewTransaction, Transaction};
use crate::store::session::{self, NewSession, TokenRecord};
use crate::store::user::{self, NewUser};
use crate::store::{Action, Target, Tx};

use super::App;
use super::bearer::Bearer;

/// What a person brings along when they sign in.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Their name, when this makes their account.
    pub name: Option<Name>,
    /// Their address, when this makes their account.
    pub email: Option<Email>,
    /// What their client says of itself.
    pub device: Option<DeviceDescription>,
    /// How the session will be used.
    pub kind: SessionKind,
}

/// A sign-in that succeeded.
#[derive(Debug)]
pub struct SignedInNow {
    /// The session's token; shown to its holder once, stored nowhere.
    pub token: Secret<String>,
    /// The session.
    pub session: Session,
    /// The person.
    pub user: User,
    /// The audit row that stands for it.
    pub seq: i64,
}

/// A link made on the host.
#[derive(Debug)]
pub struct NewLink {
    /// The address to open; the token stands in the fragment, so that no server log ever holds it.
    pub url: Secret<String>,
}

impl App {
    /// Makes the link that gives a new server its owner. `Conflict(AlreadyClaimed)` when it has one.
    pub async fn create_claim_link(&self, operator: &Caller) -> Result<NewLink, Error> {
        self.create_link(operator, None, "claim").await
    }

    /// Makes a link that lets an existing person in. `NotFound` when nobody has this address.
    pub async fn create_sign_in_link(&self, operator: &Caller, email: Email) -> Result<NewLink, Error> {
        self.create_link(operator, Some(email), "link").await
    }

    async fn create_link(&self, operator: &Caller, email: Option<Email>, page: &str) -> Result<NewLink, Error> {
        let new = self.bearer.mint(&self.store, TokenKind::SignInLink).await?;
        self.act(operator, CreateLink { token: new.record, email }).await?;
        Ok(NewLink { url: Secret::new(format!("{}/{page}#{}", self.public_url, new.token.expose())) })
    }

    /// Signs in by a one-time link; the claim link also makes the owner, and wants their name.
    pub async fn sign_in_by_link(&self, caller: &Caller, token: &str, arrival: Arrival) -> Result<SignedInNow, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        let checked = self.check_link(token).await;
        let (selector, purpose) = self.note_refusal(caller, checked, "link").await?;
        if purpose == LinkPurpose::Claim && arrival.name.is_none() {
            return Err(Error::invalid("/name", "is needed: this link makes your account"));
        }
        self.begin_session(caller, arrival, |arrival, session| UseLink { selector, purpose, arrival, session }).await
    }

    /// The selector and the purpose of a link that this server made, and that nobody has used within its time.
    async fn check_link(&self, token: &str) -> Result<(String, LinkPurpose), Error> {
        let presented = Bearer::present(&self.store, TokenKind::SignInLink, token)?;
        let link = self.store.look(|read| login::find_link(read, &presented.selector))?.ok_or(AuthFailure::Invalid)?;
        if !self.bearer.matches(&presented, &link.hash).await? {
            return Err(AuthFailure::Invalid.into());
        }
        if link.consumed {
            return Err(Error::Conflict(Conflict::AlreadyUsed));
        }
        if link.expired {
            return Err(AuthFailure::Expired.into());
        }
        Ok((presented.selector, link.purpose))
    }

    /// Mints a session's token and runs the action that begins it.
    pub(super) async fn begin_session<A: Action<Output = (Session, User)>>(
        &self,
        caller: &Caller,
        arrival: Arrival,
        action: impl FnOnce(Arrival, NewSession) -> A,
    ) -> Result<SignedInNow, Error> {
        let new = self.bearer.mint(&self.store, TokenKind::Session).await?;
        let session = NewSession { kind: arrival.kind, token: new.record, device: arrival.device.clone() };
        let acted = self.act(caller, action(arrival, session)).await?;
        let (session, user) = acted.output;
        Ok(SignedInNow { token: new.token, session, user, seq: acted.seq })
    }

    /// Puts what was refused before any action on record: an action leaves its own row.
    pub(super) async fn note_refusal<T>(
        &self,
        caller: &Caller,
        outcome: Result<T, Error>,
        method: &'static str,
    ) -> Result<T, Error> {
        if let Err(error @ (Error::Unauthenticated(_) | Error::Conflict(Conflict::AlreadyUsed))) = &outcome {
            let detail = BTreeMap::from([("error", error.kind().to_owned()), ("method", method.to_owned())]);
            self.record_failed_sign_in(caller, detail).await?;
        }
        outcome
    }

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
        self.begin_session(caller, arrival, |_, session| SignInWithIdentity { person, session }).await
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

/// Makes a one-time link: for the person with this address, or for whoever claims the server.
#[derive(Debug)]
struct CreateLink {
    token: TokenRecord,
    email: Option<Email>,
}

impl Action for CreateLink {
    type Output = ();

    fn permission(&self) -> Permission {
        if self.email.is_some() { Permission::SignInLinkCreate } else { Permission::OwnerClaim }
    }
    fn event(&self) -> Event {
        Event::LinkCreated
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let purpose = match &self.email {
            Some(email) => LinkPurpose::SignIn(user::find_by_email(tx, email)?.ok_or(Error::NotFound)?),
            None if user::is_claimed(tx)? => return Err(Error::Conflict(Conflict::AlreadyClaimed)),
            None => LinkPurpose::Claim,
        };
        if let LinkPurpose::SignIn(user) = purpose {
            tx.concerns("user", user);
        }
        login::insert_link(tx, &self.token, purpose)
    }
}

/// Signs in by a link.
#[derive(Debug)]
struct UseLink {
    selector: String,
    purpose: LinkPurpose,
    arrival: Arrival,
    session: NewSession,
}

impl Action for UseLink {
    type Output = (Session, User);

    fn permission(&self) -> Permission {
        Permission::SignIn
    }
    fn event(&self) -> Event {
        Event::LinkUsed
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(Session, User), Error> {
        login::consume_link(tx, &self.selector)?;
        let person = match self.purpose {
            LinkPurpose::SignIn(person) => person,
            LinkPurpose::Claim if user::is_claimed(tx)? => return Err(Error::Conflict(Conflict::AlreadyClaimed)),
            LinkPurpose::Claim => {
                login::spend_claim_links(tx)?;
                let name = self.arrival.name.ok_or_else(|| Error::invalid("/name", "is needed"))?;
                join(tx, &NewUser { name, email: self.arrival.email, instance_role: Role::Owner })?
            }
        };
        arrive(tx, person, &self.session)
    }
}

/// Makes the account of somebody who has just come.
pub(super) fn join(tx: &mut Tx<'_>, new: &NewUser) -> Result<Id<User>, Error> {
    let id = user::insert(tx, new)?;
    tx.also(Event::UserCreated);
    Ok(id)
}

/// Begins a person's session. `Forbidden` for the suspended.
pub(super) fn arrive(tx: &mut Tx<'_>, person: Id<User>, new: &NewSession) -> Result<(Session, User), Error> {
    let user = user::get(tx, person)?;
    if user.state != UserState::Active {
        return Err(Error::Forbidden(None));
    }
    let session = session::insert(tx, person, new)?;
    tx.attribute_to(person);
    tx.concerns("session", session.id);
    tx.also(Event::LoginSucceeded);
    Ok((session, user))
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

    /// Makes their account, if they may join. A known address is no way in: it is linked by its holder, signed in.
    fn join(&self, tx: &mut Tx<'_>) -> Result<Id<User>, Error> {
        let taken = self.email.as_ref().map(|email| user::find_by_email(tx, email)).transpose()?.flatten();
        if taken.is_some() {
            return Err(Error::Conflict(Conflict::LinkRequired));
        }
        let Some(name) = self.name.clone().filter(|_| self.admitted) else {
            return Err(Error::NotInvited);
        };
        if !user::is_claimed(tx)? {
            return Err(Error::NotInvited);
        }
        let new = NewUser { name, email: self.email.clone(), instance_role: Role::Member };
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
