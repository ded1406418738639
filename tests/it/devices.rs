//! Devices and sessions: who is known again and who is not, and what hangs on a device that goes.

use std::time::Duration;

use poem::http::Method;
use serde_json::{Value, json};

use crate::forge;
use crate::sign_in::sign_in_token;
use crate::world::{Answer, Options, Person, World};

const DEVICES: &str = "/api/v1/me/devices";
const SESSIONS: &str = "/api/v1/me/sessions";
const LINK: &str = "/api/v1/auth/link";
const OWNER: &str = "owner@milton.test";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Signs the owner in, with what the client says of its device.
async fn arrive(world: &World, client: &Person, device: Option<Value>) -> Answer {
    arrive_as(world, client, OWNER, device).await
}

async fn arrive_as(world: &World, client: &Person, email: &str, device: Option<Value>) -> Answer {
    let mut body = json!({"token": sign_in_token(world, email).await});
    if let Some(device) = device {
        body["device"] = device;
    }
    client.post(LINK, &body).await.expect(201)
}

fn with_token(token: &str) -> Value {
    json!({"name": "Renamed", "platform": "Other", "token": token})
}

/// A person's devices, newest first.
async fn devices(person: &Person) -> Vec<Value> {
    person.get(DEVICES).await.expect(200).json["items"].as_array().unwrap().clone()
}

async fn current(person: &Person) -> Value {
    devices(person).await.into_iter().find(|device| device["current"] == true).unwrap()
}

async fn delete(person: &Person, path: &str) -> Answer {
    person.send(Method::DELETE, path, None).await
}

async fn notifications(person: &Person) -> Vec<Value> {
    person.get("/api/v1/me/notifications").await.expect(200).json["items"].as_array().unwrap().clone()
}

/// The cookies that an answer sets, as a browser would send them back.
fn cookies(answer: &Answer) -> Vec<String> {
    let lines = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    lines.map(|line| line.split_once(';').unwrap().0.to_owned()).collect()
}

#[tokio::test]
async fn a_device_is_what_its_client_says_or_else_what_its_agent_gives_away() {
    let (world, _) = World::claimed().await;
    let said = Some(json!({"name": "Olga's laptop", "platform": "Plan 9"}));
    for (agent, device, name, platform) in [
        (FIREFOX, None, "Firefox on Linux", "Linux"),
        (FIREFOX, said, "Olga's laptop", "Plan 9"),
        ("curl/8.14.1", None, "curl", "unknown"),
        ("", None, "Unknown client", "unknown"),
    ] {
        let mut client = world.stranger().with("user-agent", agent);
        client.address = "198.51.100.9".parse().unwrap();
        let person = world.person(&arrive(&world, &client, device).await);
        let shown = current(&person).await;
        assert_eq!((&shown["name"], &shown["platform"]), (&json!(name), &json!(platform)));
        assert_eq!((&shown["client"], &shown["address"]), (&json!(agent), &json!("198.51.100.9")));
        assert_eq!((&shown["sessions"], &shown["etag"]), (&json!(1), &json!("\"1\"")));
        assert_eq!(
            (&shown["first_seen_at"], &shown["last_seen_at"]),
            (&shown["first_seen_at"], &shown["first_seen_at"])
        );
    }
}

#[tokio::test]
async fn a_client_that_shows_its_token_is_known_again() {
    let (world, owner) = World::claimed().await;
    let first = arrive(&world, &world.stranger(), None).await;
    let token = first.text("/device_token");
    assert_eq!(token.len(), 43, "256 random bits");
    let before = current(&world.person(&first)).await;
    world.pass(Duration::from_mins(1));
    let mut moved = world.stranger().with("user-agent", FIREFOX);
    moved.address = "203.0.113.5".parse().unwrap();
    let size = world.audit_size();
    let again = arrive(&world, &moved, Some(with_token(&token))).await;
    assert_eq!(world.audit_size() - size, 3, "the link, its use and the sign-in; no new device");
    assert_eq!(again.text("/device_token"), token, "the same from now on");
    let after = current(&world.person(&again)).await;
    for same in ["id", "name", "platform", "first_seen_at", "etag"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert_eq!((&after["client"], &after["address"]), (&json!(FIREFOX), &json!("203.0.113.5")));
    assert_eq!((&after["last_seen_at"], &after["sessions"]), (&json!("2026-03-01T09:01:00Z"), &json!(2)));
    assert_eq!(notifications(&owner).await.len(), 1, "of the first sign-in alone");
    assert_eq!(world.audit(&owner, "event=device.registered").await.len(), 2);
}

#[tokio::test]
async fn a_browser_is_known_again_even_after_signing_out() {
    let (world, owner) = World::claimed().await;
    let browser = world.stranger().with("milton-console", "1").with("sec-fetch-site", "same-origin");
    let begun = arrive(&world, &browser, None).await;
    assert!(begun.json.get("device_token").is_none() && !begun.text.contains(&cookies(&begun)[1]), "{}", begun.text);
    let line = begun.headers.get_all("set-cookie").iter().nth(1).unwrap().to_str().unwrap();
    let (mark, attributes) = line.split_once(';').unwrap();
    assert!(mark.starts_with("__Host-milton-device=") && mark.len() == "__Host-milton-device=".len() + 43, "{mark}");
    assert_eq!(attributes, " Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=34560000");
    let signed_in = browser.clone().with("cookie", &cookies(&begun).join("; "));
    let out = signed_in.send(Method::POST, "/api/v1/auth/logout", None).await.expect(204);
    assert!(!out.header("clear-site-data").contains("cookies"), "or the device would be forgotten");
    let again = arrive(&world, &browser.clone().with("cookie", mark), None).await;
    assert_eq!(cookies(&again)[1], mark);
    assert_eq!((devices(&owner).await.len(), forge::count(&world, "devices")), (2, 2));
    arrive(&world, &browser, None).await;
    assert_eq!(devices(&owner).await.len(), 3, "without the mark it is another");
}

#[tokio::test]
async fn a_mark_counts_for_its_own_person_alone_and_tells_nobody_anything() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    ana.send(Method::PATCH, "/api/v1/me", Some(&json!({"email": "ana@milton.test"}))).await.expect(200);
    let olgas = arrive(&world, &world.stranger(), None).await.text("/device_token");
    let before = devices(&owner).await;
    let unknown = arrive_as(&world, &world.stranger(), "ana@milton.test", Some(with_token(&"x".repeat(43)))).await;
    let stolen = arrive_as(&world, &world.stranger(), "ana@milton.test", Some(with_token(&olgas))).await;
    for answer in [&unknown, &stolen] {
        assert_ne!(answer.text("/device_token"), olgas, "she gets a mark of her own");
        assert_eq!(answer.text("/device_token").len(), 43);
        assert_eq!(current(&world.person(answer)).await["name"], "Renamed");
    }
    let shape = |answer: &Answer| answer.json.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(shape(&unknown), shape(&stolen));
    assert_eq!(devices(&owner).await, before, "and Olga's device is what and where it was");
    assert_eq!(devices(&ana).await.len(), 3);
}

#[tokio::test]
async fn what_is_no_mark_makes_a_new_device() {
    let (world, owner) = World::claimed().await;
    let known = arrive(&world, &world.stranger(), None).await.text("/device_token");
    let hash = "hex(mark_hash)";
    let stored = format!("SELECT count(*) FROM devices WHERE {hash} LIKE '%{known}%'");
    assert_eq!(forge::number(&world, &stored), 0);
    let wrong = [" ", &known[..42], &known.to_lowercase(), &format!("{known}="), "' OR 1=1 --", &"a".repeat(100)];
    for (number, mark) in wrong.into_iter().enumerate() {
        let fresh = arrive(&world, &world.stranger(), Some(with_token(mark))).await.text("/device_token");
        assert!(fresh != known && fresh != mark);
        assert_eq!(devices(&owner).await.len(), 3 + number, "{mark}");
        let browser = world.stranger().with("milton-console", "1");
        arrive(&world, &browser.with("cookie", "__Host-milton-device=; __Host-milton-device=x"), None).await;
        forge::sql(&world, "DELETE FROM devices WHERE rowid = (SELECT max(rowid) FROM devices)", []);
    }
    for refused in ["", &"a".repeat(101)] {
        let body = json!({"token": "mlt_l_x", "device": {"name": "N", "platform": "P", "token": refused}});
        world.stranger().post(LINK, &body).await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn a_name_holds_no_header_and_no_trick() {
    let (world, owner) = World::claimed().await;
    let path = format!("{DEVICES}/{}", current(&owner).await["id"].as_str().unwrap());
    let editor = owner.clone().with("if-match", "*");
    for name in ["a\r\nSet-Cookie: x=y", "a\nb", "\u{0}", "\u{202e}nimda", "a\u{200b}b", " ", "", &"a".repeat(101)] {
        editor.send(Method::PATCH, &path, Some(&json!({"name": name}))).await.problem(422, "invalid");
        for device in [json!({"name": name, "platform": "P"}), json!({"name": "N", "platform": name})] {
            let body = json!({"token": sign_in_token(&world, OWNER).await, "device": device});
            world.stranger().post(LINK, &body).await.problem(422, "invalid");
        }
    }
    let markup = "<script>alert(1)</script> \"'; --";
    let renamed = editor.send(Method::PATCH, &path, Some(&json!({"name": markup}))).await.expect(200);
    assert_eq!(
        (renamed.text("/name"), renamed.header("content-type")),
        (markup.into(), "application/json; charset=utf-8".into())
    );
}

#[tokio::test]
async fn a_rename_wants_the_version_that_was_seen() {
    let (_, owner) = World::claimed().await;
    let device = current(&owner).await;
    let path = format!("{DEVICES}/{}", device["id"].as_str().unwrap());
    let rename = async |tag: &str, name: &str| {
        owner.clone().with("if-match", tag).send(Method::PATCH, &path, Some(&json!({"name": name}))).await
    };
    owner.send(Method::PATCH, &path, Some(&json!({"name": "x"}))).await.problem(422, "invalid");
    let renamed = rename(device["etag"].as_str().unwrap(), "Desk").await.expect(200);
    assert_eq!((renamed.text("/name"), renamed.header("etag")), ("Desk".to_owned(), "\"2\"".to_owned()));
    assert_eq!(renamed.json["current"], true);
    rename("\"1\"", "Lost update").await.problem(412, "precondition-failed");
    assert_eq!(current(&owner).await["name"], "Desk");
    rename("*", "Whichever").await.expect(200);
}

/// A team's owner and a member, each with two sessions on two devices.
async fn two_people() -> (World, [Person; 2], [Person; 2]) {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let ana = world.join(&olga, &team, "member", "Ana").await;
    ana.send(Method::PATCH, "/api/v1/me", Some(&json!({"email": "ana@milton.test"}))).await.expect(200);
    world.pass(Duration::from_millis(1));
    let (olga_too, ana_too) = (world.sign_in(OWNER).await, world.sign_in("ana@milton.test").await);
    (world, [olga, olga_too], [ana, ana_too])
}

#[tokio::test]
async fn what_belongs_to_others_is_as_if_it_were_not_there() {
    let (world, [olga, _], [ana, _]) = two_people().await;
    let nowhere = "01957000-0000-7000-8000-000000000000";
    let of_ana = async |list: &str| ana.get(list).await.expect(200).text("/items/0/id");
    let patch = olga.clone().with("if-match", "*");
    for (list, then, method) in [
        (DEVICES, "", Method::DELETE),
        (DEVICES, "", Method::PATCH),
        (DEVICES, "/not-me", Method::POST),
        (SESSIONS, "", Method::DELETE),
        ("/api/v1/me/notifications", "/read", Method::POST),
    ] {
        let body = (method == Method::PATCH).then(|| json!({"name": "Hers"}));
        let mut answers = Vec::new();
        for id in [of_ana(list).await, nowhere.to_owned()] {
            let size = world.audit_size();
            let answer = patch.send(method.clone(), &format!("{list}/{id}{then}"), body.as_ref()).await;
            let mut answer = answer.problem(403, "access-denied");
            assert_eq!(world.audit_size() - size, 1, "on record");
            answer.json.as_object_mut().unwrap().remove("instance");
            answer.headers.remove("x-request-id");
            answers.push((answer.json, answer.headers));
        }
        assert_eq!(answers[0], answers[1], "{method} {list}{then}");
    }
    assert_eq!(devices(&ana).await.len(), 2);
    assert!(devices(&ana).await.iter().all(|device| device["name"] == "Unknown client" && device["sessions"] == 1));
    assert!(notifications(&ana).await.iter().all(|told| told.get("read_at").is_none()));
}

#[tokio::test]
async fn a_device_goes_with_its_sessions_and_is_forgotten() {
    let (world, owner) = World::claimed().await;
    let first = arrive(&world, &world.stranger(), None).await;
    let mark = first.text("/device_token");
    let gone = world.person(&first);
    let gone_too = world.person(&arrive(&world, &world.stranger(), Some(with_token(&mark))).await);
    let id = current(&gone).await["id"].as_str().unwrap().to_owned();
    let removed = delete(&owner, &format!("{DEVICES}/{id}")).await.expect(204);
    for session in [&gone, &gone_too] {
        session.get("/api/v1/me").await.problem(401, "revoked-token");
    }
    owner.get("/api/v1/me").await.expect(200);
    let row = &world.audit(&owner, "event=device.revoked").await[0];
    assert_eq!((&row["resource_id"], &row["detail"]), (&json!(id), &json!({"sessions": "2"})));
    assert_eq!(row["seq"].to_string(), removed.header("milton-audit"));
    let reasons = "SELECT count(*) FROM sessions WHERE revoke_reason = 'device-removed'";
    assert_eq!(forge::number(&world, reasons), 2);
    delete(&owner, &format!("{DEVICES}/{id}")).await.problem(403, "access-denied");

    let back = arrive(&world, &world.stranger(), Some(with_token(&mark))).await;
    assert_ne!(back.text("/device_token"), mark, "nothing remembers the mark");
    let shown = current(&world.person(&back)).await;
    assert!(shown["id"] != id && shown["name"] == "Renamed");
    assert_eq!(notifications(&owner).await.len(), 2, "and the others hear of the new one");

    let own = current(&owner).await["id"].as_str().unwrap().to_owned();
    delete(&owner, &format!("{DEVICES}/{own}")).await.expect(204);
    owner.get("/api/v1/me").await.problem(401, "revoked-token");
}

/// An API key and a passkey that were made on a device, written behind the server's back.
fn make_on(world: &World, user: &str, device: &str, name: &str) {
    let key = "INSERT INTO api_keys (id, user_id, device_id, name_sealed, scopes, created_at, expires_at) \
        VALUES ('k' || ?1, ?2, ?3, x'00', '', 0, 9000000000000000)";
    let passkey = "INSERT INTO passkeys (id, user_id, device_id, credential_bidx, passkey_sealed, name_sealed, \
        created_at) VALUES ('p' || ?1, ?2, ?3, randomblob(32), x'00', x'00', 0)";
    for sql in [key, passkey] {
        forge::sql(world, sql, [name, user, device]);
    }
}

#[tokio::test]
async fn what_was_not_me_leaves_nothing_behind() {
    let (world, owner) = World::claimed().await;
    let thief = world.person(&arrive(&world, &world.stranger(), None).await);
    let (own, stolen) = (current(&owner).await, current(&thief).await);
    let id = |device: &Value| device["id"].as_str().unwrap().to_owned();
    make_on(&world, &owner.id, &id(&own), "own");
    make_on(&world, &owner.id, &id(&stolen), "stolen");
    make_on(&world, &owner.id, &id(&stolen), "another");

    owner.send(Method::POST, &format!("{DEVICES}/{}/not-me", id(&stolen)), None).await.expect(204);
    thief.get("/api/v1/me").await.problem(401, "revoked-token");
    let live = |table: &str, rest: &str| forge::number(&world, &format!("SELECT count(*) FROM {table}{rest}"));
    assert_eq!(live("api_keys", " WHERE revoke_reason = 'not-me' AND revoked_at IS NOT NULL"), 2);
    assert_eq!(live("api_keys", " WHERE revoked_at IS NULL AND id = 'kown'"), 1);
    assert_eq!((live("passkeys", ""), live("passkeys", " WHERE id = 'pown'")), (1, 1));
    assert_eq!(devices(&owner).await.len(), 1);
    let counts = json!({"sessions": "1", "identities": "0", "api_keys": "2", "passkeys": "2"});
    let row = &world.audit(&owner, "event=device.not_me").await[0];
    assert_eq!((&row["detail"], &row["resource_id"]), (&counts, &stolen["id"]));
    let told = &notifications(&owner).await[0];
    let detail = json!({"name": "Unknown client", "sessions": 1, "api_keys": 2, "passkeys": 2});
    assert_eq!((&told["kind"], &told["detail"]), (&json!("device-not-me"), &detail));
}

#[tokio::test]
async fn sessions_are_listed_while_they_live_and_end_one_by_one() {
    let (world, [olga, olga_too], _) = two_people().await;
    let list = async |person: &Person| person.get(SESSIONS).await.expect(200).json["items"].as_array().unwrap().clone();
    let sessions = list(&olga).await;
    assert_eq!(sessions.iter().map(|one| one["current"] == true).collect::<Vec<_>>(), [false, true]);
    let other = &sessions[0];
    assert_eq!((&other["kind"], &other["method"]), (&json!("client"), &json!("link")));
    assert_eq!(other["device"]["name"], "Unknown client");
    assert_eq!(other["expires_at"], "2026-03-02T09:00:00.001Z");
    let first = olga.get(&format!("{SESSIONS}?limit=1")).await.expect(200);
    let next = olga.get(&format!("{SESSIONS}?limit=1&cursor={}", first.text("/next_cursor"))).await.expect(200);
    assert_eq!([&first.json["items"][0], &next.json["items"][0]], [&sessions[0], &sessions[1]]);
    assert!(next.json.get("next_cursor").is_none());

    let path = format!("{SESSIONS}/{}", other["id"].as_str().unwrap());
    delete(&olga, &path).await.expect(204);
    olga_too.get("/api/v1/me").await.problem(401, "revoked-token");
    let row = &world.audit(&olga, "event=token.revoked").await[0];
    assert_eq!((&row["resource_id"], &row["detail"]["reason"]), (&other["id"], &json!("by-owner")));
    delete(&olga, &path).await.problem(403, "access-denied");
    assert_eq!(list(&olga).await.len(), 1);

    let late = world.sign_in(OWNER).await;
    world.pass(Duration::from_hours(23));
    let later = world.sign_in(OWNER).await;
    assert_eq!(list(&late).await.len(), 3);
    world.pass(Duration::from_hours(1));
    assert_eq!(list(&later).await.len(), 1, "what has expired is gone");
}

#[tokio::test]
async fn last_seen_is_written_in_one_act_when_there_was_activity() {
    let (world, owner) = World::claimed().await;
    let other = world.sign_in(OWNER).await;
    world.app.record_last_seen().await.unwrap();
    let seen = async |person: &Person| current(person).await["last_seen_at"].as_str().unwrap().to_owned();
    world.pass(Duration::from_mins(3));
    assert_eq!(seen(&owner).await, "2026-03-01T09:00:00Z", "not at once");
    assert_eq!(seen(&other).await, "2026-03-01T09:00:00Z");
    let size = world.audit_size();
    world.app.record_last_seen().await.unwrap();
    world.app.record_last_seen().await.unwrap();
    assert_eq!(world.audit_size() - size, 1, "one row for all, and none when nobody was there");
    let row = &world.audit(&owner, "event=device.last_seen").await[0];
    assert_eq!((&row["actor"]["kind"], &row["detail"]), (&json!("job"), &json!({"seen": "2"})));
    assert_eq!(seen(&owner).await, "2026-03-01T09:03:00Z");

    world.pass(Duration::from_mins(1));
    owner.get("/api/v1/me").await.expect(200);
    let (token, options) = (owner.token.clone().unwrap(), Options { clock: world.clock.clone(), ..Options::default() });
    drop((owner, other));
    let world = world.restart(options).await;
    assert_eq!(seen(&world.holder(&token)).await, "2026-03-01T09:04:00Z", "a stop writes what is not written yet");
}

#[tokio::test]
async fn nobody_else_is_seen_by_a_request() {
    let (world, owner) = World::claimed().await;
    let other = world.sign_in(OWNER).await;
    world.app.record_last_seen().await.unwrap();
    world.pass(Duration::from_mins(3));
    owner.get("/api/v1/me").await.expect(200);
    world.holder("mlt_s_forged").get("/api/v1/me").await.expect(401);
    world.app.record_last_seen().await.unwrap();
    let seen = "SELECT count(*) FROM devices WHERE last_seen_at > first_seen_at";
    assert_eq!(forge::number(&world, seen), 1);
    assert_eq!(current(&other).await["last_seen_at"], "2026-03-01T09:00:00Z");
}

/// Whoever makes themself at home and then removes the device they did it on has not hidden it: it stays in sight, and
/// can still be said to be somebody else's.
#[tokio::test]
async fn what_was_made_on_a_removed_device_is_not_out_of_reach() {
    let (world, owner) = World::claimed().await;
    let thief = world.person(&arrive(&world, &world.stranger(), None).await);
    let stolen = current(&thief).await["id"].as_str().unwrap().to_owned();
    let key = json!({"name": "Stays", "scopes": ["team:list-own"]});
    let program = world.holder(&thief.post("/api/v1/me/api-keys", &key).await.expect(201).text("/token"));
    let path = format!("{DEVICES}/{stolen}");
    owner.send(Method::DELETE, &path, None).await.expect(204);
    thief.get("/api/v1/me").await.problem(401, "revoked-token");
    program.get("/api/v1/teams").await.expect(200);
    let left = devices(&owner).await.into_iter().find(|device| device["id"] == stolen).unwrap();
    assert!(left["removed_at"].is_string() && left["sessions"] == 0, "{left}");
    owner.send(Method::POST, &format!("{path}/not-me"), None).await.expect(204);
    program.get("/api/v1/teams").await.problem(401, "revoked-token");
    assert!(devices(&owner).await.iter().all(|device| device["id"] != stolen));
}

#[tokio::test]
async fn what_a_foreign_device_vouched_for_or_linked_goes_with_it() {
    let (world, owner) = World::claimed().await;
    let thief = world.person(&arrive(&world, &world.stranger(), None).await);
    let stolen = current(&thief).await["id"].as_str().unwrap().to_owned();
    let vouched = crate::qr::vouched(&world, &thief).await;
    let identity = "INSERT INTO identities (id, user_id, device_id, issuer, subject_bidx, subject_sealed, created_at, \
        last_used_at) VALUES (?1, ?1, ?2, 'https://op.test', x'00', x'00', 0, 0)";
    forge::sql(&world, identity, [&owner.id, &stolen]);
    owner.send(Method::POST, &format!("{DEVICES}/{stolen}/not-me"), None).await.expect(204);
    for gone in [&thief, &vouched] {
        gone.get("/api/v1/me").await.problem(401, "revoked-token");
    }
    assert_eq!(forge::count(&world, "identities"), 0);
    owner.get("/api/v1/me").await.expect(200);
}

/// A device that another vouched for puts nobody out; and a session that is not fresh takes no ways in away.
#[tokio::test]
async fn a_borrowed_or_stale_session_puts_nobody_out() {
    let (world, owner) = World::claimed().await;
    let own = current(&owner).await["id"].as_str().unwrap().to_owned();
    let vouched = crate::qr::vouched(&world, &owner).await;
    let path = format!("{DEVICES}/{own}");
    vouched.send(Method::DELETE, &path, None).await.problem(403, "access-denied");
    vouched.send(Method::POST, &format!("{path}/not-me"), None).await.problem(401, "step-up-required");
    let other = world.person(&arrive(&world, &world.stranger(), None).await);
    world.pass(Duration::from_mins(11));
    other.send(Method::POST, &format!("{path}/not-me"), None).await.problem(401, "step-up-required");
    owner.get("/api/v1/me").await.expect(200);
}

#[tokio::test]
async fn whoever_removes_all_devices_silences_no_news() {
    let (world, owner) = World::claimed().await;
    let own = current(&owner).await["id"].as_str().unwrap().to_owned();
    let thief = world.person(&arrive(&world, &world.stranger(), None).await);
    for device in devices(&thief).await {
        let path = format!("{DEVICES}/{}", device["id"].as_str().unwrap());
        if device["id"] != own {
            owner.send(Method::DELETE, &path, None).await.expect(204);
        }
    }
    owner.send(Method::DELETE, &format!("{DEVICES}/{own}"), None).await.expect(204);
    let again = world.person(&arrive(&world, &world.stranger(), None).await);
    let told = forge::number(&world, "SELECT count(*) FROM notifications WHERE kind = 'new-device'");
    assert_eq!(told, 2, "the second sign-in and the third, though no device was left");
    again.get("/api/v1/me").await.expect(200);
}
