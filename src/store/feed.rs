//! What happened in teams, in the order in which it was committed: the audit log read forwards. Its numbers are the
//! positions of live streams and webhooks, so that both go on where they stopped, whatever restarts.

use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::event::Event;
use crate::domain::team::Team;
use crate::domain::user::User;

use super::engine::Row;
use super::tx::ReadTx;

/// The teams that something binds a person to at a moment, some of them twice: a membership, or a grant of one thing.
macro_rules! teams {
    ($person:literal, $now:literal) => {
        concat!(
            "SELECT team_id FROM memberships WHERE user_id = ",
            $person,
            " UNION ALL SELECT team_id FROM open_grants WHERE user_id = ",
            $person,
            " AND expires_at > ",
            $now
        )
    };
}

statements! {
    AFTER = "SELECT seq, at, event, scope, resource_type, resource_id FROM audit_log WHERE seq > ?1 AND seq <= ?2 \
        AND outcome = 'success' AND resource_id IS NOT NULL AND scope <> 'instance' ORDER BY seq";
    OF_PERSON = concat!(
        "SELECT seq, at, event, scope, resource_type, resource_id FROM audit_log WHERE seq > ?1 AND seq <= ?2 \
         AND outcome = 'success' AND resource_id IS NOT NULL AND (?5 IS NULL OR scope = ?5) AND scope IN (",
        teams!("?3", "?4"), ") ORDER BY seq LIMIT ?6"
    );
    TEAMS = teams!("?1", "?2");
    HEAD = "SELECT coalesce(max(seq), 0) FROM audit_log";
}

/// Rows that a stretch of the feed holds at most.
const AT_ONCE: i64 = 64;

/// Something that happened to a thing of a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// The row of the audit log that stands for it.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
    /// In which team.
    pub team: Id<Team>,
    /// The kind of thing, such as `delegation`.
    pub kind: String,
    /// The thing.
    pub id: Uuid,
}

/// What happened in rows `after + 1` to `until`, in all teams; what Milton has no name for any more is left out.
pub fn between(read: &ReadTx<'_>, after: i64, until: i64) -> Result<Vec<Happening>, Error> {
    Ok(read.all(AFTER, &[after.into(), until.into()], |row| happening(&row))?.into_iter().flatten().collect())
}

/// A stretch of the feed.
pub struct Stretch {
    /// What happened in it, in its order.
    pub happened: Vec<Happening>,
    /// The row it ends with.
    pub until: i64,
    /// Whether nothing that counts came behind it when it was read.
    pub is_all: bool,
}

/// What happened behind row `after` in teams that something binds a person to, or with `only` in this one of them; some
/// of it, when it is much. Whether they may read what it happened to is another question.
pub fn of_person(read: &ReadTx<'_>, person: Id<User>, only: Option<Id<Team>>, after: i64) -> Result<Stretch, Error> {
    let head = head(read)?.max(after);
    if head == after {
        return Ok(Stretch { happened: Vec::new(), until: head, is_all: true });
    }
    let values = [after.into(), head.into(), person.into(), read.now().into(), only.into(), AT_ONCE.into()];
    let rows = read.all(OF_PERSON, &values, |row| Ok((row.integer(0)?, happening(&row)?)))?;
    let is_all = i64::try_from(rows.len()).is_ok_and(|count| count < AT_ONCE);
    let until = rows.last().filter(|_| !is_all).map_or(head, |(last, _)| *last);
    Ok(Stretch { happened: rows.into_iter().filter_map(|(_, happening)| happening).collect(), until, is_all })
}

/// The teams that something binds a person to, some of them twice.
pub fn teams_of(read: &ReadTx<'_>, person: Id<User>) -> Result<Vec<Id<Team>>, Error> {
    read.all(TEAMS, &[person.into(), read.now().into()], |row| row.id(0))
}

/// The last row there is.
pub fn head(read: &ReadTx<'_>) -> Result<i64, Error> {
    Ok(read.first(HEAD, &[], |row| row.integer(0))?.unwrap_or_default())
}

fn happening(row: &Row<'_>) -> Result<Option<Happening>, Error> {
    let Some(event) = Event::parse(row.text(2)?) else { return Ok(None) };
    Ok(Some(Happening {
        seq: row.integer(0)?,
        at: row.time(1)?,
        event,
        team: row.id(3)?,
        kind: row.text(4)?.to_owned(),
        id: row.id::<()>(5)?.uuid(),
    }))
}
