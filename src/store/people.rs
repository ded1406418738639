//! People as those see them who run the server: accounts with their states, roles, sessions and devices.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::account::State;
use crate::domain::delegation::Person;
use crate::domain::role::Role;
use crate::domain::user::{User, UserState};
use crate::domain::{Conflict, Error};

use super::engine::{Row, Value};
use super::tx::{ReadTx, Tx, owned_by_user};
use super::user::{self, NAME};

/// The columns of an account with the number of its live sessions at `?1`.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT u.id, u.name_sealed, u.email_sealed, u.instance_role, u.state, u.created_at, \
             (SELECT count(*) FROM sessions s WHERE s.user_id = u.id AND s.revoked_at IS NULL AND s.expires_at > ?1 \
             AND s.epoch = u.session_epoch) FROM users u ",
            $tail
        )
    };
}

statements! {
    FIND = select!("WHERE u.id = ?2");
    LIST = select!(
        "WHERE u.id > ?2 AND (?3 IS NULL OR u.state = ?3) AND (?4 IS NULL OR u.instance_role = ?4) \
         ORDER BY u.id LIMIT ?5"
    );
    DIRECTORY = "SELECT id, name_sealed FROM users WHERE id > ?1 AND state = 'active' ORDER BY id LIMIT ?2";
    ROLE = "SELECT instance_role FROM users WHERE id = ?1";
    UPDATE_ROLE = "UPDATE users SET instance_role = ?2, version = version + 1, updated_at = ?3 WHERE id = ?1";
    STATE = "SELECT state, EXISTS (SELECT 1 FROM deletion_requests d WHERE d.user_id = u.id \
        AND d.state = 'requested') FROM users u WHERE id = ?1";
    UPDATE_STATE = "UPDATE users SET state = ?2, version = version + 1, updated_at = ?3 WHERE id = ?1";
    ALONE = "SELECT 1 FROM users u WHERE u.id = ?1 AND u.instance_role = 'owner' AND NOT EXISTS (SELECT 1 FROM users o \
        WHERE o.instance_role = 'owner' AND o.state = 'active' AND o.id <> u.id)";
}

/// An account at a glance.
#[derive(Debug)]
pub struct Overview {
    /// The account.
    pub user: User,
    /// How many of its sessions are live.
    pub sessions: i64,
}

/// What a reader of the list of accounts may ask for. Everything given must hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct PeopleFilter {
    /// In this state.
    pub state: Option<UserState>,
    /// With this role on the server.
    pub role: Option<Role>,
}

fn overview(read: &ReadTx<'_>, row: &Row<'_>) -> Result<Overview, Error> {
    Ok(Overview { user: user::user(read, row)?, sessions: row.integer(6)? })
}

/// The account with this id, which must be there.
pub fn get(read: &ReadTx<'_>, id: Id<User>) -> Result<Overview, Error> {
    read.first(FIND, &[read.now().into(), id.into()], |row| overview(read, &row))?.ok_or(Error::NotFound)
}

/// Accounts in the order they were made.
pub fn list(read: &ReadTx<'_>, filter: PeopleFilter, page: &PageRequest) -> Result<Page<Overview>, Error> {
    let values = [
        read.now().into(),
        after(page),
        filter.state.map(UserState::as_str).into(),
        filter.role.map(Role::as_str).into(),
        page.fetch().into(),
    ];
    let people = read.all(LIST, &values, |row| overview(read, &row))?;
    Ok(page.cut(people, |person| person.user.id.to_string()))
}

/// The names of everybody who may act, in the order of their arrival.
pub fn directory(read: &ReadTx<'_>, page: &PageRequest) -> Result<Page<Person>, Error> {
    let people = read.all(DIRECTORY, &[after(page), page.fetch().into()], |row| {
        let id = row.id::<User>(0)?;
        Ok(Person { id, name: read.open_line(owned_by_user(id), NAME, id.uuid(), row.blob(1)?)? })
    })?;
    Ok(page.cut(people, |person| person.id.to_string()))
}

fn after(page: &PageRequest) -> Value {
    Value::plain(page.after().unwrap_or_default())
}

/// A person's role on the server, if they have one. `NotFound` when there is nobody with this id.
pub fn role(read: &ReadTx<'_>, id: Id<User>) -> Result<Option<Role>, Error> {
    read.first(ROLE, &[id.into()], |row| row.word_or_none(0, Role::parse))?.ok_or(Error::NotFound)
}

/// Gives a person another role on the server, or none. `Conflict(LastOwner)` when nobody would answer for it.
pub fn update_role(tx: &mut Tx<'_>, id: Id<User>, role: Option<Role>) -> Result<(), Error> {
    if role != Some(Role::Owner) {
        keep_an_owner(tx, id)?;
    }
    let now = tx.now();
    tx.execute(UPDATE_ROLE, &[id.into(), role.map(Role::as_str).into(), now.into()])?;
    Ok(())
}

/// Where an account stands. `NotFound` when there is none.
pub fn state(read: &ReadTx<'_>, id: Id<User>) -> Result<State, Error> {
    let found =
        read.first(STATE, &[id.into()], |row| Ok(State::of(row.word(0, UserState::parse)?, row.integer(1)? == 1)))?;
    found.ok_or(Error::NotFound)
}

/// Writes down where an account stands from now on; the request for its deletion is another row.
pub fn update_state(tx: &mut Tx<'_>, id: Id<User>, state: State) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(UPDATE_STATE, &[id.into(), state.stored().as_str().into(), now.into()])?;
    Ok(())
}

/// `Conflict(LastOwner)` when this person alone, of those who may act, answers for the server.
pub fn keep_an_owner(read: &ReadTx<'_>, without: Id<User>) -> Result<(), Error> {
    match read.first(ALONE, &[without.into()], |_| Ok(()))? {
        Some(()) => Err(Error::Conflict(Conflict::LastOwner)),
        None => Ok(()),
    }
}
