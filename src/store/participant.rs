//! Who takes part in conversations, in the database: the view `participation` decides, and says why.

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::conversation::{Conversation, Participant};
use crate::domain::delegation::Delegation;
use crate::domain::team::Team;
use crate::domain::user::User;

use super::conversation;
use super::tx::{ReadTx, Tx};
use super::user::Names;

statements! {
    INSERT = "INSERT INTO conversation_participants (conversation_id, user_id, joined_at, read_seq) \
        VALUES (?1, ?2, ?3, ?4) ON CONFLICT (conversation_id, user_id) DO UPDATE SET \
        joined_at = excluded.joined_at, left_at = NULL, read_seq = excluded.read_seq";
    READ_SEQ = "SELECT p.read_seq FROM participation p WHERE p.conversation_id = ?1 AND p.user_id = ?2 \
        AND (p.expires_at IS NULL OR p.expires_at > ?3)";
    IN_COMPANY = "SELECT 1 FROM participation p WHERE p.conversation_id = ?1 AND p.user_id <> ?2 \
        AND (p.expires_at IS NULL OR p.expires_at > ?3) LIMIT 1";
    LIST = "SELECT u.id, u.name_sealed, p.joined_at, p.expires_at, r.id FROM participation p \
        JOIN users u ON u.id = p.user_id \
        LEFT JOIN messages r ON r.seq = p.read_seq AND r.conversation_id = p.conversation_id \
        WHERE p.team_id = ?1 AND p.conversation_id = ?2 AND (p.expires_at IS NULL OR p.expires_at > ?3) \
        ORDER BY p.joined_at, p.user_id";
    LEAVE = "UPDATE conversation_participants SET left_at = ?3 \
        WHERE conversation_id = ?1 AND user_id = ?2 AND left_at IS NULL";
    LEAVE_TEAM = "UPDATE conversation_participants SET left_at = ?3 WHERE user_id = ?2 AND left_at IS NULL \
        AND conversation_id IN (SELECT id FROM conversations WHERE team_id = ?1 AND kind <> 'direct')";
    GIVE_UP_GRANT = "UPDATE resource_grants SET removed_at = ?4 WHERE user_id = ?3 AND resource_id = ?2 \
        AND team_id = ?1 AND resource_type = 'conversation' AND removed_at IS NULL";
    READ_UP_TO = "INSERT INTO conversation_participants (conversation_id, user_id, joined_at, left_at, read_seq) \
        VALUES (?1, ?2, ?3, ?3, ?4) ON CONFLICT (conversation_id, user_id) DO UPDATE SET read_seq = excluded.read_seq \
        WHERE excluded.read_seq > conversation_participants.read_seq";
    READS_DELEGATION = "SELECT 1 FROM delegation_readers WHERE team_id = ?1 AND delegation_id = ?2 AND user_id = ?3";
}

/// Takes somebody in, who begins with nothing unread. Whoever is there stays as they are.
pub fn insert(tx: &mut Tx<'_>, team: Id<Team>, id: Id<Conversation>, user: Id<User>) -> Result<(), Error> {
    if read_seq(tx, id, user)?.is_none() {
        let last = conversation::standing(tx, team, id)?.last_seq;
        let now = tx.now();
        tx.execute(INSERT, &[id.into(), user.into(), now.into(), last.into()])?;
    }
    Ok(())
}

/// How far somebody has read who takes part at this moment; `None` when they do not.
pub fn read_seq(read: &ReadTx<'_>, id: Id<Conversation>, user: Id<User>) -> Result<Option<i64>, Error> {
    read.first(READ_SEQ, &[id.into(), user.into(), read.now().into()], |row| row.integer(0))
}

/// Whether somebody takes part at this moment.
pub fn takes_part(read: &ReadTx<'_>, id: Id<Conversation>, user: Id<User>) -> Result<bool, Error> {
    Ok(read_seq(read, id, user)?.is_some())
}

/// Whether nobody but this person takes part at this moment.
pub fn is_alone(read: &ReadTx<'_>, id: Id<Conversation>, user: Id<User>) -> Result<bool, Error> {
    Ok(read.first(IN_COMPANY, &[id.into(), user.into(), read.now().into()], |_| Ok(()))?.is_none())
}

/// Who takes part at this moment, in the order in which they came.
pub fn list(read: &ReadTx<'_>, team: Id<Team>, id: Id<Conversation>) -> Result<Vec<Participant>, Error> {
    let mut names = Names::default();
    read.all(LIST, &[team.into(), id.into(), read.now().into()], |row| {
        let person = names.person(read, &row, 0)?.ok_or_else(|| Error::internal("a participant without a name"))?;
        Ok(Participant { person, joined_at: row.time(2)?, guest_until: row.time_or_none(3)?, read: row.id_or_none(4)? })
    })
}

/// Lets somebody go; `NotFound` when they had not come, or are a guest: those are let in and out by grants.
pub fn leave(tx: &mut Tx<'_>, id: Id<Conversation>, user: Id<User>) -> Result<(), Error> {
    let now = tx.now();
    match tx.execute(LEAVE, &[id.into(), user.into(), now.into()])? {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

/// Lets somebody who leaves a team out of its conversations for good: should they come back, others take them in again.
/// Direct ones wait for them.
pub fn leave_team(tx: &mut Tx<'_>, team: Id<Team>, user: Id<User>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(LEAVE_TEAM, &[team.into(), user.into(), now.into()])?;
    Ok(())
}

/// Ends a guest's grant of a conversation, on their own wish.
pub fn give_up_grant(tx: &mut Tx<'_>, team: Id<Team>, id: Id<Conversation>, user: Id<User>) -> Result<(), Error> {
    let now = tx.now();
    match tx.execute(GIVE_UP_GRANT, &[team.into(), id.into(), user.into(), now.into()])? {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

/// Moves somebody's read mark forwards; it never goes back.
pub fn read_up_to(tx: &mut Tx<'_>, id: Id<Conversation>, user: Id<User>, seq: i64) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(READ_UP_TO, &[id.into(), user.into(), now.into(), seq.into()])?;
    Ok(())
}

/// Whether somebody of the team may read a delegation at this moment.
pub fn reads_delegation(
    read: &ReadTx<'_>,
    team: Id<Team>,
    delegation: Id<Delegation>,
    user: Id<User>,
) -> Result<bool, Error> {
    let values = [team.into(), delegation.into(), user.into()];
    Ok(read.first(READS_DELEGATION, &values, |_| Ok(()))?.is_some())
}

/// Takes whoever a delegation came to into the conversation about it, if there is one.
pub fn follow_delegation(
    tx: &mut Tx<'_>,
    team: Id<Team>,
    delegation: Id<Delegation>,
    assignee: Option<Id<User>>,
) -> Result<(), Error> {
    match (conversation::find_of_delegation(tx, team, delegation)?, assignee) {
        (Some(id), Some(assignee)) => insert(tx, team, id, assignee),
        _ => Ok(()),
    }
}
