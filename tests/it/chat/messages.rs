//! Messages: sending, editing, deleting, and what stays of them.

use poem::http::Method;
use rusqlite::{Connection, params};
use serde_json::json;

use super::{Stage, at_once, delete, edit, id_of, items, say};
use crate::forge;

#[tokio::test]
async fn what_is_said_is_read_by_the_others() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    let sent = stage.ana.post(&format!("{conversation}/messages"), &json!({"body": "  Two\nlines "})).await.expect(201);
    assert_eq!(sent.header("ratelimit"), "\"messages\";r=59");
    let path = sent.header("location");
    assert_eq!(path, format!("{conversation}/messages/{}", sent.text("/id")));
    let seen = stage.ben.get(&path).await.expect(200);
    assert_eq!((&seen.json, seen.header("etag")), (&sent.json, sent.header("etag")));
    assert_eq!(seen.text("/body"), "  Two\nlines ", "as it was written");
    let listed = stage.ben.get(&stage.list()).await.expect(200);
    assert_eq!(listed.text("/items/0/last_message/text"), "  Two\nlines ");
    assert_eq!(listed.text("/items/0/title"), "Lighthouse");
    let row = &stage.world.audit(&stage.olga, &format!("resource_id={}", sent.text("/id"))).await[0];
    assert_eq!((&row["event"], &row["scope"]), (&json!("conversation.message.sent"), &json!(stage.team)));
    assert_eq!(row["resource_type"], "message");
    for bad in ["", " \n", "\u{200b}", &"x".repeat(8_001), "a\u{7}b"] {
        let refused = stage.ana.post(&format!("{conversation}/messages"), &json!({"body": bad})).await;
        assert_eq!(refused.problem(422, "invalid").text("/errors/0/pointer"), "/body", "{bad:?}");
    }
    say(&stage.ana, &conversation, &"ä".repeat(8_000)).await;
    let preview = stage.ben.get(&conversation).await.expect(200).text("/last_message/text");
    assert_eq!(preview, "ä".repeat(200));
}

#[tokio::test]
async fn its_author_alone_edits_and_deletes() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.olga, &[&stage.ana, &stage.ben]).await;
    let path = say(&stage.ana, &conversation, "First").await;
    for other in [&stage.olga, &stage.ben, &stage.mia] {
        edit(other, &path, &json!({"body": "Forged"})).await.problem(403, "access-denied");
        delete(other, &path).await.problem(403, "access-denied");
    }
    let seen = stage.ana.get(&path).await.expect(200).header("etag");
    let editor = stage.ana.clone().with("if-match", &seen);
    let edited = editor.send(Method::PATCH, &path, Some(&json!({"body": "Second"}))).await.expect(200);
    assert!(edited.json["edited_at"].is_string());
    let late = editor.send(Method::PATCH, &path, Some(&json!({"body": "Third"}))).await;
    late.problem(412, "precondition-failed");
    editor.send(Method::DELETE, &path, None).await.problem(412, "precondition-failed");
    stage.ana.send(Method::PATCH, &path, Some(&json!({"body": "x"}))).await.problem(422, "invalid");
    assert_eq!(stage.ben.get(&path).await.expect(200).text("/body"), "Second");

    stage.ana.post(&format!("{conversation}/leave"), &json!({})).await.expect(204);
    edit(&stage.ana, &path, &json!({"body": "From outside"})).await.problem(403, "access-denied");
    delete(&stage.ana, &path).await.problem(403, "access-denied");
}

#[tokio::test]
async fn of_two_edits_of_one_version_one_wins_and_the_other_hears_412() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    let path = say(&stage.ana, &conversation, "First").await;
    let editor = stage.ana.clone().with("if-match", "\"1\"");
    let edits = (0..8).map(|nth| {
        let (editor, path) = (editor.clone(), path.clone());
        async move { editor.send(Method::PATCH, &path, Some(&json!({"body": format!("No. {nth}")}))).await }
    });
    let answers = at_once(edits).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status.is_success()).collect();
    assert_eq!(won.len(), 1);
    assert!(answers.iter().all(|answer| [200, 412].contains(&answer.status.as_u16())));
    assert_eq!(stage.ben.get(&path).await.expect(200).text("/body"), won[0].text("/body"));
}

#[tokio::test]
async fn of_a_deleted_message_the_place_stays_and_nothing_it_said() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    say(&stage.ana, &conversation, "First").await;
    let body = json!({"body": "The lighthouse, Ben", "mentions": [stage.ben.id]});
    let path = stage.ana.post(&format!("{conversation}/messages"), &body).await.expect(201).header("location");
    let words = || forge::count(&stage.world, "search_index");
    let before = words();
    delete(&stage.ana, &path).await.expect(204);
    assert_eq!(words(), before - 3, "it is not found any more");
    let left = stage.ben.get(&path).await.expect(200);
    assert_eq!((&left.json["deleted"], left.json.get("body")), (&json!(true), None));
    assert_eq!(left.json["mentions"], json!([]));
    let listed = items(&stage.ben.get(&format!("{conversation}/messages")).await);
    assert_eq!(listed.len(), 2);
    let shown = stage.ben.get(&conversation).await.expect(200);
    assert_eq!(shown.json["last_message"].get("text"), None);
    let sealed = "SELECT count(*) FROM messages WHERE body_sealed IS NOT NULL";
    assert_eq!(forge::number(&stage.world, sealed), 1);
    assert_eq!(forge::count(&stage.world, "message_mentions"), 0);
    edit(&stage.ana, &path, &json!({"body": "Back"})).await.problem(409, "wrong-state");
    delete(&stage.ana, &path).await.problem(409, "wrong-state");
    stage.ben.post(&format!("{path}/report"), &json!({})).await.problem(409, "wrong-state");
}

#[tokio::test]
async fn what_is_edited_is_found_by_its_new_words_alone() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    let before = forge::count(&stage.world, "search_index");
    let path = say(&stage.ana, &conversation, "red green blue").await;
    assert_eq!(forge::count(&stage.world, "search_index"), before + 3);
    edit(&stage.ana, &path, &json!({"body": "red yellow"})).await.expect(200);
    assert_eq!(forge::count(&stage.world, "search_index"), before + 2);
}

#[tokio::test]
async fn the_sixty_first_message_within_the_minute_answers_429() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    for nth in 0..60 {
        say(&stage.ana, &conversation, &format!("No. {nth}")).await;
    }
    let messages = format!("{conversation}/messages");
    let refused = stage.ana.post(&messages, &json!({"body": "One more"})).await.problem(429, "quota-exceeded");
    assert_eq!(refused.header("ratelimit-policy"), "\"messages\";q=60;w=60");
    say(&stage.ben, &conversation, "Mine is another").await;
    stage.world.pass(std::time::Duration::from_secs(1));
    say(&stage.ana, &conversation, "A second later").await;
    assert_eq!(forge::count(&stage.world, "messages"), 62);
}

#[tokio::test]
async fn a_sealed_text_opens_in_its_own_message_and_team_alone() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    let paths = [say(&stage.ana, &conversation, "The lighthouse").await, say(&stage.ana, &conversation, "Ours").await];
    let elsewhere = stage.world.team(&stage.olga, "Elsewhere").await;
    stage.world.cast(&elsewhere, &stage.ana, Some(milton::domain::role::Role::Member));
    let body = json!({"kind": "group", "title": "There", "participant_ids": [stage.olga.id]});
    let there = format!("/api/v1/teams/{elsewhere}/conversations");
    let far = stage.ana.post(&there, &body).await.expect(201).header("location");

    let rows = Connection::open(stage.world.folder().join("milton.db")).unwrap();
    let [one, other] = paths.each_ref().map(|path| id_of(path));
    let body = |id: &str| -> Vec<u8> {
        rows.query_row("SELECT body_sealed FROM messages WHERE id = ?1", [id], |row| row.get(0)).unwrap()
    };
    let write = |id: &str, bytes: &[u8]| {
        rows.execute("UPDATE messages SET body_sealed = ?2 WHERE id = ?1", params![id, bytes]).unwrap();
    };
    let own = body(one);
    write(one, &body(other));
    for path in [paths[0].as_str(), &format!("{conversation}/messages")] {
        let refused = stage.ben.get(path).await.problem(500, "internal");
        assert!(!refused.text.contains("ighthouse") && !refused.text.contains("Ours"));
    }
    write(one, &own);
    stage.ben.get(&paths[0]).await.expect(200);

    // The whole row in a conversation of another team: the key is another.
    let sql = "UPDATE messages SET conversation_id = ?2 WHERE id = ?1";
    rows.execute(sql, [one, id_of(&far)]).unwrap();
    let refused = stage.ana.get(&format!("{far}/messages/{one}")).await.problem(500, "internal");
    assert!(!refused.text.contains("ighthouse"));
    let failed = stage.world.audit(&stage.olga, "event=system.decrypt.failed").await;
    assert_eq!(failed.len(), 3);
}
