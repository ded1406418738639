//! Devices in the database: known again by their marks, listed, renamed, removed, and when they were last used.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::{Proof, SignedIn};
use crate::domain::api_key::ApiKey;
use crate::domain::device::{Device, DeviceDescription};
use crate::domain::event::Event;
use crate::domain::identity::LinkedIdentity;
use crate::domain::notification::News;
use crate::domain::session::{RevokeReason, Session};
use crate::domain::text::Name;
use crate::domain::user::User;

use super::engine::{Row, Value};
use super::notification;
use super::tx::{Column, ReadTx, Tx, owned_by_user};

/// A device with the number of its live sessions at the moment `?2`.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT d.id, d.name_sealed, d.platform_sealed, d.client_sealed, d.address_sealed, d.version, \
             d.first_seen_at, d.last_seen_at, d.removed_at, (SELECT count(*) FROM sessions s WHERE s.device_id = d.id \
             AND s.revoked_at IS NULL AND s.expires_at > ?2 AND s.epoch = u.session_epoch) \
             FROM devices d JOIN users u ON u.id = d.user_id WHERE d.user_id = ?1 AND ",
            $tail
        )
    };
}

statements! {
    FIND_MARKED = "SELECT id FROM devices WHERE mark_hash = ?1";
    IS_OF_USER = "SELECT id FROM devices WHERE id = ?1 AND user_id = ?2";
    CAME_BEFORE = "SELECT id FROM sessions WHERE user_id = ?1 LIMIT 1";
    INSERT = "INSERT INTO devices (id, user_id, name_sealed, platform_sealed, client_sealed, address_sealed, mark_hash, \
        first_seen_at, last_seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)";
    SEE = "UPDATE devices SET client_sealed = ?2, address_sealed = ?3, last_seen_at = ?4 WHERE id = ?1";
    OF_SESSION = "SELECT device_id FROM sessions WHERE id = ?1";
    GET = select!("d.id = ?3");
    LIST = select!("d.id < ?3 ORDER BY d.id DESC LIMIT ?4");
    RENAME = "UPDATE devices SET name_sealed = ?2, version = version + 1 WHERE id = ?1";
    DELETE = "DELETE FROM devices WHERE id = ?1";
    RETIRE = "UPDATE devices SET mark_hash = NULL, removed_at = ?2, version = version + 1 WHERE id = ?1 \
        AND (EXISTS (SELECT 1 FROM api_keys k WHERE k.device_id = ?1 AND k.revoked_at IS NULL AND k.expires_at > ?2) \
        OR EXISTS (SELECT 1 FROM passkeys p WHERE p.device_id = ?1) \
        OR EXISTS (SELECT 1 FROM identities i WHERE i.device_id = ?1))";
    LINKED_ON = "SELECT id FROM identities WHERE device_id = ?1";
    REVOKE_KEYS = "UPDATE api_keys SET revoked_at = ?2, revoke_reason = ?3 WHERE device_id = ?1 AND revoked_at IS NULL";
    DELETE_PASSKEYS = "DELETE FROM passkeys WHERE device_id = ?1";
    TOUCH = "UPDATE devices SET last_seen_at = ?2 WHERE id = (SELECT device_id FROM sessions WHERE id = ?1) \
        AND last_seen_at < ?2";
    TOUCH_KEY = "UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)";
}

pub(super) const NAME: Column = Column { table: "devices", name: "name_sealed" };
const PLATFORM: Column = Column { table: "devices", name: "platform_sealed" };
const CLIENT: Column = Column { table: "devices", name: "client_sealed" };
const ADDRESS: Column = Column { table: "devices", name: "address_sealed" };

/// A device that somebody signs in with.
#[derive(Clone, Debug)]
pub struct ArrivingDevice {
    /// What it is, should it be new.
    pub description: DeviceDescription,
    /// Which one it is by the mark it showed. Counts only when that is the same person's.
    pub marked: Option<Id<Device>>,
    /// SHA-256 of the mark it gets, should it be new.
    pub mark_hash: [u8; 32],
}

/// The device with this mark, whoever's it is.
pub fn find_marked(read: &ReadTx<'_>, mark_hash: &[u8; 32]) -> Result<Option<Id<Device>>, Error> {
    read.first(FIND_MARKED, &[Value::bytes(mark_hash)], |row| row.id(0))
}

/// Whether a device is this person's.
pub fn is_of(read: &ReadTx<'_>, id: Id<Device>, user: Id<User>) -> Result<bool, Error> {
    Ok(read.first(IS_OF_USER, &[id.into(), user.into()], |row| row.id::<Device>(0))?.is_some())
}

/// Receives a device at a sign-in: as the one that it was, or as a new one, of which the person's others hear.
pub(super) fn arrive(tx: &mut Tx<'_>, user: Id<User>, new: &ArrivingDevice) -> Result<Id<Device>, Error> {
    match new.marked {
        Some(known) if is_of(tx, known, user)? => {
            let [client, address] = circumstances(tx, user, known)?;
            let now = tx.now();
            tx.execute(SEE, &[known.into(), client, address, now.into()])?;
            Ok(known)
        }
        _ => insert(tx, user, new),
    }
}

fn insert(tx: &mut Tx<'_>, user: Id<User>, new: &ArrivingDevice) -> Result<Id<Device>, Error> {
    let (id, owner) = (tx.mint_id::<Device>(), owned_by_user(user));
    let is_first = tx.first(CAME_BEFORE, &[user.into()], |row| row.id::<Session>(0))?.is_none();
    let DeviceDescription { name, platform } = &new.description;
    let [client, address] = circumstances(tx, user, id)?;
    let values = [
        id.into(),
        user.into(),
        tx.seal(owner, NAME, id.uuid(), name.as_str())?.into(),
        tx.seal(owner, PLATFORM, id.uuid(), platform.as_str())?.into(),
        client,
        address,
        Value::bytes(&new.mark_hash),
        tx.now().into(),
    ];
    tx.execute(INSERT, &values)?;
    tx.also(Event::DeviceRegistered);
    tx.note("device", id);
    if !is_first {
        let (name, platform) = (name.as_str().to_owned(), platform.as_str().to_owned());
        let address = tx.caller().address.map(|address| address.to_string());
        notification::insert(tx, user, &News::NewDevice { device: id, name, platform, address })?;
    }
    Ok(id)
}

/// What the request says of the device: its program and its address, sealed.
fn circumstances(tx: &Tx<'_>, user: Id<User>, id: Id<Device>) -> Result<[Value; 2], Error> {
    let caller = tx.caller();
    let address = caller.address.map(|address| address.to_string());
    let seal = |column, text: Option<&str>| -> Result<Value, Error> {
        Ok(text.map(|text| tx.seal(owned_by_user(user), column, id.uuid(), text)).transpose()?.into())
    };
    Ok([seal(CLIENT, caller.user_agent.as_deref())?, seal(ADDRESS, address.as_deref())?])
}

/// The device that a sign-in belongs to; an API key has none.
pub fn of(read: &ReadTx<'_>, signed_in: &SignedIn) -> Result<Option<Id<Device>>, Error> {
    match signed_in.proof {
        Proof::Session(session) => Ok(read.first(OF_SESSION, &[session.id.into()], |row| row.id_or_none(0))?.flatten()),
        Proof::ApiKey(_) => Ok(None),
    }
}

/// A person's device, which must be there.
pub fn get(read: &ReadTx<'_>, user: Id<User>, id: Id<Device>) -> Result<Device, Error> {
    let values = [user.into(), read.now().into(), id.into()];
    read.first(GET, &values, |row| device(read, user, &row))?.ok_or(Error::NotFound)
}

/// A person's devices, the newest first.
pub fn list(read: &ReadTx<'_>, user: Id<User>, page: &PageRequest) -> Result<Page<Device>, Error> {
    let below = Value::plain(page.after().unwrap_or("~"));
    let values = [user.into(), read.now().into(), below, page.fetch().into()];
    let devices = read.all(LIST, &values, |row| device(read, user, &row))?;
    Ok(page.cut(devices, |device| device.id.to_string()))
}

fn device(read: &ReadTx<'_>, user: Id<User>, row: &Row<'_>) -> Result<Device, Error> {
    let (id, owner) = (row.id::<Device>(0)?, owned_by_user(user));
    let open = |column, sealed: Option<&[u8]>| sealed.map(|sealed| read.open(owner, column, id.uuid(), sealed));
    Ok(Device {
        id,
        name: read.open_line(owner, NAME, id.uuid(), row.blob(1)?)?,
        platform: read.open_line(owner, PLATFORM, id.uuid(), row.blob(2)?)?,
        client: open(CLIENT, row.blob_or_none(3)?).transpose()?,
        address: open(ADDRESS, row.blob_or_none(4)?).transpose()?,
        version: row.integer(5)?,
        first_seen_at: row.time(6)?,
        last_seen_at: row.time(7)?,
        removed_at: row.time_or_none(8)?,
        sessions: row.integer(9)?,
    })
}

/// Gives a person's device another name.
pub fn rename(tx: &mut Tx<'_>, user: Id<User>, id: Id<Device>, name: &Name) -> Result<(), Error> {
    let sealed = tx.seal(owned_by_user(user), NAME, id.uuid(), name.as_str())?;
    tx.execute(RENAME, &[id.into(), sealed.into()])?;
    Ok(())
}

/// Takes a device out: what it was known by is forgotten, its sessions were ended beforehand. While a key, passkey or
/// identity that was made on it lives, it stays in its owner's list, who may still find that it was never theirs.
pub fn remove(tx: &mut Tx<'_>, id: Id<Device>) -> Result<(), Error> {
    let now = tx.now();
    match tx.execute(RETIRE, &[id.into(), now.into()])? {
        0 => delete(tx, id),
        _ => Ok(()),
    }
}

/// The identities that were linked on a device.
pub fn identities(read: &ReadTx<'_>, id: Id<Device>) -> Result<Vec<Id<LinkedIdentity>>, Error> {
    read.all(LINKED_ON, &[id.into()], |row| row.id(0))
}

/// Forgets a device.
pub fn delete(tx: &mut Tx<'_>, id: Id<Device>) -> Result<(), Error> {
    tx.execute(DELETE, &[id.into()])?;
    Ok(())
}

/// Revokes the API keys that were made on a device; answers how many there were.
pub fn revoke_keys(tx: &mut Tx<'_>, id: Id<Device>, reason: RevokeReason) -> Result<usize, Error> {
    let now = tx.now();
    tx.execute(REVOKE_KEYS, &[id.into(), now.into(), reason.as_str().into()])
}

/// Removes the passkeys that were made on a device; answers how many there were.
pub fn delete_passkeys(tx: &mut Tx<'_>, id: Id<Device>) -> Result<usize, Error> {
    tx.execute(DELETE_PASSKEYS, &[id.into()])
}

/// Notes when the device of a session was last used, if that is news.
pub fn touch(tx: &mut Tx<'_>, session: Id<Session>, at: Timestamp) -> Result<(), Error> {
    tx.execute(TOUCH, &[session.into(), at.into()])?;
    Ok(())
}

/// Notes when an API key was last used, if that is news.
pub fn touch_key(tx: &mut Tx<'_>, key: Id<ApiKey>, at: Timestamp) -> Result<(), Error> {
    tx.execute(TOUCH_KEY, &[key.into(), at.into()])?;
    Ok(())
}
