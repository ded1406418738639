//! The attack list: each is refused, changes nothing, and is on record.

use std::time::Duration;

use poem::http::Method;
use serde_json::{Value, json};

use super::logout::send;
use super::native::{CHALLENGE, VERIFIER, code, exchange};
use super::{CALLBACK, Journey, LINK, LOGIN, LOGOUT, ME, STEP_UP, Stage, back, led_to, session, turned_away};
use crate::forge;
use crate::lying_provider::{Account, Lie};
use crate::world::Person;

const ANA: &str = "sub-ana@example.com";

fn here() -> Value {
    json!({"provider": "lying"})
}

#[tokio::test]
async fn a_replayed_link_links_nothing_more() {
    let stage = Stage::new().await;
    let journey = stage.leave_as(&stage.owner, LINK, &here()).await;
    led_to(&stage.back(&journey).await, "/account?linked=lying");
    turned_away(&stage.back(&journey).await, "already-used");
    let row = &stage.rows("auth.oauth.returned").await[0];
    assert_eq!((&row["outcome"], &row["detail"]["error"]), (&json!("failure"), &json!("already-used")));
    assert_eq!((stage.counts()[2], stage.lying.hits("/token")), (1, 1));
}

/// An attacker sends the victim's browser to the end of a link trip, so that the victim's identity opens the
/// attacker's account, or the other way round.
#[tokio::test]
async fn a_link_is_completed_in_the_browser_that_left() {
    let stage = Stage::new().await;
    let journey = stage.leave_as(&stage.owner, LINK, &here()).await;
    let others = stage.leave().await;
    for cookie in ["", "__Host-milton-login=x", &others.cookie] {
        turned_away(&back(&stage.world.stranger(), CALLBACK, cookie, &journey.query).await, "already-used");
    }
    let signed_in =
        stage.world.stranger().with("authorization", &format!("Bearer {}", stage.owner.token.clone().unwrap()));
    turned_away(&back(&signed_in, CALLBACK, "", &journey.query).await, "already-used");
    assert_eq!(stage.rows("auth.oauth.returned").await.len(), 4);
    assert_eq!((stage.counts()[2], stage.lying.hits("/token")), (0, 0));
}

#[tokio::test]
async fn a_link_whose_session_has_ended_links_nothing() {
    let stage = Stage::new().await;
    for end in ["/api/v1/auth/logout", "/api/v1/me/sessions/revoke-all"] {
        let owner = stage.world.sign_in("owner@milton.test").await;
        let journey = stage.leave_as(&owner, LINK, &here()).await;
        owner.post(end, &json!({})).await.expect(204);
        led_to(&stage.back(&journey).await, "/account?problem=revoked-token");
        let owner = stage.world.sign_in("owner@milton.test").await;
        let row = &stage.world.audit(&owner, "event=authz.denied").await[0];
        assert_eq!(
            (&row["detail"]["attempted"], &row["actor"]["user_id"]),
            (&json!("auth.oauth.linked"), &json!(owner.id))
        );
        assert_eq!(stage.counts()[2], 0, "{end}");
    }
}

#[tokio::test]
async fn a_step_up_whose_session_has_ended_proves_nothing() {
    let stage = Stage::new().await;
    stage.link(&stage.owner).await;
    let other = stage.world.sign_in("owner@milton.test").await;
    let journey = stage.leave_as(&other, STEP_UP, &here()).await;
    other.post("/api/v1/auth/logout", &json!({})).await.expect(204);
    led_to(&stage.back(&journey).await, "/account?problem=revoked-token");
    assert_eq!(stage.rows("authz.denied").await[0]["detail"]["attempted"], "auth.stepup.succeeded");
}

#[tokio::test]
async fn a_suspended_persons_trip_leads_nowhere() {
    let stage = Stage::new().await;
    let ana = stage.arrived().await;
    let journey = stage.leave_as(&ana, LINK, &here()).await;
    forge::sql(&stage.world, "UPDATE users SET state = 'suspended' WHERE id = ?1", [&ana.id]);
    led_to(&stage.back(&journey).await, "/account?problem=revoked-token");
    assert_eq!(stage.rows("authz.denied").await[0]["detail"]["attempted"], "auth.oauth.linked");
}

#[tokio::test]
async fn a_step_up_with_another_account_proves_nothing() {
    let stage = Stage::new().await;
    stage.link(&stage.owner).await;
    stage.lying.account(Account::new("Ben", "ben@example.com"));
    stage.person().await;
    stage.world.pass(Duration::from_mins(11));
    let journey = stage.leave_as(&stage.owner, STEP_UP, &here()).await;
    led_to(&stage.back(&journey).await, "/account?problem=other-identity");
    let row = &stage.rows("auth.stepup.failed").await[0];
    assert_eq!((&row["detail"]["error"], &row["actor"]["user_id"]), (&json!("other-identity"), &json!(stage.owner.id)));
    stage.owner.post(LINK, &here()).await.problem(401, "step-up-required");
}

/// A trip is good for what it was made for: nothing in the callback can make another of it.
#[tokio::test]
async fn a_step_up_trip_makes_no_session_and_no_link() {
    let stage = Stage::new().await;
    stage.link(&stage.owner).await;
    let before = stage.counts();
    let journey = stage.leave_as(&stage.owner, STEP_UP, &here()).await;
    let query = format!("{}&purpose=sign-in&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F", journey.query);
    let landing = stage.back(&Journey { query, ..journey }).await;
    led_to(&landing, "/account");
    assert!(session(&landing).is_none() && stage.counts() == before);
}

#[tokio::test]
async fn no_redirect_leaves_this_site() {
    let stage = Stage::new().await;
    for place in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/.//evil.example",
        "evil",
        "",
    ] {
        let body = json!({"provider": "lying", "return_to": place});
        let answer = stage.owner.post(STEP_UP, &body).await.problem(422, "invalid");
        assert_eq!(answer.text("/errors/0/pointer"), "/return_to", "{place:?}");
    }
    assert_eq!(stage.rows("auth.stepup.started").await.len(), 0);
}

#[tokio::test]
async fn a_code_goes_to_this_machine_alone() {
    let stage = Stage::new().await;
    let stranger = stage.world.stranger();
    for place in [
        "http://127.0.0.1.evil.example/cb",
        "https://127.0.0.1:4711/cb",
        "https://evil.example/cb",
        "http://localhost.evil.example/cb",
        "http://localhost:4711/cb",
        "http://127.0.0.1@evil.example/cb",
        "http://127.0.0.1:4711@evil.example/cb",
        "http://evil.example#@127.0.0.1/",
        "http://127.0.0.1:4711\\@evil.example/",
        "http://2130706433/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "//127.0.0.1/cb",
        "javascript:alert(1)//http://127.0.0.1",
    ] {
        let place: String = url::form_urlencoded::byte_serialize(place.as_bytes()).collect();
        let query = format!("redirect_uri={place}&code_challenge={CHALLENGE}&code_challenge_method=S256");
        let answer = stranger.get(&format!("{LOGIN}?{query}")).await.problem(422, "invalid");
        assert!(!answer.headers.contains_key("location"), "{place}");
        assert_eq!(answer.text("/errors/0/pointer"), "redirect_uri", "{place}");
    }
    assert_eq!(stage.lying.hits("/authorize"), 0);
}

#[tokio::test]
async fn a_stolen_code_is_worth_nothing_without_the_verifier() {
    let stage = Stage::new().await;
    let code = code(&stage).await;
    let others = "another-verifier-another-verifier-another-verifier";
    for verifier in [others, CHALLENGE] {
        exchange(&stage, &code, verifier).await.problem(401, "invalid-token");
    }
    exchange(&stage, "a code that nobody gave", VERIFIER).await.problem(401, "invalid-token");
    let rows = stage.rows("auth.login.failed").await;
    assert_eq!((rows.len(), &rows[0]["detail"]["method"]), (3, &json!("code")));
    assert_eq!(stage.counts()[1], 1);
    exchange(&stage, &code, VERIFIER).await.expect(201);
}

#[tokio::test]
async fn a_code_that_is_shown_twice_ends_the_session_it_made() {
    let stage = Stage::new().await;
    let code = code(&stage).await;
    let app = stage.world.person(&exchange(&stage, &code, VERIFIER).await.expect(201));
    app.get(ME).await.expect(200);
    exchange(&stage, &code, VERIFIER).await.problem(409, "already-used");
    app.get(ME).await.problem(401, "revoked-token");
    let row = &stage.rows("token.revoked").await[0];
    assert_eq!((&row["detail"]["reason"], &row["outcome"]), (&json!("code-reused"), &json!("success")));
    let refused = json!({"error": "already-used", "method": "code"});
    assert!(stage.rows("auth.login.failed").await.iter().any(|row| row["detail"] == refused));
    exchange(&stage, &code, VERIFIER).await.problem(409, "already-used");
    assert_eq!(stage.rows("token.revoked").await.len(), 1, "it ends once");
}

#[tokio::test]
async fn two_at_once_leave_no_session() {
    let stage = Stage::new().await;
    let code = code(&stage).await;
    let (one, two) = tokio::join!(exchange(&stage, &code, VERIFIER), exchange(&stage, &code, VERIFIER));
    let (won, lost) = if one.status == 201 { (one, two) } else { (two, one) };
    lost.problem(409, "already-used");
    stage.world.person(&won.expect(201)).get(ME).await.problem(401, "revoked-token");
}

#[tokio::test]
async fn no_forged_logout_token_ends_anything() {
    let stage = Stage::new().await;
    let ana = stage.arrived().await;
    let honest = stage.lying.logout_claims(ANA, "1");
    let with = |name: &str, value: Value| {
        let mut claims = honest.clone();
        claims[name] = value;
        stage.lying.logout_token(&claims)
    };
    let without = |name: &str| {
        let mut claims = honest.clone();
        claims.as_object_mut().unwrap().remove(name);
        stage.lying.logout_token(&claims)
    };
    let signed = |lie| stage.lying.sign("logout+jwt", lie, &honest);
    let now = honest["iat"].as_i64().unwrap();
    let forged = [
        ("x.y.z".to_owned(), "id-token-malformed"),
        (signed(Lie::BadSignature), "id-token-signature"),
        (signed(Lie::ChangedClaims), "id-token-signature"),
        (signed(Lie::AlgNone), "id-token-algorithm"),
        (signed(Lie::Hs256WithPublicKey), "id-token-algorithm"),
        (signed(Lie::Hs256WithClientSecret), "id-token-algorithm"),
        (stage.other.logout_token(&honest), "id-token-signature"),
        (stage.lying.sign("at+jwt", Lie::None, &honest), "id-token-malformed"),
        (with("iss", json!("https://evil.example")), "id-token-issuer"),
        (with("iss", json!(stage.other.issuer())), "id-token-issuer"),
        (with("aud", json!("another-client")), "id-token-audience"),
        (with("nonce", json!("n")), "id-token-nonce"),
        (with("iat", json!(now - 181)), "logout-token-old"),
        (with("iat", json!(now + 61)), "id-token-future"),
        (with("exp", json!(now - 61)), "id-token-expired"),
        (with("events", json!({})), "logout-token-event"),
        (with("events", json!({"http://schemas.openid.net/event/other": {}})), "logout-token-event"),
        (without("events"), "logout-token-event"),
        (without("jti"), "logout-token-id"),
        (with("jti", json!("")), "logout-token-id"),
        (without("sub"), "id-token-malformed"),
        (without("iat"), "id-token-malformed"),
        (without("exp"), "id-token-malformed"),
    ];
    for (number, (token, reason)) in forged.into_iter().enumerate() {
        send(&stage, &token).await.problem(400, "bad-request");
        stage.world.pass(Duration::from_millis(1));
        let rows = stage.rows("auth.oauth.failed").await;
        assert_eq!((rows.len(), &rows[0]["detail"]["error"]), (number + 1, &json!(reason)), "{number}");
    }
    ana.get(ME).await.expect(200);
    send(&stage, &stage.lying.logout_token(&honest)).await.expect(200);
    ana.get(ME).await.problem(401, "revoked-token");
}

/// Whoever signs in holds an ID token of their own: it must not do for a logout.
#[tokio::test]
async fn an_id_token_is_no_logout_token() {
    let stage = Stage::new().await;
    let ana = stage.arrived().await;
    let mut claims = stage.lying.logout_claims(ANA, "1");
    claims.as_object_mut().unwrap().remove("events");
    claims["nonce"] = json!("hers");
    send(&stage, &stage.lying.sign("JWT", Lie::None, &claims)).await.problem(400, "bad-request");
    ana.get(ME).await.expect(200);
}

#[tokio::test]
async fn a_logout_token_works_once_and_not_for_long() {
    let stage = Stage::new().await;
    let token = stage.lying.logout_token(&stage.lying.logout_claims(ANA, "1"));
    let old = stage.lying.logout_token(&stage.lying.logout_claims(ANA, "2"));
    send(&stage, &token).await.expect(200);
    let ana = stage.arrived().await;
    send(&stage, &token).await.problem(400, "bad-request");
    assert_eq!(stage.rows("auth.oauth.failed").await[0]["detail"]["error"], "already-used");
    stage.world.pass(Duration::from_mins(3));
    for late in [&token, &old] {
        send(&stage, late).await.problem(400, "bad-request");
    }
    ana.get(ME).await.expect(200);
    let next = stage.lying.logout_token(&stage.lying.logout_claims("nobody", "3"));
    send(&stage, &next).await.expect(200);
    assert_eq!(forge::count(&stage.world, "logout_tokens"), 1, "the old ones are forgotten");
}

#[tokio::test]
async fn a_logout_of_one_provider_is_none_of_another() {
    let stage = Stage::new().await;
    let ana = stage.arrived().await;
    let token = stage.other.logout_token(&stage.other.logout_claims(ANA, "1"));
    stage
        .world
        .stranger()
        .post_form("/auth/backchannel-logout/other", &format!("logout_token={token}"))
        .await
        .expect(200);
    ana.get(ME).await.expect(200);
    stage.world.stranger().post_form(LOGOUT, &format!("logout_token={token}")).await.problem(400, "bad-request");
}

/// Nobody but the person takes an identity away, whatever they know of it.
#[tokio::test]
async fn an_intruder_with_an_old_cookie_gets_nothing() {
    let stage = Stage::new().await;
    let ana: Person = stage.arrived().await;
    let id = stage.identities(&ana).await[0]["id"].as_str().unwrap().to_owned();
    let bare = stage.world.stranger().with("cookie", ana.headers["cookie"].to_str().unwrap());
    let path = format!("/api/v1/me/identities/{id}");
    bare.send(Method::DELETE, &path, None).await.problem(403, "access-denied");
    bare.post(LINK, &here()).await.problem(403, "access-denied");
    assert_eq!(stage.rows("authz.denied").await[0]["detail"]["error"], "foreign-page");
    assert_eq!(stage.identities(&ana).await.len(), 1);
}

/// A foreign page cannot use up its visitors' sign-ins by asking for us as an image.
#[tokio::test]
async fn only_a_page_goes_to_a_provider() {
    let stage = Stage::new().await;
    let image = stage.world.stranger().with("sec-fetch-dest", "image");
    let (transactions, size) = (forge::count(&stage.world, "login_transactions"), stage.world.audit_size());
    for _ in 0..20 {
        image.get(LOGIN).await.problem(403, "access-denied");
    }
    assert_eq!((forge::count(&stage.world, "login_transactions"), stage.world.audit_size()), (transactions, size + 5));
    stage.world.stranger().with("sec-fetch-dest", "document").get(LOGIN).await.expect(303);
}
