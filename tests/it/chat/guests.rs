//! Guests: a grant of one conversation opens it to somebody outside the team, and nothing else, for its time.

use std::time::Duration;

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::json;

use super::{Stage, delete, edit, id_of, is_locked_out, items, say};

#[tokio::test]
async fn a_guest_takes_part_while_their_grant_holds() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.olga, &[&stage.ben]).await;
    let message = say(&stage.ben, &conversation, "The lighthouse is ours").await;
    let guest = stage.guest(&conversation, 3_600).await;
    assert_eq!(guest.get(&message).await.expect(200).text("/body"), "The lighthouse is ours");
    let answer = say(&guest, &conversation, "Thank you").await;
    edit(&guest, &answer, &json!({"body": "Thanks"})).await.expect(200);
    edit(&guest, &message, &json!({"body": "Mine"})).await.problem(403, "access-denied");
    guest.post(&format!("{message}/report"), &json!({})).await.expect(204);
    edit(&guest, &conversation, &json!({"title": "Mine"})).await.problem(403, "access-denied");
    guest.get(&stage.list()).await.problem(403, "access-denied");

    let mine = guest.get("/api/v1/me/conversations").await.expect(200);
    assert_eq!((&mine.json["unread"], mine.text("/items/0/id").as_str()), (&json!(1), id_of(&conversation)));
    let mark = json!({"message_id": id_of(&message)});
    let read = guest.send(Method::PUT, &format!("{conversation}/read"), Some(&mark)).await.expect(200);
    assert_eq!(read.json["unread"], 0);
    let people = items(&stage.ben.get(&format!("{conversation}/participants")).await);
    let shown = people.iter().find(|person| person["user_id"] == guest.id).unwrap();
    assert_eq!(shown["read_message_id"], id_of(&message));
    assert!(shown["guest_until"].is_string());
    delete(&stage.olga, &format!("{conversation}/participants/{}", guest.id)).await.problem(404, "not-found");
    let mention = json!({"body": "Welcome", "mentions": [guest.id]});
    stage.ben.post(&format!("{conversation}/messages"), &mention).await.expect(201);

    let other = stage.group(&stage.olga, &[&stage.ben]).await;
    let unseen = say(&stage.ben, &other, "The lighthouse stays ours").await;
    is_locked_out(&guest, &other, &unseen).await;

    stage.world.pass(Duration::from_hours(1));
    is_locked_out(&guest, &conversation, &answer).await;
    let people = items(&stage.ben.get(&format!("{conversation}/participants")).await);
    assert_eq!(people.len(), 2, "{people:?}");
}

#[tokio::test]
async fn a_grant_leaves_nothing_behind_when_its_guest_comes_to_belong_to_the_team() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.olga, &[&stage.ben]).await;
    let guest = stage.guest(&conversation, 3_600).await;
    let message = say(&guest, &conversation, "The lighthouse is yours").await;
    let mark = json!({"message_id": id_of(&message)});
    guest.send(Method::PUT, &format!("{conversation}/read"), Some(&mark)).await.expect(200);
    stage.world.cast(&stage.team, &guest, Some(Role::Owner));
    is_locked_out(&guest, &conversation, &message).await;
    stage.olga.post(&format!("{conversation}/participants"), &json!({"user_id": guest.id})).await.expect(201);
    guest.get(&message).await.expect(200);
}

#[tokio::test]
async fn a_guest_who_leaves_gives_the_grant_back() {
    let stage = Stage::new().await;
    let conversation = stage.direct(&stage.olga, &stage.ben).await;
    let message = say(&stage.ben, &conversation, "The lighthouse is ours").await;
    let guest = stage.guest(&conversation, 3_600).await;
    guest.get(&message).await.expect(200);
    assert_eq!(stage.ben.get(&conversation).await.expect(200).text("/with/name"), "Olga");
    guest.post(&format!("{conversation}/join"), &json!({})).await.problem(409, "wrong-state");
    guest.post(&format!("{conversation}/leave"), &json!({})).await.expect(204);
    is_locked_out(&guest, &conversation, &message).await;
}
