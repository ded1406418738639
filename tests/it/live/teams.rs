//! What happens in teams: told to those who may read it at that moment, and to nobody else.

use std::time::Duration;

use milton::domain::event::Event;
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use super::reader::{EVENTS, Stream};
use super::stage::{Happen, Stage, create, delete, patch, rename};
use crate::forge;

#[tokio::test]
async fn what_happens_is_told_to_those_who_may_read_it() {
    let stage = Stage::new().await;
    let Stage { world, olga, max, mia, ana, bob, team, .. } = &stage;
    let mut hears = Vec::new();
    for person in [olga, max, mia] {
        hears.push((person, Stream::open(person, None).await.of_acts()));
    }
    let (mut anas, mut bobs) = (Stream::open(ana, None).await, Stream::open(bob, None).await);
    let path = create(olga, team, "Sweep", Some(mia)).await;
    mia.post(&format!("{path}/accept"), &json!({})).await.expect(200);
    rename(olga, &path, "Sweep twice").await;
    let size = world.audit_size();
    for (person, stream) in &mut hears {
        let told = stream.hears("delegation.created").await;
        assert_eq!((&told["team_id"], &told["at"]), (&json!(team), &json!("2026-03-01T09:00:00Z")));
        let id = path.rsplit('/').next().unwrap();
        assert_eq!(told["resource"], json!({"type": "delegation", "id": id}));
        assert_eq!(told.get("deleted"), None);
        stream.hears("delegation.accepted").await;
        let told = stream.hears("delegation.updated").await;
        assert_eq!(told["data"], person.get(&path).await.expect(200).json, "as the API shows it to them");
        assert_eq!(told["data"]["title"], "Sweep twice");
        stream.says_nothing().await;
    }
    anas.says_nothing().await;
    bobs.says_nothing().await;
    assert_eq!(world.audit_size(), size, "who is not told was not refused");
    assert_eq!(stage.denials().await, 0);
}

#[tokio::test]
async fn a_draft_is_not_told_to_whom_it_is_to_be_offered() {
    let stage = Stage::new().await;
    let Stage { max, mia, team, .. } = &stage;
    let mut stream = Stream::open(mia, None).await.of_acts();
    let body = json!({"title": "Sweep", "assignee_id": mia.id});
    let path = max.post(&format!("/api/v1/teams/{team}/delegations"), &body).await.expect(201).header("location");
    rename(max, &path, "Mop").await;
    stream.says_nothing().await;
    max.post(&format!("{path}/offer"), &json!({})).await.expect(200);
    stream.hears("delegation.offered").await;
    let draft = max.post(&format!("/api/v1/teams/{team}/delegations"), &body).await.expect(201).header("location");
    delete(max, &draft).await;
    stream.says_nothing().await;
}

#[tokio::test]
async fn the_end_of_a_thing_is_told_to_those_who_could_read_it() {
    let stage = Stage::new().await;
    let Stage { olga, max, mia, ana, bob, team, .. } = &stage;
    let path = create(mia, team, "Sweep", Some(ana)).await;
    ana.send(Method::PUT, &format!("{path}/watch"), None).await.expect(204);
    mia.post(&format!("{path}/reassign"), &json!({"assignee_id": max.id})).await.expect(200);
    let other = create(max, team, "Mop", None).await;
    let mut all = Vec::new();
    for person in [olga, max, mia, ana, bob] {
        all.push(Stream::open(person, None).await);
    }
    delete(mia, &path).await;
    delete(max, &other).await;
    let [olgas, maxs, mias, anas, bobs] = &mut all[..] else { panic!() };
    for stream in [&mut *olgas, &mut *maxs, &mut *mias, &mut *anas] {
        let told = stream.hears("delegation.deleted").await;
        assert_eq!((&told["deleted"], told.get("data")), (&json!(true), None));
        assert_eq!(told["resource"]["id"], path.rsplit('/').next().unwrap());
    }
    for stream in [olgas, maxs] {
        stream.hears("delegation.deleted").await;
    }
    for stream in [mias, anas, bobs] {
        stream.says_nothing().await;
    }
}

#[tokio::test]
async fn who_is_taken_out_of_a_team_hears_no_more_of_it_and_goes_on() {
    let stage = Stage::new().await;
    let Stage { world, olga, max, bob, team, other, .. } = &stage;
    world.cast(other, max, Some(Role::Manager));
    let mut stream = Stream::open(max, None).await;
    for nth in 0..5 {
        create(olga, team, &format!("Secret {nth}"), None).await;
    }
    olga.send(Method::DELETE, &format!("/api/v1/teams/{team}/members/{}", max.id), None).await.expect(204);
    create(olga, team, "After", None).await;
    create(bob, other, "Elsewhere", None).await;
    // He did not read until now: what was on its way to him is little, and the rest is judged when its turn comes.
    let (mut before, mut after) = (0, Vec::new());
    while after.len() < 2 {
        let said = stream.said().await;
        match said.data["data"]["title"].as_str() {
            Some(title) if title.starts_with("Secret") => before += 1,
            _ => after.push(said),
        }
    }
    assert!(before <= 2, "{before}");
    assert_eq!(after[0].data["kind"], "removed-from-team");
    assert_eq!((&after[1].data["team_id"], &after[1].data["data"]["title"]), (&json!(other), &json!("Elsewhere")));
    stream.says_nothing().await;
    assert_eq!(stage.denials().await, 0);
}

#[tokio::test]
async fn who_comes_into_a_team_hears_of_it_at_once() {
    let Stage { olga, bob, team, .. } = &Stage::new().await;
    let mut stream = Stream::open(bob, None).await;
    create(olga, team, "Before", None).await;
    let invitation = olga.post(&format!("/api/v1/teams/{team}/invitations"), &json!({"role": "manager"})).await;
    let token = invitation.expect(201).text("/token");
    bob.post("/api/v1/invitations/accept", &json!({"token": token})).await.expect(200);
    create(olga, team, "After", None).await;
    // What happened shortly before is his to read now, and may be told as well.
    let mut told = stream.hears("delegation.created").await;
    if told["data"]["title"] == "Before" {
        told = stream.hears("delegation.created").await;
    }
    assert_eq!(told["data"]["title"], "After");
    stream.says_nothing().await;
}

#[tokio::test]
async fn a_lower_role_hears_less_from_then_on() {
    let Stage { olga, max, team, .. } = &Stage::new().await;
    let mut stream = Stream::open(max, None).await.of_acts();
    create(olga, team, "For managers", None).await;
    stream.hears("delegation.created").await;
    let member = format!("/api/v1/teams/{team}/members/{}", max.id);
    olga.send(Method::PUT, &member, Some(&json!({"role": "member"}))).await.expect(204);
    let told = stream.hears("team.role.changed").await;
    assert_eq!((&told["data"]["user_id"], &told["data"]["role"]), (&json!(max.id), &json!("member")));
    create(olga, team, "Not for members", None).await;
    create(olga, team, "For Max", Some(max)).await;
    assert_eq!(stream.hears("delegation.created").await["data"]["title"], "For Max");
    stream.says_nothing().await;
}

#[tokio::test]
async fn the_team_and_its_people_are_told_of_as_the_api_shows_them() {
    let Stage { olga, max, mia, ana, bob, team, .. } = &Stage::new().await;
    let (mut stream, mut bobs) = (Stream::open(ana, None).await, Stream::open(bob, None).await);
    let path = format!("/api/v1/teams/{team}");
    patch(olga, &path, &json!({"name": "Alpha"})).await.expect(200);
    olga.send(Method::DELETE, &format!("{path}/members/{}", max.id), None).await.expect(204);
    mia.post(&format!("{path}/leave"), &Value::Null).await.expect(204);
    let told = stream.hears("team.updated").await;
    assert_eq!(told["data"], ana.get(&path).await.expect(200).json);
    assert_eq!((&told["data"]["name"], &told["data"]["my_role"]), (&json!("Alpha"), &json!("member")));
    for (event, person) in [("team.member.removed", max), ("team.member.left", mia)] {
        let told = stream.hears(event).await;
        assert_eq!((&told["deleted"], &told["resource"]), (&json!(true), &json!({"type": "user", "id": person.id})));
    }
    bobs.says_nothing().await;
}

#[tokio::test]
async fn a_team_that_is_closed_says_so_and_nothing_more() {
    let stage = Stage::new().await;
    let Stage { world, olga, mia, bob, team, .. } = &stage;
    let (mut stream, mut bobs) = (Stream::open(mia, None).await.of_acts(), Stream::open(bob, None).await);
    let path = create(olga, team, "Sweep", Some(mia)).await;
    stream.hears("delegation.created").await;
    let at = stream.at.clone();
    rename(olga, &path, "Sweep twice").await;
    stream.hears("delegation.updated").await;
    Happen { event: Event::TeamDeleted, kind: "team", team: team.clone(), times: 1 }.by(olga, &world.app).await;
    assert_eq!(stream.hears("team.deleted").await["deleted"], true);
    forge::sql(world, "UPDATE teams SET deleted_at = 1 WHERE id = ?1", [team]);
    let mut again = Stream::open(mia, Some(&at)).await.of_acts();
    assert_eq!(again.hears("team.deleted").await["deleted"], true, "of all that, its end alone");
    again.says_nothing().await;
    bobs.says_nothing().await;
}

#[tokio::test]
async fn a_key_hears_what_its_scopes_open() {
    let stage = Stage::new().await;
    let Stage { world, olga, team, .. } = &stage;
    let mut keys = Vec::new();
    for scopes in [&["notification:manage"][..], &["notification:manage", "delegation:read"], &["delegation:read"]] {
        let key = json!({"name": "Robot", "scopes": scopes});
        keys.push(world.holder(&olga.post("/api/v1/me/api-keys", &key).await.expect(201).text("/token")));
    }
    let (mut without, mut with) = (Stream::open(&keys[0], None).await, Stream::open(&keys[1], None).await);
    keys[2].get(EVENTS).await.expect(403);
    create(olga, team, "Sweep", None).await;
    patch(olga, &format!("/api/v1/teams/{team}"), &json!({"name": "Alpha"})).await.expect(200);
    world.sign_in("owner@milton.test").await;
    with.hears("delegation.created").await;
    for stream in [&mut with, &mut without] {
        stream.told().await;
        stream.says_nothing().await;
    }
    assert_eq!(world.audit(olga, "event=token.apikey.scope_denied").await.len(), 1, "the refused stream alone");
}

#[tokio::test]
async fn one_team_of_many_can_be_chosen() {
    let stage = Stage::new().await;
    let Stage { world, olga, bob, team, other, .. } = &stage;
    let (mut stream, _) = Stream::begin(olga, &format!("{EVENTS}?team={other}"), None).await;
    let (mut bobs, _) = Stream::begin(bob, &format!("{EVENTS}?team={team}"), None).await;
    create(olga, team, "Here", None).await;
    create(olga, other, "There", None).await;
    assert_eq!(stream.hears("delegation.created").await["data"]["title"], "There");
    stream.says_nothing().await;
    bobs.says_nothing().await;
    world.sign_in("owner@milton.test").await;
    stream.told().await;
    olga.get(&format!("{EVENTS}?team=x")).await.expect(422);
}

/// What cannot be told is passed over: the position moves, so that resuming does not go through it again.
#[tokio::test]
async fn what_is_passed_over_is_behind_the_stream() {
    let stage = Stage::new().await;
    let Stage { world, olga, ana, team, .. } = &stage;
    let mut stream = Stream::open(ana, None).await;
    for nth in 0..150 {
        create(olga, team, &format!("Secret {nth}"), None).await;
    }
    stream.says_nothing().await;
    let beat = stream.frame(Duration::from_secs(25)).await.unwrap();
    assert!(beat.starts_with(&format!("id: {}-", world.audit_size())), "{beat}");
    create(ana, team, "Mine", None).await;
    assert_eq!(stream.hears("delegation.created").await["data"]["title"], "Mine");
    assert_eq!(stage.denials().await, 0);
}

/// One thing that does not open must not keep the rest from being told.
#[tokio::test]
async fn what_does_not_open_is_passed_over() {
    let Stage { world, olga, team, .. } = &Stage::new().await;
    let mut stream = Stream::open(olga, None).await;
    let (first, second) = (create(olga, team, "First", None).await, create(olga, team, "Second", None).await);
    for _ in 0..2 {
        stream.hears("delegation.created").await;
    }
    let at = stream.at.clone();
    rename(olga, &first, "First again").await;
    rename(olga, &second, "Second again").await;
    for _ in 0..2 {
        stream.hears("delegation.updated").await;
    }
    let swapped = "UPDATE delegations SET title_sealed = (SELECT title_sealed FROM delegations d WHERE d.id = ?2) \
        WHERE id = ?1";
    let ids = [&first, &second].map(|path| path.rsplit('/').next().unwrap());
    assert_eq!(forge::sql(world, swapped, ids), 1);
    let mut again = Stream::open(olga, Some(&at)).await;
    let told = again.hears("delegation.updated").await;
    assert_eq!(told["data"]["title"], "Second again");
    again.says_nothing().await;
}

/// What waits for a reader who takes nothing is not theirs because it was once.
#[tokio::test]
async fn what_waited_is_not_handed_over_to_whoever_was_removed_meanwhile() {
    let Stage { olga, max, team, .. } = &Stage::new().await;
    let mut stream = Stream::open(max, None).await;
    for nth in 0..4 {
        create(olga, team, &format!("Lighthouse {nth}"), None).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    delete(olga, &format!("/api/v1/teams/{team}/members/{}", max.id)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let told = stream.everything().await;
    assert!(!told.contains("Lighthouse"), "{told}");
    assert!(told.contains("removed-from-team"), "{told}");
}

#[tokio::test]
async fn news_that_waited_name_nothing_to_whoever_was_removed_meanwhile() {
    let Stage { olga, mia, team, .. } = &Stage::new().await;
    let mut stream = Stream::open(mia, None).await;
    for nth in 0..4 {
        create(olga, team, &format!("Lighthouse {nth}"), Some(mia)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    delete(olga, &format!("/api/v1/teams/{team}/members/{}", mia.id)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let told = stream.everything().await;
    assert!(told.contains("delegation-offered") && !told.contains("Lighthouse"), "{told}");
    // Nor does a stream that resumes behind the news name it.
    let mut again = Stream::begin(mia, EVENTS, Some("0-0")).await.0;
    let told = again.everything().await;
    assert!(told.contains("delegation-offered") && !told.contains("Lighthouse"), "{told}");
}
