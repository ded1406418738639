//! Who is told what: the subscription, the team, the time since when; and what nobody finds in the file.

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use super::{Receiver, Scene, make, make_to};
use crate::forge;

#[tokio::test]
async fn only_what_was_subscribed_to_is_told() {
    let scene = Scene::with(&["delegation.updated", "team.member.*"]).await;
    let id = scene.delegate("Sweep").await;
    let path = format!("/api/v1/teams/{}/delegations/{id}", scene.team);
    let olga = scene.olga.clone().with("if-match", "*");
    olga.send(Method::PATCH, &path, Some(&json!({"priority": "high"}))).await.expect(200);
    olga.post(&format!("{path}/cancel"), &json!({})).await.expect(200);
    let ben = scene.world.join(&olga, &scene.team, "member", "Ben").await;
    ben.get(&format!("/api/v1/teams/{}/webhooks", scene.team)).await.problem(403, "access-denied");
    ben.post(&format!("/api/v1/teams/{}/leave", scene.team), &json!({})).await.expect(204);
    scene.deliver().await;
    let told: Vec<_> = scene.receiver.heard().iter().map(|heard| heard.json()["type"].clone()).collect();
    assert_eq!(told, ["delegation.updated", "team.member.left"]);
}

#[tokio::test]
async fn a_webhook_is_told_of_its_own_team_and_from_its_beginning_on() {
    let scene = Scene::new().await;
    let other = scene.world.team(&scene.olga, "Other").await;
    let list = format!("/api/v1/teams/{other}/delegations");
    scene.olga.post(&list, &json!({"title": "Elsewhere"})).await.expect(201);
    let own = scene.delegate("Here").await;
    let late = Receiver::start().await;
    make_to(&scene.olga, &scene.team, &late.url, &["delegation.*"]).await;
    scene.deliver().await;
    let told: Vec<_> = scene.receiver.heard().iter().map(|heard| heard.json()["data"]["resource_id"].clone()).collect();
    assert_eq!(told, [json!(own)]);
    assert!(late.heard().is_empty(), "what was before it is no business of its");
}

#[tokio::test]
async fn a_change_of_what_is_told_concerns_what_happens_from_then_on() {
    let scene = Scene::with(&["delegation.created"]).await;
    let olga = scene.olga.clone().with("if-match", "*");
    let id = scene.delegate("Before").await;
    let path = format!("/api/v1/teams/{}/delegations/{id}", scene.team);
    olga.send(Method::PATCH, &path, Some(&json!({"priority": "high"}))).await.expect(200);
    let change = json!({"events": ["delegation.updated"]});
    olga.send(Method::PATCH, &scene.path(""), Some(&change)).await.expect(200);
    olga.send(Method::PATCH, &path, Some(&json!({"priority": "low"}))).await.expect(200);
    scene.delegate("After").await;
    scene.deliver().await;
    let mut told: Vec<_> = scene.receiver.heard().iter().map(|heard| heard.json()["type"].clone()).collect();
    told.sort_by_key(Value::to_string);
    assert_eq!(told, ["delegation.created", "delegation.updated"]);
}

#[tokio::test]
async fn a_webhook_that_is_off_misses_what_happens_and_one_of_a_closed_team_waits() {
    let scene = Scene::new().await;
    let olga = scene.olga.clone().with("if-match", "*");
    olga.send(Method::PATCH, &scene.path(""), Some(&json!({"state": "disabled"}))).await.expect(200);
    scene.delegate("Unheard").await;
    scene.deliver().await;
    olga.send(Method::PATCH, &scene.path(""), Some(&json!({"state": "active"}))).await.expect(200);
    assert_eq!(scene.deliver().await, 0);
    scene.delegate("Heard later").await;
    forge::sql(&scene.world, "UPDATE teams SET deleted_at = 1", []);
    assert_eq!(scene.deliver().await, 0, "nothing leaves a team that is closed");
    olga.get(&scene.path("")).await.problem(403, "access-denied");
    forge::sql(&scene.world, "UPDATE teams SET deleted_at = NULL", []);
    assert_eq!(scene.deliver().await, 1);
}

#[tokio::test]
async fn a_webhook_outlives_the_stay_of_whoever_made_it() {
    let scene = Scene::new().await;
    let ben = scene.world.join(&scene.olga, &scene.team, "member", "Ben").await;
    scene.world.cast(&scene.team, &ben, Some(Role::Admin));
    let his = Receiver::start().await;
    make_to(&ben, &scene.team, &his.url, &["delegation.*"]).await;
    scene.world.cast(&scene.team, &ben, None);
    forge::sql(&scene.world, "DELETE FROM users WHERE id = ?1", [&ben.id]);
    scene.delegate("Sweep").await;
    assert_eq!((scene.deliver().await, his.heard().len()), (2, 1));
    let list = format!("/api/v1/teams/{}/webhooks", scene.team);
    assert_eq!(scene.olga.get(&list).await.expect(200).json["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_deleted_webhook_is_told_nothing_more() {
    let scene = Scene::new().await;
    scene.delegate("Sweep").await;
    scene.olga.send(Method::DELETE, &scene.path(""), None).await.expect(204);
    assert_eq!(scene.deliver().await, 0);
    assert_eq!(forge::count(&scene.world, "webhook_deliveries"), 0);
    scene.olga.get(&scene.path("")).await.problem(404, "not-found");
}

#[tokio::test]
async fn the_secret_is_shown_once_and_edits_want_the_version_seen() {
    let scene = Scene::new().await;
    let shown = scene.olga.get(&scene.path("")).await.expect(200);
    assert!(shown.json.get("secret").is_none() && !shown.text.contains("whsec_"), "{}", shown.text);
    assert!(!scene.olga.get(&format!("/api/v1/teams/{}/webhooks", scene.team)).await.text.contains("whsec_"));
    let change = json!({"name": "Room"});
    let old = scene.olga.clone().with("if-match", "\"7\"");
    old.send(Method::PATCH, &scene.path(""), Some(&change)).await.problem(412, "precondition-failed");
    old.send(Method::DELETE, &scene.path(""), None).await.problem(412, "precondition-failed");
    let seen = scene.olga.clone().with("if-match", &shown.header("etag"));
    let changed = seen.send(Method::PATCH, &scene.path(""), Some(&change)).await.expect(200);
    assert_eq!((changed.text("/name"), changed.text("/url")), ("Room".to_owned(), scene.receiver.url.clone()));
}

#[tokio::test]
async fn what_cannot_be_told_cannot_be_subscribed_to() {
    let Scene { olga, team, .. } = Scene::closed().await;
    let list = format!("/api/v1/teams/{team}/webhooks");
    let body = |events: Value| json!({"name": "Chat", "url": "https://hooks.example.org/", "events": events});
    for bad in ["*", "auth.login.failed", "webhook.*", "team.*", "conversation.read", "delegation.watched"] {
        let refused = olga.post(&list, &body(json!(["delegation.*", bad]))).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["pointer"], "/events/1", "{bad}");
    }
    olga.post(&list, &body(json!([]))).await.problem(422, "invalid");
    for _ in 1..20 {
        make(&olga, &team).await;
    }
    olga.post(&list, &body(json!(["delegation.*"]))).await.problem(409, "limit-reached");
}

#[tokio::test]
async fn the_file_tells_neither_name_nor_address_nor_secret() {
    let scene = Scene::new().await;
    let new = scene.olga.post(&scene.path("/rotate-secret"), &json!({})).await.expect(200).text("/secret");
    scene.delegate("Sweep").await;
    scene.deliver().await;
    let folder = std::fs::read_dir(scene.world.folder()).unwrap();
    let files: Vec<_> = folder.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    let found = |text: &str| files.iter().any(|file| file.windows(text.len()).any(|part| part == text.as_bytes()));
    assert!(found("delegation.created") && found(&scene.webhook), "the search finds what is there");
    for text in ["Chat room", &scene.receiver.url, "s3cret", "whsec_", &scene.secret[6..], &new[6..], &new[10..30]] {
        assert!(!found(text), "{text}");
    }
}

#[tokio::test]
async fn nothing_that_people_wrote_leaves_by_webhook() {
    let scene = Scene::with(&["delegation.*", "conversation.*", "credential.*", "team.member.*"]).await;
    let ben = scene.world.join(&scene.olga, &scene.team, "member", "Zacharias").await;
    let list = format!("/api/v1/teams/{}/delegations", scene.team);
    let body = json!({"title": "Walnut", "body": "Almond", "labels": ["hazel"], "assignee_id": ben.id, "offer": true});
    let path = scene.olga.post(&list, &body).await.expect(201).header("location");
    ben.post(&format!("{path}/accept"), &json!({})).await.expect(200);
    ben.post(&format!("/api/v1/teams/{}/leave", scene.team), &json!({})).await;
    scene.deliver().await;
    let heard = scene.receiver.heard();
    assert!(heard.len() >= 2);
    for heard in heard {
        let text = format!("{}{}", heard.head, String::from_utf8_lossy(&heard.body)).to_lowercase();
        for word in ["walnut", "almond", "hazel", "zacharias", "olga", "chat room", "mlt_", "whsec_", &scene.olga.id] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        let data = heard.json()["data"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(data, ["resource_id", "resource_type", "seq", "team_id"]);
    }
}

/// A webhook is the team's: it goes on without its maker, and those who answer for the team hear of it.
#[tokio::test]
async fn the_owners_hear_of_webhooks_that_lost_their_maker() {
    let scene = crate::guests::Scene::new().await;
    let orphaned = async || {
        let mut news = crate::notifications::told(&scene.olga, "").await;
        news.retain(|one| one["kind"] == "webhook-orphaned");
        news
    };
    let hook = json!({"name": "Chat", "url": "https://ada.example.org/hook", "events": ["delegation.*"]});
    let made = scene.ada.post(&scene.in_team("/webhooks"), &hook).await.expect(201);
    scene.olga.post(&scene.in_team("/webhooks"), &hook).await.expect(201);
    let member = scene.in_team(&format!("/members/{}", scene.ada.id));
    let role = async |role: &str| scene.olga.send(Method::PUT, &member, Some(&json!({"role": role}))).await.expect(204);
    role("owner").await;
    assert!(orphaned().await.is_empty());
    role("manager").await;
    let told = orphaned().await;
    assert_eq!(told.len(), 1);
    let detail = json!({"name": "Chat", "team_id": scene.team, "webhook_id": made.text("/id")});
    assert_eq!(told[0]["detail"], detail);
    scene.olga.send(Method::DELETE, &member, None).await.expect(204);
    assert_eq!(orphaned().await.len(), 2, "and again when its maker is gone");
    assert_eq!(scene.olga.get(&made.header("location")).await.expect(200).text("/state"), "active");
}
