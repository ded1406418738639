//! Sign-in by QR, over the API: the stage on which it plays, and the whole way in.

mod attacks;
pub mod codes;
mod limits;
mod states;

use std::time::Duration;

use serde_json::{Value, json};

use crate::forge;
use crate::world::{Answer, Options, Person, World};

pub const QR: &str = "/api/v1/auth/qr";
pub const LIFETIME: Duration = Duration::from_mins(2);

/// A new device that has asked to be signed in.
pub struct NewDevice {
    pub person: Person,
    pub id: String,
    pub poll_secret: String,
    pub scan_secret: String,
    pub begun: Answer,
}

/// Asks to be signed in, as a phone.
pub async fn ask(person: &Person) -> Answer {
    person.post(QR, &json!({"device": {"name": "Ana's phone", "platform": "Android"}})).await
}

impl NewDevice {
    pub async fn begin(person: Person) -> Self {
        let begun = ask(&person).await.expect(201);
        let (id, secret) = (begun.text("/id"), begun.text("/poll_secret"));
        let url = begun.text("/scan_url");
        let scan_secret = url.split_once('#').unwrap().1.strip_prefix(&format!("{id}.")).unwrap().to_owned();
        Self { person, id, poll_secret: secret, scan_secret, begun }
    }

    /// One that somebody has scanned already.
    pub async fn scanned_by(person: Person, approver: &Person) -> Self {
        let device = Self::begin(person).await;
        device.scan(approver).await.expect(200);
        device
    }

    /// One that somebody has approved already.
    pub async fn approved_by(person: Person, approver: &Person) -> Self {
        let device = Self::scanned_by(person, approver).await;
        let decided = device.approve(approver, device.number().await).await.expect(200);
        assert_eq!(decided.text("/state"), "approved");
        device
    }

    fn path(&self, step: &str) -> String {
        format!("{QR}/{}/{step}", self.id)
    }

    pub async fn poll(&self) -> Answer {
        self.person.clone().with("milton-poll", &self.poll_secret).get(&format!("{QR}/{}", self.id)).await
    }

    pub async fn state(&self) -> String {
        self.poll().await.expect(200).text("/state")
    }

    /// The number it shows.
    pub async fn number(&self) -> u64 {
        self.poll().await.expect(200).json["number"].as_u64().unwrap()
    }

    pub async fn scan(&self, by: &Person) -> Answer {
        by.post(&self.path("scan"), &json!({"secret": self.scan_secret})).await
    }

    pub async fn approve(&self, by: &Person, number: u64) -> Answer {
        by.post(&self.path("approve"), &json!({"number": number})).await
    }

    pub async fn deny(&self, by: &Person) -> Answer {
        by.post(&self.path("deny"), &json!({})).await
    }

    pub async fn fetch(&self) -> Answer {
        self.person.post(&self.path("token"), &json!({"poll_secret": self.poll_secret})).await
    }
}

/// The session of a new device that this person has vouched for.
pub async fn vouched(world: &World, approver: &Person) -> Person {
    let device = NewDevice::approved_by(world.stranger(), approver).await;
    world.person(&device.fetch().await.expect(201))
}

/// A claimed server where scans are as good as unlimited.
async fn claimed() -> (World, Person) {
    let mut options = Options::default();
    options.quotas.insert("qr-scans", 1_000);
    let world = World::with(options);
    let owner = world.claim("Olga Owner").await;
    (world, owner)
}

/// The newest row of an event.
async fn newest(world: &World, owner: &Person, event: &str) -> Value {
    world.audit(owner, &format!("event={event}")).await.swap_remove(0)
}

/// The events since `size` rows, oldest first.
async fn events_since(world: &World, owner: &Person, size: i64) -> Vec<String> {
    let mut rows = world.audit(owner, "").await;
    rows.reverse();
    let new = rows.iter().filter(|row| row["seq"].as_i64().unwrap() > size);
    new.map(|row| row["event"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_new_device_comes_in() {
    let (world, owner) = claimed().await;
    let size = world.audit_size();
    let device = NewDevice::begin(world.stranger()).await;
    assert_eq!(device.begun.header("location"), format!("{QR}/{}", device.id));
    assert_eq!(device.begun.header("milton-audit"), (size + 1).to_string());
    let waiting = device.poll().await.expect(200);
    assert_eq!((waiting.text("/state"), waiting.json.get("number")), ("created".to_owned(), None));
    assert_eq!(waiting.text("/expires_at"), device.begun.text("/expires_at"));

    let seen = device.scan(&owner).await.expect(200);
    assert_eq!(seen.json["device"], json!({"name": "Ana's phone", "platform": "Android"}));
    assert_eq!((seen.text("/address"), &seen.json["same_network"]), ("192.0.2.7".to_owned(), &json!(true)));
    let number = device.number().await;
    let numbers = seen.json["numbers"].as_array().unwrap();
    assert!(numbers.len() == 3 && numbers.contains(&json!(number)), "{numbers:?} {number}");

    device.approve(&owner, number).await.expect(200);
    let approved = device.poll().await.expect(200);
    assert_eq!((approved.text("/state"), approved.json.get("number")), ("approved".to_owned(), None));
    let begun = device.fetch().await.expect(201);
    assert_eq!((begun.text("/user/id"), begun.header("location")), (owner.id.clone(), "/api/v1/me".to_owned()));
    assert_eq!(device.state().await, "consumed");
    let phone = world.person(&begun);
    let me = phone.get("/api/v1/me").await.expect(200);
    assert_eq!((me.text("/id"), me.json.pointer("/session/step_up_until")), (owner.id.clone(), None));
    owner.get("/api/v1/me").await.expect(200).text("/session/step_up_until");

    let events = events_since(&world, &owner, size).await;
    let decided = ["auth.qr.created", "auth.qr.scanned", "auth.qr.approved"];
    assert_eq!(events[..3], decided);
    assert_eq!(events[3..], ["auth.qr.used", "device.registered", "auth.login.succeeded"]);
    let used = newest(&world, &owner, "auth.qr.used").await;
    assert_eq!((&used["actor"]["user_id"], &used["detail"]["qr_sign_in"]), (&json!(owner.id), &json!(device.id)));
    let enrolled = "SELECT count(*) FROM sessions s JOIN devices d ON d.id = s.device_id WHERE s.method = 'qr'";
    assert_eq!(forge::number(&world, enrolled), 1);
}

#[tokio::test]
async fn the_console_gets_a_cookie_and_no_token() {
    let (world, owner) = claimed().await;
    let browser = world.stranger().with("milton-console", "1");
    let device = NewDevice::approved_by(browser, &owner).await;
    let begun = device.fetch().await.expect(201);
    assert!(begun.header("set-cookie").starts_with("__Host-milton=mlt_s_"));
    assert_eq!(begun.json.get("token"), None);
    assert_eq!(begun.text("/session/kind"), "console");
}

#[tokio::test]
async fn nothing_of_it_can_be_read_in_the_file() {
    let (world, owner) = claimed().await;
    let device = NewDevice::approved_by(world.stranger(), &owner).await;
    device.fetch().await.expect(201);
    let audit = owner.get("/api/v1/admin/audit?limit=100").await.expect(200).text;
    let mut bytes = Vec::new();
    for file in ["milton.db", "milton.db-wal"] {
        bytes.extend(std::fs::read(world.folder().join(file)).unwrap_or_default());
    }
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("qr_logins") && holds(&device.id), "what stands in the clear is found");
    for text in [&device.poll_secret, &device.scan_secret] {
        assert!(!holds(text) && !audit.contains(text.as_str()), "a secret of the device");
    }
    for text in ["Ana's phone", "Android", "192.0.2.7"] {
        assert!(!holds(text), "{text}");
    }
}
