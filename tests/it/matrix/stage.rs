//! The stage that the cells are tried on: one caller, cast in one role after another.

use std::fmt::Debug;
use std::time::Duration;

use milton::domain::permission::{Account, Assurance, Binding, Decision, Permission, Relation, Subject, decide};
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::json;

use crate::world::{Answer, Options, Person, World};

/// Everybody whom an operation may meet; `None` does not belong.
pub const ROLES: [Option<Role>; 5] =
    [None, Some(Role::Member), Some(Role::Manager), Some(Role::Admin), Some(Role::Owner)];

/// The caller's address, to sign in again.
pub const CALLER: &str = "cara@milton.test";

/// A team, its founder, two members, and the caller, who is cast in one role after another.
pub struct Stage {
    pub world: World,
    pub olga: Person,
    pub ben: Person,
    pub mia: Person,
    pub caller: Person,
    pub team: String,
    /// Whether the caller's sign-in is too old for dangerous acts.
    pub is_stale: bool,
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// A stage whose world has these providers; its quotas are as good as none.
    pub async fn with(options: Options) -> Self {
        let world = World::with(options.unlimited());
        let olga = world.claim("Olga").await;
        let team = world.team(&olga, "Ops").await;
        let ben = world.join(&olga, &team, "member", "Ben").await;
        let mia = world.join(&olga, &team, "member", "Mia").await;
        let caller = world.join(&olga, &team, "member", "Cara").await;
        caller.send(Method::PATCH, "/api/v1/me", Some(&json!({"email": CALLER}))).await.expect(200);
        Self { world, olga, ben, mia, caller, team, is_stale: false }
    }

    /// Casts the caller in a role in the team.
    pub fn cast(&self, role: Option<Role>) {
        self.world.cast(&self.team, &self.caller, role);
    }

    /// Lets the proof of everybody's identity grow old.
    pub fn grow_stale(&self) {
        self.world.pass(Duration::from_mins(11));
    }

    /// What the matrix says of the caller, who is a Member of the server.
    pub fn decide(&self, permission: Permission, role: Option<Role>, relation: Relation) -> Decision {
        decide(permission, self.caller_as(Some(Role::Member), role), relation)
    }

    /// What the matrix says of the caller in a role on the server.
    pub fn decide_on_server(&self, permission: Permission, role: Option<Role>, relation: Relation) -> Decision {
        decide(permission, self.caller_as(role, None), relation)
    }

    fn caller_as(&self, instance_role: Option<Role>, team_role: Option<Role>) -> Subject {
        let assurance = if self.is_stale { Assurance::Stale } else { Assurance::Fresh };
        Subject::User { account: Account::Active, instance_role, team: Binding::member(team_role), assurance }
    }

    /// A person's role in the team, as its founder sees it.
    pub async fn role_of(&self, person: &Person) -> Option<Role> {
        let members = self.olga.get(&format!("/api/v1/teams/{}/members", self.team)).await.expect(200);
        let members = members.json["items"].as_array().unwrap();
        let found = members.iter().find(|member| member["user_id"] == person.id)?;
        Role::parse(found["role"].as_str().unwrap())
    }

    /// A new delegation that the assignee, who need not like it, has brought as far as these steps lead.
    pub async fn delegation(&self, delegator: &Person, assignee: &Person, steps: &[&str]) -> String {
        self.cast(Some(Role::Member));
        let list = format!("/api/v1/teams/{}/delegations", self.team);
        let (offer, steps) = match steps {
            ["offer", rest @ ..] => (true, rest),
            steps => (false, steps),
        };
        let body = json!({"title": "Sweep", "assignee_id": assignee.id, "offer": offer});
        let path = delegator.post(&list, &body).await.expect(201).header("location");
        for step in steps {
            assignee.post(&format!("{path}/{step}"), &json!({})).await.expect(200);
        }
        path
    }
}

/// Fails the test unless the answer is what the matrix says.
#[track_caller]
pub fn judge(answer: &Answer, decision: Decision, case: impl Debug) {
    let kind = answer.json["type"].as_str().unwrap_or_default();
    let got = match (answer.status.as_u16(), kind) {
        (200..300, _) => Decision::Allow,
        (403, "/problems/access-denied") => Decision::Deny,
        (401, "/problems/step-up-required") => Decision::StepUp,
        _ => panic!("{case:?}: {}", answer.text),
    };
    assert_eq!(got, decision, "{case:?}: {}", answer.text);
}
