//! Ways in: one-time sign-in links, OpenID Connect sign-ins under way, and the identities they prove.

use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::crypto::blind_index::BlindColumn;
use crate::domain::session::SIGN_IN_LIFETIME;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};

use super::engine::Value;
use super::session::TokenRecord;
use super::tx::{Column, ReadTx, Tx, owned_by_user};

statements! {
    INSERT_LINK = "INSERT INTO sign_in_links (selector, hash, purpose, user_id, created_at, expires_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    FIND_LINK = "SELECT hash, user_id, expires_at, consumed_at FROM sign_in_links WHERE selector = ?1";
    CONSUME_LINK = "UPDATE sign_in_links SET consumed_at = ?2 \
        WHERE selector = ?1 AND consumed_at IS NULL AND expires_at > ?2";
    SPEND_CLAIM_LINKS = "UPDATE sign_in_links SET consumed_at = ?1 WHERE purpose = 'claim' AND consumed_at IS NULL";
    INSERT_TRANSACTION = "INSERT INTO login_transactions (id, purpose, state_hash, provider, cookie_hash, \
        nonce_sealed, verifier_sealed, created_at, expires_at) VALUES (?1, 'sign-in', ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    CONSUME_TRANSACTION = "UPDATE login_transactions SET consumed_at = ?4 WHERE state_hash = ?1 AND provider = ?2 \
        AND cookie_hash = ?3 AND consumed_at IS NULL AND expires_at > ?4 RETURNING id, nonce_sealed, verifier_sealed";
    FIND_IDENTITY = "SELECT user_id FROM identities WHERE issuer = ?1 AND subject_bidx = ?2";
    INSERT_IDENTITY = "INSERT INTO identities (id, user_id, issuer, subject_bidx, subject_sealed, created_at, \
        last_used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)";
    TOUCH_IDENTITY = "UPDATE identities SET last_used_at = ?3 WHERE issuer = ?1 AND subject_bidx = ?2";
}

const NONCE: Column = Column { table: "login_transactions", name: "nonce_sealed" };
const VERIFIER: Column = Column { table: "login_transactions", name: "verifier_sealed" };
const SUBJECT: Column = Column { table: "identities", name: "subject_sealed" };

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

/// A sign-in that leaves for its provider.
#[derive(Debug)]
pub struct NewTransaction {
    /// The provider's name.
    pub provider: String,
    /// SHA-256 of the `state` parameter.
    pub state_hash: [u8; 32],
    /// SHA-256 of the cookie that binds it to one browser.
    pub cookie_hash: [u8; 32],
    /// What the ID token must repeat.
    pub nonce: Secret<String>,
    /// What proves to the provider that we asked.
    pub verifier: Secret<String>,
}

/// Remembers a sign-in for 10 minutes.
pub fn insert_transaction(tx: &mut Tx<'_>, new: &NewTransaction) -> Result<(), Error> {
    let id = tx.mint_id::<NewTransaction>();
    let owner = tx.keys().instance();
    let now = tx.now();
    let values = [
        id.into(),
        Value::bytes(&new.state_hash),
        Value::plain(&new.provider),
        Value::bytes(&new.cookie_hash),
        tx.seal_secret(owner, NONCE, id.uuid(), &new.nonce)?.into(),
        tx.seal_secret(owner, VERIFIER, id.uuid(), &new.verifier)?.into(),
        now.into(),
        (now + SIGN_IN_LIFETIME).into(),
    ];
    tx.execute(INSERT_TRANSACTION, &values)?;
    Ok(())
}

/// What a returning sign-in needs.
#[derive(Debug)]
pub struct Transaction {
    /// What the ID token must repeat.
    pub nonce: Secret<String>,
    /// What proves to the provider that we asked.
    pub verifier: Secret<String>,
}

/// Uses a sign-in up, for this provider and this browser only; `None` when there is none, or not any more.
pub fn consume_transaction(
    tx: &mut Tx<'_>,
    provider: &str,
    state_hash: &[u8; 32],
    cookie_hash: &[u8; 32],
) -> Result<Option<Transaction>, Error> {
    let owner = tx.keys().instance();
    let values = [Value::bytes(state_hash), Value::plain(provider), Value::bytes(cookie_hash), tx.now().into()];
    tx.first(CONSUME_TRANSACTION, &values, |row| {
        let id = row.id::<NewTransaction>(0)?.uuid();
        Ok(Transaction {
            nonce: Secret::new(tx.open(owner, NONCE, id, row.blob(1)?)?),
            verifier: Secret::new(tx.open(owner, VERIFIER, id, row.blob(2)?)?),
        })
    })
}

/// Whom an identity belongs to. An identity is issuer and subject together; an e-mail is none.
pub fn find_identity(read: &ReadTx<'_>, issuer: &str, subject: &str) -> Result<Option<Id<User>>, Error> {
    let index = read.blind_index(BlindColumn::IdentitySubject, subject);
    read.first(FIND_IDENTITY, &[Value::plain(issuer), index.into()], |row| row.id(0))
}

/// Gives a person an identity.
pub fn insert_identity(tx: &mut Tx<'_>, user: Id<User>, issuer: &str, subject: &str) -> Result<(), Error> {
    let id = tx.mint_id::<Transaction>().uuid();
    let values = [
        id.into(),
        user.into(),
        Value::plain(issuer),
        tx.blind_index(BlindColumn::IdentitySubject, subject).into(),
        tx.seal(owned_by_user(user), SUBJECT, id, subject)?.into(),
        tx.now().into(),
    ];
    tx.execute(INSERT_IDENTITY, &values)?;
    Ok(())
}

/// Notes that an identity was used.
pub fn touch_identity(tx: &mut Tx<'_>, issuer: &str, subject: &str) -> Result<(), Error> {
    let index = tx.blind_index(BlindColumn::IdentitySubject, subject);
    let now = tx.now();
    tx.execute(TOUCH_IDENTITY, &[Value::plain(issuer), index.into(), now.into()])?;
    Ok(())
}
