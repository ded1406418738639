//! Failures of people nobody knows: the first few a minute for each network leave a row each, the others are counted
//! and leave one row together, so that a flood cannot fill the disk.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::clock::Timestamp;

use super::quota::network;

/// Failures of one network that are written one by one.
const ONE_BY_ONE: u64 = 5;
/// How long such a count lasts.
const WINDOW: Duration = Duration::from_mins(1);
/// Networks counted apart; those beyond share one count.
const NETWORKS: usize = 10_000;

/// What to write about a failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A row of its own.
    Record,
    /// Nothing now: it is counted.
    Count,
}

/// Failures that were counted and not written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Burst {
    /// From where, as it was last seen.
    pub address: Option<IpAddr>,
    /// How many.
    pub count: u64,
}

struct Window {
    start: Timestamp,
    address: Option<IpAddr>,
    count: u64,
}

/// The counts of the present minute.
#[derive(Default)]
pub(super) struct Failures(Mutex<HashMap<[u8; 16], Window>>);

impl Failures {
    /// Counts a failure.
    pub fn count(&self, address: Option<IpAddr>, now: Timestamp) -> Verdict {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = network(address);
        let key = if windows.len() < NETWORKS || windows.contains_key(&known) { known } else { network(None) };
        let window = windows.entry(key).or_insert(Window { start: now, address, count: 0 });
        window.count += 1;
        window.address = address;
        if window.count <= ONE_BY_ONE { Verdict::Record } else { Verdict::Count }
    }

    /// The counts whose minute is over; each is told once. With `all`, the running ones too.
    pub fn finished(&self, now: Timestamp, all: bool) -> Vec<Burst> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = windows.extract_if(|_, window| all || now.since(window.start) >= WINDOW);
        over.filter(|(_, window)| window.count > ONE_BY_ONE)
            .map(|(_, window)| Burst { address: window.address, count: window.count - ONE_BY_ONE })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_one_by_one_then_one_exact_count() {
        let failures = Failures::default();
        let address: Option<IpAddr> = Some("192.0.2.1".parse().unwrap());
        let start = Timestamp::from_micros(0);
        let verdicts: Vec<_> = (0..1_000).map(|_| failures.count(address, start)).collect();
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Record).count(), 5);
        assert_eq!(failures.count(Some("192.0.2.2".parse().unwrap()), start), Verdict::Record);
        assert_eq!(failures.finished(start + Duration::from_secs(59), false), []);
        let over = start + WINDOW;
        assert_eq!(failures.finished(over, false), [Burst { address, count: 995 }]);
        assert_eq!(failures.finished(over, false), []);
        assert_eq!(failures.count(address, over), Verdict::Record, "a new minute begins");
    }
}
