//! Sharing: by name and by role, for as long as the membership lasts, and with nobody outside of the team.

use std::time::Duration;

use milton::domain::role::Role;
use rusqlite::Connection;
use serde_json::json;

use super::{MINE, NOWHERE, Stage, delete, id_of, login, names, reveal, visible};

#[tokio::test]
async fn what_is_shared_by_name_is_theirs_to_see_until_it_is_taken_back() {
    let stage = Stage::new().await;
    let (path, _) = (stage.login("Router").await, stage.login("Switch").await);
    assert_eq!(stage.names(&stage.mia, "").await, [""; 0]);
    let share = stage.share(&path, json!({"user_id": stage.mia.id})).await;
    assert_eq!(stage.names(&stage.mia, "").await, ["Router"]);
    assert_eq!(stage.names(&stage.mia, "name=router").await, ["Router"]);
    assert_eq!(stage.names(&stage.mia, "name=switch").await, [""; 0], "what is not shared, no name finds");
    stage.mia.get(&path).await.expect(200);
    stage.mia.get(&format!("{path}/versions")).await.expect(200);
    reveal(&stage.mia, &path).await.expect(200);
    for (what, refused) in [
        ("renamed", super::rename(&stage.mia, &path, "*", "Hers").await),
        ("rewritten", super::put(&stage.mia, &path, "*", &json!({"password": "x"})).await),
        ("deleted", delete(&stage.mia, &path).await),
        ("shared on", stage.mia.post(&format!("{path}/shares"), &json!({"role": "member"})).await),
        ("looked through", stage.mia.get(&format!("{path}/shares")).await),
    ] {
        assert_eq!(refused.status, 403, "{what}");
    }
    delete(&stage.max, &share).await.expect(204);
    assert_eq!(stage.names(&stage.mia, "").await, [""; 0]);
    reveal(&stage.mia, &path).await.problem(403, "access-denied");
    delete(&stage.max, &share).await.problem(404, "not-found");
}

#[tokio::test]
async fn what_is_shared_with_a_role_is_lost_with_the_role() {
    let stage = Stage::new().await;
    let path = stage.olga.post(&stage.list, &login("Root")).await.expect(201).header("location");
    reveal(&stage.max, &path).await.problem(403, "access-denied");
    let share = stage.share(&path, json!({"role": "manager"})).await;
    reveal(&stage.max, &path).await.expect(200);
    reveal(&stage.mia, &path).await.problem(403, "access-denied");
    assert_eq!(stage.names(&stage.mia, "").await, [""; 0]);
    for (role, may) in [(Role::Manager, true), (Role::Member, false), (Role::Admin, true)] {
        stage.world.cast(&stage.team, &stage.mia, Some(role));
        assert_eq!(reveal(&stage.mia, &path).await.status == 200, may, "{role:?}");
    }
    stage.world.cast(&stage.team, &stage.max, Some(Role::Member));
    reveal(&stage.max, &path).await.problem(403, "access-denied");
    delete(&stage.olga, &share).await.expect(204);
    stage.share(&path, json!({"role": "member"})).await;
    reveal(&stage.max, &path).await.expect(200);
    stage.world.cast(&stage.team, &stage.max, None);
    reveal(&stage.max, &path).await.problem(403, "access-denied");
}

#[tokio::test]
async fn nobody_outside_of_the_team_is_shared_with() {
    let stage = Stage::new().await;
    let shares = format!("{}/shares", stage.login("Router").await);
    let stranger = stage.max.post(&shares, &json!({"user_id": stage.bob.id})).await.problem(422, "invalid");
    let nobody = stage.max.post(&shares, &json!({"user_id": NOWHERE})).await.problem(422, "invalid");
    assert_eq!(visible(&stranger), visible(&nobody));
    for wrong in [json!({}), json!({"user_id": stage.mia.id, "role": "member"}), json!({"role": "guest"})] {
        stage.max.post(&shares, &wrong).await.problem(422, "invalid");
    }
    for twice in [json!({"user_id": stage.mia.id}), json!({"role": "member"})] {
        stage.world.pass(Duration::from_millis(1));
        stage.max.post(&shares, &twice).await.expect(201);
        stage.max.post(&shares, &twice).await.problem(409, "already-exists");
    }
    let listed = stage.max.get(&shares).await.expect(200);
    assert_eq!(listed.json["items"][1]["user"]["name"], "Mia");
    assert_eq!(listed.json["items"][2]["role"], "member");
}

#[tokio::test]
async fn a_share_is_taken_back_at_its_own_credential_alone() {
    let stage = Stage::new().await;
    let (path, other) = (stage.login("Router").await, stage.login("Switch").await);
    let share = stage.share(&path, json!({"user_id": stage.mia.id})).await;
    let misplaced = format!("{other}/shares/{}", id_of(&share));
    delete(&stage.max, &misplaced).await.problem(404, "not-found");
    reveal(&stage.mia, &path).await.expect(200);
    stage.world.cast(&stage.team, &stage.mia, Some(Role::Manager));
    delete(&stage.mia, &share).await.problem(403, "access-denied");
}

#[tokio::test]
async fn leaving_ends_shares_and_coming_back_brings_none() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    stage.share(&path, json!({"user_id": stage.mia.id})).await;
    stage.mia.post(&format!("/api/v1/teams/{}/leave", stage.team), &json!({})).await.expect(204);
    reveal(&stage.mia, &path).await.problem(403, "access-denied");
    stage.world.cast(&stage.team, &stage.mia, Some(Role::Member));
    reveal(&stage.mia, &path).await.problem(403, "access-denied");
    assert_eq!(shared_with(&stage, &path).await, ["Max"]);
}

#[tokio::test]
async fn a_teams_credential_outlives_whoever_put_it_there() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    let own = stage.max.post(MINE, &login("Mine")).await.expect(201).text("/id");
    stage.share(&path, json!({"role": "member"})).await;
    let rows = Connection::open(stage.world.folder().join("milton.db")).unwrap();
    rows.pragma_update(None, "foreign_keys", true).unwrap();
    assert_eq!(rows.execute("DELETE FROM users WHERE id = ?1", [&stage.max.id]).unwrap(), 1);
    let left = stage.olga.get(&path).await.expect(200);
    assert!(left.json.get("created_by").is_none(), "{}", left.text);
    reveal(&stage.mia, &path).await.expect(200);
    assert_eq!(names(&stage.olga.get(&stage.list).await), ["Router"]);
    let gone: i64 = rows.query_row("SELECT count(*) FROM credentials WHERE id = ?1", [own], |row| row.get(0)).unwrap();
    assert_eq!(gone, 0);
}

/// The names of those with whom a credential is shared, the first one first.
async fn shared_with(stage: &Stage, path: &str) -> Vec<String> {
    let listed = stage.olga.get(&format!("{path}/shares")).await.expect(200);
    let items = listed.json["items"].as_array().unwrap();
    items.iter().map(|share| share["user"]["name"].as_str().unwrap().to_owned()).collect()
}

/// Rotates the password at `path`, by Olga.
async fn rotate(stage: &Stage, path: &str) {
    super::put(&stage.olga, path, "*", &json!({"username": "root", "password": "rotated"})).await.expect(200);
}

#[tokio::test]
async fn whoever_put_it_there_has_a_share_that_is_taken_back() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    assert_eq!(shared_with(&stage, &path).await, ["Max"]);
    stage.max.post(&format!("{path}/shares"), &json!({"user_id": stage.max.id})).await.problem(409, "already-exists");
    reveal(&stage.max, &path).await.expect(200);
    let share = stage.olga.get(&format!("{path}/shares")).await.expect(200).text("/items/0/id");
    delete(&stage.olga, &format!("{path}/shares/{share}")).await.expect(204);
    reveal(&stage.max, &path).await.problem(403, "access-denied");
    assert_eq!(shared_with(&stage, &path).await, [""; 0]);
    // One's own vault has no shares.
    let own = stage.max.post(MINE, &login("Mine")).await.expect(201).header("location");
    reveal(&stage.max, &own).await.expect(200);
    assert_eq!(crate::forge::count(&stage.world, "credential_shares"), 0);
}

#[tokio::test]
async fn whoever_put_it_there_and_was_removed_reveals_nothing_when_back() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    delete(&stage.olga, &format!("/api/v1/teams/{}/members/{}", stage.team, stage.max.id)).await.expect(204);
    rotate(&stage, &path).await;
    for role in [Role::Member, Role::Manager] {
        stage.world.cast(&stage.team, &stage.max, Some(role));
        reveal(&stage.max, &path).await.problem(403, "access-denied");
    }
    stage.world.cast(&stage.team, &stage.max, Some(Role::Member));
    assert_eq!(stage.names(&stage.max, "").await, [""; 0]);
    stage.max.get(&path).await.problem(403, "access-denied");
}

#[tokio::test]
async fn what_one_opened_to_oneself_ends_with_the_role() {
    let stage = Stage::new().await;
    let (own, opened) = (stage.login("Router").await, stage.login("Switch").await);
    let body = json!({"role": "member"});
    let role = format!("/api/v1/teams/{}/members/{}", stage.team, stage.max.id);
    let given = stage.olga.post(&stage.list, &login("Root")).await.expect(201).header("location");
    stage.share(&given, json!({"user_id": stage.max.id})).await;
    stage.share(&opened, json!({"role": "member"})).await;
    stage.olga.send(poem::http::Method::PUT, &role, Some(&body)).await.expect(204);
    rotate(&stage, &own).await;
    reveal(&stage.max, &own).await.problem(403, "access-denied");
    assert_eq!(shared_with(&stage, &own).await, [""; 0]);
    // What others opened to them is theirs still.
    for path in [&given, &opened] {
        reveal(&stage.max, path).await.expect(200);
    }
    let row = &stage.world.audit(&stage.olga, "event=team.role.changed").await[0];
    assert_eq!(row["detail"]["shares_ended"], "2");
}
