//! Revealing: who must have proved what, how often, what stands on record, and what happens to what does not open.

use std::time::Duration;

use serde_json::json;

use super::{MINE, NOWHERE, PASSWORD, Stage, delete, id_of, login, put, reveal, visible};
use crate::forge;
use crate::qr::vouched;
use crate::world::World;

#[tokio::test]
async fn a_payload_comes_as_it_was_kept_and_on_record() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    let shown = stage.max.get(&path).await.expect(200);
    assert_eq!(shown.json["username"], "ops@example.org");
    assert_eq!(shown.json["url"], "https://router.example.org/");
    assert_eq!(shown.json["owner"], json!({"kind": "team", "id": stage.team}));
    assert!(!shown.text.contains(PASSWORD.trim()), "{}", shown.text);

    let opened = reveal(&stage.max, &path).await.expect(200);
    assert_eq!(opened.json["payload"], login("Router")["payload"]);
    assert_eq!(opened.json["version"], 1);
    assert_eq!(opened.header("cache-control"), "no-store");
    let rows = stage.world.audit(&stage.olga, "event=credential.revealed").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["seq"].to_string(), opened.header("milton-audit"));
    assert_eq!((&rows[0]["resource_id"], &rows[0]["outcome"]), (&json!(id_of(&path)), &json!("success")));
    assert_eq!(rows[0]["actor"]["user_id"], stage.max.id);
}

#[tokio::test]
async fn without_its_row_nothing_is_revealed() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    let block = "CREATE TRIGGER block BEFORE INSERT ON audit_log WHEN NEW.event = 'credential.revealed' \
        AND NEW.outcome = 'success' BEGIN SELECT RAISE(ABORT, 'no'); END";
    forge::sql(&stage.world, block, []);
    let refused = reveal(&stage.max, &path).await;
    assert!(refused.status.is_server_error() && !refused.text.contains(PASSWORD.trim()), "{}", refused.text);
    forge::sql(&stage.world, "DROP TRIGGER block", []);
    reveal(&stage.max, &path).await.expect(200);
}

#[tokio::test]
async fn an_old_sign_in_a_vouched_device_and_a_key_reveal_nothing() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    let own = stage.max.post(MINE, &login("Mine")).await.expect(201).header("location");
    let scopes = json!({"name": "All", "scopes": ["credential:read", "personal-credential:manage"]});
    let key = stage.max.post("/api/v1/me/api-keys", &scopes).await.expect(201).text("/token");
    for never in ["credential:reveal", "personal-credential:reveal"] {
        let wanted = json!({"name": "More", "scopes": [never]});
        stage.max.post("/api/v1/me/api-keys", &wanted).await.problem(422, "invalid");
    }
    let (program, phone) = (stage.world.holder(&key), vouched(&stage.world, &stage.max).await);
    for path in [&path, &own] {
        program.get(path).await.expect(200);
        let refused = reveal(&program, path).await.expect(403);
        assert!(!refused.text.contains(PASSWORD.trim()), "{}", refused.text);
        phone.get(path).await.expect(200);
        reveal(&phone, path).await.problem(401, "step-up-required");
    }
    stage.world.pass(Duration::from_mins(11));
    for path in [&path, &own] {
        reveal(&stage.max, path).await.problem(401, "step-up-required");
    }
    let again = stage.world.sign_in_again(&stage.max).await;
    reveal(&again, &path).await.expect(200);
    reveal(&again, &own).await.expect(200);
}

#[tokio::test]
async fn what_one_may_not_open_looks_like_what_is_not_there() {
    let stage = Stage::new().await;
    let (path, other) = (stage.login("Router").await, format!("{}/{NOWHERE}", stage.list));
    let own = stage.max.post(MINE, &login("Mine")).await.expect(201).header("location");
    for (person, there, missing) in [
        (&stage.mia, &path, &other),
        (&stage.bob, &path, &other),
        (&stage.olga, &own, &format!("{MINE}/{NOWHERE}")),
        (&stage.mia, &own, &format!("{MINE}/{}", id_of(&path))),
    ] {
        let refused = reveal(person, there).await.problem(403, "access-denied");
        assert_eq!(visible(&refused), visible(&reveal(person, missing).await));
        let refused = person.get(there).await.problem(403, "access-denied");
        assert_eq!(visible(&refused), visible(&person.get(missing).await));
    }
    let foreign = path.replace(&stage.team, id_of(&stage.world.team(&stage.olga, "Third").await));
    reveal(&stage.olga, &foreign).await.problem(404, "not-found");
    let as_own = format!("{MINE}/{}", id_of(&path));
    reveal(&stage.max, &as_own).await.problem(403, "access-denied");
    let as_teams = format!("{}/{}", stage.list, id_of(&own));
    reveal(&stage.olga, &as_teams).await.problem(404, "not-found");
}

#[tokio::test]
async fn thirty_an_hour_over_all_vaults() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    let own = stage.max.post(MINE, &login("Mine")).await.expect(201).header("location");
    for nth in 0..30 {
        reveal(&stage.max, if nth % 2 == 0 { &path } else { &own }).await.expect(200);
    }
    let refused = reveal(&stage.max, &path).await.problem(429, "quota-exceeded");
    assert!(refused.headers.contains_key("retry-after") && !refused.text.contains(PASSWORD.trim()));
    reveal(&stage.max, &own).await.problem(429, "quota-exceeded");
    reveal(&stage.olga, &path).await.expect(200);
}

#[tokio::test]
async fn what_does_not_open_is_an_error_on_record_and_never_blank() {
    let stage = Stage::new().await;
    let path = stage.login("Router").await;
    let newer = put(&stage.max, &path, "*", &json!({"password": "newer"})).await.expect(200);
    assert_eq!(newer.json["version"], 2);
    let other = stage.login("Switch").await;
    let rows =
        |world: &World| forge::number(world, "SELECT count(*) FROM audit_log WHERE event = 'system.decrypt.failed'");
    let sealed = "SELECT payload_sealed FROM credential_versions WHERE credential_id";
    let flip = "UPDATE credential_versions SET payload_sealed = CAST(substr(payload_sealed, 1, length(payload_sealed) - 1) || x'00' AS BLOB) \
        WHERE credential_id = ?1 AND version = 2".to_owned();
    let earlier = format!(
        "UPDATE credential_versions SET payload_sealed = ({sealed} = ?1 AND version = 1) \
        WHERE credential_id = ?1 AND version = 2"
    );
    let of_another = format!(
        "UPDATE credential_versions SET payload_sealed = ({sealed} = '{}') \
        WHERE credential_id = ?1 AND version = 2",
        id_of(&other)
    );
    let empty =
        "UPDATE credential_versions SET payload_sealed = x'' WHERE credential_id = ?1 AND version = 2".to_owned();
    for attack in [flip, earlier, of_another, empty] {
        let before = rows(&stage.world);
        forge::sql(&stage.world, "CREATE TABLE kept AS SELECT * FROM credential_versions", []);
        assert_eq!(forge::sql(&stage.world, &attack, [id_of(&path)]), 1);
        let refused = reveal(&stage.max, &path).await.problem(500, "internal");
        assert!(!refused.text.contains("payload") && !refused.text.contains("newer"), "{}", refused.text);
        assert_eq!(rows(&stage.world), before + 1, "{attack}");
        let row = &stage.world.audit(&stage.olga, "event=system.decrypt.failed").await[0];
        assert_eq!((&row["outcome"], &row["resource_id"]), (&json!("failure"), &json!(id_of(&path))));
        assert_eq!(row["detail"]["attempted"], "credential.revealed");
        let back = "UPDATE credential_versions SET payload_sealed = (SELECT k.payload_sealed FROM kept k \
            WHERE k.id = credential_versions.id)";
        forge::sql(&stage.world, back, []);
        forge::sql(&stage.world, "DROP TABLE kept", []);
        assert_eq!(reveal(&stage.max, &path).await.expect(200).json["payload"]["password"], "newer");
    }
    let old = stage.max.send(poem::http::Method::POST, &format!("{path}/reveal?version=1"), None).await.expect(200);
    assert_eq!(old.json["payload"]["password"], PASSWORD);
}

#[tokio::test]
async fn who_has_revealed_it_is_told_to_those_who_answer_for_it() {
    let stage = Stage::new().await;
    let (path, other) = (stage.login("Router").await, stage.login("Switch").await);
    stage.share(&path, json!({"user_id": stage.mia.id})).await;
    reveal(&stage.mia, &path).await.expect(200);
    put(&stage.max, &path, "*", &json!({"password": "newer"})).await.expect(200);
    reveal(&stage.olga, &path).await.expect(200);
    reveal(&stage.olga, &other).await.expect(200);
    reveal(&stage.bob, &path).await.expect(403);
    let reveals = format!("{path}/reveals");
    let told = stage.max.get(&reveals).await.expect(200);
    let people: Vec<_> =
        told.json["items"].as_array().unwrap().iter().map(|one| (&one["user"]["name"], &one["version"])).collect();
    assert_eq!(people, [(&json!("Olga Owner"), &json!(2)), (&json!("Mia"), &json!(1))]);
    assert!(!told.text.contains("192.0.2.7"), "not from where they came: {}", told.text);
    stage.mia.get(&reveals).await.problem(403, "access-denied");
    let page = stage.max.get(&format!("{reveals}?limit=1")).await.expect(200);
    let next = stage.max.get(&format!("{reveals}?limit=1&cursor={}", page.text("/next_cursor"))).await.expect(200);
    assert_eq!(next.text("/items/0/user/name"), "Mia");

    delete(&stage.max, &path).await.expect(204);
    stage.max.get(&reveals).await.problem(403, "access-denied");
    stage.olga.get(&reveals).await.problem(404, "not-found");
}
