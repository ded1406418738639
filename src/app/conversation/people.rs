//! Who takes part in a conversation: looking, letting in and out, joining and leaving, and how far each has read.

use crate::base::id::Id;
use crate::domain::actor::Caller;
use crate::domain::conversation::{Conversation, Kind, MOST, Participant};
use crate::domain::event::Event;
use crate::domain::message::Message;
use crate::domain::permission::{Permission, Relation};
use crate::domain::user::User;
use crate::domain::{Conflict, Error};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, conversation, message, participant, team};

use super::Which;
use crate::app::grant::{close_grants_of, close_to};

/// Who takes part, and how far each has read?
#[derive(Debug)]
pub struct ListPeople(pub Which);

impl Query for ListPeople {
    type Output = Vec<Participant>;

    fn permission(&self) -> Permission {
        Permission::ConversationRead
    }
    fn target(&self) -> Target {
        self.0.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.0.relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Vec<Participant>, Error> {
        participant::list(read, self.0.team, self.0.id)
    }
}

/// One of those who take part.
#[derive(Debug)]
pub struct GetPerson {
    /// Where.
    pub which: Which,
    /// Who.
    pub user: Id<User>,
}

impl Query for GetPerson {
    type Output = Participant;

    fn permission(&self) -> Permission {
        Permission::ConversationRead
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Participant, Error> {
        let people = participant::list(read, self.which.team, self.which.id)?;
        people.into_iter().find(|one| one.person.id == self.user).ok_or(Error::NotFound)
    }
}

/// Lets somebody in.
#[derive(Debug)]
pub struct Add {
    /// Where.
    pub which: Which,
    /// Whom.
    pub user: Id<User>,
}

impl Add {
    /// Refuses whom the conversation is not for.
    fn refuse_stranger(&self, read: &ReadTx<'_>, kind: Kind) -> Result<(), Error> {
        let Which { team, id } = self.which;
        if team::find_role(read, team, self.user)?.is_none() {
            return Err(Error::invalid("/user_id", "must belong to the team"));
        }
        if kind == Kind::Delegation && !may_join(read, self.which, self.user)? {
            return Err(Error::invalid("/user_id", "must be able to read the delegation"));
        }
        if participant::takes_part(read, id, self.user)? {
            return Err(Error::Conflict(Conflict::AlreadyExists));
        }
        Ok(())
    }
}

impl Action for Add {
    type Output = Participant;

    fn permission(&self) -> Permission {
        Permission::ConversationUpdate
    }
    fn event(&self) -> Event {
        Event::ParticipantAdded
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Participant, Error> {
        let Which { team, id } = self.which;
        let kind = self.which.refuse_direct(tx)?;
        self.refuse_stranger(tx, kind)?;
        if participant::list(tx, team, id)?.len() > MOST {
            return Err(Error::Conflict(Conflict::LimitReached));
        }
        participant::insert(tx, team, id, self.user)?;
        tx.note("user", self.user);
        let everybody = participant::list(tx, team, id)?;
        everybody.into_iter().find(|one| one.person.id == self.user).ok_or(Error::NotFound)
    }
}

/// Whether somebody may take part without being asked: in what is said about a delegation that they may read.
fn may_join(read: &ReadTx<'_>, which: Which, user: Id<User>) -> Result<bool, Error> {
    match conversation::standing(read, which.team, which.id)?.delegation {
        Some(delegation) => participant::reads_delegation(read, which.team, delegation, user),
        None => Ok(false),
    }
}

/// Puts somebody out, with the guests that they let in; a guest loses their grant.
#[derive(Debug)]
pub struct Remove {
    /// Where.
    pub which: Which,
    /// Whom.
    pub user: Id<User>,
}

impl Action for Remove {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::ConversationUpdate
    }
    fn event(&self) -> Event {
        Event::ParticipantRemoved
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        self.which.refuse_direct(tx)?;
        tx.note("user", self.user);
        let Which { team, id } = self.which;
        if team::find_role(tx, team, self.user)?.is_none() {
            return close_to(tx, team, self.user, self.which.thing());
        }
        participant::leave(tx, id, self.user)?;
        close_grants_of(tx, team, self.user, self.which.thing())
    }
}

/// Takes part in what is said about a delegation that the caller may read.
#[derive(Debug)]
pub struct Join(pub Which);

impl Action for Join {
    type Output = Conversation;

    fn permission(&self) -> Permission {
        Permission::ConversationRead
    }
    fn event(&self) -> Event {
        Event::ParticipantAdded
    }
    fn target(&self) -> Target {
        self.0.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let me = caller.actor.user().ok_or(Error::NotFound)?;
        Ok(Relation { participant: may_join(read, self.0, me)?, ..self.0.relation(read, caller)? })
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Conversation, Error> {
        let (Which { team, id }, me) = (self.0, tx.user()?);
        // A guest takes part already, as long as their grant holds.
        if !may_join(tx, self.0, me)? {
            return Err(Error::Conflict(Conflict::WrongState));
        }
        participant::insert(tx, team, id, me)?;
        conversation::get(tx, team, id, me)
    }
}

/// Takes no part any more, nor do the guests that they let in. A guest gives their grant back.
#[derive(Debug)]
pub struct Leave(pub Which);

impl Action for Leave {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::ConversationLeave
    }
    fn event(&self) -> Event {
        Event::ParticipantRemoved
    }
    fn target(&self) -> Target {
        self.0.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.0.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let (Which { team, id }, me) = (self.0, tx.user()?);
        if team::find_role(tx, team, me)?.is_none() {
            return participant::give_up_grant(tx, team, id, me);
        }
        self.0.refuse_direct(tx)?;
        participant::leave(tx, id, me)?;
        close_grants_of(tx, team, me, self.0.thing())
    }
}

/// Moves the caller's read mark up to a message; it never goes back.
#[derive(Debug)]
pub struct MarkRead {
    /// Where.
    pub which: Which,
    /// Up to which message.
    pub message: Id<Message>,
}

impl Action for MarkRead {
    type Output = Conversation;

    fn permission(&self) -> Permission {
        Permission::MessageRead
    }
    fn event(&self) -> Event {
        Event::ConversationRead
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Conversation, Error> {
        let (Which { team, id }, me) = (self.which, tx.user()?);
        let found = message::find_standing(tx, id, self.message)?;
        let standing = found.ok_or_else(|| Error::invalid("/message_id", "must be a message of the conversation"))?;
        participant::read_up_to(tx, id, me, standing.seq)?;
        conversation::get(tx, team, id, me)
    }
}
