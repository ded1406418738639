//! Requests for the deletion of accounts in the database.

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::account::{DELETION_GRACE, Deletion};
use crate::domain::user::User;

use super::tx::{ReadTx, Tx};

statements! {
    INSERT = "INSERT INTO deletion_requests (id, user_id, state, requested_at, due_at) \
        VALUES (?1, ?2, 'requested', ?3, ?4)";
    LATEST = "SELECT requested_at, due_at, CASE WHEN state = 'cancelled' THEN decided_at END FROM deletion_requests \
        WHERE user_id = ?1 ORDER BY requested_at DESC LIMIT 1";
    CANCEL = "UPDATE deletion_requests SET state = 'cancelled', decided_at = ?2 \
        WHERE user_id = ?1 AND state = 'requested'";
}

/// Writes a request down.
pub fn insert(tx: &mut Tx<'_>, user: Id<User>) -> Result<Deletion, Error> {
    let now = tx.now();
    let deletion = Deletion { requested_at: now, due_at: now + DELETION_GRACE, cancelled_at: None };
    tx.execute(INSERT, &[tx.mint_id::<Deletion>().into(), user.into(), now.into(), deletion.due_at.into()])?;
    Ok(deletion)
}

/// A person's latest request, open or taken back. `NotFound` when there never was one.
pub fn latest(read: &ReadTx<'_>, user: Id<User>) -> Result<Deletion, Error> {
    let found = read.first(LATEST, &[user.into()], |row| {
        Ok(Deletion { requested_at: row.time(0)?, due_at: row.time(1)?, cancelled_at: row.time_or_none(2)? })
    })?;
    found.ok_or(Error::NotFound)
}

/// Takes a person's open request back.
pub fn cancel(tx: &mut Tx<'_>, user: Id<User>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(CANCEL, &[user.into(), now.into()])?;
    Ok(())
}
