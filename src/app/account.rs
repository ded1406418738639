//! One's own account: profile, sign-out, and the end of all sessions at once.

use crate::base::page::PageRequest;
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller, Proof, SignedIn};
use crate::domain::api_key::ApiKey;
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
use crate::domain::quota::{self, Quota};
use crate::domain::role::Role;
use crate::domain::session::{RevokeReason, Session};
use crate::domain::team::Team;
use crate::domain::text::{Email, Name};
use crate::domain::user::User;
use crate::store::{self, Action, Asker, Query, ReadTx, Target, Tx, api_key, session, their_own, user};

/// Who am I, where do I belong, and how long am I signed in?
#[derive(Debug)]
pub struct GetProfile;

/// The answer.
#[derive(Debug)]
pub struct Profile {
    /// The person.
    pub user: User,
    /// Their teams, with their role in each.
    pub teams: Vec<(Team, Role)>,
    /// The session they ask with; an API key has none.
    pub session: Option<Session>,
    /// The API key they ask with.
    pub api_key: Option<ApiKey>,
}

impl Query for GetProfile {
    type Output = Profile;

    fn permission(&self) -> Permission {
        Permission::ProfileRead
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Profile, Error> {
        let SignedIn { user, proof } = asker.signed_in()?;
        let (session, api_key) = match proof {
            Proof::Session(proof) => (Some(session::get(read, proof.id)?), None),
            Proof::ApiKey(key) => (None, Some(api_key::get(read, key)?)),
        };
        let teams = store::team::list_of_user(read, user, &PageRequest::first(crate::base::page::MAX_LIMIT))?.items;
        Ok(Profile { user: user::get(read, user)?, teams, session, api_key })
    }
}

/// Changes what is given of one's own profile.
#[derive(Debug)]
pub struct UpdateProfile {
    /// A new name.
    pub name: Option<Name>,
    /// A new address: what they say of themself, see [`user::Address`].
    pub email: Option<Email>,
}

impl Action for UpdateProfile {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::ProfileUpdate
    }
    fn event(&self) -> Event {
        Event::UserUpdated
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::PROFILE_CHANGES)
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let id = tx.user()?;
        tx.concerns("user", id);
        for (field, given) in [("name", self.name.is_some()), ("email", self.email.is_some())] {
            if given {
                tx.note(field, "changed");
            }
        }
        user::update(tx, id, self.name.as_ref(), self.email.as_ref())
    }
}

/// Ends the session one is in.
#[derive(Debug)]
pub struct Logout;

impl Action for Logout {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::SessionRevoke
    }
    fn event(&self) -> Event {
        Event::Logout
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let Actor::User(signed_in) = tx.actor() else {
            return Err(Error::Forbidden(None));
        };
        let session = signed_in.session()?.id;
        tx.concerns("session", session);
        tx.also(Event::TokenRevoked);
        session::revoke(tx, session, RevokeReason::Logout)
    }
}

/// Ends all of one's sessions, the present one included.
#[derive(Debug)]
pub struct RevokeAllSessions;

impl Action for RevokeAllSessions {
    /// How many were live.
    type Output = usize;

    fn permission(&self) -> Permission {
        Permission::SessionRevoke
    }
    fn event(&self) -> Event {
        Event::TokensRevokedAll
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<usize, Error> {
        let id = tx.user()?;
        tx.concerns("user", id);
        let ended = session::revoke_all(tx, id, RevokeReason::RevokedAll)?;
        tx.note("sessions", ended);
        Ok(ended)
    }
}
