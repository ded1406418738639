//! Sign-in by QR, the side of whoever vouches: reads the code of a new device, sees what it is, and decides.

use std::net::IpAddr;

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller};
use crate::domain::device::DeviceDescription;
use crate::domain::event::Event;
use crate::domain::notification::News;
use crate::domain::permission::{Permission, Relation};
use crate::domain::qr_sign_in::{Approver, Numbers, QrSignIn, State, Step};
use crate::domain::quota::{self, Quota};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, notification, qr_sign_in, their_own};

use super::one_time::sha256;
use super::qr_sign_in::KIND;
use super::quota::network;
use super::{Acted, App};

/// What whoever read the code gets to see before they decide.
#[derive(Debug)]
pub struct Scanned {
    /// What the new device says of itself.
    pub device: DeviceDescription,
    /// Where it asked from.
    pub address: Option<IpAddr>,
    /// Whether that is where they are.
    pub same_network: bool,
    /// Three numbers, of which the device shows one.
    pub numbers: [u8; 3],
    /// When it is over.
    pub expires_at: Timestamp,
}

impl App {
    /// Reads the code of a new device, once.
    pub async fn scan_qr_sign_in(
        &self,
        caller: &Caller,
        id: Id<QrSignIn>,
        scan_secret: &str,
    ) -> Result<Acted<Scanned>, Error> {
        self.act(caller, Scan { id, hash: sha256(scan_secret), address: caller.address }).await
    }

    /// Vouches for the device that shows this number. The wrong number denies for good.
    ///
    /// Number and address of a sign-in never change, nor does the address of this request: what is chosen here holds
    /// when it is done.
    pub async fn approve_qr_sign_in(
        &self,
        caller: &Caller,
        id: Id<QrSignIn>,
        number: u8,
    ) -> Result<Acted<State>, Error> {
        let (numbers, address) = self.ask(caller, Face { id }).await?;
        if numbers.right != number {
            return self.act(caller, Deny { id, reason: "wrong-number" }).await;
        }
        self.act(caller, Approve { id, across: network(address) != network(caller.address) }).await
    }

    /// Turns the device away.
    pub async fn deny_qr_sign_in(&self, caller: &Caller, id: Id<QrSignIn>) -> Result<Acted<State>, Error> {
        self.act(caller, Deny { id, reason: "by-approver" }).await
    }
}

/// How the caller stands to a sign-in: it is theirs when they read its code with this same session.
fn scanned_by(read: &ReadTx<'_>, caller: &Caller, id: Id<QrSignIn>) -> Result<Relation, Error> {
    let approver = qr_sign_in::find(read, id)?.ok_or(Error::NotFound)?.approver;
    let own = approver.is_some_and(|approver| approver_of(&caller.actor).is_ok_and(|caller| caller == approver));
    Ok(Relation { own, ..Relation::default() })
}

/// Who would approve, and with which session. `Forbidden` for whoever has none.
fn approver_of(actor: &Actor) -> Result<Approver, Error> {
    let Actor::User(signed_in) = actor else {
        return Err(Error::Forbidden(None));
    };
    Ok(Approver { user: signed_in.user, session: signed_in.session()?.id })
}

/// Reads the code.
#[derive(Debug)]
struct Scan {
    id: Id<QrSignIn>,
    /// SHA-256 of what the code says.
    hash: [u8; 32],
    /// Where whoever reads it is.
    address: Option<IpAddr>,
}

impl Action for Scan {
    type Output = Scanned;

    fn permission(&self) -> Permission {
        Permission::QrSignInApprove
    }
    fn event(&self) -> Event {
        Event::QrScanned
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::QR_SCANS)
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        qr_sign_in::find_by_scan(read, self.id, &self.hash)?.map(|_| their_own()).ok_or(Error::NotFound)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Scanned, Error> {
        let found = qr_sign_in::find_by_scan(tx, self.id, &self.hash)?.ok_or(Error::NotFound)?;
        found.after(Step::Scan, tx.now())?;
        qr_sign_in::scan(tx, self.id, approver_of(tx.actor())?)?;
        let same_network = network(found.address) == network(self.address);
        if !same_network {
            tx.also(Event::QrNetworkMismatch);
        }
        let QrSignIn { device, address, numbers, expires_at, .. } = found;
        Ok(Scanned { device, address, same_network, numbers: numbers.choices(), expires_at })
    }
}

/// What does an approval face: which number is right, and where is the new device?
#[derive(Debug)]
struct Face {
    id: Id<QrSignIn>,
}

impl Query for Face {
    type Output = (Numbers, Option<IpAddr>);

    fn permission(&self) -> Permission {
        Permission::QrSignInApprove
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        scanned_by(read, caller, self.id)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Self::Output, Error> {
        let found = qr_sign_in::find(read, self.id)?.ok_or(Error::NotFound)?;
        Ok((found.numbers, found.address))
    }
}

/// Vouches for the device.
#[derive(Debug)]
struct Approve {
    id: Id<QrSignIn>,
    /// Whether the device is in another network.
    across: bool,
}

impl Action for Approve {
    type Output = State;

    fn permission(&self) -> Permission {
        if self.across { Permission::QrSignInApproveAcross } else { Permission::QrSignInApprove }
    }
    fn event(&self) -> Event {
        Event::QrApproved
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        scanned_by(read, caller, self.id)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<State, Error> {
        if self.across {
            tx.also(Event::QrNetworkMismatch);
        }
        let found = decide(tx, self.id, Step::Approve)?;
        let DeviceDescription { name, platform } = found.device;
        let (name, platform) = (name.as_str().to_owned(), platform.as_str().to_owned());
        let address = found.address.map(|address| address.to_string());
        notification::insert(tx, tx.user()?, &News::QrApproved { name, platform, address })?;
        Ok(State::Approved)
    }
}

/// Turns the device away.
#[derive(Debug)]
struct Deny {
    id: Id<QrSignIn>,
    reason: &'static str,
}

impl Action for Deny {
    type Output = State;

    fn permission(&self) -> Permission {
        Permission::QrSignInApprove
    }
    fn event(&self) -> Event {
        Event::QrDenied
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        scanned_by(read, caller, self.id)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<State, Error> {
        tx.note("reason", self.reason);
        decide(tx, self.id, Step::Deny).map(|_| State::Denied)
    }
}

/// Takes the step, and answers what it was taken for.
fn decide(tx: &mut Tx<'_>, id: Id<QrSignIn>, step: Step) -> Result<QrSignIn, Error> {
    let found = qr_sign_in::find(tx, id)?.ok_or(Error::NotFound)?;
    qr_sign_in::decide(tx, id, found.after(step, tx.now())?)?;
    Ok(found)
}
