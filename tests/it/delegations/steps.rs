//! Every step from every state, against the picture in `domain/delegation.rs`, and with a version that is gone.

use milton::domain::delegation::{State, Step};
use milton::domain::role::Role;
use serde_json::json;

use super::step;
use crate::forge;
use crate::world::{Person, World};

/// Olga's delegation to Ana, brought to a state behind the server's back.
async fn in_state(world: &World, owner: &Person, ana: &Person, team: &str, state: State) -> String {
    let body = json!({"title": "Sweep", "assignee_id": ana.id});
    let path = owner.post(&format!("/api/v1/teams/{team}/delegations"), &body).await.expect(201).header("location");
    let id = path.rsplit('/').next().unwrap();
    forge::sql(world, "UPDATE delegations SET state = ?2 WHERE id = ?1", (id, state.as_str()));
    path
}

/// Whoever may take the step: the assignee progresses, the delegator does the rest.
fn taker<'a>(step: Step, owner: &'a Person, ana: &'a Person) -> &'a Person {
    match step {
        Step::Accept | Step::Decline | Step::Start | Step::Finish => ana,
        _ => owner,
    }
}

#[tokio::test]
async fn every_step_from_every_state() {
    let world = World::with(crate::world::Options::default().unlimited());
    let owner = world.claim("Olga").await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    for taken in Step::ALL.into_iter().filter(|step| !matches!(step, Step::Return | Step::TakeOver)) {
        for state in State::ALL {
            let path = in_state(&world, &owner, &ana, &team, state).await;
            let body = if taken == Step::Reassign { json!({"assignee_id": owner.id}) } else { json!({}) };
            let stepped = format!("{path}/{}", taken.as_str());
            let person = taker(taken, &owner, &ana);
            // A draft is not theirs yet, and what they declined or lost is no more.
            if person.id == ana.id && matches!(state, State::Draft | State::Declined | State::Cancelled) {
                person.post(&stepped, &body).await.problem(403, "access-denied");
                continue;
            }
            let stale = person.clone().with("if-match", "\"7\"").post(&stepped, &body).await;
            stale.problem(412, "precondition-failed");
            assert_eq!(owner.get(&path).await.text("/state"), state.as_str(), "{taken:?} from {state:?}");
            let answer = person.clone().with("if-match", "\"1\"").post(&stepped, &body).await;
            match taken.from(state) {
                Some(next) => {
                    let answer = answer.expect(200);
                    assert_eq!(answer.text("/state"), next.as_str(), "{taken:?} from {state:?}");
                    assert_eq!(answer.header("etag"), "\"2\"");
                }
                None => drop(answer.problem(409, "wrong-state")),
            }
        }
    }
}

#[tokio::test]
async fn a_delegator_who_left_is_stepped_in_for_and_no_other() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    let ben = world.join(&owner, &team, "member", "Ben").await;
    let max = world.join(&owner, &team, "manager", "Max").await;
    let body = json!({"title": "Sweep", "assignee_id": ana.id, "offer": true});
    let path = ben.post(&format!("/api/v1/teams/{team}/delegations"), &body).await.expect(201).header("location");
    step(&ana, &path, "accept").await.expect(200);
    step(&max, &path, "take-over").await.problem(409, "wrong-state");
    ben.post(&format!("/api/v1/teams/{team}/leave"), &json!({})).await.expect(204);
    step(&ana, &path, "take-over").await.problem(403, "access-denied");
    let taken = step(&max, &path, "take-over").await.expect(200);
    assert_eq!((taken.text("/delegator/id"), taken.text("/state")), (max.id.clone(), "accepted".to_owned()));
    step(&owner, &path, "take-over").await.problem(409, "wrong-state");
    step(&ana, &path, "done").await.expect(200);
    step(&max, &path, "confirm").await.expect(200);
    let chain = ana.get(&format!("{path}/custody")).await.expect(200);
    let link = &chain.json["items"][2];
    assert_eq!((&link["step"], &link["actor"]["id"]), (&json!("take-over"), &json!(max.id)));
    let rows = world.audit(&owner, "event=delegation.taken_over&outcome=success").await;
    assert_eq!((rows.len(), &rows[0]["actor"]["user_id"]), (1, &json!(max.id)));
}

#[tokio::test]
async fn a_guest_takes_nothing_over() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ben = world.join(&owner, &team, "member", "Ben").await;
    let path = ben.post(&format!("/api/v1/teams/{team}/delegations"), &json!({"title": "Sweep"})).await.expect(201);
    let path = path.header("location");
    let home = world.team(&owner, "Elsewhere").await;
    let gus = world.join(&owner, &home, "member", "Gus").await;
    forge::grant(&world, &team, path.rsplit('/').next().unwrap(), &gus, "manager", i64::MAX);
    world.cast(&team, &ben, None);
    step(&gus, &path, "take-over").await.problem(403, "access-denied");
    world.cast(&team, &gus, Some(Role::Manager));
    step(&gus, &path, "take-over").await.expect(200);
}
