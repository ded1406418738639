//! Seats: how many of something each party may hold at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts what each party holds.
#[derive(Debug)]
pub struct Seats<K> {
    taken: Mutex<HashMap<K, usize>>,
    each: usize,
}

/// One place; given back when dropped.
#[derive(Debug)]
pub struct Seat<K: Hash + Eq> {
    seats: Arc<Seats<K>>,
    party: K,
}

impl<K: Hash + Eq + Copy> Seats<K> {
    /// At most `each` for one party.
    pub fn new(each: usize) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), each })
    }

    /// One more place for `party`, if there is one.
    pub fn take(self: &Arc<Self>, party: K) -> Option<Seat<K>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(party).or_insert(0);
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(Seat { seats: Arc::clone(self), party })
    }
}

impl<K: Hash + Eq> Drop for Seat<K> {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.party) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.party);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_has_its_number_of_seats() {
        let seats = Seats::new(2);
        let (first, second) = (seats.take('a').unwrap(), seats.take('a').unwrap());
        assert!(seats.take('a').is_none());
        assert!(seats.take('b').is_some());
        drop(first);
        let third = seats.take('a');
        assert!(third.is_some());
        drop((second, third));
        assert!(seats.taken.lock().unwrap().is_empty(), "nothing stays behind");
    }
}
