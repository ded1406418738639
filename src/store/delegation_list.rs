//! Lists of delegations: what is asked for, in which order, and where each page starts.
//!
//! A team's lists follow an index in each order. A person's are sorted as they are read: they are bounded by what one
//! person gave, has and watches.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest, Place};
use crate::domain::Error;
use crate::domain::delegation::{Delegation, Priority, State};
use crate::domain::team::Team;
use crate::domain::text::Label;
use crate::domain::user::User;

use super::delegation::{delegation, select};
use super::engine::Value;
use super::label;
use super::tx::ReadTx;
use super::user::Names;

/// What is due at no time comes last; as in the index of that name.
macro_rules! due {
    () => {
        "coalesce(d.due_at, 9223372036854775807)"
    };
}

/// How pressing it is, as a number; as in the index of that name, and as `Priority::rank` says.
macro_rules! rank {
    () => {
        "(CASE d.priority WHEN 'urgent' THEN 3 WHEN 'high' THEN 2 WHEN 'normal' THEN 1 ELSE 0 END)"
    };
}

/// Behind a place in these orders. The bound by itself is what an index on an expression can follow.
macro_rules! behind_due {
    () => {
        concat!(due!(), " >= ?2 AND (", due!(), ", d.id) > (?2, ?3)")
    };
}
macro_rules! behind_rank {
    () => {
        concat!(rank!(), " <= ?2 AND (", rank!(), ", d.id) < (?2, ?3)")
    };
}

/// What every list leaves out, and what the filter wants. `?4` is the present.
macro_rules! filtered {
    () => {
        " AND d.deleted_at IS NULL AND (?5 IS NULL OR d.state = ?5) AND (?6 IS NULL OR d.assignee_id = ?6) \
         AND (?7 IS NULL OR d.delegator_id = ?7) AND (?8 IS NULL OR d.due_at < ?8) AND (?9 IS NULL OR d.due_at > ?9) \
         AND (?10 IS NULL OR d.priority = ?10) AND (?11 IS NULL OR EXISTS (SELECT 1 FROM delegation_labels l \
         WHERE l.label_bidx = ?11 AND l.delegation_id = d.id)) AND (?12 IS NULL OR ?12 = CASE WHEN d.due_at <= ?4 \
         AND d.state IN ('offered', 'accepted', 'in_progress') THEN 1 ELSE 0 END)"
    };
}

/// A page of one team's delegations behind a place, in an order.
macro_rules! page_of_team {
    ($behind:expr, $order:expr) => {
        concat!(select!("WHERE d.team_id = ?1 AND "), $behind, filtered!(), " ORDER BY ", $order, " LIMIT ?13")
    };
}

/// The same, the newest first, led by the index of a column.
macro_rules! newest_led_by {
    ($lead:literal) => {
        page_of_team!(concat!("d.id < ?3 AND ", $lead), "d.id DESC")
    };
}

/// What one person gave, has, watches, or was let in to, as far as team `?14` and side `?15` go. A team that is closed
/// shows nothing.
macro_rules! page_of_person {
    ($behind:expr, $order:expr) => {
        concat!(
            select!(
                "WHERE d.id IN ( \
                SELECT s.delegation_id FROM delegation_sides s \
                WHERE s.user_id = ?1 AND (?15 IS NULL OR ?15 = s.side) \
                UNION SELECT g.resource_id FROM open_grants g WHERE g.user_id = ?1 \
                AND g.resource_type = 'delegation' AND g.expires_at > ?4 AND (?15 IS NULL OR ?15 = 'guest' \
                OR (?15 = 'watcher' AND EXISTS (SELECT 1 FROM delegation_watchers w \
                WHERE w.delegation_id = g.resource_id AND w.user_id = ?1)))) \
                AND d.team_id NOT IN (SELECT t.id FROM teams t WHERE t.deleted_at IS NOT NULL) \
                AND (?14 IS NULL OR d.team_id = ?14) AND "
            ),
            $behind,
            filtered!(),
            " ORDER BY ",
            $order,
            " LIMIT ?13"
        )
    };
}

statements! {
    NEWEST = page_of_team!("d.id < ?3", "d.id DESC");
    NEWEST_BY_LABEL =
        newest_led_by!("d.id IN (SELECT l.delegation_id FROM delegation_labels l WHERE l.label_bidx = ?11)");
    NEWEST_BY_STATE = newest_led_by!("d.state = ?5");
    NEWEST_BY_ASSIGNEE = newest_led_by!("d.assignee_id = ?6");
    NEWEST_BY_DELEGATOR = newest_led_by!("d.delegator_id = ?7");
    CHANGED = page_of_team!("(d.updated_at, d.id) < (?2, ?3)", "d.updated_at DESC, d.id DESC");
    DUE = page_of_team!(behind_due!(), concat!(due!(), ", d.id"));
    PRESSING = page_of_team!(behind_rank!(), concat!(rank!(), " DESC, d.id DESC"));
    NEWEST_OF_PERSON = page_of_person!("d.id < ?3", "d.id DESC");
    CHANGED_OF_PERSON = page_of_person!("(d.updated_at, d.id) < (?2, ?3)", "d.updated_at DESC, d.id DESC");
    DUE_OF_PERSON = page_of_person!(behind_due!(), concat!(due!(), ", d.id"));
    PRESSING_OF_PERSON =
        page_of_person!(behind_rank!(), concat!(rank!(), " DESC, d.id DESC"));
    TEAMS_OF_PERSON = "SELECT team_id FROM memberships WHERE user_id = ?1 UNION SELECT team_id FROM open_grants \
        WHERE user_id = ?1 AND expires_at > ?2";
}

/// What a reader of a list may ask for. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// In this state.
    pub state: Option<State>,
    /// In this person's hands.
    pub assignee: Option<Id<User>>,
    /// Given by this person.
    pub delegator: Option<Id<User>>,
    /// Due before.
    pub due_before: Option<Timestamp>,
    /// Due after.
    pub due_after: Option<Timestamp>,
    /// As pressing as this.
    pub priority: Option<Priority>,
    /// Bearing this label; case does not count.
    pub label: Option<Label>,
    /// Past its due time and not finished, or not so.
    pub overdue: Option<bool>,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// The newest first.
    #[default]
    Created,
    /// The last changed first.
    Updated,
    /// The first due first; what is due at no time comes last.
    Due,
    /// The most pressing first, the newest of them before the others.
    Priority,
}

/// How a person stands to what their list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// They gave it.
    Delegator,
    /// They have it.
    Assignee,
    /// They watch it.
    Watcher,
    /// It was granted to them, who do not belong to its team.
    Guest,
}

impl Side {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Delegator => "delegator",
            Self::Assignee => "assignee",
            Self::Watcher => "watcher",
            Self::Guest => "guest",
        }
    }
}

/// Whose list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// All of a team's.
    Team(Id<Team>),
    /// What concerns a person: on one side or any, in one team or all of theirs.
    Person(Id<User>, Option<Side>, Option<Id<Team>>),
}

/// What is asked of a list.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Which delegations.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// Which page.
    pub page: PageRequest,
}

/// Sorts behind every id.
const LAST: &str = "g";

impl Sort {
    const fn is_ascending(self) -> bool {
        matches!(self, Self::Due)
    }

    /// Before everything.
    fn start(self) -> Place {
        let (number, id) = if self.is_ascending() { (i64::MIN, "") } else { (i64::MAX, LAST) };
        Place { number, id: id.to_owned() }
    }

    /// Where a delegation stands.
    fn place(self, delegation: &Delegation) -> Place {
        let number = match self {
            Self::Created => 0,
            Self::Updated => delegation.updated_at.micros(),
            Self::Due => delegation.due_at.map_or(i64::MAX, Timestamp::micros),
            Self::Priority => delegation.priority.rank(),
        };
        Place { number, id: delegation.id.to_string() }
    }

    /// The statement for this list, led by the index that narrows most.
    const fn statement(self, whose: Whose, filter: &Filter) -> &'static str {
        match (whose, self) {
            (Whose::Team(_), Self::Created) if filter.label.is_some() => NEWEST_BY_LABEL,
            (Whose::Team(_), Self::Created) if filter.assignee.is_some() => NEWEST_BY_ASSIGNEE,
            (Whose::Team(_), Self::Created) if filter.delegator.is_some() => NEWEST_BY_DELEGATOR,
            (Whose::Team(_), Self::Created) if filter.state.is_some() => NEWEST_BY_STATE,
            (Whose::Team(_), Self::Created) => NEWEST,
            (Whose::Team(_), Self::Updated) => CHANGED,
            (Whose::Team(_), Self::Due) => DUE,
            (Whose::Team(_), Self::Priority) => PRESSING,
            (Whose::Person(..), Self::Created) => NEWEST_OF_PERSON,
            (Whose::Person(..), Self::Updated) => CHANGED_OF_PERSON,
            (Whose::Person(..), Self::Due) => DUE_OF_PERSON,
            (Whose::Person(..), Self::Priority) => PRESSING_OF_PERSON,
        }
    }
}

/// One page. A cursor of another list, order or filter is `Invalid`.
pub fn page(read: &ReadTx<'_>, whose: Whose, listing: &Listing) -> Result<Page<Delegation>, Error> {
    let Listing { filter, sort, page } = listing;
    let mut hasher = DefaultHasher::new();
    (whose, sort, filter).hash(&mut hasher);
    let list = hasher.finish();
    let after =
        page.after_place(list).map_err(|_| Error::invalid("cursor", "is a cursor of another list, order or filter"))?;
    let after = after.unwrap_or_else(|| sort.start());
    let found = match (whose, &filter.label) {
        // A label's index is its team's own: each team is asked for its.
        (Whose::Person(person, side, None), Some(_)) => {
            let mut found = Vec::new();
            for team in teams_of(read, person)? {
                found.extend(rows(read, Whose::Person(person, side, Some(team)), listing, &after)?);
            }
            found.sort_by_cached_key(|delegation| sort.place(delegation));
            if !sort.is_ascending() {
                found.reverse();
            }
            found
        }
        _ => rows(read, whose, listing, &after)?,
    };
    Ok(page.cut_sorted(found, list, |delegation| sort.place(delegation)))
}

fn teams_of(read: &ReadTx<'_>, person: Id<User>) -> Result<Vec<Id<Team>>, Error> {
    read.all(TEAMS_OF_PERSON, &[person.into(), read.now().into()], |row| row.id(0))
}

/// The rows behind a place, in order, as many as a page wants to see.
fn rows(read: &ReadTx<'_>, whose: Whose, listing: &Listing, after: &Place) -> Result<Vec<Delegation>, Error> {
    let Listing { filter, sort, page } = listing;
    let (whom, team): (Value, _) = match whose {
        Whose::Team(team) => (team.into(), Some(team)),
        Whose::Person(person, _, team) => (person.into(), team),
    };
    let label = filter.label.as_ref().zip(team).map(|(label, team)| label::index_of(read, team, label));
    let mut values = vec![
        whom,
        after.number.into(),
        Value::plain(&after.id),
        read.now().into(),
        filter.state.map(State::as_str).into(),
        filter.assignee.into(),
        filter.delegator.into(),
        filter.due_before.into(),
        filter.due_after.into(),
        filter.priority.map(Priority::as_str).into(),
        label.into(),
        filter.overdue.map(i64::from).into(),
        page.fetch().into(),
    ];
    if let Whose::Person(_, side, team) = whose {
        values.extend([team.into(), side.map(Side::as_str).into()]);
    }
    let mut names = Names::default();
    read.all(sort.statement(whose, filter), &values, |row| delegation(read, &row, &mut names))
}
