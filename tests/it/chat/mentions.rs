//! Mentions: of those who take part, who hear of it once.

use poem::http::Method;
use serde_json::json;

use super::{NOWHERE, Stage, edit, id_of, items, say};
use crate::world::Person;

async fn told(person: &Person) -> usize {
    let heard = person.get("/api/v1/me/notifications").await.expect(200);
    items(&heard).iter().filter(|one| one["kind"] == "message-mention").count()
}

#[tokio::test]
async fn whoever_is_mentioned_hears_of_it_and_nobody_else() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben, &stage.mia]).await;
    let messages = format!("{conversation}/messages");
    let body = json!({"body": "Ben, the lighthouse!", "mentions": [stage.ben.id, stage.ben.id, stage.ana.id]});
    let sent = stage.ana.post(&messages, &body).await.expect(201);
    assert_eq!(sent.json["mentions"].as_array().unwrap().len(), 2, "each once");
    assert_eq!((told(&stage.ben).await, told(&stage.mia).await, told(&stage.ana).await), (1, 0, 0));
    let heard = stage.ben.get("/api/v1/me/notifications").await.expect(200);
    assert_eq!(heard.text("/items/0/detail/name"), "Ana");
    assert_eq!(heard.text("/items/0/detail/team_id"), stage.team);
    assert_eq!(heard.text("/items/0/detail/conversation_id"), id_of(&conversation));
    assert_eq!(heard.text("/items/0/detail/message_id"), sent.text("/id"));
    assert!(!heard.text.contains("lighthouse"), "what was said stays where it was said");

    let path = sent.header("location");
    let again = json!({"body": "Ben and Mia", "mentions": [stage.ben.id, stage.mia.id]});
    edit(&stage.ana, &path, &again).await.expect(200);
    assert_eq!((told(&stage.ben).await, told(&stage.mia).await), (1, 1), "an edit tells those who are new");
    let kept = edit(&stage.ana, &path, &json!({"body": "Both of you"})).await.expect(200);
    assert_eq!(kept.json["mentions"].as_array().unwrap().len(), 2);
    let none = edit(&stage.ana, &path, &json!({"body": "Nobody", "mentions": []})).await.expect(200);
    assert_eq!(none.json["mentions"], json!([]));
}

#[tokio::test]
async fn nobody_who_is_not_there_is_mentioned() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben, &stage.mia]).await;
    let messages = format!("{conversation}/messages");
    let path = say(&stage.ana, &conversation, "Hello").await;
    stage.mia.post(&format!("{conversation}/leave"), &json!({})).await.expect(204);
    for absent in [stage.olga.id.as_str(), stage.mia.id.as_str(), NOWHERE] {
        let body = json!({"body": "Look", "mentions": [stage.ben.id, absent]});
        let refused = stage.ana.post(&messages, &body).await.problem(422, "invalid");
        assert_eq!(refused.text("/errors/0/pointer"), "/mentions/1");
        let refused = edit(&stage.ana, &path, &body).await.problem(422, "invalid");
        assert_eq!(refused.text("/errors/0/pointer"), "/mentions/1");
    }
    for person in [&stage.olga, &stage.mia, &stage.ben] {
        assert_eq!(told(person).await, 0);
    }
    assert_eq!(items(&stage.ben.get(&messages).await).len(), 1);
}

#[tokio::test]
async fn a_direct_message_notifies_nobody() {
    let stage = Stage::new().await;
    let conversation = stage.direct(&stage.ana, &stage.ben).await;
    say(&stage.ana, &conversation, "Hello").await;
    assert_eq!(told(&stage.ben).await, 0);
    assert_eq!(stage.ben.get(&conversation).await.expect(200).json["unread"], 1, "that is enough");
    let gone = say(&stage.ana, &conversation, "Never mind").await;
    stage.ana.send(Method::DELETE, &gone, None).await.expect(204);
    assert_eq!(stage.ben.get(&conversation).await.expect(200).json["unread"], 1);
}
