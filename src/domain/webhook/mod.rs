//! Webhooks: what of a team's business other machines are told, and how often it is tried.
//!
//! # What is told
//!
//! A delivery is *thin*: what happened, when, in which team and to which thing, by ids. Everything that people wrote is
//! sealed, and stays so: a receiver that wants a title asks the API for it, as somebody, and is judged there. So a
//! webhook that goes to a wrong or a robbed machine gives away that work goes on, and no word of it. The ids of
//! conversations that its maker takes no part in are among them; of security (sign-ins, keys, roles, denials) nothing is.
//!
//! # How often
//!
//! At least once. A delivery's id is the same in all attempts and after a crash: receivers deduplicate by `webhook-id`.
//! The order is not promised; `seq` says it. An attempt fails unless the answer is 2xx, and the next one waits for the
//! spans of the specification ([`backoff`]); after the last one the delivery is `dead`, and somebody may send it anew.
//! 410 switches the webhook off, and so do [`PATIENCE`] without any success; the team's Owners hear of it. They hear as
//! well when its maker may not manage it any more: it is the team's, and goes on.

mod subscription;

use std::time::Duration;

use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::event::Event;
use super::text::Name;

pub use subscription::Subscription;

/// How many webhooks a team may have.
pub const MAX_WEBHOOKS: i64 = 20;
/// How long deliveries are signed with the old secret too, when there is a new one.
pub const ROTATION_OVERLAP: Duration = Duration::from_hours(24);
/// How long all attempts may fail before a webhook is switched off.
pub const PATIENCE: Duration = Duration::from_hours(5 * 24);
/// How long deliveries that came to an end can be looked at.
pub const KEPT: Duration = Duration::from_hours(30 * 24);
/// What a test delivery tells.
pub const TEST: &str = "webhook.test";

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $word:ident $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$of])* $word,)+
        }

        impl $name {
            /// Its name in the API and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }

            /// The one of that name.
            pub fn parse(name: &str) -> Option<Self> {
                [$(Self::$word),+].into_iter().find(|one| one.as_str() == name)
            }
        }
    };
}

words! {
    /// Whether a webhook is served.
    WebhookState {
        /// It is told what happens.
        Active "active",
        /// It is told nothing, and what happens meanwhile it will not hear.
        Disabled "disabled",
    }
}

words! {
    /// How a delivery stands.
    DeliveryState {
        /// It will be tried, or tried again.
        Pending "pending",
        /// The receiver has it.
        Delivered "delivered",
        /// It was given up: the dead-letter list.
        Dead "dead",
    }
}

words! {
    /// Why an attempt failed.
    Fault {
        /// The address may not be reached from here.
        AddressRefused "address-refused",
        /// Nobody knows the name.
        Unresolved "unresolved",
        /// No connection, or one that broke.
        Network "network",
        /// No TLS 1.3, or no certificate that is trusted for the name.
        Tls "tls",
        /// It took too long.
        Timeout "timeout",
        /// An answer that is not 2xx.
        Status "status",
        /// What was to be told is not on record any more.
        Forgotten "forgotten",
    }
}

/// A webhook as its team's Owners and Admins see it; its secret is not among it.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The webhook.
    pub id: Id<Webhook>,
    /// What its makers call it; sealed in the database.
    pub name: Name,
    /// Where deliveries go; sealed in the database, for there may be a token in it.
    pub url: Url,
    /// What is told.
    pub events: Subscription,
    /// Whether it is served.
    pub state: WebhookState,
    /// Since when every attempt has failed; absent after a success.
    pub failing_since: Option<Timestamp>,
    /// Until when deliveries are signed with the old secret too.
    pub old_secret_until: Option<Timestamp>,
    /// Raised by each edit; the source of the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub updated_at: Timestamp,
}

/// An address that was found fit when it was written. Never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// From an address that was looked at.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

/// Something to be told to one webhook.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The delivery; `webhook-id` in all of its attempts.
    pub id: Id<Delivery>,
    /// The webhook.
    pub webhook: Id<Webhook>,
    /// What is told.
    pub content: Content,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; absent when it is not.
    pub next_at: Option<Timestamp>,
    /// What the receiver answered last.
    pub last_status: Option<u16>,
    /// Why the last attempt failed.
    pub last_fault: Option<Fault>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it was delivered or given up.
    pub finished_at: Option<Timestamp>,
}

/// What a delivery tells.
#[derive(Clone, Debug)]
pub enum Content {
    /// That somebody tries the webhook; tried once.
    Test,
    /// What happened.
    Happened(Told),
    /// What is not on record any more: it is given up.
    Forgotten,
}

/// What happened, as far as it is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// The row of the audit log.
    pub seq: i64,
    /// What.
    pub event: Event,
    /// When.
    pub at: Timestamp,
    /// The kind of the thing.
    pub kind: String,
    /// The thing.
    pub id: Uuid,
    /// What it stands in: a comment's delegation, a message's conversation. Absent for everything else.
    pub parent: Option<Uuid>,
}

const fn minutes(count: u64) -> Duration {
    Duration::from_mins(count)
}

/// The spans of the specification between one attempt and the next: ten attempts in a little more than three days.
const BACKOFF: [Duration; 9] = [
    Duration::from_secs(5),
    minutes(5),
    minutes(30),
    minutes(2 * 60),
    minutes(5 * 60),
    minutes(10 * 60),
    minutes(14 * 60),
    minutes(20 * 60),
    minutes(24 * 60),
];

/// How long to wait after so many attempts, up to a fifth more by `chance`, so that what failed together does not come
/// again together. `None` when it was the last one.
pub fn backoff(attempts: u32, chance: u8) -> Option<Duration> {
    let nth = usize::try_from(attempts).ok()?.checked_sub(1)?;
    BACKOFF.get(nth).map(|span| *span + *span * u32::from(chance) / (5 * 255))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_and_no_more() {
        assert_eq!(backoff(1, 0), Some(Duration::from_secs(5)));
        assert_eq!(backoff(1, 255), Some(Duration::from_secs(6)));
        assert_eq!(backoff(9, 255), Some(Duration::from_mins(24 * 60 * 6 / 5)));
        assert_eq!((backoff(0, 0), backoff(10, 0), backoff(u32::MAX, 0)), (None, None, None));
        let all: Duration = (1..10).filter_map(|attempts| backoff(attempts, 255)).sum();
        assert!(all < PATIENCE, "a delivery ends before its webhook does");
    }
}
