//! Comments on a delegation. A guest of the delegation is let in to it, so it is what each of these acts upon; the
//! comment itself is what the audit row names.

use std::collections::BTreeSet;

use crate::app::refuse_stale;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::comment::{Comment, MAX_MENTIONS};
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
use crate::domain::quota::{self, Quota};
use crate::domain::text::Remark;
use crate::domain::user::User;
use crate::store::comment::{self, Under};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, delegation};

use super::{Which, news};

const KIND: &str = "comment";

/// Which comment, always below its delegation.
#[derive(Clone, Copy, Debug)]
pub struct WhichComment {
    /// The delegation.
    pub on: Which,
    /// The comment.
    pub id: Id<Comment>,
}

impl WhichComment {
    /// It is the author's own, as long as they may read the delegation.
    fn relation(self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        delegation::standing(read, self.on.team, self.on.id)?;
        let (author, _) = comment::author(read, under(self.on), self.id)?;
        let own = caller.actor.user() == Some(author) && self.on.is_open_to(read, author)?;
        Ok(Relation { own, ..Relation::default() })
    }

    /// The comment, when its version is the one that was seen.
    fn seen(self, read: &ReadTx<'_>, version: Option<i64>) -> Result<Comment, Error> {
        let present = comment::get(read, under(self.on), self.id)?;
        refuse_stale(version, present.version)?;
        Ok(present)
    }
}

const fn under(which: Which) -> Under {
    Under { team: which.team, delegation: which.id }
}

/// Those who are named: each once, and each somebody who may read the delegation. Of the others it is not told whether
/// there are such people.
fn named(read: &ReadTx<'_>, which: Which, mentions: &[Id<User>]) -> Result<BTreeSet<Id<User>>, Error> {
    if mentions.len() > MAX_MENTIONS {
        return Err(Error::invalid("/mentions", format!("must name at most {MAX_MENTIONS} people")));
    }
    let mut named = BTreeSet::new();
    for (nth, person) in mentions.iter().enumerate() {
        let refuse = |why: &str| Err(Error::invalid(format!("/mentions/{nth}"), why));
        if !which.is_open_to(read, *person)? {
            return refuse("must be somebody who may read the delegation");
        }
        if !named.insert(*person) {
            return refuse("stands there twice");
        }
    }
    Ok(named)
}

/// Says something.
#[derive(Debug)]
pub struct Say {
    /// About what.
    pub which: Which,
    /// What.
    pub body: Remark,
    /// Who is named in it.
    pub mentions: Vec<Id<User>>,
}

impl Action for Say {
    type Output = Comment;

    fn permission(&self) -> Permission {
        Permission::CommentCreate
    }
    fn event(&self) -> Event {
        Event::DelegationCommented
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::COMMENTS)
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Comment, Error> {
        let named = named(tx, self.which, &self.mentions)?;
        let comment = comment::insert(tx, under(self.which), &self.body, &self.mentions)?;
        tx.concerns(KIND, comment.id);
        let delegation = delegation::get(tx, self.which.team, self.which.id)?;
        news::tell_of_comment(tx, &delegation, comment.id, &named)?;
        Ok(comment)
    }
}

/// What was said?
#[derive(Debug)]
pub struct List {
    /// About which delegation.
    pub which: Which,
    /// Which page.
    pub page: PageRequest,
}

impl Query for List {
    type Output = Page<Comment>;

    fn permission(&self) -> Permission {
        Permission::DelegationRead
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<Comment>, Error> {
        comment::list(read, under(self.which), &self.page)
    }
}

/// One comment.
#[derive(Debug)]
pub struct Get(pub WhichComment);

impl Query for Get {
    type Output = Comment;

    fn permission(&self) -> Permission {
        Permission::DelegationRead
    }
    fn target(&self) -> Target {
        self.0.on.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.0.on.relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Comment, Error> {
        comment::get(read, under(self.0.on), self.0.id)
    }
}

/// Says it otherwise. Whoever is named for the first time hears of it.
#[derive(Debug)]
pub struct Edit {
    /// Which.
    pub which: WhichComment,
    /// The version that the caller saw; `None` for whichever it is.
    pub version: Option<i64>,
    /// What it says from now on.
    pub body: Remark,
    /// Who is named in it from now on; those who are, when nobody says.
    pub mentions: Option<Vec<Id<User>>>,
}

impl Action for Edit {
    type Output = Comment;

    fn permission(&self) -> Permission {
        Permission::CommentUpdate
    }
    fn event(&self) -> Event {
        Event::CommentEdited
    }
    fn target(&self) -> Target {
        self.which.on.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Comment, Error> {
        let WhichComment { on, id } = self.which;
        let present = self.which.seen(tx, self.version)?;
        tx.concerns(KIND, id);
        let before: BTreeSet<_> = present.mentions.iter().map(|person| person.id).collect();
        let mentions = match self.mentions {
            Some(mentions) => {
                let new: BTreeSet<_> = named(tx, on, &mentions)?.difference(&before).copied().collect();
                let delegation = delegation::get(tx, on.team, on.id)?;
                news::tell_of_mention(tx, &delegation, id, &new)?;
                mentions
            }
            None => before.into_iter().collect(),
        };
        comment::update(tx, under(on), &present, &self.body, &mentions)?;
        comment::get(tx, under(on), id)
    }
}

/// Takes back what one said.
#[derive(Debug)]
pub struct Delete {
    /// Which.
    pub which: WhichComment,
    /// The version that the caller saw, when they say.
    pub version: Option<i64>,
}

impl Action for Delete {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::CommentDelete
    }
    fn event(&self) -> Event {
        Event::CommentDeleted
    }
    fn target(&self) -> Target {
        self.which.on.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let present = self.which.seen(tx, self.version)?;
        tx.concerns(KIND, present.id);
        comment::tombstone(tx, under(self.which.on), &present)
    }
}
