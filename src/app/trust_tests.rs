//! Whatever ends a sign-in, a key or a right of somebody is told after the commit, so that what is open for them can be
//! cut; what ends nothing is not.

use std::collections::HashMap;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::broadcast::Receiver;

use super::{App, AppOptions, api_key, leaving, standing, team};
use crate::base::clock::SystemClock;
use crate::base::entropy::SeededEntropy;
use crate::base::id::Id;
use crate::crypto::RootKey;
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller, Proof, SignedIn};
use crate::domain::device::DeviceDescription;
use crate::domain::event::Event;
use crate::domain::networks::Networks;
use crate::domain::permission::Permission;
use crate::domain::role::Role;
use crate::domain::session::{Method, SessionKind, SessionProof};
use crate::domain::team::Team;
use crate::domain::text::Name;
use crate::domain::user::User;
use crate::store::device::ArrivingDevice;
use crate::store::session::{self, NewSession, TokenRecord};
use crate::store::user::{self, NewUser};
use crate::store::{Action, Signal, Store, StoreOptions, Target, Tx};

fn name(text: &str) -> Name {
    Name::parse("/name", text).unwrap()
}

/// An Owner of the server who founds a team, and an Admin of both who belongs to it; each has just signed in.
struct Arrive;

impl Action for Arrive {
    type Output = (Id<Team>, [SignedIn; 2]);

    fn permission(&self) -> Permission {
        Permission::SignIn
    }
    fn event(&self) -> Event {
        Event::UserCreated
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Self::Output, Error> {
        let people = [sign_in(tx, Role::Owner)?, sign_in(tx, Role::Admin)?];
        let team = crate::store::team::insert(tx, &name("Ops"), people[0].user)?.id;
        crate::store::team::insert_member(tx, team, people[1].user, Role::Admin)?;
        Ok((team, people))
    }
}

fn sign_in(tx: &mut Tx<'_>, instance_role: Role) -> Result<SignedIn, Error> {
    let user = user::insert(tx, &NewUser { name: name("Somebody"), email: None, instance_role })?;
    let token = TokenRecord { selector: user.to_string(), hash: String::new() };
    let description = DeviceDescription::of_agent(None);
    let device = ArrivingDevice { description, marked: None, mark_hash: [instance_role as u8; 32] };
    let new = NewSession::new(SessionKind::Client, Method::Link, token, device);
    let session = session::insert(tx, user, &new)?;
    let proof = SessionProof { id: session.id, kind: session.kind, auth_time: session.auth_time };
    Ok(SignedIn { user, proof: Proof::Session(proof) })
}

struct Stage {
    app: App,
    team: Id<Team>,
    olga: Caller,
    ada: Caller,
    whom: Id<User>,
    heard: Receiver<Signal>,
    _folder: TempDir,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SeededEntropy::new(1)));
        let path = folder.path().join("milton.db");
        let options = StoreOptions::at(&path, clock.clone(), entropy.clone());
        let store = Store::open(options, &RootKey::generate(&SeededEntropy::new(2))).unwrap();
        let heard = store.listen();
        let (providers, quotas, public_url) = (Vec::new(), HashMap::new(), String::new());
        let app = App::new(AppOptions {
            store,
            clock,
            entropy,
            providers,
            quotas,
            public_url,
            outbound: crate::outbound::Options::default(),
            token_cost: crate::crypto::bearer::Cost::STANDARD,
        })
        .unwrap();
        let (team, [olga, ada]) = app.act(&Caller::local(Actor::Anonymous), Arrive).await.unwrap().output;
        let caller = |signed_in| Caller::local(Actor::User(signed_in));
        Self { app, team, olga: caller(olga), ada: caller(ada), whom: ada.user, heard, _folder: folder }
    }

    /// Whether an act was told as one that ended something of Ada's.
    async fn ends<A: Action>(&mut self, caller: &Caller, action: A) -> bool {
        let done = self.app.act(caller, action).await.is_ok();
        let mut heard = Vec::new();
        while let Ok(signal) = self.heard.try_recv() {
            heard.push(signal);
        }
        heard.retain(|signal| matches!(signal, Signal::TrustEnded(_)));
        assert!(heard.iter().all(|signal| *signal == Signal::TrustEnded(self.whom)), "{heard:?}");
        assert!(done || heard.is_empty(), "what did not happen was told");
        !heard.is_empty()
    }
}

#[tokio::test]
async fn what_ends_trust_is_told() {
    let mut stage = Stage::new().await;
    let (olga, ada, user, team) = (stage.olga.clone(), stage.ada.clone(), stage.whom, stage.team);
    let in_team = |role| team::ChangeRole { team, user, role };
    assert!(stage.ends(&olga, in_team(Role::Manager)).await);
    assert!(!stage.ends(&olga, in_team(Role::Manager)).await);
    assert!(!stage.ends(&olga, in_team(Role::Admin)).await);
    let on_server = |role| standing::ChangeRole { user, role };
    assert!(stage.ends(&olga, on_server(Some(Role::Member))).await);
    assert!(!stage.ends(&olga, on_server(Some(Role::Admin))).await);
    assert!(stage.ends(&olga, on_server(None)).await);
    assert!(!stage.ends(&olga, on_server(Some(Role::Admin))).await);

    let wanted = api_key::Wanted {
        name: name("Reports"),
        scopes: vec![Permission::TeamsOwn],
        networks: Networks::default(),
        lifetime: None,
    };
    let key = stage.app.create_api_key(&ada, wanted, None).await.unwrap().into_acted().output.key;
    assert!(stage.ends(&ada, api_key::Revoke(key.id)).await);
    assert!(stage.ends(&ada, team::Leave { team }).await);
    assert!(stage.ends(&olga, standing::Suspend { user, reason: None }).await);
    assert!(!stage.ends(&olga, standing::Suspend { user, reason: None }).await);
    assert!(!stage.ends(&olga, standing::Reinstate { user }).await);
    assert!(stage.ends(&olga, standing::RevokeSessions { user }).await);
}

#[tokio::test]
async fn whoever_is_removed_or_goes_is_cut_off() {
    let mut stage = Stage::new().await;
    let (olga, ada, user, team) = (stage.olga.clone(), stage.ada.clone(), stage.whom, stage.team);
    let remove = |user| team::RemoveMember { team, user };
    assert!(!stage.ends(&ada, remove(olga.actor.user().unwrap())).await, "she may not");
    assert!(stage.ends(&olga, remove(user)).await);
    assert!(stage.ends(&ada, leaving::RequestDeletion).await);
}
