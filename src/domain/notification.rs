//! Notifications: what a person should hear of, because it touches their account and may not have been them.

use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::device::Device;
use super::grant::Thing;
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
    /// Something of a team was opened to this person, who does not belong to it.
    GrantReceived {
        /// The team.
        team: Id<Team>,
        /// What it is called.
        team_name: String,
        /// `delegation` or `conversation`.
        resource_type: String,
        /// What was opened.
        resource: Id<Thing>,
        /// What that is called, when it has a name.
        title: Option<String>,
    },
    /// A team of theirs was deleted, and can be brought back for a while.
    TeamDeleted {
        /// The team.
        team: Id<Team>,
        /// What it is called.
        team_name: String,
    },
    /// It was brought back.
    TeamRestored {
        /// The team.
        team: Id<Team>,
        /// What it is called.
        team_name: String,
    },
    /// They answer for a team from now on.
    OwnershipReceived {
        /// The team.
        team: Id<Team>,
        /// What it is called.
        team_name: String,
    },
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
            Self::GrantReceived { .. } => "grant-received",
            Self::TeamDeleted { .. } => "team-deleted",
            Self::TeamRestored { .. } => "team-restored",
            Self::OwnershipReceived { .. } => "ownership-received",
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
