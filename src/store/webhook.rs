//! Webhooks in the database: where a team's business is told to, with secrets and addresses sealed under the team's key.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::base::secret::Secret;
use crate::crypto::webhook_signature::SigningSecret;
use crate::domain::notification::News;
use crate::domain::team::Team;
use crate::domain::text::Name;
use crate::domain::user::User;
use crate::domain::webhook::{MAX_WEBHOOKS, ROTATION_OVERLAP, Subscription, Url, Webhook, WebhookState};
use crate::domain::{Conflict, Error};

use super::engine::{Row, Value};
use super::tx::{Column, ReadTx, Tx, owned_by_team};
use super::{feed, notification, webhook_delivery};

/// The columns of a webhook.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, team_id, name_sealed, url_sealed, events, state, failing_since_at, old_secret_expires_at, \
             version, created_at, updated_at FROM webhooks ",
            $tail
        )
    };
}

statements! {
    INSERT = "INSERT INTO webhooks (id, team_id, name_sealed, url_sealed, secret_sealed, events, state, cursor, \
        created_by, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'active', ?7, ?8, ?9, ?9)";
    COUNT = "SELECT count(*) FROM webhooks WHERE team_id = ?1";
    FIND = select!("WHERE team_id = ?1 AND id = ?2");
    FIND_ANY = select!("WHERE id = ?1");
    LIST = select!("WHERE team_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3");
    UPDATE = "UPDATE webhooks SET name_sealed = ?3, url_sealed = ?4, events = ?5, state = ?6, cursor = ?7, \
        failing_since_at = NULL, version = version + 1, updated_at = ?8 WHERE team_id = ?1 AND id = ?2";
    SECRETS = "SELECT team_id, secret_sealed, CASE WHEN old_secret_expires_at > ?2 THEN old_secret_sealed END \
        FROM webhooks WHERE id = ?1";
    ROTATE = "UPDATE webhooks SET secret_sealed = ?3, old_secret_sealed = ?4, old_secret_expires_at = ?5, \
        version = version + 1, updated_at = ?6 WHERE team_id = ?1 AND id = ?2";
    DELETE = "DELETE FROM webhooks WHERE team_id = ?1 AND id = ?2";
    LISTENING = "SELECT id, team_id, events, cursor FROM webhooks WHERE state = 'active'";
    SERVED = "UPDATE webhooks SET cursor = ?1 WHERE state = 'active' AND cursor < ?1";
    SUCCEEDED = "UPDATE webhooks SET failing_since_at = NULL WHERE id = ?1 AND failing_since_at IS NOT NULL";
    FAILED = "UPDATE webhooks SET failing_since_at = coalesce(failing_since_at, ?2) WHERE id = ?1 AND state = 'active' \
        RETURNING failing_since_at";
    DISABLE = "UPDATE webhooks SET state = 'disabled', version = version + 1, updated_at = ?2 \
        WHERE id = ?1 AND state = 'active'";
    MADE_BY = select!("WHERE created_by = ?1 AND team_id = ?2 AND state = 'active'");
    OWNERS = "SELECT user_id FROM memberships WHERE team_id = ?1 AND role = 'owner'";
}

const NAME: Column = Column { table: "webhooks", name: "name_sealed" };
const URL: Column = Column { table: "webhooks", name: "url_sealed" };
const SECRET: Column = Column { table: "webhooks", name: "secret_sealed" };
const OLD_SECRET: Column = Column { table: "webhooks", name: "old_secret_sealed" };

/// What a webhook shall be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What its makers call it.
    pub name: Name,
    /// Where deliveries go.
    pub url: Url,
    /// What is told.
    pub events: Subscription,
    /// Whether it is served.
    pub state: WebhookState,
}

/// A webhook that is served, as far as the feed goes.
#[derive(Debug)]
pub struct Listening {
    /// The webhook.
    pub id: Id<Webhook>,
    /// Its team.
    pub team: Id<Team>,
    /// What it is told.
    pub events: Subscription,
    /// The last row of the audit log that it was judged for.
    pub cursor: i64,
}

/// Makes a webhook with a secret, which is shown this once. It is told what happens from now on.
/// `Conflict(LimitReached)` when the team has as many as it may.
pub fn insert(tx: &mut Tx<'_>, team: Id<Team>, wanted: &Wanted) -> Result<(Webhook, Secret<String>), Error> {
    if tx.first(COUNT, &[team.into()], |row| row.integer(0))?.unwrap_or_default() >= MAX_WEBHOOKS {
        return Err(Error::Conflict(Conflict::LimitReached));
    }
    let (id, owner) = (tx.mint_id::<Webhook>(), owned_by_team(team));
    let secret = SigningSecret::generate(tx.entropy()).to_text();
    let values = [
        id.into(),
        team.into(),
        tx.seal(owner, NAME, id.uuid(), wanted.name.as_str())?.into(),
        tx.seal(owner, URL, id.uuid(), wanted.url.as_str())?.into(),
        tx.seal_secret(owner, SECRET, id.uuid(), &secret)?.into(),
        Value::plain(&wanted.events.to_stored()),
        feed::head(tx)?.into(),
        tx.user()?.into(),
        tx.now().into(),
    ];
    tx.execute(INSERT, &values)?;
    Ok((get(tx, team, id)?, secret))
}

/// A team's webhook; `NotFound` when the team has none with this id.
pub fn get(read: &ReadTx<'_>, team: Id<Team>, id: Id<Webhook>) -> Result<Webhook, Error> {
    let found = read.first(FIND, &[team.into(), id.into()], |row| webhook(read, &row))?;
    found.map(|(_, webhook)| webhook).ok_or(Error::NotFound)
}

/// A webhook with its team, for the server itself.
pub(super) fn find_any(read: &ReadTx<'_>, id: Id<Webhook>) -> Result<Option<(Id<Team>, Webhook)>, Error> {
    read.first(FIND_ANY, &[id.into()], |row| webhook(read, &row))
}

/// A team's webhooks, in the order in which they were made.
pub fn list(read: &ReadTx<'_>, team: Id<Team>, page: &PageRequest) -> Result<Page<Webhook>, Error> {
    let values = [team.into(), Value::plain(page.after().unwrap_or_default()), page.fetch().into()];
    let webhooks = read.all(LIST, &values, |row| webhook(read, &row).map(|(_, webhook)| webhook))?;
    Ok(page.cut(webhooks, |webhook| webhook.id.to_string()))
}

fn webhook(read: &ReadTx<'_>, row: &Row<'_>) -> Result<(Id<Team>, Webhook), Error> {
    let (id, team) = (row.id::<Webhook>(0)?, row.id::<Team>(1)?);
    let owner = owned_by_team(team);
    let webhook = Webhook {
        id,
        name: read.open_line(owner, NAME, id.uuid(), row.blob(2)?)?,
        url: Url::new(read.open(owner, URL, id.uuid(), row.blob(3)?)?),
        events: Subscription::from_stored(row.text(4)?),
        state: row.word(5, WebhookState::parse)?,
        failing_since: row.time_or_none(6)?,
        old_secret_until: row.time_or_none(7)?.filter(|until| *until > read.now()),
        version: row.integer(8)?,
        created_at: row.time(9)?,
        updated_at: row.time(10)?,
    };
    Ok((team, webhook))
}

/// Replaces what a webhook is. What happened before is judged by what it was; while it was switched off, it missed what
/// happened. Deliveries that wait go where it points now, or wait until it is switched on again.
pub fn update(tx: &mut Tx<'_>, team: Id<Team>, id: Id<Webhook>, wanted: &Wanted) -> Result<(), Error> {
    let head = feed::head(tx)?;
    if let Some(listening) = listening(tx)?.iter().find(|one| one.id == id) {
        webhook_delivery::queue(tx, std::slice::from_ref(listening), head)?;
    }
    let owner = owned_by_team(team);
    let values = [
        team.into(),
        id.into(),
        tx.seal(owner, NAME, id.uuid(), wanted.name.as_str())?.into(),
        tx.seal(owner, URL, id.uuid(), wanted.url.as_str())?.into(),
        Value::plain(&wanted.events.to_stored()),
        wanted.state.as_str().into(),
        head.into(),
        tx.now().into(),
    ];
    tx.execute(UPDATE, &values)?;
    match wanted.state {
        WebhookState::Active => webhook_delivery::resume(tx, id),
        WebhookState::Disabled => webhook_delivery::park(tx, id),
    }
}

/// The secrets that deliveries are signed with: the present one, and the one before it while it counts.
pub fn secrets(read: &ReadTx<'_>, id: Id<Webhook>) -> Result<Vec<SigningSecret>, Error> {
    let open = |team: Id<Team>, column, bytes: Option<&[u8]>| {
        let Some(bytes) = bytes else { return Ok(None) };
        let text = Secret::new(read.open(owned_by_team(team), column, id.uuid(), bytes)?);
        SigningSecret::parse(text.expose()).map(Some).map_err(Error::internal)
    };
    let found = read.first(SECRETS, &[id.into(), read.now().into()], |row| {
        let team = row.id::<Team>(0)?;
        Ok([open(team, SECRET, Some(row.blob(1)?))?, open(team, OLD_SECRET, row.blob_or_none(2)?)?])
    })?;
    Ok(found.ok_or(Error::NotFound)?.into_iter().flatten().collect())
}

/// Gives a webhook a new secret, which is shown this once; the one it had counts for [`ROTATION_OVERLAP`] more, and one
/// from before that no more.
pub fn rotate(tx: &mut Tx<'_>, team: Id<Team>, id: Id<Webhook>) -> Result<Secret<String>, Error> {
    let owner = owned_by_team(team);
    let old = secrets(tx, id)?.into_iter().next().ok_or(Error::NotFound)?.to_text();
    let secret = SigningSecret::generate(tx.entropy()).to_text();
    let now = tx.now();
    let values = [
        team.into(),
        id.into(),
        tx.seal_secret(owner, SECRET, id.uuid(), &secret)?.into(),
        tx.seal_secret(owner, OLD_SECRET, id.uuid(), &old)?.into(),
        (now + ROTATION_OVERLAP).into(),
        now.into(),
    ];
    tx.execute(ROTATE, &values)?;
    Ok(secret)
}

/// Takes a webhook away, with all that was to be told to it.
pub fn delete(tx: &mut Tx<'_>, team: Id<Team>, id: Id<Webhook>) -> Result<(), Error> {
    tx.execute(DELETE, &[team.into(), id.into()])?;
    Ok(())
}

/// Every webhook that is served.
pub fn listening(read: &ReadTx<'_>) -> Result<Vec<Listening>, Error> {
    read.all(LISTENING, &[], |row| {
        Ok(Listening {
            id: row.id(0)?,
            team: row.id(1)?,
            events: Subscription::from_stored(row.text(2)?),
            cursor: row.integer(3)?,
        })
    })
}

/// Says that every webhook was judged for all rows up to this one.
pub fn mark_served(tx: &mut Tx<'_>, until: i64) -> Result<(), Error> {
    tx.execute(SERVED, &[until.into()])?;
    Ok(())
}

/// Notes that a receiver has something.
pub fn succeeded(tx: &mut Tx<'_>, id: Id<Webhook>) -> Result<(), Error> {
    tx.execute(SUCCEEDED, &[id.into()])?;
    Ok(())
}

/// Notes that an attempt failed; answers since when all have. `None` for a webhook that is not served any more.
pub fn failed(tx: &mut Tx<'_>, id: Id<Webhook>) -> Result<Option<Timestamp>, Error> {
    let now = tx.now();
    tx.first(FAILED, &[id.into(), now.into()], |row| row.time(0))
}

/// Switches a webhook off that nobody answers, and tells its team's Owners. Answers whether it was on.
pub fn disable(tx: &mut Tx<'_>, id: Id<Webhook>) -> Result<bool, Error> {
    let now = tx.now();
    if tx.execute(DISABLE, &[id.into(), now.into()])? == 0 {
        return Ok(false);
    }
    webhook_delivery::park(tx, id)?;
    let Some((team, webhook)) = find_any(tx, id)? else { return Ok(false) };
    tell_owners(tx, team, &News::WebhookDisabled { name: webhook.name.as_str().to_owned(), team, webhook: id })?;
    Ok(true)
}

/// Tells a team's Owners of the webhooks that go on without their maker, who may not manage them any more.
pub fn tell_orphaned(tx: &mut Tx<'_>, team: Id<Team>, maker: Id<User>) -> Result<(), Error> {
    let made = tx.all(MADE_BY, &[maker.into(), team.into()], |row| webhook(tx, &row).map(|(_, webhook)| webhook))?;
    for one in made {
        tell_owners(tx, team, &News::WebhookOrphaned { name: one.name.as_str().to_owned(), team, webhook: one.id })?;
    }
    Ok(())
}

fn tell_owners(tx: &mut Tx<'_>, team: Id<Team>, news: &News) -> Result<(), Error> {
    for owner in tx.all(OWNERS, &[team.into()], |row| row.id::<User>(0))? {
        notification::insert(tx, owner, news)?;
    }
    Ok(())
}
