//! Versions, names and lists: nothing is lost to a slower writer, and nothing of what was deleted is found.

use std::time::Duration;

use poem::http::Method;
use serde_json::{Value, json};

use super::{MINE, PASSWORD, Stage, delete, id_of, login, names, put, rename, reveal};
use crate::world::{Person, World};

async fn opened(person: &Person, path: &str, version: i64) -> Value {
    let path = format!("{path}/reveal?version={version}");
    person.send(Method::POST, &path, None).await.expect(200).json["payload"].clone()
}

#[tokio::test]
async fn each_payload_stays_and_comes_back_as_a_new_version() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    let newer = json!({"username": "root", "password": "second"});
    let second = put(&stage.max, &path, "\"1\"", &newer).await.expect(200);
    assert_eq!((&second.json["version"], &second.json["username"]), (&json!(2), &json!("root")));
    assert!(second.json.get("url").is_none(), "the facts are the newest payload's: {}", second.text);
    assert_eq!(opened(&stage.max, &path, 1).await, login("")["payload"]);
    assert_eq!(opened(&stage.max, &path, 2).await, newer);
    reveal(&stage.max, &format!("{path}/nothing")).await.expect(404);
    stage.max.send(Method::POST, &format!("{path}/reveal?version=3"), None).await.problem(404, "not-found");

    let back = stage.max.post(&format!("{path}/restore"), &json!({"version": 1})).await.expect(200);
    assert_eq!((&back.json["version"], &back.json["username"]), (&json!(3), &json!("ops@example.org")));
    assert!(!back.text.contains(PASSWORD.trim()), "bringing it back shows nothing");
    assert_eq!(opened(&stage.max, &path, 3).await["password"], PASSWORD);
    stage.max.post(&format!("{path}/restore"), &json!({"version": 9})).await.problem(404, "not-found");
    let listed = stage.max.get(&format!("{path}/versions?limit=2")).await.expect(200);
    assert_eq!(listed.json["items"][0]["version"], 3);
    assert!(
        listed.json["items"][0].get("superseded_at").is_none() && listed.json["items"][1]["superseded_at"].is_string()
    );
    let cursor = listed.text("/next_cursor");
    let rest = stage.max.get(&format!("{path}/versions?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!(rest.json["items"][0]["version"], 1);
    assert!(!listed.text.contains("second") && !rest.text.contains(PASSWORD.trim()));
}

#[tokio::test]
async fn a_share_opens_the_newest_version_and_none_before_it() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    put(&stage.max, &path, "\"1\"", &json!({"username": "root", "password": "second"})).await.expect(200);
    stage.share(&path, json!({"role": "member"})).await;
    assert_eq!(reveal(&stage.mia, &path).await.expect(200).json["payload"]["password"], "second");
    assert_eq!(opened(&stage.mia, &path, 2).await["password"], "second");
    let of = |version: i64| format!("{path}/reveal?version={version}");
    for version in [1, 3] {
        stage.mia.send(Method::POST, &of(version), None).await.problem(403, "access-denied");
    }
    // Whoever may look into its history may look into its versions.
    for person in [&stage.max, &stage.olga] {
        assert_eq!(opened(person, &path, 1).await["password"], PASSWORD);
    }
    stage.world.cast(&stage.team, &stage.mia, Some(milton::domain::role::Role::Manager));
    stage.mia.send(Method::POST, &of(1), None).await.problem(403, "access-denied");
    assert_eq!(opened(&stage.mia, &path, 2).await["password"], "second");
}

#[tokio::test]
async fn a_slower_writer_overwrites_nothing() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    let tag = stage.max.get(&path).await.expect(200).header("etag");
    rename(&stage.olga, &path, &tag, "Core router").await.expect(200);
    let late = stage.max.clone().with("if-match", &tag);
    let restore = late.post(&format!("{path}/restore"), &json!({"version": 1})).await;
    for refused in [
        put(&stage.max, &path, &tag, &json!({"password": "late"})).await,
        rename(&stage.max, &path, &tag, "Late").await,
        delete(&late, &path).await,
        restore,
    ] {
        refused.problem(412, "precondition-failed");
    }
    let now = stage.max.get(&path).await.expect(200);
    assert_eq!((&now.json["name"], &now.json["version"]), (&json!("Core router"), &json!(1)));
    let without = stage.max.send(Method::PUT, &format!("{path}/payload"), Some(&json!({"password": "x"}))).await;
    assert!(without.status.is_client_error(), "a payload is never replaced unseen: {}", without.text);
}

#[tokio::test]
async fn a_payload_fits_its_kind() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    let pointers = |answer: crate::world::Answer| {
        let answer = answer.problem(422, "invalid");
        assert!(!answer.text.contains("hunter2"), "{}", answer.text);
        let errors = answer.json["errors"].as_array().unwrap().iter();
        errors.map(|error| error["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(pointers(put(&stage.max, &path, "*", &json!({"key": "hunter2"})).await), ["/key"]);
    for (kind, payload, pointer) in [
        ("note", json!({"password": "hunter2", "text": "x"}), "/payload/password"),
        ("note", json!({}), "/payload/text"),
        ("api-key", json!({"notes": "hunter2"}), "/payload/key"),
        ("certificate", json!({"chain": "hunter2"}), "/payload/chain"),
        ("login", json!({"pasword": "hunter2"}), "/payload/pasword"),
        ("login", json!({"password": null}), "/payload/password"),
        ("login", json!({"password": 7}), "/payload/password"),
        ("card", json!({}), "/kind"),
        ("note", json!({"text": "x".repeat(70_000)}), "/payload"),
    ] {
        let body = json!({"kind": kind, "name": "Router", "payload": payload});
        assert_eq!(pointers(stage.max.post(&stage.list, &body).await), [pointer], "{kind}");
        assert_eq!(pointers(stage.max.post(MINE, &body).await), [pointer], "{kind}");
    }
    for name in ["", "a\u{202e}b", &"x".repeat(201)] {
        let body = json!({"kind": "note", "name": name, "payload": {"text": "x"}});
        assert_eq!(pointers(stage.max.post(MINE, &body).await), ["/name"]);
    }
}

#[tokio::test]
async fn nothing_of_what_was_deleted_is_found() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    stage.share(&path, json!({"role": "member"})).await;
    delete(&stage.max, &path).await.expect(204);
    for person in [&stage.olga, &stage.max, &stage.mia] {
        assert_eq!(stage.names(person, "").await, [""; 0]);
        assert_eq!(stage.names(person, "name=Router").await, [""; 0]);
    }
    let versions = stage.olga.get(&format!("{path}/versions")).await;
    let restored = stage.olga.post(&format!("{path}/restore"), &json!({"version": 1})).await;
    let shares = stage.olga.get(&format!("{path}/shares")).await;
    for gone in [reveal(&stage.olga, &path).await, stage.olga.get(&path).await, versions, restored, shares] {
        gone.problem(404, "not-found");
    }
    reveal(&stage.mia, &path).await.problem(403, "access-denied");
    let again = stage.login("Router").await;
    assert_eq!(stage.names(&stage.max, "name=router").await, ["Router"]);
    assert_ne!(id_of(&again), id_of(&path));
}

#[tokio::test]
async fn lists_are_found_through_by_name_kind_and_page() {
    let stage = Stage::new().await;
    for name in ["Router", "Switch", "ROUTER"] {
        stage.login(name).await;
    }
    let note = json!({"kind": "note", "name": "Router", "payload": {"text": "x"}});
    stage.world.pass(Duration::from_millis(1));
    stage.max.post(&stage.list, &note).await.expect(201);
    stage.olga.post(MINE, &note).await.expect(201);
    assert_eq!(stage.names(&stage.max, "").await, ["Router", "ROUTER", "Switch", "Router"]);
    assert_eq!(stage.names(&stage.max, "name=%20rOuTer").await, ["Router", "ROUTER", "Router"]);
    assert_eq!(stage.names(&stage.max, "name=rout").await, [""; 0]);
    assert_eq!(stage.names(&stage.max, "name=router&kind=note").await, ["Router"]);
    assert_eq!(stage.names(&stage.max, "kind=certificate").await, [""; 0]);
    assert_eq!(names(&stage.olga.get(&format!("{MINE}?name=router")).await.expect(200)), ["Router"]);
    assert_eq!(names(&stage.max.get(&format!("{MINE}?name=router")).await.expect(200)), [""; 0]);
    let (mut seen, mut query) = (Vec::new(), "limit=1".to_owned());
    for _ in 0..4 {
        let page = stage.max.get(&format!("{}?{query}", stage.list)).await.expect(200);
        seen.extend(names(&page));
        query = format!("limit=1&cursor={}", page.json["next_cursor"].as_str().unwrap_or_default());
    }
    assert_eq!(seen, ["Router", "ROUTER", "Switch", "Router"]);
}

#[tokio::test]
async fn passwords_are_made_to_measure() {
    let (world, olga) = World::claimed().await;
    let generate = |query: &str| {
        let (olga, path) = (olga.clone(), format!("{MINE}/generate?{query}"));
        async move { olga.get(&path).await }
    };
    let made = generate("").await.expect(200);
    assert_eq!(made.text("/password").chars().count(), 20);
    assert_eq!((&made.json["score"], made.header("cache-control")), (&json!(4), "no-store".to_owned()));
    assert_ne!(made.text("/password"), generate("").await.text("/password"));
    let digits = generate("length=8&letters=false&symbols=false").await.expect(200).text("/password");
    assert!(digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_digit()), "{digits}");
    assert_eq!(generate("words=7").await.expect(200).text("/password").split('-').count(), 7);
    for wrong in ["length=7", "length=129", "words=3", "words=17", "letters=false&digits=false&symbols=false"] {
        generate(wrong).await.expect(422);
    }
    let before = world.audit_size();
    generate("length=128").await.expect(200);
    assert_eq!(world.audit_size(), before, "what was made is nobody's business");
}
