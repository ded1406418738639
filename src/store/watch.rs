//! Who watches a delegation: they go on reading it, and hear of its steps and comments, until they stop or somebody who
//! may hand the work on stops them.
//!
//! A watch counts for those who were in the team when they began to watch and have been since, and for guests as long
//! as the grant lasts. It is deleted when somebody joins, leaves, or gets a lower role: nobody finds a door open that
//! they opened in another role.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::delegation::{Delegation, Person};
use crate::domain::team::Team;
use crate::domain::user::User;

use super::delegation::person;
use super::engine::Value;
use super::tx::{ReadTx, Tx};
use super::user::Names;

/// Whether the watch `w` counts at the moment `?2`.
macro_rules! counts {
    () => {
        "(EXISTS (SELECT 1 FROM delegation_sides s WHERE s.delegation_id = w.delegation_id \
         AND s.user_id = w.user_id AND s.side = 'watcher') OR EXISTS (SELECT 1 FROM open_grants g \
         WHERE g.user_id = w.user_id AND g.resource_id = w.delegation_id AND g.resource_type = 'delegation' \
         AND g.expires_at > ?2))"
    };
}

statements! {
    INSERT = "INSERT INTO delegation_watchers (delegation_id, user_id, created_at) VALUES (?1, ?2, ?3) \
        ON CONFLICT (delegation_id, user_id) DO UPDATE SET created_at = excluded.created_at";
    DELETE = "DELETE FROM delegation_watchers WHERE delegation_id = ?1 AND user_id = ?2";
    DELETE_OF_PERSON = "DELETE FROM delegation_watchers WHERE user_id = ?2 \
        AND delegation_id IN (SELECT d.id FROM delegations d WHERE d.team_id = ?1)";
    FIND = concat!("SELECT 1 FROM delegation_watchers w WHERE w.delegation_id = ?1 AND w.user_id = ?3 AND ", counts!());
    IDS = concat!("SELECT w.user_id FROM delegation_watchers w WHERE w.delegation_id = ?1 AND ", counts!());
    LIST = concat!(
        "SELECT w.user_id, u.name_sealed, w.created_at FROM delegation_watchers w JOIN users u ON u.id = w.user_id \
        WHERE w.delegation_id = ?1 AND w.user_id > ?3 AND ", counts!(), " ORDER BY w.user_id LIMIT ?4"
    );
}

/// Somebody who watches.
#[derive(Clone, Debug)]
pub struct Watcher {
    /// Who.
    pub person: Person,
    /// Since when.
    pub since: Timestamp,
}

/// Begins to watch. A watch that counts already stays as it is.
pub fn insert(tx: &mut Tx<'_>, id: Id<Delegation>, person: Id<User>) -> Result<(), Error> {
    if is_watching(tx, id, person)? {
        return Ok(());
    }
    let now = tx.now();
    tx.execute(INSERT, &[id.into(), person.into(), now.into()])?;
    Ok(())
}

/// Watches no longer; answers how many watches that ended.
pub fn delete(tx: &mut Tx<'_>, id: Id<Delegation>, person: Id<User>) -> Result<usize, Error> {
    tx.execute(DELETE, &[id.into(), person.into()])
}

/// Takes all that somebody watches in a team away, whose role there is another from now on, or none.
pub fn delete_of_person(tx: &mut Tx<'_>, team: Id<Team>, person: Id<User>) -> Result<(), Error> {
    tx.execute(DELETE_OF_PERSON, &[team.into(), person.into()])?;
    Ok(())
}

/// Whether a person watches a delegation.
pub fn is_watching(read: &ReadTx<'_>, id: Id<Delegation>, person: Id<User>) -> Result<bool, Error> {
    let values = [id.into(), read.now().into(), person.into()];
    Ok(read.first(FIND, &values, |_| Ok(()))?.is_some())
}

/// Everybody who watches.
pub fn ids(read: &ReadTx<'_>, id: Id<Delegation>) -> Result<Vec<Id<User>>, Error> {
    read.all(IDS, &[id.into(), read.now().into()], |row| row.id(0))
}

/// Who watches, in the order of their arrival on the server.
pub fn list(read: &ReadTx<'_>, id: Id<Delegation>, page: &PageRequest) -> Result<Page<Watcher>, Error> {
    let after = Value::plain(page.after().unwrap_or_default());
    let mut names = Names::default();
    let watchers = read.all(LIST, &[id.into(), read.now().into(), after, page.fetch().into()], |row| {
        let person = person(read, &row, 0, &mut names)?.ok_or_else(|| Error::internal("a watch without a watcher"))?;
        Ok(Watcher { person, since: row.time(2)? })
    })?;
    Ok(page.cut(watchers, |watcher| watcher.person.id.to_string()))
}
