//! Two teams and their people, and how an operation is called among them.

use std::collections::HashMap;

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use super::cases::{Case, Needs};
use crate::operations::Operation;
use crate::world::{Answer, Options, Person, World};

/// An id that leads nowhere.
pub const NOWHERE: &str = "01957000-0000-7000-8000-000000000000";

/// Mia's address, to sign in again.
const MIA: &str = "mia@milton.test";

/// Team A with its Owner, who also owns the server, and two Members; and Bob, who owns team B.
pub struct Stage {
    pub world: World,
    pub olga: Person,
    pub ben: Person,
    pub mia: Person,
    pub bob: Person,
    pub team: String,
    pub other_team: String,
}

/// An operation about to be called.
pub struct Call<'a> {
    pub operation: &'a Operation,
    pub body: Option<Value>,
}

impl Stage {
    pub async fn new() -> Self {
        let unlimited = milton::domain::quota::ALL.map(|quota| (quota.name, 1_000_000));
        let world = World::with(Options { quotas: HashMap::from(unlimited), ..Options::default() });
        let olga = world.claim("Olga").await;
        let (team, other_team) = (world.team(&olga, "A").await, world.team(&olga, "B").await);
        let ben = world.join(&olga, &team, "member", "Ben").await;
        let mia = world.join(&olga, &team, "member", "Mia").await;
        mia.send(Method::PATCH, "/api/v1/me", Some(&json!({"email": MIA}))).await.expect(200);
        let bob = world.join(&olga, &other_team, "owner", "Bob").await;
        Self { world, olga, ben, mia, bob, team, other_team }
    }

    pub fn call<'a>(&self, case: &Case, operation: &'a Operation) -> Call<'a> {
        Call { operation, body: case.body.map(|body| body(self)) }
    }

    /// Makes what the case needs; answers its id and who may do it.
    pub async fn prepare(&self, needs: &Needs) -> (String, Person) {
        let team = format!("/api/v1/teams/{}", self.team);
        match needs {
            Needs::Nothing => (NOWHERE.to_owned(), self.olga.clone()),
            Needs::Member => {
                self.world.cast(&self.team, &self.ben, Some(Role::Member));
                (self.ben.id.clone(), self.olga.clone())
            }
            Needs::ToBeMember => {
                self.world.cast(&self.team, &self.ben, Some(Role::Member));
                (NOWHERE.to_owned(), self.ben.clone())
            }
            Needs::Invitation => {
                let made = self.olga.post(&format!("{team}/invitations"), &json!({"role": "member"})).await;
                (made.expect(201).text("/id"), self.olga.clone())
            }
            Needs::Delegation(steps) => {
                let body = json!({"title": "Sweep", "assignee_id": self.olga.id});
                let made = self.olga.post(&format!("{team}/delegations"), &body).await.expect(201);
                for step in *steps {
                    let path = format!("{}/{step}", made.header("location"));
                    self.olga.post(&path, &json!({})).await.expect(200);
                }
                (made.text("/id"), self.olga.clone())
            }
            // The links and invitations that peopled the stage are used up.
            Needs::Job => ("token-clean-up".to_owned(), self.olga.clone()),
            Needs::Session => (NOWHERE.to_owned(), self.world.sign_in(MIA).await),
        }
    }

    /// Somebody who lacks the role: in team A the Owner of team B, on the server a person without any role there.
    pub fn intruder(&self, operation: &Operation) -> &Person {
        if operation.is_in_team() {
            return &self.bob;
        }
        self.world.cast_on_server(&self.bob, None);
        &self.bob
    }

    /// What does the thing look like to the Owner of its team?
    pub async fn look_at(&self, needs: &Needs, thing: &str) -> Value {
        let path = match needs {
            Needs::Delegation(_) => format!("/api/v1/teams/{}/delegations/{thing}", self.team),
            Needs::Invitation => format!("/api/v1/teams/{}/invitations", self.team),
            _ => format!("/api/v1/teams/{}/members", self.team),
        };
        self.olga.get(&path).await.expect(200).json
    }

    /// How many rows a call leaves, and what it answers.
    pub async fn rows_of(&self, call: &Call<'_>, person: &Person, team: &str, thing: &str) -> (Answer, i64) {
        let before = self.world.audit_size();
        let answer = call.by(person, team, thing).await;
        (answer, self.world.audit_size() - before)
    }

    /// The newest rows, newest first.
    pub async fn newest(&self, count: i64) -> Vec<Value> {
        let first = self.world.audit_size() - count;
        let rows = self.world.audit(&self.olga, "").await;
        rows.into_iter().filter(|row| (first + 1..=first + count).contains(&row["seq"].as_i64().unwrap())).collect()
    }
}

impl Call<'_> {
    pub async fn by(&self, person: &Person, team: &str, thing: &str) -> Answer {
        let path = self.operation.path_to(team, thing);
        person.clone().with("if-match", "*").send(self.operation.method.clone(), &path, self.body.as_ref()).await
    }
}
