//! Allowances in use, kept across a restart. The door writes them with the act that used them.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::user::User;

use super::engine::{Engine, Value};
use super::tx::ReadTx;

statements! {
    SAVE = "INSERT INTO quota_state (user_id, quota, free_at) VALUES (?1, ?2, ?3) \
        ON CONFLICT (user_id, quota) DO UPDATE SET free_at = excluded.free_at";
    LOAD = "SELECT user_id, quota, free_at FROM quota_state WHERE free_at > ?1";
}

/// A person's allowance that is not full.
#[derive(Clone, Debug)]
pub struct QuotaUse {
    /// Whose it is.
    pub user: Id<User>,
    /// The quota's name.
    pub quota: String,
    /// When it will be full again.
    pub free_at: Timestamp,
}

/// Writes an allowance in use.
pub(super) fn save(engine: &dyn Engine, used: &QuotaUse) -> Result<(), Error> {
    engine.execute(SAVE, &[used.user.into(), Value::plain(&used.quota), used.free_at.into()])?;
    Ok(())
}

/// What was in use.
pub fn load(read: &ReadTx<'_>) -> Result<Vec<QuotaUse>, Error> {
    read.all(LOAD, &[read.now().into()], |row| {
        Ok(QuotaUse { user: row.id(0)?, quota: row.text(1)?.to_owned(), free_at: row.time(2)? })
    })
}
