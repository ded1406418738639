//! Conversations: looking at them, renaming and ending them. How they begin, and who takes part, is in files of their own.

mod begin;
mod people;

use crate::app::refuse_stale;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::actor::Caller;
use crate::domain::conversation::{Conversation, Kind};
use crate::domain::event::Event;
use crate::domain::grant::{Thing, ThingKind};
use crate::domain::permission::{Permission, Relation};
use crate::domain::team::Team;
use crate::domain::text::Topic;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, conversation, participant};

pub use begin::{Beginning, Begun};
pub use people::{Add, GetPerson, Join, Leave, ListPeople, MarkRead, Remove};

pub(super) const KIND: &str = "conversation";

/// Which conversation, always by team and id together.
#[derive(Clone, Copy, Debug)]
pub struct Which {
    /// The team.
    pub team: Id<Team>,
    /// The conversation.
    pub id: Id<Conversation>,
}

impl Which {
    /// The conversation itself, whatever of it is asked about: that is what a guest's grant names.
    pub(super) fn target(self) -> Target {
        Target::team(self.team).resource(KIND, self.id)
    }

    /// As what is granted to guests.
    fn thing(self) -> Thing {
        Thing { kind: ThingKind::Conversation, id: Id::from_uuid(self.id.uuid()) }
    }

    /// How the caller stands to it. Whoever does not take part any more owns nothing of it either.
    pub(super) fn relation(self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let standing = conversation::standing(read, self.team, self.id)?;
        let me = caller.actor.user().ok_or(Error::NotFound)?;
        let participant = participant::takes_part(read, self.id, me)?;
        let own = participant && standing.created_by == Some(me);
        Ok(Relation { own, participant, ..Relation::default() })
    }

    /// `Conflict(WrongState)` for a conversation between two: it belongs to both alike.
    fn refuse_direct(self, read: &ReadTx<'_>) -> Result<Kind, Error> {
        let kind = conversation::standing(read, self.team, self.id)?.kind;
        if kind.is_open_ended() { Ok(kind) } else { Err(Error::Conflict(Conflict::WrongState)) }
    }

    /// `Conflict(WrongState)` where two talked and the other has left: nobody would read it. What was said stays, and goes
    /// on should they come back.
    pub(super) fn refuse_forsaken(self, read: &ReadTx<'_>, me: Id<User>) -> Result<(), Error> {
        let is_direct = !conversation::standing(read, self.team, self.id)?.kind.is_open_ended();
        if is_direct && participant::is_alone(read, self.id, me)? {
            return Err(Error::Conflict(Conflict::WrongState));
        }
        Ok(())
    }

    fn refuse_unless(self, read: &ReadTx<'_>, version: Option<i64>) -> Result<(), Error> {
        refuse_stale(version, conversation::standing(read, self.team, self.id)?.version)
    }
}

/// One conversation.
#[derive(Debug)]
pub struct Get(pub Which);

impl Query for Get {
    type Output = Conversation;

    fn permission(&self) -> Permission {
        Permission::ConversationRead
    }
    fn target(&self) -> Target {
        self.0.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.0.relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Conversation, Error> {
        conversation::get(read, self.0.team, self.0.id, asker.user()?)
    }
}

/// What I take part in, in one team.
#[derive(Debug)]
pub struct ListOfTeam {
    /// Which team.
    pub team: Id<Team>,
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListOfTeam {
    type Output = Page<Conversation>;

    fn permission(&self) -> Permission {
        Permission::ConversationRead
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(Relation { participant: true, ..Relation::default() })
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Page<Conversation>, Error> {
        conversation::list(read, asker.user()?, Some(self.team), &self.page)
    }
}

/// What I take part in, in all of my teams and as a guest.
#[derive(Debug)]
pub struct ListMine {
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListMine {
    /// With the number of all that I have not read, on whatever page.
    type Output = (Page<Conversation>, i64);

    fn permission(&self) -> Permission {
        Permission::ConversationsOwn
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Self::Output, Error> {
        let me = asker.user()?;
        Ok((conversation::list(read, me, None, &self.page)?, conversation::unread(read, me)?))
    }
}

/// Gives a group another title.
#[derive(Debug)]
pub struct Rename {
    /// Which.
    pub which: Which,
    /// The version that the caller saw; `None` for whichever it is.
    pub version: Option<i64>,
    /// Its new title.
    pub title: Topic,
}

impl Action for Rename {
    type Output = Conversation;

    fn permission(&self) -> Permission {
        Permission::ConversationUpdate
    }
    fn event(&self) -> Event {
        Event::ConversationUpdated
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Conversation, Error> {
        let Which { team, id } = self.which;
        self.which.refuse_unless(tx, self.version)?;
        if conversation::standing(tx, team, id)?.kind != Kind::Group {
            return Err(Error::Conflict(Conflict::WrongState));
        }
        conversation::rename(tx, team, id, &self.title)?;
        conversation::get(tx, team, id, tx.user()?)
    }
}

/// Ends a conversation, for all who take part.
#[derive(Debug)]
pub struct Delete {
    /// Which.
    pub which: Which,
    /// The version that the caller saw, when they say.
    pub version: Option<i64>,
}

impl Action for Delete {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::ConversationDelete
    }
    fn event(&self) -> Event {
        Event::ConversationDeleted
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        self.which.refuse_unless(tx, self.version)?;
        self.which.refuse_direct(tx)?;
        conversation::tombstone(tx, self.which.team, self.which.id)
    }
}
