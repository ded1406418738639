//! What a provider's word is good for: a session, a link, or a proof; each in one transaction with the end of its trip.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::domain::actor::{Actor, Caller};
use crate::domain::event::Event;
use crate::domain::identity::{CLOCK_LEEWAY, ProviderTokens, proved_anew};
use crate::domain::notification::News;
use crate::domain::permission::{Permission, Relation};
use crate::domain::role::Role;
use crate::domain::session::{STEP_UP_WINDOW, Session};
use crate::domain::text::{Email, Name};
use crate::domain::user::User;
use crate::domain::{Conflict, Error};
use crate::idp::{Identity, Provider};
use crate::store::identity::{self, Origin, Owned, Subject};
use crate::store::provider_token::{self, Held};
use crate::store::session::{self, NewSession};
use crate::store::trip::{self, Trip};
use crate::store::user::{self, Address, NewUser};
use crate::store::{Action, ReadTx, Target, Tx, notification, passkey, their_own};

use crate::app::invitation::go_through;
use crate::app::sign_in::{arrive, join};

/// The most of a provider's name for a person that becomes theirs here, in characters.
const NAME: usize = 100;

/// Somebody at the end of a trip, with a provider's word.
#[derive(Debug)]
pub(super) struct Vouched {
    trip: Id<Trip>,
    provider: String,
    subject: Subject,
    name: Option<Name>,
    /// Their address, when the provider says that it is verified.
    email: Option<Email>,
    /// Whether a domain rule lets them in without an invitation.
    admitted: bool,
    auth_time: Option<Timestamp>,
    /// What the provider calls its own session.
    sid: Option<Secret<String>>,
    tokens: ProviderTokens,
}

impl Vouched {
    pub(super) fn new(identity: Identity, provider: &Provider, trip: Id<Trip>) -> Self {
        let admitted = provider.admits(&identity);
        let verified = identity.email.as_deref().filter(|_| identity.email_verified);
        let email = verified.and_then(|email| Email::parse("/email", email).ok());
        let shown = email.as_ref().map(|email| email.as_str().to_owned());
        let name = [&identity.name, &shown].into_iter().flatten().find_map(|name| shortened(name));
        let label = identity.email.or(identity.name);
        Self {
            trip,
            provider: provider.config().name.clone(),
            subject: Subject { issuer: identity.issuer, subject: Secret::new(identity.subject), label },
            name,
            email,
            admitted,
            auth_time: identity.auth_time,
            sid: identity.session.map(Secret::new),
            tokens: identity.tokens,
        }
    }

    /// Whose identity it is, if it is anybody's.
    pub(super) fn known(&self, read: &ReadTx<'_>) -> Result<Option<Owned>, Error> {
        identity::find(read, &self.subject.issuer, self.subject.subject.expose())
    }

    /// Ends the trip; whose identity it is, if it is anybody's.
    fn land(&self, tx: &mut Tx<'_>) -> Result<Option<Owned>, Error> {
        tx.note("provider", &self.provider);
        trip::finish(tx, self.trip)?;
        self.known(tx)
    }

    /// Finds the person, or makes their account.
    pub(super) fn settle(&self, tx: &mut Tx<'_>, invitation: Option<&str>) -> Result<(Id<User>, Origin), Error> {
        let known = match self.land(tx)? {
            Some(known) => {
                identity::touch(tx, known.user, known.id, &self.subject)?;
                known
            }
            None => self.join(tx, self.admitted || invitation.is_some())?,
        };
        if let Some(selector) = invitation {
            go_through(tx, selector, self.email.as_ref(), known.user)?;
        }
        self.keep(tx, known)?;
        Ok((known.user, Origin::new(tx, known.id, self.sid.as_ref().map(|sid| sid.expose().as_str()))))
    }

    /// When the person proved who they are. A provider that lets them through silently says so in `auth_time`, which we ask
    /// for; of one that says nothing, a person who has a better proof, a passkey, is believed nothing.
    pub(super) fn proved_at(&self, read: &ReadTx<'_>, person: Id<User>) -> Result<Timestamp, Error> {
        let now = read.now();
        Ok(match self.auth_time {
            Some(at) => at.min(now),
            None if passkey::list(read, person)?.is_empty() => now,
            None => now - STEP_UP_WINDOW - CLOCK_LEEWAY,
        })
    }

    /// Makes their account, if they may join. An address that another has verified is no way in; what somebody only
    /// says of themself stands in nobody's way.
    fn join(&self, tx: &mut Tx<'_>, may_join: bool) -> Result<Owned, Error> {
        if let Some(email) = &self.email {
            user::refuse_taken(tx, email)?;
        }
        let Some(name) = self.name.clone().filter(|_| may_join) else {
            return Err(Error::NotInvited);
        };
        if !user::is_claimed(tx)? {
            return Err(Error::NotInvited);
        }
        let email = self.email.clone().map(Address::Verified);
        let user = join(tx, &NewUser { name, email, instance_role: Role::Member })?;
        Ok(Owned { id: identity::insert(tx, user, &self.subject)?, user })
    }

    /// Keeps what came along: the provider's tokens, and its word for the address that the person states.
    fn keep(&self, tx: &mut Tx<'_>, Owned { id: identity, user }: Owned) -> Result<(), Error> {
        if let Some(email) = &self.email
            && user::verify_address(tx, user, email)?
        {
            tx.note("email", "verified");
        }
        let (provider, tokens) = (self.provider.clone(), self.tokens.clone());
        provider_token::put(tx, &Held { user, identity, provider, tokens })
    }
}

/// A name that fits, out of whatever the provider says: too long a name keeps nobody out.
fn shortened(text: &str) -> Option<Name> {
    let text: String = text.trim().chars().filter(|letter| !letter.is_control()).take(NAME).collect();
    Name::parse("/name", &text).ok()
}

/// Signs in by a provider's word; with an invitation's selector, accepts it as well.
#[derive(Debug)]
pub(super) struct SignInWithIdentity {
    pub person: Vouched,
    pub session: NewSession,
    pub invitation: Option<String>,
}

impl Action for SignInWithIdentity {
    type Output = (Session, User);

    fn permission(&self) -> Permission {
        if self.invitation.is_some() { Permission::InvitationAccept } else { Permission::SignIn }
    }
    fn event(&self) -> Event {
        if self.invitation.is_some() { Event::InvitationAccepted } else { Event::OauthSucceeded }
    }
    fn failure_event(&self) -> Event {
        Event::OauthFailed
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(Session, User), Error> {
        let (person, origin) = self.person.settle(tx, self.invitation.as_deref())?;
        if self.invitation.is_some() {
            tx.also(Event::OauthSucceeded);
        }
        let proved_at = Some(self.person.proved_at(tx, person)?);
        arrive(tx, person, &NewSession { origin: Some(origin), proved_at, ..self.session })
    }
}

/// Links an identity to the account of whoever makes the trip.
#[derive(Debug)]
pub(super) struct Link(pub Vouched);

impl Action for Link {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::IdentityManage
    }
    fn event(&self) -> Event {
        Event::OauthLinked
    }
    fn failure_event(&self) -> Event {
        Event::OauthFailed
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let user = tx.user()?;
        self.0.land(tx)?;
        let id = identity::insert(tx, user, &self.0.subject)?;
        tx.concerns("identity", id);
        if let Actor::User(signed_in) = *tx.actor() {
            identity::bind_to_device(tx, id, signed_in.session()?.id)?;
        }
        notification::insert(tx, user, &News::IdentityLinked { provider: self.0.provider.clone() })?;
        self.0.keep(tx, Owned { id, user })
    }
}

/// Raises the moment at which the session's holder last proved who they are.
#[derive(Debug)]
pub(super) struct StepUp {
    pub person: Vouched,
    pub began_at: Timestamp,
}

impl Action for StepUp {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::SessionStepUp
    }
    fn event(&self) -> Event {
        Event::StepUpSucceeded
    }
    fn failure_event(&self) -> Event {
        Event::StepUpFailed
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let Actor::User(signed_in) = *tx.actor() else {
            return Err(Error::Forbidden(None));
        };
        let person = &self.person;
        tx.note("method", "provider");
        let Some(known) = person.land(tx)?.filter(|known| known.user == signed_in.user) else {
            return Err(Error::Conflict(Conflict::OtherIdentity));
        };
        if !proved_anew(person.auth_time, self.began_at, tx.now()) {
            return Err(Error::Conflict(Conflict::StepUpIgnored));
        }
        let session = signed_in.session()?.id;
        tx.concerns("session", session);
        identity::touch(tx, known.user, known.id, &person.subject)?;
        person.keep(tx, known)?;
        session::prove_again(tx, session)
    }
}
