//! What a request brings beside what its operation takes, and in which words a wrong parameter is told.

use poem::http::Method;
use serde_json::json;

use crate::operations;
use crate::world::{Person, World};

struct Stage {
    world: World,
    owner: Person,
    team: String,
}

impl Stage {
    async fn new() -> Self {
        let world = World::unclaimed();
        let owner = world.claim("Olga").await;
        let team = world.team(&owner, "Ops").await;
        Self { world, owner, team }
    }

    fn in_team(&self, rest: &str) -> String {
        format!("/api/v1/teams/{}{rest}", self.team)
    }

    /// What is said of the first wrong parameter.
    async fn told(&self, path: &str) -> (String, String) {
        let answer = self.owner.get(path).await.problem(422, "invalid");
        (answer.text("/errors/0/pointer"), answer.text("/errors/0/detail"))
    }
}

fn told(pointer: &str, detail: &str) -> (String, String) {
    (pointer.to_owned(), detail.to_owned())
}

#[tokio::test]
async fn a_wrong_parameter_is_told_what_it_must_be() {
    let stage = Stage::new().await;
    let list = stage.in_team("/delegations");
    let states = "must be one of [\"draft\",\"offered\",\"accepted\",\"in_progress\",\"done\",\"confirmed\",\"declined\",\
        \"cancelled\"]";
    for (query, name, detail) in [
        ("state=lost", "state", states),
        ("limit=0", "limit", "must be at least 1"),
        ("limit=101", "limit", "must be at most 100"),
        ("limit=many", "limit", "must be a whole number from 1 to 100"),
        ("overdue=maybe", "overdue", "must be true or false"),
        ("assignee_id=mia", "assignee_id", "must be a valid uuid"),
        ("due_before=soon", "due_before", "must be a valid date-time"),
        ("label=", "label", "must have at least 1 characters"),
        ("sort=size", "sort", "must be one of [\"created\",\"updated\",\"due\",\"priority\"]"),
    ] {
        assert_eq!(stage.told(&format!("{list}?{query}")).await, told(name, detail), "{query}");
    }
    assert_eq!(stage.told(&stage.in_team("/delegations/sweep")).await, told("delegation", "must be a valid uuid"));
}

#[tokio::test]
async fn a_parameter_is_known_and_stands_once() {
    let stage = Stage::new().await;
    let list = stage.in_team("/delegations");
    assert_eq!(stage.told(&format!("{list}?colour=red")).await, told("colour", "is not a known parameter"));
    assert_eq!(stage.told(&format!("{list}?limit=1&limit=2")).await, told("limit", "stands there twice"));
    let both = stage.owner.get(&format!("{list}?a=1&limit=1&b=2")).await.problem(422, "invalid");
    assert_eq!(both.json["errors"].as_array().unwrap().len(), 2);
    stage.owner.post(&format!("{list}?offer=true"), &json!({"title": "Sweep"})).await.problem(422, "invalid");
    stage.owner.get(&format!("{list}?")).await.expect(200);
    stage.owner.get(&format!("{list}?limit=1&sort=due")).await.expect(200);
    for page in ["/?colour=red", "/docs?colour=red"] {
        stage.owner.get(page).await.expect(200);
    }
    // Strangers hear nothing of that: 401 comes first.
    stage.world.stranger().get(&format!("{list}?colour=red")).await.problem(401, "missing-token");
}

#[tokio::test]
async fn what_takes_no_body_takes_no_fields() {
    let stage = Stage::new().await;
    let body = json!({"title": "Sweep", "assignee_id": stage.owner.id, "offer": true});
    let path = stage.owner.post(&stage.in_team("/delegations"), &body).await.expect(201).header("location");
    let decline = format!("{path}/decline");
    let refused = stage.owner.post(&decline, &json!({"reason": "x"})).await.problem(422, "invalid");
    assert_eq!(
        (refused.text("/errors/0/pointer"), refused.text("/errors/0/detail")),
        told("/reason", "is not a known field")
    );
    for wrong in [json!([]), json!(7), json!("x")] {
        stage.owner.post(&decline, &wrong).await.problem(422, "invalid");
    }
    stage.owner.post_form(&decline, "reason=x").await.problem(415, "unsupported-media-type");
    stage.owner.post(&decline, &json!({})).await.expect(200);
    stage.owner.send(Method::POST, &format!("{path}/offer"), None).await.expect(200);
    stage.owner.send(Method::DELETE, &path, Some(&json!({"really": true}))).await.problem(422, "invalid");
}

#[tokio::test]
async fn a_body_of_the_wrong_kind_or_weight_hears_what_is_taken() {
    let stage = Stage::new().await;
    let import = "/api/v1/me/credentials/import";
    let refused = stage.owner.post_form(import, "a=b").await.problem(415, "unsupported-media-type");
    assert!(refused.text("/detail").contains("application/json or text/csv"), "{}", refused.text);
    let heavy = json!({"items": "x".repeat(5 << 20)});
    let refused = stage.owner.post(import, &heavy).await.problem(413, "payload-too-large");
    assert!(refused.text("/detail").contains("4 MiB"), "{}", refused.text);
    let refused = stage.owner.post("/api/v1/teams", &heavy).await.problem(413, "payload-too-large");
    assert!(refused.text("/detail").contains("1 MiB"), "{}", refused.text);
}

#[test]
fn every_operation_documents_how_it_refuses_what_is_wrong() {
    let document = milton::http::v1::document().unwrap();
    // What reads nothing of its request has nothing to refuse.
    let reads_nothing = ["getHealth", "getReadiness", "listProviders"];
    for operation in operations::all().into_iter().filter(|one| !reads_nothing.contains(&one.id.as_str())) {
        let path = operation.path.replace('~', "~0").replace('/', "~1");
        let method = operation.method.as_str().to_lowercase();
        let answer = document.pointer(&format!("/paths/{path}/{method}/responses/422"));
        assert!(answer.is_some(), "{}", operation.id);
    }
}
