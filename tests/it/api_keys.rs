//! API keys under attack: above their creator, out of scope, from elsewhere, outlived, taken away, passed off as a session.

use std::collections::HashMap;
use std::time::Duration;

use milton::app::account::GetProfile;
use milton::crypto::TokenKind;
use milton::domain::actor::{Actor, Caller};
use milton::domain::role::Role;
use milton::domain::{AuthFailure, Error};
use poem::http::Method;
use serde_json::{Value, json};

use crate::forge;
use crate::world::{Answer, Options, Person, World};

const KEYS: &str = "/api/v1/me/api-keys";
const ME: &str = "/api/v1/me";
const INSTANT: Duration = Duration::from_micros(1);
const NOWHERE: &str = "01957000-0000-7000-8000-000000000000";

/// An API key at work, with its id.
struct Key {
    id: String,
    program: Person,
}

impl Key {
    fn path(&self) -> String {
        format!("{KEYS}/{}", self.id)
    }
}

async fn key_with(world: &World, maker: &Person, body: &Value) -> Key {
    let made = maker.post(KEYS, body).await.expect(201);
    Key { id: made.text("/id"), program: world.holder(&made.text("/token")) }
}

async fn key(world: &World, maker: &Person, scopes: &[&str]) -> Key {
    key_with(world, maker, &json!({"name": "Reports", "scopes": scopes})).await
}

async fn delete(person: &Person, path: &str) -> Answer {
    person.send(Method::DELETE, path, None).await
}

/// A world without quotas for what people do.
async fn busy() -> (World, Person) {
    let world = World::with(Options::default().unlimited());
    let olga = world.claim("Olga Owner").await;
    (world, olga)
}

#[tokio::test]
async fn a_key_does_what_its_scopes_name_and_nothing_else() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    let reader = key(&world, &olga, &["delegation:read", "profile:read"]).await;
    reader.program.get(&list).await.expect(200);
    let me = reader.program.get(ME).await.expect(200);
    assert_eq!((me.text("/id"), me.json.get("session")), (olga.id.clone(), None));
    let shown = &me.json["api_key"];
    assert_eq!((&shown["id"], &shown["name"]), (&json!(reader.id), &json!("Reports")));
    assert_eq!(shown["scopes"], json!(["profile:read", "delegation:read"]));
    assert_eq!(olga.get(ME).await.expect(200).json.get("api_key"), None);

    for (method, path, body, scope) in [
        (Method::POST, list.clone(), json!({"title": "Sweep"}), "delegation:create"),
        (Method::GET, format!("/api/v1/teams/{team}"), Value::Null, "team:read"),
        (Method::GET, "/api/v1/teams".to_owned(), Value::Null, "team:list-own"),
        (Method::GET, "/api/v1/admin/users".to_owned(), Value::Null, "user:read"),
        (Method::PATCH, ME.to_owned(), json!({"name": "Mallory"}), "profile:update"),
    ] {
        let size = world.audit_size();
        let refused = reader.program.send(method, &path, body.is_object().then_some(&body)).await;
        let refused = refused.problem(403, "access-denied");
        assert_eq!(refused.text("/permission"), scope);
        assert_eq!(world.audit_size(), size + 1, "one row for {path}");
        let row = &world.audit(&olga, "event=token.apikey.scope_denied").await[0];
        assert_eq!((&row["outcome"], &row["actor"]["user_id"]), (&json!("denied"), &json!(olga.id)), "{path}");
        assert_eq!((&row["detail"]["permission"], &row["detail"]["api_key"]), (&json!(scope), &json!(reader.id)));
    }
    let writer = key(&world, &olga, &["delegation:create"]).await;
    writer.program.post(&list, &json!({"title": "Sweep"})).await.expect(201);
    let row = &world.audit(&olga, "event=delegation.created").await[0];
    assert_eq!(row["detail"]["api_key"], writer.id, "the log tells which key it was");
}

#[tokio::test]
async fn no_key_is_above_its_creator() {
    let (world, olga) = busy().await;
    let team = world.team(&olga, "Ops").await;
    let mia = world.join(&olga, &team, "member", "Mia").await;
    let size = world.audit_size();
    let no_key_has =
        ["api-key:create", "session:revoke", "account:delete", "credential:reveal", "sign-in:use", "no:such", ""];
    for scope in ["user:read", "team:update", "membership:remove", "api-key:read-all"].iter().chain(&no_key_has) {
        let body = json!({"name": "Widened", "scopes": ["delegation:read", scope]});
        let refused = mia.post(KEYS, &body).await.problem(422, "invalid");
        assert_eq!(refused.text("/errors/0/pointer"), "/scopes/1", "{scope}");
    }
    assert_eq!(world.audit_size(), size, "wrong input of somebody who may make keys leaves no row");
    assert_eq!(forge::count(&world, "api_keys"), 0);

    // A team's Owner needs a fresh sign-in to remove a member: no key of theirs could ever do it.
    let own = world.team(&olga, "Mine").await;
    world.cast(&own, &olga, Some(Role::Owner));
    let body = json!({"name": "Removes", "scopes": ["membership:remove"]});
    olga.post(KEYS, &body).await.problem(422, "invalid");
    world.cast(&own, &olga, Some(Role::Manager));
    olga.post(KEYS, &body).await.expect(201);
}

#[tokio::test]
async fn no_edit_widens_a_scope() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let sly = json!({"name": "team:read delegation:create", "scopes": ["team:read"]});
    let key = key_with(&world, &olga, &sly).await;
    let path = format!("/api/v1/teams/{team}/delegations");
    key.program.post(&path, &json!({"title": "Sweep"})).await.problem(403, "access-denied");
    for method in [Method::PATCH, Method::PUT, Method::POST] {
        let wider = json!({"name": "x", "scopes": ["delegation:create"]});
        olga.send(method, &key.path(), Some(&wider)).await.problem(405, "method-not-allowed");
    }
    for body in [
        json!({"name": "x", "scopes": ["team:read"], "user_id": NOWHERE}),
        json!({"name": "x", "scopes": ["team:read delegation:create"]}),
        json!({"name": "x", "scopes": "team:read"}),
        json!({"name": "x", "scopes": []}),
        json!({"name": "x", "scopes": ["team:read", "team:read"]}),
        json!({"name": "x", "scopes": ["TEAM:READ"]}),
        json!({"name": "", "scopes": ["team:read"]}),
        json!({"name": "x", "scopes": ["team:read"], "expires_in": 31_536_001}),
        json!({"name": "x", "scopes": ["team:read"], "expires_in": 59}),
        json!({"name": "x", "scopes": ["team:read"], "networks": []}),
        json!({"name": "x", "scopes": ["team:read"], "networks": ["192.0.2.1/24"]}),
        json!({"name": "x", "scopes": ["team:read"], "networks": vec!["192.0.2.1"; 17]}),
    ] {
        olga.post(KEYS, &body).await.problem(422, "invalid");
    }
    assert_eq!(forge::count(&world, "api_keys"), 1);
}

#[tokio::test]
async fn a_role_that_is_lost_is_lost_to_the_key_too() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let ada = world.join(&olga, &team, "admin", "Ada").await;
    let key = key(&world, &ada, &["team:update", "team:read"]).await;
    let path = format!("/api/v1/teams/{team}");
    let rename = async || {
        let program = key.program.clone().with("if-match", "*");
        program.send(Method::PATCH, &path, Some(&json!({"name": "Operations"}))).await
    };
    rename().await.expect(200);
    world.cast(&team, &ada, Some(Role::Member));
    rename().await.problem(403, "access-denied");
    assert_eq!(world.audit(&olga, "event=authz.denied").await[0]["detail"]["permission"], "team:update");
    key.program.get(&path).await.expect(200);
    world.cast(&team, &ada, None);
    key.program.get(&path).await.problem(403, "access-denied");
    world.cast(&team, &ada, Some(Role::Admin));
    rename().await.expect(200);
}

#[tokio::test]
async fn what_wants_a_fresh_sign_in_no_key_does() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let max = world.join(&olga, &team, "manager", "Max").await;
    let key = key(&world, &max, &["membership:remove"]).await;
    let (ben, mia) = (world.join(&olga, &team, "member", "Ben").await, world.join(&olga, &team, "member", "Mia").await);
    let path = |whom: &Person| format!("/api/v1/teams/{team}/members/{}", whom.id);
    delete(&key.program, &path(&ben)).await.expect(204);
    world.cast(&team, &max, Some(Role::Admin));
    let refused = delete(&key.program, &path(&mia)).await.problem(403, "access-denied");
    assert!(!refused.headers.contains_key("www-authenticate"), "there is nothing that a key could do about it");
    delete(&world.sign_in_again(&max).await, &path(&mia)).await.expect(204);
}

/// Scopes that no door gives out, written into the database by somebody who has the file.
#[tokio::test]
async fn a_key_makes_no_keys_and_is_no_session() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let key = key(&world, &olga, &["profile:read"]).await;
    let invite = format!("/api/v1/teams/{team}/invitations");
    let invitation = olga.post(&invite, &json!({"role": "member"})).await.expect(201).text("/token");
    let attempts = async || {
        let post = async |path: &str, body: Value| key.program.post(path, &body).await.problem(403, "access-denied");
        post("/api/v1/me/sessions/revoke-all", json!({})).await;
        post(KEYS, json!({"name": "Child", "scopes": ["profile:read"]})).await;
        post("/api/v1/auth/logout", json!({})).await;
        post("/api/v1/invitations/accept", json!({"token": invitation})).await;
        post("/api/v1/me/deletion", json!({})).await;
        post("/api/v1/auth/link", json!({"token": crate::sign_in::sign_in_token(&world, "owner@milton.test").await}))
            .await;
    };
    attempts().await;
    let wide = "api-key:create account:delete sign-in:use session:revoke profile:read";
    assert_eq!(forge::sql(&world, "UPDATE api_keys SET scopes = ?1", [wide]), 1);
    attempts().await;
    olga.get(ME).await.expect(200);
    key.program.get(ME).await.expect(200);
}

#[tokio::test]
async fn a_key_dies_when_it_is_taken_away_although_its_comparison_is_remembered() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let mia = world.join(&olga, &team, "member", "Mia").await;
    let (first, second) = (key(&world, &mia, &["profile:read"]).await, key(&world, &mia, &["profile:read"]).await);
    let hashes = world.app.hashes();
    for _ in 0..3 {
        first.program.get(ME).await.expect(200);
        second.program.get(ME).await.expect(200);
    }
    assert_eq!(world.app.hashes(), hashes + 2, "each was compared once");
    delete(&mia, &first.path()).await.expect(204);
    first.program.get(ME).await.problem(401, "revoked-token");
    delete(&olga, &format!("/api/v1/admin/api-keys/{}", second.id)).await.expect(204);
    second.program.get(ME).await.problem(401, "revoked-token");
    assert_eq!(world.app.hashes(), hashes + 2);
    mia.get(ME).await.expect(200);

    let rows = world.audit(&olga, "event=token.apikey.revoked").await;
    let who: Vec<_> = rows.iter().map(|row| (&row["actor"]["user_id"], &row["resource_id"])).collect();
    assert_eq!(who, [(&json!(olga.id), &json!(second.id)), (&json!(mia.id), &json!(first.id))]);
    assert_eq!(rows[0]["detail"]["user"], mia.id);
    let reasons = "SELECT count(*) FROM api_keys WHERE revoke_reason IN ('by-owner', 'by-admin')";
    assert_eq!(forge::number(&world, reasons), 2);
    delete(&mia, &first.path()).await.problem(403, "access-denied");
    delete(&olga, &format!("/api/v1/admin/api-keys/{}", first.id)).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_key_ends_at_its_time() {
    let (world, olga) = World::claimed().await;
    let body = json!({"name": "Short", "scopes": ["profile:read"], "expires_in": 60});
    let short = key_with(&world, &olga, &body).await;
    let usual = olga.post(KEYS, &json!({"name": "Usual", "scopes": ["profile:read"]})).await.expect(201);
    assert!(usual.text("/expires_at").starts_with("2026-05-30T09:00:00"), "90 days: {}", usual.text);
    world.pass(Duration::from_mins(1).saturating_sub(INSTANT));
    short.program.get(ME).await.expect(200);
    world.pass(INSTANT);
    short.program.get(ME).await.problem(401, "expired-token");
    assert_eq!(olga.get(KEYS).await.expect(200).json["items"][0]["id"], short.id, "its holder sees why");
}

#[tokio::test]
async fn a_key_is_as_good_as_its_maker() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let mia = world.join(&olga, &team, "member", "Mia").await;
    let key = key(&world, &mia, &["profile:read"]).await;
    key.program.get(ME).await.expect(200);
    let user = format!("/api/v1/admin/users/{}", mia.id);
    olga.post(&format!("{user}/revoke-sessions"), &json!({})).await.expect(204);
    key.program.get(ME).await.expect(200);
    olga.post(&format!("{user}/suspend"), &json!({})).await.expect(200);
    key.program.get(ME).await.problem(401, "revoked-token");
    olga.post(&format!("{user}/reinstate"), &json!({})).await.expect(200);
    key.program.get(ME).await.expect(200);
    let mia = world.sign_in_again(&mia).await;
    mia.post("/api/v1/me/deletion", &json!({})).await.expect(202);
    key.program.get(ME).await.problem(401, "revoked-token");
    let mia = world.sign_in_again(&mia).await;
    delete(&mia, "/api/v1/me/deletion").await.expect(204);
    key.program.get(ME).await.problem(401, "revoked-token");
}

/// The gate and the door each look for themselves: neither relies on the other.
#[tokio::test]
async fn gate_and_door_each_refuse_what_no_longer_counts() {
    for (change, failure) in [
        ("UPDATE api_keys SET expires_at = created_at", AuthFailure::Expired),
        ("UPDATE api_keys SET revoked_at = created_at", AuthFailure::Revoked),
        ("UPDATE users SET state = 'suspended'", AuthFailure::Revoked),
        ("UPDATE users SET state = 'leaving'", AuthFailure::Revoked),
        ("DELETE FROM api_keys", AuthFailure::Invalid),
    ] {
        let (world, olga) = World::claimed().await;
        let key = key(&world, &olga, &["profile:read"]).await;
        let (stranger, token) = (Caller::local(Actor::Anonymous), key.program.token.unwrap());
        let signed_in = world.app.authenticate(&stranger, &token).await.unwrap();
        forge::sql(&world, change, []);
        let gate = world.app.authenticate(&stranger, &token).await;
        assert!(matches!(gate, Err(Error::Unauthenticated(why)) if why == failure), "{change}: {gate:?}");
        let door = world.app.ask(&Caller::local(Actor::User(signed_in)), GetProfile).await;
        assert!(matches!(door, Err(Error::Unauthenticated(AuthFailure::Revoked))), "{change}: {door:?}");
    }
}

#[tokio::test]
async fn a_key_works_from_its_networks_alone() {
    let world = World::with(Options { quotas: HashMap::from([("requests-of-person", 30)]), ..Options::default() });
    let olga = world.claim("Olga Owner").await;
    let body = json!({"name": "Office", "scopes": ["profile:read"], "networks": ["192.0.2.0/24", "2001:db8::/32"]});
    let office = key_with(&world, &olga, &body).await;
    let at = |address: &str| {
        let mut program = office.program.clone();
        program.address = address.parse().unwrap();
        program
    };
    for inside in ["192.0.2.255", "2001:db8::7", "::ffff:192.0.2.9"] {
        at(inside).get(ME).await.expect(200);
    }
    let size = world.audit_size();
    for nth in 1..=3 {
        let refused = at("198.51.100.1").get(ME).await.problem(403, "access-denied");
        assert!(refused.text("/detail").contains("from this address"), "{}", refused.text);
        assert_eq!(world.audit_size(), size + nth, "one row each");
    }
    let row = &world.audit(&olga, "event=token.apikey.scope_denied").await[0];
    assert_eq!((&row["outcome"], &row["detail"]["reason"]), (&json!("denied"), &json!("network")));
    assert_eq!((&row["actor"]["user_id"], &row["detail"]["api_key"]), (&json!(olga.id), &json!(office.id)));
    assert_eq!(row["address"], "198.51.100.1");

    // Whatever strangers do in that network, each of these is on record; and yet a thief fills neither the log nor the
    // holder's allowance.
    for _ in 0..20 {
        world.holder("junk").get(ME).await.problem(401, "invalid-token");
    }
    let size = world.audit_size();
    for _ in 0..57 {
        at("198.51.100.1").get(ME).await.problem(403, "access-denied");
    }
    assert_eq!(world.audit_size(), size + 57, "sixty an hour, one by one");
    for _ in 0..50 {
        at("198.51.100.1").get(ME).await.problem(429, "quota-exceeded");
    }
    assert_eq!(world.audit_size(), size + 58, "and one that says that there were more");
    at("192.0.2.1").get(ME).await.expect(200);

    world.pass(Duration::from_hours(1));
    let unknown = Caller::local(Actor::Anonymous);
    let nowhere = world.app.authenticate(&unknown, office.program.token.as_ref().unwrap()).await;
    assert!(matches!(nowhere, Err(Error::Elsewhere)), "{nowhere:?}");
    forge::sql(&world, "UPDATE api_keys SET networks_sealed = x'00'", []);
    at("192.0.2.1").get(ME).await.problem(500, "internal");
}

#[tokio::test]
async fn a_key_comes_in_its_header_and_nowhere_else() {
    let (world, olga) = World::claimed().await;
    let key = key(&world, &olga, &["profile:read", "team:list-own"]).await;
    let token = key.program.token.clone().unwrap();
    for query in ["token", "access_token", "api_key", "key"] {
        world.stranger().get(&format!("{ME}?{query}={token}")).await.problem(401, "missing-token");
    }
    for header in ["x-api-key", "api-key", "x-auth-token"] {
        world.stranger().with(header, &token).get(ME).await.problem(401, "missing-token");
    }
    let browser = world.stranger().with("cookie", &format!("__Host-milton={token}"));
    browser.get(ME).await.problem(403, "access-denied");
    let console = browser.with("milton-console", "1").with("sec-fetch-site", "same-origin");
    console.get(ME).await.problem(403, "access-denied");
    console.get("/api/v1/teams").await.problem(403, "access-denied");
    console.post("/api/v1/auth/link", &json!({"token": "mlt_l_guess"})).await.problem(403, "access-denied");
    key.program.get(ME).await.expect(200);
}

#[tokio::test]
async fn a_forged_key_opens_nothing() {
    let (world, olga) = World::claimed().await;
    let key = key(&world, &olga, &["profile:read"]).await;
    let good = key.program.token.clone().unwrap();
    let session = olga.token.as_ref().unwrap();
    let sold_as_session = good.replacen("mlt_k_", "mlt_s_", 1);
    for forged in [
        forge::mistyped(&good, 10),
        forge::mistyped(&good, 40),
        forge::mistyped(&good, 70),
        sold_as_session,
        session.replacen("mlt_s_", "mlt_k_", 1),
        forge::unknown(&world, TokenKind::ApiKey),
        forge::with_selector_of(&world, &good),
    ] {
        world.holder(&forged).get(ME).await.problem(401, "invalid-token");
    }
    // The rows of a session and a key, exchanged by somebody who has the file.
    let selector = |token: &str| token[6..22].to_owned();
    let swap = "UPDATE api_tokens SET hash = (SELECT hash FROM api_tokens WHERE selector = ?2) WHERE selector = ?1";
    forge::sql(&world, swap, [selector(&good), selector(session)]);
    key.program.get(ME).await.problem(401, "invalid-token");
}

#[tokio::test]
async fn a_token_is_shown_once_and_stored_nowhere() {
    let (world, olga) = World::claimed().await;
    let body = json!({"name": "Quarterly zebra", "scopes": ["profile:read"], "networks": ["203.0.113.64/26"]});
    let made = olga.post(KEYS, &body).await.expect(201);
    assert_eq!(made.header("location"), format!("{KEYS}/{}", made.text("/id")));
    assert!(made.header("ratelimit").starts_with("\"api-keys\";r=9"), "{:?}", made.headers);
    let secret = made.text("/token")[22..54].to_owned();
    for path in [KEYS, "/api/v1/admin/api-keys", "/api/v1/admin/audit?limit=100", ME] {
        let answer = olga.get(path).await.expect(200);
        assert!(!answer.text.contains(&secret), "{path}: {}", answer.text);
    }
    let mine = olga.get(KEYS).await.expect(200);
    let mut expected = made.json.clone();
    expected.as_object_mut().unwrap().remove("token");
    assert_eq!(mine.json["items"], json!([expected]));
    let files = std::fs::read_dir(world.folder()).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    for bytes in files {
        for text in [secret.as_str(), "Quarterly zebra", "203.0.113.64"] {
            assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
        }
    }
}

#[tokio::test]
async fn the_inventory_shows_whose_keys_there_are() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let (ada, mia) = (world.join(&olga, &team, "member", "Ada").await, world.join(&olga, &team, "member", "Mia").await);
    world.cast_on_server(&ada, Some(Role::Admin));
    let of = async |person: &Person| {
        world.pass(Duration::from_secs(1));
        key(&world, person, &["team:list-own"]).await
    };
    let (hers, mias, gone) = (of(&olga).await, of(&mia).await, of(&mia).await);
    delete(&mia, &gone.path()).await.expect(204);
    let seen = async |query: &str| -> Vec<(String, String)> {
        let answer = ada.get(&format!("/api/v1/admin/api-keys?{query}")).await.expect(200);
        let text = |item: &Value, pointer: &str| item.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let items = answer.json["items"].as_array().unwrap();
        items.iter().map(|item| (text(item, "/owner/name"), text(item, "/id"))).collect()
    };
    let shown = |name: &str, key: &Key| (name.to_owned(), key.id.clone());
    assert_eq!(seen("").await, [shown("Olga Owner", &hers), shown("Mia", &mias)]);
    assert_eq!(seen(&format!("user_id={}", mia.id)).await, [shown("Mia", &mias)]);
    let all = [shown("Mia", &mias), shown("Mia", &gone)];
    assert_eq!(seen(&format!("user_id={}&include_revoked=true", mia.id)).await, all);
    let page = ada.get("/api/v1/admin/api-keys?limit=1").await.expect(200);
    let next = ada.get(&format!("/api/v1/admin/api-keys?cursor={}", page.text("/next_cursor"))).await.expect(200);
    assert_eq!((next.text("/items/0/id"), next.json.get("next_cursor")), (mias.id.clone(), None));

    delete(&ada, &format!("/api/v1/admin/api-keys/{}", hers.id)).await.problem(403, "access-denied");
    delete(&ada, &format!("/api/v1/admin/api-keys/{}", mias.id)).await.expect(204);
    // Whether somebody else has a key is not told.
    let (foreign, missing) = (delete(&mia, &hers.path()).await, delete(&mia, &format!("{KEYS}/{NOWHERE}")).await);
    let visible = |answer: Answer| {
        let mut json = answer.problem(403, "access-denied").json;
        json.as_object_mut().unwrap().remove("instance");
        json
    };
    assert_eq!(visible(foreign), visible(missing));
    hers.program.get("/api/v1/teams").await.expect(200);
}

#[tokio::test]
async fn keys_are_few_and_made_slowly() {
    let (world, olga) = World::claimed().await;
    let body = json!({"name": "Reports", "scopes": ["profile:read"]});
    for _ in 0..10 {
        olga.post(KEYS, &body).await.expect(201);
    }
    let hashes = world.app.hashes();
    olga.post(KEYS, &body).await.problem(429, "quota-exceeded");
    assert_eq!(world.app.hashes(), hashes, "a refusal is cheap");

    let more = "WITH RECURSIVE n(i) AS (SELECT 11 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO api_keys \
        (id, user_id, name_sealed, scopes, created_at, expires_at) SELECT printf('01957000-0000-7000-8000-%012d', i), \
        k.user_id, k.name_sealed, k.scopes, k.created_at, k.expires_at FROM n, (SELECT * FROM api_keys LIMIT 1) k";
    assert_eq!(forge::sql(&world, more, []), 40);
    world.pass(Duration::from_hours(1));
    let olga = world.sign_in("owner@milton.test").await;
    olga.get(ME).await.expect(200);
    let hashes = world.app.hashes();
    olga.post(KEYS, &body).await.problem(409, "limit-reached");
    assert_eq!(world.app.hashes(), hashes);
    forge::sql(
        &world,
        "UPDATE api_keys SET expires_at = created_at WHERE id = ?1",
        ["01957000-0000-7000-8000-000000000050"],
    );
    olga.post(KEYS, &body).await.expect(201);
    olga.post(KEYS, &body).await.problem(409, "limit-reached");
}

#[tokio::test]
async fn a_key_belongs_to_the_device_it_was_made_on() {
    let world = World::unclaimed();
    let device = json!({"name": "Ana's laptop", "platform": "Linux"});
    let body = json!({"token": world.claim_token().await, "name": "Ana", "device": device});
    let ana = world.person(&world.stranger().post("/api/v1/auth/link", &body).await.expect(201));
    key(&world, &ana, &["profile:read"]).await;
    key(&world, &world.sign_in_again(&ana).await, &["profile:read"]).await;
    let bound =
        "SELECT count(DISTINCT d.id) FROM api_keys k JOIN devices d ON d.id = k.device_id AND d.user_id = k.user_id";
    assert_eq!(forge::number(&world, bound), 2, "each to its own");
}
