//! The cells about webhooks, through the API.

use milton::domain::permission::{Permission, Relation};
use poem::http::Method;
use serde_json::{Value, json};

use super::stage::{ROLES, Stage, judge};
use crate::forge;
use crate::webhooks::make;

/// The operations of this file, for the check that none is forgotten.
pub const OPERATIONS: &[&str] = &[
    "createWebhook",
    "listWebhooks",
    "getWebhook",
    "updateWebhook",
    "deleteWebhook",
    "rotateWebhookSecret",
    "testWebhook",
    "listWebhookDeliveries",
    "redeliverWebhook",
];

#[tokio::test]
async fn webhooks_of_a_team() {
    let mut stage = Stage::new().await;
    let list = format!("/api/v1/teams/{}/webhooks", stage.team);
    let mut made = Vec::new();
    for _ in 0..2 * ROLES.len() {
        made.push(make(&stage.olga, &stage.team).await);
    }
    let tested = stage.olga.post(&format!("{list}/{}/test", made[0]), &json!({})).await.expect(200);
    let again = format!("/api/v1/teams/{}/webhook-deliveries/{}/redeliver", stage.team, tested.text("/id"));
    let caller = stage.caller.clone().with("if-match", "*");
    for stale in [false, true] {
        stage.is_stale = stale;
        for role in ROLES {
            stage.cast(role);
            let decide = |permission| stage.decide(permission, role, Relation::default());
            let (read, manage) = (decide(Permission::WebhookRead), decide(Permission::WebhookManage));
            let path = format!("{list}/{}", made.pop().unwrap());
            for path in [&list, &path, &format!("{path}/deliveries")] {
                judge(&caller.get(path).await, read, (role, path));
            }
            let wanted = json!({"name": "Chat", "url": "https://hooks.example.org/", "events": ["delegation.*"]});
            let answer = caller.post(&list, &wanted).await;
            judge(&answer, manage, (role, stale));
            if answer.status.is_success() {
                stage.olga.send(Method::DELETE, &answer.header("location"), None).await.expect(204);
            }
            forge::sql(&stage.world, "UPDATE webhook_deliveries SET state = 'dead' WHERE seq IS NULL", []);
            judge(&caller.post(&again, &json!({})).await, manage, (role, stale));
            for (method, rest, body) in [
                (Method::PATCH, "", Some(json!({"name": "Other"}))),
                (Method::POST, "/rotate-secret", None::<Value>),
                (Method::POST, "/test", None),
            ] {
                judge(&caller.send(method, &format!("{path}{rest}"), body.as_ref()).await, manage, (role, rest));
            }
            if made.is_empty() {
                continue; // the one that the redelivery hangs on
            }
            judge(&caller.send(Method::DELETE, &path, None).await, manage, role);
        }
        stage.grow_stale();
    }
}
