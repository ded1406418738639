//! Webhooks: where a team's business is told to, and what became of each telling.

use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, Created, Kept, Made, Removed, Shown, etag, if_match, if_matches};
use super::model::{Delivery, DeliveryState, List, Webhook, WebhookState, WebhookWithSecret, page_request};
use crate::app::webhook::{
    self, Changes, Create, Delete, Get, ListDeliveries, ListOfTeam, Redeliver, RotateSecret, Test, Update, Which,
};
use crate::base::id::Id;
use crate::domain::text::Name;
use crate::domain::webhook::{self as domain, Subscription};
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;
use crate::store::webhook::Wanted;

/// Webhooks.
pub struct Webhooks;

/// A webhook about to be made.
#[derive(Object)]
struct NewWebhook {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// Where deliveries go: an `https` address without user name, password and fragment, on port 443 or one from 1024 on.
    #[oai(validator(min_length = 1, max_length = 2_000))]
    url: String,
    /// Names of events, such as `delegation.created`, and whole areas. `delegation.*`: `created`, `updated`, `deleted`,
    /// `offered`, `accepted`, `declined`, `started`, `done`, `confirmed`, `reopened`, `reassigned`, `cancelled`,
    /// `returned`, `taken_over`, `overdue`, `commented`, `comment_edited`, `comment_deleted`; `conversation.*`:
    /// `created`, `updated`, `deleted`, `participant.added`, `participant.removed`, `message.sent`, `message.edited`,
    /// `message.deleted`; `team.member.*`: `removed`, `left`; `credential.*`: `created`, `updated`, `revealed`,
    /// `shared`, `unshared`, `deleted`, `imported`.
    #[oai(validator(min_items = 1, max_items = 50, unique_items))]
    events: Vec<String>,
}

/// What changes; what is left out stays.
#[derive(Object)]
struct WebhookChanges {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Option<String>,
    #[oai(validator(min_length = 1, max_length = 2_000))]
    url: Option<String>,
    #[oai(validator(min_items = 1, max_items = 50, unique_items))]
    events: Option<Vec<String>>,
    state: Option<WebhookState>,
}

const fn which(team: Uuid, id: Uuid) -> Which {
    Which { team: Id::from_uuid(team), id: Id::from_uuid(id) }
}

#[OpenApi(tag = "Tag::Webhooks", prefix_path = "/api/v1/teams")]
impl Webhooks {
    /// Make a webhook
    ///
    /// It is told what happens in the team from now on, signed by [Standard Webhooks](https://www.standardwebhooks.com),
    /// at least once, in no promised order: `{"type", "timestamp", "data": {"team_id", "resource_type", "resource_id",
    /// "seq"}}`, for a comment and a message with the delegation or conversation as `parent_id`, and no word that people
    /// wrote; for that, ask the API. The secret is shown this once. Anything but a 2xx
    /// within ten seconds is tried again, ten times in three days; 410, and five days without any success, switch the
    /// webhook off. At most 20 in a team; wants a recent sign-in.
    /// Permission `webhook:manage` · event `webhook.created` · quota 20 an hour.
    #[oai(path = "/:team/webhooks", method = "post", operation_id = "createWebhook")]
    async fn create(
        &self,
        member: Member,
        team: Path<Uuid>,
        body: Body<NewWebhook>,
    ) -> Result<Created<WebhookWithSecret>, Failure> {
        let wanted = Wanted {
            name: Name::parse("/name", &body.name)?,
            url: member.webhook_url("/url", &body.url)?,
            events: Subscription::parse("/events", &body.events)?,
            state: domain::WebhookState::Active,
        };
        let made = |made: webhook::Made| Made {
            location: format!("/api/v1/teams/{}/webhooks/{}", team.0, made.webhook.id),
            etag: Some(etag(made.webhook.version)),
            body: made.into(),
        };
        member.create_shown_once(Create { team: Id::from_uuid(team.0), wanted }, made).await
    }

    /// A team's webhooks
    ///
    /// In the order in which they were made; without their secrets. Permission `webhook:read`.
    #[oai(path = "/:team/webhooks", method = "get", operation_id = "listWebhooks")]
    async fn list(
        &self,
        member: Member,
        team: Path<Uuid>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<Webhook>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let list = member.ask(&member.caller, ListOfTeam { team: Id::from_uuid(team.0), page }).await?;
        Ok(Shown::plain(List::of(list, Webhook::from)))
    }

    /// One webhook
    ///
    /// Permission `webhook:read`.
    #[oai(path = "/:team/webhooks/:webhook", method = "get", operation_id = "getWebhook")]
    async fn get(&self, member: Member, team: Path<Uuid>, webhook: Path<Uuid>) -> Result<Shown<Webhook>, Failure> {
        Ok(Shown::of(member.ask(&member.caller, Get(which(team.0, webhook.0))).await?))
    }

    /// Change a webhook
    ///
    /// What is pending goes where it points then. Switched off, it is told nothing, and what happens meanwhile it will not
    /// hear; what was pending waits. Wants a recent sign-in.
    /// Permission `webhook:manage` · event `webhook.updated`.
    #[oai(path = "/:team/webhooks/:webhook", method = "patch", operation_id = "updateWebhook")]
    async fn update(
        &self,
        member: Member,
        team: Path<Uuid>,
        webhook: Path<Uuid>,
        /// The `etag` that was seen, or `*`.
        #[oai(name = "If-Match")]
        seen: Header<String>,
        body: Body<WebhookChanges>,
    ) -> Result<Changed<Webhook>, Failure> {
        let changes = Changes {
            name: body.name.as_deref().map(|name| Name::parse("/name", name)).transpose()?,
            url: body.url.as_deref().map(|url| member.webhook_url("/url", url)).transpose()?,
            events: body.events.as_deref().map(|events| Subscription::parse("/events", events)).transpose()?,
            state: body.state.map(Into::into),
        };
        let action = Update { which: which(team.0, webhook.0), version: if_match(&seen)?, changes };
        Ok(Changed::of(member.act(&member.caller, action).await?))
    }

    /// Delete a webhook
    ///
    /// With all that was to be told to it; wants a recent sign-in.
    /// Permission `webhook:manage` · event `webhook.deleted`.
    #[oai(path = "/:team/webhooks/:webhook", method = "delete", operation_id = "deleteWebhook")]
    async fn delete(
        &self,
        member: Member,
        team: Path<Uuid>,
        webhook: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Removed, Failure> {
        let version = if_matches(seen.0.as_deref())?;
        let action = Delete { which: which(team.0, webhook.0), version };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// Give a webhook a new secret
    ///
    /// It is shown this once. For a day deliveries carry the signatures of both, the new one first. Wants a recent sign-in.
    /// Permission `webhook:manage` · event `webhook.secret_rotated`.
    #[oai(path = "/:team/webhooks/:webhook/rotate-secret", method = "post", operation_id = "rotateWebhookSecret")]
    async fn rotate(
        &self,
        member: Member,
        team: Path<Uuid>,
        webhook: Path<Uuid>,
    ) -> Result<Kept<WebhookWithSecret>, Failure> {
        let action = RotateSecret(which(team.0, webhook.0));
        let rotated = member.act_shown_once(&member.caller, action, member.mark).await?;
        Ok(Kept::shown_once(rotated, |made| {
            let tag = etag(made.webhook.version);
            (made.into(), tag)
        }))
    }

    /// Try a webhook
    ///
    /// Sends it `webhook.test`, once. Wants a recent sign-in.
    /// Permission `webhook:manage` · event `webhook.tested` · quota 20 an hour, shared with making webhooks.
    #[oai(path = "/:team/webhooks/:webhook/test", method = "post", operation_id = "testWebhook")]
    async fn test(&self, member: Member, team: Path<Uuid>, webhook: Path<Uuid>) -> Result<Changed<Delivery>, Failure> {
        let acted = member.act(&member.caller, Test(which(team.0, webhook.0))).await?;
        Ok(Changed::Changed(Json(acted.output.into()), acted.seq, None))
    }

    /// What became of a webhook's deliveries?
    ///
    /// The newest first; those in the state `dead` are the dead-letter list. What came to an end is kept for 30 days.
    /// Permission `webhook:read`.
    #[oai(path = "/:team/webhooks/:webhook/deliveries", method = "get", operation_id = "listWebhookDeliveries")]
    async fn deliveries(
        &self,
        member: Member,
        team: Path<Uuid>,
        webhook: Path<Uuid>,
        /// In this state.
        state: Query<Option<DeliveryState>>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<Delivery>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let query = ListDeliveries { which: which(team.0, webhook.0), state: state.0.map(Into::into), page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, Delivery::from)))
    }

    /// Send a delivery anew
    ///
    /// One that was given up, or that its receiver lost; under the same `webhook-id`. Wants a recent sign-in.
    /// Permission `webhook:manage` · event `webhook.redelivered`.
    #[oai(path = "/:team/webhook-deliveries/:delivery/redeliver", method = "post", operation_id = "redeliverWebhook")]
    async fn redeliver(
        &self,
        member: Member,
        team: Path<Uuid>,
        delivery: Path<Uuid>,
    ) -> Result<Changed<Delivery>, Failure> {
        let action = Redeliver { team: Id::from_uuid(team.0), id: Id::from_uuid(delivery.0) };
        let acted = member.act(&member.caller, action).await?;
        Ok(Changed::Changed(Json(acted.output.into()), acted.seq, None))
    }
}
