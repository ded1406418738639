//! Sign-in by QR: a new device asks, and somebody who is signed in elsewhere answers for it. Its states and steps.

use std::net::IpAddr;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::entropy::{self, Entropy};
use crate::base::id::Id;

use super::device::DeviceDescription;
use super::session::Session;
use super::user::User;
use super::{Conflict, Error};

/// How long it may take from the first request to the new session.
pub const LIFETIME: Duration = Duration::from_mins(2);
/// How many may be under way from one network: an IPv4 address, or the /64 of an IPv6 one.
pub const MAX_PENDING: u32 = 3;

/// A new device's request to be signed in.
#[derive(Clone, Debug)]
pub struct QrSignIn {
    /// The request.
    pub id: Id<QrSignIn>,
    /// Where it stands in the database. The clock may have overtaken it: see [`QrSignIn::state`].
    pub stored: State,
    /// What the new device says of itself.
    pub device: DeviceDescription,
    /// Where it asked from.
    pub address: Option<IpAddr>,
    /// The number it shows, among others.
    pub numbers: Numbers,
    /// Whoever scanned it, and who alone may decide.
    pub approver: Option<Approver>,
    /// When it is over, whatever happens.
    pub expires_at: Timestamp,
}

/// Who scanned the code of a new device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approver {
    /// The person.
    pub user: Id<User>,
    /// The sign-in they did it with.
    pub session: Id<Session>,
}

impl QrSignIn {
    /// Where it stands: by the clock, whether or not anybody has written that down.
    pub fn state(&self, now: Timestamp) -> State {
        match Step::Expire.from(self.stored) {
            Some(expired) if self.expires_at <= now => expired,
            _ => self.stored,
        }
    }

    /// Where a step leads. `Conflict(AlreadyUsed)` once the session was fetched, `Conflict(WrongState)` for any other step
    /// that does not exist from here.
    pub fn after(&self, step: Step, now: Timestamp) -> Result<State, Error> {
        let state = self.state(now);
        let conflict = if state == State::Consumed { Conflict::AlreadyUsed } else { Conflict::WrongState };
        step.from(state).ok_or(Error::Conflict(conflict))
    }
}

/// Where a QR sign-in stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// The new device shows its code.
    Created,
    /// Somebody scanned it and is looking at what it says of itself.
    Scanned,
    /// They vouched for it; it may fetch its session.
    Approved,
    /// They did not, or chose the wrong number.
    Denied,
    /// Its time ran out.
    Expired,
    /// It has its session.
    Consumed,
}

impl State {
    /// In the order of the path from first to last.
    pub const ALL: [Self; 6] =
        [Self::Created, Self::Scanned, Self::Approved, Self::Denied, Self::Expired, Self::Consumed];

    /// The state's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Scanned => "scanned",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Consumed => "consumed",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A step from one state to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A signed-in person reads the code.
    Scan,
    /// They vouch for the device, by its number.
    Approve,
    /// They do not, or chose another number.
    Deny,
    /// [`LIFETIME`] is over.
    Expire,
    /// The device fetches its session.
    Consume,
}

impl Step {
    /// The state machine: where this step leads from `state`; `None` when it does not exist there.
    ///
    /// | from | scan | approve | deny | expire | consume |
    /// |---|---|---|---|---|---|
    /// | `created` | `scanned` | – | – | `expired` | – |
    /// | `scanned` | – | `approved` | `denied` | `expired` | – |
    /// | `approved` | – | – | – | `expired` | `consumed` |
    /// | `denied`, `expired`, `consumed` | – | – | – | – | – |
    ///
    /// There is no way back and no second scan: whoever reads a code that was read before has read somebody's copy.
    pub const fn from(self, state: State) -> Option<State> {
        match (self, state) {
            (Self::Scan, State::Created) => Some(State::Scanned),
            (Self::Approve, State::Scanned) => Some(State::Approved),
            (Self::Deny, State::Scanned) => Some(State::Denied),
            (Self::Expire, State::Created | State::Scanned | State::Approved) => Some(State::Expired),
            (Self::Consume, State::Approved) => Some(State::Consumed),
            _ => None,
        }
    }
}

/// The two-digit number that the new device shows after the scan, and the two it is to be told from: whoever approves
/// without looking at the device is wrong two times out of three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// What the device shows.
    pub right: u8,
    /// What it does not show.
    pub decoys: [u8; 2],
}

impl Numbers {
    /// Three different numbers from 10 to 99.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut left: Vec<u8> = (10..=99).collect();
        let [right, first, second] = [(); 3].map(|()| {
            let random = u64::from_be_bytes(entropy::bytes(entropy));
            // The remainder is below the length, which is at most 90.
            let at = usize::try_from(random % left.len() as u64).unwrap_or_default();
            left.swap_remove(at)
        });
        Self { right, decoys: [first, second] }
    }

    /// All three in ascending order. They were drawn alike, so that the place of the right one says nothing.
    pub fn choices(&self) -> [u8; 3] {
        let mut choices = [self.right, self.decoys[0], self.decoys[1]];
        choices.sort_unstable();
        choices
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::entropy::SeededEntropy;
    use crate::domain::text::Name;

    const STEPS: [Step; 5] = [Step::Scan, Step::Approve, Step::Deny, Step::Expire, Step::Consume];
    const END: Timestamp = Timestamp::from_micros(1_000);

    fn in_state(stored: State) -> QrSignIn {
        let name = Name::from_stored("Phone".to_owned());
        QrSignIn {
            id: Id::from_uuid(uuid::Uuid::from_u128(1)),
            stored,
            device: DeviceDescription { name: name.clone(), platform: name },
            address: None,
            numbers: Numbers { right: 10, decoys: [11, 12] },
            approver: None,
            expires_at: END,
        }
    }

    /// Every step from every state, so that a change of the machine is a change of this picture.
    #[test]
    fn the_state_machine() {
        let line = |state: State| {
            let next = STEPS.map(|step| format!("{step:?}→{}", step.from(state).map_or("–", State::as_str)));
            format!("{}: {}", state.as_str(), next.join(" "))
        };
        insta::assert_snapshot!(State::ALL.map(line).join("\n"), @r"
        created: Scan→scanned Approve→– Deny→– Expire→expired Consume→–
        scanned: Scan→– Approve→approved Deny→denied Expire→expired Consume→–
        approved: Scan→– Approve→– Deny→– Expire→expired Consume→consumed
        denied: Scan→– Approve→– Deny→– Expire→– Consume→–
        expired: Scan→– Approve→– Deny→– Expire→– Consume→–
        consumed: Scan→– Approve→– Deny→– Expire→– Consume→–
        ");
    }

    #[test]
    fn the_clock_ends_what_is_under_way_and_nothing_else() {
        for state in State::ALL {
            let sign_in = in_state(state);
            assert_eq!(sign_in.state(END - Duration::from_micros(1)), state);
            let after = Step::Expire.from(state).unwrap_or(state);
            assert_eq!(sign_in.state(END), after, "{state:?}");
            assert!(STEPS.iter().all(|step| sign_in.after(*step, END).is_err()), "{state:?}");
        }
    }

    #[test]
    fn a_step_that_does_not_exist_says_why() {
        let before = Timestamp::default();
        let consumed = in_state(State::Consumed).after(Step::Consume, before);
        assert!(matches!(consumed, Err(Error::Conflict(Conflict::AlreadyUsed))));
        let denied = in_state(State::Denied).after(Step::Consume, before);
        assert!(matches!(denied, Err(Error::Conflict(Conflict::WrongState))));
        assert_eq!(in_state(State::Approved).after(Step::Consume, before).ok(), Some(State::Consumed));
    }

    #[test]
    fn names_come_back() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(State::parse("lost"), None);
    }

    #[test]
    fn three_numbers_of_two_digits_and_no_place_tells_the_right_one() {
        let entropy = SeededEntropy::new(1);
        let mut places = [0; 3];
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..3_000 {
            let numbers = Numbers::draw(&entropy);
            let choices = numbers.choices();
            assert!(choices[0] >= 10 && choices[0] < choices[1] && choices[1] < choices[2] && choices[2] <= 99);
            places[choices.iter().position(|number| *number == numbers.right).unwrap()] += 1;
            seen.insert(numbers.right);
        }
        assert!(places.iter().all(|count| (850..1_150).contains(count)), "{places:?}");
        assert_eq!(seen.len(), 90);
    }
}
