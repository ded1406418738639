//! The vault under attack: a team with everybody in it, and what they try.

mod certificates;
mod imports;
mod reveals;
mod shares;
mod silence;
mod versions;

use std::time::Duration;

use poem::http::Method;
use serde_json::{Value, json};

use crate::world::{Answer, Person, World};

const MINE: &str = "/api/v1/me/credentials";
const NOWHERE: &str = "01957000-0000-7000-8000-000000000000";
const PASSWORD: &str = "tr0ub4dor&3 ";

/// A team with an Owner, a Manager and a Member, and somebody else on the server.
struct Stage {
    world: World,
    olga: Person,
    max: Person,
    mia: Person,
    bob: Person,
    team: String,
    list: String,
}

impl Stage {
    async fn new() -> Self {
        let (world, olga) = World::claimed().await;
        let (team, other) = (world.team(&olga, "Ops").await, world.team(&olga, "Else").await);
        let max = world.join(&olga, &team, "manager", "Max").await;
        let mia = world.join(&olga, &team, "member", "Mia").await;
        let bob = world.join(&olga, &other, "owner", "Bob").await;
        let list = format!("/api/v1/teams/{team}/credentials");
        Self { world, olga, max, mia, bob, team, list }
    }

    /// Max's login in the team's vault; its path. Each is a little younger than the one before.
    async fn login(&self, name: &str) -> String {
        self.world.pass(Duration::from_millis(1));
        self.max.post(&self.list, &login(name)).await.expect(201).header("location")
    }

    /// Shares what is at `path`; answers the share's path.
    async fn share(&self, path: &str, with: Value) -> String {
        self.olga.post(&format!("{path}/shares"), &with).await.expect(201).header("location")
    }

    /// The names of what somebody finds in the team's vault.
    async fn names(&self, person: &Person, query: &str) -> Vec<String> {
        names(&person.get(&format!("{}?{query}", self.list)).await.expect(200))
    }
}

fn names(list: &Answer) -> Vec<String> {
    list.json["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

fn login(name: &str) -> Value {
    let payload = json!({"username": "ops@example.org", "password": PASSWORD, "urls": ["https://router.example.org/"]});
    json!({"kind": "login", "name": name, "payload": payload})
}

async fn reveal(person: &Person, path: &str) -> Answer {
    person.send(Method::POST, &format!("{path}/reveal"), None).await
}

async fn delete(person: &Person, path: &str) -> Answer {
    person.send(Method::DELETE, path, None).await
}

async fn put(person: &Person, path: &str, tag: &str, payload: &Value) -> Answer {
    person.clone().with("if-match", tag).send(Method::PUT, &format!("{path}/payload"), Some(payload)).await
}

async fn rename(person: &Person, path: &str, tag: &str, name: &str) -> Answer {
    person.clone().with("if-match", tag).send(Method::PATCH, path, Some(&json!({"name": name}))).await
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// What a client can tell of a refusal.
fn visible(answer: &Answer) -> (u16, Value) {
    let mut json = answer.json.clone();
    json.as_object_mut().unwrap().remove("instance");
    (answer.status.as_u16(), json)
}
