//! One-time sign-in links, made on the host.

use crate::base::id::Id;
use crate::domain::session::SIGN_IN_LIFETIME;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};

use super::engine::Value;
use super::session::TokenRecord;
use super::tx::{ReadTx, Tx};

statements! {
    INSERT_LINK = "INSERT INTO sign_in_links (selector, hash, purpose, user_id, created_at, expires_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    FIND_LINK = "SELECT hash, user_id, expires_at, consumed_at FROM sign_in_links WHERE selector = ?1";
    CONSUME_LINK = "UPDATE sign_in_links SET consumed_at = ?2 \
        WHERE selector = ?1 AND consumed_at IS NULL AND expires_at > ?2";
    SPEND_CLAIM_LINKS = "UPDATE sign_in_links SET consumed_at = ?1 WHERE purpose = 'claim' AND consumed_at IS NULL";
}

/// What a one-time link is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Makes the server's first owner.
    Claim,
    /// Lets this person in.
    SignIn(Id<User>),
}

/// Makes a link; it is good for 10 minutes.
pub fn insert_link(tx: &mut Tx<'_>, token: &TokenRecord, purpose: LinkPurpose) -> Result<(), Error> {
    let now = tx.now();
    let (word, user) = match purpose {
        LinkPurpose::Claim => ("claim", None),
        LinkPurpose::SignIn(user) => ("sign-in", Some(user)),
    };
    let [selector, hash] = token.values();
    tx.execute(INSERT_LINK, &[selector, hash, word.into(), user.into(), now.into(), (now + SIGN_IN_LIFETIME).into()])?;
    Ok(())
}

/// A link's row.
#[derive(Debug)]
pub struct LinkRow {
    /// bcrypt of the peppered secret; gone once the link has been cleaned up.
    pub hash: Option<String>,
    /// What it is good for.
    pub purpose: LinkPurpose,
    /// Whether its time is over.
    pub expired: bool,
    /// Whether it was used.
    pub consumed: bool,
}

/// The link behind a selector.
pub fn find_link(read: &ReadTx<'_>, selector: &str) -> Result<Option<LinkRow>, Error> {
    read.first(FIND_LINK, &[Value::plain(selector)], |row| {
        Ok(LinkRow {
            hash: row.text_or_none(0)?.map(str::to_owned),
            purpose: row.id_or_none(1)?.map_or(LinkPurpose::Claim, LinkPurpose::SignIn),
            expired: row.time(2)? <= read.now(),
            consumed: row.time_or_none(3)?.is_some(),
        })
    })
}

/// Uses a link up. `Conflict(AlreadyUsed)` when somebody was faster or its time is over.
pub fn consume_link(tx: &mut Tx<'_>, selector: &str) -> Result<(), Error> {
    let now = tx.now();
    match tx.execute(CONSUME_LINK, &[Value::plain(selector), now.into()])? {
        1 => Ok(()),
        _ => Err(Error::Conflict(Conflict::AlreadyUsed)),
    }
}

/// Uses up whatever claim links are still open: a server is claimed once.
pub fn spend_claim_links(tx: &mut Tx<'_>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(SPEND_CLAIM_LINKS, &[now.into()])?;
    Ok(())
}
