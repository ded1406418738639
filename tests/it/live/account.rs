//! What a stream tells of one's own account, and what ends it.

use std::time::Duration;

use milton::domain::role::Role;
use poem::http::Method;
use tokio::time::timeout;

use super::reader::{EVENTS, SOON, Said, Stream};
use crate::forge;
use crate::notifications::told;
use crate::sign_in::sign_in_token;
use crate::tokens::console;
use crate::world::{Person, World};

const OWNER: &str = "owner@milton.test";

/// What there is to tell, oldest first.
pub async fn ids(person: &Person) -> Vec<String> {
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
    let (first, second) = (one.said().await, two.said().await);
    let expected = Said { event: Some("notification".to_owned()), data: listed, ..first.clone() };
    assert_eq!((first, second), (expected.clone(), expected));
    one.says_nothing().await;
    hers.says_nothing().await;
}

#[tokio::test]
async fn a_new_device_does_not_hear_of_itself() {
    let (world, owner) = World::claimed().await;
    let second = world.sign_in(OWNER).await;
    let mut stream = Stream::open(&second, Some("0-0")).await;
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
    assert_eq!(beat, Some(format!("id: {}", stream.at)));
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
