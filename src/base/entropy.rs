//! Randomness: one source, built in `cli` and handed down, so that a test can seed it.

use std::convert::Infallible;
use std::sync::Mutex;

use rand::TryRng;
use rand::seq::IndexedRandom;
use sha2::{Digest, Sha256};

/// Where random bytes come from.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// `N` random bytes.
pub fn bytes<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut buffer = [0; N];
    entropy.fill(&mut buffer);
    buffer
}

/// One of these, each as likely as any other; `None` when there is none.
pub fn choose<T: Copy>(entropy: &dyn Entropy, from: &[T]) -> Option<T> {
    from.choose(&mut Generator(entropy)).copied()
}

/// A source as the `rand` crate wants it.
struct Generator<'a>(&'a dyn Entropy);

impl TryRng for Generator<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_ne_bytes(bytes(self.0)))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_ne_bytes(bytes(self.0)))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(buffer);
        Ok(())
    }
}

/// The operating system's generator.
#[derive(Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// # Panics
    /// When the operating system has no randomness to give: nothing safe could follow.
    #[allow(clippy::disallowed_methods, clippy::expect_used)] // the one place that asks the system
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the operating system gives random bytes");
    }
}

/// A repeatable stream, SHA-256 over a seed and a counter: for tests, never for a secret.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    counter: Mutex<u64>,
}

impl SeededEntropy {
    /// The stream that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self { seed, counter: Mutex::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        let mut counter = self.counter.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in buffer.chunks_mut(32) {
            *counter += 1;
            let block = Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(counter.to_be_bytes());
            chunk.copy_from_slice(&block.finalize()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_two_seeds_differ() {
        let stream = |seed| bytes::<40>(&SeededEntropy::new(seed));
        assert_eq!(stream(1), stream(1));
        assert_ne!(stream(1), stream(2));
    }

    #[test]
    fn everything_is_chosen_sometimes_and_nothing_from_nothing() {
        let entropy = SeededEntropy::new(1);
        let mut seen = [0; 7];
        for _ in 0..7_000 {
            seen[choose(&entropy, &[0, 1, 2, 3, 4, 5, 6]).unwrap()] += 1;
        }
        assert!(seen.iter().all(|times| (800..1_200).contains(times)), "{seen:?}");
        assert_eq!(choose::<u8>(&entropy, &[]), None);
    }

    #[test]
    fn the_system_does_not_repeat_itself() {
        assert_ne!(bytes::<32>(&SystemEntropy), bytes::<32>(&SystemEntropy));
    }
}
