//! Allowances in use, kept across a restart.

use crate::base::clock::Timestamp;
use crate::domain::Error;

use super::engine::Value;
use super::tx::{ReadTx, Tx};

statements! {
    SAVE = "INSERT INTO quota_state (quota, caller, free_at) VALUES (?1, ?2, ?3) \
        ON CONFLICT (quota, caller) DO UPDATE SET free_at = excluded.free_at";
    LOAD = "SELECT quota, caller, free_at FROM quota_state WHERE free_at > ?1";
    FORGET = "DELETE FROM quota_state WHERE free_at <= ?1";
}

/// One allowance that is not full.
#[derive(Clone, Debug)]
pub struct QuotaRow {
    /// The quota's name.
    pub quota: String,
    /// Whose it is, as a keyed hash.
    pub caller: Vec<u8>,
    /// When it will be full again.
    pub free_at: Timestamp,
}

/// Writes what is in use, and forgets what is full again.
pub fn save(tx: &mut Tx<'_>, rows: &[QuotaRow]) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(FORGET, &[now.into()])?;
    for row in rows {
        tx.execute(SAVE, &[Value::plain(&row.quota), Value::bytes(&row.caller), row.free_at.into()])?;
    }
    Ok(())
}

/// What was in use.
pub fn load(read: &ReadTx<'_>) -> Result<Vec<QuotaRow>, Error> {
    read.all(LOAD, &[read.now().into()], |row| {
        Ok(QuotaRow { quota: row.text(0)?.to_owned(), caller: row.blob(1)?.to_vec(), free_at: row.time(2)? })
    })
}
