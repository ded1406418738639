//! Requests that are sent again: the work is done once, and the answer is the same. The answer is kept in the transaction
//! that did the work, and acts run one after the other: a repetition that comes while the first is under way waits for
//! it.

use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::idempotency::Mark;
use crate::domain::permission::Permission;
use crate::domain::{Conflict, Error};
use crate::store::idempotency::{self, Before, Once};
use crate::store::{Action, Answered, Target, Tx};

use super::{Acted, Allowance, App};

/// The answer to a request that may be a repetition.
#[derive(Debug)]
pub enum Repeatable<T> {
    /// It was done now.
    Made(Acted<T>),
    /// It was done before.
    Before(Before),
}

/// Something that was done and whose answer is shown once, such as a new token. This file alone makes one, so that none
/// is handed out twice.
#[derive(Debug)]
pub struct ShownOnce<T>(Acted<T>);

impl<T> ShownOnce<T> {
    /// What is shown.
    pub const fn output(&self) -> &T {
        &self.0.output
    }

    /// The same act with more to show.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> ShownOnce<U> {
        let Acted { output, seq, allowance } = self.0;
        ShownOnce(Acted { output: turn(output), seq, allowance })
    }

    /// The act, for whoever answers it.
    pub fn into_acted(self) -> Acted<T> {
        self.0
    }
}

impl App {
    /// As [`act`](Self::act), at most once for each mark; `render` writes the answer down for repetitions. The right to do
    /// it is looked at each time; a repetition costs nothing of the quota. `Invalid` when the mark's key came with another
    /// request.
    pub async fn act_once<A: Action>(
        &self,
        caller: &Caller,
        action: A,
        mark: Option<Mark>,
        render: impl FnOnce(&A::Output) -> Result<Option<String>, Error> + Send + 'static,
    ) -> Result<Repeatable<A::Output>, Error> {
        let Some(mark) = mark else { return self.act(caller, action).await.map(Repeatable::Made) };
        let allowance = match action.quota() {
            Some(quota) if self.before(caller, &mark)?.is_none() => Some(self.spend(caller, quota).await?),
            _ => None,
        };
        let used = allowance.as_ref().and_then(Allowance::in_use);
        let once = Once { mark, render: Box::new(render) };
        Ok(match self.store.act_once(caller.clone(), action, used, once).await? {
            Answered::Now(done) => Repeatable::Made(Acted { output: done.output, seq: done.seq, allowance }),
            Answered::Before(before) => Repeatable::Before(before),
        })
    }

    /// As [`act_once`](Self::act_once), for what is shown once and kept nowhere: refuses a repetition
    /// (`Conflict(AlreadyMade)`).
    pub async fn act_shown_once<A: Action>(
        &self,
        caller: &Caller,
        action: A,
        mark: Option<Mark>,
    ) -> Result<ShownOnce<A::Output>, Error> {
        match self.act_once(caller, action, mark, |_| Ok(None)).await? {
            Repeatable::Made(acted) => Ok(ShownOnce(acted)),
            Repeatable::Before(_) => Err(Error::Conflict(Conflict::AlreadyMade)),
        }
    }

    /// Refuses a repetition of what is shown once, before it costs anything.
    pub(super) fn refuse_repetition(&self, caller: &Caller, mark: Option<&Mark>) -> Result<(), Error> {
        match mark.map(|mark| self.before(caller, mark)).transpose()?.flatten() {
            Some(_) => Err(Error::Conflict(Conflict::AlreadyMade)),
            None => Ok(()),
        }
    }

    /// Does what is shown once, for which the allowance has been spent.
    pub(super) async fn act_shown_once_within<A: Action>(
        &self,
        caller: &Caller,
        action: A,
        allowance: Allowance,
        mark: Option<Mark>,
    ) -> Result<ShownOnce<A::Output>, Error> {
        let Some(mark) = mark else { return self.act_within(caller, action, Some(allowance)).await.map(ShownOnce) };
        let once = Once { mark, render: Box::new(|_| Ok(None)) };
        match self.store.act_once(caller.clone(), action, allowance.in_use(), once).await? {
            Answered::Now(done) => {
                Ok(ShownOnce(Acted { output: done.output, seq: done.seq, allowance: Some(allowance) }))
            }
            Answered::Before(_) => Err(Error::Conflict(Conflict::AlreadyMade)),
        }
    }

    /// What was answered to the caller's request of this mark.
    pub(super) fn before(&self, caller: &Caller, mark: &Mark) -> Result<Option<Before>, Error> {
        let user = caller.actor.user().ok_or(Error::Forbidden(None))?;
        self.store.look(|read| idempotency::find(read, user, mark))
    }

    /// Forgets one batch of answers that are a day old. Answers how many: none when there was nothing left, and then it
    /// leaves no row in the log.
    pub async fn forget_answers(&self, job: &Caller) -> Result<u64, Error> {
        if !self.store.look(idempotency::any_old)? {
            return Ok(0);
        }
        Ok(self.act(job, Forget).await?.output)
    }
}

/// One batch.
#[derive(Debug)]
struct Forget;

impl Action for Forget {
    type Output = u64;

    fn permission(&self) -> Permission {
        Permission::AnswerForget
    }
    fn event(&self) -> Event {
        Event::AnswersForgotten
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<u64, Error> {
        let count = idempotency::forget(tx)?;
        tx.note("answers", count);
        u64::try_from(count).map_err(Error::internal)
    }
}
