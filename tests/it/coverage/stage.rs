//! Two teams and their people, and how an operation is called among them.

use std::cell::RefCell;
use std::sync::Mutex;
use std::time::Duration;

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use super::cases::{self, Case, Needs};
use crate::forge;
use crate::lying_provider::LyingProvider;
use crate::oidc;
use crate::operations::Operation;
use crate::passkeys::authenticator::{Authenticator, Moment};
use crate::passkeys::{self, Ceremony};
use crate::qr::NewDevice;
use crate::webhooks;
use crate::world::{Answer, Person, World};

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
    /// What the passkey ceremony that was begun last wants to hear.
    answer: Mutex<Value>,
    provider: LyingProvider,
    code: RefCell<Code>,
    /// The newest message.
    message: RefCell<String>,
    /// The delegation that was made last.
    made: RefCell<String>,
}

/// What the newest device shows: what its code says, and its number.
#[derive(Clone)]
pub struct Code {
    pub secret: String,
    pub number: u64,
}

/// An operation about to be called.
pub struct Call<'a> {
    pub operation: &'a Operation,
    pub body: Option<Value>,
}

impl Stage {
    pub async fn new() -> Self {
        let (provider, options) = oidc::options().await;
        let world = World::with(options.unlimited());
        let olga = world.claim("Olga").await;
        let (team, other_team) = (world.team(&olga, "A").await, world.team(&olga, "B").await);
        let ben = world.join(&olga, &team, "member", "Ben").await;
        let mia = world.join(&olga, &team, "member", "Mia").await;
        mia.send(Method::PATCH, "/api/v1/me", Some(&json!({"email": MIA}))).await.expect(200);
        let bob = world.join(&olga, &other_team, "owner", "Bob").await;
        let code = RefCell::new(Code { secret: "none".to_owned(), number: 10 });
        let message = RefCell::new(NOWHERE.to_owned());
        let answer = Mutex::new(json!({"ceremony_id": NOWHERE, "credential": {}}));
        let made = RefCell::new(NOWHERE.to_owned());
        Self { world, olga, ben, mia, bob, team, other_team, answer, provider, code, message, made }
    }

    /// The delegation that was made last.
    pub fn made(&self) -> String {
        self.made.borrow().clone()
    }

    /// What the newest device shows.
    pub fn code(&self) -> Code {
        self.code.borrow().clone()
    }

    /// The newest message.
    pub fn message(&self) -> String {
        self.message.borrow().clone()
    }

    /// A group of Olga's with Ben in it.
    async fn conversation(&self) -> String {
        self.world.cast(&self.team, &self.ben, Some(Role::Member));
        let body = json!({"kind": "group", "title": "Sweepers", "participant_ids": [self.ben.id]});
        let list = format!("/api/v1/teams/{}/conversations", self.team);
        self.olga.post(&list, &body).await.expect(201).text("/id")
    }

    /// A message of Olga's in such a group: both ids, with a slash between them.
    async fn message_in_group(&self) -> String {
        let conversation = self.conversation().await;
        let path = format!("/api/v1/teams/{}/conversations/{conversation}/messages", self.team);
        let message = self.olga.post(&path, &json!({"body": "Who sweeps today?"})).await.expect(201).text("/id");
        self.message.borrow_mut().clone_from(&message);
        format!("{conversation}/{message}")
    }

    /// A new device that shows a code, with none under way beside it.
    async fn new_device(&self) -> NewDevice {
        forge::sql(&self.world, "UPDATE qr_logins SET state = 'expired'", []);
        let device = NewDevice::begin(self.world.stranger()).await;
        self.code.borrow_mut().secret.clone_from(&device.scan_secret);
        device
    }

    pub fn call<'a>(&self, case: &Case, operation: &'a Operation) -> Call<'a> {
        Call { operation, body: case.body.map(|body| body(self)) }
    }

    /// The team as it was, whatever became of it: some operations end it or hand it on.
    pub fn bring_back(&self) {
        forge::sql(&self.world, "UPDATE teams SET deleted_at = NULL", []);
        self.world.cast(&self.team, &self.olga, Some(Role::Owner));
        self.world.cast(&self.team, &self.mia, Some(Role::Member));
    }

    /// Makes what the case needs; answers its id and who may do it.
    #[expect(clippy::too_many_lines, reason = "a table: one short entry for each need")]
    pub async fn prepare(&self, needs: &Needs) -> (String, Person) {
        self.bring_back();
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
                self.made.replace(made.text("/id"));
                (made.text("/id"), self.olga.clone())
            }
            Needs::Watcher => {
                let on = self.olga.post(&format!("{team}/delegations"), &json!({"title": "Sweep"})).await.expect(201);
                self.olga.send(Method::PUT, &format!("{}/watch", on.header("location")), None).await.expect(204);
                (format!("{}/{}", on.text("/id"), self.olga.id), self.olga.clone())
            }
            Needs::Comment => {
                let on = self.olga.post(&format!("{team}/delegations"), &json!({"title": "Sweep"})).await.expect(201);
                let comments = format!("{}/comments", on.header("location"));
                let made = self.olga.post(&comments, &json!({"body": "With a broom"})).await.expect(201);
                (format!("{}/{}", on.text("/id"), made.text("/id")), self.olga.clone())
            }
            Needs::Orphan => {
                self.world.cast(&self.team, &self.ben, Some(Role::Member));
                let body = json!({"title": "Sweep", "assignee_id": self.olga.id, "offer": true});
                let made = self.ben.post(&format!("{team}/delegations"), &body).await.expect(201);
                self.world.cast(&self.team, &self.ben, None);
                (made.text("/id"), self.olga.clone())
            }
            Needs::Webhook => (webhooks::make(&self.olga, &self.team).await, self.olga.clone()),
            Needs::DeadDelivery => {
                let webhook = webhooks::make(&self.olga, &self.team).await;
                let tested = self.olga.post(&format!("{team}/webhooks/{webhook}/test"), &json!({})).await.expect(200);
                forge::sql(&self.world, "UPDATE webhook_deliveries SET state = 'dead', next_at = NULL", []);
                (tested.text("/id"), self.olga.clone())
            }
            Needs::Grant => {
                let made = self.olga.post(&format!("{team}/delegations"), &json!({"title": "Sweep"})).await.expect(201);
                let body = json!({"resource_type": "delegation", "resource_id": made.text("/id"),
                    "user_id": self.bob.id, "role": "member"});
                (self.olga.post(&format!("{team}/grants"), &body).await.expect(201).text("/id"), self.olga.clone())
            }
            Needs::ClosedTeam => {
                let sql = "UPDATE teams SET deleted_at = ?2 WHERE id = ?1";
                forge::sql(&self.world, sql, (&self.team, self.world.now().micros()));
                (NOWHERE.to_owned(), self.olga.clone())
            }
            Needs::OrphanTeam => {
                let team = self.world.team(&self.olga, "Orphan").await;
                self.world.cast(&team, &self.olga, Some(Role::Member));
                (team, self.olga.clone())
            }
            Needs::NewDevice => (self.new_device().await.id, self.olga.clone()),
            Needs::ScannedDevice => {
                let device = self.new_device().await;
                device.scan(&self.olga).await.expect(200);
                let number = device.number().await;
                self.code.borrow_mut().number = number;
                (device.id, self.olga.clone())
            }
            Needs::Identity => {
                oidc::link(&self.world, &self.provider, &self.olga).await;
                let linked = self.olga.get("/api/v1/me/identities").await.expect(200);
                (linked.text("/items/0/id"), self.olga.clone())
            }
            Needs::Passkey => {
                let id = self.world.audit_size().to_be_bytes();
                passkeys::make(&self.olga, &id).await;
                let listed = self.olga.get(passkeys::MINE).await.expect(200);
                let newest = listed.json["items"].as_array().unwrap().last().unwrap();
                (newest["id"].as_str().unwrap().to_owned(), self.olga.clone())
            }
            Needs::Ceremony(path) => {
                *self.answer.lock().unwrap() = self.answer_to(path).await;
                (NOWHERE.to_owned(), self.olga.clone())
            }
            Needs::OwnCredential => {
                let made = self.olga.post("/api/v1/me/credentials", &cases::secret()).await;
                (made.expect(201).text("/id"), self.olga.clone())
            }
            Needs::Credential | Needs::Share => {
                let made = self.olga.post(&format!("{team}/credentials"), &cases::secret()).await.expect(201);
                if matches!(needs, Needs::Credential) {
                    return (made.text("/id"), self.olga.clone());
                }
                let shares = format!("{}/shares", made.header("location"));
                let share = self.olga.post(&shares, &json!({"role": "manager"})).await.expect(201);
                (format!("{}/{}", made.text("/id"), share.text("/id")), self.olga.clone())
            }
            // The links and invitations that peopled the stage are used up.
            Needs::AuditRow => ("1".to_owned(), self.olga.clone()),
            Needs::Job => ("token-clean-up".to_owned(), self.olga.clone()),
            Needs::Session => (NOWHERE.to_owned(), self.world.sign_in(MIA).await),
            Needs::ApiKey => (self.key_of(&self.olga).await, self.olga.clone()),
            Needs::KeyOfAnother => (self.key_of(&self.ben).await, self.olga.clone()),
            Needs::Somebody => (self.newcomer().await.id, self.olga.clone()),
            Needs::Suspended => {
                let id = self.newcomer().await.id;
                self.olga.post(&format!("/api/v1/admin/users/{id}/suspend"), &json!({})).await.expect(200);
                (id, self.olga.clone())
            }
            Needs::ToGo => (NOWHERE.to_owned(), self.newcomer().await),
            Needs::Leaving => {
                let leaving = self.newcomer().await;
                leaving.post("/api/v1/me/deletion", &json!({})).await.expect(202);
                (NOWHERE.to_owned(), self.world.sign_in_again(&leaving).await)
            }
            Needs::Conversation => (self.conversation().await, self.olga.clone()),
            Needs::Participant => (format!("{}/{}", self.conversation().await, self.ben.id), self.olga.clone()),
            Needs::Message => (self.message_in_group().await, self.olga.clone()),
            Needs::Reported => {
                let message = self.message_in_group().await;
                let path = format!("{team}/conversations/{}/report", message.replace('/', "/messages/"));
                self.ben.post(&path, &json!({})).await.expect(204);
                self.world.cast(&self.team, &self.ben, Some(Role::Admin));
                (self.message(), self.ben.clone())
            }
            Needs::ToJoin => {
                self.world.cast(&self.team, &self.ben, Some(Role::Member));
                let made = self.ben.post(&format!("{team}/delegations"), &json!({"title": "Sweep"})).await.expect(201);
                let path = format!("{}/conversation", made.header("location"));
                (self.ben.post(&path, &json!({})).await.expect(201).text("/id"), self.olga.clone())
            }
            Needs::Device => self.newest_of_mia("devices").await,
            Needs::OtherSession => self.newest_of_mia("sessions").await,
            Needs::Notification => self.newest_of_mia("notifications").await,
        }
    }

    async fn newcomer(&self) -> Person {
        self.world.join(&self.olga, &self.team, "member", "Nina").await
    }

    async fn key_of(&self, person: &Person) -> String {
        let key = json!({"name": "Reports", "scopes": ["delegation:read"]});
        person.post("/api/v1/me/api-keys", &key).await.expect(201).text("/id")
    }

    /// Mia, signed in on one device, and the newest of what came with her sign-in on another.
    async fn newest_of_mia(&self, what: &str) -> (String, Person) {
        let mia = self.world.sign_in(MIA).await;
        self.world.pass(Duration::from_millis(1));
        self.world.sign_in(MIA).await;
        let listed = mia.get(&format!("/api/v1/me/{what}")).await.expect(200);
        (listed.text("/items/0/id"), mia)
    }

    /// The answer to a new ceremony of Olga's.
    async fn answer_to(&self, path: &str) -> Value {
        let id = self.world.audit_size().to_be_bytes();
        if path == passkeys::MINE {
            let ceremony = Ceremony::begin(&self.olga, path).await;
            let credential = Authenticator::new(&id).create(&ceremony.options, Moment::TRUE);
            let mut body = ceremony.body(&credential);
            body["name"] = json!("Phone");
            return body;
        }
        let mut phone = passkeys::make(&self.olga, &id).await;
        let ceremony = Ceremony::begin(&self.olga, path).await;
        ceremony.body(&phone.get(&ceremony.options, Moment::TRUE))
    }

    /// What the passkey ceremony that was begun last wants to hear.
    pub fn answer(&self) -> Value {
        self.answer.lock().unwrap().clone()
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
            Needs::Delegation(_) | Needs::Orphan => format!("/api/v1/teams/{}/delegations/{thing}", self.team),
            Needs::Watcher => format!("/api/v1/teams/{}/delegations/{}/watchers", self.team, &thing[..36]),
            Needs::Comment => {
                format!("/api/v1/teams/{}/delegations/{}", self.team, thing.replace('/', "/comments/"))
            }
            Needs::Invitation => format!("/api/v1/teams/{}/invitations", self.team),
            Needs::Conversation | Needs::Participant | Needs::Message => {
                let conversation = thing.split('/').next().unwrap();
                format!("/api/v1/teams/{}/conversations/{conversation}/participants", self.team)
            }
            Needs::Webhook | Needs::DeadDelivery => format!("/api/v1/teams/{}/webhooks", self.team),
            Needs::Credential => format!("/api/v1/teams/{}/credentials/{thing}", self.team),
            Needs::Share => format!("/api/v1/teams/{}/credentials/{}/shares", self.team, &thing[..36]),
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
