//! One's own passkeys: made, listed, renamed, removed.

use crate::app::refuse_stale;
use crate::base::id::Id;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::notification::News;
use crate::domain::passkey::{Ceremony, MAX_PASSKEYS, Passkey, Purpose, Refusal};
use crate::domain::permission::{Permission, Relation};
use crate::domain::text::{Email, Name};
use crate::domain::{Conflict, Error};
use crate::store::ceremony::{self, Which};
use crate::store::passkey::{self, NewPasskey};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, notification, session, their_own};
use crate::webauthn::{Attestation, Holder};

use super::ceremony::{Begun, GetOwn, meant, session_of};
use super::{Acted, App};

const KIND: &str = "passkey";

impl App {
    /// Asks a browser for a new passkey. `Conflict(LimitReached)` when there are [`MAX_PASSKEYS`].
    pub async fn begin_passkey(&self, caller: &Caller) -> Result<Acted<Begun>, Error> {
        let own = self.ask(caller, GetOwn(Purpose::Register)).await?;
        let relying_party = self.relying_party()?;
        refuse_more_than(own.keys.len())?;
        let name = own.user.name.as_str();
        let account = own.user.email.as_ref().map_or(name, Email::as_str);
        let holder = Holder { id: own.user.id.uuid(), name, account };
        let challenge = relying_party.ask_for_key(holder, own.keys.iter())?;
        self.begin_ceremony(caller, Purpose::Register, challenge).await
    }

    /// Keeps the passkey that a browser made. `PasskeyRefused` when the answer is no good.
    pub async fn create_passkey(
        &self,
        caller: &Caller,
        ceremony: Id<Ceremony>,
        answer: &Attestation,
        name: Name,
    ) -> Result<Acted<Passkey>, Error> {
        let relying_party = self.relying_party()?;
        let which = meant(caller, Purpose::Register, ceremony);
        let key = self.check_answer(caller, which, |read, state| {
            let key = relying_party.check_key(state, answer)?;
            match passkey::find_credential(read, &key.credential_id())? {
                Some(_) => Err(Refusal::Registered.into()),
                None => Ok(key),
            }
        });
        let key = key.await?;
        let new = NewPasskey { credential_id: key.credential_id(), credential: key.to_stored()?, name };
        self.act(caller, Create { which, new }).await
    }
}

fn refuse_more_than(present: usize) -> Result<(), Error> {
    if present < MAX_PASSKEYS { Ok(()) } else { Err(Error::Conflict(Conflict::LimitReached)) }
}

/// Keeps a new passkey.
#[derive(Debug)]
struct Create {
    which: Which,
    new: NewPasskey,
}

impl Action for Create {
    type Output = Passkey;

    fn permission(&self) -> Permission {
        Permission::PasskeyManage
    }
    fn event(&self) -> Event {
        Event::PasskeyCreated
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Passkey, Error> {
        let is_new = passkey::find_credential(tx, &self.new.credential_id)?.is_none();
        if !ceremony::consume(tx, self.which)? || !is_new {
            return Err(Error::PasskeyRefused);
        }
        refuse_more_than(passkey::list(tx, tx.user()?)?.len())?;
        let passkey = passkey::insert(tx, session_of(tx.actor())?, self.new)?;
        tx.concerns(KIND, passkey.id);
        notification::insert(tx, tx.user()?, &News::PasskeyAdded { name: passkey.name.as_str().to_owned() })?;
        Ok(passkey)
    }
}

/// Which passkeys do I have?
#[derive(Debug)]
pub struct List;

impl Query for List {
    type Output = Vec<Passkey>;

    fn permission(&self) -> Permission {
        Permission::PasskeyRead
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Vec<Passkey>, Error> {
        passkey::list(read, asker.user()?)
    }
}

/// One of one's own passkeys.
#[derive(Debug)]
pub struct Get(pub Id<Passkey>);

impl Query for Get {
    type Output = Passkey;

    fn permission(&self) -> Permission {
        Permission::PasskeyRead
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.0)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        relation_to(read, caller, self.0)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Passkey, Error> {
        passkey::find(read, self.0)?.map(|(_, passkey)| passkey).ok_or(Error::NotFound)
    }
}

/// How a caller stands to a passkey: it is theirs, or it is none of their business.
fn relation_to(read: &ReadTx<'_>, caller: &Caller, id: Id<Passkey>) -> Result<Relation, Error> {
    let (holder, _) = passkey::find(read, id)?.ok_or(Error::NotFound)?;
    Ok(Relation { own: caller.actor.user() == Some(holder), ..Relation::default() })
}

/// Calls a passkey something else.
#[derive(Debug)]
pub struct Rename {
    /// Which.
    pub id: Id<Passkey>,
    /// The version that the caller saw; `None` for whichever it is.
    pub version: Option<i64>,
    /// Its new name.
    pub name: Name,
}

impl Action for Rename {
    type Output = Passkey;

    fn permission(&self) -> Permission {
        Permission::PasskeyManage
    }
    fn event(&self) -> Event {
        Event::PasskeyRenamed
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        relation_to(read, caller, self.id)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Passkey, Error> {
        let (holder, present) = passkey::find(tx, self.id)?.ok_or(Error::NotFound)?;
        refuse_stale(self.version, present.version)?;
        passkey::rename(tx, holder, self.id, &self.name)?;
        Ok(Passkey { name: self.name, version: present.version + 1, ..present })
    }
}

/// Forgets a passkey: it opens nothing any more.
#[derive(Debug)]
pub struct Remove {
    /// Which.
    pub id: Id<Passkey>,
}

impl Action for Remove {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::PasskeyManage
    }
    fn event(&self) -> Event {
        Event::PasskeyRemoved
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        relation_to(read, caller, self.id)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let ended = session::revoke_of_passkey(tx, self.id)?;
        tx.note("sessions", ended);
        passkey::delete(tx, self.id)
    }
}
