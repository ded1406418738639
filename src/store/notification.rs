//! Notifications in the database, in the order in which they were written.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::device::Device;
use crate::domain::notification::{News, Notification};
use crate::domain::user::User;

use super::engine::Row;
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
    LAST = heard!("SELECT seq, id FROM notifications ", "ORDER BY seq DESC LIMIT 1");
    FIND = heard!("SELECT seq, id FROM notifications ", "AND id = ?3");
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

/// A place in the order of notifications.
#[derive(Clone, Copy, Debug, Default)]
pub struct Position {
    /// Behind the notification with this number.
    pub seq: i64,
    /// That notification, when it is still there.
    pub id: Option<Id<Notification>>,
}

/// Tells a person something, at once where they listen.
pub fn insert(tx: &mut Tx<'_>, user: Id<User>, news: &News) -> Result<Id<Notification>, Error> {
    let id = tx.mint_id::<Notification>();
    let detail = serde_json::to_string(news).map_err(Error::internal)?;
    let values = [
        id.into(),
        user.into(),
        news.kind().into(),
        news.unheard_by().into(),
        tx.seal(owned_by_user(user), DETAIL, id.uuid(), &detail)?.into(),
        tx.now().into(),
    ];
    tx.execute(INSERT, &values)?;
    tx.signal(Signal::Notified(user));
    Ok(id)
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

/// Behind all that there is.
pub fn last(read: &ReadTx<'_>, listener: Listener) -> Result<Position, Error> {
    let found = read.first(LAST, &[listener.user.into(), listener.device.into()], |row| position(&row))?;
    Ok(found.unwrap_or_default())
}

/// Behind this notification; `None` when the listener has no such one.
pub fn find(read: &ReadTx<'_>, listener: Listener, id: Id<Notification>) -> Result<Option<Position>, Error> {
    read.first(FIND, &[listener.user.into(), listener.device.into(), id.into()], |row| position(&row))
}

fn position(row: &Row<'_>) -> Result<Position, Error> {
    Ok(Position { seq: row.integer(0)?, id: Some(row.id(1)?) })
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
