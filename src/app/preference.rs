//! What one wants to hear of.

use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::notification::{Heard, Preference};
use crate::domain::permission::{Permission, Relation};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, preference, their_own};

/// What do I hear of?
#[derive(Debug)]
pub struct List;

impl Query for List {
    type Output = Vec<Preference>;

    fn permission(&self) -> Permission {
        Permission::NotificationManage
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Vec<Preference>, Error> {
        preference::all(read, asker.user()?)
    }
}

/// Decides about some kinds; the others stay as they are. Whoever took over an account cannot silence what would tell its
/// owner.
#[derive(Debug)]
pub struct Decide(pub Vec<Preference>);

impl Action for Decide {
    type Output = Vec<Preference>;

    fn permission(&self) -> Permission {
        Permission::NotificationManage
    }
    fn event(&self) -> Event {
        Event::NotificationsPreferred
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Vec<Preference>, Error> {
        let user = tx.user()?;
        for (nth, decided) in self.0.into_iter().enumerate() {
            if !decided.in_app && decided.kind.heard() == Heard::Always {
                return Err(Error::invalid(format!("/items/{nth}/in_app"), "cannot be turned off"));
            }
            preference::save(tx, user, decided)?;
            tx.note(decided.kind.as_str(), if decided.in_app { "on" } else { "off" });
        }
        preference::all(tx, user)
    }
}
