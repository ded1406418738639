//! Step-up: what makes a sign-in fresh again, and who can do what about it.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::passkey::{Ceremony, Purpose};
use crate::domain::permission::{Permission, Relation};
use crate::domain::session::{Method, Session};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, identity, passkey, session, their_own};
use crate::webauthn::Assertion;

use super::ceremony::{Begun, GetOwn, Proof, meant, session_of};
use super::{Acted, App};

/// How long a sign-in is fresh, and what makes it so again.
#[derive(Debug)]
pub struct StepUp {
    /// Until when dangerous acts need no new proof; never for a session that another device vouched for.
    pub until: Option<Timestamp>,
    /// What the person can do.
    pub ways: Vec<Way>,
}

/// A way to prove anew who one is.
#[derive(Debug, PartialEq, Eq)]
pub enum Way {
    /// By one of their passkeys, within the session.
    Passkey,
    /// By an OpenID provider of theirs.
    Provider {
        /// Its name in paths.
        name: String,
        /// Its name for people.
        display_name: String,
        /// Whether it asks the person, and does not only repeat that they once signed in there. Google's does not.
        reauthenticates: bool,
    },
    /// By a one-time link made on the host: a new session, fresh from its beginning.
    Link,
}

impl App {
    /// Until when is this sign-in fresh, and what makes it so again?
    pub async fn step_up(&self, caller: &Caller) -> Result<StepUp, Error> {
        let standing = self.ask(caller, GetStanding).await?;
        let mut ways = Vec::new();
        if standing.is_first_hand {
            if standing.has_passkey && self.relying_party.is_some() {
                ways.push(Way::Passkey);
            }
            let theirs = self.providers.iter().map(crate::idp::Provider::config);
            let theirs = theirs.filter(|provider| standing.issuers.contains(&provider.issuer));
            ways.extend(theirs.map(|provider| Way::Provider {
                name: provider.name.clone(),
                display_name: provider.display_name.clone(),
                reauthenticates: provider.signs_in_anew(),
            }));
        }
        ways.push(Way::Link);
        Ok(StepUp { until: standing.until, ways })
    }

    /// Asks a browser for one of the caller's passkeys.
    pub async fn begin_step_up(&self, caller: &Caller) -> Result<Acted<Begun>, Error> {
        let own = self.ask(caller, GetOwn(Purpose::StepUp)).await?;
        let challenge = self.relying_party()?.ask_for_proof(own.keys.iter())?;
        self.begin_ceremony(caller, Purpose::StepUp, challenge).await
    }

    /// Makes the caller's sign-in fresh. `PasskeyRefused` when the answer is no good.
    pub async fn step_up_by_passkey(
        &self,
        caller: &Caller,
        ceremony: Id<Ceremony>,
        answer: &Assertion,
    ) -> Result<Acted<Session>, Error> {
        let me = caller.actor.user().ok_or(Error::Forbidden(None))?;
        let relying_party = self.relying_party()?;
        let which = meant(caller, Purpose::StepUp, ceremony);
        let proof = self.check_answer(caller, which, |read, state| {
            Proof::check(read, relying_party, (which, state), answer, Some(me))
        });
        let proof = proof.await?;
        self.act(caller, ProveAgain(proof)).await
    }
}

/// What is a sign-in worth, and what has its holder to renew it with?
#[derive(Debug)]
struct GetStanding;

struct Standing {
    until: Option<Timestamp>,
    /// Whether the person signed in by themself: a session that another device vouched for cannot be made fresh.
    is_first_hand: bool,
    has_passkey: bool,
    issuers: Vec<String>,
}

impl Query for GetStanding {
    type Output = Standing;

    fn permission(&self) -> Permission {
        Permission::SessionRead
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Standing, Error> {
        let signed_in = asker.signed_in()?;
        let session = session::get(read, signed_in.session()?.id)?;
        Ok(Standing {
            until: session.fresh_until(),
            is_first_hand: session.method != Method::Qr,
            has_passkey: !passkey::list(read, signed_in.user)?.is_empty(),
            issuers: identity::issuers(read, signed_in.user)?,
        })
    }
}

/// Makes a sign-in fresh.
#[derive(Debug)]
struct ProveAgain(Proof);

impl Action for ProveAgain {
    type Output = Session;

    fn permission(&self) -> Permission {
        Permission::SessionStepUp
    }
    fn event(&self) -> Event {
        Event::StepUpSucceeded
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Session, Error> {
        self.0.count(tx)?;
        let id = session_of(tx.actor())?.id;
        session::prove_again(tx, id)?;
        tx.concerns("session", id);
        tx.note("method", "passkey");
        session::get(tx, id)
    }
}
