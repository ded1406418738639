//! Messages that somebody reported: an Admin of the team sees what these alone said then, and may delete them, without
//! taking part.

use crate::app::conversation;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::message::{Message, Reported};
use crate::domain::permission::{Permission, Relation};
use crate::domain::team::Team;
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, message};

use super::{KIND, Place, Which};

/// Reports a message, once for all.
#[derive(Debug)]
pub struct Report(pub Which);

impl Action for Report {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::MessageReport
    }
    fn event(&self) -> Event {
        Event::MessageReported
    }
    fn target(&self) -> Target {
        self.0.conversation.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.0.conversation.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        self.0.standing(tx, None)?;
        tx.concerns(KIND, self.0.id);
        let conversation::Which { team, id: conversation } = self.0.conversation;
        message::report(tx, Place { team, conversation }, self.0.id)
    }
}

/// What was reported in a team and is not settled.
#[derive(Debug)]
pub struct ListReported {
    /// Which team.
    pub team: Id<Team>,
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListReported {
    type Output = Page<Reported>;

    fn permission(&self) -> Permission {
        Permission::MessageDeleteReported
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    /// The list holds nothing but what was reported.
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(Relation { reported: true, ..Relation::default() })
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<Reported>, Error> {
        message::reported(read, self.team, &self.page)
    }
}

/// Takes a reported message away, or what was kept of one that its author took away: the report is settled.
#[derive(Debug)]
pub struct DeleteReported {
    /// In which team.
    pub team: Id<Team>,
    /// Which.
    pub id: Id<Message>,
}

impl DeleteReported {
    /// Where the message is.
    fn find(&self, read: &ReadTx<'_>) -> Result<Which, Error> {
        let id = message::conversation_of(read, self.team, self.id)?.ok_or(Error::NotFound)?;
        Ok(Which { conversation: conversation::Which { team: self.team, id }, id: self.id })
    }
}

impl Action for DeleteReported {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::MessageDeleteReported
    }
    fn event(&self) -> Event {
        Event::MessageDeleted
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        let conversation = self.find(read)?.conversation.id;
        let standing = message::find_standing(read, conversation, self.id)?.ok_or(Error::NotFound)?;
        Ok(Relation { reported: standing.is_reported, ..Relation::default() })
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let conversation::Which { team, id: conversation } = self.find(tx)?.conversation;
        if message::find_standing(tx, conversation, self.id)?.is_some_and(|standing| !standing.is_deleted) {
            message::empty(tx, Place { team, conversation }, self.id)?;
        }
        message::settle(tx, self.id)
    }
}
