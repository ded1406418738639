//! Comments, conversations, messages and credentials: told to those who may read them, as the API shows them, and to
//! nobody else.

use poem::http::Method;
use serde_json::json;

use super::reader::Stream;
use super::stage::{Stage, create, delete, patch};
use crate::forge;
use crate::world::Person;

/// A conversation of a team and what belongs to it, by their paths.
async fn group(by: &Person, team: &str, others: &[&Person]) -> String {
    let ids: Vec<_> = others.iter().map(|person| &person.id).collect();
    let body = json!({"kind": "group", "title": "Sweepers", "participant_ids": ids});
    by.post(&format!("/api/v1/teams/{team}/conversations"), &body).await.expect(201).header("location")
}

#[tokio::test]
async fn a_comment_is_told_to_those_who_may_read_its_delegation() {
    let stage = Stage::new().await;
    let Stage { mia, ana, bob, max, team, .. } = &stage;
    let path = create(mia, team, "Sweep", None).await;
    let [mut mias, mut maxs] = [Stream::open(mia, None).await, Stream::open(max, None).await];
    let [mut anas, mut bobs] = [Stream::open(ana, None).await, Stream::open(bob, None).await];
    let said = mia.post(&format!("{path}/comments"), &json!({"body": "With a broom"})).await.expect(201);
    let comment = said.header("location");
    for stream in [&mut mias, &mut maxs] {
        let told = stream.hears("delegation.commented").await;
        assert_eq!((&told["resource"]["type"], &told["data"]), (&json!("comment"), &said.json));
    }
    patch(mia, &comment, &json!({"body": "With two"})).await.expect(200);
    assert_eq!(maxs.hears("delegation.comment_edited").await["data"]["body"], "With two");
    delete(mia, &comment).await;
    let told = maxs.hears("delegation.comment_deleted").await;
    assert_eq!((&told["deleted"], told.get("data")), (&json!(true), None));
    anas.says_nothing().await;
    bobs.says_nothing().await;
    assert_eq!(stage.denials().await, 0);
}

#[tokio::test]
async fn what_is_said_is_told_to_those_who_take_part() {
    let stage = Stage::new().await;
    let Stage { olga, mia, ana, max, team, .. } = &stage;
    let [mut maxs, mut anas] = [Stream::open(max, None).await, Stream::open(ana, None).await];
    let [mut olgas, mut mias] = [Stream::open(olga, None).await, Stream::open(mia, None).await];
    let path = group(max, team, &[ana]).await;
    for (person, stream) in [(max, &mut maxs), (ana, &mut anas)] {
        let told = stream.hears("conversation.created").await;
        assert_eq!(told["data"], person.get(&path).await.expect(200).json);
    }
    let said = max.post(&format!("{path}/messages"), &json!({"body": "Who sweeps today?"})).await.expect(201);
    let told = anas.hears("conversation.message.sent").await;
    assert_eq!((&told["resource"]["type"], &told["data"]), (&json!("message"), &said.json));
    let message = said.header("location");
    patch(max, &message, &json!({"body": "Who mops?"})).await.expect(200);
    assert_eq!(anas.hears("conversation.message.edited").await["data"]["body"], "Who mops?");
    delete(max, &message).await;
    let told = anas.hears("conversation.message.deleted").await;
    assert_eq!(told["data"].get("body"), None, "{told}");
    // Not even Olga, who owns the team, hears of what she takes no part in.
    olgas.says_nothing().await;
    mias.says_nothing().await;

    max.send(Method::DELETE, &format!("{path}/participants/{}", ana.id), None).await.expect(204);
    max.post(&format!("{path}/messages"), &json!({"body": "She is gone."})).await.expect(201);
    let mut told = Stream::open(max, None).await;
    delete(max, &path).await;
    let told = told.hears("conversation.deleted").await;
    assert_eq!((&told["deleted"], told.get("data")), (&json!(true), None));
    anas.says_nothing().await;
    assert_eq!(stage.denials().await, 0);
}

#[tokio::test]
async fn a_guest_hears_what_is_said_while_the_door_is_open() {
    let stage = Stage::new().await;
    let Stage { mia, ana, bob, team, .. } = &stage;
    let path = group(mia, team, &[ana]).await;
    let other = group(mia, team, &[ana]).await;
    let body = json!({"resource_type": "conversation", "resource_id": path.rsplit('/').next().unwrap(),
        "user_id": bob.id, "role": "member"});
    let grants = format!("/api/v1/teams/{team}/grants");
    let grant = stage.olga.post(&grants, &body).await;
    // Who takes no part opens nothing to anybody.
    assert_ne!(grant.status, 201, "{}", grant.text);
    let manager = format!("UPDATE memberships SET role = 'manager' WHERE user_id = '{}'", mia.id);
    forge::sql(&stage.world, &manager, []);
    let grant = mia.post(&grants, &body).await.expect(201);
    let mut bobs = Stream::open(bob, None).await;
    mia.post(&format!("{other}/messages"), &json!({"body": "Not for Bob"})).await.expect(201);
    let said = mia.post(&format!("{path}/messages"), &json!({"body": "For Bob"})).await.expect(201);
    assert_eq!(bobs.hears("conversation.message.sent").await["data"], said.json);
    delete(mia, &grant.header("location")).await;
    mia.post(&format!("{path}/messages"), &json!({"body": "Not any more"})).await.expect(201);
    delete(mia, &path).await;
    bobs.says_nothing().await;
}

#[tokio::test]
async fn a_credential_is_told_to_those_with_whom_it_is_shared_and_never_opened() {
    let stage = Stage::new().await;
    let Stage { max, mia, ana, team, .. } = &stage;
    let body =
        json!({"kind": "login", "name": "Router", "payload": {"username": "admin", "password": "hunter2-hunter2"}});
    let made = max.post(&format!("/api/v1/teams/{team}/credentials"), &body).await.expect(201);
    let path = made.header("location");
    let [mut maxs, mut mias] = [Stream::open(max, None).await, Stream::open(mia, None).await];
    let mut anas = Stream::open(ana, None).await;
    max.post(&format!("{path}/shares"), &json!({"user_id": mia.id})).await.expect(201);
    let told = mias.hears("credential.shared").await;
    assert_eq!(told["data"], mia.get(&path).await.expect(200).json);
    assert_eq!(maxs.hears("credential.shared").await["data"], told["data"]);
    patch(max, &path, &json!({"name": "Router of the hall"})).await.expect(200);
    for stream in [&mut maxs, &mut mias] {
        let told = stream.hears("credential.updated").await;
        assert!(!told.to_string().contains("hunter2"), "{told}");
        assert_eq!(told["data"]["name"], "Router of the hall");
    }
    delete(max, &path).await;
    assert_eq!(mias.hears("credential.deleted").await["deleted"], true);
    anas.says_nothing().await;
    assert_eq!(stage.denials().await, 0);
}
