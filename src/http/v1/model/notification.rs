//! Notifications as the API shows them, in lists and in the live stream.

use poem_openapi::Object;
use time::OffsetDateTime;
use uuid::Uuid;

use super::moment;
use crate::domain::notification::{self, News};

/// Something that I should hear of.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Notification {
    id: Uuid,
    /// `new-device`, `device-not-me`, `passkey-added`, `api-key-created`, `identity-linked`, `qr-approved`,
    /// `grant-received`, `team-deleted`, `team-restored` or `ownership-received`.
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
    /// What the device, passkey or API key was called.
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
    /// The team.
    team_id: Option<Uuid>,
    /// What the team was called.
    team_name: Option<String>,
    /// What was opened: `delegation` or `conversation`.
    resource_type: Option<String>,
    /// Its id.
    resource_id: Option<Uuid>,
    /// What it was called.
    title: Option<String>,
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
            News::IdentityLinked { provider } => Self { provider: Some(provider), ..nothing },
            News::QrApproved { name, platform, address } => {
                Self { name: Some(name), platform: Some(platform), address, ..nothing }
            }
            News::GrantReceived { team, team_name, resource_type, resource, title } => Self {
                team_id: Some(team.uuid()),
                team_name: Some(team_name),
                resource_type: Some(resource_type),
                resource_id: Some(resource.uuid()),
                title,
                ..nothing
            },
            News::TeamDeleted { team, team_name }
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
            kind: notification.news.kind().to_owned(),
            detail: notification.news.into(),
            created_at: moment(notification.created_at),
            read_at: notification.read_at.map(moment),
        }
    }
}
