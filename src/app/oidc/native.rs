//! Native apps: a one-time code at the end of a trip, and a session for whoever shows the verifier to its challenge.

use crate::base::id::Id;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::native::{Challenge, NativeApp};
use crate::domain::permission::Permission;
use crate::domain::quota;
use crate::domain::session::{Method, RevokeReason, Session};
use crate::domain::user::{User, UserState};
use crate::domain::{AuthFailure, Conflict, Error};
use crate::store::login_code::{self, CodeHash, CodeState};
use crate::store::session::{self, NewSession};
use crate::store::{Action, Target, Tx, user};

use super::App;
use super::arrival::Vouched;
use crate::app::one_time::{random_text, sha256};
use crate::app::sign_in::{Arrival, SignedInNow, arrive};

impl App {
    /// Makes a code for an app whose person is back; answers where their browser takes it.
    pub(super) async fn hand_code_to(
        &self,
        caller: &Caller,
        app: &NativeApp,
        person: Vouched,
    ) -> Result<String, Error> {
        let code = random_text(&*self.entropy);
        self.act(caller, IssueCode { person, code: sha256(code.expose()), challenge: app.challenge }).await?;
        Ok(app.answer(&[("code", code.expose())]))
    }

    /// Exchanges an app's code for a session. A code that was exchanged before is refused, and ends the session that it
    /// has become: two have seen it.
    ///
    /// # Errors
    /// `Invalid` for a verifier of the wrong form; `Unauthenticated` for a code that is none, or not with this verifier,
    /// or not any more; `Conflict(AlreadyUsed)`.
    pub async fn exchange_code(
        &self,
        caller: &Caller,
        code: &str,
        verifier: &str,
        arrival: Arrival,
    ) -> Result<SignedInNow, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        let (code, challenge) = (sha256(code), Challenge::of(verifier)?);
        let state = self.store.look(|read| login_code::find(read, &code, challenge))?;
        let checked = match state {
            Some(CodeState::Open(holder)) => Ok(holder),
            Some(CodeState::Used) => Err(Error::Conflict(Conflict::AlreadyUsed)),
            Some(CodeState::Expired) => Err(AuthFailure::Expired.into()),
            Some(CodeState::Foreign) | None => Err(AuthFailure::Invalid.into()),
        };
        let outcome = match self.note_refusal(caller, checked, "code").await {
            Ok(holder) => {
                let exchange = |_, session| ExchangeCode { code, challenge, session };
                self.begin_session(caller, Some(holder), arrival, Method::Provider, exchange).await
            }
            Err(error) => Err(error),
        };
        if matches!(outcome, Err(Error::Conflict(Conflict::AlreadyUsed))) {
            self.end_session_of(caller, &code).await?;
        }
        outcome
    }

    async fn end_session_of(&self, caller: &Caller, code: &CodeHash) -> Result<(), Error> {
        match self.store.look(|read| login_code::find_session(read, code))? {
            Some(session) => self.act(caller, EndReused(session)).await.map(|_| ()),
            None => Ok(()),
        }
    }
}

/// Ends a trip with a code.
#[derive(Debug)]
struct IssueCode {
    person: Vouched,
    code: CodeHash,
    challenge: Challenge,
}

impl Action for IssueCode {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::SignIn
    }
    fn event(&self) -> Event {
        Event::CodeIssued
    }
    fn failure_event(&self) -> Event {
        Event::OauthFailed
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let (person, origin) = self.person.settle(tx, None)?;
        if user::get(tx, person)?.state != UserState::Active {
            return Err(Error::Forbidden(None));
        }
        tx.attribute_to(person);
        tx.also(Event::OauthSucceeded);
        let proved_at = self.person.proved_at(tx, person)?;
        login_code::insert(tx, person, &origin, &self.code, self.challenge, proved_at)
    }
}

/// Turns a code into a session.
#[derive(Debug)]
struct ExchangeCode {
    code: CodeHash,
    challenge: Challenge,
    session: NewSession,
}

impl Action for ExchangeCode {
    type Output = (Session, User);

    fn permission(&self) -> Permission {
        Permission::SignIn
    }
    fn event(&self) -> Event {
        Event::CodeExchanged
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(Session, User), Error> {
        let (person, origin, proved_at) = login_code::exchange(tx, &self.code, self.challenge)?;
        let new = NewSession { origin: Some(origin), proved_at: Some(proved_at), ..self.session };
        let (session, user) = arrive(tx, person, &new)?;
        login_code::note_session(tx, &self.code, session.id)?;
        Ok((session, user))
    }
}

/// Ends the session of a code that was shown twice.
#[derive(Debug)]
struct EndReused(Id<Session>);

impl Action for EndReused {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::SignInFail
    }
    fn event(&self) -> Event {
        Event::TokenRevoked
    }
    fn target(&self) -> Target {
        Target::instance().resource("session", self.0)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let reason = RevokeReason::CodeReused;
        tx.note("reason", reason.as_str());
        session::revoke(tx, self.0, reason)
    }
}
