//! Bearer tokens at work: bcrypt off the async workers and behind a short queue, each comparison done once, validity
//! read every time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, Semaphore};

use crate::base::clock::Timestamp;
use crate::base::entropy::Entropy;
use crate::base::secret::Secret;
use crate::crypto::bearer::{self, DEFAULT_COST, Presented, TokenKind};
use crate::domain::actor::SignedIn;
use crate::domain::{AuthFailure, Error};
use crate::store::Store;
use crate::store::session::{self, TokenRecord};

/// Comparisons and hashes that may wait; one more is refused at once.
const WAITING: usize = 64;
/// Matches remembered per generation; there are two.
const REMEMBERED: usize = 10_000;

/// The slow half of tokens.
pub(super) struct Bearer {
    entropy: Arc<dyn Entropy>,
    permits: Semaphore,
    waiting: AtomicUsize,
    matches: Mutex<Matches>,
    running: Mutex<HashMap<[u8; 32], Arc<AsyncMutex<()>>>>,
}

/// A new token with the half of it that is stored.
pub(super) struct NewToken {
    pub token: Secret<String>,
    pub record: TokenRecord,
}

impl Bearer {
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            entropy,
            permits: Semaphore::new((cores / 2).max(1)),
            waiting: AtomicUsize::new(0),
            matches: Mutex::default(),
            running: Mutex::default(),
        }
    }

    /// Makes a token. `Unavailable` when too many hashes wait.
    pub async fn mint(&self, store: &Store, kind: TokenKind) -> Result<NewToken, Error> {
        let minted = store.token_keys().mint(kind, &*self.entropy);
        let (peppered, entropy) = (minted.peppered, Arc::clone(&self.entropy));
        let hash = self.slowly(move || bearer::hash(&peppered, DEFAULT_COST, &*entropy)).await?;
        let hash = hash.map_err(Error::internal)?;
        Ok(NewToken { token: minted.token, record: TokenRecord { selector: minted.selector, hash } })
    }

    /// A token of this kind that this server made; everything else is refused here, in microseconds.
    pub fn present(store: &Store, kind: TokenKind, token: &str) -> Result<Presented, AuthFailure> {
        let presented = store.token_keys().check(token).map_err(|_| AuthFailure::Invalid)?;
        if presented.kind == kind { Ok(presented) } else { Err(AuthFailure::Invalid) }
    }

    /// Who is behind a session's token.
    pub async fn signed_in(&self, store: &Store, now: Timestamp, token: &str) -> Result<SignedIn, Error> {
        let presented = Self::present(store, TokenKind::Session, token)?;
        let row = store.look(|read| session::find_token(read, &presented.selector))?.ok_or(AuthFailure::Invalid)?;
        if !self.matches(&presented, &row.hash).await? {
            return Err(AuthFailure::Invalid.into());
        }
        row.validity(now)?;
        Ok(row.signed_in)
    }

    /// Whether a token belongs to a hash. Compared once, however many requests arrive with it at a time.
    pub async fn matches(&self, presented: &Presented, hash: &str) -> Result<bool, Error> {
        if self.remembers(&presented.fingerprint, hash) {
            return Ok(true);
        }
        let turn = Arc::clone(lock(&self.running).entry(presented.fingerprint).or_default());
        let guard = turn.lock().await;
        let outcome = if self.remembers(&presented.fingerprint, hash) {
            Ok(true)
        } else {
            self.compare(presented, hash).await
        };
        drop(guard);
        let mut running = lock(&self.running);
        if Arc::strong_count(&turn) <= 2 {
            running.remove(&presented.fingerprint);
        }
        outcome
    }

    async fn compare(&self, presented: &Presented, hash: &str) -> Result<bool, Error> {
        let (peppered, stored) = (presented.peppered(), hash.to_owned());
        let matched = self.slowly(move || bearer::matches(&peppered, &stored)).await?;
        if matched {
            lock(&self.matches).remember(presented.fingerprint, hash);
        }
        Ok(matched)
    }

    fn remembers(&self, fingerprint: &[u8; 32], hash: &str) -> bool {
        lock(&self.matches).get(fingerprint).is_some_and(|known| known == hash)
    }

    /// Runs bcrypt on a blocking thread: at most half of the cores at a time, behind a short queue.
    async fn slowly<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let _place = Place::take(&self.waiting)?;
        let _permit = self.permits.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)
    }
}

/// A place in the queue, given back however the wait ends.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Result<Self, Error> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            return Err(Error::Unavailable("too many sign-ins at once"));
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The unchanging fact "this token matches that hash", for tokens seen lately: the new generation, and the one before.
#[derive(Default)]
struct Matches {
    new: HashMap<[u8; 32], String>,
    old: HashMap<[u8; 32], String>,
}

impl Matches {
    fn get(&mut self, fingerprint: &[u8; 32]) -> Option<&String> {
        if !self.new.contains_key(fingerprint)
            && let Some(hash) = self.old.remove(fingerprint)
        {
            self.insert(*fingerprint, hash);
        }
        self.new.get(fingerprint)
    }

    fn remember(&mut self, fingerprint: [u8; 32], hash: &str) {
        self.insert(fingerprint, hash.to_owned());
    }

    fn insert(&mut self, fingerprint: [u8; 32], hash: String) {
        if self.new.len() >= REMEMBERED {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(fingerprint, hash);
    }
}
