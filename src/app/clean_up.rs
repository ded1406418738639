//! The clean-up of what lets nobody in any more: a stolen database shall not even hold the hashes of it.

use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::permission::Permission;
use crate::store::{Action, Target, Tx, clean_up};

use super::App;

impl App {
    /// Cleans up one batch of expired and revoked tokens and of ways in that are over. Answers how many rows it changed:
    /// none when there was nothing left, and then it leaves no row in the log.
    pub async fn clean_up_tokens(&self, job: &Caller) -> Result<u64, Error> {
        if !self.store.look(clean_up::any)? {
            return Ok(0);
        }
        Ok(self.act(job, CleanUp).await?.output)
    }
}

/// One batch.
#[derive(Debug)]
struct CleanUp;

impl Action for CleanUp {
    type Output = u64;

    fn permission(&self) -> Permission {
        Permission::TokenCleanUp
    }
    fn event(&self) -> Event {
        Event::TokensCleanedUp
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<u64, Error> {
        let mut all = 0;
        for (kind, count) in clean_up::batch(tx)? {
            tx.note(kind, count);
            all += count;
        }
        u64::try_from(all).map_err(Error::internal)
    }
}
