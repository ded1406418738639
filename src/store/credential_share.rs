//! Shares of a team's credentials in the database.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::credential::{Audience, Credential, Share};
use crate::domain::role::Role;
use crate::domain::team::Team;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};

use super::credential::{person, up_to};
use super::engine::{Row, Value};
use super::tx::{ReadTx, Tx};
use super::user::Names;

/// The columns of a share with the name of whom it is with.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT s.id, s.user_id, u.name_sealed, s.role, s.created_at FROM credential_shares s \
             LEFT JOIN users u ON u.id = s.user_id WHERE s.credential_id = ?1 ",
            $tail
        )
    };
}

statements! {
    INSERT = "INSERT INTO credential_shares (id, credential_id, user_id, role, created_by, created_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
    FIND = select!("AND s.id = ?2");
    PAGE = select!("AND s.id > ?2 ORDER BY s.id LIMIT ?3");
    DELETE = "DELETE FROM credential_shares WHERE credential_id = ?1 AND id = ?2";
    IS_GIVEN = "SELECT 1 FROM credential_shares WHERE credential_id = ?1 \
        AND (user_id = ?2 OR role IN (?3, ?4, ?5, ?6)) LIMIT 1";
    DELETE_OF_MAKER = "DELETE FROM credential_shares WHERE user_id = ?2 AND created_by = ?2 \
        AND credential_id IN (SELECT id FROM credentials WHERE team_id = ?1)";
    DELETE_OF_MEMBER = "DELETE FROM credential_shares WHERE user_id = ?2 \
        AND credential_id IN (SELECT id FROM credentials WHERE team_id = ?1)";
}

/// Shares a credential. `Conflict(AlreadyExists)` when it is shared so already.
pub fn insert(tx: &mut Tx<'_>, credential: Id<Credential>, with: Audience) -> Result<Share, Error> {
    let id = keep(tx, credential, with)?.ok_or(Error::Conflict(Conflict::AlreadyExists))?;
    get(tx, credential, id)
}

/// One share of a credential. `NotFound` when it has none with this id.
pub fn get(read: &ReadTx<'_>, credential: Id<Credential>, id: Id<Share>) -> Result<Share, Error> {
    let found = read.first(FIND, &[credential.into(), id.into()], |row| share(read, &row, &mut Names::default()))?;
    found.ok_or(Error::NotFound)
}

/// Shares a credential; `None` when it is shared so already.
pub(super) fn keep(tx: &mut Tx<'_>, credential: Id<Credential>, with: Audience) -> Result<Option<Id<Share>>, Error> {
    let id = tx.mint_id::<Share>();
    let (person, role) = match with {
        Audience::Person(user) => (Some(user), None),
        Audience::From(role) => (None, Some(role)),
    };
    let values = [
        id.into(),
        credential.into(),
        person.into(),
        role.map(Role::as_str).into(),
        tx.user()?.into(),
        tx.now().into(),
    ];
    Ok((tx.execute(INSERT, &values)? == 1).then_some(id))
}

fn share(read: &ReadTx<'_>, row: &Row<'_>, names: &mut Names) -> Result<Share, Error> {
    Ok(Share {
        id: row.id(0)?,
        person: person(read, row, 1, names)?,
        role: row.word_or_none(3, Role::parse)?,
        created_at: row.time(4)?,
    })
}

/// Takes a share back. `NotFound` when the credential has none with this id.
pub fn delete(tx: &mut Tx<'_>, credential: Id<Credential>, id: Id<Share>) -> Result<(), Error> {
    match tx.execute(DELETE, &[credential.into(), id.into()])? {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

/// With whom a credential is shared, in the order in which that was done.
pub fn list(read: &ReadTx<'_>, credential: Id<Credential>, page: &PageRequest) -> Result<Page<Share>, Error> {
    let values = [credential.into(), Value::plain(page.after().unwrap_or_default()), page.fetch().into()];
    let mut names = Names::default();
    let rows = read.all(PAGE, &values, |row| share(read, &row, &mut names))?;
    Ok(page.cut(rows, |share| share.id.to_string()))
}

/// Whether a credential is shared with a person of this role.
pub fn is_given(read: &ReadTx<'_>, credential: Id<Credential>, person: Id<User>, role: Role) -> Result<bool, Error> {
    let [owner, admin, manager, member] = up_to(role);
    let values = [credential.into(), person.into(), owner, admin, manager, member];
    Ok(read.first(IS_GIVEN, &values, |_| Ok(()))?.is_some())
}

/// Takes back what somebody opened to themself with a role that they lost, by putting it there or by sharing it.
pub fn delete_of_maker(tx: &mut Tx<'_>, team: Id<Team>, user: Id<User>) -> Result<usize, Error> {
    tx.execute(DELETE_OF_MAKER, &[team.into(), user.into()])
}

/// Takes back what was shared with somebody who leaves a team: coming back does not bring it back.
pub fn delete_of_member(tx: &mut Tx<'_>, team: Id<Team>, user: Id<User>) -> Result<(), Error> {
    tx.execute(DELETE_OF_MEMBER, &[team.into(), user.into()])?;
    Ok(())
}
