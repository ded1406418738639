//! A device that another vouched for, against every operation: what wants a fresh sign-in is closed to it for ever.

use super::cases;
use super::stage::Stage;
use crate::qr::vouched;

#[tokio::test]
async fn a_vouched_device_does_nothing_that_wants_a_fresh_sign_in() {
    let stage = Stage::new().await;
    let mut tried = Vec::new();
    for (case, operation) in cases::all() {
        if !operation.permission.unwrap().row().is_some_and(|(_, cells)| cells.iter().any(|cell| cell.step_up)) {
            continue;
        }
        let (thing, caller) = stage.prepare(&case.needs).await;
        let phone = vouched(&stage.world, &caller).await;
        let (refused, rows) = stage.rows_of(&stage.call(case, &operation), &phone, &stage.team, &thing).await;
        assert!([401, 403].contains(&refused.status.as_u16()), "{}: {}", case.id, refused.text);
        let expected = ["/problems/step-up-required", "/problems/access-denied"];
        assert!(expected.contains(&refused.json["type"].as_str().unwrap()), "{}: {}", case.id, refused.text);
        assert_eq!(rows, 1, "{}", case.id);
        assert_eq!(stage.newest(1).await[0]["event"], "authz.denied", "{}", case.id);
        tried.push(case.id);
    }
    assert!(tried.contains(&"changeMemberRole") && tried.contains(&"removeMember"), "{tried:?}");
}
