//! Who answers for a team: handing it on, and finding somebody when nobody does.

use std::time::Duration;

use milton::domain::role::Role;
use serde_json::{Value, json};

use crate::forge;
use crate::notifications::told;
use crate::world::{Answer, Person, World};

const NOWHERE: &str = "01957000-0000-7000-8000-000000000000";

async fn transfer(person: &Person, team: &str, to: &str) -> Answer {
    person.post(&format!("/api/v1/teams/{team}/transfer"), &json!({"user_id": to})).await
}

async fn recover(person: &Person, team: &str, to: &str) -> Answer {
    person.post(&format!("/api/v1/admin/teams/{team}/recover"), &json!({"user_id": to})).await
}

async fn role(person: &Person, team: &str) -> String {
    person.get(&format!("/api/v1/teams/{team}")).await.expect(200).text("/my_role")
}

#[tokio::test]
async fn a_team_is_handed_on() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let mia = world.join(&olga, &team, "member", "Mia").await;
    let gus = world.join(&olga, &world.team(&olga, "Elsewhere").await, "owner", "Gus").await;
    let invitations = format!("/api/v1/teams/{team}/invitations");
    let for_owner = olga.post(&invitations, &json!({"role": "owner"})).await.expect(201).text("/token");
    for nobody in [NOWHERE, &gus.id, &olga.id] {
        let refused = transfer(&olga, &team, nobody).await.problem(422, "invalid");
        assert_eq!(refused.text("/errors/0/pointer"), "/user_id");
    }
    for not_theirs in [&mia, &gus] {
        transfer(not_theirs, &team, &mia.id).await.problem(403, "access-denied");
    }
    let handed = transfer(&olga, &team, &mia.id).await.expect(200);
    assert_eq!(handed.text("/my_role"), "admin");
    assert_eq!((role(&olga, &team).await, role(&mia, &team).await), ("admin".to_owned(), "owner".to_owned()));
    let row = &world.audit(&olga, "event=team.owner_transferred").await[0];
    assert_eq!((&row["scope"], &row["detail"]["owner"]), (&json!(team), &json!(mia.id)));
    let news = &told(&mia, "").await[0];
    assert_eq!((&news["kind"], &news["detail"]["team_name"]), (&json!("ownership-received"), &json!("Ops")));
    // An Admin opens no door for Owners.
    let accept = json!({"token": for_owner, "name": "Mallory"});
    world.stranger().post("/api/v1/invitations/accept", &accept).await.problem(409, "invitation-closed");

    let body = json!({"user_id": olga.id, "my_new_role": "owner"});
    let stays = mia.post(&format!("/api/v1/teams/{team}/transfer"), &body).await.expect(200);
    assert_eq!((stays.text("/my_role"), role(&olga, &team).await), ("owner".to_owned(), "owner".to_owned()));
    world.pass(Duration::from_mins(11));
    transfer(&mia, &team, &olga.id).await.problem(401, "step-up-required");
}

#[tokio::test]
async fn nobody_hands_a_team_to_somebody_who_cannot_answer_for_it() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let mia = world.join(&olga, &team, "member", "Mia").await;
    for state in ["suspended", "leaving"] {
        forge::sql(&world, "UPDATE users SET state = ?2 WHERE id = ?1", (&mia.id, state));
        transfer(&olga, &team, &mia.id).await.problem(422, "invalid");
        assert_eq!(role(&olga, &team).await, "owner");
    }
}

#[tokio::test]
async fn of_two_transfers_at_once_one_counts() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let mia = world.join(&olga, &team, "member", "Mia").await;
    let ben = world.join(&olga, &team, "member", "Ben").await;
    let owners = "SELECT count(*) FROM memberships WHERE role = 'owner'";
    for _ in 0..20 {
        let (first, second) = tokio::join!(transfer(&olga, &team, &mia.id), transfer(&olga, &team, &ben.id));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403], "whoever handed it on has nothing left to hand on");
        assert_eq!(forge::number(&world, owners), 1);
        world.cast(&team, &olga, Some(Role::Owner));
        world.cast(&team, &mia, Some(Role::Member));
        world.cast(&team, &ben, Some(Role::Member));
    }
    // Of two Owners, each hands on to a third and steps down: somebody answers for it all along.
    world.cast(&team, &mia, Some(Role::Owner));
    let (first, second) = tokio::join!(transfer(&olga, &team, &ben.id), transfer(&mia, &team, &ben.id));
    first.expect(200);
    second.expect(200);
    assert_eq!(forge::number(&world, owners), 1);
}

#[tokio::test]
async fn a_team_without_an_owner_is_recovered_and_no_other() {
    let (world, olga) = World::claimed().await;
    let founder = world.join(&olga, &world.team(&olga, "Start").await, "member", "Fay").await;
    world.cast_on_server(&founder, Some(Role::Manager));
    world.pass(Duration::from_millis(1));
    let team = world.team(&founder, "Ops").await;
    let mia = world.join(&founder, &team, "member", "Mia").await;
    let glance = async |nth: usize| olga.get("/api/v1/admin/teams").await.expect(200).json["items"][nth].clone();
    let ops = glance(1).await;
    assert_eq!((&ops["name"], &ops["members"], &ops["active_owners"]), (&json!("Ops"), &json!(2), &json!(1)));
    // Whoever runs the server takes no team from its Owner, not even for themself.
    recover(&olga, &team, &mia.id).await.problem(409, "wrong-state");
    recover(&olga, &team, &olga.id).await.problem(409, "wrong-state");
    olga.get(&format!("/api/v1/teams/{team}")).await.problem(403, "access-denied");
    recover(&olga, NOWHERE, &mia.id).await.problem(404, "not-found");

    forge::sql(&world, "UPDATE users SET state = 'suspended' WHERE id = ?1", [&founder.id]);
    assert_eq!(glance(1).await["active_owners"], 0);
    for nobody in [&olga.id, &founder.id, NOWHERE] {
        recover(&olga, &team, nobody).await.problem(422, "invalid");
    }
    let refused = recover(&mia, &team, &mia.id).await.problem(403, "access-denied");
    let missing = recover(&mia, NOWHERE, &mia.id).await.problem(403, "access-denied");
    assert_eq!(refused.json["detail"], missing.json["detail"]);
    recover(&olga, &team, &mia.id).await.expect(204);
    assert_eq!(role(&mia, &team).await, "owner");
    assert_eq!(told(&mia, "").await[0]["kind"], "ownership-received");
    let row = &world.audit(&olga, "event=team.recovered").await[0];
    assert_eq!((&row["resource_id"], &row["scope"]), (&json!(team), &json!("instance")));
    recover(&olga, &team, &mia.id).await.problem(409, "wrong-state");
    olga.get(&format!("/api/v1/teams/{team}")).await.problem(403, "access-denied");
    assert_eq!(glance(1).await["active_owners"], 1);
    assert_eq!(glance(2).await, Value::Null);
}
