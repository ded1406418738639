//! What people do not want to hear of: a row for each kind of news that somebody decided about.

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::notification::{Heard, Kind, Preference};
use crate::domain::user::User;

use super::tx::{ReadTx, Tx};

statements! {
    FIND = "SELECT in_app FROM notification_preferences WHERE user_id = ?1 AND kind = ?2";
    SAVE = "INSERT INTO notification_preferences (user_id, kind, in_app) VALUES (?1, ?2, ?3) \
        ON CONFLICT (user_id, kind) DO UPDATE SET in_app = excluded.in_app";
}

/// Whether a person wants to hear of a kind of news. What cannot be turned off is wanted, whatever the rows say.
pub fn wants(read: &ReadTx<'_>, user: Id<User>, kind: Kind) -> Result<bool, Error> {
    match kind.heard() {
        Heard::Always => Ok(true),
        Heard::AtWill => {
            let decided = read.first(FIND, &[user.into(), kind.as_str().into()], |row| row.integer(0))?;
            Ok(decided.is_none_or(|in_app| in_app == 1))
        }
    }
}

/// What a person wants to hear of, for every kind there is.
pub fn all(read: &ReadTx<'_>, user: Id<User>) -> Result<Vec<Preference>, Error> {
    let each = Kind::ALL.iter().map(|kind| Ok(Preference { kind: *kind, in_app: wants(read, user, *kind)? }));
    each.collect()
}

/// Notes what a person decided.
pub fn save(tx: &mut Tx<'_>, user: Id<User>, Preference { kind, in_app }: Preference) -> Result<(), Error> {
    tx.execute(SAVE, &[user.into(), kind.as_str().into(), i64::from(in_app).into()])?;
    Ok(())
}
