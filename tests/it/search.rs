//! The search through the API: what is found, by whom, page by page, and what a file in foreign hands does not tell.

use std::collections::BTreeSet;
use std::time::Duration;

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use crate::forge;
use crate::world::{Answer, Person, World};

/// A team with an Owner, a Manager and two Members.
struct Stage {
    world: World,
    olga: Person,
    max: Person,
    ben: Person,
    mia: Person,
    team: String,
}

impl Stage {
    async fn new() -> Self {
        let options = crate::world::Options::default().unlimited();
        let world = World::with(options);
        let olga = world.claim("Olga Owner").await;
        let team = world.team(&olga, "Ops").await;
        let max = world.join(&olga, &team, "manager", "Max Manager").await;
        let ben = world.join(&olga, &team, "member", "Ben Becker").await;
        let mia = world.join(&olga, &team, "member", "Mia Mühlbauer").await;
        Self { world, olga, max, ben, mia, team }
    }

    /// A comment on a delegation, or a message in a conversation; answers its path.
    async fn say(&self, by: &Person, place: &str, text: &str) -> String {
        self.world.pass(Duration::from_millis(1));
        let list = if place.contains("/conversations/") { "messages" } else { "comments" };
        by.post(&format!("{place}/{list}"), &json!({"body": text})).await.expect(201).header("location")
    }

    /// The ids of what somebody finds, newest first, each as the last part of a path.
    async fn ids(&self, who: &Person, query: &str) -> Vec<String> {
        let found = self.ask(who, query).await.expect(200);
        let items = found.json["items"].as_array().unwrap();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    /// A delegation by this title, offered to somebody or a draft; answers its path.
    async fn give(&self, by: &Person, title: &str, to: Option<&Person>) -> String {
        self.world.pass(Duration::from_millis(1));
        let body = to
            .map_or_else(|| json!({"title": title}), |to| json!({"title": title, "assignee_id": to.id, "offer": true}));
        let list = format!("/api/v1/teams/{}/delegations", self.team);
        by.post(&list, &body).await.expect(201).header("location")
    }

    async fn ask(&self, who: &Person, query: &str) -> Answer {
        let q: String = url::form_urlencoded::byte_serialize(query.split('&').next().unwrap().as_bytes()).collect();
        let rest = query.split_once('&').map(|(_, rest)| format!("&{rest}")).unwrap_or_default();
        who.get(&format!("/api/v1/teams/{}/search?q={q}{rest}", self.team)).await
    }

    /// The titles and names that somebody finds, newest first.
    async fn find(&self, who: &Person, query: &str) -> Vec<String> {
        let found = self.ask(who, query).await.expect(200);
        let items = found.json["items"].as_array().unwrap();
        items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn all_words_must_stand_in_it_in_whatever_form_and_order() {
    let stage = Stage::new().await;
    stage.give(&stage.olga, "Die Straße zum Café räumen", None).await;
    stage.give(&stage.olga, "Die Straße kehren", None).await;
    for query in ["STRASSE", "straße", "strasse die"] {
        assert_eq!(
            stage.find(&stage.olga, query).await,
            ["Die Straße kehren", "Die Straße zum Café räumen"],
            "{query}"
        );
    }
    for query in ["cafe\u{301} strasse", "CAFÉ", "Café, Straße!", "caf\u{e9} caf\u{e9}"] {
        assert_eq!(stage.find(&stage.olga, query).await, ["Die Straße zum Café räumen"], "{query}");
    }
    for query in ["Straß", "cafe", "straße besen", "räum"] {
        assert_eq!(stage.find(&stage.olga, query).await, [""; 0], "{query}");
    }
}

#[tokio::test]
async fn the_turkish_letters_addresses_and_characters_follow_the_rule() {
    let stage = Stage::new().await;
    stage.give(&stage.olga, "Işık için ara", None).await;
    stage.give(&stage.olga, "Write to ana.lee@example.org", None).await;
    stage.give(&stage.olga, "東京都の予定", None).await;
    assert_eq!(stage.find(&stage.olga, "için").await.len(), 1);
    assert_eq!(stage.find(&stage.olga, "IŞIK").await.len(), 0, "ı is no i, and without a language I is i");
    for query in ["ana.lee@example.org", "lee", "EXAMPLE.org", "example"] {
        assert_eq!(stage.find(&stage.olga, query).await, ["Write to ana.lee@example.org"], "{query}");
    }
    for query in ["東京", "予定", "都"] {
        assert_eq!(stage.find(&stage.olga, query).await.len(), 1, "{query}");
    }
}

#[tokio::test]
async fn a_hit_says_what_it_is() {
    let stage = Stage::new().await;
    let path = stage.give(&stage.max, "Mend the pier", Some(&stage.ben)).await;
    let found = stage.ask(&stage.olga, "pier").await.expect(200);
    let expected = json!({"items": [{"type": "delegation", "id": path.rsplit_once('/').unwrap().1,
        "title": "Mend the pier", "author": {"id": stage.max.id, "name": "Max Manager"},
        "created_at": found.json["items"][0]["created_at"]}]});
    assert_eq!(found.json, expected);
    let found = stage.ask(&stage.ben, "mühlbauer&type=person").await.expect(200);
    assert_eq!((found.text("/items/0/type"), found.text("/items/0/id")), ("person".to_owned(), stage.mia.id.clone()));
    assert_eq!(stage.find(&stage.olga, "max&type=delegation").await, [""; 0]);
    assert_eq!(stage.find(&stage.olga, "pier&type=person").await, [""; 0]);
}

#[tokio::test]
async fn members_find_what_they_gave_have_or_watch() {
    let stage = Stage::new().await;
    stage.give(&stage.max, "Secret lighthouse plan", None).await;
    stage.give(&stage.max, "Paint the lighthouse", Some(&stage.ben)).await;
    stage.give(&stage.ben, "Visit a lighthouse", None).await;
    let watched = stage.give(&stage.max, "Light the lighthouse", Some(&stage.ben)).await;
    stage.ben.send(Method::PUT, &format!("{watched}/watch"), None).await.expect(204);
    stage.max.post(&format!("{watched}/reassign"), &json!({"assignee_id": stage.max.id})).await.expect(200);
    let of_ben = ["Light the lighthouse", "Visit a lighthouse", "Paint the lighthouse"];
    assert_eq!(stage.find(&stage.ben, "lighthouse").await, of_ben);
    assert_eq!(stage.find(&stage.mia, "lighthouse").await, [""; 0]);
    for boss in [&stage.olga, &stage.max] {
        assert_eq!(stage.find(boss, "lighthouse").await.len(), 4);
    }
    stage.world.cast(&stage.team, &stage.ben, Some(Role::Manager));
    assert_eq!(stage.find(&stage.ben, "lighthouse").await.len(), 4, "roles are read anew");
}

#[tokio::test]
async fn comments_are_found_by_whoever_may_read_the_delegation_and_as_long_as_they_say_so() {
    let stage = Stage::new().await;
    let work = stage.give(&stage.max, "Pier", Some(&stage.ben)).await;
    let path = stage.say(&stage.ben, &work, "The harbour master said: not before the lighthouse is painted").await;
    let id = path.rsplit('/').next().unwrap();
    for reader in [&stage.olga, &stage.max, &stage.ben] {
        let found = stage.ask(reader, "harbour lighthouse&type=comment").await.expect(200);
        let expected = (json!("comment"), json!(id), json!(work.rsplit('/').next().unwrap()));
        let hit = &found.json["items"][0];
        assert_eq!((hit["type"].clone(), hit["id"].clone(), hit["delegation_id"].clone()), expected, "{}", found.text);
    }
    assert_eq!(stage.ids(&stage.mia, "harbour").await, [""; 0]);
    stage.max.post(&format!("{work}/reassign"), &json!({"assignee_id": stage.mia.id})).await.expect(200);
    assert_eq!(stage.ids(&stage.ben, "harbour").await, [""; 0], "their own words, in work that is closed to them");
    assert_eq!(stage.ids(&stage.mia, "harbour").await, [id]);

    let said = stage.say(&stage.mia, &work, "Green harbour").await;
    let before = forge::count(&stage.world, "search_index");
    let mia = stage.mia.clone().with("if-match", "*");
    mia.send(Method::PATCH, &said, Some(&json!({"body": "Blue harbour"}))).await.expect(200);
    assert_eq!((stage.ids(&stage.mia, "green").await.len(), stage.ids(&stage.olga, "blue").await.len()), (0, 1));
    assert_eq!(forge::count(&stage.world, "search_index"), before);
    mia.send(Method::DELETE, &said, None).await.expect(204);
    assert_eq!(stage.ids(&stage.olga, "blue").await, [""; 0]);
    assert_eq!(forge::count(&stage.world, "search_index"), before - 2 * 2, "a comment stands on two lists");
    stage.max.clone().with("if-match", "*").send(Method::DELETE, &work, None).await.expect(204);
    assert_eq!(stage.ids(&stage.olga, "harbour").await, [""; 0]);
}

#[tokio::test]
async fn messages_are_found_by_those_who_take_part_and_as_long_as_they_say_so() {
    let stage = Stage::new().await;
    let list = format!("/api/v1/teams/{}/conversations", stage.team);
    let body = json!({"kind": "group", "title": "Harbour", "participant_ids": [stage.ben.id, stage.mia.id]});
    let talk = stage.max.post(&list, &body).await.expect(201).header("location");
    let said = stage.say(&stage.ben, &talk, "The lighthouse code is 4711").await;
    let id = said.rsplit('/').next().unwrap();
    for reader in [&stage.max, &stage.ben, &stage.mia] {
        let found = stage.ask(reader, "lighthouse 4711&type=message").await.expect(200);
        let expected = (json!("message"), json!(id), json!(talk.rsplit('/').next().unwrap()));
        let hit = &found.json["items"][0];
        assert_eq!(
            (hit["type"].clone(), hit["id"].clone(), hit["conversation_id"].clone()),
            expected,
            "{}",
            found.text
        );
    }
    assert_eq!(stage.ids(&stage.olga, "lighthouse").await, [""; 0], "no role opens what others say to each other");
    stage.max.send(Method::DELETE, &format!("{talk}/participants/{}", stage.mia.id), None).await.expect(204);
    stage.ben.post(&format!("{talk}/leave"), &json!({})).await.expect(204);
    for out in [&stage.mia, &stage.ben] {
        assert_eq!(stage.ids(out, "lighthouse").await, [""; 0]);
    }
    stage.max.post(&format!("{talk}/participants"), &json!({"user_id": stage.ben.id})).await.expect(201);
    assert_eq!(stage.ids(&stage.ben, "lighthouse").await, [id]);

    let before = forge::count(&stage.world, "search_index");
    let ben = stage.ben.clone().with("if-match", "*");
    ben.send(Method::PATCH, &said, Some(&json!({"body": "The windmill code is 4711"}))).await.expect(200);
    assert_eq!(
        (stage.ids(&stage.max, "lighthouse").await.len(), stage.ids(&stage.max, "windmill").await.len()),
        (0, 1)
    );
    assert_eq!(forge::count(&stage.world, "search_index"), before);
    ben.send(Method::DELETE, &said, None).await.expect(204);
    assert_eq!(stage.ids(&stage.max, "4711").await, [""; 0]);
    assert_eq!(forge::count(&stage.world, "search_index"), before - 5);
    let kept = stage.say(&stage.max, &talk, "The windmill stands").await;
    assert_eq!(stage.ids(&stage.max, "windmill").await, [kept.rsplit('/').next().unwrap()]);
    stage.max.clone().with("if-match", "*").send(Method::DELETE, &talk, None).await.expect(204);
    assert_eq!(stage.ids(&stage.max, "windmill").await, [""; 0]);
}

#[tokio::test]
async fn what_is_said_about_work_is_found_by_whoever_may_read_the_work() {
    let stage = Stage::new().await;
    let work = stage.give(&stage.olga, "Pier", Some(&stage.ben)).await;
    let talk = stage.max.post(&format!("{work}/conversation"), &json!({})).await.expect(201).header("location");
    let said = stage.say(&stage.ben, &talk, "The lighthouse code is 4711").await;
    let id = said.rsplit('/').next().unwrap();
    for reader in [&stage.olga, &stage.max, &stage.ben] {
        assert_eq!(stage.ids(reader, "lighthouse").await, [id]);
    }
    let member = format!("/api/v1/teams/{}/members/{}", stage.team, stage.max.id);
    stage.olga.send(Method::PUT, &member, Some(&json!({"role": "member"}))).await.expect(204);
    stage.olga.post(&format!("{work}/reassign"), &json!({"assignee_id": stage.mia.id})).await.expect(200);
    for out in [&stage.max, &stage.ben] {
        stage.ask(out, "lighthouse").await.expect(200);
        assert_eq!(stage.ids(out, "lighthouse").await, [""; 0]);
    }
    assert_eq!(stage.ids(&stage.mia, "lighthouse").await, [id]);
    stage.olga.clone().with("if-match", "*").send(Method::DELETE, &work, None).await.expect(204);
    assert_eq!(stage.ids(&stage.olga, "lighthouse").await, [""; 0]);
}

/// Neither an empty page with a cursor nor the shape of the answer tells a Member that others write a word.
#[tokio::test]
async fn what_others_write_leaves_no_trace_in_a_members_answer() {
    let stage = Stage::new().await;
    let body = |answer: Answer| answer.json;
    let before = body(stage.ask(&stage.mia, "merger&limit=1").await.expect(200));
    for nth in 0..120 {
        stage.give(&stage.max, &format!("Merger number {nth}"), Some(&stage.ben)).await;
    }
    assert_eq!(body(stage.ask(&stage.mia, "merger&limit=1").await.expect(200)), before);
    assert_eq!(before, json!({"items": []}));
    assert_eq!(stage.find(&stage.ben, "merger").await.len(), 50);
}

#[tokio::test]
async fn whoever_is_not_in_finds_nothing() {
    let stage = Stage::new().await;
    stage.give(&stage.olga, "Mend the pier", Some(&stage.ben)).await;
    assert_eq!(stage.find(&stage.ben, "pier").await.len(), 1);
    let other = stage.world.team(&stage.olga, "Other").await;
    let bob = stage.world.join(&stage.olga, &other, "owner", "Bob").await;
    stage.ask(&bob, "pier").await.problem(403, "access-denied");
    let elsewhere = bob.get(&format!("/api/v1/teams/{other}/search?q=pier")).await.expect(200);
    assert_eq!(elsewhere.json["items"], json!([]), "another team's words are another's");
    stage.olga.post(&format!("/api/v1/admin/users/{}/suspend", stage.mia.id), &json!({})).await.expect(200);
    stage.ask(&stage.mia, "pier").await.expect(401);
    stage.ben.post(&format!("/api/v1/teams/{}/leave", stage.team), &json!({})).await.expect(204);
    stage.ask(&stage.ben, "pier").await.problem(403, "access-denied");
    forge::sql(&stage.world, "UPDATE teams SET deleted_at = 1 WHERE id = ?1", [&stage.team]);
    stage.ask(&stage.olga, "pier").await.problem(403, "access-denied");
}

#[tokio::test]
async fn a_key_finds_what_its_scopes_read() {
    let stage = Stage::new().await;
    stage.give(&stage.olga, "Owner of the pier", None).await;
    let with = async |scopes: Value| {
        let key = json!({"name": "Finder", "scopes": scopes});
        let key = stage.olga.post("/api/v1/me/api-keys", &key).await.expect(201).text("/token");
        let holder = stage.world.holder(&key);
        stage.find(&holder, "owner").await
    };
    assert_eq!(with(json!(["search:use"])).await, [""; 0]);
    assert_eq!(with(json!(["search:use", "delegation:read"])).await, ["Owner of the pier"]);
    assert_eq!(with(json!(["search:use", "membership:read"])).await, ["Olga Owner"]);
}

#[tokio::test]
async fn people_are_found_by_their_name_of_today_in_every_team() {
    let stage = Stage::new().await;
    let other = stage.world.team(&stage.olga, "Choir").await;
    let invitation = stage.olga.post(&format!("/api/v1/teams/{other}/invitations"), &json!({"role": "member"})).await;
    let token = json!({"token": invitation.expect(201).text("/token")});
    stage.mia.post("/api/v1/invitations/accept", &token).await.expect(200);
    let in_choir = async |word: &str| {
        let found = stage.mia.get(&format!("/api/v1/teams/{other}/search?q={word}")).await.expect(200);
        found.json["items"].as_array().unwrap().len()
    };
    assert_eq!((stage.find(&stage.ben, "mia").await.len(), in_choir("mia").await), (1, 1));
    stage.mia.send(Method::PATCH, "/api/v1/me", Some(&json!({"name": "Maria Mühlbauer"}))).await.expect(200);
    assert_eq!((stage.find(&stage.ben, "mia").await.len(), in_choir("mia").await), (0, 0));
    assert_eq!((stage.find(&stage.ben, "maria").await.len(), in_choir("maria").await), (1, 1));
    let rows = || {
        let id = stage.mia.id.replace('-', "");
        forge::number(&stage.world, &format!("SELECT count(*) FROM search_index WHERE hex(found) = upper('{id}')"))
    };
    assert_eq!(rows(), 4, "two words in two teams");
    let path = format!("/api/v1/teams/{}/members/{}", stage.team, stage.mia.id);
    stage.olga.send(Method::DELETE, &path, None).await.expect(204);
    assert_eq!(rows(), 2, "and none of the team that she is out of");
    assert_eq!((stage.find(&stage.ben, "maria").await.len(), in_choir("maria").await), (0, 1));
}

/// Behind each answer the index itself: no row is left of what is not there any more.
#[tokio::test]
async fn what_is_edited_or_deleted_is_forgotten() {
    let stage = Stage::new().await;
    let before = forge::count(&stage.world, "search_index");
    let path = stage.give(&stage.olga, "Mend the pier", None).await;
    assert_eq!(forge::count(&stage.world, "search_index"), before + 3);
    let olga = stage.olga.clone().with("if-match", "*");
    olga.send(Method::PATCH, &path, Some(&json!({"title": "Mend the quay"}))).await.expect(200);
    assert_eq!(stage.find(&stage.olga, "pier").await, [""; 0]);
    assert_eq!(stage.find(&stage.olga, "quay mend").await, ["Mend the quay"]);
    assert_eq!(forge::count(&stage.world, "search_index"), before + 3);
    olga.send(Method::PATCH, &path, Some(&json!({"priority": "high"}))).await.expect(200);
    assert_eq!(stage.find(&stage.olga, "quay").await, ["Mend the quay"], "an edit of something else changes nothing");
    olga.send(Method::DELETE, &path, None).await.expect(204);
    assert_eq!(stage.find(&stage.olga, "quay").await, [""; 0]);
    assert_eq!(forge::count(&stage.world, "search_index"), before);
}

/// Thirty-two bits are equal for different words now and then; somebody with the file can make them so.
#[tokio::test]
async fn a_collision_is_looked_through() {
    let stage = Stage::new().await;
    stage.give(&stage.olga, "pier", None).await;
    let row = "SELECT word FROM search_index ORDER BY found DESC LIMIT 1";
    let word = forge::number(&stage.world, row);
    let path = stage.give(&stage.olga, "Lighthouse", None).await;
    let insert = "INSERT INTO search_index (team, word, found) \
        SELECT team, ?1, found FROM search_index ORDER BY found DESC LIMIT 1";
    assert_eq!(forge::sql(&stage.world, insert, [word]), 1);
    assert_eq!(stage.find(&stage.olga, "pier").await, ["pier"]);
    assert_eq!(stage.find(&stage.olga, "lighthouse").await, ["Lighthouse"]);
    // A row that leads nowhere, or to something of another kind, is no hit either.
    let nowhere = "INSERT INTO search_index (team, word, found) SELECT team, word, x'ffffffffffffffffffffffffffffffff' \
        FROM search_index WHERE word = ?1 LIMIT 1";
    forge::sql(&stage.world, nowhere, [word]);
    let person = "INSERT INTO search_index (team, word, found) SELECT team, ?1, min(found) FROM search_index";
    forge::sql(&stage.world, person, [word]);
    assert_eq!(stage.find(&stage.olga, "pier").await, ["pier"]);
    // One whose row was deleted behind the server's back neither.
    let id = path.rsplit_once('/').unwrap().1;
    forge::sql(&stage.world, "UPDATE delegations SET deleted_at = 1 WHERE id = ?1", [id]);
    assert_eq!(stage.find(&stage.olga, "lighthouse").await, [""; 0]);
}

#[tokio::test]
async fn pages_have_no_gap_and_no_double() {
    let stage = Stage::new().await;
    for nth in 0..23 {
        stage.give(&stage.olga, &format!("Mia and task {nth}"), Some(&stage.ben)).await;
    }
    for who in [&stage.olga, &stage.ben] {
        let (mut seen, mut cursor, mut last) = (Vec::new(), String::new(), None);
        loop {
            let page = stage.ask(who, &format!("mia&limit=5{cursor}")).await.expect(200);
            for item in page.json["items"].as_array().unwrap() {
                let id = item["id"].as_str().unwrap().to_owned();
                assert!(last.as_ref().is_none_or(|last| id < *last), "newest first");
                last = Some(id.clone());
                seen.push(id);
            }
            // What comes meanwhile is newer than all pages to come.
            stage.give(&stage.olga, "Mia again", None).await;
            match page.json["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
        assert!(seen.len() >= 24 && seen.contains(&stage.mia.id), "{}", seen.len());
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_its_search() {
    let stage = Stage::new().await;
    for nth in 0..3 {
        stage.give(&stage.ben, &format!("Mend the pier {nth}"), None).await;
    }
    let page = stage.ask(&stage.ben, "pier mend&limit=1").await.expect(200);
    let cursor = page.text("/next_cursor");
    for same in ["pier mend", "MEND  pier"] {
        assert_eq!(stage.find(&stage.ben, &format!("{same}&cursor={cursor}")).await.len(), 2);
    }
    for other in ["pier", "pier mend&type=delegation", "mend the pier"] {
        let refused = stage.ask(&stage.ben, &format!("{other}&cursor={cursor}")).await.problem(422, "invalid");
        assert_eq!(refused.text("/errors/0/pointer"), "cursor");
    }
    stage.ask(&stage.olga, &format!("pier mend&cursor={cursor}")).await.problem(422, "invalid");
    let listed = stage.ben.get(&format!("/api/v1/teams/{}/delegations?limit=1", stage.team)).await.expect(200);
    stage.ask(&stage.ben, &format!("pier mend&cursor={}", listed.text("/next_cursor"))).await.problem(422, "invalid");
}

#[tokio::test]
async fn wrong_questions_are_told_so() {
    let stage = Stage::new().await;
    for wrong in ["", " ", "—…!", "a b c d e f g h i", &"x".repeat(201)] {
        let refused = stage.ask(&stage.olga, wrong).await.problem(422, "invalid");
        assert_eq!(refused.text("/errors/0/pointer"), "q", "{wrong}");
    }
    for wrong in ["pier&type=credential", "pier&limit=0", "pier&limit=101", "pier&cursor=*"] {
        stage.ask(&stage.olga, wrong).await.problem(422, "invalid");
    }
    let without = stage.olga.get(&format!("/api/v1/teams/{}/search", stage.team)).await;
    assert_eq!(without.status.as_u16(), 422, "{}", without.text);
    for odd in ["%00", "a%00b", "🙂 pier", "\u{202e}pier", "SELECT * FROM messages --"] {
        stage.ask(&stage.olga, odd).await.expect(200);
    }
}

/// The same title in two teams, and in the name of a person: no number of one stands among those of another.
#[tokio::test]
async fn equal_words_of_two_teams_and_kinds_are_different_numbers() {
    let stage = Stage::new().await;
    let other = stage.world.team(&stage.olga, "Other").await;
    let title = json!({"title": "Olga mends Becker"});
    for team in [&stage.team, &other] {
        stage.olga.post(&format!("/api/v1/teams/{team}/delegations"), &title).await.expect(201);
    }
    let words = forge::number(&stage.world, "SELECT count(*) FROM search_index");
    assert_eq!(words, 3 + 3 + 2 * 4 + 2, "two titles, four names here and one there");
    assert_eq!(forge::number(&stage.world, "SELECT count(DISTINCT word) FROM search_index"), words);
}

#[tokio::test]
async fn a_purged_team_takes_its_words_along() {
    let stage = Stage::new().await;
    let other = stage.world.team(&stage.olga, "Other").await;
    stage.give(&stage.olga, "Mend the pier", None).await;
    let database = rusqlite::Connection::open(stage.world.folder().join("milton.db")).unwrap();
    database.pragma_update(None, "foreign_keys", true).unwrap();
    database.execute("DELETE FROM teams WHERE id = ?1", [&stage.team]).unwrap();
    let left = database.query_row("SELECT count(*) FROM search_index", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(left, 2, "Olga's name in the other team");
    let found = stage.olga.get(&format!("/api/v1/teams/{other}/search?q=olga")).await.expect(200);
    assert_eq!(found.json["items"].as_array().unwrap().len(), 1);
}
