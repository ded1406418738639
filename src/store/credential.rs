//! Credentials in the database: names and facts, and the payload of each version, sealed under their owner's key.

use uuid::Uuid;

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::base::secret::Secret;
use crate::crypto::blind_index::{BlindColumn, BlindIndex};
use crate::crypto::keyring::Owner;
use crate::domain::Error;
use crate::domain::credential::{Audience, Credential, Facts, Kind, Parts, Payload, Vault, Version};
use crate::domain::delegation::Person;
use crate::domain::role::Role;
use crate::domain::team::Team;
use crate::domain::text::Title;
use crate::domain::user::User;

use super::credential_share;
use super::engine::{Row, Value};
use super::tx::{Column, ReadTx, Tx, owned_by_team, owned_by_user};
use super::user::Names;

/// The columns of a credential with the name of its maker.
macro_rules! select {
    ($tail:literal $(, $more:expr)*) => {
        concat!(
            "SELECT c.id, c.team_id, c.user_id, c.kind, c.name_sealed, c.facts_sealed, c.created_by, u.name_sealed, \
             (SELECT max(v.version) FROM credential_versions v WHERE v.credential_id = c.id), c.version, c.created_at, \
             c.updated_at FROM credentials c LEFT JOIN users u ON u.id = c.created_by ",
            $tail $(, $more)*
        )
    };
}

/// A page of one owner's credentials; `$seen` narrows it to what the reader may see.
macro_rules! page {
    ($owner:literal, $seen:expr) => {
        select!(
            "WHERE c.deleted_at IS NULL AND c.id < ?2 AND (?3 IS NULL OR c.kind = ?3) \
             AND (?4 IS NULL OR c.name_bidx = ?4) AND ",
            $owner,
            $seen,
            " ORDER BY c.id DESC LIMIT ?5"
        )
    };
}

/// What was shared with a person: by name, or with one of these roles.
macro_rules! given {
    () => {
        " AND EXISTS (SELECT 1 FROM credential_shares s WHERE s.credential_id = c.id \
         AND (s.user_id = ?6 OR s.role IN (?7, ?8, ?9, ?10)))"
    };
}

/// The index of names leads; the name's hash holds its owner already.
macro_rules! by_name {
    () => {
        "c.name_bidx = ?4 AND coalesce(c.team_id, c.user_id) = ?1"
    };
}

statements! {
    INSERT = "INSERT INTO credentials (id, team_id, user_id, kind, name_sealed, name_bidx, facts_sealed, created_by, \
        created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)";
    FIND = select!("WHERE c.id = ?1 AND (c.team_id = ?2 OR c.user_id = ?3) AND c.deleted_at IS NULL");
    STANDING = "SELECT kind, created_by, version FROM credentials \
        WHERE id = ?1 AND (team_id = ?2 OR user_id = ?3) AND deleted_at IS NULL";
    ALIKE = "SELECT c.id, v.id, v.payload_sealed FROM credentials c JOIN credential_versions v \
        ON v.credential_id = c.id AND v.superseded_at IS NULL WHERE c.name_bidx = ?1 AND c.kind = ?2 \
        AND c.deleted_at IS NULL ORDER BY c.id LIMIT ?3";
    IS_TAKEN = "SELECT 1 FROM credentials WHERE name_bidx = ?1 AND deleted_at IS NULL LIMIT 1";
    RENAME = "UPDATE credentials SET name_sealed = ?2, name_bidx = ?3, version = version + 1, updated_at = ?4 \
        WHERE id = ?1";
    REPLACE_FACTS = "UPDATE credentials SET facts_sealed = ?2, version = version + 1, updated_at = ?3 WHERE id = ?1";
    TOMBSTONE = "UPDATE credentials SET deleted_at = ?2, version = version + 1 WHERE id = ?1";
    PAGE_OF_TEAM = page!("c.team_id = ?1", "");
    PAGE_OF_TEAM_GIVEN = page!("c.team_id = ?1", given!());
    PAGE_OF_PERSON = page!("c.user_id = ?1", "");
    PAGE_BY_NAME = page!("", by_name!());
    PAGE_BY_NAME_GIVEN = page!("", concat!(by_name!(), given!()));
    INSERT_VERSION = "INSERT INTO credential_versions (id, credential_id, version, payload_sealed, created_by, created_at) \
        VALUES (?1, ?2, (SELECT coalesce(max(version), 0) + 1 FROM credential_versions WHERE credential_id = ?2), \
        ?3, ?4, ?5)";
    SUPERSEDE = "UPDATE credential_versions SET superseded_at = ?2 WHERE credential_id = ?1 AND superseded_at IS NULL";
    PAYLOAD = "SELECT id, version, payload_sealed FROM credential_versions WHERE credential_id = ?1 \
        AND (?2 IS NULL OR version = ?2) ORDER BY version DESC LIMIT 1";
    VERSIONS = "SELECT v.version, v.created_by, u.name_sealed, v.created_at, v.superseded_at FROM credential_versions v \
        LEFT JOIN users u ON u.id = v.created_by WHERE v.credential_id = ?1 AND v.version < ?2 \
        ORDER BY v.version DESC LIMIT ?3";
}

const NAME: Column = Column { table: "credentials", name: "name_sealed" };
const FACTS: Column = Column { table: "credentials", name: "facts_sealed" };
const PAYLOAD_SEALED: Column = Column { table: "credential_versions", name: "payload_sealed" };

/// Whose key seals what is in a vault.
const fn owner(vault: Vault) -> Owner {
    match vault {
        Vault::Personal(user) => owned_by_user(user),
        Vault::Team(team) => owned_by_team(team),
    }
}

/// A credential's id with the vault it must be in.
fn place(vault: Vault, id: Id<Credential>) -> [Value; 3] {
    let [team, user] = halves(vault);
    [id.into(), team, user]
}

fn halves(vault: Vault) -> [Value; 2] {
    match vault {
        Vault::Team(team) => [team.into(), Value::NULL],
        Vault::Personal(user) => [Value::NULL, user.into()],
    }
}

/// A name is looked up behind its owner's id: equal names in two vaults have nothing in common.
fn index(read: &ReadTx<'_>, vault: Vault, name: &Title) -> BlindIndex {
    read.blind_index(BlindColumn::CredentialName, &format!("{}/{}", vault.owner(), name.as_str()))
}

/// Puts a credential into a vault, with its first version. In a team's, whoever put it there has a share like any other:
/// it is seen in the list of shares, and is taken back like one.
pub fn insert(tx: &mut Tx<'_>, vault: Vault, name: &Title, payload: &Payload) -> Result<Id<Credential>, Error> {
    let id = tx.mint_id::<Credential>();
    let maker = tx.user()?;
    let sealed_name = tx.seal(owner(vault), NAME, id.uuid(), name.as_str())?;
    let facts = sealed_facts(tx, vault, id, payload)?;
    let [team, user] = halves(vault);
    let values = [
        id.into(),
        team,
        user,
        payload.kind().as_str().into(),
        sealed_name.into(),
        index(tx, vault, name).into(),
        facts,
        maker.into(),
        tx.now().into(),
    ];
    tx.execute(INSERT, &values)?;
    insert_version(tx, vault, id, payload)?;
    if let Vault::Team(_) = vault {
        credential_share::keep(tx, id, Audience::Person(maker))?;
    }
    Ok(id)
}

fn sealed_facts(tx: &Tx<'_>, vault: Vault, id: Id<Credential>, payload: &Payload) -> Result<Value, Error> {
    let facts = serde_json::to_string(&payload.facts()).map(Secret::new).map_err(Error::internal)?;
    tx.seal_secret(owner(vault), FACTS, id.uuid(), &facts).map(Value::from)
}

fn insert_version(tx: &mut Tx<'_>, vault: Vault, id: Id<Credential>, payload: &Payload) -> Result<(), Error> {
    let version = tx.mint_id::<Version>();
    let sealed = tx.seal_secret(owner(vault), PAYLOAD_SEALED, version.uuid(), &payload.to_stored()?)?;
    let values = [version.into(), id.into(), sealed.into(), tx.user()?.into(), tx.now().into()];
    tx.execute(INSERT_VERSION, &values)?;
    Ok(())
}

/// What the permission to touch a credential hangs on.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// What it is.
    pub kind: Kind,
    /// Who put it there, while they have an account.
    pub created_by: Option<Id<User>>,
    /// Its version.
    pub version: i64,
}

/// How a credential stands; `NotFound` when the vault has none with this id.
pub fn standing(read: &ReadTx<'_>, vault: Vault, id: Id<Credential>) -> Result<Standing, Error> {
    let found = read.first(STANDING, &place(vault, id), |row| {
        Ok(Standing { kind: row.word(0, Kind::parse)?, created_by: row.id_or_none(1)?, version: row.integer(2)? })
    })?;
    found.ok_or(Error::NotFound)
}

/// A credential, without its payload; `NotFound` when the vault has none with this id.
pub fn get(read: &ReadTx<'_>, vault: Vault, id: Id<Credential>) -> Result<Credential, Error> {
    let found = read.first(FIND, &place(vault, id), |row| credential(read, &row, &mut Names::default()))?;
    found.ok_or(Error::NotFound)
}

fn credential(read: &ReadTx<'_>, row: &Row<'_>, names: &mut Names) -> Result<Credential, Error> {
    let id = row.id::<Credential>(0)?;
    let vault = match (row.id_or_none::<Team>(1)?, row.id_or_none::<User>(2)?) {
        (Some(team), None) => Vault::Team(team),
        (None, Some(user)) => Vault::Personal(user),
        _ => return Err(Error::internal("a credential without an owner")),
    };
    let facts = Secret::new(read.open(owner(vault), FACTS, id.uuid(), row.blob(5)?)?);
    let facts: Result<Facts, _> = serde_json::from_str(facts.expose());
    Ok(Credential {
        id,
        vault,
        kind: row.word(3, Kind::parse)?,
        name: read.open_line(owner(vault), NAME, id.uuid(), row.blob(4)?)?,
        // The cause would tell of what it found.
        facts: facts.map_err(|_| Error::internal("stored facts are not what they were"))?,
        created_by: person(read, row, 6, names)?,
        newest: row.integer(8)?,
        version: row.integer(9)?,
        created_at: row.time(10)?,
        updated_at: row.time(11)?,
    })
}

/// The person whose id and sealed name stand at `column` and behind it.
pub(super) fn person(
    read: &ReadTx<'_>,
    row: &Row<'_>,
    column: usize,
    names: &mut Names,
) -> Result<Option<Person>, Error> {
    let Some(id) = row.id_or_none::<User>(column)? else {
        return Ok(None);
    };
    Ok(Some(Person { id, name: names.open(read, id, row.blob(column + 1)?)? }))
}

/// Whether a vault holds a credential of that name.
pub fn is_taken(read: &ReadTx<'_>, vault: Vault, name: &Title) -> Result<bool, Error> {
    Ok(read.first(IS_TAKEN, &[index(read, vault, name).into()], |_| Ok(()))?.is_some())
}

/// How many credentials of one name are looked into for one that is the same.
const ALIKE_AT_MOST: i64 = 32;

/// The credentials of this name and kind in a vault whose newest payload is the same; case does not count in the name.
/// Whether whoever asks may know that is another question.
pub fn find_same(
    read: &ReadTx<'_>,
    vault: Vault,
    name: &Title,
    payload: &Payload,
) -> Result<Vec<Id<Credential>>, Error> {
    let wanted = payload.to_stored()?;
    let values = [index(read, vault, name).into(), payload.kind().as_str().into(), ALIKE_AT_MOST.into()];
    let alike = read.all(ALIKE, &values, |row| {
        let place: Uuid = row.id::<Version>(1)?.uuid();
        let stored = Secret::new(read.open(owner(vault), PAYLOAD_SEALED, place, row.blob(2)?)?);
        Ok((stored.expose() == wanted.expose()).then_some(row.id(0)?))
    })?;
    Ok(alike.into_iter().flatten().collect())
}

/// Renames a credential that [`standing`] found.
pub fn rename(tx: &mut Tx<'_>, vault: Vault, id: Id<Credential>, name: &Title) -> Result<(), Error> {
    let sealed = tx.seal(owner(vault), NAME, id.uuid(), name.as_str())?;
    let values = [id.into(), sealed.into(), index(tx, vault, name).into(), tx.now().into()];
    tx.execute(RENAME, &values)?;
    Ok(())
}

/// Gives a credential that [`standing`] found a new payload; the one before stays as an earlier version.
pub fn replace(tx: &mut Tx<'_>, vault: Vault, id: Id<Credential>, payload: &Payload) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(SUPERSEDE, &[id.into(), now.into()])?;
    insert_version(tx, vault, id, payload)?;
    let facts = sealed_facts(tx, vault, id, payload)?;
    tx.execute(REPLACE_FACTS, &[id.into(), facts, now.into()])?;
    Ok(())
}

/// Takes a credential that [`standing`] found out of sight, its versions with it. Its rows stay for the grace period.
pub fn tombstone(tx: &mut Tx<'_>, id: Id<Credential>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(TOMBSTONE, &[id.into(), now.into()])?;
    Ok(())
}

/// Opens a payload of a credential that [`standing`] found: of this version, or the newest; with its number. `NotFound`
/// when there is no such version.
pub fn payload(
    read: &ReadTx<'_>,
    vault: Vault,
    id: Id<Credential>,
    version: Option<i64>,
) -> Result<(i64, Parts), Error> {
    let found = read.first(PAYLOAD, &[id.into(), version.into()], |row| {
        let place: Uuid = row.id::<Version>(0)?.uuid();
        let text = Secret::new(read.open(owner(vault), PAYLOAD_SEALED, place, row.blob(2)?)?);
        Ok((row.integer(1)?, Parts::from_stored(&text)?))
    })?;
    found.ok_or(Error::NotFound)
}

/// The versions of a credential, newest first.
pub fn versions(read: &ReadTx<'_>, id: Id<Credential>, page: &PageRequest) -> Result<Page<Version>, Error> {
    let below = match page.after() {
        None => i64::MAX,
        Some(key) => key.parse().map_err(|_| Error::invalid("cursor", "is not a cursor of this list"))?,
    };
    let mut names = Names::default();
    let rows = read.all(VERSIONS, &[id.into(), below.into(), page.fetch().into()], |row| {
        Ok(Version {
            number: row.integer(0)?,
            created_by: person(read, &row, 1, &mut names)?,
            created_at: row.time(3)?,
            superseded_at: row.time_or_none(4)?,
        })
    })?;
    Ok(page.cut(rows, |version| version.number.to_string()))
}

/// What a reader of a list may ask for. Everything given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Of exactly this name; case does not count.
    pub name: Option<Title>,
}

/// Sorts behind every id: lists begin with the newest.
const LAST: &str = "g";

/// A vault's credentials, newest first: all of them, or those that `given` to this person of this role are theirs to see.
pub fn list(
    read: &ReadTx<'_>,
    vault: Vault,
    filter: &Filter,
    given: Option<(Id<User>, Role)>,
    page: &PageRequest,
) -> Result<Page<Credential>, Error> {
    let mut values = vec![
        vault.owner().into(),
        page.after().map_or(Value::from(LAST), Value::plain),
        filter.kind.map(Kind::as_str).into(),
        filter.name.as_ref().map(|name| index(read, vault, name)).into(),
        page.fetch().into(),
    ];
    if let Some((person, role)) = given {
        values.push(person.into());
        values.extend(up_to(role));
    }
    let statement = match (vault, &filter.name, given) {
        (Vault::Team(_), None, Some(_)) => PAGE_OF_TEAM_GIVEN,
        (_, Some(_), Some(_)) => PAGE_BY_NAME_GIVEN,
        (_, Some(_), None) => PAGE_BY_NAME,
        (Vault::Team(_), None, None) => PAGE_OF_TEAM,
        (Vault::Personal(_), None, _) => PAGE_OF_PERSON,
    };
    let mut names = Names::default();
    let rows = read.all(statement, &values, |row| credential(read, &row, &mut names))?;
    Ok(page.cut(rows, |credential| credential.id.to_string()))
}

/// The roles that somebody of this role stands at or above: a share with one of them is theirs too.
pub(super) fn up_to(role: Role) -> [Value; 4] {
    Role::ALL.map(|one| (one <= role).then_some(one.as_str()).into())
}
