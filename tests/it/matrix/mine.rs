//! What is one's own: sessions, devices, notifications and the live stream want a role on the server, whichever it is.

use std::time::Duration;

use milton::domain::permission::Permission;
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::json;

use super::people::OWN;
use super::stage::{CALLER, ROLES, Stage, judge};

/// The operations of this file, for the check that none is forgotten.
pub const OPERATIONS: &[&str] = &[
    "listSessions",
    "endSession",
    "listDevices",
    "renameDevice",
    "removeDevice",
    "disownDevice",
    "listNotifications",
    "readNotification",
    "readAllNotifications",
    "listNotificationPreferences",
    "updateNotificationPreferences",
    "openEvents",
];

#[tokio::test]
async fn looking_at_what_is_ones_own() {
    let stage = Stage::new().await;
    for role in ROLES {
        stage.world.cast_on_server(&stage.caller, role);
        for (path, permission) in [
            ("/api/v1/me/sessions", Permission::SessionRead),
            ("/api/v1/me/devices", Permission::DeviceRead),
            ("/api/v1/me/notifications", Permission::NotificationManage),
            ("/api/v1/me/notification-preferences", Permission::NotificationManage),
        ] {
            judge(&stage.caller.get(path).await, stage.decide_on_server(permission, role, OWN), (path, role));
        }
        let opened = stage.caller.get("/api/v1/events").await;
        judge(&opened, stage.decide_on_server(Permission::NotificationManage, role, OWN), role);
    }
}

#[tokio::test]
async fn changing_what_is_ones_own() {
    let stage = Stage::new().await;
    for role in ROLES {
        stage.world.cast_on_server(&stage.caller, Some(Role::Member));
        for [what, then] in [["devices", ""], ["devices", "/not-me"], ["sessions", ""]] {
            stage.world.pass(Duration::from_millis(1));
            stage.world.sign_in(CALLER).await;
            let listed = stage.caller.get(&format!("/api/v1/me/{what}")).await.expect(200);
            assert_eq!(listed.json["items"][0]["current"], false, "the newest is the other");
            let path = format!("/api/v1/me/{what}/{}{then}", listed.text("/items/0/id"));
            let method = if then.is_empty() { Method::DELETE } else { Method::POST };
            let permission = match (what, then) {
                ("sessions", _) => Permission::SessionRevoke,
                (_, "") => Permission::DeviceManage,
                _ => Permission::DeviceDisown,
            };
            stage.world.cast_on_server(&stage.caller, role);
            let decision = stage.decide_on_server(permission, role, OWN);
            if what == "devices" {
                let (caller, name) = (stage.caller.clone().with("if-match", "*"), json!({"name": "Laptop"}));
                let renamed = caller.send(Method::PATCH, path.trim_end_matches("/not-me"), Some(&name)).await;
                judge(&renamed, stage.decide_on_server(Permission::DeviceManage, role, OWN), (&path, role));
            }
            judge(&stage.caller.send(method, &path, None).await, decision, (path, role));
            stage.world.cast_on_server(&stage.caller, Some(Role::Member));
        }
        let told = stage.caller.get("/api/v1/me/notifications").await.expect(200).text("/items/0/id");
        stage.world.cast_on_server(&stage.caller, role);
        let decision = stage.decide_on_server(Permission::NotificationManage, role, OWN);
        for path in [format!("{told}/read"), "read-all".to_owned()] {
            let path = format!("/api/v1/me/notifications/{path}");
            judge(&stage.caller.send(Method::POST, &path, None).await, decision, (path, role));
        }
        let wanted = json!({"items": [{"kind": "new-device", "in_app": true}]});
        let path = "/api/v1/me/notification-preferences";
        judge(&stage.caller.send(Method::PATCH, path, Some(&wanted)).await, decision, (path, role));
    }
}
