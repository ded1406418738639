//! How conversations begin. Two people, and a delegation, have one each: asking for it again finds it.

use crate::app::idempotency::Repeatable;
use crate::app::{Acted, App};
use crate::base::id::Id;
use crate::domain::actor::Caller;
use crate::domain::conversation::Conversation;
use crate::domain::delegation::Delegation;
use crate::domain::event::Event;
use crate::domain::idempotency::Mark;
use crate::domain::permission::{Permission, Relation};
use crate::domain::quota::{self, Quota};
use crate::domain::team::Team;
use crate::domain::text::Topic;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};
use crate::store::conversation::{self, New};
use crate::store::idempotency::Before;
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, delegation, participant, team};

use super::{Join, KIND, Which};

/// What shall begin.
#[derive(Clone, Debug)]
pub enum Beginning {
    /// A conversation between the caller and somebody.
    Direct(Id<User>),
    /// One among the caller and others.
    Group(Topic, Vec<Id<User>>),
    /// One about a delegation, among those who have to do with it.
    About(Id<Delegation>),
}

/// How it went.
#[derive(Debug)]
pub enum Begun {
    /// It began.
    New(Acted<Conversation>),
    /// It was there, and the caller joined.
    Joined(Acted<Conversation>),
    /// It was there.
    There(Conversation),
    /// The same request was answered before.
    Before(Before),
}

impl App {
    /// Begins a conversation, or finds the one that is there; the caller takes part in it from then on. At most once for
    /// each mark; `keep` writes the answer down for repetitions, and is told whether it is of something new.
    pub async fn begin_conversation(
        &self,
        caller: &Caller,
        team: Id<Team>,
        beginning: Beginning,
        mark: Option<Mark>,
        keep: impl Fn(&Conversation, bool) -> Result<Option<String>, Error> + Copy + Send + 'static,
    ) -> Result<Begun, Error> {
        let joined = move |joined: &Conversation| keep(joined, false);
        if let Some(found) = self.find_begun(caller, team, &beginning, mark, joined).await? {
            return Ok(found);
        }
        let begin = Begin { team, beginning: beginning.clone() };
        match self.act_once(caller, begin, mark, move |new| keep(new, true)).await {
            // Somebody else began it in the meantime.
            Err(Error::Conflict(Conflict::AlreadyExists)) => {
                let found = self.find_begun(caller, team, &beginning, mark, joined).await?;
                found.ok_or(Error::Conflict(Conflict::AlreadyExists))
            }
            Ok(Repeatable::Made(acted)) => Ok(Begun::New(acted)),
            Ok(Repeatable::Before(before)) => Ok(Begun::Before(before)),
            Err(error) => Err(error),
        }
    }

    async fn find_begun(
        &self,
        caller: &Caller,
        team: Id<Team>,
        beginning: &Beginning,
        mark: Option<Mark>,
        keep: impl Fn(&Conversation) -> Result<Option<String>, Error> + Send + 'static,
    ) -> Result<Option<Begun>, Error> {
        let found = self.ask(caller, Find { team, beginning: beginning.clone() }).await?;
        // Looked for after the right to it: what was begun with this mark is found together with its answer.
        if let Some(before) = mark.map(|mark| self.before(caller, &mark)).transpose()?.flatten() {
            return Ok(Some(Begun::Before(before)));
        }
        Ok(match found {
            None => None,
            Some(Found::Open(there)) => Some(Begun::There(*there)),
            Some(Found::ToJoin(id)) => {
                Some(match self.act_once(caller, Join(Which { team, id }), mark, keep).await? {
                    Repeatable::Made(acted) => Begun::Joined(acted),
                    Repeatable::Before(before) => Begun::Before(before),
                })
            }
        })
    }
}

fn target(team: Id<Team>, beginning: &Beginning) -> Target {
    match beginning {
        Beginning::About(delegation) => Target::team(team).resource("delegation", *delegation),
        Beginning::Direct(_) | Beginning::Group(..) => Target::team(team),
    }
}

/// Nobody talks about a delegation that they may not read, nor learns so whether it is there.
fn refuse_unless_read(
    read: &ReadTx<'_>,
    team: Id<Team>,
    beginning: &Beginning,
    caller: &Caller,
) -> Result<Relation, Error> {
    if let (Beginning::About(delegation), Some(me)) = (beginning, caller.actor.user())
        && !participant::reads_delegation(read, team, *delegation, me)?
    {
        return Err(Error::Forbidden(Some(Permission::ConversationCreate)));
    }
    Ok(Relation::default())
}

/// Is it there?
struct Find {
    team: Id<Team>,
    beginning: Beginning,
}

/// It is.
enum Found {
    /// The caller takes part.
    Open(Box<Conversation>),
    /// The caller may.
    ToJoin(Id<Conversation>),
}

impl Query for Find {
    type Output = Option<Found>;

    fn permission(&self) -> Permission {
        Permission::ConversationCreate
    }
    fn target(&self) -> Target {
        target(self.team, &self.beginning)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        refuse_unless_read(read, self.team, &self.beginning, caller)
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Option<Found>, Error> {
        let me = asker.user()?;
        let id = match self.beginning {
            Beginning::Direct(other) => conversation::find_of_pair(read, self.team, me, other)?,
            Beginning::About(delegation) => conversation::find_of_delegation(read, self.team, delegation)?,
            Beginning::Group(..) => None,
        };
        let Some(id) = id else { return Ok(None) };
        Ok(Some(if participant::takes_part(read, id, me)? {
            Found::Open(Box::new(conversation::get(read, self.team, id, me)?))
        } else {
            Found::ToJoin(id)
        }))
    }
}

/// Begins a conversation.
struct Begin {
    team: Id<Team>,
    beginning: Beginning,
}

impl Action for Begin {
    type Output = Conversation;

    fn permission(&self) -> Permission {
        Permission::ConversationCreate
    }
    fn event(&self) -> Event {
        Event::ConversationCreated
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::CONVERSATIONS)
    }
    fn target(&self) -> Target {
        target(self.team, &self.beginning)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        refuse_unless_read(read, self.team, &self.beginning, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Conversation, Error> {
        let (team, me) = (self.team, tx.user()?);
        let (new, others) = match self.beginning {
            Beginning::Direct(other) if other == me => {
                return Err(Error::invalid("/participant_ids/0", "must be somebody else"));
            }
            Beginning::Direct(other) => (New::Direct(other), vec![other]),
            Beginning::Group(title, others) => (New::Group(title), others),
            Beginning::About(delegation) => (New::About(delegation), hands(tx, team, delegation)?),
        };
        if !matches!(new, New::About(_)) {
            refuse_strangers(tx, team, &others)?;
        }
        let id = conversation::insert(tx, team, &new)?;
        for person in others.into_iter().chain([me]) {
            participant::insert(tx, team, id, person)?;
        }
        tx.concerns(KIND, id);
        conversation::get(tx, team, id, me)
    }
}

/// Who gave a delegation and who has it: nobody yet, while it is a draft.
fn hands(read: &ReadTx<'_>, team: Id<Team>, delegation: Id<Delegation>) -> Result<Vec<Id<User>>, Error> {
    let standing = delegation::standing(read, team, delegation)?;
    let assignee = standing.assignee.filter(|_| standing.state.was_offered());
    Ok([standing.delegator].into_iter().chain(assignee).collect())
}

fn refuse_strangers(read: &ReadTx<'_>, team: Id<Team>, others: &[Id<User>]) -> Result<(), Error> {
    for (nth, person) in others.iter().enumerate() {
        if team::find_role(read, team, *person)?.is_none() {
            return Err(Error::invalid(format!("/participant_ids/{nth}"), "must belong to the team"));
        }
    }
    Ok(())
}
