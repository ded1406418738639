//! Every operation of the document against the same promises: nobody without a token, nobody without the role, nobody
//! across teams, and one audit row for each change and each denial. An operation without a case here fails.

mod cases;
mod closed;
mod repeated;
mod stage;
mod vouched;
mod ways_in;

use poem::http::HeaderMap;
use serde_json::{Value, json};

use crate::operations;
use crate::world::{Answer, World};
use stage::{Call, NOWHERE, Stage};

/// Operations that want no token.
const PUBLIC: [&str; 16] = [
    "getHealth",
    "getReadiness",
    "getVersion",
    "listProviders",
    "signInByLink",
    "createQrSignIn",
    "getQrSignIn",
    "signInByQr",
    "goToProvider",
    "comeBackFromProvider",
    "exchangeCode",
    "logOutByProvider",
    "acceptInvitation",
    "acceptInvitationByProvider",
    "beginPasskeySignIn",
    "signInByPasskey",
];

/// Operations that everybody who is signed in may use: they answer with what is the caller's alone.
const FOR_ALL: [&str; 5] =
    ["listTeams", "listMyDelegations", "listMyConversations", "listMyGrants", "explainPermissions"];

/// What a client can tell of an answer: everything but the request's own marks.
fn visible(answer: &Answer) -> (u16, Value, HeaderMap) {
    let (mut json, mut headers) = (answer.json.clone(), answer.headers.clone());
    json.as_object_mut().unwrap().remove("instance");
    headers.remove("x-request-id");
    (answer.status.as_u16(), json, headers)
}

#[test]
fn every_operation_has_a_case() {
    let mut covered: Vec<_> = cases::all().map(|(case, _)| case.id).chain(PUBLIC).collect();
    let mut documented: Vec<_> = operations::all().into_iter().map(|operation| operation.id).collect();
    covered.sort_unstable();
    documented.sort_unstable();
    assert_eq!(covered, documented, "each operation wants a case, which says how to call it");
}

#[test]
fn every_operation_says_what_it_wants_and_leaves() {
    for (case, operation) in cases::all() {
        assert!(operation.permission.is_some(), "{} names no permission", case.id);
        let leaves = operation.event.is_some();
        assert_eq!(leaves, !operation.is_read() || case.id == "listAudit", "{} names its event", case.id);
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_told() {
    let stage = Stage::new().await;
    let (stranger, liar) = (stage.world.stranger(), stage.world.holder("mlt_s_forged"));
    for (case, operation) in cases::all() {
        let call = stage.call(case, &operation);
        let (refused, rows) = stage.rows_of(&call, &stranger, &stage.team, NOWHERE).await;
        let refused = refused.problem(401, "missing-token");
        assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"milton\"", "{}", case.id);
        assert_eq!(rows, 0, "{}", case.id);
        let wrong = Call { body: Some(json!({"no": "such field"})), ..call };
        let before_the_body = wrong.by(&stranger, "no-id", "no-id").await;
        assert_eq!(visible(&before_the_body), visible(&refused), "{}", case.id);
        let forged = wrong.by(&liar, &stage.team, NOWHERE).await.problem(401, "invalid-token");
        assert!(forged.header("www-authenticate").contains("error=\"invalid_token\""), "{}", case.id);
    }
}

#[tokio::test]
async fn public_operations_want_no_token() {
    let world = World::unclaimed();
    for id in PUBLIC {
        let operation = operations::find(id);
        let body = (!operation.is_read()).then(|| json!({"token": "mlt_l_forged"}));
        let path = operation.path_to(NOWHERE, NOWHERE);
        let answer = world.stranger().send(operation.method, &path, body.as_ref()).await;
        assert_ne!(answer.json["type"], "/problems/missing-token", "{id}");
    }
    for page in ["/", "/docs", "/openapi.json", "/openapi.yaml"] {
        world.stranger().get(page).await.expect(200);
    }
}

#[tokio::test]
async fn without_the_role_it_is_refused_on_record() {
    let stage = Stage::new().await;
    for (case, operation) in cases::all().filter(|(case, _)| !FOR_ALL.contains(&case.id)) {
        let (thing, _) = stage.prepare(&case.needs).await;
        let intruder = stage.intruder(&operation);
        let call = stage.call(case, &operation);
        let (refused, rows) = stage.rows_of(&call, intruder, &stage.team, &thing).await;
        let refused = refused.problem(403, "access-denied");
        assert_eq!(rows, 1, "{}", case.id);
        let row = &stage.newest(1).await[0];
        assert_eq!((&row["event"], &row["outcome"]), (&json!("authz.denied"), &json!("denied")), "{}", case.id);
        assert_eq!(row["actor"]["user_id"], intruder.id, "{}", case.id);
        assert_eq!(row["detail"]["permission"], operation.permission.unwrap().as_str(), "{}", case.id);
        assert_eq!(row["request_id"], refused.header("x-request-id"), "{}", case.id);
        let scope = if operation.is_in_team() { stage.team.as_str() } else { "instance" };
        assert_eq!(row["scope"], scope, "{}", case.id);
        if operation.has_thing() {
            assert_eq!(row["resource_id"], thing.split('/').next().unwrap(), "{}", case.id);
        }
        assert!(!refused.headers.contains_key("milton-audit"), "{}", case.id);
    }
}

#[tokio::test]
async fn whether_a_thing_is_there_is_not_told() {
    let stage = Stage::new().await;
    for (case, operation) in cases::all().filter(|(_, operation)| operation.is_in_team()) {
        let (thing, _) = stage.prepare(&case.needs).await;
        let call = stage.call(case, &operation);
        let (there, rows) = stage.rows_of(&call, &stage.bob, &stage.team, &thing).await;
        assert_eq!((there.status.as_u16(), rows), (403, 1), "{}", case.id);
        for (team, thing) in [(stage.team.as_str(), NOWHERE), (NOWHERE, thing.as_str()), (NOWHERE, NOWHERE)] {
            let (missing, rows) = stage.rows_of(&call, &stage.bob, team, thing).await;
            assert_eq!(visible(&missing), visible(&there), "{}", case.id);
            assert_eq!(rows, 1, "{}", case.id);
        }
        if operation.has_thing() {
            let (there, rows) = stage.rows_of(&call, &stage.mia, &stage.team, &thing).await;
            assert_eq!((there.status.as_u16(), rows), (403, 1), "{} as a member", case.id);
            let (missing, rows) = stage.rows_of(&call, &stage.mia, &stage.team, NOWHERE).await;
            assert_eq!(visible(&missing), visible(&there), "{} as a member", case.id);
            assert_eq!(rows, 1, "{} as a member", case.id);
        }
    }
}

#[tokio::test]
async fn the_things_of_another_team_are_out_of_reach() {
    let stage = Stage::new().await;
    for (case, operation) in cases::all().filter(|(_, operation)| operation.has_thing()) {
        let (thing, _) = stage.prepare(&case.needs).await;
        let before = stage.look_at(&case.needs, &thing).await;
        let call = stage.call(case, &operation);
        let (foreign, rows) = stage.rows_of(&call, &stage.bob, &stage.other_team, &thing).await;
        let (missing, rows_of_missing) = stage.rows_of(&call, &stage.bob, &stage.other_team, NOWHERE).await;
        assert_eq!(visible(&foreign), visible(&missing), "{}", case.id);
        let status = foreign.status.as_u16();
        // Even an Owner may hear 403: progress is the assignee's and confirmation the delegator's, whoever else asks.
        assert!([403, 404].contains(&status), "{}: {}", case.id, foreign.text);
        let expected = i64::from(status == 403 || !operation.is_read());
        assert_eq!((rows, rows_of_missing), (expected, expected), "{}", case.id);
        assert_eq!(stage.look_at(&case.needs, &thing).await, before, "{}", case.id);
    }
}

#[tokio::test]
async fn work_goes_to_nobody_of_another_team() {
    let stage = Stage::new().await;
    let list = format!("/api/v1/teams/{}/delegations", stage.other_team);
    let mut body = json!({"title": "Sweep", "assignee_id": stage.mia.id});
    let stranger = stage.bob.post(&list, &body).await.problem(422, "invalid");
    body["assignee_id"] = json!(NOWHERE);
    let nobody = stage.bob.post(&list, &body).await.problem(422, "invalid");
    assert_eq!(visible(&stranger), visible(&nobody));
    let path = stage.bob.post(&list, &json!({"title": "Sweep"})).await.expect(201).header("location");
    let hand = json!({"assignee_id": stage.mia.id});
    stage.bob.post(&format!("{path}/reassign"), &hand).await.problem(422, "invalid");
}

#[tokio::test]
async fn success_leaves_the_rows_it_says() {
    let stage = Stage::new().await;
    for (case, operation) in cases::all() {
        let (thing, caller) = stage.prepare(&case.needs).await;
        let call = stage.call(case, &operation);
        let (answer, rows) = stage.rows_of(&call, &caller, &stage.team, &thing).await;
        assert!(answer.status.is_success(), "{}: {}", case.id, answer.text);
        if let Some(location) = answer.headers.get("location") {
            let there = caller.get(location.to_str().unwrap()).await;
            assert_eq!(there.status, 200, "{}: nothing at its Location: {}", case.id, there.text);
        }
        let Some(event) = &operation.event else {
            assert_eq!(rows, 0, "{} only reads", case.id);
            continue;
        };
        let expected: Vec<&str> = [event.as_str()].into_iter().chain(case.further.iter().copied()).rev().collect();
        let rows = stage.newest(rows).await;
        let events: Vec<_> = rows.iter().map(|row| row["event"].as_str().unwrap()).collect();
        assert_eq!(events, expected, "{}, newest first", case.id);
        for row in &rows {
            // What a job does, it does in its own name.
            let actor = if row["actor"]["kind"] == "job" { Value::Null } else { json!(caller.id) };
            assert_eq!((&row["outcome"], &row["actor"]["user_id"]), (&json!("success"), &actor), "{}", case.id);
            assert_eq!(row["request_id"], answer.header("x-request-id"), "{}", case.id);
        }
        if operation.is_read() {
            assert!(!answer.headers.contains_key("milton-audit"), "{}", case.id);
        } else {
            assert_eq!(answer.header("milton-audit"), rows.last().unwrap()["seq"].to_string(), "{}", case.id);
        }
    }
}
