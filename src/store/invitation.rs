//! Invitations in the database.

use std::time::Duration;

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::crypto::blind_index::BlindColumn;
use crate::domain::role::Role;
use crate::domain::team::{Invitation, InvitationState, Team};
use crate::domain::text::Email;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};

use super::engine::{Row, Value};
use super::session::TokenRecord;
use super::tx::{ReadTx, Tx};

/// What became of an invitation, at that parameter's time.
macro_rules! state {
    ($now:literal) => {
        concat!(
            "CASE WHEN accepted_at IS NOT NULL THEN 'used' WHEN revoked_at IS NOT NULL THEN 'revoked' \
             WHEN expires_at <= ",
            $now,
            " THEN 'expired' ELSE 'open' END"
        )
    };
}

/// The columns of an invitation but its state.
macro_rules! columns {
    () => {
        "id, team_id, role, invited_by, email_bidx IS NOT NULL, created_at, expires_at"
    };
}

/// Whether the invitation's team is open.
macro_rules! team_is_open {
    () => {
        "EXISTS (SELECT 1 FROM teams t WHERE t.id = team_id AND t.deleted_at IS NULL)"
    };
}

statements! {
    INSERT = "INSERT INTO invitations (id, team_id, selector, hash, role, email_bidx, invited_by, created_at, \
        expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    FIND_TOKEN = concat!("SELECT hash, accepted_at IS NOT NULL OR revoked_at IS NOT NULL OR expires_at <= ?2 \
        OR NOT ", team_is_open!(), " FROM invitations WHERE selector = ?1");
    ACCEPT = concat!("UPDATE invitations SET accepted_at = ?2 WHERE selector = ?1 AND accepted_at IS NULL \
        AND revoked_at IS NULL AND expires_at > ?2 AND (email_bidx IS NULL OR email_bidx = ?3) AND ", team_is_open!(),
        " RETURNING ", columns!());
    IS_OPEN = concat!("SELECT 1 FROM invitations WHERE selector = ?1 AND accepted_at IS NULL AND revoked_at IS NULL \
        AND expires_at > ?2 AND ", team_is_open!());
    ACCEPTED_BY = "UPDATE invitations SET accepted_by = ?2 WHERE id = ?1";
    FIND = concat!("SELECT ", columns!(), ", ", state!("?3"), " FROM invitations WHERE team_id = ?1 AND id = ?2");
    FIND_OPEN = concat!("SELECT ", columns!(), " FROM invitations WHERE team_id = ?1 AND id = ?2 \
        AND accepted_at IS NULL AND revoked_at IS NULL");
    LIST = concat!("SELECT ", columns!(), " FROM invitations WHERE team_id = ?1 AND id > ?2 \
        AND (?3 IS NULL OR invited_by = ?3) AND ", state!("?4"), " = ?6 ORDER BY id LIMIT ?5");
    REVOKE_OF_INVITER = "UPDATE invitations SET revoked_at = ?4 WHERE team_id = ?1 AND invited_by = ?2 AND role = ?3 \
        AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?4";
    REVOKE = "UPDATE invitations SET revoked_at = ?3 WHERE team_id = ?1 AND id = ?2 AND accepted_at IS NULL \
        AND revoked_at IS NULL";
}

/// An invitation about to be made.
#[derive(Debug)]
pub struct NewInvitation {
    /// Where it leads.
    pub team: Id<Team>,
    /// Its token.
    pub token: TokenRecord,
    /// The role it gives.
    pub role: Role,
    /// Who alone may accept it.
    pub email: Option<Email>,
    /// How long it is good for.
    pub lifetime: Duration,
}

/// Makes an invitation.
pub fn insert(tx: &mut Tx<'_>, new: &NewInvitation) -> Result<Invitation, Error> {
    let now = tx.now();
    let invitation = Invitation {
        id: tx.mint_id(),
        team: new.team,
        role: new.role,
        invited_by: tx.user()?,
        state: InvitationState::Open,
        email_bound: new.email.is_some(),
        created_at: now,
        expires_at: now + new.lifetime,
    };
    let [selector, hash] = new.token.values();
    let values = [
        invitation.id.into(),
        new.team.into(),
        selector,
        hash,
        new.role.as_str().into(),
        new.email.as_ref().map(|email| tx.blind_index(BlindColumn::InvitationEmail, email.as_str())).into(),
        invitation.invited_by.into(),
        now.into(),
        invitation.expires_at.into(),
    ];
    tx.execute(INSERT, &values)?;
    Ok(invitation)
}

fn invitation(row: &Row<'_>, state: InvitationState) -> Result<Invitation, Error> {
    Ok(Invitation {
        id: row.id(0)?,
        team: row.id(1)?,
        role: row.word(2, Role::parse)?,
        invited_by: row.id(3)?,
        state,
        email_bound: row.integer(4)? == 1,
        created_at: row.time(5)?,
        expires_at: row.time(6)?,
    })
}

/// The hash behind a selector, until it has been cleaned up, and whether the invitation is closed.
pub fn find_token(read: &ReadTx<'_>, selector: &str) -> Result<Option<(Option<String>, bool)>, Error> {
    let values = [Value::plain(selector), read.now().into()];
    read.first(FIND_TOKEN, &values, |row| Ok((row.text_or_none(0)?.map(str::to_owned), row.integer(1)? == 1)))
}

/// Uses an invitation up; `verified` is the address that a provider vouches for. `Conflict(InvitationClosed)` when it is
/// closed, `Conflict(AddressUnproven)` when it is bound to another address.
pub fn accept(tx: &mut Tx<'_>, selector: &str, verified: Option<&Email>) -> Result<Invitation, Error> {
    let index = verified.map(|email| tx.blind_index(BlindColumn::InvitationEmail, email.as_str()));
    let values = [Value::plain(selector), tx.now().into(), index.into()];
    let accepted = tx.first(ACCEPT, &values, |row| invitation(&row, InvitationState::Used))?;
    match accepted {
        Some(accepted) => Ok(accepted),
        None if tx.first(IS_OPEN, &values[..2], |_| Ok(()))?.is_some() => {
            Err(Error::Conflict(Conflict::AddressUnproven))
        }
        None => Err(Error::Conflict(Conflict::InvitationClosed)),
    }
}

/// Notes who accepted.
pub fn record_accepter(tx: &mut Tx<'_>, id: Id<Invitation>, user: Id<User>) -> Result<(), Error> {
    tx.execute(ACCEPTED_BY, &[id.into(), user.into()])?;
    Ok(())
}

/// A team's invitation, whatever became of it.
pub fn find(read: &ReadTx<'_>, team: Id<Team>, id: Id<Invitation>) -> Result<Option<Invitation>, Error> {
    read.first(FIND, &[team.into(), id.into(), read.now().into()], |row| {
        invitation(&row, row.word(7, InvitationState::parse)?)
    })
}

/// A team's invitation that nobody has used or revoked.
pub fn find_open(read: &ReadTx<'_>, team: Id<Team>, id: Id<Invitation>) -> Result<Option<Invitation>, Error> {
    read.first(FIND_OPEN, &[team.into(), id.into()], |row| invitation(&row, InvitationState::Open))
}

/// A team's invitations in one state; of `inviter` alone, when one is named.
pub fn list(
    read: &ReadTx<'_>,
    team: Id<Team>,
    inviter: Option<Id<User>>,
    state: InvitationState,
    page: &PageRequest,
) -> Result<Page<Invitation>, Error> {
    let after = Value::plain(page.after().unwrap_or_default());
    let now = read.now().into();
    let values = [team.into(), after, inviter.into(), now, page.fetch().into(), state.as_str().into()];
    let invitations = read.all(LIST, &values, |row| invitation(&row, state))?;
    Ok(page.cut(invitations, |invitation| invitation.id.to_string()))
}

/// Closes an invitation.
pub fn revoke(tx: &mut Tx<'_>, team: Id<Team>, id: Id<Invitation>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(REVOKE, &[team.into(), id.into(), now.into()])?;
    Ok(())
}

/// Closes the open invitations with this role that somebody made; answers how many there were.
pub fn revoke_of(tx: &mut Tx<'_>, team: Id<Team>, inviter: Id<User>, role: Role) -> Result<usize, Error> {
    let now = tx.now();
    tx.execute(REVOKE_OF_INVITER, &[team.into(), inviter.into(), role.as_str().into(), now.into()])
}
