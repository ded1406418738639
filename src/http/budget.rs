//! How many bytes of request bodies may lie in memory at once, over all connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is left for bodies that are being read. Bytes are counted as they arrive, not as they are announced: who only
/// announces takes nothing from anybody.
#[derive(Debug)]
pub struct Budget(AtomicUsize);

/// What one body holds of the budget; given back when dropped.
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    held: usize,
}

impl Budget {
    /// So many bytes in all.
    pub fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(bytes)))
    }

    /// A share that holds nothing yet.
    pub fn share(self: &Arc<Self>) -> Share {
        Share { budget: Arc::clone(self), held: 0 }
    }
}

impl Share {
    /// Takes more; `false` when the budget does not have it, and then nothing is taken.
    pub fn take(&mut self, bytes: usize) -> bool {
        let less = |left: usize| left.checked_sub(bytes);
        let taken = self.budget.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok();
        if taken {
            self.held += bytes;
        }
        taken
    }

    /// Gives all of it back.
    pub fn give_back(&mut self) {
        self.budget.0.fetch_add(std::mem::take(&mut self.held), Ordering::Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_comes_back() {
        let budget = Budget::new(10);
        let (mut one, mut other) = (budget.share(), budget.share());
        assert!(one.take(6) && !other.take(5) && other.take(4) && !one.take(1));
        one.give_back();
        assert!(other.take(6) && !one.take(1));
        drop(other);
        assert!(one.take(10), "a refused take took nothing");
    }
}
