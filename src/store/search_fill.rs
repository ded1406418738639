//! Indexing what earlier versions wrote: they had no search. Of each team its people first, then its delegations in the
//! order of their ids; how far it has come stands in the team's row, so that a run goes on where the last one ended.

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::delegation::Delegation;
use crate::domain::team::Team;
use crate::domain::user::User;

use super::delegation::TITLE;
use super::engine::Value;
use super::search::{Found, index};
use super::tx::{ReadTx, Tx, owned_by_team};
use super::user;

statements! {
    NEXT = "SELECT team_id, filled_to FROM search_teams WHERE filled_to IS NOT NULL ORDER BY number LIMIT 1";
    PEOPLE = "SELECT user_id FROM memberships WHERE team_id = ?1";
    DELEGATIONS = "SELECT id, title_sealed, deleted_at FROM delegations WHERE team_id = ?1 AND id > ?2 \
        ORDER BY id LIMIT ?3";
    FILLED = "UPDATE search_teams SET filled_to = ?2 WHERE team_id = ?1";
}

/// Delegations that one batch indexes.
const BATCH: i64 = 500;

/// Whether anything is left to index.
pub fn any(read: &ReadTx<'_>) -> Result<bool, Error> {
    Ok(next(read)?.is_some())
}

/// A team with texts that were not indexed, and up to where they were.
fn next(read: &ReadTx<'_>) -> Result<Option<(Id<Team>, String)>, Error> {
    read.first(NEXT, &[], |row| Ok((row.id(0)?, row.text(1)?.to_owned())))
}

/// Indexes one batch of one team; answers whose, and how many texts it went through.
pub fn batch(tx: &mut Tx<'_>) -> Result<Option<(Id<Team>, usize)>, Error> {
    let Some((team, filled_to)) = next(tx)? else {
        return Ok(None);
    };
    let mut count = 0;
    if filled_to.is_empty() {
        for user in tx.all(PEOPLE, &[team.into()], |row| row.id::<User>(0))? {
            let name = user::person(tx, user)?.name;
            index(tx, team, Found::Person, user, name.as_str())?;
            count += 1;
        }
    }
    let values = [team.into(), Value::plain(&filled_to), BATCH.into()];
    let batch = tx.all(DELEGATIONS, &values, |row| {
        let id = row.id::<Delegation>(0)?;
        let is_there = row.time_or_none(2)?.is_none();
        let title = is_there.then(|| tx.open(owned_by_team(team), TITLE, id.uuid(), row.blob(1)?)).transpose()?;
        Ok((id, title))
    })?;
    for (id, title) in &batch {
        if let Some(title) = title {
            index(tx, team, Found::Delegation, *id, title)?;
        }
    }
    count += batch.len();
    let is_full = i64::try_from(batch.len()).is_ok_and(|length| length == BATCH);
    let last = batch.last().filter(|_| is_full).map(|(id, _)| *id);
    tx.execute(FILLED, &[team.into(), last.into()])?;
    Ok(Some((team, count)))
}
