//! Lists: each filter, each order, and pages that hold while rows come, go and change.

use std::collections::BTreeSet;
use std::time::Duration;

use milton::base::clock::Timestamp;
use poem::http::Method;
use serde_json::{Value, json};

use super::step;
use crate::world::{Options, Person, World};

const PRIORITIES: [&str; 4] = ["low", "normal", "high", "urgent"];

struct Stage {
    world: World,
    olga: Person,
    ana: Person,
    team: String,
}

impl Stage {
    async fn new() -> Self {
        let world = World::with(Options::default().unlimited());
        let olga = world.claim("Olga").await;
        let team = world.team(&olga, "Ops").await;
        let ana = world.join(&olga, &team, "member", "Ana").await;
        Self { world, olga, ana, team }
    }

    fn list(&self) -> String {
        format!("/api/v1/teams/{}/delegations", self.team)
    }

    async fn make(&self, who: &Person, body: Value) -> String {
        self.world.pass(Duration::from_millis(7));
        who.post(&self.list(), &body).await.expect(201).header("location")
    }

    /// Twelve of Olga's: some due, some not, of every priority, in no order.
    async fn dozen(&self) -> Vec<String> {
        let mut made = Vec::new();
        for nth in 0..12 {
            let mut body = json!({"title": format!("No. {nth}"), "priority": PRIORITIES[nth * 7 % 4]});
            if nth % 3 != 0 {
                body["due_at"] = json!(format!("2026-03-{:02}T10:00:00Z", 2 + nth * 5 % 11));
            }
            made.push(self.make(&self.olga, body).await);
        }
        made
    }
}

async fn titles(who: &Person, path: &str) -> Vec<String> {
    let answer = who.get(path).await.expect(200);
    answer.json["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

/// Every page, each item once.
async fn walk(who: &Person, path: &str) -> Vec<Value> {
    let (mut items, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(page) = next {
        let answer = who.get(&page).await.expect(200);
        items.extend(answer.json["items"].as_array().unwrap().clone());
        next = answer.json["next_cursor"].as_str().map(|cursor| format!("{path}&cursor={cursor}"));
    }
    items
}

/// What a list is sorted by.
fn key(order: &str, item: &Value) -> (i64, String) {
    let at = |field: &str| item[field].as_str().map_or(i64::MAX, |text| Timestamp::parse(text).unwrap().micros());
    let number = match order {
        "priority" => (0..).zip(PRIORITIES).find(|(_, name)| *name == item["priority"]).unwrap().0,
        "created" => 0,
        "updated" => at("updated_at"),
        _ => at("due_at"),
    };
    (number, item["id"].to_string())
}

#[tokio::test]
async fn every_order_is_one_and_pages_follow_it() {
    let stage = Stage::new().await;
    let made = stage.dozen().await;
    for path in [&made[3], &made[8], &made[1]] {
        stage.world.pass(Duration::from_secs(1));
        let editor = stage.olga.clone().with("if-match", "*");
        editor.send(Method::PATCH, path, Some(&json!({"body": "Changed"}))).await.expect(200);
    }
    for order in ["created", "updated", "due", "priority"] {
        for list in [stage.list(), "/api/v1/me/delegations".to_owned()] {
            let whole = walk(&stage.olga, &format!("{list}?sort={order}&limit=100")).await;
            let keys: Vec<_> = whole.iter().map(|item| key(order, item)).collect();
            let mut sorted = keys.clone();
            sorted.sort();
            if order != "due" {
                sorted.reverse();
            }
            assert_eq!((keys.len(), &keys), (12, &sorted), "{order} in {list}");
            for limit in [1, 5] {
                assert_eq!(walk(&stage.olga, &format!("{list}?sort={order}&limit={limit}")).await, whole, "{order}");
            }
        }
    }
    assert_eq!(
        titles(&stage.olga, &format!("{}?sort=updated&limit=3", stage.list())).await,
        ["No. 1", "No. 8", "No. 3"]
    );
    let due = walk(&stage.olga, &format!("{}?sort=due&limit=100", stage.list())).await;
    assert!(
        due[..8].iter().all(|item| item["due_at"].is_string()) && due[8..].iter().all(|item| item["due_at"].is_null())
    );
}

#[tokio::test]
async fn pages_hold_while_rows_come_go_and_change() {
    let stage = Stage::new().await;
    let made = stage.dozen().await;
    for (order, gone) in [("created", 4), ("updated", 5), ("due", 7), ("priority", 8)] {
        let path = format!("{}?sort={order}&limit=3", stage.list());
        let quiet: BTreeSet<_> = walk(&stage.olga, &path).await.iter().map(|item| item["id"].to_string()).collect();
        let (mut seen, mut next) = (Vec::new(), Some(path.clone()));
        let mut nth = 0;
        while let Some(page) = next {
            let answer = stage.olga.get(&page).await.expect(200);
            seen.extend(answer.json["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()));
            next = answer.json["next_cursor"].as_str().map(|cursor| format!("{path}&cursor={cursor}"));
            if nth == 0 {
                stage.olga.send(Method::DELETE, &made[gone], None).await.expect(204);
                stage.make(&stage.olga, json!({"title": "New", "priority": "urgent"})).await;
            }
            nth += 1;
        }
        let gone = format!("\"{}\"", made[gone].rsplit('/').next().unwrap());
        let once: BTreeSet<_> = seen.iter().cloned().collect();
        assert_eq!(once.len(), seen.len(), "{order}: nothing twice");
        assert!(quiet.iter().filter(|id| **id != gone).all(|id| once.contains(id)), "{order}: nothing left out");
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list_its_order_and_its_filter() {
    let stage = Stage::new().await;
    stage.dozen().await;
    let list = stage.list();
    let cursor = stage.olga.get(&format!("{list}?sort=due&limit=2")).await.expect(200).text("/next_cursor");
    stage.olga.get(&format!("{list}?sort=due&limit=7&cursor={cursor}")).await.expect(200);
    let other = stage.world.team(&stage.olga, "Other").await;
    for foreign in [
        format!("{list}?cursor={cursor}"),
        format!("{list}?sort=priority&cursor={cursor}"),
        format!("{list}?sort=due&state=draft&cursor={cursor}"),
        format!("{list}?sort=due&label=x&cursor={cursor}"),
        format!("/api/v1/me/delegations?sort=due&cursor={cursor}"),
        format!("/api/v1/teams/{other}/delegations?sort=due&cursor={cursor}"),
    ] {
        stage.olga.get(&foreign).await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn each_filter_and_all_together() {
    let stage = Stage::new().await;
    let (olga, ana) = (&stage.olga, &stage.ana);
    let one = json!({"title": "One", "assignee_id": ana.id, "offer": true, "priority": "high", "labels": ["Home", "Yard"],
        "due_at": "2026-03-02T10:00:00Z"});
    let path = stage.make(olga, one).await;
    step(ana, &path, "accept").await.expect(200);
    stage
        .make(olga, json!({"title": "Two", "priority": "low", "labels": ["home"], "due_at": "2026-03-05T10:00:00Z"}))
        .await;
    stage.make(ana, json!({"title": "Three", "assignee_id": olga.id, "offer": true, "labels": ["Work"]})).await;
    for (query, expected) in [
        ("state=accepted".to_owned(), vec!["One"]),
        (format!("assignee_id={}", ana.id), vec!["One"]),
        (format!("delegator_id={}", ana.id), vec!["Three"]),
        ("due_before=2026-03-05T10:00:00Z".to_owned(), vec!["One"]),
        ("due_after=2026-03-02T10:00:00Z".to_owned(), vec!["Two"]),
        ("priority=low".to_owned(), vec!["Two"]),
        ("label=HOME".to_owned(), vec!["Two", "One"]),
        ("label=yard".to_owned(), vec!["One"]),
        ("label=ho".to_owned(), vec![]),
        ("overdue=true".to_owned(), vec![]),
        (
            format!("state=accepted&label=home&priority=high&assignee_id={}&due_after=2026-03-01T10:00:00Z", ana.id),
            vec!["One"],
        ),
        ("label=home&priority=urgent".to_owned(), vec![]),
    ] {
        for order in ["created", "updated", "priority"] {
            let mut expected = expected.clone();
            if order == "priority" && expected.len() == 2 {
                expected.reverse();
            }
            assert_eq!(
                titles(olga, &format!("{}?sort={order}&{query}", stage.list())).await,
                expected,
                "{query} {order}"
            );
            assert_eq!(
                titles(olga, &format!("/api/v1/me/delegations?sort={order}&{query}")).await,
                expected,
                "{query}"
            );
        }
    }
    stage.world.pass(Duration::from_hours(26));
    let olga = stage.world.sign_in_again(olga).await;
    assert_eq!(titles(&olga, &format!("{}?overdue=true", stage.list())).await, ["One"]);
}

#[tokio::test]
async fn labels_change_with_the_delegation_and_are_each_teams_own() {
    let stage = Stage::new().await;
    let path = stage.make(&stage.olga, json!({"title": "One", "labels": ["Home"]})).await;
    let other = stage.world.team(&stage.olga, "Other").await;
    let elsewhere = format!("/api/v1/teams/{other}/delegations");
    stage.world.pass(Duration::from_millis(5));
    stage.olga.post(&elsewhere, &json!({"title": "Far", "labels": ["home"]})).await.expect(201);
    assert_eq!(crate::forge::number(&stage.world, "SELECT count(DISTINCT label_bidx) FROM delegation_labels"), 2);
    assert_eq!(titles(&stage.olga, "/api/v1/me/delegations?label=home").await, ["Far", "One"]);
    assert_eq!(walk(&stage.olga, "/api/v1/me/delegations?label=home&limit=1").await.len(), 2);
    assert_eq!(titles(&stage.olga, &format!("{}?label=home", stage.list())).await, ["One"]);
    let editor = stage.olga.clone().with("if-match", "*");
    editor.send(Method::PATCH, &path, Some(&json!({"labels": ["Yard"]}))).await.expect(200);
    assert!(titles(&stage.olga, &format!("{}?label=home", stage.list())).await.is_empty());
    assert_eq!(titles(&stage.olga, &format!("{}?label=yard", stage.list())).await, ["One"]);
}

#[tokio::test]
async fn my_list_shows_my_sides_of_it_and_no_others() {
    let stage = Stage::new().await;
    let ben = stage.world.join(&stage.olga, &stage.team, "member", "Ben").await;
    stage.make(&stage.ana, json!({"title": "Given"})).await;
    stage.make(&stage.olga, json!({"title": "Had", "assignee_id": stage.ana.id, "offer": true})).await;
    let watched =
        stage.make(&stage.olga, json!({"title": "Watched", "assignee_id": stage.ana.id, "offer": true})).await;
    stage.ana.send(Method::PUT, &format!("{watched}/watch"), None).await.expect(204);
    stage.olga.post(&format!("{watched}/reassign"), &json!({"assignee_id": ben.id})).await.expect(200);
    stage.make(&stage.olga, json!({"title": "Not hers", "assignee_id": ben.id, "offer": true})).await;
    let mine = "/api/v1/me/delegations";
    for (role, expected) in [("delegator", "Given"), ("assignee", "Had"), ("watcher", "Watched")] {
        assert_eq!(titles(&stage.ana, &format!("{mine}?role={role}")).await, [expected]);
    }
    assert!(titles(&stage.ana, &format!("{mine}?role=guest")).await.is_empty());
    assert_eq!(titles(&stage.ana, mine).await, ["Watched", "Had", "Given"]);
    assert_eq!(titles(&stage.ana, &stage.list()).await, ["Watched", "Had", "Given"]);
    stage.world.cast(&stage.team, &stage.ana, None);
    assert!(titles(&stage.ana, mine).await.is_empty());
}
