//! API keys: making them for programs, seeing them, taking them away; and what stands against one that is used from
//! elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::base::secret::Secret;
use crate::crypto::bearer::TokenKind;
use crate::domain::actor::{Actor, Caller, Proof, SignedIn};
use crate::domain::api_key::{API_KEY_LIFETIME, ApiKey, MAX_API_KEY_LIFETIME, MAX_LIVE_API_KEYS};
use crate::domain::delegation::Person;
use crate::domain::event::{Event, Outcome};
use crate::domain::idempotency::Mark;
use crate::domain::networks::Networks;
use crate::domain::notification::News;
use crate::domain::permission::{Permission, Relation, Scopes};
use crate::domain::quota;
use crate::domain::session::RevokeReason;
use crate::domain::text::Name;
use crate::domain::user::User;
use crate::domain::{Conflict, Error, FieldError};
use crate::store::api_key::{self, NewApiKey};
use crate::store::{Action, Asker, Note, Query, ReadTx, Target, Tx, notification, team, their_own, user};

use super::App;
use super::idempotency::ShownOnce;
use super::quota::Holder;
use super::standing::rank;

const KIND: &str = "api_key";
/// The shortest life that makes sense.
const MIN_LIFETIME: Duration = Duration::from_mins(1);

/// What a key shall be.
#[derive(Debug)]
pub struct Wanted {
    /// What its maker calls it.
    pub name: Name,
    /// What it shall be good for, in the order it was asked for.
    pub scopes: Vec<Permission>,
    /// From where.
    pub networks: Networks,
    /// How long, 1 minute to 365 days; 90 days when nobody says.
    pub lifetime: Option<Duration>,
}

/// A key with its token, which is shown this once.
#[derive(Debug)]
pub struct Made {
    /// The key.
    pub key: ApiKey,
    /// Its token.
    pub token: Secret<String>,
}

impl App {
    /// Makes a key. Quota and permission come before the token: its hash is dear, and a refusal must not be.
    pub async fn create_api_key(
        &self,
        caller: &Caller,
        wanted: Wanted,
        mark: Option<Mark>,
    ) -> Result<ShownOnce<Made>, Error> {
        self.refuse_repetition(caller, mark.as_ref())?;
        let lifetime = wanted.lifetime.unwrap_or(API_KEY_LIFETIME);
        if !(MIN_LIFETIME..=MAX_API_KEY_LIFETIME).contains(&lifetime) {
            return Err(Error::invalid("/expires_in", "must be between 60 seconds and 365 days"));
        }
        let Wanted { name, scopes, networks, .. } = wanted;
        let allowance = self.spend(caller, quota::API_KEYS).await?;
        self.ask(caller, MayCreate(scopes.clone())).await?;
        let minted = self.bearer.mint(&self.store, TokenKind::ApiKey).await?;
        let expires_at = self.clock.now() + lifetime;
        let new =
            NewApiKey { name, scopes: Scopes::of(scopes.iter().copied()), networks, expires_at, token: minted.record };
        let acted = self.act_shown_once_within(caller, Create { scopes, new }, allowance, mark).await?;
        Ok(acted.map(|key| Made { key, token: minted.token }))
    }

    /// Refuses a key that is used from outside of its networks, on record as its holder's. Whoever stole it cannot fill
    /// the log with that, nor use the holder's allowance up: the key has one of its own for this.
    pub(super) async fn refuse_elsewhere<T>(&self, caller: &Caller, signed_in: SignedIn) -> Result<T, Error> {
        let holder = Caller { actor: Actor::User(signed_in), ..caller.clone() };
        if let Proof::ApiKey(key) = signed_in.proof {
            self.spend_of(Holder::Key(key), &holder, quota::USES_ELSEWHERE).await?;
        }
        let note = Note {
            event: Event::ApiKeyScopeDenied,
            outcome: Outcome::Denied,
            target: Target::instance(),
            detail: BTreeMap::from([("reason", "network".to_owned())]),
        };
        self.store.record(holder, note).await?;
        Err(Error::Elsewhere)
    }
}

/// `Invalid`, which names them, for scopes that no role of the maker's allows; `Conflict(LimitReached)` when they have as
/// many live keys as they may.
fn refuse_excess(read: &ReadTx<'_>, maker: Id<User>, scopes: &[Permission]) -> Result<(), Error> {
    let (on_server, in_teams) = (user::get(read, maker)?.instance_role, team::roles_of_user(read, maker)?);
    let above = scopes.iter().enumerate().filter(|(_, scope)| !scope.is_open_to_keys_of(on_server, &in_teams));
    let wrong = above.map(|(nth, _)| FieldError {
        pointer: format!("/scopes/{nth}"),
        detail: "is above its creator: no role of yours has it, or it wants a fresh sign-in, which a key never has"
            .to_owned(),
    });
    let wrong: Vec<_> = wrong.collect();
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    if api_key::count_live(read, maker)? >= MAX_LIVE_API_KEYS {
        return Err(Error::Conflict(Conflict::LimitReached));
    }
    Ok(())
}

/// May I make such a key? Asked before anything slow is done for the answer; [`Create`] is judged again when it is done.
#[derive(Debug)]
struct MayCreate(Vec<Permission>);

impl Query for MayCreate {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::ApiKeyCreate
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<(), Error> {
        refuse_excess(read, asker.user()?, &self.0)
    }
}

/// Makes a key. Its quota is spent by [`App::create_api_key`].
#[derive(Debug)]
struct Create {
    /// In the order they were asked for.
    scopes: Vec<Permission>,
    new: NewApiKey,
}

impl Action for Create {
    type Output = ApiKey;

    fn permission(&self) -> Permission {
        Permission::ApiKeyCreate
    }
    fn event(&self) -> Event {
        Event::ApiKeyCreated
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<ApiKey, Error> {
        let Actor::User(maker) = tx.actor() else {
            return Err(Error::Forbidden(None));
        };
        refuse_excess(tx, maker.user, &self.scopes)?;
        let key = api_key::insert(tx, maker.user, maker.session()?.id, &self.new)?;
        tx.concerns(KIND, key.id);
        tx.note("scopes", key.scopes.to_stored());
        tx.note("expires_at", key.expires_at);
        notification::insert(tx, maker.user, &News::ApiKeyCreated { name: key.name.as_str().to_owned() })?;
        Ok(key)
    }
}

/// Which keys do I have? Those that were taken away are not shown.
#[derive(Debug)]
pub struct ListMine {
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListMine {
    type Output = Page<ApiKey>;

    fn permission(&self) -> Permission {
        Permission::ApiKeyManage
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Page<ApiKey>, Error> {
        Ok(api_key::list(read, Some(asker.user()?), false, &self.page)?.map(|(key, _)| key))
    }
}

/// One of one's own keys. One that was taken away is not shown.
#[derive(Debug)]
pub struct Get(pub Id<ApiKey>);

impl Query for Get {
    type Output = ApiKey;

    fn permission(&self) -> Permission {
        Permission::ApiKeyManage
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.0)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let own = caller.actor.user() == Some(api_key::maker(read, self.0)?);
        Ok(Relation { own, ..Relation::default() })
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<ApiKey, Error> {
        api_key::get(read, self.0)
    }
}

/// Takes one of one's own keys away.
#[derive(Debug)]
pub struct Revoke(pub Id<ApiKey>);

impl Action for Revoke {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::ApiKeyManage
    }
    fn event(&self) -> Event {
        Event::ApiKeyRevoked
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.0)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let own = caller.actor.user() == Some(api_key::maker(read, self.0)?);
        Ok(Relation { own, ..Relation::default() })
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        api_key::revoke(tx, self.0, RevokeReason::ByOwner)
    }
}

/// Which keys are there, and whose?
#[derive(Debug)]
pub struct ListAll {
    /// Of this person alone.
    pub maker: Option<Id<User>>,
    /// Whether those that were taken away are wanted too.
    pub with_revoked: bool,
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListAll {
    type Output = Page<(ApiKey, Person)>;

    fn permission(&self) -> Permission {
        Permission::ApiKeyReadAll
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<(ApiKey, Person)>, Error> {
        api_key::list(read, self.maker, self.with_revoked, &self.page)
    }
}

/// Takes anybody's key away.
#[derive(Debug)]
pub struct RevokeAny(pub Id<ApiKey>);

impl Action for RevokeAny {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::ApiKeyRevokeAny
    }
    fn event(&self) -> Event {
        Event::ApiKeyRevoked
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.0)
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        rank(read, api_key::maker(read, self.0)?)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.note("user", api_key::maker(tx, self.0)?);
        api_key::revoke(tx, self.0, RevokeReason::ByAdmin)
    }
}
