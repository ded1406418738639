//! Webhooks and their deliveries as the API shows them.

use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::answer;
use super::moment;
use crate::domain::webhook::{self, Content};

/// Whether a webhook is served.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum WebhookState {
    /// It is told what happens.
    Active,
    /// It is told nothing, and what happens meanwhile it will not hear.
    Disabled,
}

impl From<webhook::WebhookState> for WebhookState {
    fn from(state: webhook::WebhookState) -> Self {
        match state {
            webhook::WebhookState::Active => Self::Active,
            webhook::WebhookState::Disabled => Self::Disabled,
        }
    }
}

impl From<WebhookState> for webhook::WebhookState {
    fn from(state: WebhookState) -> Self {
        match state {
            WebhookState::Active => Self::Active,
            WebhookState::Disabled => Self::Disabled,
        }
    }
}

/// Where a team's business is told to.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Webhook {
    id: Uuid,
    name: String,
    url: String,
    events: Vec<String>,
    state: WebhookState,
    /// Since when every attempt has failed; absent after a success.
    failing_since: Option<OffsetDateTime>,
    /// Until when deliveries carry the old secret's signature too; absent otherwise.
    old_secret_expires_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    /// Its version, for `If-Match`.
    etag: String,
}

impl From<webhook::Webhook> for Webhook {
    fn from(webhook: webhook::Webhook) -> Self {
        Self {
            id: webhook.id.uuid(),
            name: webhook.name.as_str().to_owned(),
            url: webhook.url.as_str().to_owned(),
            events: webhook.events.patterns().to_vec(),
            state: webhook.state.into(),
            failing_since: webhook.failing_since.map(moment),
            old_secret_expires_at: webhook.old_secret_until.map(moment),
            created_at: moment(webhook.created_at),
            updated_at: moment(webhook.updated_at),
            etag: answer::etag(webhook.version),
        }
    }
}

/// A webhook with its secret, which is shown this once.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct WebhookWithSecret {
    /// What signatures are checked with: `whsec_` and 32 bytes in base64.
    secret: String,
    #[oai(flatten)]
    webhook: Webhook,
}

impl From<crate::app::webhook::Made> for WebhookWithSecret {
    fn from(made: crate::app::webhook::Made) -> Self {
        Self { secret: made.secret.expose().clone(), webhook: made.webhook.into() }
    }
}

/// How a delivery stands.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum DeliveryState {
    /// It will be tried, or tried again.
    Pending,
    /// The receiver has it.
    Delivered,
    /// It was given up.
    Dead,
}

impl From<webhook::DeliveryState> for DeliveryState {
    fn from(state: webhook::DeliveryState) -> Self {
        match state {
            webhook::DeliveryState::Pending => Self::Pending,
            webhook::DeliveryState::Delivered => Self::Delivered,
            webhook::DeliveryState::Dead => Self::Dead,
        }
    }
}

impl From<DeliveryState> for webhook::DeliveryState {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Pending => Self::Pending,
            DeliveryState::Delivered => Self::Delivered,
            DeliveryState::Dead => Self::Dead,
        }
    }
}

/// Something that a webhook is told.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Delivery {
    /// `webhook-id` in all of its attempts.
    id: Uuid,
    webhook_id: Uuid,
    /// What is told: an event's name, or `webhook.test`; absent when it is not on record any more.
    #[oai(rename = "type")]
    kind: Option<String>,
    resource_type: Option<String>,
    resource_id: Option<Uuid>,
    /// A comment's delegation, a message's conversation; absent for everything else.
    parent_id: Option<Uuid>,
    /// The row of the audit log.
    seq: Option<i64>,
    state: DeliveryState,
    attempts: u32,
    /// When it is tried next; absent when it is not, and while its webhook is switched off.
    next_at: Option<OffsetDateTime>,
    /// What the receiver answered last.
    last_status: Option<u16>,
    /// Why the last attempt failed: `address-refused`, `unresolved`, `network`, `tls`, `timeout`, `status` or `forgotten`.
    last_error: Option<String>,
    created_at: OffsetDateTime,
    /// When it was delivered or given up.
    finished_at: Option<OffsetDateTime>,
}

impl From<webhook::Delivery> for Delivery {
    fn from(delivery: webhook::Delivery) -> Self {
        let (kind, told) = match delivery.content {
            Content::Test => (Some(webhook::TEST), None),
            Content::Happened(told) => (Some(told.event.as_str()), Some(told)),
            Content::Forgotten => (None, None),
        };
        Self {
            id: delivery.id.uuid(),
            webhook_id: delivery.webhook.uuid(),
            kind: kind.map(ToOwned::to_owned),
            resource_type: told.as_ref().map(|told| told.kind.clone()),
            resource_id: told.as_ref().map(|told| told.id),
            parent_id: told.as_ref().and_then(|told| told.parent),
            seq: told.map(|told| told.seq),
            state: delivery.state.into(),
            attempts: delivery.attempts,
            next_at: delivery.next_at.map(moment),
            last_status: delivery.last_status,
            last_error: delivery.last_fault.map(|fault| fault.as_str().to_owned()),
            created_at: moment(delivery.created_at),
            finished_at: delivery.finished_at.map(moment),
        }
    }
}
