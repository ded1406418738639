//! Delegations in the database: the work itself, its steps, and the chain of custody.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::delegation::{CustodyLink, Delegation, Person, Priority, State, Step};
use crate::domain::team::Team;
use crate::domain::text::{Body, Label, Title};
use crate::domain::user::User;
use crate::domain::{Conflict, Error};

use super::engine::{Row, Value};
use super::tx::{Column, ReadTx, Tx, owned_by_team};
use super::user::{self, Names};

/// The columns of a delegation with the names of its people.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT d.id, d.team_id, d.title_sealed, d.body_sealed, d.labels_sealed, d.state, d.priority, d.due_at, \
             d.delegator_id, g.name_sealed, d.assignee_id, a.name_sealed, d.version, d.created_at, d.updated_at \
             FROM delegations d JOIN users g ON g.id = d.delegator_id LEFT JOIN users a ON a.id = d.assignee_id ",
            $tail
        )
    };
}

/// A page of one team's delegations; `$drive` names the column whose index leads.
macro_rules! page_of_team {
    ($drive:literal) => {
        concat!(
            select!("WHERE d.team_id = ?1 AND d.id < ?2 AND d.deleted_at IS NULL "),
            $drive,
            " AND (?3 IS NULL OR d.state = ?3) AND (?4 IS NULL OR d.assignee_id = ?4) \
             AND (?5 IS NULL OR d.delegator_id = ?5) AND (?6 IS NULL OR d.due_at < ?6) ORDER BY d.id DESC LIMIT ?7"
        )
    };
}

/// The ids of what one person gave or has, in whatever team they belong to.
macro_rules! ids_of_person {
    ($column:literal) => {
        concat!(
            "SELECT d.id FROM delegations d JOIN memberships m ON m.team_id = d.team_id AND m.user_id = ?1 \
             JOIN teams t ON t.id = d.team_id AND t.deleted_at IS NULL WHERE d.",
            $column,
            " = ?1 AND d.id < ?2 AND d.deleted_at IS NULL AND (?3 IS NULL OR d.state = ?3) \
             AND (?4 IS NULL OR d.assignee_id = ?4) AND (?5 IS NULL OR d.delegator_id = ?5) \
             AND (?6 IS NULL OR d.due_at < ?6) AND (?8 IS NULL OR d.team_id = ?8)"
        )
    };
}

statements! {
    INSERT = "INSERT INTO delegations (id, team_id, title_sealed, body_sealed, labels_sealed, state, priority, due_at, \
        delegator_id, assignee_id, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)";
    FIND = select!("WHERE d.team_id = ?1 AND d.id = ?2 AND d.deleted_at IS NULL");
    STANDING = "SELECT state, delegator_id, assignee_id, version FROM delegations \
        WHERE team_id = ?1 AND id = ?2 AND deleted_at IS NULL";
    UPDATE = "UPDATE delegations SET title_sealed = ?3, body_sealed = ?4, labels_sealed = ?5, priority = ?6, \
        due_at = ?7, version = version + 1, updated_at = ?8 WHERE team_id = ?1 AND id = ?2";
    MOVE = "UPDATE delegations SET state = ?3, assignee_id = ?4, closed_at = ?5, version = version + 1, \
        updated_at = ?6 WHERE team_id = ?1 AND id = ?2";
    TOMBSTONE = "UPDATE delegations SET deleted_at = ?3, version = version + 1 WHERE team_id = ?1 AND id = ?2";
    PAGE = page_of_team!("");
    PAGE_BY_STATE = page_of_team!("AND d.state = ?3");
    PAGE_BY_ASSIGNEE = page_of_team!("AND d.assignee_id = ?4");
    PAGE_BY_DELEGATOR = page_of_team!("AND d.delegator_id = ?5");
    PAGE_OF_PERSON = concat!(
        select!("WHERE d.id IN ("), ids_of_person!("delegator_id"), " UNION ", ids_of_person!("assignee_id"),
        " ORDER BY 1 DESC LIMIT ?7) ORDER BY d.id DESC"
    );
    INSERT_CUSTODY = "INSERT INTO delegation_custody (delegation_id, link, at, actor_id, step, state, assignee_id) \
        VALUES (?1, (SELECT coalesce(max(link), 0) + 1 FROM delegation_custody WHERE delegation_id = ?1), \
        ?2, ?3, ?4, ?5, ?6)";
    CUSTODY = "SELECT c.at, c.actor_id, u.name_sealed, c.step, c.state, c.assignee_id, a.name_sealed \
        FROM delegation_custody c LEFT JOIN users u ON u.id = c.actor_id LEFT JOIN users a ON a.id = c.assignee_id \
        WHERE c.delegation_id = ?1 ORDER BY c.link";
}

const TITLE: Column = Column { table: "delegations", name: "title_sealed" };
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
    insert_custody(tx, id, None, state, assignee)?;
    Ok(Delegation {
        id,
        team,
        title: content.title.clone(),
        body: content.body.clone(),
        labels: content.labels.clone(),
        state,
        priority: content.priority,
        due_at: content.due_at,
        delegator: user::person(tx, delegator)?,
        assignee: assignee.map(|assignee| user::person(tx, assignee)).transpose()?,
        version: 1,
        created_at: now,
        updated_at: now,
    })
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

fn delegation(read: &ReadTx<'_>, row: &Row<'_>, names: &mut Names) -> Result<Delegation, Error> {
    let (id, team) = (row.id::<Delegation>(0)?, row.id::<Team>(1)?);
    let owner = owned_by_team(team);
    let labels: Vec<String> =
        serde_json::from_str(&read.open(owner, LABELS, id.uuid(), row.blob(4)?)?).map_err(Error::internal)?;
    let stored = |_| Error::internal("a stored text is not what it was");
    Ok(Delegation {
        id,
        team,
        title: read.open_line(owner, TITLE, id.uuid(), row.blob(2)?)?,
        body: Body::parse(BODY.name, &read.open(owner, BODY, id.uuid(), row.blob(3)?)?).map_err(stored)?,
        labels: labels.into_iter().map(Label::from_stored).collect(),
        state: row.word(5, State::parse)?,
        priority: row.word(6, Priority::parse)?,
        due_at: row.time_or_none(7)?,
        delegator: person(read, row, 8, names)?.ok_or_else(|| Error::internal("a delegation without a delegator"))?,
        assignee: person(read, row, 10, names)?,
        version: row.integer(12)?,
        created_at: row.time(13)?,
        updated_at: row.time(14)?,
    })
}

/// The person whose id and sealed name stand at `column` and behind it.
fn person(read: &ReadTx<'_>, row: &Row<'_>, column: usize, names: &mut Names) -> Result<Option<Person>, Error> {
    let Some(id) = row.id_or_none::<User>(column)? else {
        return Ok(None);
    };
    let name = names.open(read, id, row.blob(column + 1)?)?;
    Ok(Some(Person { id, name }))
}

/// Replaces what a delegation says.
pub fn update(tx: &mut Tx<'_>, team: Id<Team>, id: Id<Delegation>, content: &Content) -> Result<(), Error> {
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
    Ok(())
}

/// Takes a step and adds it to the chain of custody. `Conflict(WrongState)` when there is no such step from here.
pub fn take_step(
    tx: &mut Tx<'_>,
    team: Id<Team>,
    id: Id<Delegation>,
    step: Step,
    new_assignee: Option<Id<User>>,
) -> Result<(), Error> {
    let standing = standing(tx, team, id)?;
    let state = step.from(standing.state).ok_or(Error::Conflict(Conflict::WrongState))?;
    let assignee = new_assignee.or(standing.assignee);
    if state == State::Offered && assignee.is_none() {
        return Err(Error::Conflict(Conflict::WrongState));
    }
    let now = tx.now();
    let closed = matches!(state, State::Confirmed | State::Declined | State::Cancelled).then_some(now);
    let values = [team.into(), id.into(), state.as_str().into(), assignee.into(), closed.into(), now.into()];
    tx.execute(MOVE, &values)?;
    insert_custody(tx, id, Some(step), state, assignee)
}

fn insert_custody(
    tx: &mut Tx<'_>,
    id: Id<Delegation>,
    step: Option<Step>,
    state: State,
    assignee: Option<Id<User>>,
) -> Result<(), Error> {
    let values = [
        id.into(),
        tx.now().into(),
        tx.user()?.into(),
        step.map(Step::as_str).into(),
        state.as_str().into(),
        assignee.into(),
    ];
    tx.execute(INSERT_CUSTODY, &values)?;
    Ok(())
}

/// Takes a delegation out of sight. Its rows stay for the grace period.
pub fn tombstone(tx: &mut Tx<'_>, team: Id<Team>, id: Id<Delegation>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(TOMBSTONE, &[team.into(), id.into(), now.into()])?;
    Ok(())
}

/// What a reader of a list may ask for. Everything given must hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// In this state.
    pub state: Option<State>,
    /// In this person's hands.
    pub assignee: Option<Id<User>>,
    /// Given by this person.
    pub delegator: Option<Id<User>>,
    /// Due before.
    pub due_before: Option<Timestamp>,
}

impl Filter {
    fn values(&self, first: Value, page: &PageRequest) -> [Value; 7] {
        [
            first,
            page.after().map_or(Value::from(LAST), Value::plain),
            self.state.map(State::as_str).into(),
            self.assignee.into(),
            self.delegator.into(),
            self.due_before.into(),
            page.fetch().into(),
        ]
    }

    /// The statement led by the index that narrows most.
    const fn of_team(&self) -> &'static str {
        if self.assignee.is_some() {
            PAGE_BY_ASSIGNEE
        } else if self.delegator.is_some() {
            PAGE_BY_DELEGATOR
        } else if self.state.is_some() {
            PAGE_BY_STATE
        } else {
            PAGE
        }
    }
}

/// Sorts behind every id: lists begin with the newest.
const LAST: &str = "g";

/// All of a team's delegations, newest first.
pub fn list_of_team(
    read: &ReadTx<'_>,
    team: Id<Team>,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Delegation>, Error> {
    let mut names = Names::default();
    let values = filter.values(team.into(), page);
    let rows = read.all(filter.of_team(), &values, |row| delegation(read, &row, &mut names))?;
    Ok(page.cut(rows, |delegation| delegation.id.to_string()))
}

/// What a person gave or has, newest first; in all of their teams, or in one.
pub fn list_of_person(
    read: &ReadTx<'_>,
    person: Id<User>,
    team: Option<Id<Team>>,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Delegation>, Error> {
    let mut values = filter.values(person.into(), page).to_vec();
    values.push(team.into());
    let mut names = Names::default();
    let rows = read.all(PAGE_OF_PERSON, &values, |row| delegation(read, &row, &mut names))?;
    Ok(page.cut(rows, |delegation| delegation.id.to_string()))
}

/// The chain of custody, from the first link on.
pub fn custody(read: &ReadTx<'_>, id: Id<Delegation>) -> Result<Vec<CustodyLink>, Error> {
    let mut names = Names::default();
    read.all(CUSTODY, &[id.into()], |row| {
        Ok(CustodyLink {
            at: row.time(0)?,
            actor: person(read, &row, 1, &mut names)?,
            step: row.word_or_none(3, Step::parse)?,
            state: row.word(4, State::parse)?,
            assignee: person(read, &row, 5, &mut names)?,
        })
    })
}
