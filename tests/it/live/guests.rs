//! Guests: of a team they do not belong to, they hear of the one thing that was granted, for as long as it is.

use std::time::Duration;

use poem::http::Method;
use serde_json::json;

use super::reader::Stream;
use super::stage::{Stage, create, delete, rename};
use crate::forge;
use crate::world::{Person, World};

/// Opens a delegation to somebody for an hour.
fn grant(world: &World, team: &str, path: &str, by: &Person, guest: &Person) {
    let insert = "INSERT INTO resource_grants (id, team_id, resource_type, resource_id, user_id, role, \
        granted_by, created_at, expires_at) \
        SELECT ?2, ?1, 'delegation', ?2, ?4, 'member', ?3, 0, max(at) + 3600000000 FROM audit_log";
    let id = path.rsplit('/').next().unwrap();
    assert_eq!(forge::sql(world, insert, (team, id, &by.id, &guest.id)), 1);
}

#[tokio::test]
async fn a_guest_hears_of_what_was_granted_and_of_nothing_else() {
    let stage = Stage::new().await;
    let Stage { world, olga, bob, team, .. } = &stage;
    let (granted, other) = (create(olga, team, "Granted", None).await, create(olga, team, "Other", None).await);
    grant(world, team, &granted, olga, bob);
    let mut stream = Stream::open(bob, None).await;
    rename(olga, &other, "Other still").await;
    rename(olga, &granted, "Granted still").await;
    let told = stream.hears("delegation.updated").await;
    assert_eq!(told["data"], bob.get(&granted).await.expect(200).json);
    let body = json!({"name": "Alpha"});
    super::stage::patch(olga, &format!("/api/v1/teams/{team}"), &body).await.expect(200);
    create(olga, team, "New", None).await;
    delete(olga, &other).await;
    stream.says_nothing().await;
    delete(olga, &granted).await;
    let told = stream.hears("delegation.deleted").await;
    assert_eq!((&told["deleted"], told.get("data")), (&json!(true), None));
    assert_eq!(stage.denials().await, 0);
}

#[tokio::test]
async fn what_a_guest_watched_is_not_told_to_them_as_a_member() {
    let Stage { world, olga, bob, team, .. } = &Stage::new().await;
    let path = create(olga, team, "Granted", None).await;
    grant(world, team, &path, olga, bob);
    bob.send(Method::PUT, &format!("{path}/watch"), None).await.expect(204);
    world.pass(Duration::from_secs(1));
    let invited = olga.post(&format!("/api/v1/teams/{team}/invitations"), &json!({"role": "member"})).await;
    let token = json!({"token": invited.expect(201).text("/token")});
    bob.post("/api/v1/invitations/accept", &token).await.expect(200);
    let mut stream = Stream::open(bob, None).await;
    rename(olga, &path, "Not granted").await;
    delete(olga, &path).await;
    stream.says_nothing().await;
}

#[tokio::test]
async fn a_grant_that_is_over_tells_nothing_not_even_what_happened_before() {
    let Stage { world, olga, bob, team, .. } = &Stage::new().await;
    let (expiring, removed) = (create(olga, team, "Expires", None).await, create(olga, team, "Removed", None).await);
    grant(world, team, &expiring, olga, bob);
    grant(world, team, &removed, olga, bob);
    let mut stream = Stream::open(bob, None).await;
    let at = stream.at.clone();
    for path in [&expiring, &removed] {
        rename(olga, path, "While it holds").await;
        stream.hears("delegation.updated").await;
    }
    let end = "UPDATE resource_grants SET removed_at = 1 WHERE resource_id = ?1";
    assert_eq!(forge::sql(world, end, [removed.rsplit('/').next().unwrap()]), 1);
    rename(olga, &removed, "Removed now").await;
    rename(olga, &expiring, "While it holds, still").await;
    assert_eq!(stream.hears("delegation.updated").await["data"]["title"], "While it holds, still");
    world.pass(Duration::from_mins(61));
    rename(olga, &expiring, "Expired now").await;
    delete(olga, &expiring).await;
    stream.says_nothing().await;
    let mut again = Stream::open(bob, Some(&at)).await;
    again.says_nothing().await;
}
