//! Failures of people nobody knows: the first few a minute for each network leave a row each, the others are counted
//! and leave one row together, so that a flood cannot fill the disk.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::clock::Timestamp;

use super::quota::network;

/// Failures of one network that are written one by one.
const ONE_BY_ONE: u64 = 5;
/// How long such a count lasts.
const WINDOW: Duration = Duration::from_mins(1);
/// Networks counted apart; those beyond share one count. With it a minute writes some six thousand rows at worst: whoever
/// has one IPv6 prefix of a customer's has tens of thousands of networks.
const NETWORKS: usize = 1_000;

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
    network: Key,
    /// From where, as it was last seen; nothing for those that share a count.
    pub address: Option<IpAddr>,
    /// How many.
    pub count: u64,
}

impl Burst {
    /// The network in words: an IPv6 one by its prefix.
    pub fn network(&self) -> String {
        match self.address.map(|address| address.to_canonical()) {
            None => "several".to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(_)) => format!("{}/64", Ipv6Addr::from(self.network)),
        }
    }
}

type Key = [u8; 16];

struct Window {
    start: Timestamp,
    address: Option<IpAddr>,
    recorded: u64,
    counted: u64,
}

/// The counts of the present minute.
#[derive(Default)]
pub(super) struct Failures(Mutex<HashMap<Key, Window>>);

impl Failures {
    /// Counts a failure.
    pub fn count(&self, address: Option<IpAddr>, now: Timestamp) -> Verdict {
        let mut windows = self.lock();
        let window = window(&mut windows, network(address), address, now);
        if window.recorded < ONE_BY_ONE {
            window.recorded += 1;
            return Verdict::Record;
        }
        window.counted += 1;
        Verdict::Count
    }

    /// Counts what should have been written and could not be.
    pub fn count_unwritten(&self, address: Option<IpAddr>, count: u64, now: Timestamp) {
        window(&mut self.lock(), network(address), address, now).counted += count;
    }

    /// The counts whose minute is over; each is told once. With `all`, the running ones too. A minute that begins in the
    /// future is over: the clock was set back, and until it is there again no failure would leave a row.
    pub fn finished(&self, now: Timestamp, all: bool) -> Vec<Burst> {
        let mut windows = self.lock();
        let is_over = |window: &Window| now < window.start || now.since(window.start) >= WINDOW;
        let over = windows.extract_if(|_, window| all || is_over(window));
        over.filter(|(_, window)| window.counted > 0)
            .map(|(network, Window { address, counted, .. })| Burst { network, address, count: counted })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Window>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The network's window, or the one that all share for which there is no room.
fn window(windows: &mut HashMap<Key, Window>, known: Key, address: Option<IpAddr>, now: Timestamp) -> &mut Window {
    let has_own = windows.len() < NETWORKS || windows.contains_key(&known);
    let (key, address) = if has_own { (known, address) } else { (network(None), None) };
    let window = windows.entry(key).or_insert(Window { start: now, address, recorded: 0, counted: 0 });
    window.address = address;
    window
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp::from_micros(3_600_000_000);

    fn address(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    fn counts(bursts: &[Burst]) -> Vec<(String, u64)> {
        bursts.iter().map(|burst| (burst.network(), burst.count)).collect()
    }

    #[test]
    fn five_one_by_one_then_one_exact_count() {
        let (failures, home) = (Failures::default(), address("192.0.2.1"));
        let verdicts: Vec<_> = (0..1_000).map(|_| failures.count(home, START)).collect();
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Record).count(), 5);
        assert_eq!(failures.count(address("192.0.2.2"), START), Verdict::Record);
        assert_eq!(failures.finished(START + Duration::from_secs(59), false), []);
        let over = START + WINDOW;
        assert_eq!(counts(&failures.finished(over, false)), [("192.0.2.1".to_owned(), 995)]);
        assert_eq!(failures.finished(over, false), []);
        assert_eq!(failures.count(home, over), Verdict::Record, "a new minute begins");
    }

    #[test]
    fn neighbours_in_one_network_are_counted_together_and_others_apart() {
        let failures = Failures::default();
        let count = |text: &str| failures.count(address(text), START);
        for host in 0..5 {
            assert_eq!(count(&format!("2001:db8::{host}")), Verdict::Record);
        }
        assert_eq!(count("2001:db8::ffff"), Verdict::Count, "the same /64");
        assert_eq!(count("2001:db8:0:1::1"), Verdict::Record);
        assert_eq!(counts(&failures.finished(START, true)), [("2001:db8::/64".to_owned(), 1)]);
        let mapped = ["192.0.2.1", "::ffff:192.0.2.1"].iter().cycle().take(6);
        let verdicts: Vec<_> = mapped.map(|text| count(text)).collect();
        assert_eq!(verdicts[5], Verdict::Count, "one address in two spellings");
        assert_eq!(counts(&failures.finished(START, true)), [("192.0.2.1".to_owned(), 1)]);
    }

    #[test]
    fn a_clock_set_back_silences_nobody() {
        let failures = Failures::default();
        assert!((0..6).map(|_| failures.count(None, START)).any(|verdict| verdict == Verdict::Count));
        let back = START - Duration::from_mins(30);
        assert_eq!(counts(&failures.finished(back, false)), [("several".to_owned(), 1)]);
        assert_eq!(failures.count(None, back), Verdict::Record);
    }

    #[test]
    fn a_flood_from_everywhere_fills_neither_memory_nor_disk_and_blames_nobody() {
        let failures = Failures::default();
        let all = 20 * u32::try_from(NETWORKS).unwrap();
        let mut rows = 0;
        for number in 0..all {
            rows += u64::from(failures.count(Some(IpAddr::from(number.to_be_bytes())), START) == Verdict::Record);
        }
        assert!(failures.lock().len() <= NETWORKS + 1);
        assert!(rows <= NETWORKS as u64 + ONE_BY_ONE, "{rows}");
        let bursts = counts(&failures.finished(START, true));
        assert_eq!(bursts, [("several".to_owned(), u64::from(all) - rows)]);
    }

    /// What happens around the counts.
    #[derive(Clone, Debug)]
    enum Step {
        /// A failure of one of a few networks, which is written, or should be and cannot.
        Fails { host: u8, is_written: bool },
        /// The clock moves, perhaps back.
        Moves(i64),
        /// The timer looks; what it tells is written, or cannot be and is given back.
        Looks { is_written: bool },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            8 => (0..4_u8, prop::bool::weighted(0.9)).prop_map(|(host, is_written)| Step::Fails { host, is_written }),
            2 => (-200_000_000..200_000_000_i64).prop_map(Step::Moves),
            2 => any::<bool>().prop_map(|is_written| Step::Looks { is_written }),
        ];
        prop::collection::vec(step, 1..400)
    }

    proptest! {
        /// Whatever the clock does and whatever the disk refuses: rows and counts together are the failures, to the last.
        #[test]
        fn nothing_is_lost_and_nothing_counted_twice(steps in steps()) {
            let failures = Failures::default();
            let (mut now, mut failed, mut told) = (START, 0, 0);
            for step in steps {
                match step {
                    Step::Fails { host, is_written } => {
                        let home = Some(IpAddr::from([192, 0, 2, host]));
                        failed += 1;
                        match failures.count(home, now) {
                            Verdict::Record if is_written => told += 1,
                            Verdict::Record => failures.count_unwritten(home, 1, now),
                            Verdict::Count => {}
                        }
                    }
                    Step::Moves(micros) => now = Timestamp::from_micros(now.micros() + micros),
                    Step::Looks { is_written } => {
                        for burst in failures.finished(now, false) {
                            if is_written {
                                told += burst.count;
                            } else {
                                failures.count_unwritten(burst.address, burst.count, now);
                            }
                        }
                    }
                }
            }
            told += failures.finished(now, true).iter().map(|burst| burst.count).sum::<u64>();
            prop_assert_eq!(told, failed);
        }
    }
}
