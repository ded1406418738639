//! Delegations past their due time: who has one that was not noticed yet, and the mark that says it was.

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::delegation::Delegation;
use crate::domain::team::Team;

use super::tx::{ReadTx, Tx};

/// How many one batch marks at most.
const BATCH: i64 = 100;

/// What is past its due time at `?1`, pending and not marked; a partial index holds all that could be.
macro_rules! unnoticed {
    () => {
        "d.overdue_at IS NULL AND d.deleted_at IS NULL AND d.state IN ('offered', 'accepted', 'in_progress') \
         AND d.due_at <= ?1 "
    };
}

statements! {
    TEAM = concat!(
        "SELECT d.team_id FROM delegations d JOIN teams t ON t.id = d.team_id AND t.deleted_at IS NULL WHERE ",
        unnoticed!(), "ORDER BY d.due_at LIMIT 1"
    );
    OF_TEAM = concat!(
        "SELECT d.id FROM delegations d WHERE d.team_id = ?2 AND ", unnoticed!(), "ORDER BY d.due_at LIMIT ?3"
    );
    MARK = "UPDATE delegations SET overdue_at = ?3 WHERE team_id = ?1 AND id = ?2";
}

/// An open team with something to mark.
pub fn next_team(read: &ReadTx<'_>) -> Result<Option<Id<Team>>, Error> {
    read.first(TEAM, &[read.now().into()], |row| row.id(0))
}

/// Marks as much of a team's as one batch may; answers what that was. The mark is the server's note and nobody's edit:
/// versions stay.
pub fn mark(tx: &mut Tx<'_>, team: Id<Team>) -> Result<Vec<Id<Delegation>>, Error> {
    let now = tx.now();
    let found = tx.all(OF_TEAM, &[now.into(), team.into(), BATCH.into()], |row| row.id(0))?;
    for id in &found {
        tx.execute(MARK, &[team.into(), (*id).into(), now.into()])?;
    }
    Ok(found)
}
