//! Ways in by a one-time link, and what every way in ends with: a session, or a refusal on record.

use std::collections::BTreeMap;

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
use crate::store::login::{self, LinkPurpose};
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
