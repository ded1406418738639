//! Two teams and their people, and what happens in them.

use milton::app::App;
use milton::domain::Error;
use milton::domain::actor::{Actor, Caller};
use milton::domain::event::Event;
use milton::domain::permission::Permission;
use milton::store::{Action, Target, Tx};
use poem::http::Method;
use serde_json::{Value, json};

use crate::world::{Answer, Options, Person, World};

/// Olga, who owns teams A and B; Max, a manager of A; Mia and Ana, members of A; Bob, a manager of B.
pub struct Stage {
    pub world: World,
    pub olga: Person,
    pub max: Person,
    pub mia: Person,
    pub ana: Person,
    pub bob: Person,
    pub team: String,
    pub other: String,
}

impl Stage {
    pub async fn new() -> Self {
        let mut options = Options::default();
        options.quotas.insert("delegations", 1_000_000);
        let world = World::with(options);
        let olga = world.claim("Olga").await;
        let (team, other) = (world.team(&olga, "A").await, world.team(&olga, "B").await);
        let max = world.join(&olga, &team, "manager", "Max").await;
        let mia = world.join(&olga, &team, "member", "Mia").await;
        let ana = world.join(&olga, &team, "member", "Ana").await;
        let bob = world.join(&olga, &other, "manager", "Bob").await;
        Self { world, olga, max, mia, ana, bob, team, other }
    }

    /// How often somebody was refused.
    pub async fn denials(&self) -> usize {
        self.world.audit(&self.olga, "outcome=denied").await.len()
    }
}

/// A new delegation; answers its path.
pub async fn create(by: &Person, team: &str, title: &str, assignee: Option<&Person>) -> String {
    let mut body = json!({"title": title, "offer": assignee.is_some()});
    if let Some(assignee) = assignee {
        body["assignee_id"] = json!(assignee.id);
    }
    by.post(&format!("/api/v1/teams/{team}/delegations"), &body).await.expect(201).header("location")
}

/// Gives it another title.
pub async fn rename(by: &Person, path: &str, title: &str) {
    patch(by, path, &json!({"title": title})).await.expect(200);
}

pub async fn patch(by: &Person, path: &str, body: &Value) -> Answer {
    by.clone().with("if-match", "*").send(Method::PATCH, path, Some(body)).await
}

pub async fn delete(by: &Person, path: &str) {
    by.clone().with("if-match", "*").send(Method::DELETE, path, None).await.expect(204);
}

/// Something that happens to a team as often as one likes, in one act.
pub struct Happen {
    pub event: Event,
    /// The kind of thing that it happens to.
    pub kind: &'static str,
    pub team: String,
    pub times: usize,
}

impl Happen {
    pub async fn by(self, person: &Person, app: &App) {
        let stranger = Caller::local(Actor::Anonymous);
        let signed_in = app.authenticate(&stranger, person.token.as_ref().unwrap()).await.unwrap();
        app.act(&Caller { actor: Actor::User(signed_in), ..stranger }, self).await.unwrap();
    }
}

impl Action for Happen {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::TeamUpdate
    }
    fn event(&self) -> Event {
        self.event
    }
    fn target(&self) -> Target {
        let team = self.team.parse().unwrap();
        Target::team(team).resource(self.kind, team)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        (1..self.times).for_each(|_| tx.also(self.event));
        Ok(())
    }
}
