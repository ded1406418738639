//! The end of a team: closed at once to everybody, brought back as it was, or gone without a trace.

use std::time::Duration;

use milton::domain::actor::{Actor, Caller};
use milton::jobs::Jobs;
use milton::jobs::team_purge::TeamPurge;
use poem::http::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::forge;
use crate::guests::Scene;
use crate::notifications::told;
use crate::world::{Answer, Person, World};

const DAY: Duration = Duration::from_hours(24);
const TICK: Duration = Duration::from_micros(1);

async fn delete(person: &Person, team: &str, tag: &str) -> Answer {
    person.clone().with("if-match", tag).send(Method::DELETE, &format!("/api/v1/teams/{team}"), None).await
}

async fn restore(person: &Person, team: &str) -> Answer {
    person.post(&format!("/api/v1/teams/{team}/restore"), &json!({})).await
}

async fn items(person: &Person, path: &str) -> Vec<Value> {
    person.get(&format!("/api/v1{path}")).await.expect(200).json["items"].as_array().unwrap().clone()
}

async fn names(person: &Person, path: &str) -> Vec<String> {
    items(person, path).await.iter().map(|team| team["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn only_an_owner_who_means_it_deletes_a_team() {
    let scene = Scene::new().await;
    let team = &scene.team;
    let tag = scene.olga.get(&scene.in_team("")).await.expect(200).header("etag");
    for person in [&scene.ada, &scene.mona, &scene.mia, &scene.gus] {
        delete(person, team, &tag).await.problem(403, "access-denied");
        restore(person, team).await.problem(403, "access-denied");
    }
    scene.olga.send(Method::DELETE, &scene.in_team(""), None).await.problem(422, "invalid");
    delete(&scene.olga, team, "\"7\"").await.problem(412, "precondition-failed");
    restore(&scene.olga, team).await.problem(409, "wrong-state");
    scene.world.pass(Duration::from_mins(11));
    delete(&scene.olga, team, &tag).await.problem(401, "step-up-required");
    let olga = scene.world.sign_in("owner@milton.test").await;
    delete(&olga, team, &tag).await.expect(204);
    delete(&olga, team, "*").await.problem(403, "access-denied");
    restore(&scene.olga, team).await.problem(401, "step-up-required");
}

#[tokio::test]
async fn a_deleted_team_is_closed_to_everybody_and_comes_back_as_it_was() {
    let scene = Scene::new().await;
    let (a, path) = scene.delegation(&scene.olga, "Sweep").await;
    scene.open(&scene.olga, &a, "member").await.expect(201);
    let everything = async || {
        let mut all = Vec::new();
        for rest in ["/members", "/delegations", "/grants"] {
            all.push(scene.olga.get(&scene.in_team(rest)).await.expect(200).json);
        }
        for person in [&scene.olga, &scene.mia, &scene.gus] {
            all.push(person.get(&path).await.expect(200).json);
            all.push(json!(items(person, "/teams").await.iter().map(|team| &team["id"]).collect::<Vec<_>>()));
            all.push(person.get("/api/v1/me").await.expect(200).json["teams"].clone());
            all.push(json!(items(person, "/me/delegations").await));
            all.push(json!(items(person, "/me/grants").await));
        }
        all
    };
    let before = everything().await;
    delete(&scene.olga, &scene.team, "*").await.expect(204);
    for person in [&scene.olga, &scene.ada, &scene.mona, &scene.mia, &scene.gus] {
        for rest in ["", "/members", "/delegations", "/grants", "/invitations", &format!("/delegations/{a}")] {
            person.get(&scene.in_team(rest)).await.problem(403, "access-denied");
        }
        person.post(&scene.in_team("/delegations"), &json!({"title": "x"})).await.problem(403, "access-denied");
        person.post(&scene.in_team("/leave"), &json!({})).await.problem(403, "access-denied");
        assert!(!names(person, "/teams").await.contains(&"Ops".to_owned()));
        let me = person.get("/api/v1/me").await.expect(200);
        assert!(me.json["teams"].as_array().unwrap().iter().all(|team| team["id"] != scene.team));
        assert!(items(person, "/me/delegations").await.is_empty() && items(person, "/me/grants").await.is_empty());
    }
    assert_eq!(names(&scene.olga, "/teams?state=closed").await, ["Ops"]);
    let closed = &items(&scene.olga, "/teams?state=closed").await[0];
    assert_eq!(
        (&closed["deleted_at"], &closed["purge_at"]),
        (&json!("2026-03-01T09:00:00Z"), &json!("2026-03-31T09:00:00Z"))
    );
    for nobody in [&scene.ada, &scene.mia, &scene.gus] {
        assert!(items(nobody, "/teams?state=closed").await.is_empty());
        restore(nobody, &scene.team).await.problem(403, "access-denied");
    }
    assert_eq!(told(&scene.mia, "").await[0]["kind"], "team-deleted");
    assert!(told(&scene.olga, "").await.iter().all(|news| news["kind"] != "team-deleted"), "she did it herself");

    let restored = restore(&scene.olga, &scene.team).await.expect(200);
    assert_eq!((restored.text("/name"), restored.json.get("deleted_at")), ("Ops".to_owned(), None));
    assert_eq!(everything().await, before);
    assert_eq!(told(&scene.mia, "").await[0]["kind"], "team-restored");
    restore(&scene.olga, &scene.team).await.problem(409, "wrong-state");
    assert!(items(&scene.olga, "/teams?state=closed").await.is_empty());
    let events: Vec<_> = scene.world.audit(&scene.olga, &format!("resource_id={}", scene.team)).await;
    assert!(events.iter().any(|row| row["event"] == "team.deleted" && row["outcome"] == "success"));
}

#[tokio::test]
async fn no_invitation_leads_into_a_closed_team_or_into_one_that_came_back() {
    let scene = Scene::new().await;
    let invite = async || {
        let made = scene.olga.post(&scene.in_team("/invitations"), &json!({"role": "member"})).await.expect(201);
        made.text("/token")
    };
    let accept = async |token: &str| {
        let body = json!({"token": token, "name": "Nora"});
        scene.world.stranger().post("/api/v1/invitations/accept", &body).await
    };
    let (revoked, forged) = (invite().await, invite().await);
    delete(&scene.olga, &scene.team, "*").await.expect(204);
    let row = &scene.world.audit(&scene.olga, "event=team.deleted").await[0];
    assert_eq!(row["detail"]["invitations_revoked"], "2");
    accept(&revoked).await.problem(409, "invitation-closed");
    // Behind the server's back, so that the team's state alone stands against it.
    forge::sql(&scene.world, "UPDATE invitations SET revoked_at = NULL WHERE accepted_at IS NULL", []);
    accept(&forged).await.problem(409, "invitation-closed");
    scene.gus.post("/api/v1/invitations/accept", &json!({"token": forged})).await.problem(409, "invitation-closed");
    forge::sql(&scene.world, "UPDATE invitations SET revoked_at = 1 WHERE accepted_at IS NULL", []);
    restore(&scene.olga, &scene.team).await.expect(200);
    accept(&revoked).await.problem(409, "invitation-closed");
    accept(&invite().await).await.expect(201);
}

#[tokio::test]
async fn a_team_that_is_about_to_go_holds_nobody_back_and_gives_no_rights() {
    let (world, olga) = World::claimed().await;
    let home = world.team(&olga, "Home").await;
    let otto = world.join(&olga, &home, "member", "Otto").await;
    world.cast_on_server(&otto, Some(milton::domain::role::Role::Manager));
    let team = world.team(&otto, "Ops").await;
    otto.post("/api/v1/me/deletion", &json!({})).await.problem(409, "last-owner");
    let key = json!({"name": "Key", "scopes": ["webhook:read"]});
    delete(&otto, &team, "*").await.expect(204);
    otto.post("/api/v1/me/api-keys", &key).await.problem(422, "invalid");
    otto.post("/api/v1/me/deletion", &json!({})).await.expect(202);
}

#[tokio::test]
async fn a_team_comes_back_within_thirty_days_and_not_later() {
    let scene = Scene::new().await;
    let owner = async || scene.world.sign_in("owner@milton.test").await;
    delete(&scene.olga, &scene.team, "*").await.expect(204);
    scene.world.pass((30 * DAY).checked_sub(TICK).unwrap());
    assert_eq!(purge(&scene.world).await, 0, "not before its time");
    let olga = owner().await;
    assert_eq!(names(&olga, "/teams?state=closed").await, ["Ops"]);
    restore(&olga, &scene.team).await.expect(200);
    delete(&olga, &scene.team, "*").await.expect(204);
    scene.world.pass(30 * DAY);
    let olga = owner().await;
    assert!(items(&olga, "/teams?state=closed").await.is_empty());
    restore(&olga, &scene.team).await.problem(409, "wrong-state");
}

/// One batch.
async fn purge(world: &World) -> u64 {
    world.app.purge_teams(&Caller::local(Actor::Job("team-purge"))).await.unwrap()
}

/// Rows of a thing's own in every table that hangs on a team, more of some than one batch takes.
fn furnish(scene: &Scene, delegation: &str) {
    let (team, mia) = (&scene.team, &scene.mia.id);
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)";
    for sql in [
        format!("INSERT INTO conversations (id, team_id, kind, title_sealed, created_at, updated_at, last_seq) VALUES ('conv', '{team}', 'group', x'00', 0, 0, 0)"),
        format!("INSERT INTO conversation_participants (conversation_id, user_id, joined_at) VALUES ('conv', '{mia}', 0)"),
        format!("INSERT INTO messages (id, conversation_id, author_id, body_sealed, created_at) {numbers} SELECT 'message' || i, 'conv', '{mia}', x'00', 0 FROM n"),
        format!("INSERT INTO message_mentions (message_id, user_id) SELECT id, '{mia}' FROM messages"),
        format!("INSERT INTO delegation_labels (delegation_id, label_bidx) VALUES ('{delegation}', x'00')"),
        format!("INSERT INTO delegation_watchers (delegation_id, user_id, created_at) VALUES ('{delegation}', '{mia}', 0)"),
        format!("INSERT INTO delegation_comments (id, delegation_id, author_id, body_sealed, created_at) {numbers} SELECT 'comment' || i, '{delegation}', '{mia}', x'00', 0 FROM n"),
        format!("INSERT INTO comment_mentions (comment_id, user_id) SELECT id, '{mia}' FROM delegation_comments"),
        format!("INSERT INTO credentials (id, team_id, created_by, kind, name_sealed, name_bidx, facts_sealed, created_at, updated_at) VALUES ('cred', '{team}', '{mia}', 'note', x'00', x'00', x'00', 0, 0)"),
        "INSERT INTO credential_versions (id, credential_id, version, payload_sealed, created_at) VALUES ('version', 'cred', 1, x'00', 0)".to_owned(),
        "INSERT INTO credential_shares (id, credential_id, role, created_at) VALUES ('share', 'cred', 'member', 0)".to_owned(),
        format!("INSERT INTO webhooks (id, team_id, name_sealed, url_sealed, secret_sealed, events, state, cursor, created_at, updated_at) VALUES ('hook', '{team}', x'00', x'00', x'00', '', 'disabled', 0, 0, 0)"),
        "INSERT INTO webhook_deliveries (id, webhook_id, seq, state, created_at) VALUES ('delivery', 'hook', 1, 'dead', 0)".to_owned(),
        format!("INSERT INTO search_index (team, word, found) {numbers} SELECT t.number, i, x'00' FROM n, search_teams t WHERE t.team_id = '{team}'"),
    ] {
        forge::sql(&scene.world, &sql, []);
    }
}

/// How many rows each table has, the audit log aside.
fn rows(world: &World) -> Vec<(String, i64)> {
    let connection = Connection::open(world.folder().join("milton.db")).unwrap();
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut names = connection.prepare(sql).unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    names.into_iter().map(|name| (name.clone(), forge::count(world, &name))).collect()
}

/// Columns in which one of these ids stands, the audit log's aside.
fn traces(world: &World, ids: &[&str]) -> Vec<String> {
    let connection = Connection::open(world.folder().join("milton.db")).unwrap();
    let sql = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' \
        AND c.type = 'TEXT' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'audit_log'";
    let mut columns = connection.prepare(sql).unwrap();
    let columns: Vec<(String, String)> =
        columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    let holds = |(table, column): &(String, String), id: &str| {
        forge::number(world, &format!("SELECT count(*) FROM {table} WHERE {column} = '{id}'")) > 0
    };
    let found = columns.iter().filter(|column| ids.iter().any(|id| holds(column, id)));
    found.map(|(table, column)| format!("{table}.{column}")).collect()
}

#[tokio::test]
async fn after_the_purge_nothing_is_left_but_the_log() {
    let scene = Scene::new().await;
    let empty = rows(&scene.world);
    let (a, _) = scene.delegation(&scene.olga, "Sweep").await;
    scene.mia.post(&scene.in_team(&format!("/delegations/{a}/accept")), &json!({})).await.expect(200);
    scene.open(&scene.olga, &a, "member").await.expect(201);
    scene.olga.post(&scene.in_team("/invitations"), &json!({"role": "member"})).await.expect(201);
    let kept = json!({"title": "Kept"});
    scene.olga.post(&format!("/api/v1/teams/{}/delegations", scene.elsewhere), &kept).await.expect(201);
    furnish(&scene, &a);
    let ids = [scene.team.as_str(), &a, "conv", "cred", "hook", "message1", "comment1"];
    assert!(traces(&scene.world, &ids).len() > 20, "{:?}", traces(&scene.world, &ids));
    let full = rows(&scene.world);
    let grown = full.into_iter().zip(empty).filter(|(after, before)| after.1 > before.1).map(|(after, _)| after.0);
    let grown: Vec<_> = grown.filter(|table| !BESIDE.contains(&table.as_str())).collect();
    assert!(grown.len() > 16, "{grown:?}");
    delete(&scene.olga, &scene.team, "*").await.expect(204);
    scene.world.pass(30 * DAY);

    assert_eq!(purge(&scene.world).await, 501, "the key, and five hundred rows");
    let keys = format!("SELECT count(*) FROM data_keys WHERE owner_id = '{}'", scene.team);
    assert_eq!(forge::number(&scene.world, &keys), 0, "the key goes first");
    let olga = scene.world.sign_in("owner@milton.test").await;
    assert_eq!(names(&olga, "/admin/teams").await, ["Elsewhere"], "what cannot be read is not tried");
    assert!(traces(&scene.world, &[&scene.team]).contains(&"memberships.team_id".to_owned()), "the rest waits");

    // It goes on where it was, whoever starts it, and ends by itself.
    let jobs = Jobs::of(&scene.world.app).with(TeamPurge);
    scene.world.pass(DAY);
    jobs.look(&scene.world.app).await;
    assert_eq!(purge(&scene.world).await, 0);
    assert_eq!(traces(&scene.world, &ids), Vec::<String>::new());
    let olga = scene.world.sign_in("owner@milton.test").await;
    let batches = scene.world.audit(&olga, "event=team.purged").await;
    assert!(batches.len() > 5, "{}", batches.len());
    for batch in &batches {
        let counts = batch["detail"].as_object().unwrap().iter().filter(|(name, _)| *name != "keys");
        let all: i64 = counts.map(|(_, count)| count.as_str().unwrap().parse::<i64>().unwrap()).sum();
        assert!((1..=500).contains(&all), "{batch}");
        assert_eq!((&batch["actor"]["kind"], &batch["resource_id"]), (&json!("job"), &json!(scene.team)));
    }
    assert_eq!(batches.last().unwrap()["detail"]["keys"], "1");
    assert_eq!(batches[0]["detail"]["teams"], "1");

    // Every table that the team had rows in has those of the other team alone.
    for table in grown {
        let left = match table.as_str() {
            "teams" | "invitations" | "delegations" | "delegation_custody" | "search_teams" => 1,
            "memberships" => 2,
            // Two names, and the title.
            "search_index" => 4,
            _ => 0,
        };
        assert_eq!(forge::count(&scene.world, &table), left, "{table}");
    }
    assert_eq!(names(&olga, "/teams").await, ["Elsewhere"]);
    assert_eq!(items(&olga, "/me/delegations").await.len(), 1);
    for person in [&scene.olga, &scene.mia] {
        let person = scene.world.sign_in_again(person).await;
        person.get(&scene.in_team("")).await.problem(403, "access-denied");
        restore(&person, &scene.team).await.problem(403, "access-denied");
    }
}

/// Tables that grow with use and belong to no team.
const BESIDE: &[&str] = &["audit_log", "quota_state", "notifications", "job_runs"];
