//! Passkey ceremonies: a question goes out and is remembered, an answer is checked, and each question is answered once.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::domain::actor::{Actor, Caller};
use crate::domain::event::Event;
use crate::domain::passkey::{Ceremony, Purpose, Refusal, Unproven};
use crate::domain::permission::{Permission, Relation};
use crate::domain::session::SessionProof;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};
use crate::store::ceremony::{self, Which};
use crate::store::passkey::{self, Credential};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, their_own, user};
use crate::webauthn::{Assertion, Challenge, Key, RelyingParty};

use super::{Acted, App};

/// A ceremony that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Names it in the answer.
    pub ceremony: Id<Ceremony>,
    /// What the browser's `create` or `get` takes as `publicKey`, in its JSON form.
    pub options: Value,
}

impl App {
    /// This server as authenticators know it. `Conflict(PasskeysUnavailable)` when it has no host name.
    pub(super) fn relying_party(&self) -> Result<&RelyingParty, Error> {
        self.relying_party.as_ref().ok_or(Error::Conflict(Conflict::PasskeysUnavailable))
    }

    /// Remembers a question until it is answered.
    pub(super) async fn begin_ceremony(
        &self,
        caller: &Caller,
        purpose: Purpose,
        challenge: Challenge,
    ) -> Result<Acted<Begun>, Error> {
        let Acted { output, seq, allowance } = self.act(caller, Begin { purpose, state: challenge.state }).await?;
        Ok(Acted { output: Begun { ceremony: output, options: challenge.options }, seq, allowance })
    }

    /// Checks an answer. A wrong one uses its ceremony up, is put on record with the reason, and is `PasskeyRefused`.
    /// Either way an act follows, and the door judges it: whoever may not do this hears so, whatever they answered.
    pub(super) async fn check_answer<T>(
        &self,
        caller: &Caller,
        which: Which,
        check: impl FnOnce(&ReadTx<'_>, &Secret<String>) -> Result<T, Unproven>,
    ) -> Result<T, Error> {
        let outcome = self.store.look(|read| {
            let state = ceremony::find_state(read, which)?;
            match state.ok_or(Refusal::Ceremony.into()).and_then(|state| check(read, &state)) {
                Ok(proven) => Ok(Ok(proven)),
                Err(Unproven::Refused(refusal)) => Ok(Err(refusal)),
                Err(Unproven::Failed(error)) => Err(error),
            }
        })?;
        match outcome {
            Ok(proven) => Ok(proven),
            Err(refusal) => {
                self.refuse_answer(caller, which, refusal).await?;
                Err(Error::PasskeyRefused)
            }
        }
    }

    async fn refuse_answer(&self, caller: &Caller, which: Which, refusal: Refusal) -> Result<(), Error> {
        if refusal == Refusal::Ceremony && caller.actor == Actor::Anonymous {
            // There is nothing to use up, and strangers can send any number of these.
            let detail = BTreeMap::from(reasons(refusal).map(|(name, fact)| (name, fact.to_owned())));
            return self.record_failed_sign_in(caller, detail).await;
        }
        self.act(caller, Refuse { which, refusal }).await.map(|_| ())
    }
}

/// The ceremony that a caller means.
pub(super) fn meant(caller: &Caller, purpose: Purpose, id: Id<Ceremony>) -> Which {
    Which { id, purpose, session: session_of(&caller.actor).ok().map(|session| session.id) }
}

/// The session that somebody acts in. `Forbidden` for those who act in none.
pub(super) const fn session_of(actor: &Actor) -> Result<SessionProof, Error> {
    match actor {
        Actor::User(signed_in) => signed_in.session(),
        _ => Err(Error::Forbidden(None)),
    }
}

/// What the audit log hears of a refused answer.
const fn reasons(refusal: Refusal) -> [(&'static str, &'static str); 3] {
    [("error", "passkey-refused"), ("method", "passkey"), ("reason", refusal.as_str())]
}

const fn permission(purpose: Purpose) -> Permission {
    match purpose {
        Purpose::Register => Permission::PasskeyManage,
        Purpose::StepUp => Permission::SessionStepUp,
        Purpose::SignIn => Permission::SignIn,
    }
}

/// Who asks, and which passkeys do they have? Asked before a ceremony begins.
#[derive(Debug)]
pub(super) struct GetOwn(pub Purpose);

/// The answer.
pub(super) struct Own {
    pub user: User,
    pub keys: Vec<Key>,
}

impl Query for GetOwn {
    type Output = Own;

    fn permission(&self) -> Permission {
        permission(self.0)
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Own, Error> {
        let user = user::get(read, asker.user()?)?;
        let credentials = passkey::credentials(read, user.id)?;
        let keys = credentials.iter().map(|one| Key::from_stored(one.credential.expose())).collect::<Result<_, _>>()?;
        Ok(Own { user, keys })
    }
}

/// Begins a ceremony.
#[derive(Debug)]
struct Begin {
    purpose: Purpose,
    state: Secret<String>,
}

impl Action for Begin {
    type Output = Id<Ceremony>;

    fn permission(&self) -> Permission {
        permission(self.purpose)
    }
    fn event(&self) -> Event {
        match self.purpose {
            Purpose::Register | Purpose::SignIn => Event::PasskeyStarted,
            Purpose::StepUp => Event::StepUpStarted,
        }
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Id<Ceremony>, Error> {
        tx.note("purpose", self.purpose.as_str());
        let asked = match tx.actor() {
            Actor::User(signed_in) => Some(*signed_in),
            _ => None,
        };
        ceremony::insert(tx, self.purpose, asked, &self.state)
    }
}

/// Uses a ceremony up that was answered wrongly.
#[derive(Debug)]
struct Refuse {
    which: Which,
    refusal: Refusal,
}

impl Action for Refuse {
    type Output = ();

    fn permission(&self) -> Permission {
        permission(self.which.purpose)
    }
    fn event(&self) -> Event {
        match self.which.purpose {
            Purpose::Register => Event::PasskeyFailed,
            Purpose::StepUp => Event::StepUpFailed,
            Purpose::SignIn => Event::LoginFailed,
        }
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        ceremony::consume(tx, self.which)?;
        for (name, fact) in reasons(self.refusal) {
            tx.note(name, fact);
        }
        tx.record_failure();
        Ok(())
    }
}

/// A passkey's signature that was found good.
#[derive(Debug)]
pub(super) struct Proof {
    which: Which,
    pub credential: Credential,
    used: Secret<String>,
}

impl Proof {
    /// Checks a signature: of a passkey of `me`, or of whoever the authenticator says it speaks for.
    pub fn check(
        read: &ReadTx<'_>,
        relying_party: &RelyingParty,
        (which, state): (Which, &Secret<String>),
        answer: &Assertion,
        me: Option<Id<User>>,
    ) -> Result<Self, Unproven> {
        let credential = passkey::find_credential(read, &answer.credential_id())?.ok_or(Refusal::Credential)?;
        let named = answer.holder().map(Id::from_uuid);
        let is_theirs = me.or(named) == Some(credential.user) && named.is_none_or(|named| named == credential.user);
        if !is_theirs {
            return Err(Refusal::Credential.into());
        }
        let key = Key::from_stored(credential.credential.expose())?;
        let used = relying_party.check_proof(state, answer, &key)?.to_stored()?;
        Ok(Self { which, credential, used })
    }

    /// Counts it, once. `PasskeyRefused` when the ceremony or the passkey is gone by now, or was used meanwhile.
    pub fn count(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        if ceremony::consume(tx, self.which)? && passkey::record_use(tx, &self.credential, &self.used)? {
            tx.note("passkey", self.credential.id);
            return Ok(());
        }
        Err(Error::PasskeyRefused)
    }
}
