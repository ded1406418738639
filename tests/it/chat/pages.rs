//! Messages are read both ways, without a gap and without a duplicate, while others arrive.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::{Stage, items, say};
use crate::world::{Answer, Person};

fn bodies(answer: &Answer) -> Vec<String> {
    items(answer).iter().map(|item| item["body"].as_str().unwrap().to_owned()).collect()
}

fn cursor(answer: &Answer, name: &str) -> Option<String> {
    answer.json.get(name).and_then(Value::as_str).map(ToOwned::to_owned)
}

async fn read(person: &Person, conversation: &str, query: &str) -> Answer {
    person.get(&format!("{conversation}/messages?{query}")).await.expect(200)
}

#[tokio::test]
async fn from_the_newest_back_to_the_first_and_on_to_what_came_since() {
    let stage = Stage::unlimited().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    let empty = read(&stage.ben, &conversation, "").await;
    assert_eq!((cursor(&empty, "prev_cursor"), cursor(&empty, "next_cursor")), (None, None));
    for nth in 0..7 {
        say(&stage.ana, &conversation, &format!("{nth}")).await;
    }
    let newest = read(&stage.ben, &conversation, "limit=3").await;
    assert_eq!(bodies(&newest), ["4", "5", "6"], "the newest, the oldest of them first");
    let mut all = bodies(&newest);
    let mut back = cursor(&newest, "prev_cursor");
    let mut arriving = 7;
    while let Some(before) = back {
        say(&stage.ana, &conversation, &format!("{arriving}")).await;
        arriving += 1;
        let page = read(&stage.ben, &conversation, &format!("limit=3&before={before}")).await;
        all.splice(0..0, bodies(&page));
        back = cursor(&page, "prev_cursor");
    }
    assert_eq!(all, ["0", "1", "2", "3", "4", "5", "6"]);
    let mut forth = cursor(&newest, "next_cursor").unwrap();
    loop {
        let page = read(&stage.ben, &conversation, &format!("limit=1&after={forth}")).await;
        forth = cursor(&page, "next_cursor").unwrap();
        if bodies(&page).is_empty() {
            break;
        }
        all.extend(bodies(&page));
    }
    assert_eq!(all, ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
    say(&stage.ana, &conversation, "last").await;
    let later = read(&stage.ben, &conversation, &format!("after={forth}")).await;
    assert_eq!(bodies(&later), ["last"], "an empty page leads on as well");
    let before = cursor(&later, "prev_cursor").unwrap();
    assert_eq!(bodies(&read(&stage.ben, &conversation, &format!("limit=2&before={before}")).await), ["7", "8"]);
}

#[tokio::test]
async fn nothing_is_missed_or_seen_twice_while_many_talk_at_once() {
    let stage = Stage::unlimited().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben, &stage.mia]).await;
    let first = say(&stage.ana, &conversation, "begin").await;
    let senders = [&stage.ana, &stage.mia].map(|person| {
        let (person, conversation) = (person.clone(), conversation.clone());
        async move {
            for nth in 0..40 {
                say(&person, &conversation, &format!("{} {nth}", person.id)).await;
            }
        }
    });
    let begun = read(&stage.ben, &conversation, "limit=1").await;
    let reader = async {
        let mut forth = cursor(&begun, "next_cursor").unwrap();
        let mut seen = items(&begun);
        while seen.len() < 81 {
            let page = read(&stage.ben, &conversation, &format!("limit=7&after={forth}")).await;
            forth = cursor(&page, "next_cursor").unwrap();
            let new = items(&page);
            if new.is_empty() {
                // Lets the others talk: nothing here waits for anything else.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            seen.extend(new);
        }
        seen
    };
    let (seen, _) = tokio::join!(reader, super::at_once(senders.into_iter()));
    let ids: BTreeSet<_> = seen.iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!((seen.len(), ids.len()), (81, 81), "from {first} on");
}

#[tokio::test]
async fn foreign_cursors_are_refused_by_name() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    say(&stage.ana, &conversation, "Hello").await;
    let here = cursor(&read(&stage.ana, &conversation, "").await, "next_cursor").unwrap();
    for (query, pointer) in [
        ("before=%2A".to_owned(), "before"),
        ("after=%2A".to_owned(), "after"),
        ("before=YWJj".to_owned(), "before"),
        ("after=YWJj".to_owned(), "after"),
        (format!("before={here}&after={here}"), "before"),
    ] {
        let refused = stage.ana.get(&format!("{conversation}/messages?{query}")).await.problem(422, "invalid");
        assert_eq!(refused.text("/errors/0/pointer"), pointer, "{query}");
    }
    for limit in ["0", "101"] {
        stage.ana.get(&format!("{conversation}/messages?limit={limit}")).await.problem(422, "invalid");
    }
    for list in [stage.list(), "/api/v1/me/conversations".to_owned()] {
        for foreign in ["YWJj", "YS1i", here.as_str()] {
            stage.ana.get(&format!("{list}?cursor={foreign}")).await.problem(422, "invalid");
        }
    }
}

#[tokio::test]
async fn conversations_come_in_pages_by_their_newest_activity() {
    let stage = Stage::unlimited().await;
    let mut groups = Vec::new();
    for _ in 0..5 {
        stage.world.pass(std::time::Duration::from_millis(5));
        groups.push(stage.group(&stage.ana, &[&stage.ben]).await);
    }
    stage.group(&stage.ana, &[&stage.mia]).await;
    say(&stage.ana, &groups[1], "Up").await;
    say(&stage.ben, &groups[0], "Higher").await;
    for list in [stage.list(), "/api/v1/me/conversations".to_owned()] {
        let mut found = Vec::new();
        let mut next = Some(format!("{list}?limit=2"));
        while let Some(path) = next {
            let page = stage.ben.get(&path).await.expect(200);
            found.extend(items(&page).iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            next = cursor(&page, "next_cursor").map(|cursor| format!("{list}?limit=2&cursor={cursor}"));
        }
        let expected: Vec<_> = [0, 1, 4, 3, 2].map(|nth: usize| super::id_of(&groups[nth]).to_owned()).into();
        assert_eq!(found, expected, "{list}");
    }
}
