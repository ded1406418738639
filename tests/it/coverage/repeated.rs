//! Every operation whose document names an `Idempotency-Key`: sent twice under one key, it is done once.

use poem::http::Method;

use super::cases;
use super::stage::Stage;
use crate::world::Answer;

/// What of an answer a repetition gets once more.
fn parts(answer: &Answer) -> (u16, &serde_json::Value, [Option<&poem::http::HeaderValue>; 3]) {
    let headers = ["location", "etag", "milton-audit"].map(|name| answer.headers.get(name));
    (answer.status.as_u16(), &answer.json, headers)
}

#[tokio::test]
async fn what_takes_a_key_is_done_once() {
    let stage = Stage::new().await;
    let mut refused = Vec::new();
    for (case, operation) in cases::all().filter(|(_, operation)| operation.is_repeatable) {
        let (thing, caller) = stage.prepare(&case.needs).await;
        let (call, caller) = (stage.call(case, &operation), caller.with("idempotency-key", case.id));
        let (first, rows) = stage.rows_of(&call, &caller, &stage.team, &thing).await;
        assert!(first.status.is_success() && rows > 0, "{}: {}", case.id, first.text);
        assert!(!first.headers.contains_key("idempotency-replayed"), "{}", case.id);
        let (again, rows) = stage.rows_of(&call, &caller, &stage.team, &thing).await;
        assert_eq!(rows, 0, "{} is done again: {}", case.id, again.text);
        if again.status == 409 {
            again.problem(409, "already-made");
            refused.push(case.id);
        } else {
            assert_eq!(parts(&again), parts(&first), "{}", case.id);
            assert_eq!(again.header("idempotency-replayed"), "true", "{}", case.id);
        }
    }
    refused.sort_unstable();
    assert_eq!(refused, ["createApiKey", "createInvitation", "createWebhook", "rotateWebhookSecret"], "secrets alone");
}

#[test]
fn what_makes_something_takes_a_key() {
    // What a ceremony or a device began is good once anyway.
    let good_once = ["createPasskey", "createQrSignIn"];
    let named = |id: &&str| !good_once.contains(id);
    for (case, operation) in cases::all().filter(|(case, _)| case.id.starts_with("create") && named(&case.id)) {
        assert!(operation.method == Method::POST && operation.is_repeatable, "{}", case.id);
    }
}

#[tokio::test]
async fn a_conversation_that_is_found_is_joined_once() {
    let stage = Stage::new().await;
    let (_, owner) = stage.prepare(&cases::Needs::ToJoin).await;
    let delegations = format!("/api/v1/teams/{}/delegations", stage.team);
    let listed = owner.get(&delegations).await.expect(200);
    let path = format!("{delegations}/{}/conversation", listed.text("/items/0/id"));
    let keyed = owner.with("idempotency-key", "join");
    let first = keyed.post(&path, &serde_json::json!({})).await.expect(200);
    let rows = stage.world.audit_size();
    let again = keyed.post(&path, &serde_json::json!({})).await.expect(200);
    assert_eq!(parts(&again), parts(&first));
    assert_eq!((again.header("idempotency-replayed"), stage.world.audit_size()), ("true".to_owned(), rows));
}
