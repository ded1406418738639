//! A flood of deliveries leaves few rows in the log, none of which is news, and old ones are forgotten.

use std::sync::Arc;
use std::time::Duration;

use milton::base::entropy::SeededEntropy;
use serde_json::json;

use super::{Manner, Scene, deliver, loopback};
use crate::forge;
use crate::world::Options;

/// A server that starts so much later.
fn after(span: Duration) -> Options {
    let usual = Options::default();
    usual.clock.advance(span);
    Options { outbound: loopback(), entropy: Arc::new(SeededEntropy::new(2)), ..usual }
}

#[tokio::test]
async fn a_flood_leaves_two_rows_a_round_and_feeds_nothing_back() {
    let scene = Scene::new().await;
    for _ in 0..100 {
        scene.delegate("Sweep").await;
    }
    let size = scene.world.audit_size();
    let mut rounds = 0;
    let mut tried = 0;
    while tried < 100 {
        tried += scene.deliver().await;
        rounds += 1;
    }
    assert_eq!((tried, scene.receiver.heard().len()), (100, 100));
    assert_eq!(scene.world.audit_size() - size, 1 + rounds, "one row for the queue, one for each round");
    assert!(rounds <= 10, "{rounds}");
    let size = scene.world.audit_size();
    for _ in 0..5 {
        assert_eq!(scene.deliver().await, 0);
    }
    assert_eq!(scene.world.audit_size(), size, "nothing to do leaves nothing");
    let rows = scene.world.audit(&scene.olga, "event=webhook.delivered").await;
    assert!(rows.iter().all(|row| row["scope"] == "instance" && row["actor"]["kind"] == "job"));
}

#[tokio::test]
async fn what_concerns_no_webhook_leaves_no_row_until_there_is_much_of_it() {
    let scene = Scene::with(&["credential.*"]).await;
    scene.delegate("Sweep").await;
    let size = scene.world.audit_size();
    assert_eq!(scene.deliver().await, 0);
    assert_eq!(scene.world.audit_size(), size);
    forge::sql(&scene.world, "UPDATE webhooks SET cursor = cursor - 6000", []);
    assert_eq!(scene.deliver().await, 0);
    assert_eq!(scene.world.audit_size(), size + 1);
    assert_eq!(forge::number(&scene.world, "SELECT cursor FROM webhooks"), size);
    scene.deliver().await;
    assert_eq!(scene.world.audit_size(), size + 1);
}

#[tokio::test]
async fn what_is_queued_twice_is_there_once() {
    let scene = Scene::new().await;
    scene.delegate("Sweep").await;
    scene.deliver().await;
    forge::sql(&scene.world, "UPDATE webhooks SET cursor = 0", []);
    let (world, receiver) = scene.restart(after(Duration::ZERO)).await;
    assert_eq!(deliver(&world.app).await, 0, "each row is told once, whatever a cursor says");
    assert_eq!((forge::count(&world, "webhook_deliveries"), receiver.heard().len()), (1, 1));
}

#[tokio::test]
async fn deliveries_go_on_after_a_restart() {
    let scene = Scene::new().await;
    scene.receiver.behave(Manner::Status(500));
    scene.delegate("Tried").await;
    scene.deliver().await;
    scene.delegate("Not even queued").await;
    let (world, receiver) = scene.restart(after(Duration::from_secs(10))).await;
    receiver.behave(Manner::Status(200));
    assert_eq!(deliver(&world.app).await, 2);
    let ids: Vec<_> = receiver.heard().iter().map(|heard| heard.header("webhook-id").to_owned()).collect();
    assert_eq!((ids.len(), ids.iter().filter(|id| **id == ids[0]).count()), (3, 2));
}

#[tokio::test]
async fn what_came_to_an_end_is_forgotten_after_a_month() {
    let scene = Scene::new().await;
    scene.delegate("Sweep").await;
    scene.deliver().await;
    scene.world.pass(Duration::from_hours(29 * 24));
    scene.fresh().await.post(&scene.path("/test"), &json!({})).await.expect(200);
    scene.deliver().await;
    assert_eq!(forge::count(&scene.world, "webhook_deliveries"), 2);
    scene.world.pass(Duration::from_hours(25));
    scene.fresh().await.post(&scene.path("/test"), &json!({})).await.expect(200);
    scene.deliver().await;
    assert_eq!(forge::count(&scene.world, "webhook_deliveries"), 2, "the two tests");
}
