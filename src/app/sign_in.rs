//! Ways in by a one-time link, and what every way in ends with: a session, or a refusal on record.

use std::collections::BTreeMap;

use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::crypto::bearer::TokenKind;
use crate::domain::actor::Caller;
use crate::domain::device::DeviceDescription;
use crate::domain::event::Event;
use crate::domain::permission::Permission;
use crate::domain::quota;
use crate::domain::role::Role;
use crate::domain::session::{Method, Session, SessionKind};
use crate::domain::text::{Email, Name};
use crate::domain::user::{User, UserState};
use crate::domain::{AuthFailure, Conflict, Error};
use crate::store::device::{self, ArrivingDevice};
use crate::store::login::{self, LinkPurpose, LinkRow};
use crate::store::session::{self, NewSession, TokenRecord};
use crate::store::user::{self, Address, Claimants, NewUser};
use crate::store::{Action, ReadTx, Target, Tx};

use super::App;
use super::bearer::Bearer;
use super::one_time::{random_text, sha256};
use super::quota::Holder;

/// What a person brings along when they sign in.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Their name, when this makes their account.
    pub name: Option<Name>,
    /// Their address, when this makes their account: what they say of themself.
    pub email: Option<Email>,
    /// What their client says of itself; its `User-Agent` speaks for it when it says nothing.
    pub device: Option<DeviceDescription>,
    /// What their client got when it was signed in with before: by it, its device is known again.
    pub mark: Option<Secret<String>>,
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
    /// What the client keeps, so that its device is known again at the next sign-in. It opens nothing.
    pub mark: Secret<String>,
    /// The audit row that stands for it.
    pub seq: i64,
}

/// For whom a sign-in link shall be.
#[derive(Clone, Debug)]
pub enum Whom {
    /// Whoever has this address; the account must be beyond doubt.
    Email(Email),
    /// This account.
    Account(Id<User>),
}

/// A link made on the host.
#[derive(Debug)]
pub struct NewLink {
    /// Whom it lets in, when it is for somebody who has an account: for the operator to check.
    pub person: Option<Name>,
    /// The address to open; the token stands in the fragment, so that no server log ever holds it.
    pub url: Secret<String>,
}

impl App {
    /// Makes the link that gives a new server its owner. `Conflict(AlreadyClaimed)` when it has one.
    pub async fn create_claim_link(&self, operator: &Caller) -> Result<NewLink, Error> {
        self.create_link(operator, None, "claim").await
    }

    /// Makes a link that lets an existing person in. `NotFound` when there is none; `Conflict(WrongState)` when they are
    /// suspended, for the link would not let them in; `Invalid`, which names them, when
    /// several accounts state the address and none has it verified.
    pub async fn create_sign_in_link(&self, operator: &Caller, whom: Whom) -> Result<NewLink, Error> {
        self.create_link(operator, Some(whom), "link").await
    }

    async fn create_link(&self, operator: &Caller, whom: Option<Whom>, page: &str) -> Result<NewLink, Error> {
        let new = self.bearer.mint(&self.store, TokenKind::SignInLink).await?;
        let person = self.act(operator, CreateLink { token: new.record, whom }).await?.output;
        Ok(NewLink { person, url: Secret::new(format!("{}/{page}#{}", self.public_url, new.token.expose())) })
    }

    /// Signs in by a one-time link; the claim link also makes the owner, and wants their name.
    pub async fn sign_in_by_link(&self, caller: &Caller, token: &str, arrival: Arrival) -> Result<SignedInNow, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        let checked = self.check_link(caller, token).await;
        let (selector, purpose) = self.note_refusal(caller, checked, "link").await?;
        if purpose == LinkPurpose::Claim && arrival.name.is_none() {
            return Err(Error::invalid("/name", "is needed: this link makes your account"));
        }
        let person = match purpose {
            LinkPurpose::SignIn(person) => Some(person),
            LinkPurpose::Claim => None,
        };
        self.begin_session(caller, person, arrival, Method::Link, |arrival, session| UseLink {
            selector,
            purpose,
            arrival,
            session,
        })
        .await
    }

    /// The selector and the purpose of a link that this server made, and that nobody has used within its time.
    async fn check_link(&self, caller: &Caller, token: &str) -> Result<(String, LinkPurpose), Error> {
        let presented = Bearer::present(&self.store, TokenKind::SignInLink, token)?;
        let link = self.store.look(|read| login::find_link(read, &presented.selector))?.ok_or(AuthFailure::Invalid)?;
        let over = match &link {
            LinkRow { consumed: true, .. } => Some(Error::Conflict(Conflict::AlreadyUsed)),
            LinkRow { expired: true, .. } => Some(AuthFailure::Expired.into()),
            _ => None,
        };
        match (&link.hash, over) {
            (Some(hash), _) if !self.matches(caller, &presented, hash).await? => Err(AuthFailure::Invalid.into()),
            (_, Some(over)) => Err(over),
            (None, None) => Err(AuthFailure::Invalid.into()),
            (Some(_), None) => Ok((presented.selector, link.purpose)),
        }
    }

    /// Mints a session's token and runs the action that begins it. `person` is whoever was proved to come; nobody, when
    /// the action makes their account. Their sign-ins are counted here, for every way in; a quota of the action's own is
    /// not.
    pub(super) async fn begin_session<A: Action<Output = (Session, User)>>(
        &self,
        caller: &Caller,
        person: Option<Id<User>>,
        arrival: Arrival,
        method: Method,
        action: impl FnOnce(Arrival, NewSession) -> A,
    ) -> Result<SignedInNow, Error> {
        let allowance = match person {
            Some(person) => Some(self.spend_of(Holder::Person(person), caller, quota::SIGN_INS_OF_ACCOUNT).await?),
            None => None,
        };
        let new = self.bearer.mint(&self.store, TokenKind::Session).await?;
        let new_mark = random_text(&*self.entropy);
        let device = self.arriving_device(caller, &arrival, &new_mark)?;
        let (marked, shown) = (device.marked, arrival.mark.clone());
        let session = NewSession::new(arrival.kind, method, new.record, device);
        let acted = self.act_within(caller, action(arrival, session), allowance).await?;
        let (session, user) = acted.output;
        self.idle.begin(session.id, self.clock.now());
        let mark = shown.filter(|_| marked.is_some() && marked == session.device).unwrap_or(new_mark);
        Ok(SignedInNow { token: new.token, session, user, mark, seq: acted.seq })
    }

    /// What somebody signs in with. Whether the mark it shows is theirs is not known before they are.
    fn arriving_device(
        &self,
        caller: &Caller,
        arrival: &Arrival,
        new_mark: &Secret<String>,
    ) -> Result<ArrivingDevice, Error> {
        let described = || DeviceDescription::of_agent(caller.user_agent.as_deref());
        let shown = arrival.mark.as_ref().map(|mark| sha256(mark.expose()));
        let marked = shown.map(|hash| self.store.look(|read| device::find_marked(read, &hash))).transpose()?.flatten();
        Ok(ArrivingDevice {
            description: arrival.device.clone().unwrap_or_else(described),
            marked,
            mark_hash: sha256(new_mark.expose()),
        })
    }

    /// Puts what was refused before any action on record: an action leaves its own row.
    pub(super) async fn note_refusal<T>(
        &self,
        caller: &Caller,
        outcome: Result<T, Error>,
        method: &'static str,
    ) -> Result<T, Error> {
        let Err(error) = &outcome else { return outcome };
        let is_way_in = matches!(
            error,
            Error::Unauthenticated(_)
                | Error::Conflict(
                    Conflict::AlreadyUsed
                        | Conflict::InvitationClosed
                        | Conflict::AddressUnproven
                        | Conflict::WrongState
                )
        );
        if is_way_in {
            let detail = BTreeMap::from([("error", error.kind().to_owned()), ("method", method.to_owned())]);
            self.record_failed_sign_in(caller, detail).await?;
        }
        outcome
    }
}

/// Makes a one-time link: for a person, whose name it answers, or for whoever claims the server.
#[derive(Debug)]
struct CreateLink {
    token: TokenRecord,
    whom: Option<Whom>,
}

/// The account that is meant, if there is no doubt.
fn meant(read: &ReadTx<'_>, whom: &Whom) -> Result<User, Error> {
    let stated = match whom {
        Whom::Account(id) => return user::get(read, *id),
        Whom::Email(email) => match user::claimants(read, email)? {
            Claimants::Holder(id) => return user::get(read, id),
            Claimants::Stated(stated) => stated,
        },
    };
    match stated.as_slice() {
        [] => Err(Error::NotFound),
        [only] => user::get(read, *only),
        several => {
            let several = several.iter().map(|id| user::get(read, *id)).collect::<Result<Vec<_>, _>>()?;
            let several = several.iter().map(|user| format!("{} ({})", user.id, user.name.as_str()));
            let several = several.collect::<Vec<_>>().join(", ");
            Err(Error::invalid("/email", format!("is stated by several accounts; give the id of one: {several}")))
        }
    }
}

impl Action for CreateLink {
    type Output = Option<Name>;

    fn permission(&self) -> Permission {
        if self.whom.is_some() { Permission::SignInLinkCreate } else { Permission::OwnerClaim }
    }
    fn event(&self) -> Event {
        Event::LinkCreated
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Option<Name>, Error> {
        let person = self.whom.map(|whom| meant(tx, &whom)).transpose()?;
        if person.as_ref().is_some_and(|person| person.state == UserState::Suspended) {
            return Err(Error::Conflict(Conflict::WrongState));
        }
        let purpose = match &person {
            Some(user) => LinkPurpose::SignIn(user.id),
            None if user::is_claimed(tx)? => return Err(Error::Conflict(Conflict::AlreadyClaimed)),
            None => LinkPurpose::Claim,
        };
        if let LinkPurpose::SignIn(user) = purpose {
            tx.concerns("user", user);
        }
        login::insert_link(tx, &self.token, purpose)?;
        Ok(person.map(|user| user.name))
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
                join(tx, &NewUser { name, email: self.arrival.email.map(Address::Stated), instance_role: Role::Owner })?
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
    if user.state == UserState::Suspended {
        return Err(Error::Forbidden(None));
    }
    let session = session::insert(tx, person, new)?;
    tx.attribute_to(person);
    tx.concerns("session", session.id);
    tx.also(Event::LoginSucceeded);
    Ok((session, user))
}
