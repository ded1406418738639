//! OpenID Connect at work: trips to a provider and back, and what they are for.
//!
//! # A trip
//!
//! A trip ([`Errand`](crate::domain::trip::Errand)) leads to a provider and back. It belongs to one browser, by a cookie;
//! to one provider; and, when it is of somebody signed in, to their session, which must still be good when it arrives.
//!
//! | from    | come back             | arrive                | ten minutes pass |
//! |---------|-----------------------|-----------------------|------------------|
//! | made    | **back**              | refused               | **expired**      |
//! | back    | refused               | **used**              | **expired**      |
//! | used    | refused               | refused               | used             |
//! | expired | refused               | refused               | expired          |
//!
//! It comes back before the provider is asked for anything, and arrives in the transaction that makes the session, the
//! link or the proof: whatever the provider says, and however slowly, a trip leads to one thing at most.
//!
//! # A native app's code
//!
//! | from      | exchange with the verifier | with another verifier | a minute passes |
//! |-----------|----------------------------|-----------------------|-----------------|
//! | given     | **exchanged**: a session   | refused, still given  | **expired**     |
//! | exchanged | refused; the session ends  | refused; the same     | exchanged       |
//! | expired   | refused                    | refused               | expired         |
//!
//! A code that is shown twice was seen by two: the session it made ends (OAuth 2.1, 4.1.3). Unlinking the identity and a
//! logout at the provider end the codes that were given.

mod arrival;
mod identity;
mod journey;
mod logout;
mod native;
mod tokens;

use std::collections::BTreeMap;

use crate::domain::actor::{Actor, Caller, SignedIn};
use crate::domain::event::{Event, Outcome};
use crate::domain::trip::Errand;
use crate::domain::{AuthFailure, Error};
use crate::idp::{IdpError, Provider};
use crate::store::{Note, Target};

use super::App;

pub use identity::ListIdentities;
pub use journey::{CallbackAnswer, Departure, Landing};
pub(super) use tokens::Renewals;

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

    /// Records why a provider was of no help; answers with the error to tell.
    async fn provider_failed(
        &self,
        caller: &Caller,
        event: Event,
        name: &str,
        error: IdpError,
    ) -> Result<Error, Error> {
        self.record_provider_failure(caller, event, name, error.kind()).await?;
        Ok(match error {
            IdpError::Discovery(_) | IdpError::Http(_) | IdpError::Configuration(_) => {
                Error::Unavailable("the identity provider does not answer as it should")
            }
            _ => AuthFailure::Invalid.into(),
        })
    }

    /// Failures of strangers are counted when there are many; those of people who are known are written one by one.
    async fn record_provider_failure(
        &self,
        caller: &Caller,
        event: Event,
        name: &str,
        error: &str,
    ) -> Result<(), Error> {
        let detail = BTreeMap::from([("provider", name.to_owned()), ("error", error.to_owned())]);
        if caller.actor == Actor::Anonymous {
            return self.record_failure(caller, event, detail).await;
        }
        let note = Note { event, outcome: Outcome::Failure, target: Target::instance(), detail };
        self.store.record(caller.clone(), note).await
    }
}

/// What the log calls a trip that leads nowhere.
const fn failure_of(errand: &Errand) -> Event {
    match errand {
        Errand::StepUp(..) => Event::StepUpFailed,
        Errand::SignIn | Errand::Invitation(_) | Errand::Link(_) | Errand::Native(_) => Event::OauthFailed,
    }
}

/// Whoever makes a trip: the person it belongs to, or nobody in particular. The browser shows no session on its way
/// back, and needs none: the door reads anew whether the one that the trip belongs to is good.
fn traveller(caller: &Caller, signed_in: Option<SignedIn>) -> Caller {
    Caller { actor: signed_in.map_or(Actor::Anonymous, Actor::User), ..caller.clone() }
}
