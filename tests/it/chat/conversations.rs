//! How conversations begin and end, and who reads nothing.

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::json;

use super::{NOWHERE, Stage, at_once, delete, edit, id_of, is_locked_out, items, say};
use crate::forge;

#[tokio::test]
async fn two_people_have_one_direct_conversation_in_each_team() {
    let stage = Stage::new().await;
    let (ana, ben) = (&stage.ana, &stage.ben);
    let with = |id: &str| json!({"kind": "direct", "participant_ids": [id]});
    let made = ana.post(&stage.list(), &with(&ben.id)).await.expect(201);
    assert_eq!(made.header("ratelimit"), "\"conversations\";r=29");
    assert_eq!((made.text("/kind"), made.text("/with/name")), ("direct".to_owned(), "Ben".to_owned()));
    let again = ana.post(&stage.list(), &with(&ben.id)).await.expect(200);
    assert_eq!((again.text("/id"), again.header("location")), (made.text("/id"), made.header("location")));
    assert!(!again.headers.contains_key("milton-audit"), "nothing was changed");
    let other_side = ben.post(&stage.list(), &with(&ana.id)).await.expect(200);
    assert_eq!((other_side.text("/id"), other_side.text("/with/name")), (made.text("/id"), "Ana".to_owned()));
    assert_ne!(ana.post(&stage.list(), &with(&stage.mia.id)).await.expect(201).text("/id"), made.text("/id"));

    let elsewhere = stage.world.team(&stage.olga, "Elsewhere").await;
    for person in [ana, ben] {
        stage.world.cast(&elsewhere, person, Some(Role::Member));
    }
    let there = format!("/api/v1/teams/{elsewhere}/conversations");
    assert_ne!(ana.post(&there, &with(&ben.id)).await.expect(201).text("/id"), made.text("/id"));
    assert_eq!(forge::count(&stage.world, "conversations"), 3);
}

#[tokio::test]
async fn both_begin_at_once_and_find_one_conversation() {
    let stage = Stage::unlimited().await;
    let begin = |one: &crate::world::Person, other: &str| {
        let (one, list, body) = (one.clone(), stage.list(), json!({"kind": "direct", "participant_ids": [other]}));
        async move { one.post(&list, &body).await }
    };
    let answers = at_once(
        (0..8)
            .map(|nth| if nth % 2 == 0 { begin(&stage.ana, &stage.ben.id) } else { begin(&stage.ben, &stage.ana.id) }),
    )
    .await;
    let ids: std::collections::BTreeSet<_> = answers.iter().map(|answer| answer.text("/id")).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(forge::count(&stage.world, "conversations"), 1);
}

#[tokio::test]
async fn what_is_no_conversation_is_refused_by_name() {
    let stage = Stage::new().await;
    let many: Vec<_> = (0..51).map(|nth| NOWHERE.replace("000000000000", &format!("{nth:012}"))).collect();
    let (me, ben) = (&stage.ana.id, &stage.ben.id);
    for (body, pointer) in [
        (json!({"kind": "direct", "participant_ids": [me]}), "/participant_ids/0"),
        (json!({"kind": "direct", "participant_ids": [NOWHERE]}), "/participant_ids/0"),
        (json!({"kind": "direct", "participant_ids": [ben, stage.mia.id]}), "/participant_ids"),
        (json!({"kind": "direct", "title": "Us", "participant_ids": [ben]}), "/title"),
        (json!({"kind": "group", "participant_ids": [ben]}), "/title"),
        (json!({"kind": "group", "title": " ", "participant_ids": [ben]}), "/title"),
        (json!({"kind": "group", "title": "x".repeat(121), "participant_ids": [ben]}), "/title"),
        (json!({"kind": "group", "title": "Us", "participant_ids": []}), "/participant_ids"),
        (json!({"kind": "group", "title": "Us", "participant_ids": [me]}), "/participant_ids"),
        (json!({"kind": "group", "title": "Us", "participant_ids": [ben, NOWHERE]}), "/participant_ids/1"),
        (json!({"kind": "group", "title": "Us", "participant_ids": many}), "/participant_ids"),
    ] {
        let refused = stage.ana.post(&stage.list(), &body).await.problem(422, "invalid");
        assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}");
    }
    let about = json!({"kind": "delegation", "participant_ids": [ben]});
    stage.ana.post(&stage.list(), &about).await.problem(422, "invalid");
    assert_eq!(forge::count(&stage.world, "conversations"), 0);
}

#[tokio::test]
async fn an_owner_who_takes_no_part_reads_nothing() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    let message = say(&stage.ana, &conversation, "The lighthouse is ours").await;
    is_locked_out(&stage.olga, &conversation, &message).await;
    is_locked_out(&stage.mia, &conversation, &message).await;
    let direct = stage.direct(&stage.ana, &stage.ben).await;
    let whisper = say(&stage.ana, &direct, "The lighthouse is mine").await;
    is_locked_out(&stage.olga, &direct, &whisper).await;
    stage.ben.get(&whisper).await.expect(200);
}

#[tokio::test]
async fn the_ids_of_another_team_lead_nowhere() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.ana, &[&stage.ben]).await;
    let message = say(&stage.ana, &conversation, "The lighthouse is ours").await;
    let elsewhere = stage.world.team(&stage.olga, "Elsewhere").await;
    stage.world.cast(&elsewhere, &stage.ana, Some(Role::Owner));
    for path in [&conversation, &message] {
        let moved = path.replace(&stage.team, &elsewhere);
        stage.ana.get(&moved).await.problem(403, "access-denied");
    }
    let other = format!("/api/v1/teams/{elsewhere}/conversations");
    let body = json!({"kind": "group", "title": "Here", "participant_ids": [stage.olga.id]});
    let own = stage.ana.post(&other, &body).await.expect(201).header("location");
    let id = id_of(&message);
    stage.ana.get(&format!("{own}/messages/{id}")).await.problem(404, "not-found");
    edit(&stage.ana, &format!("{own}/messages/{id}"), &json!({"body": "x"})).await.problem(403, "access-denied");
    delete(&stage.ana, &format!("{own}/messages/{id}")).await.problem(403, "access-denied");
    stage.ana.post(&format!("{own}/messages/{id}/report"), &json!({})).await.problem(404, "not-found");
    let mark = json!({"message_id": id});
    stage.ana.send(Method::PUT, &format!("{own}/read"), Some(&mark)).await.problem(422, "invalid");
    assert_eq!(stage.ben.get(&message).await.expect(200).text("/body"), "The lighthouse is ours");
}

#[tokio::test]
async fn whoever_goes_or_loses_the_team_reads_nothing_from_then_on() {
    let stage = Stage::new().await;
    stage.world.cast(&stage.team, &stage.ana, Some(Role::Manager));
    let conversation = stage.group(&stage.ana, &[&stage.ben, &stage.mia]).await;
    let message = say(&stage.ben, &conversation, "The lighthouse is ours").await;
    let direct = stage.direct(&stage.ben, &stage.mia).await;
    let whisper = say(&stage.ben, &direct, "The lighthouse is mine").await;

    stage.mia.post(&format!("{conversation}/leave"), &json!({})).await.expect(204);
    is_locked_out(&stage.mia, &conversation, &message).await;
    stage.mia.get(&whisper).await.expect(200);

    delete(&stage.olga, &format!("/api/v1/teams/{}/members/{}", stage.team, stage.ben.id)).await.expect(204);
    is_locked_out(&stage.ben, &conversation, &message).await;
    is_locked_out(&stage.ben, &direct, &whisper).await;
    let nobody_there = stage.mia.post(&format!("{direct}/messages"), &json!({"body": "Are you there?"})).await;
    nobody_there.problem(409, "wrong-state");
    stage.mia.get(&whisper).await.expect(200);
    let people = stage.ana.get(&format!("{conversation}/participants")).await.expect(200);
    assert_eq!(items(&people).len(), 1, "{}", people.text);

    // Whoever comes back is taken into groups by others, and finds their direct conversations.
    stage.world.cast(&stage.team, &stage.ben, Some(Role::Owner));
    is_locked_out(&stage.ben, &conversation, &message).await;
    assert_eq!(stage.ben.get(&whisper).await.expect(200).text("/body"), "The lighthouse is mine");
    say(&stage.mia, &direct, "There you are").await;
    let body = json!({"user_id": stage.ben.id});
    stage.ana.post(&format!("{conversation}/participants"), &body).await.expect(201);
    assert_eq!(stage.ben.get(&message).await.expect(200).text("/body"), "The lighthouse is ours");
}

#[tokio::test]
async fn the_owner_of_a_group_owns_nothing_of_it_once_they_left() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.olga, &[&stage.ben]).await;
    let message = say(&stage.olga, &conversation, "The lighthouse is ours").await;
    stage.olga.post(&format!("{conversation}/leave"), &json!({})).await.expect(204);
    is_locked_out(&stage.olga, &conversation, &message).await;
    assert_eq!(stage.ben.get(&message).await.expect(200).text("/body"), "The lighthouse is ours");
}

#[tokio::test]
async fn people_come_and_go_by_the_owner_alone() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.olga, &[&stage.ben]).await;
    let people = format!("{conversation}/participants");
    let mia = json!({"user_id": stage.mia.id});
    stage.ben.post(&people, &mia).await.problem(403, "access-denied");
    let added = stage.olga.post(&people, &mia).await.expect(201);
    assert_eq!(added.header("location"), format!("{people}/{}", stage.mia.id));
    stage.olga.post(&people, &mia).await.problem(409, "already-exists");
    let stranger = stage.olga.post(&people, &json!({"user_id": NOWHERE})).await.problem(422, "invalid");
    assert_eq!(stranger.text("/errors/0/pointer"), "/user_id");
    delete(&stage.mia, &format!("{people}/{}", stage.ben.id)).await.problem(403, "access-denied");
    delete(&stage.olga, &format!("{people}/{}", stage.mia.id)).await.expect(204);
    delete(&stage.olga, &format!("{people}/{}", stage.mia.id)).await.problem(404, "not-found");
    stage.mia.get(&conversation).await.problem(403, "access-denied");
    let rows = stage.world.audit(&stage.olga, &format!("resource_id={}", id_of(&conversation))).await;
    let events: Vec<_> =
        rows.iter().filter(|row| row["outcome"] == "success").map(|row| row["event"].clone()).collect();
    assert_eq!(
        json!(events),
        json!(["conversation.participant.removed", "conversation.participant.added", "conversation.created"])
    );
    assert!(rows.iter().all(|row| row["scope"] == stage.team));
}

#[tokio::test]
async fn a_direct_conversation_belongs_to_two_alike() {
    let stage = Stage::new().await;
    let conversation = stage.direct(&stage.olga, &stage.ben).await;
    let mia = json!({"user_id": stage.mia.id});
    stage.olga.post(&format!("{conversation}/participants"), &mia).await.problem(409, "wrong-state");
    delete(&stage.olga, &format!("{conversation}/participants/{}", stage.ben.id)).await.problem(409, "wrong-state");
    stage.olga.post(&format!("{conversation}/leave"), &json!({})).await.problem(409, "wrong-state");
    stage.olga.post(&format!("{conversation}/join"), &json!({})).await.problem(409, "wrong-state");
    edit(&stage.olga, &conversation, &json!({"title": "Ours"})).await.problem(409, "wrong-state");
    delete(&stage.olga, &conversation).await.problem(409, "wrong-state");
    stage.mia.post(&format!("{conversation}/join"), &json!({})).await.problem(403, "access-denied");
    assert_eq!(items(&stage.ben.get(&format!("{conversation}/participants")).await).len(), 2);
}

#[tokio::test]
async fn a_group_is_renamed_in_the_version_that_was_seen_and_ended_for_all() {
    let stage = Stage::new().await;
    let conversation = stage.group(&stage.olga, &[&stage.ben]).await;
    say(&stage.ben, &conversation, "Hello").await;
    let seen = stage.olga.get(&conversation).await.expect(200).header("etag");
    let editor = stage.olga.clone().with("if-match", &seen);
    let renamed = editor.send(Method::PATCH, &conversation, Some(&json!({"title": "Harbour"}))).await.expect(200);
    assert_eq!(renamed.text("/title"), "Harbour");
    let late = json!({"title": "Late"});
    editor.send(Method::PATCH, &conversation, Some(&late)).await.problem(412, "precondition-failed");
    stage.olga.send(Method::PATCH, &conversation, Some(&late)).await.problem(422, "invalid");
    editor.send(Method::DELETE, &conversation, None).await.problem(412, "precondition-failed");
    edit(&stage.ben, &conversation, &late).await.problem(403, "access-denied");
    assert_eq!(stage.ben.get(&conversation).await.expect(200).text("/title"), "Harbour");
    delete(&stage.ben, &conversation).await.problem(403, "access-denied");
    delete(&stage.olga, &conversation).await.expect(204);
    for person in [&stage.olga, &stage.ben] {
        person.get(&conversation).await.problem(403, "access-denied");
        assert_eq!(items(&person.get(&stage.list()).await).len(), 0);
        assert_eq!(person.get("/api/v1/me/conversations").await.expect(200).json["unread"], 0);
    }
}

#[tokio::test]
async fn a_group_has_fifty_people_beside_its_owner_and_no_more() {
    let stage = Stage::unlimited().await;
    let conversation = stage.group(&stage.olga, &[&stage.ana]).await;
    let people = format!("{conversation}/participants");
    let mut last = None;
    for nth in 0..50 {
        let person = stage.world.join(&stage.olga, &stage.team, "member", &format!("No. {nth}")).await;
        let answer = stage.olga.post(&people, &json!({"user_id": person.id})).await;
        if nth < 49 {
            answer.expect(201);
        } else {
            answer.problem(409, "limit-reached");
        }
        last = Some(person);
    }
    assert_eq!(items(&stage.ana.get(&people).await).len(), 51);
    last.unwrap().get(&conversation).await.problem(403, "access-denied");
}
