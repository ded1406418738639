//! What is left of deleted things until they are purged: how somebody stood to them, so that their end is told to those
//! who could read them, and to nobody else.

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::delegation::Delegation;
use crate::domain::permission::Relation;
use crate::domain::team::Team;
use crate::domain::user::User;

use super::tx::ReadTx;

statements! {
    DELEGATION = "SELECT d.delegator_id = ?3, coalesce(d.assignee_id = ?3, 0), EXISTS (SELECT 1 \
        FROM delegation_watchers w WHERE w.delegation_id = d.id AND w.user_id = ?3) FROM delegations d \
        WHERE d.team_id = ?1 AND d.id = ?2 AND d.deleted_at IS NOT NULL";
}

/// How a person stood to a team's delegation; `NotFound` when it is not deleted, or purged.
pub fn delegation(read: &ReadTx<'_>, team: Id<Team>, id: Id<Delegation>, person: Id<User>) -> Result<Relation, Error> {
    let found = read.first(DELEGATION, &[team.into(), id.into(), person.into()], |row| {
        Ok(Relation {
            own: row.integer(0)? == 1,
            assigned: row.integer(1)? == 1,
            participant: row.integer(2)? == 1,
            ..Relation::default()
        })
    })?;
    found.ok_or(Error::NotFound)
}
