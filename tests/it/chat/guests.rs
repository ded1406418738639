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
async fn whoever_owns_the_conversation_puts_a_guest_out() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.olga, &[&stage.ben]).await;
    let guest = stage.guest(&conversation, 3_600).await;
    let message = say(&guest, &conversation, "The lighthouse is yours").await;
    let out = format!("{conversation}/participants/{}", guest.id);
    delete(&stage.ben, &out).await.problem(403, "access-denied");
    delete(&stage.olga, &out).await.expect(204);
    is_locked_out(&guest, &conversation, &message).await;
    assert_eq!(stage.world.audit(&stage.olga, "event=team.grant.removed").await.len(), 1);
    delete(&stage.olga, &out).await.problem(404, "not-found");
}

#[tokio::test]
async fn nobody_reads_on_through_a_guest_when_they_are_out() {
    let stage = Stage::new().await;
    stage.world.cast(&stage.team, &stage.ana, Some(Role::Admin));
    let conversation = stage.group(&stage.olga, &[&stage.ana, &stage.ben]).await;
    let message = say(&stage.ben, &conversation, "The lighthouse is ours").await;
    let elsewhere = stage.world.team(&stage.olga, "Elsewhere").await;
    let gus = stage.world.join(&stage.olga, &elsewhere, "member", "Gus").await;
    let grants = stage.list().replace("conversations", "grants");
    let body = json!({"resource_type": "conversation", "resource_id": id_of(&conversation), "user_id": gus.id,
        "role": "member"});
    let people = format!("{conversation}/participants");
    for is_put_out in [true, false] {
        stage.ana.post(&grants, &body).await.expect(201);
        gus.get(&message).await.expect(200);
        if is_put_out {
            delete(&stage.olga, &format!("{people}/{}", stage.ana.id)).await.expect(204);
        } else {
            stage.ana.post(&format!("{conversation}/leave"), &json!({})).await.expect(204);
        }
        is_locked_out(&stage.ana, &conversation, &message).await;
        is_locked_out(&gus, &conversation, &message).await;
        // Nor when they are let in again: what they opened is closed for good.
        stage.olga.post(&people, &json!({"user_id": stage.ana.id})).await.expect(201);
        is_locked_out(&gus, &conversation, &message).await;
    }
}

#[tokio::test]
async fn a_guest_of_a_conversation_about_work_is_out_when_the_work_is_deleted_or_closed_to_their_host() {
    let stage = Stage::new().await;
    stage.world.cast(&stage.team, &stage.ana, Some(Role::Manager));
    let list = stage.list().replace("conversations", "delegations");
    let work = stage.ana.post(&list, &json!({"title": "Renew the lease"})).await.expect(201).header("location");
    let conversation = stage.ana.post(&format!("{work}/conversation"), &json!({})).await.expect(201);
    let conversation = conversation.header("location");
    let message = say(&stage.ana, &conversation, "The lighthouse is ours").await;
    let elsewhere = stage.world.team(&stage.olga, "Elsewhere").await;
    let gus = stage.world.join(&stage.olga, &elsewhere, "member", "Gus").await;
    let body = json!({"resource_type": "conversation", "resource_id": id_of(&conversation), "user_id": gus.id,
        "role": "member"});
    stage.ana.post(&stage.list().replace("conversations", "grants"), &body).await.expect(201);
    gus.get(&message).await.expect(200);
    delete(&stage.olga, &work).await.expect(204);
    is_locked_out(&gus, &conversation, &message).await;
    assert_eq!(items(&gus.get("/api/v1/me/grants").await).len(), 0);
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
