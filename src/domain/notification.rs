//! Notifications: what a person should hear of, and which kinds of it they can do without.

use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::conversation::Conversation;
use super::device::Device;
use super::message::Message;
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
    /// Somebody mentioned the reader in a message.
    MessageMention {
        /// Who.
        name: String,
        /// In which team.
        team: Id<Team>,
        /// In which conversation.
        conversation: Id<Conversation>,
        /// In which message.
        message: Id<Message>,
    },
    /// A team's webhook was switched off, because nobody answered it.
    WebhookDisabled {
        /// What it is called.
        name: String,
    },
    /// Somebody took the reader out of a team.
    RemovedFromTeam {
        /// The team.
        team: Id<Team>,
        /// What it is called.
        team_name: String,
    },
}

macro_rules! kinds {
    ($($kind:ident $name:literal $heard:ident;)+) => {
        /// A kind of news, of which a person decides.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Kind {
            $(#[doc = concat!("`", $name, "`")] $kind,)+
        }

        impl Kind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The kind's name in the API and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// How it is heard of.
            pub const fn heard(self) -> Heard {
                match self { $(Self::$kind => Heard::$heard,)+ }
            }
        }
    };
}

/// Whether a person can do without a kind of news.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Always: it may be the only sign that somebody else has a way into the account.
    Always,
    /// Unless they turned it off.
    AtWill,
}

kinds! {
    NewDevice       "new-device"        Always;
    DeviceNotMe     "device-not-me"     Always;
    PasskeyAdded    "passkey-added"     Always;
    ApiKeyCreated   "api-key-created"   Always;
    IdentityLinked  "identity-linked"   Always;
    QrApproved      "qr-approved"       Always;
    MessageMention  "message-mention"   AtWill;
    WebhookDisabled "webhook-disabled"  AtWill;
    RemovedFromTeam "removed-from-team" AtWill;
}

impl Kind {
    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// Whether a person wants to hear of a kind of news.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Preference {
    /// The kind.
    pub kind: Kind,
    /// Whether it comes to their list and their streams.
    pub in_app: bool,
}

impl News {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::NewDevice { .. } => Kind::NewDevice,
            Self::DeviceNotMe { .. } => Kind::DeviceNotMe,
            Self::PasskeyAdded { .. } => Kind::PasskeyAdded,
            Self::ApiKeyCreated { .. } => Kind::ApiKeyCreated,
            Self::IdentityLinked { .. } => Kind::IdentityLinked,
            Self::QrApproved { .. } => Kind::QrApproved,
            Self::MessageMention { .. } => Kind::MessageMention,
            Self::WebhookDisabled { .. } => Kind::WebhookDisabled,
            Self::RemovedFromTeam { .. } => Kind::RemovedFromTeam,
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
