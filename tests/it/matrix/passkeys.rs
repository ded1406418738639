//! The cells about passkeys and step-up, through the API.

use milton::domain::permission::{Permission, Relation};
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::json;

use super::stage::{ROLES, Stage, judge};
use crate::passkeys::authenticator::{Authenticator, Moment};
use crate::passkeys::{Ceremony, MINE, STEP_UP, make};

/// The operations of this file, for the check that none is forgotten.
pub const OPERATIONS: &[&str] = &[
    "beginPasskey",
    "createPasskey",
    "listPasskeys",
    "getPasskey",
    "renamePasskey",
    "deletePasskey",
    "getStepUp",
    "beginStepUp",
    "stepUpByPasskey",
];

const OWN: Relation = Relation {
    own: true,
    assigned: false,
    participant: false,
    untouched: false,
    granted: false,
    reported: false,
    target: None,
};

#[tokio::test]
async fn ones_own_passkeys() {
    let mut stage = Stage::new().await;
    let caller = stage.caller.clone().with("if-match", "*");
    let mut prepared = Vec::new();
    for number in 0..2 * u8::try_from(ROLES.len()).unwrap() {
        make(&caller, &[number; 16]).await;
        let ceremony = Ceremony::begin(&caller, MINE).await;
        let credential = Authenticator::new(&[number; 17]).create(&ceremony.options, Moment::TRUE);
        prepared.push((ceremony, credential));
    }
    let listed = caller.get(MINE).await.expect(200);
    let mut ids = listed.json["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap());
    for stale in [false, true] {
        stage.is_stale = stale;
        for role in ROLES {
            let (ceremony, credential) = prepared.pop().unwrap();
            let path = format!("{MINE}/{}", ids.next().unwrap());
            stage.world.cast_on_server(&caller, role);
            let decide = |permission| stage.decide_on_server(permission, role, OWN);
            let managed = decide(Permission::PasskeyManage);
            judge(&caller.get(MINE).await, decide(Permission::PasskeyRead), role);
            judge(&caller.get(&path).await, decide(Permission::PasskeyRead), role);
            judge(&caller.post(&format!("{MINE}/begin"), &json!({})).await, managed, role);
            judge(&caller.send(Method::PATCH, &path, Some(&json!({"name": "Phone"}))).await, managed, role);
            judge(&caller.send(Method::DELETE, &path, None).await, managed, role);
            judge(&ceremony.keep(&caller, &credential).await, managed, role);
        }
        stage.grow_stale();
    }
}

#[tokio::test]
async fn ones_own_step_up() {
    let mut stage = Stage::new().await;
    let caller = stage.caller.clone();
    let mut phone = make(&caller, b"phone").await;
    for stale in [false, true] {
        for role in ROLES {
            stage.is_stale = false;
            if stale {
                stage.grow_stale();
                stage.is_stale = true;
            }
            let ceremony = Ceremony::begin(&caller, STEP_UP).await;
            stage.world.cast_on_server(&caller, role);
            let decide = |permission| stage.decide_on_server(permission, role, OWN);
            judge(&caller.get("/api/v1/me/step-up").await, decide(Permission::SessionRead), role);
            judge(&caller.post(&format!("{STEP_UP}/begin"), &json!({})).await, decide(Permission::SessionStepUp), role);
            let credential = phone.get(&ceremony.options, Moment::TRUE);
            let answer = caller.post(STEP_UP, &ceremony.body(&credential)).await;
            judge(&answer, decide(Permission::SessionStepUp), role);
            stage.world.cast_on_server(&caller, Some(Role::Member));
        }
    }
}
