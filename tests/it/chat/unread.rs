//! What is unread: exact, whoever talks at once, and a read mark that never goes back.

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::json;

use super::{Stage, at_once, delete, id_of, items, say};
use crate::world::{Answer, Person};

async fn unread(person: &Person, conversation: &str) -> i64 {
    person.get(conversation).await.expect(200).json["unread"].as_i64().unwrap()
}

async fn mark(person: &Person, conversation: &str, message: &str) -> Answer {
    let body = json!({"message_id": id_of(message)});
    person.send(Method::PUT, &format!("{conversation}/read"), Some(&body)).await.expect(200)
}

#[tokio::test]
async fn ones_own_and_deleted_messages_are_never_unread() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    let mut paths = Vec::new();
    for nth in 0..4 {
        paths.push(say(&stage.ana, &conversation, &format!("No. {nth}")).await);
    }
    say(&stage.ben, &conversation, "Mine").await;
    assert_eq!((unread(&stage.ana, &conversation).await, unread(&stage.ben, &conversation).await), (1, 4));
    delete(&stage.ana, &paths[3]).await.expect(204);
    assert_eq!(unread(&stage.ben, &conversation).await, 3);
    mark(&stage.ben, &conversation, &paths[0]).await;
    assert_eq!(unread(&stage.ben, &conversation).await, 2);
    delete(&stage.ana, &paths[0]).await.expect(204);
    assert_eq!(unread(&stage.ben, &conversation).await, 2, "it was read before");
}

#[tokio::test]
async fn a_read_mark_never_goes_back_and_all_see_it() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    let mut paths = Vec::new();
    for nth in 0..3 {
        paths.push(say(&stage.ana, &conversation, &format!("No. {nth}")).await);
    }
    assert_eq!(mark(&stage.ben, &conversation, &paths[1]).await.json["unread"], 1);
    let back = mark(&stage.ben, &conversation, &paths[0]).await;
    assert_eq!(back.json["unread"], 1, "it stays where it is");
    let people = items(&stage.ana.get(&format!("{conversation}/participants")).await);
    let ben = people.iter().find(|person| person["user_id"] == stage.ben.id).unwrap();
    assert_eq!(ben["read_message_id"], id_of(&paths[1]));
    let ana = people.iter().find(|person| person["user_id"] == stage.ana.id).unwrap();
    assert_eq!(ana.get("read_message_id"), None);
    assert_eq!(mark(&stage.ben, &conversation, &paths[2]).await.json["unread"], 0);
    let row = &stage.world.audit(&stage.olga, "event=conversation.read").await[0];
    assert_eq!(row["resource_id"], id_of(&conversation));
}

#[tokio::test]
async fn whoever_comes_later_reads_from_the_beginning_with_nothing_unread() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.olga, &[&stage.ben]).await;
    let first = say(&stage.ben, &conversation, "The beginning").await;
    stage.olga.post(&format!("{conversation}/participants"), &json!({"user_id": stage.mia.id})).await.expect(201);
    assert_eq!(unread(&stage.mia, &conversation).await, 0);
    assert_eq!(stage.mia.get(&first).await.expect(200).text("/body"), "The beginning");
    say(&stage.ben, &conversation, "Welcome").await;
    assert_eq!(unread(&stage.mia, &conversation).await, 1);
}

#[tokio::test]
async fn the_sum_is_over_all_of_ones_teams_and_over_nothing_else() {
    let stage = Stage::new().await;
    let elsewhere = stage.world.team(&stage.olga, "Elsewhere").await;
    for person in [&stage.ana, &stage.ben] {
        stage.world.cast(&elsewhere, person, Some(Role::Member));
    }
    let body = json!({"kind": "group", "title": "There", "participant_ids": [stage.ben.id]});
    let there = format!("/api/v1/teams/{elsewhere}/conversations");
    let far = stage.ana.post(&there, &body).await.expect(201).header("location");
    let near = stage.direct(&stage.ana, &stage.ben).await;
    let others = stage.group(&stage.ana, &[&stage.mia]).await;
    for conversation in [&far, &far, &near, &others] {
        say(&stage.ana, conversation, "Hello").await;
    }
    let sum = |answer: Answer| (answer.json["unread"].as_i64().unwrap(), items(&answer).len());
    assert_eq!(sum(stage.ben.get("/api/v1/me/conversations?limit=1").await.expect(200)), (3, 1), "on whatever page");
    assert_eq!(sum(stage.ben.get("/api/v1/me/conversations").await.expect(200)), (3, 2));
    stage.world.cast(&elsewhere, &stage.ben, None);
    assert_eq!(sum(stage.ben.get("/api/v1/me/conversations").await.expect(200)), (1, 1));
    assert_eq!(items(&stage.ben.get(&stage.list()).await).len(), 1);
    let close = "UPDATE teams SET deleted_at = 1 WHERE id = ?1";
    crate::forge::sql(&stage.world, close, [&stage.team]);
    assert_eq!(sum(stage.ben.get("/api/v1/me/conversations").await.expect(200)), (0, 0), "a closed team is closed");
}

#[tokio::test]
async fn counts_are_exact_while_many_talk_at_once() {
    let stage = Stage::unlimited().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben, &stage.mia, &stage.olga]).await;
    let people = [&stage.ana, &stage.ben, &stage.mia];
    let senders = (0..24).map(|nth| {
        let (person, conversation) = (people[nth % 3].clone(), conversation.clone());
        async move {
            for round in 0..5 {
                say(&person, &conversation, &format!("{nth} {round}")).await;
            }
        }
    });
    at_once(senders).await;
    for person in people {
        assert_eq!(unread(person, &conversation).await, 80);
    }
    assert_eq!(unread(&stage.olga, &conversation).await, 120);
    let newest = items(&stage.olga.get(&format!("{conversation}/messages?limit=1")).await);
    mark(&stage.olga, &conversation, newest[0]["id"].as_str().unwrap()).await;
    assert_eq!(unread(&stage.olga, &conversation).await, 0);
}
