//! How many connections each address holds.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections by address.
#[derive(Debug)]
pub struct Seats {
    taken: Mutex<HashMap<IpAddr, usize>>,
    each: usize,
}

/// One connection's place; given back when dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    network: IpAddr,
}

impl Seats {
    /// At most `each` for one address.
    pub fn new(each: usize) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), each })
    }

    /// A place for one more connection from `address`, if there is one.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let network = network(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(network).or_insert(0);
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(Seat { seats: Arc::clone(self), network })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.network);
            }
        }
    }
}

/// Whoever has one IPv6 address has its /64 as well.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_number_of_seats() {
        let seats = Seats::new(2);
        let at = |text: &str| seats.take(text.parse().unwrap());
        let first = at("2001:db8::1").unwrap();
        let second = at("2001:db8::2").unwrap();
        assert!(at("2001:db8:0:0:ffff::3").is_none(), "the same /64");
        assert!(at("2001:db8:0:1::1").is_some() && at("192.0.2.1").is_some());
        drop(first);
        assert!(at("2001:db8::9").is_some());
        let mapped = (at("::ffff:192.0.2.7").unwrap(), at("192.0.2.7").unwrap());
        assert!(at("192.0.2.7").is_none());
        drop(mapped);
        drop(second);
        assert!(seats.taken.lock().unwrap().is_empty(), "nothing stays behind");
    }
}
