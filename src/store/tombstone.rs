//! What is left of deleted things until they are purged: how somebody stood to them, so that their end is told to those
//! who could read them, and to nobody else.

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::conversation::Conversation;
use crate::domain::credential::Credential;
use crate::domain::delegation::Delegation;
use crate::domain::permission::Relation;
use crate::domain::team::Team;
use crate::domain::user::User;

use super::tx::ReadTx;
use super::{credential_share, team};

statements! {
    DELEGATION = "SELECT d.delegator_id = ?3, EXISTS (SELECT 1 FROM delegation_sides s \
        WHERE s.delegation_id = d.id AND s.user_id = ?3) FROM delegations d \
        WHERE d.team_id = ?1 AND d.id = ?2 AND d.deleted_at IS NOT NULL";
    CONVERSATION = "SELECT EXISTS (SELECT 1 FROM conversation_places p \
        WHERE p.conversation_id = c.id AND p.user_id = ?3) OR EXISTS (SELECT 1 FROM open_grants g \
        WHERE g.resource_id = c.id AND g.user_id = ?3 AND g.expires_at > ?4) FROM conversations c \
        WHERE c.team_id = ?1 AND c.id = ?2 AND c.deleted_at IS NOT NULL";
    CREDENTIAL = "SELECT 1 FROM credentials WHERE team_id = ?1 AND id = ?2 AND deleted_at IS NOT NULL";
}

/// How a person stood to a team's delegation; `NotFound` when it is not deleted, or purged.
pub fn delegation(read: &ReadTx<'_>, team: Id<Team>, id: Id<Delegation>, person: Id<User>) -> Result<Relation, Error> {
    let found = read.first(DELEGATION, &[team.into(), id.into(), person.into()], |row| {
        Ok(Relation { own: row.integer(0)? == 1, participant: row.integer(1)? == 1, ..Relation::default() })
    })?;
    found.ok_or(Error::NotFound)
}

/// How a person stood to a team's conversation; `NotFound` when it is not deleted, or purged.
pub fn conversation(
    read: &ReadTx<'_>,
    team: Id<Team>,
    id: Id<Conversation>,
    person: Id<User>,
) -> Result<Relation, Error> {
    let values = [team.into(), id.into(), person.into(), read.now().into()];
    let participant = read.first(CONVERSATION, &values, |row| Ok(row.integer(0)? == 1))?.ok_or(Error::NotFound)?;
    Ok(Relation { participant, ..Relation::default() })
}

/// How a person stood to a team's credential; `NotFound` when it is not deleted, or purged.
pub fn credential(read: &ReadTx<'_>, team: Id<Team>, id: Id<Credential>, person: Id<User>) -> Result<Relation, Error> {
    read.first(CREDENTIAL, &[team.into(), id.into()], |_| Ok(()))?.ok_or(Error::NotFound)?;
    let granted = match team::find_role(read, team, person)? {
        Some(role) => credential_share::is_given(read, id, person, role)?,
        None => false,
    };
    Ok(Relation { granted, ..Relation::default() })
}
