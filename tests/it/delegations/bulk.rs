//! One change to many delegations: all or nothing, each decided for itself, each on record.

use serde_json::{Value, json};

use super::{step, told_of_work};
use crate::world::{Answer, Person, World};

struct Stage {
    world: World,
    olga: Person,
    max: Person,
    ana: Person,
    team: String,
}

impl Stage {
    async fn new() -> Self {
        let (world, olga) = World::claimed().await;
        let team = world.team(&olga, "Ops").await;
        let max = world.join(&olga, &team, "manager", "Max").await;
        let ana = world.join(&olga, &team, "member", "Ana").await;
        Self { world, olga, max, ana, team }
    }

    async fn work(&self, labels: &[&str]) -> String {
        let body = json!({"title": "Sweep", "assignee_id": self.ana.id, "offer": true, "labels": labels});
        let made = self.olga.post(&format!("/api/v1/teams/{}/delegations", self.team), &body).await;
        made.expect(201).text("/id")
    }

    fn path(&self, id: &str) -> String {
        format!("/api/v1/teams/{}/delegations/{id}", self.team)
    }

    async fn change(&self, who: &Person, ids: &[&String], more: Value) -> Answer {
        let mut body = json!({"ids": ids});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        who.post(&self.path("bulk"), &body).await
    }

    async fn of_each(&self, ids: &[&String], field: &str) -> Vec<Value> {
        let mut found = Vec::new();
        for id in ids {
            found.push(self.olga.get(&self.path(id)).await.expect(200).json[field].clone());
        }
        found
    }
}

#[tokio::test]
async fn each_change_reaches_all_and_leaves_a_row_for_each() {
    let stage = Stage::new().await;
    let (one, two) = (stage.work(&["Home"]).await, stage.work(&[]).await);
    let ids = [&one, &two];
    for (change, event, field, expected) in [
        (json!({"action": "set_priority", "priority": "urgent"}), "updated", "priority", json!(["urgent", "urgent"])),
        (json!({"action": "add_label", "label": "Yard"}), "updated", "labels", json!([["Home", "Yard"], ["Yard"]])),
        (json!({"action": "remove_label", "label": "YARD"}), "updated", "labels", json!([["Home"], []])),
        (
            json!({"action": "reassign", "assignee_id": stage.max.id}),
            "reassigned",
            "state",
            json!(["offered", "offered"]),
        ),
        (json!({"action": "cancel"}), "cancelled", "state", json!(["cancelled", "cancelled"])),
    ] {
        let size = stage.world.audit_size();
        let answer = stage.change(&stage.max, &ids, change.clone()).await.expect(200);
        assert_eq!(answer.json["items"].as_array().unwrap().len(), 2);
        assert_eq!(json!(stage.of_each(&ids, field).await), expected, "{change}");
        assert_eq!(stage.world.audit_size(), size + 3, "{change}");
        let rows = stage.world.audit(&stage.olga, &format!("event=delegation.{event}")).await;
        let about: Vec<_> = rows[..2].iter().map(|row| row["resource_id"].as_str().unwrap()).collect();
        assert_eq!(about, [two.as_str(), one.as_str()]);
        let own = &stage.world.audit(&stage.olga, "event=delegation.bulk_changed").await[0];
        assert_eq!(own["seq"].to_string(), answer.header("milton-audit"));
    }
    assert_eq!(told_of_work(&stage.olga).await[..2], ["delegation-cancelled", "delegation-cancelled"]);
    let list = format!("/api/v1/teams/{}/delegations?label=home", stage.team);
    assert_eq!(stage.olga.get(&list).await.expect(200).json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_stays_as_it_was_leaves_no_row() {
    let stage = Stage::new().await;
    let (one, two) = (stage.work(&["Home"]).await, stage.work(&[]).await);
    let size = stage.world.audit_size();
    stage.change(&stage.max, &[&one, &two], json!({"action": "add_label", "label": "home"})).await.expect(200);
    assert_eq!(stage.world.audit_size(), size + 2);
    assert_eq!(stage.of_each(&[&one, &two], "labels").await, [json!(["Home"]), json!(["home"])]);
}

#[tokio::test]
async fn one_that_cannot_keeps_all_from_it() {
    let stage = Stage::new().await;
    let (one, two, three) = (stage.work(&[]).await, stage.work(&[]).await, stage.work(&[]).await);
    step(&stage.ana, &stage.path(&three), "accept").await.expect(200);
    step(&stage.ana, &stage.path(&three), "done").await.expect(200);
    let told = told_of_work(&stage.ana).await.len();
    let cancel = || json!({"action": "cancel"});
    let stopped = stage.change(&stage.max, &[&one, &two, &three], cancel()).await.problem(409, "wrong-state");
    assert_eq!(
        (stopped.text("/errors/0/pointer"), stopped.text("/errors/0/detail")),
        ("/ids/2".into(), "it is done".into())
    );
    let elsewhere = stage.world.team(&stage.olga, "Other").await;
    let far = stage.olga.post(&format!("/api/v1/teams/{elsewhere}/delegations"), &json!({"title": "Far"})).await;
    let far = far.expect(201).text("/id");
    let refused = stage.change(&stage.olga, &[&one, &far], cancel()).await.problem(422, "invalid");
    assert_eq!(refused.text("/errors/0/pointer"), "/ids/1");
    let stranger = stage.world.join(&stage.olga, &elsewhere, "member", "Gus").await;
    let hand = json!({"action": "reassign", "assignee_id": stranger.id});
    stage.change(&stage.max, &[&one, &two], hand).await.problem(422, "invalid");
    stage.change(&stage.ana, &[&one], cancel()).await.problem(403, "access-denied");
    assert_eq!(stage.of_each(&[&one, &two], "state").await, ["offered", "offered"]);
    assert_eq!(stage.of_each(&[&one, &two], "etag").await, ["\"1\"", "\"1\""]);
    assert_eq!(told_of_work(&stage.ana).await.len(), told, "and nobody hears of what did not happen");
}

#[tokio::test]
async fn each_wants_its_own_permission_too() {
    let stage = Stage::new().await;
    let one = stage.work(&[]).await;
    let key = async |scopes: Value| {
        let body = json!({"name": "Bulk", "scopes": scopes});
        stage.world.holder(&stage.max.post("/api/v1/me/api-keys", &body).await.expect(201).text("/token"))
    };
    let narrow = key(json!(["delegation:bulk"])).await;
    for change in [json!({"action": "cancel"}), json!({"action": "set_priority", "priority": "low"})] {
        let refused = stage.change(&narrow, &[&one], change).await.expect(403);
        assert!(
            refused.text("/type").contains("scope") || refused.text("/type").contains("denied"),
            "{}",
            refused.text
        );
    }
    let updating = key(json!(["delegation:bulk", "delegation:update"])).await;
    let hand = json!({"action": "reassign", "assignee_id": stage.max.id});
    stage.change(&updating, &[&one], hand).await.expect(403);
    stage.change(&updating, &[&one], json!({"action": "cancel"})).await.expect(200);
}

#[tokio::test]
async fn what_is_asked_for_must_make_sense() {
    let stage = Stage::new().await;
    let one = stage.work(&[]).await;
    for (change, pointer) in [
        (json!({"action": "reassign"}), "/assignee_id"),
        (json!({"action": "set_priority"}), "/priority"),
        (json!({"action": "add_label"}), "/label"),
        (json!({"action": "cancel", "label": "x"}), "/label"),
        (json!({"action": "explode"}), "/action"),
    ] {
        let refused = stage.change(&stage.max, &[&one], change).await.problem(422, "invalid");
        assert_eq!(refused.text("/errors/0/pointer"), pointer);
    }
    let cancel = json!({"action": "cancel"});
    let twice = stage.change(&stage.max, &[&one, &one], cancel.clone()).await.problem(422, "invalid");
    assert_eq!(twice.text("/errors/0/pointer"), "/ids/1");
    stage.change(&stage.max, &[], cancel.clone()).await.problem(422, "invalid");
    stage.change(&stage.max, &vec![&one; 101], cancel).await.problem(422, "invalid");
    let labels: Vec<_> = (0..10).map(|nth| format!("L{nth}")).collect();
    let full = stage.work(&labels.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let label = json!({"action": "add_label", "label": "One more"});
    stage.change(&stage.max, &[&full], label).await.problem(422, "invalid");
}
