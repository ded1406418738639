//! Quotas: governor over our own clock, so that a test can move time, and over a map that a restart can refill.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota as Rate, RateLimiter};

use crate::base::clock::{Clock, Timestamp};
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::api_key::ApiKey;
use crate::domain::quota::{self, Per, Quota};
use crate::domain::user::User;
use crate::store::quota::QuotaUse;

/// Figures that differ from the defaults, by the quota's name.
pub type QuotaFigures = HashMap<&'static str, u32>;

/// How many callers one quota remembers before it forgets those whose allowance is full again.
const REMEMBERED: usize = 50_000;

/// What is left of a quota after an act.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Which quota; `limit` is the figure in force.
    pub quota: Quota,
    /// How many acts are left at this moment.
    pub remaining: u32,
    /// When it will be full again.
    pub free_at: Timestamp,
    person: Option<Id<User>>,
}

impl Allowance {
    /// What a restart must know of it: of people's allowances, not of addresses' and tokens'.
    pub(super) fn in_use(&self) -> Option<QuotaUse> {
        let Self { quota, free_at, person, .. } = *self;
        person.map(|user| QuotaUse { user, quota: quota.name.to_owned(), free_at })
    }
}

/// Whose allowance it is.
#[derive(Clone, Copy)]
pub(super) enum Holder<'a> {
    /// A person.
    Person(Id<User>),
    /// A network, or nobody knows which.
    Network(Option<IpAddr>),
    /// A token, by its selector, which is sixteen characters long.
    Token(&'a str),
    /// An API key.
    Key(Id<ApiKey>),
}

impl Holder<'static> {
    /// The person who asks, or their network, as the quota wants it.
    pub fn of(caller: &Caller, quota: Quota) -> Self {
        match (quota.per, caller.actor.user()) {
            (Per::User, Some(user)) => Self::Person(user),
            _ => Self::Network(caller.address),
        }
    }
}

impl Holder<'_> {
    fn key(self) -> Key {
        match self {
            Self::Person(user) => *user.uuid().as_bytes(),
            Self::Network(address) => network(address),
            Self::Key(key) => *key.uuid().as_bytes(),
            Self::Token(selector) => {
                let mut key = Key::default();
                key.iter_mut().zip(selector.bytes()).for_each(|(to, from)| *to = from);
                key
            }
        }
    }

    const fn person(self) -> Option<Id<User>> {
        match self {
            Self::Person(user) => Some(user),
            _ => None,
        }
    }
}

/// Why an act may not be done now.
pub(super) struct Refused {
    pub error: Error,
    /// Whether this is the caller's first refusal within the window.
    pub is_first: bool,
}

/// Whose allowance: a person's id, a network, or a token's selector.
type Key = [u8; 16];

type Limiter = RateLimiter<Key, Allowances, GovernorTime, StateInformationMiddleware>;

/// One quota's limiter with the map behind it.
struct Meter {
    quota: Quota,
    limiter: Limiter,
    allowances: Allowances,
}

/// Every quota's state.
pub(super) struct Quotas {
    clock: Arc<dyn Clock>,
    start: Timestamp,
    meters: HashMap<&'static str, Meter>,
    refusals: Mutex<HashMap<(&'static str, Key), Timestamp>>,
}

impl Quotas {
    /// Quotas with the figures in force, and with what was in use before the restart.
    pub fn new(clock: Arc<dyn Clock>, figures: &QuotaFigures, in_use: &[QuotaUse]) -> Self {
        let start = clock.now();
        let meters = quota::ALL.map(|mut quota| {
            quota.limit = figures.get(quota.name).copied().unwrap_or(quota.limit).max(1);
            let kept = in_use.iter().filter(|used| used.quota == quota.name);
            let state = kept.map(|used| (*used.user.uuid().as_bytes(), used.free_at.since(start).into())).collect();
            let allowances = Allowances(Arc::new(Mutex::new(state)));
            let limiter = Limiter::new(rate(quota), allowances.clone(), GovernorTime(Arc::clone(&clock)));
            (quota.name, Meter { quota, limiter, allowances })
        });
        Self { clock, start, meters: HashMap::from(meters), refusals: Mutex::default() }
    }

    /// Takes one act out of the holder's allowance.
    pub fn take(&self, holder: Holder<'_>, quota: Quota) -> Result<Allowance, Refused> {
        let Some(Meter { quota, limiter, allowances }) = self.meters.get(quota.name) else {
            return Err(Refused { error: Error::internal("a quota without a meter"), is_first: false });
        };
        let key = holder.key();
        match limiter.check_key(&key) {
            Ok(state) => {
                allowances.forget_full(self.clock.now().since(self.start));
                let in_use = allowances.lock().get(&key).copied().unwrap_or_default();
                let free_at = self.start + in_use.into();
                let (remaining, person) = (state.remaining_burst_capacity(), holder.person());
                Ok(Allowance { quota: *quota, remaining, free_at, person })
            }
            Err(refused) => {
                let retry_after = refused.wait_time_from(limiter.clock().now());
                let Quota { name, limit, window, .. } = *quota;
                let error = Error::RateLimited { quota: name, limit, window, retry_after };
                Err(Refused { error, is_first: self.is_first_refusal(quota, key) })
            }
        }
    }

    fn is_first_refusal(&self, quota: &Quota, key: Key) -> bool {
        let now = self.clock.now();
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        if refusals.len() >= REMEMBERED {
            refusals.retain(|_, at| now.since(*at) < Duration::from_hours(1));
        }
        let is_first = refusals.get(&(quota.name, key)).is_none_or(|at| now.since(*at) >= quota.window);
        if is_first {
            refusals.insert((quota.name, key), now);
        }
        is_first
    }
}

/// `limit` at once, then one for each `limit`th part of the window.
fn rate(quota: Quota) -> Rate {
    let limit = NonZeroU32::new(quota.limit).unwrap_or(NonZeroU32::MIN);
    Rate::with_period(quota.window / limit.get()).unwrap_or(Rate::per_hour(limit)).allow_burst(limit)
}

/// The network that an address belongs to for the purposes of limits: an IPv6 address by its /64, which is what one
/// customer has.
pub(super) fn network(address: Option<IpAddr>) -> [u8; 16] {
    let mut octets = match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => return address.to_ipv6_mapped().octets(),
        Some(IpAddr::V6(address)) => address.octets(),
        None => [0; 16],
    };
    octets[8..].fill(0);
    octets
}

/// For each caller when their allowance will be full again, in nanoseconds since the limiter's start.
#[derive(Clone)]
struct Allowances(Arc<Mutex<HashMap<Key, Nanos>>>);

impl Allowances {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Nanos>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the map bounded: whoever's allowance is full again is as good as never seen.
    fn forget_full(&self, since_start: Duration) {
        let mut allowances = self.lock();
        if allowances.len() >= REMEMBERED {
            let now = Nanos::from(since_start);
            allowances.retain(|_, free_at| *free_at > now);
        }
    }
}

impl StateStore for Allowances {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut allowances = self.lock();
        let (outcome, free_at) = measure(allowances.get(key).copied())?;
        allowances.insert(*key, free_at);
        Ok(outcome)
    }
}

/// Our clock as governor wants it.
#[derive(Clone)]
struct GovernorTime(Arc<dyn Clock>);

impl GovernorClock for GovernorTime {
    type Instant = Duration;
    fn now(&self) -> Duration {
        self.0.now().since(Timestamp::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::ManualClock;

    fn person(user: u128) -> Holder<'static> {
        Holder::Person(Id::from_uuid(uuid::Uuid::from_u128(user)))
    }

    fn start() -> Timestamp {
        Timestamp::parse("2026-01-01T00:00:00Z").unwrap()
    }

    #[test]
    fn twenty_at_once_then_one_every_three_minutes() {
        let clock = Arc::new(ManualClock::at(start()));
        let quotas = Quotas::new(clock.clone(), &QuotaFigures::new(), &[]);
        for left in (0..20).rev() {
            assert_eq!(quotas.take(person(1), quota::DELEGATIONS).ok().unwrap().remaining, left);
        }
        let refused = quotas.take(person(1), quota::DELEGATIONS).err().unwrap();
        assert!(refused.is_first);
        let Error::RateLimited { retry_after, .. } = refused.error else { panic!("{:?}", refused.error) };
        assert_eq!(retry_after, Duration::from_mins(3));
        assert!(!quotas.take(person(1), quota::DELEGATIONS).err().unwrap().is_first, "told once per window");
        assert!(quotas.take(person(2), quota::DELEGATIONS).is_ok(), "another's allowance is another's");
        clock.advance(Duration::from_mins(3));
        assert!(quotas.take(person(1), quota::DELEGATIONS).is_ok());
        assert!(quotas.take(person(1), quota::DELEGATIONS).is_err());
    }

    #[test]
    fn a_restart_does_not_refill() {
        let clock = Arc::new(ManualClock::at(start()));
        let before = Quotas::new(clock.clone(), &QuotaFigures::new(), &[]);
        let in_use: Vec<_> =
            (0..20).filter_map(|_| before.take(person(1), quota::DELEGATIONS).ok().unwrap().in_use()).collect();
        clock.advance(Duration::from_mins(1));
        let after = Quotas::new(clock.clone(), &QuotaFigures::new(), &in_use[19..]);
        let Error::RateLimited { retry_after, .. } = after.take(person(1), quota::DELEGATIONS).err().unwrap().error
        else {
            panic!("refilled");
        };
        assert_eq!(retry_after, Duration::from_mins(2));
    }

    #[test]
    fn an_ipv6_customer_is_one_caller_and_a_mapped_address_is_ipv4() {
        let network = |text: &str| network(Some(text.parse().unwrap()));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
