//! Deliveries as people see them: trying a webhook, what became of each delivery, sending one anew.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
use crate::domain::quota::{self, Quota};
use crate::domain::team::Team;
use crate::domain::webhook::{Delivery, DeliveryState, WebhookState};
use crate::domain::{Conflict, Error};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, webhook, webhook_delivery};

use super::Which;

/// Tries a webhook. `Conflict(WrongState)` for one that is switched off.
#[derive(Debug)]
pub struct Test(pub Which);

impl Action for Test {
    type Output = Delivery;

    fn permission(&self) -> Permission {
        Permission::WebhookManage
    }
    fn event(&self) -> Event {
        Event::WebhookTested
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::WEBHOOKS)
    }
    fn target(&self) -> Target {
        self.0.target()
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        self.0.relation(read)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Delivery, Error> {
        let Which { team, id } = self.0;
        refuse_idle(tx, self.0)?;
        webhook_delivery::insert_test(tx, team, id)
    }
}

fn refuse_idle(read: &ReadTx<'_>, which: Which) -> Result<(), Error> {
    match webhook::get(read, which.team, which.id)?.state {
        WebhookState::Active => Ok(()),
        WebhookState::Disabled => Err(Error::Conflict(Conflict::WrongState)),
    }
}

/// What became of a webhook's deliveries?
#[derive(Debug)]
pub struct ListDeliveries {
    /// Which webhook.
    pub which: Which,
    /// Those alone that stand so.
    pub state: Option<DeliveryState>,
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListDeliveries {
    type Output = Page<Delivery>;

    fn permission(&self) -> Permission {
        Permission::WebhookRead
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        self.which.relation(read)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<Delivery>, Error> {
        webhook_delivery::list(read, self.which.id, self.state, &self.page)
    }
}

/// Sends anew what was delivered or given up. `Conflict(WrongState)` for what is pending, and for a webhook that is
/// switched off.
#[derive(Debug)]
pub struct Redeliver {
    /// Of which team.
    pub team: Id<Team>,
    /// Which delivery.
    pub id: Id<Delivery>,
}

impl Action for Redeliver {
    type Output = Delivery;

    fn permission(&self) -> Permission {
        Permission::WebhookManage
    }
    fn event(&self) -> Event {
        Event::WebhookRedelivered
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource("webhook-delivery", self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        webhook_delivery::get(read, self.team, self.id).map(|_| Relation::default())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Delivery, Error> {
        let delivery = webhook_delivery::get(tx, self.team, self.id)?;
        refuse_idle(tx, Which { team: self.team, id: delivery.webhook })?;
        webhook_delivery::queue_again(tx, self.id)?;
        webhook_delivery::get(tx, self.team, self.id)
    }
}
