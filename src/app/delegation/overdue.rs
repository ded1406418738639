//! Marks what is past its due time, and tells those whose it is, once for each due time.

use std::collections::BTreeSet;

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::notification::Happened;
use crate::domain::permission::Permission;
use crate::domain::team::Team;
use crate::store::{Action, Target, Tx, delegation, overdue};

use super::super::App;
use super::{KIND, news};

impl App {
    /// Marks one batch of overdue delegations, of one team: each leaves its row there. Answers how many they were.
    pub async fn mark_overdue(&self, job: &Caller) -> Result<u64, Error> {
        match self.store.look(overdue::next_team)? {
            Some(team) => Ok(self.act(job, MarkOverdue { team }).await?.output),
            None => Ok(0),
        }
    }
}

/// One batch.
#[derive(Debug)]
struct MarkOverdue {
    team: Id<Team>,
}

impl Action for MarkOverdue {
    type Output = u64;

    fn permission(&self) -> Permission {
        Permission::DelegationMarkOverdue
    }
    fn event(&self) -> Event {
        Event::DelegationOverdue
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<u64, Error> {
        let marked = overdue::mark(tx, self.team)?;
        for (nth, id) in marked.iter().enumerate() {
            // The act's own row is the first one's.
            match nth {
                0 => tx.concerns(KIND, *id),
                _ => tx.also_about(Event::DelegationOverdue, KIND, *id),
            }
            let delegation = delegation::get(tx, self.team, *id)?;
            let whom = [Some(delegation.delegator.id), delegation.assignee.as_ref().map(|person| person.id)];
            let whom: BTreeSet<_> = whom.into_iter().flatten().collect();
            news::tell(tx, &delegation, &whom, Happened::Overdue, None)?;
        }
        u64::try_from(marked.len()).map_err(Error::internal)
    }
}
