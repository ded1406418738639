//! An assignee who leaves: what they have goes back to where it came from, on record, and nothing else does.

use poem::http::Method;
use serde_json::{Value, json};

use super::{step, told_of_work};
use crate::world::{Person, World};

struct Stage {
    world: World,
    olga: Person,
    del: Person,
    ana: Person,
    team: String,
}

impl Stage {
    async fn new() -> Self {
        let (world, olga) = World::claimed().await;
        let team = world.team(&olga, "Ops").await;
        let del = world.join(&olga, &team, "member", "Del").await;
        let ana = world.join(&olga, &team, "member", "Ana").await;
        Self { world, olga, del, ana, team }
    }

    /// Work from Del to Ana, as far as Ana brought it.
    async fn work(&self, steps: &[&str]) -> String {
        let body = json!({"title": "Sweep", "assignee_id": self.ana.id, "offer": true});
        let list = format!("/api/v1/teams/{}/delegations", self.team);
        let path = self.del.post(&list, &body).await.expect(201).header("location");
        for taken in steps {
            step(&self.ana, &path, taken).await.expect(200);
        }
        path
    }
}

async fn chain(who: &Person, path: &str) -> Vec<(Value, Value)> {
    let links = who.get(&format!("{path}/custody")).await.expect(200);
    let links = links.json["items"].as_array().unwrap().clone();
    links.iter().map(|link| (link["step"].clone(), link["assignee"]["name"].clone())).collect()
}

#[tokio::test]
async fn what_is_not_done_goes_back_to_its_delegator() {
    let stage = Stage::new().await;
    let (offered, begun) = (stage.work(&[]).await, stage.work(&["accept", "start"]).await);
    let (done, declined) = (stage.work(&["accept", "done"]).await, stage.work(&["decline"]).await);
    let before = told_of_work(&stage.del).await.len();
    let size = stage.world.audit_size();
    let left = stage.ana.post(&format!("/api/v1/teams/{}/leave", stage.team), &json!({})).await.expect(204);
    for path in [&offered, &begun] {
        let now = stage.del.get(path).await.expect(200);
        assert_eq!((now.text("/state"), now.json.get("assignee")), ("draft".to_owned(), None));
        let link = chain(&stage.del, path).await.pop().unwrap();
        assert_eq!(link, (json!("return"), Value::Null));
    }
    assert_eq!(stage.del.get(&done).await.expect(200).text("/state"), "done");
    assert_eq!(stage.del.get(&declined).await.expect(200).text("/state"), "declined");
    let told = told_of_work(&stage.del).await;
    assert_eq!(told[..told.len() - before], ["delegation-returned", "delegation-returned"]);
    assert_eq!(stage.world.audit_size(), size + 3, "the leaving and a row for each");
    let rows = stage.world.audit(&stage.olga, "event=delegation.returned").await;
    let mut ids: Vec<_> = rows.iter().map(|row| row["resource_id"].as_str().unwrap().to_owned()).collect();
    let mut expected: Vec<_> = [&offered, &begun].map(|path| path.rsplit('/').next().unwrap().to_owned()).into();
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
    assert!(rows.iter().all(|row| row["request_id"] == left.header("x-request-id") && row["scope"] == stage.team));
    step(&stage.del, &done, "confirm").await.expect(200);
}

#[tokio::test]
async fn it_can_be_offered_anew_and_the_chain_is_whole() {
    let stage = Stage::new().await;
    let path = stage.work(&["accept"]).await;
    let member = format!("/api/v1/teams/{}/members/{}", stage.team, stage.ana.id);
    stage.olga.send(Method::DELETE, &member, None).await.expect(204);
    assert!(told_of_work(&stage.ana).await.iter().all(|kind| kind != "delegation-returned"));
    step(&stage.del, &path, "offer").await.problem(409, "wrong-state");
    let hand = json!({"assignee_id": stage.olga.id});
    stage.del.post(&format!("{path}/reassign"), &hand).await.expect(200);
    let expected =
        [("create", Some("Ana")), ("accept", Some("Ana")), ("return", None), ("reassign", Some("Olga Owner"))];
    assert_eq!(chain(&stage.del, &path).await, expected.map(|(step, name)| (json!(step), json!(name))));
    stage.ana.get(&path).await.problem(403, "access-denied");
}

#[tokio::test]
async fn whoever_takes_somebody_out_hears_what_comes_back_to_them() {
    let stage = Stage::new().await;
    let body = json!({"title": "Sweep", "assignee_id": stage.ana.id, "offer": true});
    let list = format!("/api/v1/teams/{}/delegations", stage.team);
    let offered = stage.olga.post(&list, &body).await.expect(201).header("location");
    let member = format!("/api/v1/teams/{}/members/{}", stage.team, stage.ana.id);
    stage.olga.send(Method::DELETE, &member, None).await.expect(204);
    assert_eq!(told_of_work(&stage.olga).await, ["delegation-returned"]);
    assert_eq!(stage.olga.get(&offered).await.expect(200).json.get("assignee"), None);
}

#[tokio::test]
async fn a_draft_that_somebody_was_chosen_for_is_for_nobody_when_they_leave_and_nobody_is_told() {
    let stage = Stage::new().await;
    let list = format!("/api/v1/teams/{}/delegations", stage.team);
    let body = json!({"title": "Sweep", "assignee_id": stage.ana.id});
    let draft = stage.del.post(&list, &body).await.expect(201).header("location");
    let size = stage.world.audit_size();
    stage.ana.post(&format!("/api/v1/teams/{}/leave", stage.team), &json!({})).await.expect(204);
    assert_eq!(stage.world.audit_size(), size + 1, "the leaving alone");
    let now = stage.del.get(&draft).await.expect(200);
    assert_eq!((now.json.get("assignee"), now.text("/etag")), (None, "\"2\"".to_owned()));
    assert!(told_of_work(&stage.del).await.is_empty());
    step(&stage.del, &draft, "offer").await.problem(409, "wrong-state");
}

#[tokio::test]
async fn what_they_gave_and_what_they_have_elsewhere_stays() {
    let stage = Stage::new().await;
    let given = stage.work(&["accept"]).await;
    let other = stage.world.team(&stage.olga, "Other").await;
    let invited = format!("/api/v1/teams/{other}/invitations");
    let token = stage.olga.post(&invited, &json!({"role": "member"})).await.expect(201).text("/token");
    stage.del.post("/api/v1/invitations/accept", &json!({"token": token})).await.expect(200);
    let body = json!({"title": "Elsewhere", "assignee_id": stage.del.id, "offer": true});
    let list = format!("/api/v1/teams/{other}/delegations");
    let elsewhere = stage.olga.post(&list, &body).await.expect(201).header("location");
    stage.del.post(&format!("/api/v1/teams/{}/leave", stage.team), &json!({})).await.expect(204);
    let now = stage.ana.get(&given).await.expect(200);
    assert_eq!((now.text("/state"), now.text("/delegator/name")), ("accepted".to_owned(), "Del".to_owned()));
    assert_eq!(stage.del.get(&elsewhere).await.expect(200).text("/state"), "offered");
    stage.del.get(&given).await.problem(403, "access-denied");
    assert_eq!(stage.del.get("/api/v1/me/delegations").await.expect(200).json["items"].as_array().unwrap().len(), 1);
    step(&stage.ana, &given, "done").await.expect(200);
    assert!(told_of_work(&stage.del).await.iter().all(|kind| kind != "delegation-done"));
}

#[tokio::test]
async fn a_suspension_is_no_leaving() {
    let stage = Stage::new().await;
    let path = stage.work(&["accept"]).await;
    let suspend = format!("/api/v1/admin/users/{}/suspend", stage.ana.id);
    stage.olga.post(&suspend, &json!({"reason": "Lost her phone"})).await.expect(200);
    let now = stage.del.get(&path).await.expect(200);
    assert_eq!((now.text("/state"), now.text("/assignee/name")), ("accepted".to_owned(), "Ana".to_owned()));
}
