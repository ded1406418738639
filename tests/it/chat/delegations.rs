//! Conversations about delegations: open to whoever may read the delegation, and no longer than that.

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use super::{Stage, delete, is_locked_out, items, say};
use crate::world::Person;

/// A delegation from Ana to Ben, and the conversation about it that Ana began.
async fn begun(stage: &Stage) -> (String, String) {
    let list = format!("/api/v1/teams/{}/delegations", stage.team);
    let body = json!({"title": "Renew the lease", "assignee_id": stage.ben.id, "offer": true});
    let delegation = stage.ana.post(&list, &body).await.expect(201).header("location");
    let conversation = stage.ana.post(&format!("{delegation}/conversation"), &json!({})).await.expect(201);
    assert_eq!(conversation.text("/delegation_id"), delegation.rsplit('/').next().unwrap());
    (delegation, conversation.header("location"))
}

/// Their names in order: those who came in one moment stand in no order of their own.
fn names(people: &[Value]) -> Vec<&str> {
    let mut names: Vec<_> = people.iter().map(|person| person["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_delegation_has_one_conversation_with_both_sides_in_it() {
    let stage = Stage::new().await;
    let (delegation, conversation) = begun(&stage).await;
    let again = stage.ben.post(&format!("{delegation}/conversation"), &json!({})).await.expect(200);
    assert_eq!(again.header("location"), conversation);
    assert!(!again.headers.contains_key("milton-audit"));
    let people = items(&stage.ben.get(&format!("{conversation}/participants")).await);
    assert_eq!(names(&people), ["Ana", "Ben"]);
    let message = say(&stage.ben, &conversation, "How long is the lighthouse ours?").await;
    is_locked_out(&stage.mia, &conversation, &message).await;
    stage.mia.post(&format!("{delegation}/conversation"), &json!({})).await.problem(403, "access-denied");

    // The Owner may read every delegation; of what is said about one, only once they joined, for all to see.
    stage.olga.get(&conversation).await.problem(403, "access-denied");
    let joined = stage.olga.post(&format!("{conversation}/join"), &json!({})).await.expect(200);
    assert_eq!(joined.json["unread"], 0);
    stage.olga.get(&message).await.expect(200);
    let people = items(&stage.ben.get(&format!("{conversation}/participants")).await);
    assert_eq!(names(&people), ["Ana", "Ben", "Olga"]);
    stage.olga.post(&format!("{conversation}/leave"), &json!({})).await.expect(204);
    stage.olga.get(&message).await.problem(403, "access-denied");
    let found = stage.olga.post(&format!("{delegation}/conversation"), &json!({})).await.expect(200);
    assert!(found.headers.contains_key("milton-audit"), "joining is on record");
    stage.olga.get(&message).await.expect(200);
}

#[tokio::test]
async fn taking_part_ends_with_the_right_to_read() {
    let stage = Stage::new().await;
    let (delegation, conversation) = begun(&stage).await;
    let message = say(&stage.ben, &conversation, "The lighthouse is ours").await;
    stage.ana.post(&format!("{delegation}/reassign"), &json!({"assignee_id": stage.mia.id})).await.expect(200);
    is_locked_out(&stage.ben, &conversation, &message).await;
    assert_eq!(stage.mia.get(&message).await.expect(200).text("/body"), "The lighthouse is ours");
    let people = items(&stage.mia.get(&format!("{conversation}/participants")).await);
    assert_eq!(names(&people), ["Ana", "Mia"]);

    stage.world.cast(&stage.team, &stage.ben, Some(Role::Manager));
    stage.ben.get(&message).await.expect(200);
    stage.world.cast(&stage.team, &stage.ben, Some(Role::Member));
    is_locked_out(&stage.ben, &conversation, &message).await;

    let hand_to = async |person: &Person| {
        let body = json!({"assignee_id": person.id});
        stage.ana.post(&format!("{delegation}/reassign"), &body).await.expect(200);
    };
    hand_to(&stage.ben).await;
    stage.ben.send(Method::PUT, &format!("{delegation}/watch"), None).await.expect(204);
    hand_to(&stage.mia).await;
    stage.ben.get(&message).await.expect(200);
    delete(&stage.ana, &format!("{delegation}/watchers/{}", stage.ben.id)).await.expect(204);
    is_locked_out(&stage.ben, &conversation, &message).await;

    delete(&stage.olga, &delegation).await.expect(204);
    for person in [&stage.ana, &stage.ben, &stage.mia] {
        is_locked_out(person, &conversation, &message).await;
    }
}

#[tokio::test]
async fn only_who_may_read_the_delegation_is_let_in() {
    let stage = Stage::new().await;
    stage.world.cast(&stage.team, &stage.ana, Some(Role::Manager));
    let (_, conversation) = begun(&stage).await;
    let people = format!("{conversation}/participants");
    let refused = stage.ana.post(&people, &json!({"user_id": stage.mia.id})).await.problem(422, "invalid");
    assert_eq!(refused.text("/errors/0/pointer"), "/user_id");
    stage.ana.post(&people, &json!({"user_id": stage.olga.id})).await.expect(201);
    let mention = json!({"body": "Look", "mentions": [stage.mia.id]});
    stage.ana.post(&format!("{conversation}/messages"), &mention).await.problem(422, "invalid");
}

#[tokio::test]
async fn after_its_end_another_can_begin() {
    let stage = Stage::new().await;
    stage.world.cast(&stage.team, &stage.ana, Some(Role::Manager));
    let (delegation, conversation) = begun(&stage).await;
    delete(&stage.ana, &conversation).await.expect(204);
    let other = stage.ben.post(&format!("{delegation}/conversation"), &json!({})).await.expect(201);
    assert_ne!(other.header("location"), conversation);
}
