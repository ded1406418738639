//! Ways in are acts of nobody in particular: each leaves the rows of all that it did, or one row of its failure.

use serde_json::json;

use crate::world::{Person, World};

/// The events since `size` rows, oldest first.
async fn events_since(world: &World, owner: &Person, size: i64) -> Vec<String> {
    let mut rows = world.audit(owner, "").await;
    rows.reverse();
    let new = rows.iter().filter(|row| row["seq"].as_i64().unwrap() > size);
    new.map(|row| row["event"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn ways_in_leave_the_rows_of_all_that_they_did() {
    let world = World::unclaimed();
    let token = world.claim_token().await;
    let size = world.audit_size();
    let body = json!({"token": token, "name": "Olga", "email": "owner@milton.test"});
    let claimed = world.stranger().post("/api/v1/auth/link", &body).await.expect(201);
    assert_eq!(claimed.header("milton-audit"), (size + 1).to_string());
    let olga = world.person(&claimed);
    assert_eq!(
        events_since(&world, &olga, size).await,
        ["auth.link.used", "user.created", "device.registered", "auth.login.succeeded"]
    );

    let size = world.audit_size();
    world.sign_in("owner@milton.test").await;
    let events = events_since(&world, &olga, size).await;
    assert_eq!(events, ["auth.link.created", "auth.link.used", "device.registered", "auth.login.succeeded"]);

    let team = world.team(&olga, "Ops").await;
    let size = world.audit_size();
    let ben = world.join(&olga, &team, "member", "Ben").await;
    let joined = [
        "team.invitation.created",
        "team.invitation.accepted",
        "user.created",
        "device.registered",
        "auth.login.succeeded",
    ];
    assert_eq!(events_since(&world, &olga, size).await, joined);

    let other = world.team(&olga, "Other").await;
    let invited =
        olga.post(&format!("/api/v1/teams/{other}/invitations"), &json!({"role": "member"})).await.expect(201);
    let size = world.audit_size();
    let accepted = ben.post("/api/v1/invitations/accept", &json!({"token": invited.text("/token")})).await.expect(200);
    assert_eq!(accepted.header("milton-audit"), (size + 1).to_string());
    assert_eq!(events_since(&world, &olga, size).await, ["team.invitation.accepted"]);
}

#[tokio::test]
async fn each_refused_way_in_leaves_one_row() {
    let (world, olga) = World::claimed().await;
    for (path, token) in [("/api/v1/auth/link", "mlt_l_forged"), ("/api/v1/invitations/accept", "mlt_i_forged")] {
        let size = world.audit_size();
        let body = json!({"token": token, "name": "Mallory"});
        world.stranger().post(path, &body).await.problem(401, "invalid-token");
        assert_eq!(world.audit_size(), size + 1, "{path}");
        assert_eq!(events_since(&world, &olga, size).await, ["auth.login.failed"], "{path}");
    }
}

#[tokio::test]
async fn what_strangers_send_is_small() {
    let world = World::unclaimed();
    let form = format!("logout_token={}", "a".repeat(8 << 10));
    world.stranger().post_form("/auth/backchannel-logout/x", &form).await.problem(413, "payload-too-large");
    for path in [
        "/api/v1/auth/link",
        "/api/v1/auth/exchange",
        "/api/v1/invitations/accept",
        "/api/v1/invitations/accept/provider",
    ] {
        let body = json!({"token": "a".repeat(8 << 10)});
        world.stranger().post(path, &body).await.problem(413, "payload-too-large");
    }
}
