//! The chain of custody: who took which step of a delegation, and who had the work afterwards.

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::delegation::{CustodyLink, Delegation, State, Step};
use crate::domain::user::User;

use super::delegation::person;
use super::tx::{ReadTx, Tx};
use super::user::Names;

statements! {
    INSERT = "INSERT INTO delegation_custody (delegation_id, link, at, actor_id, step, state, assignee_id) \
        VALUES (?1, (SELECT coalesce(max(link), 0) + 1 FROM delegation_custody WHERE delegation_id = ?1), \
        ?2, ?3, ?4, ?5, ?6)";
    LIST = "SELECT c.at, c.actor_id, u.name_sealed, c.step, c.state, c.assignee_id, a.name_sealed \
        FROM delegation_custody c LEFT JOIN users u ON u.id = c.actor_id LEFT JOIN users a ON a.id = c.assignee_id \
        WHERE c.delegation_id = ?1 ORDER BY c.link";
}

/// Adds a link; no step stands for the delegation's creation.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    id: Id<Delegation>,
    step: Option<Step>,
    state: State,
    assignee: Option<Id<User>>,
) -> Result<(), Error> {
    let values = [
        id.into(),
        tx.now().into(),
        tx.actor().user().into(),
        step.map(Step::as_str).into(),
        state.as_str().into(),
        assignee.into(),
    ];
    tx.execute(INSERT, &values)?;
    Ok(())
}

/// The chain, from the first link on.
pub fn list(read: &ReadTx<'_>, id: Id<Delegation>) -> Result<Vec<CustodyLink>, Error> {
    let mut names = Names::default();
    read.all(LIST, &[id.into()], |row| {
        Ok(CustodyLink {
            at: row.time(0)?,
            actor: person(read, &row, 1, &mut names)?,
            step: row.word_or_none(3, Step::parse)?,
            state: row.word(4, State::parse)?,
            assignee: person(read, &row, 5, &mut names)?,
        })
    })
}
