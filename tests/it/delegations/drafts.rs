//! Whose a delegation is: a draft is nobody's but its author's, and what was declined or cancelled is to be read only.

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use super::{step, told_of_work};
use crate::world::{Person, World};

struct Stage {
    world: World,
    olga: Person,
    ana: Person,
    ben: Person,
    team: String,
}

impl Stage {
    async fn new() -> Self {
        let (world, olga) = World::claimed().await;
        let team = world.team(&olga, "Ops").await;
        let ana = world.join(&olga, &team, "member", "Ana").await;
        let ben = world.join(&olga, &team, "member", "Ben").await;
        Self { world, olga, ana, ben, team }
    }

    fn in_team(&self, rest: &str) -> String {
        format!("/api/v1/teams/{}{rest}", self.team)
    }

    /// Work from Olga that Ana was chosen for; answers where it is.
    async fn work(&self, offer: bool) -> String {
        let body = json!({"title": "Lighthouse plan", "assignee_id": self.ana.id, "offer": offer});
        self.olga.post(&self.in_team("/delegations"), &body).await.expect(201).header("location")
    }

    async fn reassign(&self, by: &Person, path: &str, to: &Person) -> crate::world::Answer {
        by.post(&format!("{path}/reassign"), &json!({"assignee_id": to.id})).await
    }
}

async fn items(person: &Person, path: &str) -> Vec<Value> {
    person.get(path).await.expect(200).json["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_draft_is_closed_to_whom_it_was_not_offered() {
    let stage = Stage::new().await;
    let path = stage.work(false).await;
    let talk = stage.olga.post(&format!("{path}/conversation"), &json!({})).await.expect(201).header("location");
    assert_eq!(items(&stage.olga, &format!("{talk}/participants")).await.len(), 1, "Ana was not asked");
    for closed in [&path, &format!("{path}/custody"), &format!("{path}/comments"), &talk] {
        stage.ana.get(closed).await.problem(403, "access-denied");
    }
    stage.ana.send(Method::PUT, &format!("{path}/watch"), None).await.problem(403, "access-denied");
    stage.ana.post(&format!("{path}/conversation"), &json!({})).await.problem(403, "access-denied");
    stage.reassign(&stage.ana, &path, &stage.ben).await.problem(403, "access-denied");
    step(&stage.ana, &path, "accept").await.problem(403, "access-denied");
    for list in [stage.in_team("/delegations"), stage.in_team("/search?q=lighthouse"), "/api/v1/me/delegations".into()]
    {
        assert!(items(&stage.ana, &list).await.is_empty(), "{list}");
    }
    step(&stage.olga, &path, "offer").await.expect(200);
    assert_eq!(items(&stage.ana, &stage.in_team("/search?q=lighthouse")).await.len(), 1);
    assert_eq!(items(&stage.ana, "/api/v1/me/delegations?role=assignee").await.len(), 1);
    assert_eq!(items(&stage.ana, &format!("{talk}/participants")).await.len(), 2);
}

#[tokio::test]
async fn a_draft_that_is_cancelled_or_given_to_another_was_never_theirs() {
    let stage = Stage::new().await;
    let path = stage.work(false).await;
    assert_eq!(step(&stage.olga, &path, "cancel").await.expect(200).json.get("assignee"), None);
    stage.ana.get(&path).await.problem(403, "access-denied");
    // Even if their role opens it to them.
    stage.world.cast(&stage.team, &stage.ana, Some(Role::Manager));
    let path = stage.work(false).await;
    stage.reassign(&stage.olga, &path, &stage.ben).await.expect(200);
    assert!(told_of_work(&stage.ana).await.is_empty());
    assert_eq!(told_of_work(&stage.ben).await, ["delegation-reassigned"]);
}

#[tokio::test]
async fn who_declined_reads_on_and_hands_nothing_on() {
    let stage = Stage::new().await;
    for (who, ended) in [(&stage.ana, "decline"), (&stage.olga, "cancel")] {
        let path = stage.work(true).await;
        step(who, &path, ended).await.expect(200);
        stage.ana.get(&path).await.expect(200);
        stage.ana.post(&format!("{path}/comments"), &json!({"body": "No time"})).await.expect(201);
        stage.reassign(&stage.ana, &path, &stage.ben).await.problem(403, "access-denied");
    }
}

#[tokio::test]
async fn nobody_is_given_what_they_have() {
    let stage = Stage::new().await;
    let path = stage.work(true).await;
    step(&stage.ana, &path, "accept").await.expect(200);
    stage.reassign(&stage.olga, &path, &stage.ana).await.problem(409, "wrong-state");
    assert_eq!(stage.ana.get(&path).await.expect(200).text("/state"), "accepted");
    let other = stage.work(false).await;
    let ids = [&path, &other].map(|path| path.rsplit('/').next().unwrap().to_owned());
    let many = json!({"ids": ids, "action": "reassign", "assignee_id": stage.ana.id});
    let changed = stage.olga.post(&stage.in_team("/delegations/bulk"), &many).await.expect(200);
    assert_eq!((changed.text("/items/0/state"), changed.text("/items/1/state")), ("accepted".into(), "offered".into()));
    assert_eq!(told_of_work(&stage.ana).await, ["delegation-reassigned", "delegation-offered"]);
}
