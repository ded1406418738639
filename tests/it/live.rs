//! The live stream: what is told at once, to whom, and what ends it.

use std::pin::Pin;
use std::time::Duration;

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;

use crate::forge;
use crate::notifications::told;
use crate::sign_in::sign_in_token;
use crate::tokens::console;
use crate::world::{Options, Person, World};

const EVENTS: &str = "/api/v1/events";
const OWNER: &str = "owner@milton.test";
/// What must happen within a second is given this long on a busy machine.
const SOON: Duration = Duration::from_secs(5);

/// A stream that is being read.
struct Stream {
    body: Pin<Box<dyn AsyncRead + Send>>,
    text: String,
}

/// What a stream says.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    id: Option<String>,
    event: Option<String>,
    data: Value,
}

impl Stream {
    /// Opens a stream, behind the event `last`.
    async fn open(person: &Person, last: Option<&str>) -> Self {
        let person = last.map_or_else(|| person.clone(), |last| person.clone().with("last-event-id", last));
        let response = person.respond(Method::GET, EVENTS, None).await;
        assert_eq!((response.status().as_u16(), response.content_type()), (200, Some("text/event-stream")));
        assert_eq!(response.header("cache-control"), Some("no-store"));
        let mut stream = Self { body: Box::pin(response.into_body().into_async_read()), text: String::new() };
        let head = stream.frame(SOON).await.unwrap();
        assert!(head == ":" || head.starts_with("id: "), "{head}");
        stream
    }

    /// The next frame; `None` at the end of the stream.
    async fn frame(&mut self, within: Duration) -> Option<String> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(frame);
            }
            let mut bytes = [0; 1024];
            let read = timeout(within, self.body.read(&mut bytes)).await.expect("the stream says nothing").unwrap();
            if read == 0 {
                assert_eq!(self.text, "", "it broke off");
                return None;
            }
            self.text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
    }

    async fn said(&mut self) -> Said {
        let frame = self.frame(SOON).await.expect("the stream is over");
        let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)).map(ToOwned::to_owned);
        let data = field("data: ").map_or(Value::Null, |data| serde_json::from_str(&data).unwrap());
        Said { id: field("id: "), event: field("event: "), data }
    }

    /// The next notification's id.
    async fn told(&mut self) -> String {
        let said = self.said().await;
        assert_eq!(said.event.as_deref(), Some("notification"), "{said:?}");
        said.id.unwrap()
    }

    /// Expects the stream to end now, for this reason.
    async fn ends(&mut self, reason: &str) {
        let said = self.said().await;
        assert_eq!((said.event.as_deref(), &said.data), (Some("end"), &json!({"reason": reason})), "{said:?}");
        assert_eq!((said.id, self.frame(SOON).await), (None, None));
    }

    /// Expects silence.
    async fn says_nothing(&mut self) {
        let mut byte = [0];
        assert!(timeout(Duration::from_millis(300), self.body.read(&mut byte)).await.is_err(), "it goes on, silently");
    }
}

/// What there is to tell, oldest first.
async fn ids(person: &Person) -> Vec<String> {
    told(person, "?limit=100").await.iter().rev().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_committed_is_told_at_once_to_each_stream() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    let (mut one, mut two) = (Stream::open(&owner, None).await, Stream::open(&owner, None).await);
    let mut hers = Stream::open(&ana, None).await;
    world.sign_in(OWNER).await;
    let listed = told(&owner, "").await.remove(0);
    let id = listed["id"].as_str().map(ToOwned::to_owned);
    let expected = Said { id, event: Some("notification".to_owned()), data: listed };
    assert_eq!((one.said().await, two.said().await), (expected.clone(), expected));
    one.says_nothing().await;
    hers.says_nothing().await;
}

#[tokio::test]
async fn a_new_device_does_not_hear_of_itself() {
    let (world, owner) = World::claimed().await;
    let second = world.sign_in(OWNER).await;
    let mut stream = Stream::open(&second, Some("01957000-0000-7000-8000-000000000000")).await;
    stream.says_nothing().await;
    world.sign_in(OWNER).await;
    assert_eq!(stream.told().await, *ids(&owner).await.last().unwrap());
}

/// Everything that ends trust, each with a session that hears of it and one that goes on.
#[tokio::test]
async fn a_stream_ends_with_the_trust_it_hangs_on() {
    let (world, owner) = World::claimed().await;
    let path = async |person: &Person, list: &str| {
        let listed = person.get(&format!("/api/v1/me/{list}")).await.expect(200);
        let items = listed.json["items"].as_array().unwrap().clone();
        let current = items.into_iter().find(|one| one["current"] == true).unwrap();
        format!("/api/v1/me/{list}/{}", current["id"].as_str().unwrap())
    };
    let mut others = Stream::open(&owner, None).await;
    for way in ["logout", "session", "device", "not-me"] {
        let person = world.sign_in(OWNER).await;
        others.told().await;
        let mut stream = Stream::open(&person, None).await;
        let size = world.audit_size();
        let (by, method, path) = match way {
            "logout" => (&person, Method::POST, "/api/v1/auth/logout".to_owned()),
            "session" => (&owner, Method::DELETE, path(&person, "sessions").await),
            "device" => (&owner, Method::DELETE, path(&person, "devices").await),
            _ => (&owner, Method::POST, path(&person, "devices").await + "/not-me"),
        };
        by.send(method, &path, None).await.expect(204);
        stream.ends("revoked").await;
        let rows = if way == "logout" { 2 } else { 1 };
        assert_eq!(world.audit_size() - size, rows, "{way}: nobody tried anything, so nothing was denied");
    }
    others.told().await;
    others.says_nothing().await;
    owner.send(Method::POST, "/api/v1/me/sessions/revoke-all", None).await.expect(204);
    others.ends("revoked").await;
}

#[tokio::test]
async fn who_loses_their_role_hears_nothing_more() {
    let (world, owner) = World::claimed().await;
    let mut stream = Stream::open(&owner, None).await;
    world.cast_on_server(&owner, None);
    world.sign_in(OWNER).await;
    stream.ends("access-denied").await;
    owner.get(EVENTS).await.problem(403, "access-denied");
    world.cast_on_server(&owner, Some(Role::Member));
    owner.get(EVENTS).await.expect(200);
}

/// Even what no signal tells of: a stream's reader is judged at each heartbeat.
#[tokio::test]
async fn a_heartbeat_shows_that_the_stream_is_there_and_its_reader_may_hear() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    let (mut stream, mut hers) = (Stream::open(&owner, None).await, Stream::open(&ana, None).await);
    forge::sql(&world, "UPDATE users SET state = 'suspended' WHERE id = ?1", [&ana.id]);
    let patience = Duration::from_secs(25);
    let (beat, end) = tokio::join!(stream.frame(patience), hers.frame(patience));
    assert_eq!(beat.as_deref(), Some(":"));
    assert_eq!(end.as_deref(), Some("event: end\ndata: {\"reason\":\"revoked\"}"));
    world.sign_in(OWNER).await;
    stream.told().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let (world, owner) = World::claimed().await;
    world.pass(Duration::from_hours(24).saturating_sub(Duration::from_millis(200)));
    let mut stream = Stream::open(&owner, None).await;
    world.pass(Duration::from_millis(200));
    stream.ends("expired").await;
}

#[tokio::test]
async fn an_open_stream_is_no_activity() {
    let (world, _) = World::claimed().await;
    let browser = console(&world, &sign_in_token(&world, OWNER).await, None).await;
    let mut stream = Stream::open(&browser, None).await;
    world.pass(Duration::from_mins(50));
    world.sign_in(OWNER).await;
    stream.told().await;
    world.pass(Duration::from_mins(11));
    world.sign_in(OWNER).await;
    stream.ends("expired").await;
    browser.get(EVENTS).await.problem(401, "expired-token");
}

/// All of it within one millisecond of the clock, and with a restart in between.
#[tokio::test]
async fn a_stream_resumes_without_gap_or_repetition() {
    let (world, owner) = World::claimed().await;
    let mut stream = Stream::open(&owner, None).await;
    for _ in 0..10 {
        world.sign_in(OWNER).await;
    }
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(stream.told().await);
    }
    drop(stream);
    let token = owner.token.clone().unwrap();
    drop(owner);
    let world = world.restart(Options { entropy: other_entropy(), ..Options::default() }).await;
    let owner = world.holder(&token);
    world.sign_in(OWNER).await;
    let mut stream = Stream::open(&owner, seen.last().map(String::as_str)).await;
    world.sign_in(OWNER).await;
    for _ in 0..8 {
        seen.push(stream.told().await);
    }
    assert_eq!(seen, ids(&owner).await);
    stream.says_nothing().await;
    assert!(!seen.is_sorted(), "by their ids they would come in another order");
}

/// A restarted server does not draw the same random numbers again.
fn other_entropy() -> std::sync::Arc<milton::base::entropy::SeededEntropy> {
    std::sync::Arc::new(milton::base::entropy::SeededEntropy::new(2))
}

#[tokio::test]
async fn whoever_resumes_behind_what_is_not_theirs_hears_their_own_from_the_beginning() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    for _ in 0..2 {
        world.sign_in(OWNER).await;
    }
    ana.send(Method::PATCH, "/api/v1/me", Some(&json!({"email": "ana@milton.test"}))).await.expect(200);
    world.sign_in("ana@milton.test").await;
    let (olgas, anas) = (ids(&owner).await, ids(&ana).await);
    for last in [olgas[1].as_str(), "01957000-0000-7000-8000-000000000000"] {
        let mut stream = Stream::open(&ana, Some(last)).await;
        assert_eq!(stream.told().await, anas[0]);
        stream.says_nothing().await;
    }
    for wrong in ["x", "1", "' OR 1=1"] {
        ana.clone().with("last-event-id", wrong).get(EVENTS).await.problem(422, "invalid");
    }
    let head = owner.respond(Method::GET, EVENTS, None).await.into_body().into_async_read();
    let mut stream = Stream { body: Box::pin(head), text: String::new() };
    let id = olgas.last().unwrap();
    assert_eq!(stream.frame(SOON).await, Some(format!("id: {id}")), "who comes for the first time can resume");
}

#[tokio::test]
async fn a_person_has_eight_streams_and_gets_each_of_them_back() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(Stream::open(&owner, None).await);
    }
    let other_session = world.sign_in(OWNER).await;
    for person in [&owner, &other_session] {
        let refused = person.get(EVENTS).await.problem(429, "quota-exceeded");
        assert_eq!(refused.header("ratelimit-policy"), "\"live-streams\";q=8;qu=\"concurrent-requests\"");
        assert!(refused.text("/detail").ends_with("allows 8 at once."), "{}", refused.text);
    }
    Stream::open(&ana, None).await;
    open.pop();
    let again = timeout(SOON, async {
        while owner.get(EVENTS).await.status != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    again.await.expect("a place is given back");
}

#[tokio::test]
async fn who_does_not_read_loses_their_stream() {
    let (world, owner) = World::claimed().await;
    let mut slow = Stream::open(&owner, None).await;
    let mut quick = Stream::open(&owner, None).await;
    for _ in 0..5 {
        world.sign_in(OWNER).await;
        quick.told().await;
    }
    tokio::time::sleep(Duration::from_secs(11)).await;
    let mut kept = 0;
    while let Some(frame) = slow.frame(SOON).await {
        assert!(frame.contains("event: notification"), "{frame}");
        kept += 1;
    }
    assert!(kept <= 2, "what waits for a reader is bounded: {kept}");
    world.sign_in(OWNER).await;
    quick.told().await;
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_all_the_same_when_trust_ends() {
    let (world, owner) = World::claimed().await;
    let other = world.sign_in(OWNER).await;
    let mut slow = Stream::open(&other, None).await;
    for _ in 0..5 {
        world.sign_in(OWNER).await;
    }
    other.send(Method::POST, "/api/v1/auth/logout", None).await.expect(204);
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.sign_in(OWNER).await;
    let mut after = 0;
    while slow.frame(SOON).await.is_some() {
        after += 1;
    }
    assert!(after <= 2, "nothing was read for them after the sign-out: {after}");
    assert_eq!(ids(&owner).await.len(), 7);
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let (world, owner) = World::claimed().await;
    let mut stream = Stream::open(&owner, None).await;
    world.app.end_streams();
    stream.ends("stopping").await;
    Stream::open(&owner, None).await.ends("stopping").await;
}

#[tokio::test]
async fn nobody_listens_without_a_token() {
    let (world, _) = World::claimed().await;
    world.stranger().get(EVENTS).await.problem(401, "missing-token");
    world.holder("mlt_s_forged").get(EVENTS).await.problem(401, "invalid-token");
}
