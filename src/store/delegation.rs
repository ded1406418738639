//! Delegations in the database: the work itself and its steps.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::delegation::{Delegation, Person, Priority, State, Step};
use crate::domain::team::Team;
use crate::domain::text::{Body, Label, Title};
use crate::domain::user::User;

use super::comment::{self, Under};
use super::engine::{Row, Value};
use super::participant;
use super::search::{self, Found};
use super::tx::{Column, ReadTx, Tx, owned_by_team};
use super::user::Names;
use super::{custody, label};

/// The columns of a delegation with the names of its people.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT d.id, d.team_id, d.title_sealed, d.body_sealed, d.labels_sealed, d.state, d.priority, d.due_at, \
             d.delegator_id, g.name_sealed, d.assignee_id, a.name_sealed, d.version, d.created_at, d.updated_at, \
             d.overdue_at \
             FROM delegations d JOIN users g ON g.id = d.delegator_id LEFT JOIN users a ON a.id = d.assignee_id ",
            $tail
        )
    };
}

pub(super) use select;

statements! {
    INSERT = "INSERT INTO delegations (id, team_id, title_sealed, body_sealed, labels_sealed, state, priority, due_at, \
        delegator_id, assignee_id, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)";
    FIND = select!("WHERE d.team_id = ?1 AND d.id = ?2 AND d.deleted_at IS NULL");
    STANDING = "SELECT state, delegator_id, assignee_id, version FROM delegations \
        WHERE team_id = ?1 AND id = ?2 AND deleted_at IS NULL";
    UPDATE = "UPDATE delegations SET title_sealed = ?3, body_sealed = ?4, labels_sealed = ?5, priority = ?6, \
        due_at = ?7, overdue_at = CASE WHEN due_at IS NOT DISTINCT FROM ?7 THEN overdue_at END, \
        version = version + 1, updated_at = ?8 WHERE team_id = ?1 AND id = ?2";
    MOVE = "UPDATE delegations SET state = ?3, assignee_id = ?4, delegator_id = ?5, \
        closed_at = CASE WHEN ?6 = 1 THEN coalesce(closed_at, ?7) END, version = version + 1, updated_at = ?7 \
        WHERE team_id = ?1 AND id = ?2";
    TOMBSTONE = "UPDATE delegations SET deleted_at = ?3, version = version + 1 WHERE team_id = ?1 AND id = ?2";
    IN_HANDS = "SELECT id FROM delegations WHERE team_id = ?1 AND assignee_id = ?2 AND deleted_at IS NULL \
        AND state IN ('offered', 'accepted', 'in_progress') ORDER BY id";
    FREE_DRAFTS = "UPDATE delegations SET assignee_id = NULL, version = version + 1, updated_at = ?3 \
        WHERE team_id = ?1 AND assignee_id = ?2 AND state = 'draft' AND deleted_at IS NULL";
}

pub(super) const TITLE: Column = Column { table: "delegations", name: "title_sealed" };
const BODY: Column = Column { table: "delegations", name: "body_sealed" };
const LABELS: Column = Column { table: "delegations", name: "labels_sealed" };

/// What a delegation says.
#[derive(Clone, Debug)]
pub struct Content {
    /// Its title.
    pub title: Title,
    /// Its text.
    pub body: Body,
    /// Its labels.
    pub labels: Vec<Label>,
    /// How pressing it is.
    pub priority: Priority,
    /// When it should be done.
    pub due_at: Option<Timestamp>,
}

/// Writes a delegation down, offered at once or as a draft.
pub fn insert(
    tx: &mut Tx<'_>,
    team: Id<Team>,
    content: &Content,
    assignee: Option<Id<User>>,
    state: State,
) -> Result<Delegation, Error> {
    let id = tx.mint_id::<Delegation>();
    let delegator = tx.user()?;
    let [title, body, labels] = sealed(tx, team, id, content)?;
    let now = tx.now();
    let values = [
        id.into(),
        team.into(),
        title,
        body,
        labels,
        state.as_str().into(),
        content.priority.as_str().into(),
        content.due_at.into(),
        delegator.into(),
        assignee.into(),
        now.into(),
    ];
    tx.execute(INSERT, &values)?;
    label::replace(tx, team, id, &content.labels)?;
    search::index(tx, team, Found::Delegation, id, content.title.as_str())?;
    custody::insert(tx, id, None, state, assignee)?;
    get(tx, team, id)
}

fn sealed(tx: &Tx<'_>, team: Id<Team>, id: Id<Delegation>, content: &Content) -> Result<[Value; 3], Error> {
    let labels: Vec<&str> = content.labels.iter().map(Label::as_str).collect();
    let labels = serde_json::to_string(&labels).map_err(Error::internal)?;
    let seal = |column, text: &str| tx.seal(owned_by_team(team), column, id.uuid(), text).map(Value::from);
    Ok([seal(TITLE, content.title.as_str())?, seal(BODY, content.body.as_str())?, seal(LABELS, &labels)?])
}

/// What the permission to touch a delegation hangs on.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Where it stands.
    pub state: State,
    /// Who gave it.
    pub delegator: Id<User>,
    /// Who has it.
    pub assignee: Option<Id<User>>,
    /// Its version.
    pub version: i64,
}

/// How a team's delegation stands; `NotFound` when the team has none with this id.
pub fn standing(read: &ReadTx<'_>, team: Id<Team>, id: Id<Delegation>) -> Result<Standing, Error> {
    let found = read.first(STANDING, &[team.into(), id.into()], |row| {
        Ok(Standing {
            state: row.word(0, State::parse)?,
            delegator: row.id(1)?,
            assignee: row.id_or_none(2)?,
            version: row.integer(3)?,
        })
    })?;
    found.ok_or(Error::NotFound)
}

/// A team's delegation; `NotFound` when the team has none with this id.
pub fn get(read: &ReadTx<'_>, team: Id<Team>, id: Id<Delegation>) -> Result<Delegation, Error> {
    read.first(FIND, &[team.into(), id.into()], |row| delegation(read, &row, &mut Names::default()))?
        .ok_or(Error::NotFound)
}

pub(super) fn delegation(read: &ReadTx<'_>, row: &Row<'_>, names: &mut Names) -> Result<Delegation, Error> {
    let (id, team) = (row.id::<Delegation>(0)?, row.id::<Team>(1)?);
    let owner = owned_by_team(team);
    let labels: Vec<String> =
        serde_json::from_str(&read.open(owner, LABELS, id.uuid(), row.blob(4)?)?).map_err(Error::internal)?;
    let (state, due_at) = (row.word(5, State::parse)?, row.time_or_none(7)?);
    Ok(Delegation {
        id,
        team,
        title: read.open_line(owner, TITLE, id.uuid(), row.blob(2)?)?,
        body: Body::from_stored(read.open(owner, BODY, id.uuid(), row.blob(3)?)?),
        labels: labels.into_iter().map(Label::from_stored).collect(),
        state,
        priority: row.word(6, Priority::parse)?,
        due_at,
        is_overdue: state.is_pending() && due_at.is_some_and(|due| due <= read.now()),
        overdue_at: row.time_or_none(15)?,
        delegator: person(read, row, 8, names)?.ok_or_else(|| Error::internal("a delegation without a delegator"))?,
        assignee: person(read, row, 10, names)?,
        version: row.integer(12)?,
        created_at: row.time(13)?,
        updated_at: row.time(14)?,
    })
}

/// The person whose id and sealed name stand at `column` and behind it.
pub(super) fn person(
    read: &ReadTx<'_>,
    row: &Row<'_>,
    column: usize,
    names: &mut Names,
) -> Result<Option<Person>, Error> {
    names.person(read, row, column)
}

/// Replaces what a delegation says. Another due time takes the overdue mark away.
pub fn update(tx: &mut Tx<'_>, present: &Delegation, content: &Content) -> Result<(), Error> {
    let (team, id) = (present.team, present.id);
    let [title, body, labels] = sealed(tx, team, id, content)?;
    let values = [
        team.into(),
        id.into(),
        title,
        body,
        labels,
        content.priority.as_str().into(),
        content.due_at.into(),
        tx.now().into(),
    ];
    tx.execute(UPDATE, &values)?;
    search::forget(tx, team, id, present.title.as_str())?;
    search::index(tx, team, Found::Delegation, id, content.title.as_str())?;
    label::replace(tx, team, id, &content.labels)
}

/// Takes a step and adds it to the chain of custody. `WrongState` when there is no such step from here.
pub fn take_step(
    tx: &mut Tx<'_>,
    team: Id<Team>,
    id: Id<Delegation>,
    step: Step,
    new_assignee: Option<Id<User>>,
) -> Result<(), Error> {
    let standing = standing(tx, team, id)?;
    let state = step.from(standing.state);
    let state = state.ok_or_else(|| Error::wrong_state(format!("it is {}", standing.state.as_str())))?;
    let assignee = match step {
        Step::Return => None,
        // Whoever was chosen for a draft was never asked, and has nothing to do with its end.
        Step::Cancel if !standing.state.was_offered() => None,
        _ => new_assignee.or(standing.assignee),
    };
    if state == State::Offered && assignee.is_none() {
        return Err(Error::wrong_state("it is in nobody's hands"));
    }
    let delegator = if step == Step::TakeOver { tx.user()? } else { standing.delegator };
    let values = [
        team.into(),
        id.into(),
        state.as_str().into(),
        assignee.into(),
        delegator.into(),
        i64::from(state.is_closed()).into(),
        tx.now().into(),
    ];
    tx.execute(MOVE, &values)?;
    participant::follow_delegation(tx, team, id, if step == Step::TakeOver { Some(delegator) } else { assignee })?;
    custody::insert(tx, id, Some(step), state, assignee)
}

/// Chooses nobody any more for the drafts in a team that a person was chosen for.
pub fn free_drafts(tx: &mut Tx<'_>, team: Id<Team>, person: Id<User>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(FREE_DRAFTS, &[team.into(), person.into(), now.into()])?;
    Ok(())
}

/// What is in a person's hands in a team and is not finished.
pub fn in_hands(read: &ReadTx<'_>, team: Id<Team>, person: Id<User>) -> Result<Vec<Id<Delegation>>, Error> {
    read.all(IN_HANDS, &[team.into(), person.into()], |row| row.id(0))
}

/// Takes a delegation out of sight, and out of the search with all that was said about it. Its rows stay for the grace
/// period.
pub fn tombstone(tx: &mut Tx<'_>, team: Id<Team>, id: Id<Delegation>) -> Result<(), Error> {
    let title = get(tx, team, id)?.title;
    search::forget(tx, team, id, title.as_str())?;
    comment::forget_all(tx, Under { team, delegation: id })?;
    let now = tx.now();
    tx.execute(TOMBSTONE, &[team.into(), id.into(), now.into()])?;
    Ok(())
}
