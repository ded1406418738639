//! Comparisons of tokens with hashes: each done once, however many requests arrive with one token, and remembered.
//! What is remembered is the unchanging fact that the two belong together; whether the token still counts is not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Mutex as AsyncMutex;

use crate::domain::Error;

/// Matches remembered per generation; there are two.
const REMEMBERED: usize = 10_000;

/// What stands for a token in memory; means nothing to another process.
type Fingerprint = [u8; 32];

/// The comparisons under way, and the matches found lately.
#[derive(Default)]
pub(super) struct Comparisons {
    matches: Mutex<Matches>,
    running: Mutex<HashMap<Fingerprint, Arc<AsyncMutex<()>>>>,
}

impl Comparisons {
    /// Whether a token belongs to a hash; `compare` is awaited only when that is not known.
    pub async fn once(
        &self,
        fingerprint: Fingerprint,
        hash: &str,
        compare: impl Future<Output = Result<bool, Error>>,
    ) -> Result<bool, Error> {
        if self.remembers(&fingerprint, hash) {
            return Ok(true);
        }
        let turn = Turn::of(&self.running, fingerprint);
        let _mine = turn.lock.lock().await;
        if self.remembers(&fingerprint, hash) {
            return Ok(true);
        }
        let matched = compare.await?;
        if matched {
            lock(&self.matches).insert(fingerprint, hash.to_owned());
        }
        Ok(matched)
    }

    fn remembers(&self, fingerprint: &Fingerprint, hash: &str) -> bool {
        lock(&self.matches).get(fingerprint).is_some_and(|known| known == hash)
    }
}

/// A place in the line of those who ask for one comparison; the last to leave removes the line.
struct Turn<'a> {
    running: &'a Mutex<HashMap<Fingerprint, Arc<AsyncMutex<()>>>>,
    fingerprint: Fingerprint,
    lock: Arc<AsyncMutex<()>>,
}

impl<'a> Turn<'a> {
    fn of(running: &'a Mutex<HashMap<Fingerprint, Arc<AsyncMutex<()>>>>, fingerprint: Fingerprint) -> Self {
        let lock = Arc::clone(lock(running).entry(fingerprint).or_default());
        Self { running, fingerprint, lock }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut running = lock(self.running);
        // One is the map's, the other is this one.
        if Arc::strong_count(&self.lock) <= 2 {
            running.remove(&self.fingerprint);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which token belongs to which hash, for tokens seen lately: the new generation, and the one before.
#[derive(Default)]
struct Matches {
    new: HashMap<Fingerprint, String>,
    old: HashMap<Fingerprint, String>,
}

impl Matches {
    fn get(&mut self, fingerprint: &Fingerprint) -> Option<&String> {
        if !self.new.contains_key(fingerprint)
            && let Some(hash) = self.old.remove(fingerprint)
        {
            self.insert(*fingerprint, hash);
        }
        self.new.get(fingerprint)
    }

    fn insert(&mut self, fingerprint: Fingerprint, hash: String) {
        if self.new.len() >= REMEMBERED {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(fingerprint, hash);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::{JoinSet, yield_now};

    use super::*;

    /// A slow comparison that counts itself.
    async fn counted(count: &AtomicUsize, outcome: Result<bool, Error>) -> Result<bool, Error> {
        count.fetch_add(1, Ordering::SeqCst);
        for _ in 0..10 {
            yield_now().await;
        }
        outcome
    }

    #[tokio::test]
    async fn a_crowd_with_one_token_compares_once() {
        let (comparisons, count) = (Arc::new(Comparisons::default()), Arc::new(AtomicUsize::new(0)));
        let mut crowd = JoinSet::new();
        for _ in 0..100 {
            let (comparisons, count) = (Arc::clone(&comparisons), Arc::clone(&count));
            crowd.spawn(async move { comparisons.once([1; 32], "hash", counted(&count, Ok(true))).await.unwrap() });
        }
        assert!(crowd.join_all().await.into_iter().all(|matched| matched));
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert!(lock(&comparisons.running).is_empty(), "the line is gone with its last");
    }

    #[tokio::test]
    async fn a_match_stands_for_one_token_and_one_hash_alone() {
        let (comparisons, count) = (Comparisons::default(), AtomicUsize::new(0));
        assert!(comparisons.once([1; 32], "hash", counted(&count, Ok(true))).await.unwrap());
        assert!(!comparisons.once([2; 32], "hash", counted(&count, Ok(false))).await.unwrap(), "another token");
        assert!(!comparisons.once([1; 32], "other", counted(&count, Ok(false))).await.unwrap(), "another hash");
        assert_eq!(count.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn neither_a_mismatch_nor_a_failure_is_remembered() {
        let (comparisons, count) = (Comparisons::default(), AtomicUsize::new(0));
        let busy = Err(Error::Unavailable("too many sign-ins at once"));
        assert!(comparisons.once([1; 32], "hash", counted(&count, busy)).await.is_err());
        assert!(!comparisons.once([1; 32], "hash", counted(&count, Ok(false))).await.unwrap());
        assert!(comparisons.once([1; 32], "hash", counted(&count, Ok(true))).await.unwrap());
        assert_eq!(count.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn who_hangs_up_holds_nobody_up_and_leaves_nothing_behind() {
        let (comparisons, count) = (Comparisons::default(), AtomicUsize::new(0));
        let patience = std::time::Duration::from_millis(5);
        let never = std::future::pending();
        assert!(tokio::time::timeout(patience, comparisons.once([1; 32], "hash", never)).await.is_err());
        assert!(lock(&comparisons.running).is_empty());
        assert!(comparisons.once([1; 32], "hash", counted(&count, Ok(true))).await.unwrap());
    }

    #[test]
    fn memory_is_bounded_and_keeps_what_is_in_use() {
        let mut matches = Matches::default();
        let fingerprint = |number: usize| {
            let mut fingerprint = [0; 32];
            fingerprint[..8].copy_from_slice(&number.to_le_bytes());
            fingerprint
        };
        for number in 0..5 * REMEMBERED {
            matches.insert(fingerprint(number), String::new());
            assert!(matches.get(&fingerprint(0)).is_some(), "in use all the time, lost after {number}");
        }
        assert!(matches.new.len() + matches.old.len() <= 2 * REMEMBERED);
        assert!(matches.get(&fingerprint(1)).is_none());
    }
}
