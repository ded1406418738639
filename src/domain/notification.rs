//! Notifications: what a person should hear of, and which kinds of it they can do without.

use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::comment::Comment;
use super::conversation::Conversation;
use super::delegation::Delegation;
use super::device::Device;
use super::grant::{Thing, ThingKind};
use super::message::Message;
use super::team::Team;
use super::webhook::Webhook;

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
        /// Whose.
        team: Id<Team>,
        /// The webhook.
        webhook: Id<Webhook>,
    },
    /// Whoever made a team's webhook may not manage it any more, and it goes on.
    WebhookOrphaned {
        /// What it is called.
        name: String,
        /// Whose.
        team: Id<Team>,
        /// The webhook.
        webhook: Id<Webhook>,
    },
    /// Somebody took the reader out of a team.
    RemovedFromTeam {
        /// The team.
        team: Id<Team>,
        /// What it is called.
        team_name: String,
    },
    /// Something happened to a delegation that concerns them.
    Delegation {
        /// What.
        happened: Happened,
        /// The delegation's team.
        team: Id<Team>,
        /// The delegation.
        delegation: Id<Delegation>,
        /// What it was called; absent for whoever may not read it any more.
        title: Option<String>,
        /// Who did it; nobody when time did.
        by: Option<String>,
        /// What was said, for a comment.
        comment: Option<Id<Comment>>,
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
        /// What that was called, when it had a name, for whoever may read it.
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
    const fn kind(self) -> Kind {
        match self {
            Self::Offered => Kind::DelegationOffered,
            Self::Accepted => Kind::DelegationAccepted,
            Self::Declined => Kind::DelegationDeclined,
            Self::Started => Kind::DelegationStarted,
            Self::Done => Kind::DelegationDone,
            Self::Confirmed => Kind::DelegationConfirmed,
            Self::Reopened => Kind::DelegationReopened,
            Self::Reassigned => Kind::DelegationReassigned,
            Self::Cancelled => Kind::DelegationCancelled,
            Self::Returned => Kind::DelegationReturned,
            Self::TakenOver => Kind::DelegationTakenOver,
            Self::Overdue => Kind::DelegationOverdue,
            Self::Commented => Kind::DelegationCommented,
            Self::Mentioned => Kind::DelegationMentioned,
        }
    }
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
    WebhookOrphaned "webhook-orphaned"  AtWill;
    RemovedFromTeam "removed-from-team" AtWill;
    GrantReceived "grant-received" AtWill;
    TeamDeleted "team-deleted" AtWill;
    TeamRestored "team-restored" AtWill;
    OwnershipReceived "ownership-received" AtWill;
    DelegationOffered "delegation-offered" AtWill;
    DelegationAccepted "delegation-accepted" AtWill;
    DelegationDeclined "delegation-declined" AtWill;
    DelegationStarted "delegation-started" AtWill;
    DelegationDone "delegation-done" AtWill;
    DelegationConfirmed "delegation-confirmed" AtWill;
    DelegationReopened "delegation-reopened" AtWill;
    DelegationReassigned "delegation-reassigned" AtWill;
    DelegationCancelled "delegation-cancelled" AtWill;
    DelegationReturned "delegation-returned" AtWill;
    DelegationTakenOver "delegation-taken-over" AtWill;
    DelegationOverdue "delegation-overdue" AtWill;
    DelegationCommented "delegation-commented" AtWill;
    DelegationMentioned "delegation-mentioned" AtWill;
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
            Self::WebhookOrphaned { .. } => Kind::WebhookOrphaned,
            Self::RemovedFromTeam { .. } => Kind::RemovedFromTeam,
            Self::GrantReceived { .. } => Kind::GrantReceived,
            Self::TeamDeleted { .. } => Kind::TeamDeleted,
            Self::TeamRestored { .. } => Kind::TeamRestored,
            Self::OwnershipReceived { .. } => Kind::OwnershipReceived,
            Self::Delegation { happened, .. } => happened.kind(),
        }
    }

    /// The thing whose title is told, with its team: only those who may read it at that moment may be told what it is
    /// called.
    pub fn titled(&self) -> Option<(Id<Team>, Thing)> {
        match self {
            Self::Delegation { team, delegation, title: Some(_), .. } => {
                Some((*team, Thing { kind: ThingKind::Delegation, id: Id::from_uuid(delegation.uuid()) }))
            }
            Self::GrantReceived { team, resource_type, resource, title: Some(_), .. } => {
                ThingKind::parse(resource_type).map(|kind| (*team, Thing { kind, id: *resource }))
            }
            _ => None,
        }
    }

    /// Leaves out what the thing is called.
    pub fn leave_title_out(&mut self) {
        if let Self::Delegation { title, .. } | Self::GrantReceived { title, .. } = self {
            *title = None;
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
