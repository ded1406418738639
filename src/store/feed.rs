//! What happened in teams, in the order in which it was committed: the audit log read forwards. Its numbers are the
//! positions of live streams and webhooks, so that both go on where they stopped, whatever restarts.

use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::event::Event;
use crate::domain::team::Team;

use super::engine::Row;
use super::tx::ReadTx;

statements! {
    AFTER = "SELECT seq, at, event, scope, resource_type, resource_id FROM audit_log WHERE seq > ?1 AND seq <= ?2 \
        AND outcome = 'success' AND resource_id IS NOT NULL AND scope <> 'instance' ORDER BY seq";
    HEAD = "SELECT coalesce(max(seq), 0) FROM audit_log";
}

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
