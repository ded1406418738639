//! Webhooks: making them, seeing them, changing them, taking them away. What they are sent is the neighbours' business.

mod deliverer;
mod deliveries;

use crate::app::refuse_stale;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::base::secret::Secret;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation, is_open_to};
use crate::domain::quota::{self, Quota};
use crate::domain::role::Role;
use crate::domain::team::Team;
use crate::domain::text::Name;
use crate::domain::user::User;
use crate::domain::webhook::{Subscription, Url, Webhook, WebhookState};
use crate::store::webhook::{self, Wanted};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx};

use super::App;
pub(super) use deliverer::Scanned;
pub use deliveries::{ListDeliveries, Redeliver, Test};

const KIND: &str = "webhook";

/// Which webhook, always by team and id together.
#[derive(Clone, Copy, Debug)]
pub struct Which {
    /// The team.
    pub team: Id<Team>,
    /// The webhook.
    pub id: Id<Webhook>,
}

impl Which {
    fn target(self) -> Target {
        Target::team(self.team).resource(KIND, self.id)
    }

    /// `NotFound` when the team has none with this id; whose it is does not count.
    fn relation(self, read: &ReadTx<'_>) -> Result<Relation, Error> {
        webhook::get(read, self.team, self.id).map(|_| Relation::default())
    }

    fn refuse_unless(self, read: &ReadTx<'_>, version: Option<i64>) -> Result<Webhook, Error> {
        let present = webhook::get(read, self.team, self.id)?;
        refuse_stale(version, present.version)?;
        Ok(present)
    }
}

/// A webhook with its secret, which is shown this once.
#[derive(Debug)]
pub struct Made {
    /// The webhook.
    pub webhook: Webhook,
    /// What its receiver checks signatures with.
    pub secret: Secret<String>,
}

impl App {
    /// Reads where deliveries shall go; `pointer` says where it stood. `Invalid` for what may not be reached from here, as
    /// far as the text tells: what a name stands for is looked at each time something is sent.
    pub fn webhook_url(&self, pointer: &str, text: &str) -> Result<Url, Error> {
        let address = self.outbound.address(text).map_err(|unfit| Error::invalid(pointer, unfit.to_string()))?;
        Ok(Url::new(address.as_str().to_owned()))
    }
}

/// Makes a webhook.
#[derive(Debug)]
pub struct Create {
    /// In which team.
    pub team: Id<Team>,
    /// What it shall be.
    pub wanted: Wanted,
}

impl Action for Create {
    type Output = Made;

    fn permission(&self) -> Permission {
        Permission::WebhookManage
    }
    fn event(&self) -> Event {
        Event::WebhookCreated
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::WEBHOOKS)
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Made, Error> {
        let (webhook, secret) = webhook::insert(tx, self.team, &self.wanted)?;
        tx.concerns(KIND, webhook.id);
        tx.note("events", webhook.events.to_stored());
        Ok(Made { webhook, secret })
    }
}

/// One webhook.
#[derive(Debug)]
pub struct Get(pub Which);

impl Query for Get {
    type Output = Webhook;

    fn permission(&self) -> Permission {
        Permission::WebhookRead
    }
    fn target(&self) -> Target {
        self.0.target()
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        self.0.relation(read)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Webhook, Error> {
        webhook::get(read, self.0.team, self.0.id)
    }
}

/// A team's webhooks.
#[derive(Debug)]
pub struct ListOfTeam {
    /// Which team.
    pub team: Id<Team>,
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListOfTeam {
    type Output = Page<Webhook>;

    fn permission(&self) -> Permission {
        Permission::WebhookRead
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<Webhook>, Error> {
        webhook::list(read, self.team, &self.page)
    }
}

/// Changes what is given of a webhook.
#[derive(Debug)]
pub struct Update {
    /// Which.
    pub which: Which,
    /// The version that the caller saw; `None` for whichever it is.
    pub version: Option<i64>,
    /// What changes.
    pub changes: Changes,
}

/// New values; what is `None` stays.
#[derive(Debug, Default)]
pub struct Changes {
    /// A new name.
    pub name: Option<Name>,
    /// A new address.
    pub url: Option<Url>,
    /// Other happenings.
    pub events: Option<Subscription>,
    /// Whether it is served from now on.
    pub state: Option<WebhookState>,
}

impl Action for Update {
    type Output = Webhook;

    fn permission(&self) -> Permission {
        Permission::WebhookManage
    }
    fn event(&self) -> Event {
        Event::WebhookUpdated
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        self.which.relation(read)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Webhook, Error> {
        let Which { team, id } = self.which;
        let present = self.which.refuse_unless(tx, self.version)?;
        let wanted = Wanted {
            name: self.changes.name.unwrap_or(present.name),
            url: self.changes.url.unwrap_or(present.url),
            events: self.changes.events.unwrap_or(present.events),
            state: self.changes.state.unwrap_or(present.state),
        };
        tx.note("events", wanted.events.to_stored());
        tx.note("state", wanted.state.as_str());
        webhook::update(tx, team, id, &wanted)?;
        webhook::get(tx, team, id)
    }
}

/// Gives a webhook a new secret.
#[derive(Debug)]
pub struct RotateSecret(pub Which);

impl Action for RotateSecret {
    type Output = Made;

    fn permission(&self) -> Permission {
        Permission::WebhookManage
    }
    fn event(&self) -> Event {
        Event::WebhookSecretRotated
    }
    fn target(&self) -> Target {
        self.0.target()
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        self.0.relation(read)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Made, Error> {
        let Which { team, id } = self.0;
        let secret = webhook::rotate(tx, team, id)?;
        Ok(Made { webhook: webhook::get(tx, team, id)?, secret })
    }
}

/// Takes a webhook away.
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
        Permission::WebhookManage
    }
    fn event(&self) -> Event {
        Event::WebhookDeleted
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        self.which.relation(read)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        self.which.refuse_unless(tx, self.version)?;
        webhook::delete(tx, self.which.team, self.which.id)
    }
}

/// Somebody is left with a role that manages no webhooks: theirs go on telling, for they are the team's, but its Owners
/// hear of it.
pub(super) fn leave_webhooks(
    tx: &mut Tx<'_>,
    team: Id<Team>,
    person: Id<User>,
    left: Option<Role>,
) -> Result<(), Error> {
    if is_open_to(left, Permission::WebhookManage, Relation::default()) {
        return Ok(());
    }
    webhook::tell_orphaned(tx, team, person)
}
