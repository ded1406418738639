//! Passkeys over the API: the stage on which they are made and used.

pub mod authenticator;
mod ceremonies;
mod registration;
mod sign_in;
mod step_up;

use std::time::Duration;

use serde_json::{Value, json};

use crate::forge;
use crate::world::{Answer, Person, World};
use authenticator::{Authenticator, Moment};

pub const MINE: &str = "/api/v1/me/passkeys";
pub const SIGN_IN: &str = "/api/v1/auth/passkey";
pub const STEP_UP: &str = "/api/v1/auth/step-up/passkey";
const FIVE_MINUTES: Duration = Duration::from_mins(5);
const STALE: Duration = Duration::from_mins(11);

/// A ceremony under way.
#[derive(Clone)]
pub struct Ceremony {
    id: Value,
    pub options: Value,
}

impl Ceremony {
    pub async fn begin(person: &Person, path: &str) -> Self {
        let begun = person.post(&format!("{path}/begin"), &json!({})).await.expect(200);
        Self { id: begun.json["ceremony_id"].clone(), options: begun.json["options"].clone() }
    }

    pub fn body(&self, credential: &Value) -> Value {
        json!({"ceremony_id": self.id, "credential": credential})
    }

    /// Gives an answer to sign in or to step up.
    async fn answer(&self, person: &Person, path: &str, credential: &Value) -> Answer {
        person.post(path, &self.body(credential)).await
    }

    /// Gives an answer to keep a new passkey.
    pub async fn keep(&self, person: &Person, credential: &Value) -> Answer {
        let mut body = self.body(credential);
        body["name"] = json!("Ana's phone");
        person.post(MINE, &body).await
    }
}

/// Makes a passkey with this credential id.
pub async fn make(person: &Person, id: &[u8]) -> Authenticator {
    let ceremony = Ceremony::begin(person, MINE).await;
    let mut authenticator = Authenticator::new(id);
    ceremony.keep(person, &authenticator.create(&ceremony.options, Moment::TRUE)).await.expect(201);
    authenticator
}

/// A server with Olga, who owns it; and Ana and Ben, each with a passkey.
struct Stage {
    world: World,
    olga: Person,
    ana: Person,
    phone: Authenticator,
    ben: Person,
    laptop: Authenticator,
}

impl Stage {
    async fn new() -> Self {
        let (world, olga) = World::claimed().await;
        let team = world.team(&olga, "Ops").await;
        let ana = world.join(&olga, &team, "member", "Ana").await;
        let ben = world.join(&olga, &team, "member", "Ben").await;
        let (phone, laptop) = (make(&ana, b"phone").await, make(&ben, b"laptop").await);
        Self { world, olga, ana, phone, ben, laptop }
    }

    /// Ana in another session of hers, by her passkey.
    async fn ana_again(&mut self) -> Person {
        let stranger = self.world.stranger();
        let ceremony = Ceremony::begin(&stranger, SIGN_IN).await;
        let credential = self.phone.get(&ceremony.options, Moment::TRUE);
        self.world.person(&ceremony.answer(&stranger, SIGN_IN, &credential).await.expect(201))
    }

    /// Whoever answers ceremonies of this kind.
    fn caller(&self, path: &str) -> Person {
        if path == SIGN_IN { self.world.stranger() } else { self.ana.clone() }
    }

    /// What no refused answer may change.
    fn counts(&self) -> [i64; 4] {
        let fresh = "SELECT count(*) FROM sessions WHERE auth_time > created_at";
        let used = "SELECT count(*) FROM passkeys WHERE last_used_at IS NOT NULL";
        let [fresh, used] = [fresh, used].map(|query| forge::number(&self.world, query));
        [forge::count(&self.world, "sessions"), forge::count(&self.world, "passkeys"), fresh, used]
    }

    /// Fails the test unless this is the one refusal, with its reason on record and nothing done.
    async fn refused(&self, answer: Answer, path: &str, reason: &str) {
        let answer = answer.problem(403, "passkey-refused");
        let mut visible = answer.json.clone();
        visible.as_object_mut().unwrap().remove("instance");
        assert_eq!(
            visible,
            json!({
                "type": "/problems/passkey-refused",
                "title": "Passkey refused",
                "status": 403,
                "detail": "The passkey's answer was not accepted: begin again.",
            }),
            "nobody hears why"
        );
        self.world.app.record_bursts(true).await.unwrap();
        let row = &self.world.audit(&self.olga, "limit=1").await[0];
        let event = match path {
            MINE => "auth.passkey.failed",
            STEP_UP => "auth.stepup.failed",
            _ => "auth.login.failed",
        };
        assert_eq!((&row["event"], &row["outcome"]), (&json!(event), &json!("failure")), "{row}");
        assert_eq!(row["detail"], json!({"error": "passkey-refused", "method": "passkey", "reason": reason}));
        assert_eq!(row["request_id"], answer.header("x-request-id"));
        assert_eq!(row["actor"]["kind"], if path == SIGN_IN { "anonymous" } else { "user" });
    }
}
