//! Notifications in the database, in the order in which they were written.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::device::Device;
use crate::domain::notification::{News, Notification};
use crate::domain::user::User;

use super::engine::Row;
use super::preference;
use super::signal::Signal;
use super::tx::{Column, ReadTx, Tx, owned_by_user};

/// What a person's device `?2` may hear of: everything but the news that it is itself.
macro_rules! heard {
    ($start:literal, $tail:literal) => {
        concat!($start, "WHERE user_id = ?1 AND (device_id IS NULL OR device_id IS DISTINCT FROM ?2) ", $tail)
    };
}

/// Rows that a person's device may hear of.
macro_rules! select {
    ($tail:literal) => {
        heard!("SELECT seq, id, detail_sealed, created_at, read_at FROM notifications ", $tail)
    };
}

statements! {
    INSERT = "INSERT INTO notifications (id, user_id, kind, device_id, detail_sealed, created_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    LIST = select!("AND seq < ?3 ORDER BY seq DESC LIMIT ?4");
    LIST_UNREAD = select!("AND seq < ?3 AND read_at IS NULL ORDER BY seq DESC LIMIT ?4");
    NEXT = select!("AND seq > ?3 ORDER BY seq LIMIT 1");
    UNREAD = heard!("SELECT count(*) FROM notifications ", "AND read_at IS NULL");
    HEAD = "SELECT coalesce(max(seq), 0) FROM notifications";
    FIND = heard!("SELECT 1 FROM notifications ", "AND id = ?3");
    READ = "UPDATE notifications SET read_at = ?2 WHERE id = ?1 AND read_at IS NULL";
    READ_ALL = heard!("UPDATE notifications SET read_at = ?3 ", "AND read_at IS NULL");
}

const DETAIL: Column = Column { table: "notifications", name: "detail_sealed" };

/// Who listens: a person, on one of their devices where that is known.
#[derive(Clone, Copy, Debug)]
pub struct Listener {
    /// The person.
    pub user: Id<User>,
    /// The device; `None` for an API key, or when the device was removed.
    pub device: Option<Id<Device>>,
}

/// Tells a person something, at once where they listen; `None` when they do not want to hear of it.
pub fn insert(tx: &mut Tx<'_>, user: Id<User>, news: &News) -> Result<Option<Id<Notification>>, Error> {
    if !preference::wants(tx, user, news.kind())? {
        return Ok(None);
    }
    let id = tx.mint_id::<Notification>();
    let detail = serde_json::to_string(news).map_err(Error::internal)?;
    let values = [
        id.into(),
        user.into(),
        news.kind().as_str().into(),
        news.unheard_by().into(),
        tx.seal(owned_by_user(user), DETAIL, id.uuid(), &detail)?.into(),
        tx.now().into(),
    ];
    tx.execute(INSERT, &values)?;
    tx.signal(Signal::Notified(user));
    Ok(Some(id))
}

/// What a person was told, the newest first.
pub fn list(
    read: &ReadTx<'_>,
    Listener { user, device }: Listener,
    only_unread: bool,
    page: &PageRequest,
) -> Result<Page<Notification>, Error> {
    let below: i64 = match page.after() {
        None => i64::MAX,
        Some(key) => key.parse().map_err(|_| Error::invalid("cursor", "is not a cursor of this list"))?,
    };
    let sql = if only_unread { LIST_UNREAD } else { LIST };
    let values = [user.into(), device.into(), below.into(), page.fetch().into()];
    let notifications = read.all(sql, &values, |row| notification(read, user, &row))?;
    Ok(page.cut(notifications, |notification| notification.seq.to_string()))
}

fn notification(read: &ReadTx<'_>, user: Id<User>, row: &Row<'_>) -> Result<Notification, Error> {
    let id = row.id::<Notification>(1)?;
    let detail = read.open(owned_by_user(user), DETAIL, id.uuid(), row.blob(2)?)?;
    Ok(Notification {
        id,
        seq: row.integer(0)?,
        news: serde_json::from_str(&detail).map_err(Error::internal)?,
        created_at: row.time(3)?,
        read_at: row.time_or_none(4)?,
    })
}

/// The first notification behind a position.
pub fn next(read: &ReadTx<'_>, listener: Listener, after: i64) -> Result<Option<Notification>, Error> {
    let values = [listener.user.into(), listener.device.into(), after.into()];
    read.first(NEXT, &values, |row| notification(read, listener.user, &row))
}

/// How many the listener could hear of and has not read.
pub fn unread(read: &ReadTx<'_>, listener: Listener) -> Result<i64, Error> {
    let values = [listener.user.into(), listener.device.into()];
    Ok(read.first(UNREAD, &values, |row| row.integer(0))?.unwrap_or_default())
}

/// The last place in the order of notifications, whoever they are for.
pub fn head(read: &ReadTx<'_>) -> Result<i64, Error> {
    Ok(read.first(HEAD, &[], |row| row.integer(0))?.unwrap_or_default())
}

/// Whether the listener could hear of this notification.
pub fn is_heard(read: &ReadTx<'_>, listener: Listener, id: Id<Notification>) -> Result<bool, Error> {
    let found = read.first(FIND, &[listener.user.into(), listener.device.into(), id.into()], |row| row.integer(0))?;
    Ok(found.is_some())
}

/// Marks a notification as read.
pub fn mark_read(tx: &mut Tx<'_>, id: Id<Notification>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(READ, &[id.into(), now.into()])?;
    Ok(())
}

/// Marks everything as read that the listener could hear of; answers how much that was.
pub fn mark_all_read(tx: &mut Tx<'_>, listener: Listener) -> Result<usize, Error> {
    let now = tx.now();
    tx.execute(READ_ALL, &[listener.user.into(), listener.device.into(), now.into()])
}
