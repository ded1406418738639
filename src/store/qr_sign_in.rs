//! QR sign-ins in the database. What a new device says of itself is sealed for the server: nobody is behind it yet.

use std::net::IpAddr;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::hex;
use crate::base::id::Id;
use crate::crypto::blind_index::BlindColumn;
use crate::domain::Error;
use crate::domain::device::DeviceDescription;
use crate::domain::qr_sign_in::{Approver, LIFETIME, Numbers, QrSignIn, State};

use super::engine::{Row, Value, unexpected};
use super::tx::{Column, ReadTx, Tx};

statements! {
    OPEN = "SELECT count(*) FROM (SELECT 1 FROM qr_logins WHERE expires_at > ?1 LIMIT ?2)";
    INSERT = "INSERT INTO qr_logins (id, state, poll_hash, scan_hash, name_sealed, platform_sealed, address_sealed, \
        network_bidx, number, first_decoy, second_decoy, created_at, expires_at) \
        VALUES (?1, 'created', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    PENDING = "SELECT count(*), min(expires_at) FROM qr_logins WHERE network_bidx = ?1 \
        AND state IN ('created', 'scanned', 'approved') AND expires_at > ?2";
    FIND = "SELECT state, name_sealed, platform_sealed, address_sealed, number, first_decoy, second_decoy, user_id, \
        session_id, expires_at FROM qr_logins WHERE id = ?1 AND (?2 IS NULL OR poll_hash = ?2) \
        AND (?3 IS NULL OR scan_hash = ?3)";
    SCAN = "UPDATE qr_logins SET state = 'scanned', user_id = ?2, session_id = ?3, scanned_at = ?4 WHERE id = ?1";
    DECIDE = "UPDATE qr_logins SET state = ?2, decided_at = ?3 WHERE id = ?1";
    CONSUME = "UPDATE qr_logins SET state = 'consumed', consumed_at = ?2 WHERE id = ?1";
    HAS_RUN_OUT = "SELECT 1 FROM qr_logins WHERE expires_at <= ?1 AND state IN ('created', 'scanned', 'approved') \
        LIMIT 1";
    EXPIRE = "UPDATE qr_logins SET state = 'expired' WHERE expires_at <= ?1 \
        AND state IN ('created', 'scanned', 'approved')";
}

const NAME: Column = Column { table: "qr_logins", name: "name_sealed" };
const PLATFORM: Column = Column { table: "qr_logins", name: "platform_sealed" };
const ADDRESS: Column = Column { table: "qr_logins", name: "address_sealed" };

/// A QR sign-in about to begin.
#[derive(Debug)]
pub struct NewQrSignIn {
    /// What the new device says of itself.
    pub device: DeviceDescription,
    /// Where it asks from.
    pub address: Option<IpAddr>,
    /// The network of that address.
    pub network: [u8; 16],
    /// SHA-256 of what the device alone has.
    pub poll_hash: [u8; 32],
    /// SHA-256 of what its code says.
    pub scan_hash: [u8; 32],
    /// The number it will show, and the decoys.
    pub numbers: Numbers,
}

/// Begins; it is over [`LIFETIME`] from now. Answers id and end.
pub fn insert(tx: &mut Tx<'_>, new: &NewQrSignIn) -> Result<(Id<QrSignIn>, Timestamp), Error> {
    tx.refuse_flood(OPEN)?;
    let id = tx.mint_id::<QrSignIn>();
    let (now, owner, row) = (tx.now(), tx.keys().instance(), id.uuid());
    let address = new.address.map(|address| tx.seal(owner, ADDRESS, row, &address.to_string())).transpose()?;
    let values = [
        id.into(),
        Value::bytes(&new.poll_hash),
        Value::bytes(&new.scan_hash),
        tx.seal(owner, NAME, row, new.device.name.as_str())?.into(),
        tx.seal(owner, PLATFORM, row, new.device.platform.as_str())?.into(),
        address.into(),
        tx.blind_index(BlindColumn::QrNetwork, &hex::encode(&new.network)).into(),
        i64::from(new.numbers.right).into(),
        i64::from(new.numbers.decoys[0]).into(),
        i64::from(new.numbers.decoys[1]).into(),
        now.into(),
        (now + LIFETIME).into(),
    ];
    tx.execute(INSERT, &values)?;
    Ok((id, now + LIFETIME))
}

/// How many are under way from a network, and how long until the first of them is over.
pub fn pending(read: &ReadTx<'_>, network: &[u8; 16]) -> Result<(i64, Duration), Error> {
    let index = read.blind_index(BlindColumn::QrNetwork, &hex::encode(network));
    let found = read.first(PENDING, &[index.into(), read.now().into()], |row| {
        Ok((row.integer(0)?, row.time_or_none(1)?.unwrap_or_default().since(read.now())))
    })?;
    found.ok_or_else(|| unexpected("a count without a row"))
}

/// The sign-in with this id.
pub fn find(read: &ReadTx<'_>, id: Id<QrSignIn>) -> Result<Option<QrSignIn>, Error> {
    find_with(read, id, Value::NULL, Value::NULL)
}

/// The sign-in with this id, for the new device: its own secret must be right.
pub fn find_by_poll(read: &ReadTx<'_>, id: Id<QrSignIn>, hash: &[u8; 32]) -> Result<Option<QrSignIn>, Error> {
    find_with(read, id, Value::bytes(hash), Value::NULL)
}

/// The sign-in with this id, for whoever read its code: the secret in it must be right.
pub fn find_by_scan(read: &ReadTx<'_>, id: Id<QrSignIn>, hash: &[u8; 32]) -> Result<Option<QrSignIn>, Error> {
    find_with(read, id, Value::NULL, Value::bytes(hash))
}

fn find_with(read: &ReadTx<'_>, id: Id<QrSignIn>, poll: Value, scan: Value) -> Result<Option<QrSignIn>, Error> {
    let (owner, uuid) = (read.keys().instance(), id.uuid());
    read.first(FIND, &[id.into(), poll, scan], |row| {
        let address = row.blob_or_none(3)?.map(|sealed| read.open(owner, ADDRESS, uuid, sealed)).transpose()?;
        let approver = row.id_or_none(7)?.zip(row.id_or_none(8)?);
        Ok(QrSignIn {
            id,
            stored: row.word(0, State::parse)?,
            device: DeviceDescription {
                name: read.open_line(owner, NAME, uuid, row.blob(1)?)?,
                platform: read.open_line(owner, PLATFORM, uuid, row.blob(2)?)?,
            },
            address: address.map(|text| text.parse().map_err(Error::internal)).transpose()?,
            numbers: Numbers { right: number(&row, 4)?, decoys: [number(&row, 5)?, number(&row, 6)?] },
            approver: approver.map(|(user, session)| Approver { user, session }),
            expires_at: row.time(9)?,
        })
    })
}

fn number(row: &Row<'_>, column: usize) -> Result<u8, Error> {
    u8::try_from(row.integer(column)?).map_err(Error::internal)
}

/// Notes who read the code.
pub fn scan(tx: &mut Tx<'_>, id: Id<QrSignIn>, approver: Approver) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(SCAN, &[id.into(), approver.user.into(), approver.session.into(), now.into()])?;
    Ok(())
}

/// Notes what they decided.
pub fn decide(tx: &mut Tx<'_>, id: Id<QrSignIn>, decided: State) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(DECIDE, &[id.into(), decided.as_str().into(), now.into()])?;
    Ok(())
}

/// Notes that the new device has its session.
pub fn consume(tx: &mut Tx<'_>, id: Id<QrSignIn>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(CONSUME, &[id.into(), now.into()])?;
    Ok(())
}

/// Whether the time of any has run out without a note of it.
pub fn has_run_out(read: &ReadTx<'_>) -> Result<bool, Error> {
    Ok(read.first(HAS_RUN_OUT, &[read.now().into()], |_| Ok(()))?.is_some())
}

/// Notes it; answers of how many.
pub fn expire(tx: &mut Tx<'_>) -> Result<usize, Error> {
    let now = tx.now();
    tx.execute(EXPIRE, &[now.into()])
}
