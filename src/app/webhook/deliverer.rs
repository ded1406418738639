//! The deliverer: reads the feed, sends what is due, notes how that went. All that it knows is in the database: whatever
//! ends the server, the next one goes on from there, and sends at most those anew of which it had no answer yet.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::base::clock::Clock;
use crate::base::entropy::{self, Entropy};
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::permission::Permission;
use crate::domain::team::Team;
use crate::domain::webhook::{Content, Delivery, DeliveryState, Fault, PATIENCE, TEST, Webhook, backoff};
use crate::outbound::{Client, SendError};
use crate::store::webhook::{self, Listening};
use crate::store::webhook_delivery::{self, Parcel, Tried};
use crate::store::{Action, ReadTx, Target, Tx, feed};

use super::{App, KIND};

/// Requests under way at once, to all webhooks; to one of them there is one.
const AT_ONCE: usize = 16;
/// After so long in one round no further request begins: who does not answer keeps the others waiting no longer.
const ROUND: Duration = Duration::from_secs(10);
/// Rows of the audit log that are read in one step.
const STEP: i64 = 1_000;
/// Rows that concern no webhook are remembered by this process alone, until there are so many.
const UNNOTED: i64 = 5_000;

/// The row of the audit log up to which this process has found nothing that is not queued.
#[derive(Default)]
pub(in crate::app) struct Scanned(AtomicI64);

impl App {
    /// One round: queues what happened, sends what is due, notes how that went. Leaves one row in the log for all that
    /// was queued and one for all that was tried. Answers how much was tried.
    pub async fn deliver_webhooks(&self, job: &Caller) -> Result<u64, Error> {
        self.queue_happenings(job).await?;
        let tries = self.try_due().await?;
        let count = u64::try_from(tries.len()).map_err(Error::internal)?;
        if count > 0 {
            self.act(job, Note(tries)).await?;
        }
        Ok(count)
    }

    /// Reads the feed to its end, step by step.
    async fn queue_happenings(&self, job: &Caller) -> Result<(), Error> {
        loop {
            let scanned = self.scanned.0.load(Ordering::Acquire);
            let step = self.store.look(|read| step(read, scanned))?;
            if step.is_worth_an_act {
                self.act(job, Queue { until: step.until }).await?;
            }
            self.scanned.0.store(step.until, Ordering::Release);
            if step.is_last {
                return Ok(());
            }
        }
    }

    /// Sends what is due, outside of any transaction.
    async fn try_due(&self) -> Result<Vec<Try>, Error> {
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let mut senders = JoinSet::new();
        for parcel in self.store.look(webhook_delivery::due)? {
            let sender = Sender {
                client: Arc::clone(&self.outbound),
                clock: Arc::clone(&self.clock),
                entropy: Arc::clone(&self.entropy),
                room: Arc::clone(&room),
            };
            senders.spawn(sender.send_all(parcel));
        }
        let over = tokio::spawn(async move {
            tokio::time::sleep(ROUND).await;
            room.close();
        });
        let mut tries = Vec::new();
        while let Some(sent) = senders.join_next().await {
            match sent {
                Ok(sent) => tries.extend(sent),
                // The others' attempts are noted all the same.
                Err(error) => tracing::error!(%error, "a webhook's sender broke down"),
            }
        }
        over.abort();
        Ok(tries)
    }
}

/// A step through the feed.
struct Step {
    until: i64,
    is_worth_an_act: bool,
    is_last: bool,
}

/// The next step behind row `scanned`. Webhooks are read after the head: one that is not seen yet came after it.
fn step(read: &ReadTx<'_>, scanned: i64) -> Result<Step, Error> {
    let head = feed::head(read)?;
    let webhooks = webhook::listening(read)?;
    let Some(oldest) = webhooks.iter().map(|webhook| webhook.cursor).min() else {
        return Ok(Step { until: head, is_worth_an_act: false, is_last: true });
    };
    let start = webhooks.iter().map(|webhook| webhook.cursor.max(scanned)).min().unwrap_or(scanned);
    let until = head.min(start + STEP);
    let concerns_one = |one: &feed::Happening| webhooks.iter().any(|webhook: &Listening| webhook.hears(one));
    let is_worth_an_act = until - oldest > UNNOTED || feed::between(read, start, until)?.iter().any(concerns_one);
    Ok(Step { until, is_worth_an_act, is_last: until == head })
}

/// Queues what happened up to a row.
#[derive(Debug)]
struct Queue {
    until: i64,
}

impl Action for Queue {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::WebhookDeliver
    }
    fn event(&self) -> Event {
        Event::WebhookQueued
    }
    /// The server, not a team: what the deliverer does is no news to tell.
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let webhooks = webhook::listening(tx)?;
        let queued = webhook_delivery::queue(tx, &webhooks, self.until)?;
        tx.note("queued", queued);
        webhook::mark_served(tx, self.until)
    }
}

/// An attempt, and how it ended.
#[derive(Debug)]
struct Try {
    webhook: Id<Webhook>,
    delivery: Id<Delivery>,
    /// Whether it was but a test, which says nothing of the webhook's health.
    is_test: bool,
    ended: Tried,
}

/// Sends what one webhook is told.
struct Sender {
    client: Arc<Client>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    room: Arc<Semaphore>,
}

impl Sender {
    /// One after the other. After a failure the rest waits for the next round: who does not answer takes one place, once.
    async fn send_all(self, parcel: Parcel) -> Vec<Try> {
        let mut tries = Vec::new();
        for delivery in &parcel.deliveries {
            let Ok(_place) = self.room.acquire().await else { break };
            let outcome = self.send(&parcel, delivery).await;
            let ended = self.judge(delivery, outcome);
            tries.push(Try {
                webhook: parcel.webhook,
                delivery: delivery.id,
                is_test: matches!(delivery.content, Content::Test),
                ended,
            });
            if ended.state != DeliveryState::Delivered {
                break;
            }
        }
        tries
    }

    /// One attempt: the status of the answer, or why there was none.
    async fn send(&self, parcel: &Parcel, delivery: &Delivery) -> Result<u16, Fault> {
        let body = payload(parcel.team, delivery).ok_or(Fault::Forgotten)?;
        let address = self.client.address(parcel.url.as_str()).map_err(|_| Fault::AddressRefused)?;
        let (id, at) = (delivery.id.to_string(), self.clock.now().seconds());
        let signatures: Vec<_> = parcel.secrets.iter().map(|secret| secret.sign(&id, at, &body)).collect();
        let headers =
            [("webhook-id", id), ("webhook-timestamp", at.to_string()), ("webhook-signature", signatures.join(" "))];
        self.client.post(&address, &headers, body).await.map_err(Fault::from)
    }

    fn judge(&self, delivery: &Delivery, outcome: Result<u16, Fault>) -> Tried {
        let attempts = delivery.attempts + 1;
        let (status, fault) = match outcome {
            Ok(status @ 200..300) => (Some(status), None),
            Ok(status) => (Some(status), Some(Fault::Status)),
            Err(fault) => (None, Some(fault)),
        };
        let [chance] = entropy::bytes(&*self.entropy);
        let wait = match delivery.content {
            Content::Happened(_) => backoff(attempts, chance),
            Content::Test | Content::Forgotten => None,
        };
        let (state, wait) = match fault {
            None => (DeliveryState::Delivered, None),
            Some(_) if wait.is_some() => (DeliveryState::Pending, wait),
            Some(_) => (DeliveryState::Dead, None),
        };
        Tried { state, attempts, next_at: wait.map(|wait| self.clock.now() + wait), status, fault }
    }
}

impl From<SendError> for Fault {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Refused => Self::AddressRefused,
            SendError::Unresolved => Self::Unresolved,
            SendError::Network => Self::Network,
            SendError::Tls => Self::Tls,
            SendError::Timeout => Self::Timeout,
        }
    }
}

/// What is sent, the same in each attempt: ids and names of ours, and no word that people wrote. `None` when that is not
/// on record any more.
fn payload(team: Id<Team>, delivery: &Delivery) -> Option<Bytes> {
    let payload = match &delivery.content {
        Content::Forgotten => return None,
        Content::Test => json!({
            "type": TEST,
            "timestamp": delivery.created_at.to_string(),
            "data": {"team_id": team.uuid(), "resource_type": KIND, "resource_id": delivery.webhook.uuid()},
        }),
        Content::Happened(told) => {
            let id = told.id;
            let mut data =
                json!({"team_id": team.uuid(), "resource_type": told.kind, "resource_id": id, "seq": told.seq});
            if let Some(parent) = told.parent {
                data["parent_id"] = json!(parent);
            }
            json!({"type": told.event.as_str(), "timestamp": told.at.to_string(), "data": data})
        }
    };
    Some(payload.to_string().into())
}

/// Notes how all attempts of a round ended.
#[derive(Debug)]
struct Note(Vec<Try>);

impl Action for Note {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::WebhookDeliver
    }
    fn event(&self) -> Event {
        Event::WebhookDelivered
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let mut unanswered = BTreeSet::new();
        for tried in &self.0 {
            webhook_delivery::note(tx, tried.delivery, &tried.ended)?;
            if tried.ended.fault.is_none() {
                webhook::succeeded(tx, tried.webhook)?;
            } else if tried.ended.status == Some(410) {
                unanswered.insert(tried.webhook);
            } else if !tried.is_test
                && let Some(since) = webhook::failed(tx, tried.webhook)?
                && tx.now().since(since) >= PATIENCE
            {
                unanswered.insert(tried.webhook);
            }
        }
        for (name, state) in [
            ("delivered", DeliveryState::Delivered),
            ("to_be_tried_again", DeliveryState::Pending),
            ("dead", DeliveryState::Dead),
        ] {
            tx.note(name, self.0.iter().filter(|tried| tried.ended.state == state).count());
        }
        for id in unanswered {
            if webhook::disable(tx, id)? {
                tx.also_about(Event::WebhookDisabled, KIND, id);
            }
        }
        webhook_delivery::forget(tx)
    }
}
