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

    /// The counts whose minute is over; each is told once. With `all`, the running ones too. A minute that begins in the
    /// future is over: the clock was set back, and until it is there again no failure would leave a row.
    pub fn finished(&self, now: Timestamp, all: bool) -> Vec<Burst> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |window: &Window| now < window.start || now.since(window.start) >= WINDOW;
        let over = windows.extract_if(|_, window| all || is_over(window));
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

    #[test]
    fn neighbours_in_one_network_are_counted_together_and_others_apart() {
        let failures = Failures::default();
        let count = |text: &str| failures.count(Some(text.parse().unwrap()), Timestamp::from_micros(0));
        for host in 0..5 {
            assert_eq!(count(&format!("2001:db8::{host}")), Verdict::Record);
        }
        assert_eq!(count("2001:db8::ffff"), Verdict::Count, "the same /64");
        assert_eq!(count("2001:db8:0:1::1"), Verdict::Record);
    }

    #[test]
    fn a_clock_set_back_silences_nobody() {
        let failures = Failures::default();
        let start = Timestamp::from_micros(3_600_000_000);
        assert!((0..6).map(|_| failures.count(None, start)).any(|verdict| verdict == Verdict::Count));
        let back = start - Duration::from_mins(30);
        assert_eq!(failures.finished(back, false), [Burst { address: None, count: 1 }]);
        assert_eq!(failures.count(None, back), Verdict::Record);
    }

    #[test]
    fn a_flood_from_everywhere_fills_neither_memory_nor_disk() {
        let failures = Failures::default();
        let mut rows = 0;
        for number in 0..2 * u32::try_from(NETWORKS).unwrap() {
            let address = Some(IpAddr::from(number.to_be_bytes()));
            rows += usize::from(failures.count(address, Timestamp::from_micros(0)) == Verdict::Record);
        }
        assert!(failures.0.lock().unwrap().len() <= NETWORKS + 1);
        assert!(rows <= NETWORKS + 5, "{rows}");
    }
}
