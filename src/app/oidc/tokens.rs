//! Providers' tokens: renewed by one caller at a time, and revoked at the provider when they are not wanted any more.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::app::system;
use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::{Event, Outcome};
use crate::domain::identity::{LinkedIdentity, RENEW_AHEAD, RENEW_BEFORE};
use crate::domain::permission::Permission;
use crate::idp::IdpError;
use crate::store::provider_token::{self, Held};
use crate::store::{Action, Note, Target, Tx};

use super::App;

/// What the log calls the timer.
const TIMER: &str = "provider-tokens";

/// Who renews which tokens at this moment.
#[derive(Default)]
pub(in crate::app) struct Renewals(Mutex<HashMap<Id<LinkedIdentity>, Weak<Turn>>>);

/// Held while one identity's tokens are renewed.
type Turn = tokio::sync::Mutex<()>;

impl Renewals {
    fn turn(&self, identity: Id<LinkedIdentity>) -> Arc<Turn> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = turns.get(&identity).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::new(Turn::default());
        turns.insert(identity, Arc::downgrade(&turn));
        turn
    }
}

impl App {
    /// An access token that is good for a minute at least, renewed where need be; callers at the same time share one
    /// renewal. `None` when there is none, or none any more: the provider refused, on record.
    ///
    /// # Errors
    /// `Unavailable` when the provider does not answer; nothing is lost then.
    pub async fn provider_token(&self, identity: Id<LinkedIdentity>) -> Result<Option<Secret<String>>, Error> {
        self.token_that_lasts(identity, RENEW_BEFORE).await
    }

    /// Renews whatever ends within ten minutes, for a timer. Answers how many tokens are good for longer now; one
    /// provider's failure stops nobody else's.
    pub async fn refresh_provider_tokens(&self) -> Result<usize, Error> {
        let end = self.clock.now() + RENEW_AHEAD;
        let mut renewed = 0;
        for identity in self.store.look(|read| provider_token::due(read, end))? {
            match self.token_that_lasts(identity, RENEW_AHEAD).await {
                Ok(token) => renewed += usize::from(token.is_some()),
                Err(error) => tracing::warn!(%identity, %error, "a provider's token was not renewed"),
            }
        }
        Ok(renewed)
    }

    async fn token_that_lasts(
        &self,
        identity: Id<LinkedIdentity>,
        span: Duration,
    ) -> Result<Option<Secret<String>>, Error> {
        let turn = self.renewals.turn(identity);
        let _turn = turn.lock().await;
        let Some(held) = self.store.look(|read| provider_token::find(read, identity))? else {
            return Ok(None);
        };
        let now = self.clock.now();
        match &held.tokens.refresh {
            _ if !held.tokens.ends_within(span, now) => Ok(Some(held.tokens.access)),
            Some(refresh) => self.renew(&held, refresh).await,
            None if held.tokens.ends_within(Duration::ZERO, now) => Ok(None),
            None => Ok(Some(held.tokens.access)),
        }
    }

    async fn renew(&self, held: &Held, refresh: &Secret<String>) -> Result<Option<Secret<String>>, Error> {
        let timer = system::timer(TIMER);
        let provider = self.provider(&held.provider)?;
        match provider.refresh(refresh).await {
            Ok(tokens) => {
                let kept = self.act(&timer, KeepRenewed(Held { tokens: tokens.clone(), ..held.clone() })).await;
                match kept {
                    Ok(_) => Ok(Some(tokens.access)),
                    Err(Error::NotFound) => {
                        // Unlinked while the provider was asked: nobody may be left with what it gave.
                        self.revoke_one(&timer, &Held { tokens, ..held.clone() }).await;
                        Ok(None)
                    }
                    Err(error) => Err(error),
                }
            }
            Err(IdpError::Refused("invalid_grant")) => {
                self.act(&timer, Forget(held.identity)).await?;
                Ok(None)
            }
            Err(error) => Err(self.provider_failed(&timer, Event::OauthTokenRefreshed, &held.provider, error).await?),
        }
    }

    /// Revokes tokens at their providers (RFC 7009), when their rows are gone: after unlinking, and when
    /// somebody leaves. What fails is logged and on record. Goes on to the end even
    /// when nobody waits for it any more.
    pub async fn revoke_provider_tokens(self: &Arc<Self>, caller: &Caller, tokens: Vec<Held>) {
        let (app, caller) = (Arc::clone(self), caller.clone());
        let work = tokio::spawn(async move {
            for held in &tokens {
                app.revoke_one(&caller, held).await;
            }
        });
        if let Err(error) = work.await {
            tracing::error!(%error, "providers' tokens were not revoked");
        }
    }

    async fn revoke_one(&self, caller: &Caller, held: &Held) {
        let revoked = match self.provider(&held.provider) {
            Ok(provider) => provider.revoke(&held.tokens).await.map_err(IdpError::kind),
            Err(_) => Err("no such provider"),
        };
        let error = match revoked {
            Ok(true) => None,
            Ok(false) => Some("unsupported"),
            Err(error) => Some(error),
        };
        if let Some(error) = error {
            tracing::warn!(provider = held.provider, error, "a provider's tokens may still work");
        }
        let mut detail = BTreeMap::from([("provider", held.provider.clone())]);
        detail.extend(error.map(|error| ("error", error.to_owned())));
        let outcome = if error.is_none() { Outcome::Success } else { Outcome::Failure };
        let target = Target::instance().resource("identity", held.identity);
        let note = Note { event: Event::OauthTokenRevoked, outcome, target, detail };
        if let Err(error) = self.store.record(caller.clone(), note).await {
            tracing::error!(%error, "the end of a provider's tokens is not on record");
        }
    }
}

/// Keeps renewed tokens, when their identity is still there.
#[derive(Debug)]
struct KeepRenewed(Held);

impl Action for KeepRenewed {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::IdentityRefresh
    }
    fn event(&self) -> Event {
        Event::OauthTokenRefreshed
    }
    fn target(&self) -> Target {
        Target::instance().resource("identity", self.0.identity)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.note("provider", &self.0.provider);
        provider_token::find(tx, self.0.identity)?.ok_or(Error::NotFound)?;
        provider_token::put(tx, &self.0)
    }
}

/// Forgets tokens that the provider does not renew any more.
#[derive(Debug)]
struct Forget(Id<LinkedIdentity>);

impl Action for Forget {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::IdentityRefresh
    }
    fn event(&self) -> Event {
        Event::OauthTokenRevoked
    }
    fn target(&self) -> Target {
        Target::instance().resource("identity", self.0)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.note("reason", "invalid_grant");
        provider_token::delete(tx, self.0).map(|_| ())
    }
}
