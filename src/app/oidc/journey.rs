//! From leaving for a provider to being back: what begins a trip, and where it ends.

use crate::base::secret::Secret;
use crate::domain::actor::{Caller, SignedIn};
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
use crate::domain::session::{Method, SessionKind};
use crate::domain::trip::{Errand, ReturnPath};
use crate::domain::{AuthFailure, Conflict, Error, quota};
use crate::idp::{IdpError, Prompt, Provider};
use crate::store::trip::{self, NewTrip, Trip};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, their_own};

use super::arrival::{Link, SignInWithIdentity, StepUp, Vouched};
use super::{App, failure_of, traveller};
use crate::app::one_time::{random_text, sha256};
use crate::app::sign_in::{Arrival, SignedInNow};

/// A browser on its way to its provider.
pub struct Departure {
    /// Where to.
    pub url: String,
    /// The value of the cookie that it must bring back.
    pub cookie: Secret<String>,
    /// The audit row that stands for it.
    pub seq: i64,
}

/// What a browser brings back from its provider.
#[derive(Debug)]
pub struct CallbackAnswer {
    /// Names the trip.
    pub state: String,
    /// What is exchanged for tokens.
    pub code: Option<Secret<String>>,
    /// Why the provider refused.
    pub error: Option<String>,
    /// Who answers (RFC 9207).
    pub issuer: Option<String>,
    /// The cookie set at departure.
    pub cookie: Secret<String>,
    /// The mark of the browser's device, see [`Arrival::mark`].
    pub mark: Option<Secret<String>>,
}

/// Where a trip ends.
pub struct Landing {
    /// Where the browser goes on.
    pub location: String,
    /// The session that it has from now on.
    pub session: Option<SignedInNow>,
}

impl App {
    /// Sends a browser to its provider. The cookie binds what comes back to that browser.
    ///
    /// # Errors
    /// `NotFound` for no such provider; `Unavailable` when it is down; `Conflict(StepUpIgnored)` for a proof by one that
    /// is known to give none.
    pub async fn leave_for(&self, caller: &Caller, name: &str, errand: Errand) -> Result<Departure, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        self.depart(caller, name, errand).await
    }

    /// Leaves when the attempt has been paid for.
    pub(in crate::app) async fn depart(&self, caller: &Caller, name: &str, errand: Errand) -> Result<Departure, Error> {
        self.ask(caller, MayLeave(permission(&errand))).await?;
        let provider = self.provider(name)?;
        let prompt = if matches!(errand, Errand::StepUp(..)) { Prompt::Anew } else { Prompt::AsUsual };
        if prompt == Prompt::Anew && !provider.config().signs_in_anew() {
            let ignored = Conflict::StepUpIgnored;
            self.record_provider_failure(caller, Event::StepUpFailed, name, Error::Conflict(ignored).kind()).await?;
            return Err(Error::Conflict(ignored));
        }
        let start = match provider.begin(&self.redirect_uri(name), prompt).await {
            Ok(start) => start,
            Err(error) => return Err(self.provider_failed(caller, failure_of(&errand), name, error).await?),
        };
        let cookie = random_text(&*self.entropy);
        let trip = NewTrip {
            provider: name.to_owned(),
            errand,
            state_hash: sha256(start.state.expose()),
            cookie_hash: sha256(cookie.expose()),
            nonce: start.nonce,
            verifier: start.pkce_verifier,
        };
        let seq = self.act(caller, Leave(trip)).await?.seq;
        Ok(Departure { url: start.authorize_url, cookie, seq })
    }

    /// Receives a browser from its provider, and does what it went for. A refusal is a landing too: it leads back to
    /// where the trip began, and says why.
    ///
    /// # Errors
    /// `NotFound` for no such provider, `RateLimited`, and faults of ours.
    pub async fn come_back(&self, caller: &Caller, name: &str, answer: CallbackAnswer) -> Result<Landing, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        let provider = self.provider(name)?;
        let back = ComeBack {
            provider: name.to_owned(),
            // Uses it up first: whatever the provider says, nobody comes back with the same state again.
            state_hash: sha256(&answer.state),
            cookie_hash: sha256(answer.cookie.expose()),
        };
        let trip = match self.act(caller, back).await {
            Ok(acted) => acted.output,
            Err(error) => return lost(&Errand::SignIn, error),
        };
        let caller = traveller(caller, trip.errand.signed_in());
        match self.arrive(&caller, provider, &trip, &answer).await {
            Ok(landing) => Ok(landing),
            Err(error) => lost(&trip.errand, error),
        }
    }

    async fn arrive(
        &self,
        caller: &Caller,
        provider: &Provider,
        trip: &Trip,
        answer: &CallbackAnswer,
    ) -> Result<Landing, Error> {
        let name = &provider.config().name;
        let person = match self.vouched(provider, trip, answer).await {
            Ok(person) => person,
            Err(error) => return Err(self.provider_failed(caller, failure_of(&trip.errand), name, error).await?),
        };
        let to = |location| Ok(Landing { location, session: None });
        match &trip.errand {
            Errand::SignIn => self.enter(caller, person, None, answer).await,
            Errand::Invitation(selector) => self.enter(caller, person, Some(selector.clone()), answer).await,
            Errand::Link(_) => {
                self.act(caller, Link(person)).await?;
                to(ReturnPath::account().with("linked", name))
            }
            Errand::StepUp(_, path) => {
                self.act(caller, StepUp { person, began_at: trip.began_at }).await?;
                to(path.as_str().to_owned())
            }
            Errand::Native(app) => to(self.hand_code_to(caller, app, person).await?),
        }
    }

    async fn enter(
        &self,
        caller: &Caller,
        person: Vouched,
        invitation: Option<String>,
        answer: &CallbackAnswer,
    ) -> Result<Landing, Error> {
        let mark = answer.mark.clone();
        let arrival = Arrival { name: None, email: None, device: None, mark, kind: SessionKind::Console };
        let known = self.store.look(|read| person.known(read))?.map(|known| known.user);
        let begin = |_, session| SignInWithIdentity { person, session, invitation };
        let signed_in = self.begin_session(caller, known, arrival, Method::Provider, begin).await?;
        Ok(Landing { location: "/".to_owned(), session: Some(signed_in) })
    }

    /// Whom the provider vouches for.
    async fn vouched(&self, provider: &Provider, trip: &Trip, answer: &CallbackAnswer) -> Result<Vouched, IdpError> {
        provider.check_callback_issuer(answer.issuer.as_deref()).await?;
        let code = match (&answer.code, &answer.error) {
            (Some(code), None) => code,
            (_, error) => return Err(IdpError::refused(error.as_deref().unwrap_or_default())),
        };
        let redirect_uri = self.redirect_uri(&provider.config().name);
        let identity = provider.finish(code.expose(), &trip.verifier, &trip.nonce, &redirect_uri).await?;
        Ok(Vouched::new(identity, provider, trip.id))
    }
}

/// Where a trip ends that leads nowhere: where it began, with the reason.
fn lost(errand: &Errand, error: Error) -> Result<Landing, Error> {
    let problem = match &error {
        Error::Internal(_) | Error::RateLimited { .. } | Error::NotFound => return Err(error),
        Error::Unauthenticated(AuthFailure::StepUpRequired) => "step-up-required",
        Error::Unauthenticated(AuthFailure::Revoked) => "revoked-token",
        error => error.kind(),
    };
    let location = match errand {
        Errand::SignIn | Errand::Invitation(_) => format!("/?problem={problem}"),
        Errand::Link(_) => ReturnPath::account().with("problem", problem),
        Errand::StepUp(_, path) => path.with("problem", problem),
        Errand::Native(app) => {
            // RFC 6749, 4.1.2.1.
            let temporary = matches!(error, Error::Unavailable(_));
            let code = if temporary { "temporarily_unavailable" } else { "access_denied" };
            app.answer(&[("error", code), ("error_description", problem)])
        }
    };
    Ok(Landing { location, session: None })
}

const fn permission(errand: &Errand) -> Permission {
    match errand {
        Errand::SignIn | Errand::Invitation(_) | Errand::Native(_) => Permission::SignIn,
        Errand::Link(_) => Permission::IdentityManage,
        Errand::StepUp(..) => Permission::SessionStepUp,
    }
}

/// May I leave for this? Asked before a provider is; [`Leave`] is judged again.
#[derive(Debug)]
struct MayLeave(Permission);

impl Query for MayLeave {
    type Output = ();

    fn permission(&self) -> Permission {
        self.0
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, _: &ReadTx<'_>, _: &Asker<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// Remembers a trip that leaves.
#[derive(Debug)]
struct Leave(NewTrip);

impl Action for Leave {
    type Output = ();

    fn permission(&self) -> Permission {
        permission(&self.0.errand)
    }
    fn event(&self) -> Event {
        match self.0.errand {
            Errand::StepUp(..) => Event::StepUpStarted,
            _ => Event::OauthStarted,
        }
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.note("provider", &self.0.provider);
        tx.note("purpose", self.0.errand.as_str());
        if self.0.errand.signed_in().map(|SignedIn { user, .. }| user) != tx.actor().user() {
            return Err(Error::Forbidden(None));
        }
        trip::insert(tx, &self.0)
    }
}

/// Receives a trip that is back.
#[derive(Debug)]
struct ComeBack {
    provider: String,
    state_hash: [u8; 32],
    cookie_hash: [u8; 32],
}

impl Action for ComeBack {
    type Output = Trip;

    fn permission(&self) -> Permission {
        Permission::SignIn
    }
    fn event(&self) -> Event {
        Event::OauthReturned
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Trip, Error> {
        tx.note("provider", &self.provider);
        let trip = trip::come_back(tx, &self.provider, &self.state_hash, &self.cookie_hash)?;
        tx.note("purpose", trip.errand.as_str());
        Ok(trip)
    }
}
