//! Grants: opening one thing of a team to a guest, and closing it again.

use std::time::Duration;

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::grant::{GRANT_LIFETIME, Grant, MAX_GRANT_LIFETIME, MIN_GRANT_LIFETIME, Thing, ThingKind};
use crate::domain::notification::News;
use crate::domain::permission::{Permission, Relation, is_open_to};
use crate::domain::quota::{self, Quota};
use crate::domain::role::Role;
use crate::domain::team::Team;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};
use crate::store::grant::{self, NewGrant, OpenToMe};
use crate::store::{Action, Asker, Query, Reach, ReadTx, Signal, Target, Tx, notification, team, user};

const KIND: &str = "grant";

/// Opens a thing to a guest. What was opened to them of the same thing before is closed in the same act.
#[derive(Debug)]
pub struct Create {
    /// Of which team.
    pub team: Id<Team>,
    /// What.
    pub thing: Thing,
    /// To whom.
    pub guest: Id<User>,
    /// As what: Manager or Member.
    pub role: Role,
    /// For how long, 1 minute to 90 days; 7 days when nobody says.
    pub lifetime: Option<Duration>,
}

impl Create {
    /// Refuses what the granter could not have meant: a thing that is not there or that they may not see themself, a
    /// conversation between two, somebody who may not act or who belongs to the team.
    fn refuse_wrong(&self, tx: &Tx<'_>) -> Result<(), Error> {
        let found = grant::find_thing(tx, self.thing, tx.user()?)?.filter(|facts| facts.team == self.team);
        let can_see = found.is_some_and(|facts| match self.thing.kind {
            ThingKind::Delegation => true,
            ThingKind::Conversation => facts.participant && !facts.is_direct,
        });
        if !can_see {
            return Err(Error::invalid("/resource_id", "must be a thing of the team that you can open to others"));
        }
        if !user::may_act(tx, self.guest)? {
            return Err(Error::invalid("/user_id", "must be somebody who may act"));
        }
        match team::find_role(tx, self.team, self.guest)? {
            Some(_) => Err(Error::Conflict(Conflict::AlreadyExists)),
            None => Ok(()),
        }
    }
}

impl Action for Create {
    type Output = Grant;

    fn permission(&self) -> Permission {
        Permission::GrantCreate
    }
    fn event(&self) -> Event {
        Event::GrantCreated
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::GRANTS)
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let Some(me) = caller.actor.user() else { return Ok(Relation::default()) };
        let found = grant::find_thing(read, self.thing, me)?.filter(|facts| facts.team == self.team);
        let own = found.is_some_and(|facts| facts.own);
        Ok(Relation { own, target: Some(self.role), ..Relation::default() })
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Grant, Error> {
        let lifetime = self.lifetime.unwrap_or(GRANT_LIFETIME);
        if !(MIN_GRANT_LIFETIME..=MAX_GRANT_LIFETIME).contains(&lifetime) {
            return Err(Error::invalid("/expires_in", "must be between 60 seconds and 90 days"));
        }
        self.refuse_wrong(tx)?;
        let Self { team, thing, guest, role, .. } = self;
        let replaced = grant::remove_of_thing(tx, guest, thing)?;
        let made = grant::insert(tx, &NewGrant { team, thing, guest, role, expires_at: tx.now() + lifetime })?;
        tx.concerns(KIND, made.id);
        tx.note("guest", guest);
        tx.note("opens", format!("{} {}", thing.kind.as_str(), thing.id));
        tx.note("role", role.as_str());
        if replaced > 0 {
            tx.note("replaced", replaced);
        }
        let news = News::GrantReceived {
            team,
            team_name: team::get(tx, team)?.name.as_str().to_owned(),
            resource_type: thing.kind.as_str().to_owned(),
            resource: thing.id,
            title: grant::title(tx, team, thing)?,
        };
        notification::insert(tx, guest, &news)?;
        Ok(made)
    }
}

/// What is open to guests: all of it for those who may read all, what they opened or what was opened to them for others.
#[derive(Debug)]
pub struct List {
    /// Of which team.
    pub team: Id<Team>,
    /// Which page.
    pub page: PageRequest,
}

impl Query for List {
    type Output = Page<Grant>;

    fn permission(&self) -> Permission {
        Permission::GrantRead
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(Relation { own: true, ..Relation::default() })
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Page<Grant>, Error> {
        let of = match asker.reach() {
            Reach::Everything => None,
            Reach::TheirOwn => Some(asker.user()?),
        };
        grant::list(read, self.team, of, &self.page)
    }
}

/// One grant.
#[derive(Debug)]
pub struct Get {
    /// Of which team.
    pub team: Id<Team>,
    /// Which grant.
    pub id: Id<Grant>,
}

impl Query for Get {
    type Output = Grant;

    fn permission(&self) -> Permission {
        Permission::GrantRead
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let found = grant::find(read, self.team, self.id)?.ok_or(Error::NotFound)?;
        let own = caller.actor.user().is_some_and(|me| me == found.granted_by || me == found.guest.id);
        Ok(Relation { own, ..Relation::default() })
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Grant, Error> {
        grant::find(read, self.team, self.id)?.ok_or(Error::NotFound)
    }
}

/// What is open to me, in teams that I do not belong to?
#[derive(Debug)]
pub struct ListMine {
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListMine {
    type Output = Page<OpenToMe>;

    fn permission(&self) -> Permission {
        Permission::GrantsOwn
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Page<OpenToMe>, Error> {
        grant::open_to(read, asker.user()?, &self.page)
    }
}

/// Closes a thing to a guest.
#[derive(Debug)]
pub struct Remove {
    /// Of which team.
    pub team: Id<Team>,
    /// Which grant.
    pub id: Id<Grant>,
}

impl Action for Remove {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::GrantDelete
    }
    fn event(&self) -> Event {
        Event::GrantRemoved
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let found = grant::find(read, self.team, self.id)?.ok_or(Error::NotFound)?;
        let own = caller.actor.user() == Some(found.granted_by);
        Ok(Relation { own, target: Some(found.role), ..Relation::default() })
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let found = grant::find(tx, self.team, self.id)?.ok_or(Error::NotFound)?;
        grant::remove(tx, found.id)?;
        tx.note("guest", found.guest.id);
        tx.signal(Signal::TrustEnded(found.guest.id));
        Ok(())
    }
}

/// Removes what a person opened to guests, and could not open any more with the role that is left to them.
pub(super) fn close_grants(tx: &mut Tx<'_>, team: Id<Team>, person: Id<User>, left: Option<Role>) -> Result<(), Error> {
    for made in grant::made_by(tx, person, team)? {
        let own = grant::find_thing(tx, made.thing, person)?.is_some_and(|facts| facts.own);
        if may_grant(left, made.role, own) {
            continue;
        }
        close(tx, &made)?;
    }
    Ok(())
}

/// Removes what a person opened of one thing, who has nothing to do with it any more: nobody reads on through a guest.
pub(super) fn close_grants_of(tx: &mut Tx<'_>, team: Id<Team>, person: Id<User>, thing: Thing) -> Result<(), Error> {
    let made = grant::made_by(tx, person, team)?;
    made.iter().filter(|made| made.thing == thing).try_for_each(|made| close(tx, made))
}

/// Closes a thing to one guest; `NotFound` when nothing of it is granted to them.
pub(super) fn close_to(tx: &mut Tx<'_>, team: Id<Team>, guest: Id<User>, thing: Thing) -> Result<(), Error> {
    let open = grant::find_of_guest(tx, team, guest, thing)?.ok_or(Error::NotFound)?;
    close(tx, &open)
}

/// Removes a grant as a part of another act.
fn close(tx: &mut Tx<'_>, made: &Grant) -> Result<(), Error> {
    grant::remove(tx, made.id)?;
    tx.also_about(Event::GrantRemoved, KIND, made.id);
    tx.signal(Signal::TrustEnded(made.guest.id));
    Ok(())
}

/// Whether somebody with this role, or none, may open their own or somebody else's thing to a guest with that role.
fn may_grant(granter: Option<Role>, role: Role, own: bool) -> bool {
    is_open_to(granter, Permission::GrantCreate, Relation { own, target: Some(role), ..Relation::default() })
}
