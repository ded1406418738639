//! Every operation in a team that is closed, and every one by a guest of one thing: the same refusal as a stranger's.

use milton::domain::permission::{Account, Assurance, Binding, Decision, Permission, Relation, Subject, decide};
use milton::domain::role::Role;
use serde_json::json;

use super::stage::{NOWHERE, Stage};
use super::{cases, visible};
use crate::forge;
use crate::operations::Operation;
use crate::world::Person;

fn in_team() -> impl Iterator<Item = (&'static cases::Case, Operation)> {
    cases::all().filter(|(_, operation)| operation.is_in_team())
}

#[tokio::test]
async fn in_a_closed_team_everybody_is_a_stranger() {
    let stage = Stage::new().await;
    for (case, operation) in in_team() {
        let (thing, _) = stage.prepare(&case.needs).await;
        let now = stage.world.now().micros();
        forge::sql(&stage.world, "UPDATE teams SET deleted_at = ?2 WHERE id = ?1", (&stage.team, now));
        let call = stage.call(case, &operation);
        let (stranger, _) = stage.rows_of(&call, &stage.bob, &stage.team, NOWHERE).await;
        for person in [&stage.olga, &stage.mia] {
            if operation.permission == Some(Permission::TeamRestore) && person.id == stage.olga.id {
                continue;
            }
            let (refused, rows) = stage.rows_of(&call, person, &stage.team, &thing).await;
            assert_eq!((refused.status.as_u16(), rows), (403, 1), "{}: {}", case.id, refused.text);
            assert_eq!(visible(&refused), visible(&stranger), "{}", case.id);
        }
    }
}

/// What the matrix says of a guest who knows nothing else of the thing.
fn judged(permission: Permission, role: Role) -> Decision {
    let (account, assurance) = (Account::Active, Assurance::Fresh);
    let guest = Subject::User { account, instance_role: None, team: Binding::Guest(role), assurance };
    decide(permission, guest, Relation::default())
}

/// A new delegation of the team that is open to Bob.
async fn opened(stage: &Stage, role: Role) -> String {
    let team = format!("/api/v1/teams/{}", stage.team);
    let made = stage.olga.post(&format!("{team}/delegations"), &json!({"title": "Open"})).await.expect(201);
    let body = json!({"resource_type": "delegation", "resource_id": made.text("/id"), "user_id": stage.bob.id,
        "role": role.as_str()});
    stage.olga.post(&format!("{team}/grants"), &body).await.expect(201);
    made.text("/id")
}

#[tokio::test]
async fn a_guest_gets_into_nothing_but_the_one_thing() {
    let stage = Stage::new().await;
    let nora: Person = stage.world.join(&stage.bob, &stage.other_team, "member", "Nora").await;
    let mut let_in = 0;
    for role in [Role::Manager, Role::Member] {
        for (case, operation) in in_team() {
            stage.bring_back();
            let granted = opened(&stage, role).await;
            let (thing, _) = stage.prepare(&case.needs).await;
            let call = stage.call(case, &operation);
            let (stranger, _) = stage.rows_of(&call, &nora, &stage.team, NOWHERE).await;
            let (refused, rows) = stage.rows_of(&call, &stage.bob, &stage.team, &thing).await;
            assert_eq!((visible(&refused), rows), (visible(&stranger), 1), "{}", case.id);
            if !operation.path.contains("{delegation}") {
                continue;
            }
            let answer = call.by(&stage.bob, &stage.team, &granted).await;
            // Only somebody of the team steps in for whoever left it, and says where its work stands.
            let is_for_members = ["takeOverDelegation", "offerDelegation", "cancelDelegation"].contains(&case.id);
            match judged(operation.permission.unwrap(), role) {
                Decision::Allow if !is_for_members => {
                    assert_ne!(answer.status.as_u16(), 403, "{} is open to a {role:?}", case.id);
                    let_in += 1;
                }
                _ => assert_eq!(visible(&answer), visible(&stranger), "{}", case.id),
            }
        }
    }
    assert!(let_in > 4, "what is open was tried too");
}
