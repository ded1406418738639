//! Messages: sending, reading, editing, deleting. What is reported is in a file of its own.

mod reported;

use crate::app::conversation;
use crate::app::refuse_stale;
use crate::base::id::Id;
use crate::base::page::{Window, WindowRequest};
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::message::Message;
use crate::domain::notification::News;
use crate::domain::permission::{Permission, Relation};
use crate::domain::quota::{self, Quota};
use crate::domain::text::Said;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};
use crate::store::message::{self, Place, Standing};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, notification, participant, user};

pub use reported::{DeleteReported, ListReported, Report};

const KIND: &str = "message";

/// Which message, always by team, conversation and id together.
#[derive(Clone, Copy, Debug)]
pub struct Which {
    /// The conversation.
    pub conversation: conversation::Which,
    /// The message.
    pub id: Id<Message>,
}

const fn place(conversation: conversation::Which) -> Place {
    Place { team: conversation.team, conversation: conversation.id }
}

impl Which {
    /// How the caller stands to it: as to its conversation, and it is theirs alone who sent it and still takes part. That
    /// there is none with this id, all who take part may hear.
    fn relation(self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let relation = self.conversation.relation(read, caller)?;
        let author = message::find_standing(read, self.conversation.id, self.id)?.map(|standing| standing.author);
        let own = relation.participant && author.is_some() && author == caller.actor.user();
        Ok(Relation { own, ..relation })
    }

    /// Refuses what is not there, was seen in another version or was deleted.
    fn standing(self, read: &ReadTx<'_>, version: Option<i64>) -> Result<Standing, Error> {
        let standing = message::find_standing(read, self.conversation.id, self.id)?.ok_or(Error::NotFound)?;
        refuse_stale(version, standing.version)?;
        if standing.is_deleted { Err(Error::Conflict(Conflict::WrongState)) } else { Ok(standing) }
    }
}

/// Refuses the mention of whoever does not take part.
fn refuse_absent(read: &ReadTx<'_>, conversation: conversation::Which, mentions: &[Id<User>]) -> Result<(), Error> {
    for (nth, person) in mentions.iter().enumerate() {
        if !participant::takes_part(read, conversation.id, *person)? {
            return Err(Error::invalid(format!("/mentions/{nth}"), "must take part in the conversation"));
        }
    }
    Ok(())
}

/// Tells those who are mentioned and were not before. A message that mentions nobody tells nobody, in a direct
/// conversation neither: there the number of unread messages is enough.
fn tell(tx: &mut Tx<'_>, which: Which, mentions: &[Id<User>], before: &[Id<User>]) -> Result<(), Error> {
    let me = tx.user()?;
    let conversation::Which { team, id: conversation } = which.conversation;
    let name = user::person(tx, me)?.name.as_str().to_owned();
    let news = News::MessageMention { name, team, conversation, message: which.id };
    for person in mentions.iter().filter(|person| **person != me && !before.contains(person)) {
        notification::insert(tx, *person, &news)?;
    }
    Ok(())
}

/// Says something.
#[derive(Debug)]
pub struct Send {
    /// Where.
    pub conversation: conversation::Which,
    /// What.
    pub body: Said,
    /// Who is mentioned; each once.
    pub mentions: Vec<Id<User>>,
}

impl Action for Send {
    type Output = Message;

    fn permission(&self) -> Permission {
        Permission::MessageCreate
    }
    fn event(&self) -> Event {
        Event::MessageSent
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::MESSAGES)
    }
    fn target(&self) -> Target {
        self.conversation.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.conversation.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Message, Error> {
        self.conversation.refuse_forsaken(tx, tx.user()?)?;
        refuse_absent(tx, self.conversation, &self.mentions)?;
        let message = message::insert(tx, place(self.conversation), self.body, &self.mentions)?;
        tell(tx, Which { conversation: self.conversation, id: message.id }, &self.mentions, &[])?;
        tx.concerns(KIND, message.id);
        Ok(message)
    }
}

/// One message.
#[derive(Debug)]
pub struct Get(pub Which);

impl Query for Get {
    type Output = Message;

    fn permission(&self) -> Permission {
        Permission::MessageRead
    }
    fn target(&self) -> Target {
        self.0.conversation.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.0.conversation.relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Message, Error> {
        message::get(read, place(self.0.conversation), self.0.id)
    }
}

/// A stretch of what was said.
#[derive(Debug)]
pub struct List {
    /// Where.
    pub conversation: conversation::Which,
    /// Which stretch.
    pub window: WindowRequest,
}

impl Query for List {
    type Output = Window<Message>;

    fn permission(&self) -> Permission {
        Permission::MessageRead
    }
    fn target(&self) -> Target {
        self.conversation.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.conversation.relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Window<Message>, Error> {
        message::window(read, place(self.conversation), &self.window)
    }
}

/// Says it otherwise.
#[derive(Debug)]
pub struct Edit {
    /// Which.
    pub which: Which,
    /// The version that the caller saw; `None` for whichever it is.
    pub version: Option<i64>,
    /// The new text.
    pub body: Said,
    /// Who is mentioned from now on; `None` for those who are.
    pub mentions: Option<Vec<Id<User>>>,
}

impl Action for Edit {
    type Output = Message;

    fn permission(&self) -> Permission {
        Permission::MessageUpdate
    }
    fn event(&self) -> Event {
        Event::MessageEdited
    }
    fn target(&self) -> Target {
        self.which.conversation.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Message, Error> {
        let Which { conversation, id } = self.which;
        self.which.standing(tx, self.version)?;
        let before = message::get(tx, place(conversation), id)?.mentions;
        let mentions = self.mentions.as_deref();
        refuse_absent(tx, conversation, mentions.unwrap_or_default())?;
        message::update(tx, place(conversation), id, &self.body, mentions)?;
        tell(tx, self.which, mentions.unwrap_or_default(), &before)?;
        tx.concerns(KIND, id);
        message::get(tx, place(conversation), id)
    }
}

/// Takes back what was said.
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
        Permission::MessageDelete
    }
    fn event(&self) -> Event {
        Event::MessageDeleted
    }
    fn target(&self) -> Target {
        self.which.conversation.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        self.which.standing(tx, self.version)?;
        tx.concerns(KIND, self.which.id);
        message::empty(tx, place(self.which.conversation), self.which.id)
    }
}
