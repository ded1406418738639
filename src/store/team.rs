//! Teams and memberships in the database.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::role::Role;
use crate::domain::team::{Member, Team};
use crate::domain::text::Name;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};

use super::credential_share;
use super::engine::{Row, Value};
use super::grant;
use super::participant;
use super::search::{self, Found};
use super::signal::Signal;
use super::tx::{Column, ReadTx, Tx, owned_by_team, owned_by_user};
use super::user::{self, NAME as USER_NAME};
use super::watch;

statements! {
    INSERT = "INSERT INTO teams (id, name_sealed, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)";
    FIND = "SELECT id, name_sealed, version, created_at, deleted_at FROM teams WHERE id = ?1";
    UPDATE = "UPDATE teams SET name_sealed = ?2, version = version + 1, updated_at = ?3 WHERE id = ?1";
    LIST_OF_USER = "SELECT t.id, t.name_sealed, t.version, t.created_at, t.deleted_at, m.role FROM memberships m \
        JOIN teams t ON t.id = m.team_id AND t.deleted_at IS NULL WHERE m.user_id = ?1 AND t.id > ?2 ORDER BY t.id LIMIT ?3";
    INSERT_MEMBER = "INSERT INTO memberships (team_id, user_id, role, joined_at) VALUES (?1, ?2, ?3, ?4)";
    FIND_ROLE = "SELECT role FROM memberships WHERE team_id = ?1 AND user_id = ?2";
    UPDATE_ROLE = "UPDATE memberships SET role = ?3 WHERE team_id = ?1 AND user_id = ?2";
    DELETE_MEMBER = "DELETE FROM memberships WHERE team_id = ?1 AND user_id = ?2";
    ALONE = "SELECT 1 FROM memberships m JOIN teams t ON t.id = m.team_id AND t.deleted_at IS NULL WHERE m.user_id = ?1 AND (?2 IS NULL OR m.team_id = ?2) AND m.role = 'owner' \
        AND NOT EXISTS (SELECT 1 FROM memberships o JOIN users u ON u.id = o.user_id WHERE o.team_id = m.team_id \
        AND o.role = 'owner' AND o.user_id <> m.user_id AND u.state = 'active') LIMIT 1";
    ROLES_OF_USER = "SELECT m.role FROM memberships m JOIN teams t ON t.id = m.team_id AND t.deleted_at IS NULL \
        WHERE m.user_id = ?1";
    MEMBERS = "SELECT u.id, u.name_sealed, m.role, m.joined_at FROM memberships m JOIN users u ON u.id = m.user_id \
        WHERE m.team_id = ?1 AND u.id > ?2 ORDER BY u.id LIMIT ?3";
    MEMBER = "SELECT u.id, u.name_sealed, m.role, m.joined_at FROM memberships m JOIN users u ON u.id = m.user_id \
        WHERE m.team_id = ?1 AND m.user_id = ?2";
    LIST_ALL = "SELECT t.id, t.name_sealed, t.version, t.created_at, t.deleted_at, \
        (SELECT count(*) FROM memberships m WHERE m.team_id = t.id), \
        (SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.team_id = t.id \
        AND m.role = 'owner' AND u.state = 'active') \
        FROM teams t WHERE EXISTS (SELECT 1 FROM data_keys k WHERE k.owner_kind = 'team' AND k.owner_id = t.id) \
        AND t.id > ?1 ORDER BY t.id LIMIT ?2";
    HAS_OWNER = "SELECT EXISTS (SELECT 1 FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.team_id = t.id \
        AND m.role = 'owner' AND u.state = 'active') FROM teams t WHERE t.id = ?1";
}

const NAME: Column = Column { table: "teams", name: "name_sealed" };

/// Founds a team with a data key of its own; `owner` becomes its first Owner.
pub fn insert(tx: &mut Tx<'_>, name: &Name, owner: Id<User>) -> Result<Team, Error> {
    let team = Team { id: tx.mint_id(), name: name.clone(), version: 1, created_at: tx.now(), deleted_at: None };
    tx.create_dek(owned_by_team(team.id))?;
    let sealed = tx.seal(owned_by_team(team.id), NAME, team.id.uuid(), name.as_str())?;
    tx.execute(INSERT, &[team.id.into(), sealed.into(), team.created_at.into()])?;
    insert_member(tx, team.id, owner, Role::Owner)?;
    Ok(team)
}

/// The team with this id, which must be there.
pub fn get(read: &ReadTx<'_>, id: Id<Team>) -> Result<Team, Error> {
    read.first(FIND, &[id.into()], |row| team(read, &row))?.ok_or(Error::NotFound)
}

fn team(read: &ReadTx<'_>, row: &Row<'_>) -> Result<Team, Error> {
    let id = row.id::<Team>(0)?;
    Ok(Team {
        id,
        name: read.open_line(owned_by_team(id), NAME, id.uuid(), row.blob(1)?)?,
        version: row.integer(2)?,
        created_at: row.time(3)?,
        deleted_at: row.time_or_none(4)?,
    })
}

/// Renames a team.
pub fn update(tx: &mut Tx<'_>, id: Id<Team>, name: &Name) -> Result<(), Error> {
    let sealed = tx.seal(owned_by_team(id), NAME, id.uuid(), name.as_str())?;
    let now = tx.now();
    tx.execute(UPDATE, &[id.into(), sealed.into(), now.into()])?;
    Ok(())
}

/// A person's teams with their role in each.
pub fn list_of_user(read: &ReadTx<'_>, user: Id<User>, page: &PageRequest) -> Result<Page<(Team, Role)>, Error> {
    let values = [user.into(), Value::plain(page.after().unwrap_or_default()), page.fetch().into()];
    let teams = read.all(LIST_OF_USER, &values, |row| Ok((team(read, &row)?, row.word(5, Role::parse)?)))?;
    Ok(page.cut(teams, |(team, _)| team.id.to_string()))
}

/// Takes a person in, who is no guest any more, and watches nothing that they watched as one. `Conflict(AlreadyExists)` when they belong to the team.
pub fn insert_member(tx: &mut Tx<'_>, team: Id<Team>, user: Id<User>, role: Role) -> Result<(), Error> {
    if find_role(tx, team, user)?.is_some() {
        return Err(Error::Conflict(Conflict::AlreadyExists));
    }
    let now = tx.now();
    tx.execute(INSERT_MEMBER, &[team.into(), user.into(), role.as_str().into(), now.into()])?;
    grant::remove_of_guest(tx, user, team)?;
    watch::delete_of_person(tx, team, user)?;
    search::index(tx, team, Found::Person, user, user::person(tx, user)?.name.as_str())?;
    // Their live streams hear of this team from now on.
    tx.signal(Signal::Notified(user));
    Ok(())
}

/// A person's role in a team.
pub fn find_role(read: &ReadTx<'_>, team: Id<Team>, user: Id<User>) -> Result<Option<Role>, Error> {
    read.first(FIND_ROLE, &[team.into(), user.into()], |row| row.word(0, Role::parse))
}

/// Changes a member's role. `Conflict(LastOwner)` when nobody would answer for the team.
pub fn update_role(tx: &mut Tx<'_>, team: Id<Team>, user: Id<User>, role: Role) -> Result<(), Error> {
    if role != Role::Owner {
        keep_an_owner(tx, user, Some(team))?;
    }
    tx.execute(UPDATE_ROLE, &[team.into(), user.into(), role.as_str().into()])?;
    Ok(())
}

/// Lets a member go. `Conflict(LastOwner)` when nobody would answer for the team.
pub fn delete_member(tx: &mut Tx<'_>, team: Id<Team>, user: Id<User>) -> Result<(), Error> {
    keep_an_owner(tx, user, Some(team))?;
    tx.execute(DELETE_MEMBER, &[team.into(), user.into()])?;
    participant::leave_team(tx, team, user)?;
    credential_share::delete_of_member(tx, team, user)?;
    search::forget(tx, team, user, user::person(tx, user)?.name.as_str())
}

/// `Conflict(LastOwner)` when this person alone, of those who may act, answers for the team; for any team that is open,
/// when none is named: one that was deleted holds nobody back.
pub fn keep_an_owner(read: &ReadTx<'_>, without: Id<User>, team: Option<Id<Team>>) -> Result<(), Error> {
    match read.first(ALONE, &[without.into(), team.into()], |_| Ok(()))? {
        Some(()) => Err(Error::Conflict(Conflict::LastOwner)),
        None => Ok(()),
    }
}

/// A person's roles in all of their teams.
pub fn roles_of_user(read: &ReadTx<'_>, user: Id<User>) -> Result<Vec<Role>, Error> {
    read.all(ROLES_OF_USER, &[user.into()], |row| row.word(0, Role::parse))
}

/// Who belongs to a team, in the order of their arrival on the server.
pub fn members(read: &ReadTx<'_>, team: Id<Team>, page: &PageRequest) -> Result<Page<Member>, Error> {
    let values = [team.into(), Value::plain(page.after().unwrap_or_default()), page.fetch().into()];
    let members = read.all(MEMBERS, &values, |row| member(read, &row))?;
    Ok(page.cut(members, |member| member.user.to_string()))
}

/// A person's place in a team, if they belong to it.
pub fn find_member(read: &ReadTx<'_>, team: Id<Team>, user: Id<User>) -> Result<Option<Member>, Error> {
    read.first(MEMBER, &[team.into(), user.into()], |row| member(read, &row))
}

fn member(read: &ReadTx<'_>, row: &Row<'_>) -> Result<Member, Error> {
    let user = row.id::<User>(0)?;
    Ok(Member {
        user,
        name: read.open_line(owned_by_user(user), USER_NAME, user.uuid(), row.blob(1)?)?,
        role: row.word(2, Role::parse)?,
        joined_at: row.time(3)?,
    })
}

/// A team as those see it who run the server: how large it is, and whether anybody answers for it, but nothing in it.
#[derive(Debug)]
pub struct Overview {
    /// The team.
    pub team: Team,
    /// How many people belong to it.
    pub members: i64,
    /// How many of its Owners may act.
    pub owners: i64,
}

/// Every team whose key is still there, in the order in which they were founded.
pub fn list_all(read: &ReadTx<'_>, page: &PageRequest) -> Result<Page<Overview>, Error> {
    let values = [Value::plain(page.after().unwrap_or_default()), page.fetch().into()];
    let teams = read.all(LIST_ALL, &values, |row| {
        Ok(Overview { team: team(read, &row)?, members: row.integer(5)?, owners: row.integer(6)? })
    })?;
    Ok(page.cut(teams, |overview| overview.team.id.to_string()))
}

/// Whether an Owner who may act answers for a team. `NotFound` when there is no such team.
pub fn has_owner(read: &ReadTx<'_>, id: Id<Team>) -> Result<bool, Error> {
    read.first(HAS_OWNER, &[id.into()], |row| Ok(row.integer(0)? == 1))?.ok_or(Error::NotFound)
}
