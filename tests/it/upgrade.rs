//! A database that an earlier Milton wrote, opened by this one: see `tests/fixtures/README.md`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use milton::base::clock::{ManualClock, Timestamp};
use milton::base::entropy::SeededEntropy;
use milton::jobs::search_fill::SearchFill;
use milton::store::Inspection;
use serde_json::{Value, json};

use crate::forge;
use crate::world::{Options, Person, World, root_key};

const ME: &str = "/api/v1/me";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// What the earlier Milton said of its people.
struct Told(Value);

impl Told {
    fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap()
    }

    fn holder(&self, world: &World, name: &str) -> Person {
        world.holder(self.text(&format!("/{name}/token")))
    }
}

/// The earlier database under this Milton, a minute later.
fn upgraded() -> (World, Told) {
    let told = Told(serde_json::from_str(&fs::read_to_string(fixture("schema-1.json")).unwrap()).unwrap());
    let folder = tempfile::tempdir().unwrap();
    fs::copy(fixture("schema-1.db"), folder.path().join("milton.db")).unwrap();
    let now = Timestamp::parse(told.text("/at")).unwrap() + Duration::from_mins(1);
    let clock = Arc::new(ManualClock::at(now));
    let options = Options { clock, entropy: Arc::new(SeededEntropy::new(2)), ..Options::default() };
    (World::open_with(folder, options, |jobs| jobs.with(SearchFill)), told)
}

#[tokio::test]
async fn the_fixture_is_of_the_first_schema() {
    let connection = rusqlite::Connection::open(fixture("schema-1.db")).unwrap();
    let versions = "SELECT group_concat(version) FROM schema_migrations";
    assert_eq!(connection.query_row(versions, [], |row| row.get::<_, String>(0)).unwrap(), "1");
}

#[tokio::test]
async fn the_file_is_as_this_milton_makes_it_and_every_reference_holds() {
    let (world, told) = upgraded();
    let path = world.folder().join("milton.db");
    let inspection = Inspection::open(&path, &root_key(), &SeededEntropy::new(3)).unwrap();
    assert_eq!(inspection.schema_changes().unwrap(), Vec::<String>::new());
    assert_eq!(inspection.integrity().unwrap(), Vec::<String>::new());
    assert_eq!(world.audit_size(), told.0["audit_rows"].as_i64().unwrap(), "the log is whole and its tree agrees");
    let tables = [
        ("users", 4),
        ("devices", 1),
        ("sessions", 5),
        ("api_tokens", 5),
        ("identities", 1),
        ("memberships", 3),
        ("invitations", 3),
        ("sign_in_links", 3),
        ("delegations", 1),
        ("login_transactions", 0),
    ];
    for (table, count) in tables {
        assert_eq!(forge::count(&world, table), count, "{table}");
    }
}

#[tokio::test]
async fn sessions_go_on_and_revoked_ones_stay_revoked() {
    let (world, told) = upgraded();
    for name in ["owner", "ana", "ben"] {
        let me = told.holder(&world, name).get(ME).await.expect(200);
        assert_eq!(me.text("/id"), told.text(&format!("/{name}/id")));
    }
    let console = world.stranger().with("cookie", told.text("/pia/cookie"));
    assert_eq!(console.get(ME).await.expect(200).text("/id"), told.text("/pia/id"));
    world.holder(told.text("/ana/revoked")).get(ME).await.problem(401, "revoked-token");
    world.pass(Duration::from_hours(24));
    told.holder(&world, "ana").get(ME).await.problem(401, "expired-token");
}

#[tokio::test]
async fn links_and_invitations_that_were_open_still_are() {
    let (world, told) = upgraded();
    let stranger = world.stranger();
    let ana = stranger.post("/api/v1/auth/link", &json!({"token": told.text("/link")})).await.expect(201);
    assert_eq!(ana.text("/user/name"), "Ana");
    let join = json!({"token": told.text("/invitation"), "name": "Cem"});
    stranger.post("/api/v1/invitations/accept", &join).await.expect(201);
    let members = format!("/api/v1/teams/{}/members", told.text("/team"));
    assert_eq!(told.holder(&world, "owner").get(&members).await.expect(200).json["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn what_was_sealed_opens_and_work_goes_on() {
    let (world, told) = upgraded();
    let ben = told.holder(&world, "ben");
    let path = told.text("/delegation");
    let given = ben.get(path).await.expect(200);
    assert_eq!((given.text("/title"), given.text("/body")), ("Mend the pier".to_owned(), "Before autumn.".to_owned()));
    ben.post(&format!("{path}/done"), &json!({})).await.expect(200);
    let ana = told.holder(&world, "ana");
    ana.post(&format!("{path}/confirm"), &json!({})).await.expect(200);
    let custody = ana.get(&format!("{path}/custody")).await.expect(200);
    assert_eq!(custody.json["items"].as_array().unwrap().len(), 4);
    let rows = world.audit(&told.holder(&world, "owner"), "event=delegation.created").await;
    assert_eq!(
        (&rows[0]["actor"]["name"], &rows[0]["actor"]["user_id"]),
        (&json!("Ana"), &json!(told.text("/ana/id")))
    );
}

/// Its device was seen last when it was first seen: nothing else is known.
#[tokio::test]
async fn devices_are_still_their_holders() {
    let (world, told) = upgraded();
    let of_ana = "SELECT count(*) FROM devices d JOIN sessions s ON s.device_id = d.id JOIN users u ON u.id = d.user_id \
        WHERE d.last_seen_at = d.first_seen_at AND d.mark_hash IS NULL AND s.user_id = d.user_id AND u.id = ";
    assert_eq!(forge::number(&world, &format!("{of_ana}'{}'", told.text("/ana/id"))), 1);
}

/// The first night after the upgrade cleans up what the earlier Milton left.
#[tokio::test]
async fn the_clean_up_takes_what_was_over_and_leaves_what_was_not() {
    let (world, told) = upgraded();
    let olga = told.holder(&world, "owner");
    let run = olga.post("/api/v1/admin/jobs/token-clean-up/run", &json!({})).await.expect(200);
    assert_eq!(run.json["affected"], 5, "a revoked session, two used links, two used invitations");
    told.holder(&world, "ana").get(ME).await.expect(200);
    world.holder(told.text("/ana/revoked")).get(ME).await.problem(401, "revoked-token");
}

/// The earlier Milton had no search: what it wrote is found from the first run on, and then there is nothing left to do.
#[tokio::test]
async fn what_was_written_before_becomes_findable() {
    let (world, told) = upgraded();
    let (olga, ana) = (told.holder(&world, "owner"), told.holder(&world, "ana"));
    let search = format!("/api/v1/teams/{}/search?q=", told.text("/team"));
    let run = async || olga.post("/api/v1/admin/jobs/search-fill/run", &json!({})).await.expect(200);
    assert_eq!(ana.get(&format!("{search}pier")).await.expect(200).json["items"], json!([]));
    assert_eq!(run().await.json["affected"], 4, "three people and a delegation");
    assert_eq!(ana.get(&format!("{search}pier+mend")).await.expect(200).text("/items/0/title"), "Mend the pier");
    assert_eq!(ana.get(&format!("{search}ben&type=person")).await.expect(200).text("/items/0/title"), "Ben");
    assert_eq!(world.audit(&olga, "event=search.indexed").await.len(), 1);
    let size = forge::count(&world, "search_index");
    assert_eq!((run().await.json["affected"].clone(), forge::count(&world, "search_index")), (json!(0), size));
    assert_eq!(world.audit(&olga, "event=search.indexed").await.len(), 1, "a run with nothing to do leaves no row");
}

/// What is deleted or renamed before the first run is not found by its old words afterwards.
#[tokio::test]
async fn what_changed_before_it_was_indexed_is_indexed_as_it_is() {
    let (world, told) = upgraded();
    let (olga, ana) = (told.holder(&world, "owner"), told.holder(&world, "ana"));
    let search = format!("/api/v1/teams/{}/search?q=", told.text("/team"));
    ana.send(poem::http::Method::PATCH, ME, Some(&json!({"name": "Anna"}))).await.expect(200);
    let found = ana.get(&format!("{search}anna")).await.expect(200);
    assert_eq!(found.text("/items/0/id"), told.text("/ana/id"));
    let change = json!({"title": "Mend the quay"});
    let giver = ana.clone().with("if-match", "*");
    giver.send(poem::http::Method::PATCH, told.text("/delegation"), Some(&change)).await.expect(200);
    olga.post("/api/v1/admin/jobs/search-fill/run", &json!({})).await.expect(200);
    for (word, hits) in [("ana", 0), ("anna", 1), ("pier", 0), ("quay", 1)] {
        let found = ana.get(&format!("{search}{word}")).await.expect(200);
        assert_eq!(found.json["items"].as_array().unwrap().len(), hits, "{word}");
    }
}
