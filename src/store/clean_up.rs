//! What lets nobody in any more loses its secrets: hashes of tokens, links, invitations and QR codes, and whole rows of
//! ways in that were given up.

use std::time::Duration;

use crate::domain::Error;

use super::engine::Value;
use super::tx::{ReadTx, Tx};

/// How long what belongs to a way in outlives its end: for whoever asks why it failed.
const GRACE: Duration = Duration::from_hours(1);
/// Rows that one batch changes at most.
const BATCH: i64 = 500;

/// Which rows are stale: `?1` is the present, `?2` the present less the grace. Partial indexes hold those rows alone that
/// still have a hash, so that what was cleaned up is never read again.
macro_rules! stale {
    (sessions) => {
        "SELECT t.selector FROM api_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.hash IS NOT NULL \
         AND t.session_id IS NOT NULL AND (s.expires_at <= ?1 OR s.revoked_at IS NOT NULL)"
    };
    (keys) => {
        "SELECT t.selector FROM api_tokens t JOIN api_keys k ON k.id = t.api_key_id WHERE t.hash IS NOT NULL \
         AND t.api_key_id IS NOT NULL AND (k.expires_at <= ?1 OR k.revoked_at IS NOT NULL)"
    };
    (links) => {
        "SELECT selector FROM sign_in_links WHERE hash IS NOT NULL AND (expires_at <= ?1 OR consumed_at IS NOT NULL)"
    };
    (invitations) => {
        "SELECT id FROM invitations WHERE hash IS NOT NULL \
         AND (expires_at <= ?1 OR accepted_at IS NOT NULL OR revoked_at IS NOT NULL)"
    };
    (qr) => {
        "SELECT id FROM qr_logins WHERE poll_hash IS NOT NULL AND expires_at <= ?2"
    };
    (transactions) => {
        "SELECT id FROM login_transactions WHERE expires_at <= ?2"
    };
    (codes) => {
        "SELECT id FROM login_codes WHERE expires_at <= ?2"
    };
    (ceremonies) => {
        "SELECT id FROM passkey_ceremonies WHERE expires_at <= ?2"
    };
}

/// A change to those of the stale rows that a batch has room for: `?3` of them.
macro_rules! change {
    ($change:literal, $what:ident) => {
        concat!($change, " IN (", stale!($what), " LIMIT ?3)")
    };
}

statements! {
    ANY = concat!("SELECT EXISTS (", stale!(sessions), ") OR EXISTS (", stale!(keys), ") OR EXISTS (", stale!(links),
        ") OR EXISTS (", stale!(invitations), ") OR EXISTS (", stale!(qr), ") OR EXISTS (", stale!(transactions),
        ") OR EXISTS (", stale!(codes), ") OR EXISTS (", stale!(ceremonies), ")");
    TOKENS_OF_SESSIONS = change!("UPDATE api_tokens SET hash = NULL WHERE selector", sessions);
    TOKENS_OF_KEYS = change!("UPDATE api_tokens SET hash = NULL WHERE selector", keys);
    LINKS = change!("UPDATE sign_in_links SET hash = NULL WHERE selector", links);
    INVITATIONS = change!("UPDATE invitations SET hash = NULL WHERE id", invitations);
    QR_SIGN_INS = change!("UPDATE qr_logins SET poll_hash = NULL, scan_hash = NULL WHERE id", qr);
    TRANSACTIONS = change!("DELETE FROM login_transactions WHERE id", transactions);
    CODES = change!("DELETE FROM login_codes WHERE id", codes);
    CEREMONIES = change!("DELETE FROM passkey_ceremonies WHERE id", ceremonies);
}

/// Each change, by what it is called in the audit log.
const CHANGES: [(&str, &str); 8] = [
    ("session_tokens", TOKENS_OF_SESSIONS),
    ("key_tokens", TOKENS_OF_KEYS),
    ("links", LINKS),
    ("invitations", INVITATIONS),
    ("qr_sign_ins", QR_SIGN_INS),
    ("login_transactions", TRANSACTIONS),
    ("login_codes", CODES),
    ("passkey_ceremonies", CEREMONIES),
];

/// Whether anything is stale.
pub fn any(read: &ReadTx<'_>) -> Result<bool, Error> {
    let now = read.now();
    Ok(read.first(ANY, &[now.into(), (now - GRACE).into()], |row| row.integer(0))? == Some(1))
}

/// Cleans up as much as one batch may; answers how many rows changed of each kind.
pub fn batch(tx: &mut Tx<'_>) -> Result<Vec<(&'static str, usize)>, Error> {
    let (now, mut room) = (tx.now(), BATCH);
    let mut changed = Vec::new();
    for (name, sql) in CHANGES {
        let values = [now.into(), (now - GRACE).into(), Value::from(room)];
        let count = tx.execute(sql, &values)?;
        if count > 0 {
            changed.push((name, count));
        }
        room -= i64::try_from(count).map_err(Error::internal)?;
    }
    Ok(changed)
}
