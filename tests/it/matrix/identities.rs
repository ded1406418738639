//! The cells about one's own identities and the proof by a provider.

use milton::domain::permission::{Decision, Permission, Relation};
use poem::http::Method;
use serde_json::json;

use super::stage::{ROLES, Stage, judge};
use crate::{forge, oidc};

/// The operations of this file, for the check that none is forgotten.
pub const OPERATIONS: &[&str] = &["listMyIdentities", "linkIdentity", "unlinkIdentity", "stepUpByProvider"];

const IDENTITIES: &str = "/api/v1/me/identities";

#[tokio::test]
async fn ones_own_identities_and_a_new_proof() {
    let (lying, options) = oidc::options().await;
    let mut stage = Stage::with(options).await;
    oidc::link(&stage.world, &lying, &stage.caller).await;
    let own = Relation { own: true, ..Relation::default() };
    for stale in [false, true] {
        stage.is_stale = stale;
        for role in ROLES {
            let (world, caller) = (&stage.world, &stage.caller);
            world.cast_on_server(caller, role);
            let decide = |permission| stage.decide_on_server(permission, role, own);
            judge(&caller.get(IDENTITIES).await, decide(Permission::IdentityRead), role);
            let body = json!({"provider": "lying"});
            let link = caller.post(&format!("{IDENTITIES}/link"), &body).await;
            judge(&link, decide(Permission::IdentityManage), (role, stale));
            let step_up = caller.post("/api/v1/auth/step-up/provider", &body).await;
            judge(&step_up, decide(Permission::SessionStepUp), (role, stale));
        }
        stage.grow_stale();
    }
}

#[tokio::test]
async fn taking_an_identity_away() {
    let (lying, options) = oidc::options().await;
    let mut stage = Stage::with(options).await;
    for role in ROLES {
        stage.world.cast_on_server(&stage.caller, ROLES[1]);
        let others = stage.world.sign_in(super::stage::CALLER).await;
        if forge::count(&stage.world, "identities") == 0 {
            oidc::link(&stage.world, &lying, &others).await;
        }
        let id = others.get(IDENTITIES).await.expect(200).text("/items/0/id");
        let path = format!("{IDENTITIES}/{id}");
        stage.world.cast_on_server(&stage.ben, role);
        let foreign = stage.world.holder(stage.ben.token.as_deref().unwrap()).send(Method::DELETE, &path, None).await;
        let judged = stage.decide_on_server(Permission::IdentityManage, role, Relation::default());
        assert_eq!(judged, Decision::Deny, "nobody takes away what is another's");
        judge(&foreign, judged, (role, "another's"));
        stage.world.cast_on_server(&stage.caller, role);
        let own = Relation { own: true, ..Relation::default() };
        let decision = stage.decide_on_server(Permission::IdentityManage, role, own);
        judge(&others.send(Method::DELETE, &path, None).await, decision, role);
    }
    stage.is_stale = true;
    stage.world.cast_on_server(&stage.caller, ROLES[1]);
    let again = stage.world.sign_in(super::stage::CALLER).await;
    oidc::link(&stage.world, &lying, &again).await;
    let id = again.get(IDENTITIES).await.expect(200).text("/items/0/id");
    stage.grow_stale();
    for role in ROLES {
        stage.world.cast_on_server(&stage.caller, role);
        let own = Relation { own: true, ..Relation::default() };
        let decision = stage.decide_on_server(Permission::IdentityManage, role, own);
        judge(&again.send(Method::DELETE, &format!("{IDENTITIES}/{id}"), None).await, decision, role);
    }
}
