//! Resuming: behind the last id, without gap or repetition, from what the database holds.

use std::sync::Arc;

use milton::base::entropy::SeededEntropy;
use milton::domain::event::Event;
use serde_json::{Value, json};

use super::account::ids;
use super::reader::{EVENTS, Said, Stream};
use super::stage::{Happen, Stage, create, delete, rename};
use crate::world::{Options, World};

const OWNER: &str = "owner@milton.test";

/// A restarted server does not draw the same random numbers again.
fn other_entropy() -> Arc<SeededEntropy> {
    Arc::new(SeededEntropy::new(2))
}

/// All of it within one millisecond of the clock, and with a restart in between.
#[tokio::test]
async fn a_stream_resumes_without_gap_or_repetition() {
    let (world, owner) = World::claimed().await;
    let start = Stream::open(&owner, None).await.at.clone();
    for _ in 0..10 {
        world.sign_in(OWNER).await;
    }
    let mut stream = Stream::open(&owner, Some(&start)).await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(stream.told().await);
    }
    let at = stream.at.clone();
    drop(stream);
    let token = owner.token.clone().unwrap();
    drop(owner);
    let world = world.restart(Options { entropy: other_entropy(), ..Options::default() }).await;
    let owner = world.holder(&token);
    world.sign_in(OWNER).await;
    let mut stream = Stream::open(&owner, Some(&at)).await;
    world.sign_in(OWNER).await;
    for _ in 0..8 {
        seen.push(stream.told().await);
    }
    assert_eq!(seen, ids(&owner).await);
    stream.says_nothing().await;
    assert!(!seen.is_sorted(), "by their ids they would come in another order");
}

fn of_kind<'a>(all: &'a [Said], kind: &str) -> Vec<&'a Value> {
    all.iter().filter(|said| said.event.as_deref() == Some(kind)).map(|said| &said.data).collect()
}

/// More than is read at once, of both kinds, and wherever the stream breaks off.
#[tokio::test]
async fn from_each_place_the_rest_is_told_once_and_in_order() {
    let stage = Stage::new().await;
    let Stage { world, olga, ana, team, .. } = &stage;
    let start = Stream::open(olga, None).await.at.clone();
    let mut expected = Vec::new();
    for nth in 0..160 {
        let by = if nth % 2 == 0 { olga } else { ana };
        expected.push(create(by, team, &format!("{nth}"), None).await.rsplit('/').next().unwrap().to_owned());
        if nth % 40 == 0 {
            world.sign_in(OWNER).await;
        }
    }
    let all = 160 + 4;
    let mut whole = Stream::open(olga, Some(&start)).await;
    let mut heard = Vec::new();
    for _ in 0..all {
        heard.push(whole.said().await);
    }
    whole.says_nothing().await;
    let told = heard.iter().filter(|said| said.event.as_deref() == Some("delegation.created"));
    assert_eq!(told.map(|said| said.data["resource"]["id"].clone()).collect::<Vec<_>>(), expected);
    for place in [0, 1, 2, 62, 63, 64, 65, 100, 127, 128, 129, 162] {
        let mut stream = Stream::open(olga, heard[place].id.as_deref()).await;
        let mut again = Vec::new();
        for _ in place + 1..all {
            again.push(stream.said().await);
        }
        stream.says_nothing().await;
        // Notifications and happenings have an order each.
        for kind in ["notification", "delegation.created"] {
            assert_eq!(of_kind(&again, kind), of_kind(&heard[place + 1..], kind), "behind {place}");
        }
    }
    let mut anas = Stream::open(ana, Some(&start)).await;
    for own in expected.iter().skip(1).step_by(2) {
        assert_eq!(anas.hears("delegation.created").await["resource"]["id"], *own);
    }
    anas.says_nothing().await;
}

/// What happened to a delegation comes as itself and, to those whom it concerns, as a notification too: each once, wherever
/// the stream breaks off.
#[tokio::test]
async fn news_of_work_comes_live_and_once_across_a_resume() {
    let stage = Stage::new().await;
    let Stage { olga, mia, team, .. } = &stage;
    let mut live = Stream::open(mia, None).await;
    let mut heard = vec![Said { id: Some(live.at.clone()), event: None, data: Value::Null }];
    let path = create(olga, team, "Sweep", Some(mia)).await;
    heard.extend([live.said().await, live.said().await]);
    olga.post(&format!("{path}/comments"), &json!({"body": "With a broom"})).await.expect(201);
    heard.extend([live.said().await, live.said().await]);
    live.says_nothing().await;
    let kinds = |all: &[Said]| {
        let news = of_kind(all, "notification").into_iter().map(|data| data["kind"].clone()).collect::<Vec<_>>();
        (news, of_kind(all, "delegation.created").len(), of_kind(all, "delegation.commented").len())
    };
    assert_eq!(kinds(&heard), (vec![json!("delegation-offered"), json!("delegation-commented")], 1, 1));
    assert_eq!(of_kind(&heard, "notification").len(), ids(mia).await.len(), "the list has these, and no others");
    for place in 0..heard.len() {
        let mut stream = Stream::open(mia, heard[place].id.as_deref()).await;
        let mut again = Vec::new();
        for _ in place + 1..heard.len() {
            again.push(stream.said().await);
        }
        stream.says_nothing().await;
        for kind in ["notification", "delegation.created", "delegation.commented"] {
            assert_eq!(of_kind(&again, kind), of_kind(&heard[place + 1..], kind), "behind {place}");
        }
    }
}

#[tokio::test]
async fn what_is_told_later_is_told_as_it_is_then() {
    let stage = Stage::new().await;
    let Stage { olga, mia, ana, team, .. } = &stage;
    let (start, hers) = (Stream::open(olga, None).await.at.clone(), Stream::open(mia, None).await.at.clone());
    let path = create(olga, team, "A secret that should not have been written", Some(mia)).await;
    let gone = create(olga, team, "Gone soon", Some(mia)).await;
    rename(olga, &path, "Harmless").await;
    delete(olga, &gone).await;
    let mut stream = Stream::open(olga, Some(&start)).await;
    for event in ["delegation.created", "delegation.updated"] {
        assert_eq!(stream.hears(event).await["data"]["title"], "Harmless");
    }
    assert_eq!(stream.hears("delegation.deleted").await["deleted"], true);
    stream.says_nothing().await;
    // It goes into other hands while Mia is away: what happened while it was hers is nothing to her any more.
    olga.post(&format!("{path}/reassign"), &json!({"assignee_id": ana.id})).await.expect(200);
    let mut stream = Stream::open(mia, Some(&hers)).await.of_acts();
    assert_eq!(stream.hears("delegation.deleted").await["deleted"], true);
    stream.says_nothing().await;
}

#[tokio::test]
async fn a_place_of_ones_own_making_opens_nothing() {
    let stage = Stage::new().await;
    let Stage { world, olga, ana, bob, team, .. } = &stage;
    create(olga, team, "Secret", None).await;
    world.sign_in(OWNER).await;
    let at = Stream::open(olga, None).await.at.clone();
    let (feed, news) = at.split_once('-').unwrap();
    for place in ["0-0".to_owned(), format!("0-{news}"), format!("{feed}-0")] {
        for person in [ana, bob] {
            Stream::open(person, Some(&place)).await.says_nothing().await;
        }
    }
    for wrong in
        ["x", "1", "' OR 1=1", "-1-0", "1-2-3", "01957000-0000-7000-8000-000000000000", "9223372036854775808-0"]
    {
        let refused = ana.clone().with("last-event-id", wrong).get(EVENTS).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["pointer"], "Last-Event-ID");
    }
    assert_eq!(stage.denials().await, 0);
}

#[tokio::test]
async fn a_place_that_has_not_come_yet_is_reset() {
    let Stage { olga, team, .. } = &Stage::new().await;
    let at = Stream::open(olga, None).await.at.clone();
    let (feed, news) = at.split_once('-').unwrap();
    let [feed, news] = [feed, news].map(|part| part.parse::<i64>().unwrap());
    for place in [format!("{}-{news}", feed + 1), format!("{feed}-{}", news + 1), format!("{}-0", i64::MAX)] {
        let stream = Stream::reset(olga, &place, "ahead").await;
        assert_eq!(stream.at, at, "it goes on from now");
    }
    let mut stream = Stream::reset(olga, &format!("{}-{news}", feed + 1), "ahead").await;
    let path = create(olga, team, "Next", None).await;
    stream.hears("delegation.created").await;
    let at = stream.at.clone();
    delete(olga, &path).await;
    stream.hears("delegation.deleted").await;
    Stream::open(olga, Some(&at)).await.hears("delegation.deleted").await;
}

#[tokio::test]
async fn who_was_away_for_too_long_is_reset() {
    let stage = Stage::new().await;
    let Stage { world, olga, mia, team, .. } = &stage;
    let at = Stream::open(mia, None).await.at.clone();
    let happen = |times| Happen { event: Event::MatrixLoaded, kind: "matrix", team: team.clone(), times };
    happen(10_000).by(olga, &world.app).await;
    drop(Stream::open(mia, Some(&at)).await);
    create(mia, team, "One more", None).await;
    let mut stream = Stream::reset(mia, &at, "behind").await;
    stream.says_nothing().await;
    let path = create(mia, team, "Next", None).await;
    assert_eq!(stream.hears("delegation.created").await["data"]["title"], "Next");
    delete(mia, &path).await;
    stream.hears("delegation.deleted").await;
}
