//! What is to be told to webhooks, in the database: queued once for each row of the audit log, tried, kept for a while.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::crypto::webhook_signature::SigningSecret;
use crate::domain::event::Event;
use crate::domain::team::Team;
use crate::domain::webhook::{Content, Delivery, DeliveryState, Fault, KEPT, Told, Url, Webhook};
use crate::domain::{Conflict, Error};

use super::engine::{Row, Value, unexpected};
use super::feed;
use super::tx::{ReadTx, Tx};
use super::webhook::{self, Listening};

/// The columns of a delivery with what it tells.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT d.id, d.webhook_id, d.seq, a.event, a.at, a.resource_type, a.resource_id, d.state, d.attempts, \
             d.next_at, d.last_status, d.last_error, d.created_at, d.finished_at, CASE a.resource_type \
             WHEN 'comment' THEN (SELECT c.delegation_id FROM delegation_comments c WHERE c.id = a.resource_id) \
             WHEN 'message' THEN (SELECT m.conversation_id FROM messages m WHERE m.id = a.resource_id) END \
             FROM webhook_deliveries d LEFT JOIN audit_log a ON a.seq = d.seq ",
            $tail
        )
    };
}

statements! {
    INSERT = "INSERT INTO webhook_deliveries (id, webhook_id, seq, state, next_at, created_at) \
        VALUES (?1, ?2, ?3, 'pending', ?4, ?4) ON CONFLICT DO NOTHING";
    FIND = select!("JOIN webhooks w ON w.id = d.webhook_id AND w.team_id = ?1 WHERE d.id = ?2");
    PAGE = select!("WHERE d.webhook_id = ?1 AND d.id < ?2 AND (?3 IS NULL OR d.state = ?3) ORDER BY d.id DESC LIMIT ?4");
    WEBHOOKS = "SELECT w.id FROM webhooks w JOIN teams t ON t.id = w.team_id AND t.deleted_at IS NULL \
        WHERE w.state = 'active' AND EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.webhook_id = w.id \
        AND d.state = 'pending' AND d.next_at <= ?1)";
    DUE = select!("WHERE d.webhook_id = ?1 AND d.state = 'pending' AND d.next_at <= ?2 ORDER BY d.next_at LIMIT ?3");
    TRIED = "UPDATE webhook_deliveries SET state = ?2, attempts = ?3, next_at = ?4, last_status = ?5, last_error = ?6, \
        finished_at = ?7 WHERE id = ?1 AND state = 'pending'";
    AGAIN = "UPDATE webhook_deliveries SET state = 'pending', attempts = 0, next_at = ?2, finished_at = NULL \
        WHERE id = ?1 AND state <> 'pending'";
    RESUME = "UPDATE webhook_deliveries SET next_at = ?2 WHERE webhook_id = ?1 AND state = 'pending' \
        AND next_at IS NULL";
    PARK = "UPDATE webhook_deliveries SET next_at = NULL WHERE webhook_id = ?1 AND state = 'pending'";
    FORGET = "DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries \
        WHERE finished_at IS NOT NULL AND finished_at < ?1 LIMIT ?2)";
}

/// How many deliveries one webhook gets in one round.
const ROUND: i64 = 16;
/// How many old deliveries one act forgets at most.
const FORGOTTEN: i64 = 500;
/// Sorts behind every id: lists begin with the newest.
const LAST: &str = "g";

/// What one webhook is to be told at this moment, and how.
#[derive(Debug)]
pub struct Parcel {
    /// The team it is about.
    pub team: Id<Team>,
    /// The webhook.
    pub webhook: Id<Webhook>,
    /// Where to.
    pub url: Url,
    /// What to sign with.
    pub secrets: Vec<SigningSecret>,
    /// What, the one that waits longest first.
    pub deliveries: Vec<Delivery>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    /// How the delivery stands now.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// What the receiver answered.
    pub status: Option<u16>,
    /// Why it failed.
    pub fault: Option<Fault>,
}

/// Queues what happened up to row `until` for these webhooks, each row once. Answers how much that was.
pub fn queue(tx: &mut Tx<'_>, webhooks: &[Listening], until: i64) -> Result<u64, Error> {
    let Some(start) = webhooks.iter().map(|webhook| webhook.cursor).min() else { return Ok(0) };
    let mut queued = 0;
    for happening in feed::between(tx, start, until)? {
        for webhook in webhooks.iter().filter(|webhook| webhook.hears(&happening)) {
            insert(tx, webhook.id, Some(happening.seq))?;
            queued += 1;
        }
    }
    Ok(queued)
}

impl Listening {
    /// Whether the webhook is told of this, and was not judged for it yet.
    pub fn hears(&self, happening: &feed::Happening) -> bool {
        happening.seq > self.cursor && happening.team == self.team && self.events.includes(happening.event)
    }
}

/// Queues a test.
pub fn insert_test(tx: &mut Tx<'_>, team: Id<Team>, webhook: Id<Webhook>) -> Result<Delivery, Error> {
    let id = insert(tx, webhook, None)?;
    get(tx, team, id)
}

fn insert(tx: &mut Tx<'_>, webhook: Id<Webhook>, seq: Option<i64>) -> Result<Id<Delivery>, Error> {
    let (id, now) = (tx.mint_id::<Delivery>(), tx.now());
    tx.execute(INSERT, &[id.into(), webhook.into(), seq.into(), now.into()])?;
    Ok(id)
}

/// A team's delivery; `NotFound` when the team has none with this id.
pub fn get(read: &ReadTx<'_>, team: Id<Team>, id: Id<Delivery>) -> Result<Delivery, Error> {
    read.first(FIND, &[team.into(), id.into()], |row| delivery(&row))?.ok_or(Error::NotFound)
}

/// A webhook's deliveries, the newest first.
pub fn list(
    read: &ReadTx<'_>,
    webhook: Id<Webhook>,
    state: Option<DeliveryState>,
    page: &PageRequest,
) -> Result<Page<Delivery>, Error> {
    let values = [
        webhook.into(),
        page.after().map_or(Value::from(LAST), Value::plain),
        state.map(DeliveryState::as_str).into(),
        page.fetch().into(),
    ];
    let deliveries = read.all(PAGE, &values, |row| delivery(&row))?;
    Ok(page.cut(deliveries, |delivery| delivery.id.to_string()))
}

fn delivery(row: &Row<'_>) -> Result<Delivery, Error> {
    let small = |number: i64| u32::try_from(number).map_err(|_| unexpected("a count that is none"));
    let status = row.integer_or_none(10)?;
    Ok(Delivery {
        id: row.id(0)?,
        webhook: row.id(1)?,
        content: content(row)?,
        state: row.word(7, DeliveryState::parse)?,
        attempts: small(row.integer(8)?)?,
        next_at: row.time_or_none(9)?,
        last_status: status.map(u16::try_from).transpose().map_err(|_| unexpected("a status that is none"))?,
        last_fault: row.word_or_none(11, Fault::parse)?,
        created_at: row.time(12)?,
        finished_at: row.time_or_none(13)?,
    })
}

fn content(row: &Row<'_>) -> Result<Content, Error> {
    let Some(seq) = row.integer_or_none(2)? else { return Ok(Content::Test) };
    let Some(event) = row.text_or_none(3)?.and_then(Event::parse) else { return Ok(Content::Forgotten) };
    let (kind, id) = (row.text(5)?.to_owned(), row.id::<()>(6)?.uuid());
    let parent = row.id_or_none::<()>(14)?.map(Id::uuid);
    Ok(Content::Happened(Told { seq, event, at: row.time(4)?, kind, id, parent }))
}

/// What is due, by webhook; nothing of teams that are closed. A webhook whose sealed columns do not open is left out,
/// loudly, and the others are not.
pub fn due(read: &ReadTx<'_>) -> Result<Vec<Parcel>, Error> {
    let webhooks: Vec<Id<Webhook>> = read.all(WEBHOOKS, &[read.now().into()], |row| row.id(0))?;
    let parcels = webhooks.into_iter().filter_map(|id| {
        parcel(read, id).inspect_err(|error| tracing::error!(webhook = %id, %error, "a webhook cannot be read")).ok()
    });
    Ok(parcels.collect())
}

fn parcel(read: &ReadTx<'_>, id: Id<Webhook>) -> Result<Parcel, Error> {
    let (team, found) = webhook::find_any(read, id)?.ok_or(Error::NotFound)?;
    let deliveries = read.all(DUE, &[id.into(), read.now().into(), ROUND.into()], |row| delivery(&row))?;
    Ok(Parcel { team, webhook: id, url: found.url, secrets: webhook::secrets(read, id)?, deliveries })
}

/// Notes how an attempt ended. Nothing for a delivery that is gone.
pub fn note(tx: &mut Tx<'_>, id: Id<Delivery>, tried: &Tried) -> Result<(), Error> {
    let now = tx.now();
    let values = [
        id.into(),
        tried.state.as_str().into(),
        i64::from(tried.attempts).into(),
        tried.next_at.into(),
        tried.status.map(i64::from).into(),
        tried.fault.map(Fault::as_str).into(),
        (tried.state != DeliveryState::Pending).then_some(now).into(),
    ];
    tx.execute(TRIED, &values)?;
    Ok(())
}

/// Queues what came to an end once more, under its id, with all attempts before it. `Conflict(WrongState)` for what is
/// pending.
pub fn queue_again(tx: &mut Tx<'_>, id: Id<Delivery>) -> Result<(), Error> {
    let now = tx.now();
    match tx.execute(AGAIN, &[id.into(), now.into()])? {
        1 => Ok(()),
        _ => Err(Error::Conflict(Conflict::WrongState)),
    }
}

/// Lets what waits for a webhook go on.
pub(super) fn resume(tx: &mut Tx<'_>, webhook: Id<Webhook>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(RESUME, &[webhook.into(), now.into()])?;
    Ok(())
}

/// Lets what waits for a webhook wait until it is switched on.
pub(super) fn park(tx: &mut Tx<'_>, webhook: Id<Webhook>) -> Result<(), Error> {
    tx.execute(PARK, &[webhook.into()])?;
    Ok(())
}

/// Forgets some of what came to an end long ago.
pub fn forget(tx: &mut Tx<'_>) -> Result<(), Error> {
    let before = tx.now() - KEPT;
    tx.execute(FORGET, &[before.into(), FORGOTTEN.into()])?;
    Ok(())
}
