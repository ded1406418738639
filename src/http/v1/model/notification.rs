//! Notifications as the API shows them, in lists and in the live stream.

use poem_openapi::Object;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{List, moment};
use crate::base::id::Id;
use crate::base::page::Page;
use crate::domain::notification::{self, Heard, News};

/// Something that I should hear of.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Notification {
    id: Uuid,
    /// `new-device`, `device-not-me`, `passkey-added`, `api-key-created`, `identity-linked`, `qr-approved`,
    /// `message-mention`, `webhook-disabled`, `webhook-orphaned`, `removed-from-team`, `grant-received`, `team-deleted`, `team-restored`,
    /// `ownership-received`, or `delegation-` with what happened to it: `offered`,
    /// `accepted`, `declined`, `started`, `done`, `confirmed`, `reopened`, `reassigned`, `cancelled`, `returned`,
    /// `taken-over`, `overdue`, `commented` or `mentioned`.
    kind: String,
    detail: NotificationDetail,
    created_at: OffsetDateTime,
    /// When it was marked as read; absent until then.
    read_at: Option<OffsetDateTime>,
}

/// What happened; which of it is there depends on the kind.
#[derive(Object, Default)]
#[oai(skip_serializing_if_is_none)]
struct NotificationDetail {
    /// The device that is new.
    device_id: Option<Uuid>,
    /// What the device, passkey, API key or webhook was called; who mentioned me.
    name: Option<String>,
    /// What the device runs.
    platform: Option<String>,
    /// Where the device was.
    address: Option<String>,
    /// Which provider vouches for the identity.
    provider: Option<String>,
    /// How many sessions ended.
    sessions: Option<usize>,
    /// How many API keys were revoked.
    api_keys: Option<usize>,
    /// How many passkeys were removed.
    passkeys: Option<usize>,
    /// In which team it happened.
    team_id: Option<Uuid>,
    /// The webhook.
    webhook_id: Option<Uuid>,
    /// In which conversation.
    conversation_id: Option<Uuid>,
    /// In which message.
    message_id: Option<Uuid>,
    /// What the team was called.
    team_name: Option<String>,
    /// The delegation.
    delegation_id: Option<Uuid>,
    /// The comment, when somebody said something.
    comment_id: Option<Uuid>,
    /// What the delegation, or what was opened, was called; absent when I, or this API key, may not read it any more.
    title: Option<String>,
    /// Who did it; absent when time did.
    by: Option<String>,
    /// What was opened: `delegation` or `conversation`.
    resource_type: Option<String>,
    /// Its id.
    resource_id: Option<Uuid>,
}

impl From<News> for NotificationDetail {
    fn from(news: News) -> Self {
        let nothing = Self::default();
        match news {
            News::NewDevice { device, name, platform, address } => {
                Self { device_id: Some(device.uuid()), name: Some(name), platform: Some(platform), address, ..nothing }
            }
            News::DeviceNotMe { name, sessions, api_keys, passkeys } => Self {
                name: Some(name),
                sessions: Some(sessions),
                api_keys: Some(api_keys),
                passkeys: Some(passkeys),
                ..nothing
            },
            News::PasskeyAdded { name } | News::ApiKeyCreated { name } => Self { name: Some(name), ..nothing },
            News::WebhookDisabled { name, team, webhook } | News::WebhookOrphaned { name, team, webhook } => {
                Self { name: Some(name), team_id: Some(team.uuid()), webhook_id: Some(webhook.uuid()), ..nothing }
            }
            News::IdentityLinked { provider } => Self { provider: Some(provider), ..nothing },
            News::Delegation { team, delegation, title, by, comment, .. } => Self {
                team_id: Some(team.uuid()),
                delegation_id: Some(delegation.uuid()),
                comment_id: comment.map(Id::uuid),
                title,
                by,
                ..nothing
            },
            News::QrApproved { name, platform, address } => {
                Self { name: Some(name), platform: Some(platform), address, ..nothing }
            }
            News::MessageMention { name, team, conversation, message } => Self {
                name: Some(name),
                team_id: Some(team.uuid()),
                conversation_id: Some(conversation.uuid()),
                message_id: Some(message.uuid()),
                ..nothing
            },
            News::GrantReceived { team, team_name, resource_type, resource, title } => Self {
                team_id: Some(team.uuid()),
                team_name: Some(team_name),
                resource_type: Some(resource_type),
                resource_id: Some(resource.uuid()),
                title,
                ..nothing
            },
            News::RemovedFromTeam { team, team_name }
            | News::TeamDeleted { team, team_name }
            | News::TeamRestored { team, team_name }
            | News::OwnershipReceived { team, team_name } => {
                Self { team_id: Some(team.uuid()), team_name: Some(team_name), ..nothing }
            }
        }
    }
}

impl From<notification::Notification> for Notification {
    fn from(notification: notification::Notification) -> Self {
        Self {
            id: notification.id.uuid(),
            kind: notification.news.kind().as_str().to_owned(),
            detail: notification.news.into(),
            created_at: moment(notification.created_at),
            read_at: notification.read_at.map(moment),
        }
    }
}

/// Notifications, with how many there are beyond the page that were not read.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Notifications {
    /// The items.
    items: Vec<Notification>,
    /// Give it as `cursor` to get the next page; absent on the last.
    next_cursor: Option<String>,
    /// How many are not marked as read, on this page and on all others.
    unread: i64,
}

impl From<(Page<notification::Notification>, i64)> for Notifications {
    fn from((page, unread): (Page<notification::Notification>, i64)) -> Self {
        let List { items, next_cursor } = List::of(page, Notification::from);
        Self { items, next_cursor, unread }
    }
}

/// Whether I hear of a kind of news.
#[derive(Object)]
pub struct NotificationPreference {
    /// What a notification has as its `kind`.
    kind: String,
    /// Whether it comes to my list and my streams.
    in_app: bool,
    /// Whether that can be turned off: news of who has a way into my account cannot.
    optional: bool,
}

impl From<notification::Preference> for NotificationPreference {
    fn from(preference: notification::Preference) -> Self {
        Self {
            kind: preference.kind.as_str().to_owned(),
            in_app: preference.in_app,
            optional: preference.kind.heard() == Heard::AtWill,
        }
    }
}
