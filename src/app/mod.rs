//! Floor 3: what Milton does. [`App::act`] is the one way to change anything, [`App::ask`] the one way to read anything
//! on somebody's behalf; each feature's file holds its actions and queries.

pub mod account;
pub mod api_key;
pub mod audit;
pub mod audit_proof;
mod bearer;
pub mod ceremony;
mod clean_up;
mod comparisons;
pub mod conversation;
pub mod credential;
pub mod delegation;
pub mod device;
pub mod explanation;
mod failures;
pub mod grant;
pub mod idempotency;
mod idle;
pub mod invitation;
pub mod job;
mod last_seen;
pub mod leaving;
pub mod live;
pub mod message;
pub mod notification;
pub mod oidc;
mod one_time;
pub mod passkey;
mod passkey_sign_in;
pub mod people;
pub mod preference;
pub mod qr_approval;
pub mod qr_sign_in;
mod quota;
pub mod search;
pub mod session;
pub mod sign_in;
mod slow_lane;
pub mod standing;
pub mod step_up;
pub mod system;
pub mod team;
pub mod team_end;
pub mod team_owner;
pub mod webhook;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::broadcast;

use crate::base::clock::Clock;
use crate::base::entropy::Entropy;
use crate::crypto::bearer::Cost;
use crate::domain::actor::{Actor, Caller, SignedIn};
use crate::domain::quota::Quota;
use crate::domain::{AuthFailure, Error};
use crate::idp::Provider;
use crate::outbound;
use crate::store::{self, Action, Query, Signal, Store};
use crate::webauthn::RelyingParty;

use bearer::Bearer;
use failures::Failures;
use idle::Idle;
use job::Registry;
use last_seen::LastSeen;
use live::Streams;
pub use quota::{Allowance, QuotaFigures};
use quota::{Holder, Quotas};

/// What an app is built from, once, by the command line or by a test.
pub struct AppOptions {
    /// The open database.
    pub store: Store,
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// Who may vouch for people.
    pub providers: Vec<Provider>,
    /// Quota figures that differ from the defaults.
    pub quotas: QuotaFigures,
    /// The address people reach this server at, such as `https://localhost:8443`; without a slash at its end.
    pub public_url: String,
    /// What webhooks may reach.
    pub outbound: outbound::Options,
    /// How dear the hashes of tokens are.
    pub token_cost: Cost,
}

/// Refuses what was written with another version in view than the present one; `None` is whichever it is.
fn refuse_stale(seen: Option<i64>, present: i64) -> Result<(), Error> {
    if seen.is_some_and(|seen| seen != present) { Err(Error::PreconditionFailed) } else { Ok(()) }
}

/// The running product.
pub struct App {
    store: Store,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    providers: Vec<Provider>,
    quotas: Quotas,
    bearer: Bearer,
    idle: Idle,
    failures: Failures,
    last_seen: LastSeen,
    streams: Streams,
    renewals: oidc::Renewals,
    relying_party: Option<RelyingParty>,
    jobs: Registry,
    public_url: String,
    outbound: Arc<outbound::Client>,
    scanned: webhook::Scanned,
}

/// A change that was made, is durable and has its audit row.
#[derive(Debug)]
pub struct Acted<T> {
    /// What the action answers.
    pub output: T,
    /// The audit row that stands for it.
    pub seq: i64,
    /// What is left of the caller's quota, when the action has one.
    pub allowance: Option<Allowance>,
}

impl App {
    /// Builds the app over an open store.
    pub fn new(options: AppOptions) -> Result<Self, Error> {
        let AppOptions { store, clock, entropy, providers, quotas, public_url, outbound, token_cost } = options;
        let quotas = Quotas::new(Arc::clone(&clock), &quotas, &store.look(store::quota::load)?);
        let bearer = Bearer::new(Arc::clone(&entropy), token_cost);
        let (idle, failures, jobs) = (Idle::since(clock.now()), Failures::default(), Registry::default());
        let (last_seen, streams, renewals) = (LastSeen::default(), Streams::default(), oidc::Renewals::default());
        let relying_party = RelyingParty::at(&public_url);
        Ok(Self {
            store,
            clock,
            entropy,
            providers,
            quotas,
            bearer,
            idle,
            failures,
            last_seen,
            streams,
            renewals,
            relying_party,
            jobs,
            public_url,
            outbound: Arc::new(outbound::Client::new(outbound)),
            scanned: webhook::Scanned::default(),
        })
    }

    /// Changes something: quota, permission, effect and audit row, or nothing.
    pub async fn act<A: Action>(&self, caller: &Caller, action: A) -> Result<Acted<A::Output>, Error> {
        let allowance = match action.quota() {
            Some(quota) => Some(self.spend(caller, quota).await?),
            None => None,
        };
        self.act_within(caller, action, allowance).await
    }

    /// Changes something for which the allowance, where there is one, has been spent.
    async fn act_within<A: Action>(
        &self,
        caller: &Caller,
        action: A,
        allowance: Option<Allowance>,
    ) -> Result<Acted<A::Output>, Error> {
        let used = allowance.as_ref().and_then(Allowance::in_use);
        let done = self.store.act(caller.clone(), action, used).await?;
        Ok(Acted { output: done.output, seq: done.seq, allowance })
    }

    /// Reads something on the caller's behalf.
    pub async fn ask<Q: Query>(&self, caller: &Caller, query: Q) -> Result<Q::Output, Error> {
        self.store.ask(caller, query).await
    }

    /// Who is behind the token of a session or an API key. The comparison may be remembered; validity is read each time.
    pub async fn authenticate(&self, caller: &Caller, token: &str) -> Result<SignedIn, Error> {
        match self.signed_in(caller, token).await {
            Ok((signed_in, networks)) if !networks.admit(caller.address) => {
                self.refuse_elsewhere(caller, signed_in).await
            }
            Ok((signed_in, _)) if self.idle.keeps(&signed_in, self.clock.now()) => {
                self.last_seen.note_use(signed_in.proof, self.clock.now());
                Ok(signed_in)
            }
            Ok((idle, _)) => {
                self.end_idle(caller, idle).await?;
                self.refuse_token(caller, AuthFailure::Expired).await
            }
            Err(Error::Unauthenticated(failure)) => self.refuse_token(caller, failure).await,
            Err(error) => Err(error),
        }
    }

    /// Refuses what is no good token, on record.
    pub async fn refuse_token<T>(&self, caller: &Caller, failure: AuthFailure) -> Result<T, Error> {
        self.record_failed_sign_in(caller, BTreeMap::from([("error", failure.to_string())])).await?;
        Err(failure.into())
    }

    /// Refuses a request that a foreign page made, with our cookie or without, on record.
    pub async fn refuse_foreign_page<T>(&self, caller: &Caller) -> Result<T, Error> {
        match caller.actor {
            Actor::Anonymous => self.record_bounded(caller, system::foreign_page()).await?,
            _ => self.store.record(caller.clone(), system::foreign_page()).await?,
        }
        Err(Error::Forbidden(None))
    }

    /// Takes one act out of the caller's allowance; the first refusal of a window leaves a row.
    pub async fn spend(&self, caller: &Caller, quota: Quota) -> Result<Allowance, Error> {
        self.spend_of(Holder::of(caller, quota), caller, quota).await
    }

    /// Takes one act out of the allowance of somebody or something that the caller only speaks for.
    async fn spend_of(&self, holder: Holder<'_>, caller: &Caller, quota: Quota) -> Result<Allowance, Error> {
        match self.quotas.take(holder, quota) {
            Ok(allowance) => Ok(allowance),
            Err(refused) => {
                if refused.is_first {
                    self.store.record(caller.clone(), system::quota_exceeded(holder, quota)).await?;
                }
                Err(refused.error)
            }
        }
    }

    /// How many bcrypt hashes were asked for since the start: the dearest thing that a request can have done.
    pub fn hashes(&self) -> u64 {
        self.bearer.hashes()
    }

    /// The address people reach this server at.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// What is told after each commit from now on.
    pub fn signals(&self) -> broadcast::Receiver<Signal> {
        self.store.listen()
    }

    /// The present.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Randomness.
    pub fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.entropy
    }

    /// Whether the server has an owner.
    pub fn is_claimed(&self) -> Result<bool, Error> {
        self.store.look(store::user::is_claimed)
    }

    /// Whether the server can do its work: reads answer and writes can be durable.
    pub fn is_ready(&self) -> bool {
        self.store.is_writable() && self.is_claimed().is_ok()
    }

    /// The database, for its own health checks.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

#[cfg(test)]
mod trust_tests;
