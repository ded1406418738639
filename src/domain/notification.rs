//! Notifications: what a person should hear of, because it touches their account and may not have been them.

use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::comment::Comment;
use super::delegation::Delegation;
use super::device::Device;
use super::team::Team;

/// A notification as its addressee sees it.
#[derive(Clone)]
pub struct Notification {
    /// The notification.
    pub id: Id<Notification>,
    /// Its place in the order in which notifications were written.
    pub seq: i64,
    /// What happened.
    pub news: News,
    /// When.
    pub created_at: Timestamp,
    /// When it was marked as read.
    pub read_at: Option<Timestamp>,
}

/// What happened. Names are what they were then; the database has all of it sealed, and nothing prints it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum News {
    /// Somebody signed in with a device that was never seen before.
    NewDevice {
        /// The device.
        device: Id<Device>,
        /// What it is called.
        name: String,
        /// What it runs.
        platform: String,
        /// Where it is.
        address: Option<String>,
    },
    /// A device was said to be somebody else's, and everything that hung on it ended.
    DeviceNotMe {
        /// What it was called.
        name: String,
        /// How many of its sessions were live.
        sessions: usize,
        /// How many API keys were made on it.
        api_keys: usize,
        /// How many passkeys were made on it.
        passkeys: usize,
    },
    /// There is a new passkey.
    PasskeyAdded {
        /// What it is called.
        name: String,
    },
    /// There is a new API key.
    ApiKeyCreated {
        /// What it is called.
        name: String,
    },
    /// There is a new identity to sign in with.
    IdentityLinked {
        /// Which provider vouches for it.
        provider: String,
    },
    /// A device vouched for another one.
    QrApproved {
        /// What the other is called.
        name: String,
        /// What it runs.
        platform: String,
        /// Where it is.
        address: Option<String>,
    },
    /// Something happened to a delegation that concerns them.
    Delegation {
        /// What.
        happened: Happened,
        /// The delegation's team.
        team: Id<Team>,
        /// The delegation.
        delegation: Id<Delegation>,
        /// What it is called.
        title: String,
        /// Who did it; nobody when time did.
        by: Option<String>,
        /// What was said, for a comment.
        comment: Option<Id<Comment>>,
    },
}

/// What can happen to a delegation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happened {
    /// Somebody was asked to take it.
    Offered,
    /// The assignee said yes.
    Accepted,
    /// The assignee said no.
    Declined,
    /// The assignee began.
    Started,
    /// The assignee finished.
    Done,
    /// The delegator agreed.
    Confirmed,
    /// It is not finished after all.
    Reopened,
    /// It was handed to somebody else.
    Reassigned,
    /// It was taken back.
    Cancelled,
    /// Its assignee left the team.
    Returned,
    /// Somebody stepped in for a delegator who left.
    TakenOver,
    /// Its due time passed.
    Overdue,
    /// Somebody said something about it.
    Commented,
    /// Somebody was named in a comment on it.
    Mentioned,
}

impl Happened {
    /// The kind of news that it is.
    const fn kind(self) -> &'static str {
        match self {
            Self::Offered => "delegation-offered",
            Self::Accepted => "delegation-accepted",
            Self::Declined => "delegation-declined",
            Self::Started => "delegation-started",
            Self::Done => "delegation-done",
            Self::Confirmed => "delegation-confirmed",
            Self::Reopened => "delegation-reopened",
            Self::Reassigned => "delegation-reassigned",
            Self::Cancelled => "delegation-cancelled",
            Self::Returned => "delegation-returned",
            Self::TakenOver => "delegation-taken-over",
            Self::Overdue => "delegation-overdue",
            Self::Commented => "delegation-commented",
            Self::Mentioned => "delegation-mentioned",
        }
    }
}

impl News {
    /// The kind's name in the API and in the database.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NewDevice { .. } => "new-device",
            Self::DeviceNotMe { .. } => "device-not-me",
            Self::PasskeyAdded { .. } => "passkey-added",
            Self::ApiKeyCreated { .. } => "api-key-created",
            Self::IdentityLinked { .. } => "identity-linked",
            Self::QrApproved { .. } => "qr-approved",
            Self::Delegation { happened, .. } => happened.kind(),
        }
    }

    /// The device that is itself the news. It is not told, and cannot silence it: whoever is new there must not be the
    /// one who hears of it.
    pub const fn unheard_by(&self) -> Option<Id<Device>> {
        match self {
            Self::NewDevice { device, .. } => Some(*device),
            _ => None,
        }
    }
}
