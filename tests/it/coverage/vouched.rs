//! A device that another vouched for, against every operation: what wants a fresh sign-in, or would prove more than it
//! has, is closed to it for ever.

use milton::domain::permission::{Account, Assurance, Binding, Decision, Permission, Relation, Subject, decide};
use milton::domain::role::Role;

use super::cases;
use super::stage::Stage;
use crate::qr::vouched;

/// What the matrix says of such a device in the hands of an Owner, or of an Admin for what is theirs alone.
fn judged(permission: Permission) -> Decision {
    let owner = Some(if permission == Permission::MessageDeleteReported { Role::Admin } else { Role::Owner });
    let relation =
        Relation { own: true, assigned: true, reported: true, target: Some(Role::Member), ..Relation::default() };
    let (account, assurance) = (Account::Active, Assurance::Vouched);
    decide(
        permission,
        Subject::User { account, instance_role: owner, team: Binding::member(owner), assurance },
        relation,
    )
}

#[tokio::test]
async fn a_vouched_device_does_nothing_that_wants_a_fresh_sign_in() {
    let stage = Stage::new().await;
    let mut tried = Vec::new();
    for (case, operation) in cases::all() {
        let slug = match judged(operation.permission.unwrap()) {
            Decision::Allow => continue,
            Decision::StepUp => "/problems/step-up-required",
            Decision::Deny | Decision::OutOfScope => "/problems/access-denied",
        };
        let (thing, caller) = stage.prepare(&case.needs).await;
        let phone = vouched(&stage.world, &caller).await;
        let (refused, rows) = stage.rows_of(&stage.call(case, &operation), &phone, &stage.team, &thing).await;
        assert_eq!(refused.json["type"], slug, "{}: {}", case.id, refused.text);
        assert_eq!(rows, 1, "{}", case.id);
        assert_eq!(stage.newest(1).await[0]["event"], "authz.denied", "{}", case.id);
        tried.push(case.id);
    }
    for expected in ["changeMemberRole", "removeMember", "scanQrSignIn", "approveQrSignIn"] {
        assert!(tried.contains(&expected), "{tried:?}");
    }
}
