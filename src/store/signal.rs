//! What is told to those who listen, after the commit: that something is to be read anew, never what.

use tokio::sync::broadcast;

use crate::base::id::Id;
use crate::domain::team::Team;
use crate::domain::user::User;

/// Signals that may wait for a slow listener before it hears that it missed some; it reads everything anew then.
const WAITING: usize = 1_024;

/// Something is not as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A sign-in, a key or a right of this person ended.
    TrustEnded(Id<User>),
    /// There is something new for this person.
    Notified(Id<User>),
    /// Something happened in this team; the feed has it.
    Happened(Id<Team>),
}

/// Where signals go.
pub(super) type Signals = broadcast::Sender<Signal>;

/// The start of a channel without listeners.
pub(super) fn channel() -> Signals {
    broadcast::channel(WAITING).0
}
