//! What providers gave for further requests in people's names, sealed.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::domain::Error;
use crate::domain::identity::{LinkedIdentity, ProviderTokens};
use crate::domain::user::User;

use super::engine::Row;
use super::engine::Value;
use super::tx::{Column, ReadTx, Tx, owned_by_user};

statements! {
    FIND_ID = "SELECT id FROM oauth_tokens WHERE identity_id = ?1";
    FIND = "SELECT id, user_id, identity_id, provider, access_sealed, refresh_sealed, expires_at FROM oauth_tokens \
        WHERE identity_id = ?1";
    LIST_OF_USER = "SELECT id, user_id, identity_id, provider, access_sealed, refresh_sealed, expires_at \
        FROM oauth_tokens WHERE user_id = ?1";
    PUT = "INSERT INTO oauth_tokens (id, user_id, identity_id, provider, access_sealed, refresh_sealed, expires_at, \
        created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) ON CONFLICT (id) DO UPDATE SET \
        provider = excluded.provider, access_sealed = excluded.access_sealed, \
        refresh_sealed = coalesce(excluded.refresh_sealed, refresh_sealed), expires_at = excluded.expires_at, \
        updated_at = excluded.updated_at";
    DUE = "SELECT identity_id FROM oauth_tokens WHERE expires_at <= ?1 AND refresh_sealed IS NOT NULL \
        ORDER BY expires_at LIMIT 1000";
    DELETE = "DELETE FROM oauth_tokens WHERE identity_id = ?1";
}

const ACCESS: Column = Column { table: "oauth_tokens", name: "access_sealed" };
const REFRESH: Column = Column { table: "oauth_tokens", name: "refresh_sealed" };

/// Tokens with whose they are.
#[derive(Clone, Debug)]
pub struct Held {
    /// The person in whose name.
    pub user: Id<User>,
    /// The identity they came with.
    pub identity: Id<LinkedIdentity>,
    /// The provider that gave them, by the name it is configured under.
    pub provider: String,
    /// The tokens.
    pub tokens: ProviderTokens,
}

/// Keeps what a provider gave; a refresh token that it does not repeat is the one that it gave before.
pub fn put(tx: &mut Tx<'_>, held: &Held) -> Result<(), Error> {
    let known = tx.first(FIND_ID, &[held.identity.into()], |row| row.id::<Held>(0))?;
    let id = known.unwrap_or_else(|| tx.mint_id());
    let owner = owned_by_user(held.user);
    let refresh = held.tokens.refresh.as_ref();
    let refresh = refresh.map(|token| tx.seal_secret(owner, REFRESH, id.uuid(), token)).transpose()?;
    let values = [
        id.into(),
        held.user.into(),
        held.identity.into(),
        Value::plain(&held.provider),
        tx.seal_secret(owner, ACCESS, id.uuid(), &held.tokens.access)?.into(),
        refresh.into(),
        held.tokens.expires_at.into(),
        tx.now().into(),
    ];
    tx.execute(PUT, &values)?;
    Ok(())
}

/// The tokens that came with an identity.
pub fn find(read: &ReadTx<'_>, identity: Id<LinkedIdentity>) -> Result<Option<Held>, Error> {
    read.first(FIND, &[identity.into()], |row| held(read, &row))
}

/// All tokens in a person's name.
pub fn list_of(read: &ReadTx<'_>, user: Id<User>) -> Result<Vec<Held>, Error> {
    read.all(LIST_OF_USER, &[user.into()], |row| held(read, &row))
}

fn held(read: &ReadTx<'_>, row: &Row<'_>) -> Result<Held, Error> {
    let (id, user) = (row.id::<Held>(0)?.uuid(), row.id(1)?);
    let open = |column, sealed| read.open(owned_by_user(user), column, id, sealed).map(Secret::new);
    let refresh = row.blob_or_none(5)?.map(|sealed| open(REFRESH, sealed)).transpose()?;
    let tokens = ProviderTokens { access: open(ACCESS, row.blob(4)?)?, refresh, expires_at: row.time_or_none(6)? };
    Ok(Held { user, identity: row.id(2)?, provider: row.text(3)?.to_owned(), tokens })
}

/// The identities whose access token ends by `end` and can be renewed, the most urgent first, 1,000 at most.
pub fn due(read: &ReadTx<'_>, end: Timestamp) -> Result<Vec<Id<LinkedIdentity>>, Error> {
    read.all(DUE, &[end.into()], |row| row.id(0))
}

/// Forgets an identity's tokens; answers whether there were any.
pub fn delete(tx: &mut Tx<'_>, identity: Id<LinkedIdentity>) -> Result<bool, Error> {
    Ok(tx.execute(DELETE, &[identity.into()])? == 1)
}
