//! The console's session: a cookie that no script reads and no foreign page uses.

use std::time::Duration;

use poem::http::Method;
use serde_json::json;

use crate::forge;
use crate::sign_in::{owner_again, sign_in_token};
use crate::tokens::console;
use crate::world::{Answer, Person, World};

const ME: &str = "/api/v1/me";
const TEAMS: &str = "/api/v1/teams";
const OWNER: &str = "owner@milton.test";

/// A claimed server, its owner by token, and the same person's console.
async fn stage() -> (World, Person, Person) {
    let (world, owner) = World::claimed().await;
    let token = sign_in_token(&world, OWNER).await;
    let browser = console(&world, &token, None).await;
    (world, owner, browser)
}

async fn found_team(person: &Person) -> Answer {
    person.post(TEAMS, &json!({"name": "Ops"})).await
}

fn without(mut person: Person, name: &str) -> Person {
    person.headers.remove(name).unwrap();
    person
}

fn cookie_of(person: &Person) -> String {
    person.headers["cookie"].to_str().unwrap().split_once('=').unwrap().1.to_owned()
}

#[tokio::test]
async fn the_console_gets_a_cookie_and_never_sees_its_token() {
    let (world, _) = World::claimed().await;
    let token = sign_in_token(&world, OWNER).await;
    let browser = world.stranger().with("milton-console", "1");
    let begun = browser.post("/api/v1/auth/link", &json!({"token": token})).await.expect(201);
    assert!(begun.json.get("token").is_none() && !begun.text.contains("mlt_s_"), "{}", begun.text);
    assert_eq!(begun.headers.get_all("set-cookie").iter().count(), 2, "the session's and the device's");
    let cookie = begun.header("set-cookie");
    let (value, attributes) = cookie.split_once(';').unwrap();
    assert!(value.starts_with("__Host-milton=mlt_s_"));
    assert_eq!(attributes, " Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=86400");
    assert_eq!(begun.header("cache-control"), "no-store");

    for value in ["0", "true", "", "1, 1"] {
        let client = world.stranger().with("milton-console", value);
        let token = sign_in_token(&world, OWNER).await;
        let begun = client.post("/api/v1/auth/link", &json!({"token": token})).await.expect(201);
        assert!(begun.text("/token").starts_with("mlt_s_") && !begun.headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn the_console_reads_and_writes() {
    let (_, _, browser) = stage().await;
    browser.get(ME).await.expect(200);
    without(without(browser.clone(), "milton-console"), "sec-fetch-site").get(ME).await.expect(200);
    found_team(&browser).await.expect(201);
    found_team(&without(browser.clone(), "sec-fetch-site").with("origin", "https://milton.test")).await.expect(201);
    found_team(&browser.clone().with("origin", "https://milton.test")).await.expect(201);
}

#[tokio::test]
async fn no_foreign_page_writes_with_the_consoles_cookie() {
    let (world, owner, browser) = stage().await;
    let bare = without(without(browser.clone(), "milton-console"), "sec-fetch-site");
    let own = bare.clone().with("milton-console", "1");
    let mut attacks = vec![bare.clone(), own.clone()];
    attacks.push(bare.clone().with("sec-fetch-site", "same-origin"));
    attacks.push(bare.clone().with("origin", "https://milton.test"));
    for site in ["cross-site", "same-site", "none", "", "Same-Origin", "same-origin, cross-site"] {
        attacks.push(own.clone().with("sec-fetch-site", site));
        attacks.push(own.clone().with("sec-fetch-site", site).with("origin", "https://milton.test"));
    }
    for origin in [
        "https://evil.example",
        "null",
        "",
        "http://milton.test",
        "https://milton.test:444",
        "https://milton.test.evil.example",
        "https://milton.test/",
        "https://sub.milton.test",
    ] {
        attacks.push(own.clone().with("origin", origin));
    }
    for value in ["0", "", "11"] {
        attacks.push(browser.clone().with("milton-console", value));
    }
    for (number, attack) in attacks.iter().enumerate() {
        found_team(attack).await.problem(403, "access-denied");
        let rows = world.audit(&owner, "event=authz.denied&limit=100").await;
        assert_eq!(rows.len(), number + 1, "{:?}", attack.headers);
        assert_eq!(
            (rows[0]["outcome"].as_str(), rows[0]["actor"]["user_id"].as_str()),
            (Some("denied"), Some(&*owner.id))
        );
        assert_eq!(rows[0]["detail"], json!({"error": "foreign-page"}));
    }
    for method in [Method::POST, Method::PATCH, Method::PUT, Method::DELETE] {
        let answer = bare.send(method.clone(), ME, Some(&json!({"name": "Mallory"}))).await;
        assert!(matches!(answer.status.as_u16(), 403 | 405), "{method}: {}", answer.text);
    }
    assert_eq!(forge::count(&world, "teams"), 0);
    assert_eq!(owner.get(ME).await.expect(200).text("/name"), "Olga Owner");
    browser.get(ME).await.expect(200);
}

#[tokio::test]
async fn no_foreign_page_signs_the_person_out_or_in_as_somebody_else() {
    let (world, _, browser) = stage().await;
    let foreign = browser.clone().with("sec-fetch-site", "cross-site");
    for path in ["/api/v1/auth/logout", "/api/v1/me/sessions/revoke-all"] {
        foreign.send(Method::POST, path, None).await.problem(403, "access-denied");
    }
    let link = sign_in_token(&world, OWNER).await;
    foreign.post("/api/v1/auth/link", &json!({"token": link})).await.problem(403, "access-denied");
    browser.get(ME).await.expect(200);

    // Without the cookie, which a foreign page cannot send: a form knows three types, and none of them is ours.
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let form = world.stranger().with("sec-fetch-site", "cross-site").with("content-type", media);
        let answer = form.send(Method::POST, "/api/v1/auth/link", None).await;
        answer.problem(415, "unsupported-media-type");
    }
    world.stranger().post("/api/v1/auth/link", &json!({"token": link})).await.expect(201);
}

#[tokio::test]
async fn only_a_consoles_token_works_as_a_cookie() {
    let (world, owner, browser) = stage().await;
    let imposter = browser.clone().with("cookie", &format!("__Host-milton={}", owner.token.clone().unwrap()));
    imposter.get(ME).await.problem(403, "access-denied");
    found_team(&imposter).await.problem(403, "access-denied");
    assert_eq!(world.audit(&owner, "event=authz.denied").await.len(), 2);
    for name in ["milton", "__Host-Milton", "__host-milton", "__Secure-milton", "__Host-milton-login"] {
        let other = browser.clone().with("cookie", &format!("{name}={}", cookie_of(&browser)));
        other.get(ME).await.problem(401, "missing-token");
    }
}

/// Whoever knows the token is its holder: no script and no foreign page does, and no header can be forced by one.
#[tokio::test]
async fn a_consoles_token_shown_as_a_token_needs_no_page() {
    let (world, _, browser) = stage().await;
    found_team(&world.holder(&cookie_of(&browser))).await.expect(201);
}

#[tokio::test]
async fn the_first_cookie_counts_and_a_token_counts_more() {
    let (world, owner, browser) = stage().await;
    let good = cookie_of(&browser);
    let both = |first: &str, second: &str| {
        browser.clone().with("cookie", &format!("__Host-milton={first}; a=b; __Host-milton={second}"))
    };
    both(&good, "mlt_s_x").get(ME).await.expect(200);
    both("mlt_s_x", &good).get(ME).await.problem(401, "invalid-token");
    let mut bad_token = browser.clone();
    bad_token.token = Some("mlt_s_x".to_owned());
    bad_token.get(ME).await.problem(401, "invalid-token");
    let mut foreign = owner.with("sec-fetch-site", "cross-site");
    foreign = foreign.with("cookie", &format!("__Host-milton={good}"));
    found_team(&foreign).await.expect(201);
    assert_eq!(forge::count(&world, "teams"), 1, "a token in a header is no cookie: no browser adds it by itself");
}

#[tokio::test]
async fn signing_out_takes_the_cookie_away() {
    let (_, _, browser) = stage().await;
    let out = browser.send(Method::POST, "/api/v1/auth/logout", None).await.expect(204);
    assert_eq!(out.header("set-cookie"), "__Host-milton=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    assert_eq!(out.header("clear-site-data"), "\"storage\"");
    browser.get(ME).await.problem(401, "revoked-token");
}

#[tokio::test]
async fn a_stale_cookie_lets_nobody_in_and_locks_nobody_out() {
    let (world, _, browser) = stage().await;
    world.pass(Duration::from_hours(2));
    browser.get(ME).await.problem(401, "expired-token");
    browser.get("/api/v1/auth/providers").await.expect(200);
    let body = json!({"token": sign_in_token(&world, OWNER).await});
    let begun = browser.post("/api/v1/auth/link", &body).await.expect(201);
    let cookie = begun.header("set-cookie").split_once(';').unwrap().0.to_owned();
    browser.clone().with("cookie", &cookie).get(ME).await.expect(200);
    browser.get(ME).await.problem(401, "expired-token");

    let forged = browser.clone().with("cookie", "__Host-milton=mlt_s_forged");
    forged.get(ME).await.problem(401, "invalid-token");
    forged.get("/api/v1/auth/providers").await.expect(200);
    let owner = owner_again(&world).await;
    world.app.record_bursts(true).await.unwrap();
    assert!(world.audit(&owner, "event=auth.login.failed").await.len() >= 5, "each of them is on record");
}

#[tokio::test]
async fn no_foreign_origin_reads_anything() {
    let (_, _, browser) = stage().await;
    for origin in ["https://evil.example", "null", "https://milton.test.evil.example"] {
        let foreign = browser.clone().with("origin", origin);
        let asking = foreign.clone().with("access-control-request-method", "POST");
        let answers = [
            foreign.get(ME).await,
            foreign.get("/api/v1/auth/providers").await,
            foreign.get("/nowhere").await,
            asking.send(Method::OPTIONS, TEAMS, None).await,
        ];
        for answer in answers {
            let opened = answer.headers.keys().find(|name| name.as_str().starts_with("access-control"));
            assert_eq!(opened, None, "{origin}");
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        }
    }
}
