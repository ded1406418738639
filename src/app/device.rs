//! One's own devices: to look at, to name, to remove, and to disown.

use std::sync::Arc;

use crate::app::refuse_stale;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller};
use crate::domain::device::Device;
use crate::domain::event::Event;
use crate::domain::notification::News;
use crate::domain::permission::{Permission, Relation};
use crate::domain::session::RevokeReason;
use crate::domain::text::Name;
use crate::domain::user::User;
use crate::store::provider_token::{self, Held};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, device, identity, notification, session, their_own};

use super::App;

const KIND: &str = "device";

/// A device, and whether it is the one that is asked with.
#[derive(Clone)]
pub struct MyDevice {
    /// The device.
    pub device: Device,
    /// Whether it is the present one.
    pub is_current: bool,
}

/// Which devices am I known on?
#[derive(Debug)]
pub struct List {
    /// Which page.
    pub page: PageRequest,
}

impl Query for List {
    type Output = Page<MyDevice>;

    fn permission(&self) -> Permission {
        Permission::DeviceRead
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Page<MyDevice>, Error> {
        listed(read, asker, asker.user()?, &self.page)
    }
}

/// A person's devices, as whoever asks sees them.
pub(super) fn listed(
    read: &ReadTx<'_>,
    asker: &Asker<'_>,
    of: Id<User>,
    page: &PageRequest,
) -> Result<Page<MyDevice>, Error> {
    let present = device::of(read, &asker.signed_in()?)?;
    let devices = device::list(read, of, page)?;
    Ok(devices.map(|device| MyDevice { is_current: present == Some(device.id), device }))
}

/// A device is its owner's business alone: to everybody else it is not there.
fn owned(read: &ReadTx<'_>, caller: &Caller, id: Id<Device>) -> Result<Relation, Error> {
    match caller.actor.user() {
        Some(user) if device::is_of(read, id, user)? => Ok(their_own()),
        _ => Err(Error::NotFound),
    }
}

/// Gives a device another name.
#[derive(Debug)]
pub struct Rename {
    /// Which.
    pub id: Id<Device>,
    /// The version that the caller saw; `None` for whichever it is.
    pub version: Option<i64>,
    /// Its new name.
    pub name: Name,
}

impl Action for Rename {
    type Output = MyDevice;

    fn permission(&self) -> Permission {
        Permission::DeviceManage
    }
    fn event(&self) -> Event {
        Event::DeviceRenamed
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        owned(read, caller, self.id)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<MyDevice, Error> {
        let user = tx.user()?;
        refuse_stale(self.version, device::get(tx, user, self.id)?.version)?;
        device::rename(tx, user, self.id, &self.name)?;
        let is_current = match tx.actor() {
            Actor::User(signed_in) => device::of(tx, signed_in)? == Some(self.id),
            _ => false,
        };
        Ok(MyDevice { device: device::get(tx, user, self.id)?, is_current })
    }
}

/// Removes a device with all of its sessions.
#[derive(Debug)]
pub struct Remove {
    /// Which.
    pub id: Id<Device>,
}

impl Action for Remove {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::DeviceManage
    }
    fn event(&self) -> Event {
        Event::DeviceRevoked
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        owned(read, caller, self.id)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let sessions = session::revoke_of_device(tx, tx.user()?, self.id, RevokeReason::DeviceRemoved)?;
        tx.note("sessions", sessions);
        device::remove(tx, self.id)
    }
}

impl App {
    /// Says of a device that it is somebody else's: it goes with everything that was made on it or came by way of it, and
    /// the others hear of it. Answers the number of the audit row.
    pub async fn disown_device(self: &Arc<Self>, caller: &Caller, id: Id<Device>) -> Result<i64, Error> {
        let disowned = self.act(caller, Disown { id }).await?;
        self.revoke_provider_tokens(caller, disowned.output).await;
        Ok(disowned.seq)
    }
}

/// Throws a device out that is somebody else's.
#[derive(Debug)]
struct Disown {
    id: Id<Device>,
}

impl Action for Disown {
    /// What the providers of the unlinked identities gave.
    type Output = Vec<Held>;

    fn permission(&self) -> Permission {
        Permission::DeviceDisown
    }
    fn event(&self) -> Event {
        Event::DeviceNotMe
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        owned(read, caller, self.id)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Vec<Held>, Error> {
        let user = tx.user()?;
        let name = device::get(tx, user, self.id)?.name.as_str().to_owned();
        let mut sessions = session::revoke_of_disowned(tx, user, self.id)?;
        let mut held = Vec::new();
        let identities = device::identities(tx, self.id)?;
        for identity in &identities {
            held.extend(provider_token::find(tx, *identity)?);
            sessions += session::revoke_of_identity(tx, *identity, None, RevokeReason::NotMe)?;
            identity::delete(tx, *identity)?;
        }
        tx.note("sessions", sessions);
        tx.note("identities", identities.len());
        let api_keys = device::revoke_keys(tx, self.id, RevokeReason::NotMe)?;
        let passkeys = device::delete_passkeys(tx, self.id)?;
        tx.note("api_keys", api_keys);
        tx.note("passkeys", passkeys);
        device::delete(tx, self.id)?;
        notification::insert(tx, user, &News::DeviceNotMe { name, sessions, api_keys, passkeys })?;
        Ok(held)
    }
}
