//! Answers that were given, kept for a day for whoever repeats their request.

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::idempotency::{KEPT, Mark};
use crate::domain::user::User;

use super::engine::Value;
use super::tx::{Column, ReadTx, Tx, owned_by_user};

statements! {
    FIND = "SELECT id, request_hash, answer_sealed, seq FROM idempotency_keys \
        WHERE user_id = ?1 AND key_hash = ?2 AND created_at > ?3";
    KEEP = "INSERT INTO idempotency_keys (user_id, key_hash, request_hash, id, answer_sealed, seq, created_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (user_id, key_hash) DO UPDATE SET \
        request_hash = excluded.request_hash, id = excluded.id, answer_sealed = excluded.answer_sealed, \
        seq = excluded.seq, created_at = excluded.created_at";
    ANY = "SELECT EXISTS (SELECT 1 FROM idempotency_keys WHERE created_at <= ?1)";
    FORGET = "DELETE FROM idempotency_keys WHERE (user_id, key_hash) IN \
        (SELECT user_id, key_hash FROM idempotency_keys WHERE created_at <= ?1 LIMIT ?2)";
}

const ANSWER: Column = Column { table: "idempotency_keys", name: "answer_sealed" };

/// Rows that one batch deletes at most.
const BATCH: i64 = 500;

/// How an answer is written down; `None` for one that is shown once and kept nowhere.
pub type Render<T> = dyn FnOnce(&T) -> Result<Option<String>, Error> + Send;

/// An act and how its answer is written down for a repetition.
pub struct Once<T> {
    /// Which request it came with.
    pub mark: Mark,
    /// Writes its answer down.
    pub render: Box<Render<T>>,
}

/// What was answered before.
#[derive(Debug)]
pub struct Before {
    /// The answer, as it was written down; `None` when it was one that is shown once.
    pub answer: Option<String>,
    /// The audit row that stands for the act.
    pub seq: i64,
}

/// What was answered to this person's request of that key. `Invalid` when it was another request.
pub fn find(read: &ReadTx<'_>, user: Id<User>, mark: &Mark) -> Result<Option<Before>, Error> {
    let values = [user.into(), Value::bytes(&mark.key), (read.now() - KEPT).into()];
    read.first(FIND, &values, |row| {
        if row.blob(1)? != mark.request {
            return Err(Error::invalid("Idempotency-Key", "was used for another request"));
        }
        let id = row.id::<Before>(0)?.uuid();
        let open = |bytes: &[u8]| read.open(owned_by_user(user), ANSWER, id, bytes);
        Ok(Before { answer: row.blob_or_none(2)?.map(open).transpose()?, seq: row.integer(3)? })
    })
}

/// Keeps an answer.
pub(super) fn keep(tx: &mut Tx<'_>, mark: &Mark, answer: Option<&str>, seq: i64) -> Result<(), Error> {
    let (user, id) = (tx.user()?, tx.mint_id::<Before>());
    let sealed = answer.map(|answer| tx.seal(owned_by_user(user), ANSWER, id.uuid(), answer)).transpose()?;
    let hashes = [Value::bytes(&mark.key), Value::bytes(&mark.request)];
    let [key, request] = hashes;
    let values = [user.into(), key, request, id.into(), sealed.into(), seq.into(), tx.now().into()];
    tx.execute(KEEP, &values)?;
    Ok(())
}

/// Whether any answer is too old.
pub fn any_old(read: &ReadTx<'_>) -> Result<bool, Error> {
    Ok(read.first(ANY, &[(read.now() - KEPT).into()], |row| row.integer(0))? == Some(1))
}

/// Forgets as many of the old answers as one batch may; answers how many.
pub fn forget(tx: &mut Tx<'_>) -> Result<usize, Error> {
    tx.execute(FORGET, &[(tx.now() - KEPT).into(), BATCH.into()])
}
