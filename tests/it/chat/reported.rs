//! Reported messages: an Admin sees these alone, whatever else is said around them.

use milton::domain::role::Role;
use serde_json::json;

use super::{Stage, delete, is_locked_out, items, say};

#[tokio::test]
async fn an_admin_sees_and_deletes_what_was_reported_and_nothing_else() {
    let stage = Stage::new().await;
    stage.world.cast(&stage.team, &stage.mia, Some(Role::Admin));
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    let good = say(&stage.ana, &conversation, "A quiet word").await;
    let bad = say(&stage.ana, &conversation, "An insult").await;
    let reported = format!("/api/v1/teams/{}/messages/reported", stage.team);
    assert_eq!(items(&stage.mia.get(&reported).await).len(), 0);
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    delete(&stage.mia, &format!("{reported}/{}", id(&bad))).await.problem(403, "access-denied");

    stage.olga.post(&format!("{bad}/report"), &json!({})).await.problem(403, "access-denied");
    stage.ben.post(&format!("{bad}/report"), &json!({})).await.expect(204);
    stage.ben.post(&format!("{bad}/report"), &json!({})).await.problem(409, "already-exists");
    stage.ana.post(&format!("{bad}/report"), &json!({})).await.problem(409, "already-exists");

    let listed = stage.mia.get(&reported).await.expect(200);
    assert_eq!(listed.text("/items/0/message/body"), "An insult");
    assert!(listed.json["items"][0]["reported_at"].is_string());
    assert!(!listed.text.contains("quiet"));
    is_locked_out(&stage.mia, &conversation, &good).await;
    is_locked_out(&stage.mia, &conversation, &bad).await;
    for other in [&stage.olga, &stage.ana, &stage.ben] {
        other.get(&reported).await.problem(403, "access-denied");
        delete(other, &format!("{reported}/{}", id(&bad))).await.problem(403, "access-denied");
    }
    delete(&stage.mia, &format!("{reported}/{}", id(&good))).await.problem(403, "access-denied");
    let removed = delete(&stage.mia, &format!("{reported}/{}", id(&bad))).await.expect(204);
    assert_eq!(stage.ben.get(&bad).await.expect(200).json["deleted"], true);
    assert_eq!(stage.ben.get(&good).await.expect(200).text("/body"), "A quiet word");
    assert_eq!(items(&stage.mia.get(&reported).await).len(), 0);
    let row = &stage.world.audit(&stage.olga, "event=conversation.message.deleted&outcome=success").await[0];
    assert_eq!(
        (row["seq"].to_string(), &row["actor"]["user_id"]),
        (removed.header("milton-audit"), &json!(stage.mia.id))
    );
    assert_eq!(row["resource_id"], id(&bad));
}

#[tokio::test]
async fn reports_come_in_pages_the_newest_report_first() {
    let stage = Stage::new().await;
    stage.world.cast(&stage.team, &stage.mia, Some(Role::Admin));
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    let mut paths = Vec::new();
    for nth in 0..4 {
        paths.push(say(&stage.ana, &conversation, &format!("No. {nth}")).await);
    }
    for nth in [2, 0, 3, 1] {
        stage.ben.post(&format!("{}/report", paths[nth]), &json!({})).await.expect(204);
        stage.world.pass(std::time::Duration::from_millis(1));
    }
    let reported = format!("/api/v1/teams/{}/messages/reported?limit=3", stage.team);
    let first = stage.mia.get(&reported).await.expect(200);
    let second = stage.mia.get(&format!("{reported}&cursor={}", first.text("/next_cursor"))).await.expect(200);
    let shown = items(&first).into_iter().chain(items(&second)).map(|one| one["message"]["body"].clone());
    assert_eq!(json!(shown.collect::<Vec<_>>()), json!(["No. 1", "No. 3", "No. 0", "No. 2"]));
    for foreign in ["YWJj", "YS1i"] {
        stage.mia.get(&format!("{reported}&cursor={foreign}")).await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn an_admin_of_one_team_is_none_of_another() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    let bad = say(&stage.ana, &conversation, "An insult").await;
    stage.ben.post(&format!("{bad}/report"), &json!({})).await.expect(204);
    let elsewhere = stage.world.team(&stage.olga, "Elsewhere").await;
    stage.world.cast(&elsewhere, &stage.mia, Some(Role::Admin));
    let there = format!("/api/v1/teams/{elsewhere}/messages/reported");
    assert_eq!(items(&stage.mia.get(&there).await).len(), 0);
    let id = bad.rsplit('/').next().unwrap();
    delete(&stage.mia, &format!("{there}/{id}")).await.problem(403, "access-denied");
    assert_eq!(stage.ben.get(&bad).await.expect(200).text("/body"), "An insult");
}

/// The author neither edits the evidence away nor is read for ever.
#[tokio::test]
async fn an_admin_sees_what_was_reported_and_nothing_that_was_written_afterwards() {
    let stage = Stage::new().await;
    stage.world.cast(&stage.team, &stage.mia, Some(Role::Admin));
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    let [edited, deleted] =
        [say(&stage.ana, &conversation, "An insult").await, say(&stage.ana, &conversation, "A threat").await];
    for (path, body) in [(&edited, "An insult"), (&deleted, "A threat")] {
        stage.ben.post(&format!("{path}/report"), &json!({})).await.expect(204);
        let newest = stage.mia.get(&format!("/api/v1/teams/{}/messages/reported", stage.team)).await.expect(200);
        assert_eq!(
            (newest.text("/items/0/message/body"), &newest.json["items"][0]["changed"]),
            (body.to_owned(), &json!(false))
        );
        stage.world.pass(std::time::Duration::from_secs(1));
    }
    let later = json!({"body": "Between us", "mentions": [stage.ben.id]});
    stage.ana.clone().with("if-match", "*").send(poem::http::Method::PATCH, &edited, Some(&later)).await.expect(200);
    delete(&stage.ana, &deleted).await.expect(204);
    let reported = format!("/api/v1/teams/{}/messages/reported", stage.team);
    let listed = stage.mia.get(&reported).await.expect(200);
    let shown = items(&listed).into_iter().map(|one| (one["message"]["body"].clone(), one["changed"].clone()));
    assert_eq!(shown.collect::<Vec<_>>(), [(json!("A threat"), json!(true)), (json!("An insult"), json!(true))]);
    assert!(
        !listed.text.contains("Between us") && !listed.text.contains(&format!("\"{}\"", stage.ben.id)),
        "{}",
        listed.text
    );
    assert_eq!(stage.ben.get(&deleted).await.expect(200).json["deleted"], true);
    for path in [&edited, &deleted] {
        delete(&stage.mia, &format!("{reported}/{}", path.rsplit('/').next().unwrap())).await.expect(204);
        assert_eq!(stage.ben.get(path).await.expect(200).json["deleted"], true);
    }
    assert_eq!(items(&stage.mia.get(&reported).await).len(), 0);
    let kept = "SELECT count(*) FROM messages WHERE reported_sealed IS NOT NULL OR body_sealed IS NOT NULL";
    assert_eq!(crate::forge::number(&stage.world, kept), 0);
}
