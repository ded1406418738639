//! What is delivered, how it is signed, how often it is tried, and what becomes of what nobody takes.

use std::collections::BTreeSet;
use std::time::Duration;

use poem::http::Method;
use serde_json::json;

use super::{LATER, Manner, Scene, is_signed};
use crate::forge;

#[tokio::test]
async fn what_happens_is_told_once_thin_and_signed() {
    let scene = Scene::new().await;
    let id = scene.delegate("A title that stays here").await;
    assert_eq!((scene.deliver().await, scene.deliver().await), (1, 0));
    let [heard] = &scene.receiver.heard()[..] else { panic!("{:?}", scene.receiver.heard()) };
    assert!(heard.head.starts_with("POST /in?token=s3cret HTTP/1.1\r\n"), "{}", heard.head);
    assert_eq!(heard.header("host"), scene.receiver.address.to_string());
    assert_eq!(heard.header("content-type"), "application/json");
    assert!(is_signed(heard, &scene.secret));
    let row = &scene.world.audit(&scene.olga, "event=delegation.created").await[0];
    let data = json!({"team_id": scene.team, "resource_type": "delegation", "resource_id": id, "seq": row["seq"]});
    assert_eq!(heard.json(), json!({"type": "delegation.created", "timestamp": row["at"], "data": data}));
    let delivery = &scene.deliveries("").await[0];
    assert_eq!(delivery["id"], heard.header("webhook-id"));
    assert_eq!(
        (&delivery["state"], &delivery["attempts"], &delivery["last_status"]),
        (&json!("delivered"), &json!(1), &json!(204))
    );
    assert_eq!((&delivery["type"], &delivery["resource_id"]), (&json!("delegation.created"), &json!(id)));
}

/// What a receiver is told is enough to ask the API for it.
#[tokio::test]
async fn a_comment_and_a_message_are_told_with_what_they_stand_in() {
    let scene = Scene::with(&["delegation.*", "conversation.*"]).await;
    let ben = scene.world.join(&scene.olga, &scene.team, "member", "Ben").await;
    let delegation = scene.delegate("Sweep").await;
    let team = format!("/api/v1/teams/{}", scene.team);
    let comment = json!({"body": "With which broom?"});
    let comment = scene.olga.post(&format!("{team}/delegations/{delegation}/comments"), &comment).await.expect(201);
    let body = json!({"kind": "direct", "participant_ids": [ben.id]});
    let conversation = scene.olga.post(&format!("{team}/conversations"), &body).await.expect(201).header("location");
    let message = ben.post(&format!("{conversation}/messages"), &json!({"body": "The red one"})).await.expect(201);
    assert_eq!(scene.deliver().await, 4);
    let heard: Vec<_> = scene.receiver.heard().iter().map(super::Heard::json).collect();
    let told = |event: &str| heard.iter().find(|heard| heard["type"] == event).unwrap()["data"].clone();
    let told =
        ["delegation.created", "delegation.commented", "conversation.created", "conversation.message.sent"].map(told);
    let word = |nth: usize, name: &str| told[nth][name].as_str().unwrap().to_owned();
    let path = format!("{team}/delegations/{}/comments/{}", word(1, "parent_id"), word(1, "resource_id"));
    assert_eq!(scene.olga.get(&path).await.expect(200).text("/id"), comment.text("/id"));
    let path = format!("{team}/conversations/{}/messages/{}", word(3, "parent_id"), word(3, "resource_id"));
    assert_eq!(scene.olga.get(&path).await.expect(200).text("/id"), message.text("/id"));
    assert!([0, 2].iter().all(|nth| told[*nth].get("parent_id").is_none()), "these stand for themselves");
    let listed = scene.deliveries("").await;
    let of_comment = listed.iter().find(|one| one["type"] == "delegation.commented").unwrap();
    assert_eq!(of_comment["parent_id"], json!(delegation));
    // What is gone is told with it all the same.
    scene.olga.send(Method::DELETE, &comment.header("location"), None).await.expect(204);
    assert_eq!(scene.deliver().await, 1);
    assert_eq!(scene.receiver.heard().last().unwrap().json()["data"]["parent_id"], json!(delegation));
}

#[tokio::test]
async fn a_changed_body_time_or_id_is_not_signed() {
    let scene = Scene::new().await;
    scene.delegate("Sweep").await;
    scene.deliver().await;
    let heard = scene.receiver.heard().remove(0);
    let mut other = heard.clone();
    other.body[1] ^= 1;
    assert!(is_signed(&heard, &scene.secret) && !is_signed(&other, &scene.secret));
    for name in ["webhook-id", "webhook-timestamp"] {
        let mut other = heard.clone();
        let value = heard.header(name);
        let changed = value.replace(|c: char| c.is_ascii_digit(), "7");
        other.head = heard.head.replace(value, &changed);
        assert!(!is_signed(&other, &scene.secret), "{name}");
    }
    assert!(!is_signed(&heard, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
}

#[tokio::test]
async fn what_fails_is_tried_ten_times_under_one_id_and_then_given_up() {
    let scene = Scene::new().await;
    scene.receiver.behave(Manner::Status(500));
    scene.delegate("Sweep").await;
    assert_eq!(scene.deliver().await, 1);
    for (nth, span) in LATER.into_iter().enumerate() {
        assert_eq!(scene.deliver().await, 0, "attempt {} comes too early", nth + 2);
        scene.world.pass(span);
        assert_eq!(scene.deliver().await, 1, "attempt {}", nth + 2);
    }
    scene.world.pass(Duration::from_hours(48));
    assert_eq!(scene.deliver().await, 0, "given up");
    let heard = scene.receiver.heard();
    let ids: BTreeSet<_> = heard.iter().map(|heard| heard.header("webhook-id").to_owned()).collect();
    let times: BTreeSet<_> = heard.iter().map(|heard| heard.header("webhook-timestamp").to_owned()).collect();
    let bodies: BTreeSet<_> = heard.iter().map(|heard| heard.body.clone()).collect();
    assert_eq!((heard.len(), ids.len(), times.len(), bodies.len()), (10, 1, 10, 1));
    assert!(heard.iter().all(|heard| is_signed(heard, &scene.secret)), "each attempt is signed for its own time");
    let [dead] = &scene.deliveries("?state=dead").await[..] else { panic!("one dead letter") };
    assert_eq!(
        (&dead["attempts"], &dead["last_error"], &dead["last_status"]),
        (&json!(10), &json!("status"), &json!(500))
    );
    assert!(dead.get("next_at").is_none() && scene.deliveries("?state=pending").await.is_empty());
    assert_eq!(scene.state().await, "active");
}

#[tokio::test]
async fn a_dead_letter_is_sent_anew_and_may_be_tried_as_often() {
    let scene = Scene::new().await;
    scene.receiver.behave(Manner::HangUp);
    scene.delegate("Sweep").await;
    scene.deliver().await;
    for span in LATER {
        scene.world.pass(span);
        scene.deliver().await;
    }
    let dead = scene.deliveries("?state=dead").await.remove(0);
    assert_eq!(dead["last_error"], "network");
    let path = format!("/api/v1/teams/{}/webhook-deliveries/{}/redeliver", scene.team, dead["id"].as_str().unwrap());
    let olga = scene.fresh().await;
    let again = olga.post(&path, &json!({})).await.expect(200);
    assert_eq!((again.text("/state"), again.json["attempts"].clone()), ("pending".to_owned(), json!(0)));
    olga.post(&path, &json!({})).await.problem(409, "wrong-state");
    scene.deliver().await;
    scene.receiver.behave(Manner::Status(200));
    scene.world.pass(LATER[0]);
    scene.deliver().await;
    let [delivered] = &scene.deliveries("?state=delivered").await[..] else { panic!("it arrived") };
    assert_eq!((&delivered["id"], &delivered["attempts"]), (&dead["id"], &json!(2)));
    scene.fresh().await.post(&path, &json!({})).await.expect(200);
    assert_eq!(scene.deliver().await, 1, "what arrived may be sent anew as well");
    let ids: BTreeSet<_> = scene.receiver.heard().iter().map(|heard| heard.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), 1, "receivers can tell that it is the same");
}

#[tokio::test]
async fn both_secrets_count_for_a_day() {
    let scene = Scene::new().await;
    let rotated = scene.olga.post(&scene.path("/rotate-secret"), &json!({})).await.expect(200);
    let (new, old) = (rotated.text("/secret"), &scene.secret);
    assert_ne!(&new, old);
    scene.delegate("During").await;
    scene.world.pass(Duration::from_secs(86_399));
    scene.deliver().await;
    scene.world.pass(Duration::from_secs(1));
    scene.fresh().await.post(&scene.path("/test"), &json!({})).await.expect(200);
    scene.deliver().await;
    let heard = scene.receiver.heard();
    assert_eq!(heard[0].header("webhook-signature").split(' ').count(), 2);
    assert!(is_signed(&heard[0], &new) && is_signed(&heard[0], old));
    assert_eq!(heard[1].header("webhook-signature").split(' ').count(), 1);
    assert!(is_signed(&heard[1], &new) && !is_signed(&heard[1], old));
}

#[tokio::test]
async fn a_secret_from_before_the_last_one_counts_no_more() {
    let scene = Scene::new().await;
    let second = scene.olga.post(&scene.path("/rotate-secret"), &json!({})).await.expect(200).text("/secret");
    let third = scene.olga.post(&scene.path("/rotate-secret"), &json!({})).await.expect(200).text("/secret");
    scene.delegate("Sweep").await;
    scene.deliver().await;
    let heard = &scene.receiver.heard()[0];
    assert!(is_signed(heard, &second) && is_signed(heard, &third) && !is_signed(heard, &scene.secret));
}

#[tokio::test]
async fn gone_is_gone() {
    let scene = Scene::new().await;
    scene.receiver.behave(Manner::Status(410));
    scene.delegate("Sweep").await;
    scene.deliver().await;
    assert_eq!(scene.state().await, "disabled");
    scene.delegate("Unheard").await;
    scene.world.pass(Duration::from_hours(1));
    assert_eq!(scene.deliver().await, 0);
    let rows = scene.world.audit(&scene.fresh().await, "event=webhook.disabled").await;
    assert_eq!((rows.len(), &rows[0]["resource_id"]), (1, &json!(scene.webhook)));
    let olga = scene.fresh().await;
    let told = olga.get("/api/v1/me/notifications").await.expect(200);
    let told = told.json["items"].as_array().unwrap().iter().find(|one| one["kind"] == "webhook-disabled").unwrap();
    assert_eq!(told["detail"], json!({"name": "Chat room", "team_id": scene.team, "webhook_id": scene.webhook}));
    olga.post(&scene.path("/test"), &json!({})).await.problem(409, "wrong-state");

    scene.receiver.behave(Manner::Status(200));
    let on = olga.with("if-match", "*").send(Method::PATCH, &scene.path(""), Some(&json!({"state": "active"}))).await;
    assert_eq!(on.expect(200).text("/state"), "active");
    assert_eq!(scene.deliver().await, 1, "what waited goes on, and what it was not told of stays untold");
}

#[tokio::test]
async fn five_days_without_any_success_switch_it_off() {
    let scene = Scene::new().await;
    scene.receiver.behave(Manner::Status(503));
    for day in 0..5 {
        assert_eq!(scene.state().await, "active", "day {day}");
        forge::sql(&scene.world, "DELETE FROM webhook_deliveries", []);
        let olga = scene.fresh().await;
        let list = format!("/api/v1/teams/{}/delegations", scene.team);
        olga.post(&list, &json!({"title": "Sweep"})).await.expect(201);
        assert_eq!(scene.deliver().await, 1);
        scene.world.pass(Duration::from_hours(24));
    }
    scene.deliver().await;
    assert_eq!(scene.state().await, "disabled");
}

#[tokio::test]
async fn one_success_is_enough_to_go_on() {
    let scene = Scene::new().await;
    for (day, status) in [(0, 500), (3, 200), (6, 500), (9, 500)] {
        scene.receiver.behave(Manner::Status(status));
        forge::sql(&scene.world, "DELETE FROM webhook_deliveries", []);
        let list = format!("/api/v1/teams/{}/delegations", scene.team);
        scene.fresh().await.post(&list, &json!({"title": "Sweep"})).await.expect(201);
        scene.deliver().await;
        assert_eq!(scene.state().await, "active", "day {day}");
        scene.world.pass(Duration::from_hours(72));
    }
}

#[tokio::test]
async fn a_test_is_tried_once_and_says_nothing_of_its_webhooks_health() {
    let scene = Scene::new().await;
    scene.receiver.behave(Manner::Status(500));
    let tested = scene.olga.post(&scene.path("/test"), &json!({})).await.expect(200);
    assert_eq!(tested.text("/type"), "webhook.test");
    assert_eq!(scene.deliver().await, 1);
    let heard = &scene.receiver.heard()[0];
    assert!(is_signed(heard, &scene.secret));
    let data = json!({"team_id": scene.team, "resource_type": "webhook", "resource_id": scene.webhook});
    assert_eq!((&heard.json()["type"], &heard.json()["data"]), (&json!("webhook.test"), &data));
    assert_eq!(scene.deliveries("?state=dead").await.len(), 1);
    assert!(scene.fresh().await.get(&scene.path("")).await.expect(200).json.get("failing_since").is_none());
}
