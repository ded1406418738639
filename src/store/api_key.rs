//! API keys in the database.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::{Proof, SignedIn};
use crate::domain::api_key::ApiKey;
use crate::domain::delegation::Person;
use crate::domain::networks::Networks;
use crate::domain::permission::Scopes;
use crate::domain::session::{RevokeReason, Session};
use crate::domain::text::Name;
use crate::domain::user::User;

use super::engine::{Row, Value};
use super::session::{TokenRecord, TokenRow};
use super::signal::Signal;
use super::tx::{Column, ReadTx, Tx, owned_by_user};
use super::user::Names;

/// The columns of a key with the name of its maker.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT k.id, k.user_id, k.name_sealed, k.scopes, k.networks_sealed, k.created_at, k.expires_at, \
             k.last_used_at, k.revoked_at, u.name_sealed FROM api_keys k JOIN users u ON u.id = k.user_id ",
            $tail
        )
    };
}

statements! {
    INSERT = "INSERT INTO api_keys (id, user_id, device_id, name_sealed, scopes, networks_sealed, created_at, \
        expires_at) VALUES (?1, ?2, (SELECT device_id FROM sessions WHERE id = ?3), ?4, ?5, ?6, ?7, ?8)";
    INSERT_TOKEN = "INSERT INTO api_tokens (selector, hash, user_id, api_key_id, created_at) \
        VALUES (?1, ?2, ?3, ?4, ?5)";
    FIND_TOKEN = "SELECT t.hash, k.id, k.user_id, k.networks_sealed, k.expires_at, \
        k.revoked_at IS NULL AND u.state = 'active' FROM api_tokens t JOIN api_keys k ON k.id = t.api_key_id \
        JOIN users u ON u.id = k.user_id WHERE t.selector = ?1 AND t.hash IS NOT NULL";
    FIND = select!("WHERE k.id = ?1");
    MAKER = "SELECT user_id FROM api_keys WHERE id = ?1 AND revoked_at IS NULL";
    COUNT_LIVE = "SELECT count(*) FROM api_keys WHERE user_id = ?1 AND revoked_at IS NULL AND expires_at > ?2";
    PAGE = select!("WHERE k.id > ?1 AND (?2 = 1 OR k.revoked_at IS NULL) ORDER BY k.id LIMIT ?3");
    PAGE_OF_USER = select!(
        "WHERE k.user_id = ?4 AND k.id > ?1 AND (?2 = 1 OR k.revoked_at IS NULL) ORDER BY k.id LIMIT ?3"
    );
    REVOKE = "UPDATE api_keys SET revoked_at = ?2, revoke_reason = ?3 WHERE id = ?1 AND revoked_at IS NULL \
        RETURNING user_id";
    REVOKE_ALL = "UPDATE api_keys SET revoked_at = ?2, revoke_reason = ?3 WHERE user_id = ?1 AND revoked_at IS NULL";
}

const NAME: Column = Column { table: "api_keys", name: "name_sealed" };
const NETWORKS: Column = Column { table: "api_keys", name: "networks_sealed" };

/// A key about to be made.
#[derive(Debug)]
pub struct NewApiKey {
    /// What its maker calls it.
    pub name: Name,
    /// What it shall be good for.
    pub scopes: Scopes,
    /// From where.
    pub networks: Networks,
    /// Until when.
    pub expires_at: Timestamp,
    /// Its token.
    pub token: TokenRecord,
}

/// Makes a key for whoever acts; it belongs to the device of the session it is made in.
pub fn insert(tx: &mut Tx<'_>, maker: Id<User>, session: Id<Session>, new: &NewApiKey) -> Result<ApiKey, Error> {
    let (id, now, owner) = (tx.mint_id::<ApiKey>(), tx.now(), owned_by_user(maker));
    let networks = new.networks.to_stored();
    let values = [
        id.into(),
        maker.into(),
        session.into(),
        tx.seal(owner, NAME, id.uuid(), new.name.as_str())?.into(),
        Value::plain(&new.scopes.to_stored()),
        networks.map(|networks| tx.seal(owner, NETWORKS, id.uuid(), &networks)).transpose()?.into(),
        now.into(),
        new.expires_at.into(),
    ];
    tx.execute(INSERT, &values)?;
    let [selector, hash] = new.token.values();
    tx.execute(INSERT_TOKEN, &[selector, hash, maker.into(), id.into(), now.into()])?;
    get(tx, id)
}

/// The row behind a selector. A key is as good as revoked while its maker is not in good standing.
pub fn find_token(read: &ReadTx<'_>, selector: &str) -> Result<Option<TokenRow>, Error> {
    read.first(FIND_TOKEN, &[Value::plain(selector)], |row| {
        let (id, user) = (row.id::<ApiKey>(1)?, row.id(2)?);
        Ok(TokenRow {
            hash: row.text_or_none(0)?.map(str::to_owned),
            signed_in: SignedIn { user, proof: Proof::ApiKey(id) },
            networks: networks(read, user, id, row.blob_or_none(3)?)?,
            expires_at: row.time(4)?,
            idle: false,
            revoked: row.integer(5)? != 1,
        })
    })
}

fn networks(read: &ReadTx<'_>, maker: Id<User>, id: Id<ApiKey>, sealed: Option<&[u8]>) -> Result<Networks, Error> {
    let Some(sealed) = sealed else { return Ok(Networks::default()) };
    Networks::from_stored(&read.open(owned_by_user(maker), NETWORKS, id.uuid(), sealed)?)
}

fn api_key(read: &ReadTx<'_>, row: &Row<'_>) -> Result<ApiKey, Error> {
    let (id, user) = (row.id(0)?, row.id(1)?);
    Ok(ApiKey {
        id,
        user,
        name: read.open_line(owned_by_user(user), NAME, id.uuid(), row.blob(2)?)?,
        scopes: Scopes::from_stored(row.text(3)?),
        networks: networks(read, user, id, row.blob_or_none(4)?)?,
        created_at: row.time(5)?,
        expires_at: row.time(6)?,
        last_used_at: row.time_or_none(7)?,
        revoked_at: row.time_or_none(8)?,
    })
}

/// The key with this id, which must be there.
pub fn get(read: &ReadTx<'_>, id: Id<ApiKey>) -> Result<ApiKey, Error> {
    read.first(FIND, &[id.into()], |row| api_key(read, &row))?.ok_or(Error::NotFound)
}

/// Who made a key. `NotFound` when there is none, or it was taken away.
pub fn maker(read: &ReadTx<'_>, id: Id<ApiKey>) -> Result<Id<User>, Error> {
    read.first(MAKER, &[id.into()], |row| row.id(0))?.ok_or(Error::NotFound)
}

/// How many keys of a person are good for something.
pub fn count_live(read: &ReadTx<'_>, maker: Id<User>) -> Result<i64, Error> {
    Ok(read.first(COUNT_LIVE, &[maker.into(), read.now().into()], |row| row.integer(0))?.unwrap_or(0))
}

/// Keys in the order they were made, each with its maker: of one person, when one is named; without those that were
/// taken away, unless they are wanted.
pub fn list(
    read: &ReadTx<'_>,
    maker: Option<Id<User>>,
    with_revoked: bool,
    page: &PageRequest,
) -> Result<Page<(ApiKey, Person)>, Error> {
    let after = Value::plain(page.after().unwrap_or_default());
    let mut names = Names::default();
    let mut shown = |row: Row<'_>| {
        let key = api_key(read, &row)?;
        let person = Person { id: key.user, name: names.open(read, key.user, row.blob(9)?)? };
        Ok((key, person))
    };
    let values = [after, i64::from(with_revoked).into(), page.fetch().into()];
    let keys = match maker {
        None => read.all(PAGE, &values, &mut shown)?,
        Some(maker) => {
            let [after, with_revoked, limit] = values;
            read.all(PAGE_OF_USER, &[after, with_revoked, limit, maker.into()], &mut shown)?
        }
    };
    Ok(page.cut(keys, |(key, _)| key.id.to_string()))
}

/// Takes a key away: it is refused from the next request on.
pub fn revoke(tx: &mut Tx<'_>, id: Id<ApiKey>, reason: RevokeReason) -> Result<(), Error> {
    let now = tx.now();
    let values = [id.into(), now.into(), reason.as_str().into()];
    if let Some(maker) = tx.first(REVOKE, &values, |row| row.id(0))? {
        tx.signal(Signal::TrustEnded(maker));
    }
    Ok(())
}

/// Takes all keys of a person away. Answers how many there were.
pub fn revoke_all(tx: &mut Tx<'_>, maker: Id<User>, reason: RevokeReason) -> Result<usize, Error> {
    let now = tx.now();
    tx.signal(Signal::TrustEnded(maker));
    tx.execute(REVOKE_ALL, &[maker.into(), now.into(), reason.as_str().into()])
}
