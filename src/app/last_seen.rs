//! When devices and API keys were last used: kept in memory, and written down now and then. A request pays for one
//! write into a map.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::{Caller, Proof};
use crate::domain::api_key::ApiKey;
use crate::domain::event::Event;
use crate::domain::permission::Permission;
use crate::domain::session::Session;
use crate::store::{Action, Target, Tx, device};

use super::App;

/// How many are remembered between two writes; what is used beyond that is seen at its next use.
const REMEMBERED: usize = 10_000;

/// What is used. A device is used by the sessions that began on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Used {
    Session(Id<Session>),
    ApiKey(Id<ApiKey>),
}

/// The uses since the last write.
#[derive(Default)]
pub(super) struct LastSeen(Mutex<HashMap<Used, Timestamp>>);

impl LastSeen {
    /// Notes that a token of this session or key was used.
    pub fn note_use(&self, proof: Proof, now: Timestamp) {
        let used = match proof {
            Proof::Session(session) => Used::Session(session.id),
            Proof::ApiKey(key) => Used::ApiKey(key),
        };
        self.keep(used, now);
    }

    fn keep(&self, used: Used, at: Timestamp) {
        let mut seen = self.lock();
        if seen.len() < REMEMBERED || seen.contains_key(&used) {
            let last = seen.entry(used).or_insert(at);
            *last = at.max(*last);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Used, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Writes the uses down in one act, or nothing when there were none. What could not be written waits for the next
    /// time. Answers how many uses there were.
    pub(super) async fn write_last_seen(&self, timer: &Caller) -> Result<u64, Error> {
        let seen: Vec<_> = self.last_seen.lock().drain().collect();
        if seen.is_empty() {
            return Ok(0);
        }
        let uses = seen.len() as u64;
        let written = self.act(timer, RecordLastSeen(seen.clone())).await;
        if written.is_err() {
            for (used, at) in seen {
                self.last_seen.keep(used, at);
            }
        }
        written.map(|_| uses)
    }
}

/// Notes when devices and keys were last used.
#[derive(Debug)]
struct RecordLastSeen(Vec<(Used, Timestamp)>);

impl Action for RecordLastSeen {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::LastSeenRecord
    }
    fn event(&self) -> Event {
        Event::LastSeenRecorded
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.note("seen", self.0.len());
        self.0.into_iter().try_for_each(|(used, at)| match used {
            Used::Session(session) => device::touch(tx, session, at),
            Used::ApiKey(key) => device::touch_key(tx, key, at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Proof {
        Proof::ApiKey(Id::from_uuid(uuid::Uuid::from_u128(number as u128)))
    }

    #[test]
    fn the_latest_use_counts_and_memory_is_bounded() {
        let seen = LastSeen::default();
        for number in 0..2 * REMEMBERED {
            seen.note_use(key(number), Timestamp::from_micros(7));
        }
        seen.note_use(key(0), Timestamp::from_micros(9));
        seen.note_use(key(0), Timestamp::from_micros(8));
        let seen = seen.lock();
        assert_eq!(seen.len(), REMEMBERED);
        assert_eq!(seen.values().max(), Some(&Timestamp::from_micros(9)), "those that are known are still noted");
    }
}
