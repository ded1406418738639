//! Who gets in by a provider's word, and who does not.

use poem::http::Method;
use serde_json::json;

use super::{CALLBACK, LOGIN, ME, Stage, back, leave, session, turned_away, unclaimed};
use crate::forge;
use crate::lying_provider::{Account, parameter};

#[tokio::test]
async fn a_person_of_an_allowed_domain_signs_in() {
    let stage = Stage::new().await;
    let listed = stage.world.stranger().get("/api/v1/auth/providers").await.expect(200);
    assert_eq!(listed.text("/items/0/login_url"), LOGIN);

    let departure = stage.world.stranger().get(LOGIN).await.expect(303);
    let url = departure.header("location");
    assert!(url.starts_with(&format!("{}/authorize?", stage.lying.issuer())));
    assert_eq!(parameter(&url, "redirect_uri").unwrap(), "https://milton.test/auth/callback/lying");
    let (value, attributes) =
        departure.header("set-cookie").split_once(';').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(value.len(), "__Host-milton-login=".len() + 43, "256 random bits");
    assert_eq!(attributes, " Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600");

    let query = stage.lying.browse(&url).await;
    let arrival = back(&stage.world.stranger(), CALLBACK, &value, &query).await;
    assert_eq!(arrival.header("location"), "/");
    assert!(arrival.header("set-cookie").ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=86400"));
    let browser = stage.world.stranger().with("cookie", &session(&arrival).unwrap());
    let me = browser.get(ME).await.expect(200);
    assert_eq!((me.text("/name"), me.text("/email")), ("Ana Lima".to_owned(), "ana@example.com".to_owned()));
    assert_eq!((me.text("/instance_role"), me.text("/session/kind")), ("member".to_owned(), "console".to_owned()));
    assert_eq!(stage.counts(), [2, 2, 1]);
    for event in ["auth.oauth.started", "auth.oauth.returned", "auth.oauth.succeeded", "user.created"] {
        let rows = stage.rows(event).await;
        assert_eq!(rows[0]["outcome"], "success", "{event}");
    }
    let row = &stage.rows("auth.oauth.succeeded").await[0];
    assert_eq!(
        (row["actor"]["user_id"].clone(), row["detail"]["provider"].clone()),
        (me.json["id"].clone(), json!("lying"))
    );
}

#[tokio::test]
async fn the_same_identity_is_the_same_person_and_another_issuers_is_not() {
    let stage = Stage::new().await;
    let first = stage.person().await;
    let renamed = Account { email: "ana.lima@example.com".to_owned(), ..Account::new("Ana Maria", "ana@example.com") };
    stage.lying.account(renamed.clone());
    let again = stage.person().await;
    assert_eq!((&again["id"], &again["email"]), (&first["id"], &first["email"]));
    assert_eq!(stage.counts(), [2, 3, 1]);

    stage.other.account(renamed);
    let journey = leave(&stage.world.stranger(), &stage.other, "/auth/login/other").await;
    let arrival = back(&stage.world.stranger(), "/auth/callback/other", &journey.cookie, &journey.query).await;
    let cookie = session(&arrival).unwrap();
    let me = stage.world.stranger().with("cookie", &cookie).get(ME).await.expect(200);
    assert_ne!(me.json["id"], first["id"], "the subject alone is no identity");
}

#[tokio::test]
async fn only_a_verified_address_of_an_allowed_domain_may_join() {
    let stage = Stage::new().await;
    let unverified = Account { email_verified: false, ..Account::new("Eve", "eve@example.com") };
    let strangers = [
        unverified,
        Account::new("Eve", "eve@example.org"),
        Account::new("Eve", "eve@sub.example.com"),
        Account::new("Eve", "eve@example.com.evil.org"),
        Account::new("Eve", "eve@example.org@example.com"),
    ];
    for (number, account) in strangers.into_iter().enumerate() {
        let who = format!("{account:?}");
        stage.lying.account(account);
        turned_away(&stage.sign_in().await, "not-invited");
        let rows = stage.rows("auth.oauth.failed").await;
        assert_eq!(rows.len(), number + 1);
        assert_eq!(
            (rows[0]["outcome"].as_str(), rows[0]["detail"]["error"].as_str()),
            (Some("failure"), Some("not-invited"))
        );
        assert_eq!(stage.counts(), [1, 1, 0], "{who}");
    }
}

#[tokio::test]
async fn a_known_address_opens_no_account() {
    let stage = Stage::new().await;
    let ana = stage.person().await;
    let before = stage.counts();
    for email in ["ana@example.com", "ANA@Example.Com"] {
        stage.lying.account(Account { subject: "attacker".to_owned(), ..Account::new("Eve", email) });
        turned_away(&stage.sign_in().await, "link-required");
        let row = &stage.rows("auth.oauth.failed").await[0];
        assert_eq!(row["detail"]["error"], "link-required");
    }
    let unverified = Account { email_verified: false, ..Account::new("Eve", "ana@example.com") };
    stage.lying.account(Account { subject: "attacker".to_owned(), ..unverified });
    turned_away(&stage.sign_in().await, "not-invited");
    assert_eq!(stage.counts(), before);
    let again = stage.world.sign_in("ana@example.com").await;
    assert_eq!(again.id, ana["id"]);
}

#[tokio::test]
async fn what_somebody_says_of_themself_keeps_nobody_out() {
    let stage = Stage::new().await;
    let verified = |id: &str| {
        let sql = "SELECT count(*) FROM users WHERE email_verified_at IS NOT NULL AND id = ";
        forge::number(&stage.world, &format!("{sql}'{id}'")) == 1
    };
    let squat = json!({"email": "ana@example.com"});
    stage.owner.send(Method::PATCH, ME, Some(&squat)).await.expect(200);
    let ana = stage.person().await["id"].as_str().unwrap().to_owned();
    assert_ne!(ana, stage.owner.id, "she has an account of her own");
    assert!(verified(&ana) && !verified(&stage.owner.id));
    let again = stage.world.sign_in("ana@example.com").await;
    assert_eq!(again.id, ana, "and a link for her address is for her");
    again.send(Method::PATCH, ME, Some(&json!({"email": "ANA@example.com", "name": "Ana"}))).await.expect(200);
    assert!(verified(&ana), "the same address is as good as before");
    for email in ["owner@milton.test", "ana@example.com"] {
        again.send(Method::PATCH, ME, Some(&json!({"email": email}))).await.expect(200);
        assert!(!verified(&ana), "what she types in, nobody has vouched for");
    }
}

#[tokio::test]
async fn a_suspended_person_stays_outside() {
    let stage = Stage::new().await;
    let id = stage.person().await["id"].as_str().unwrap().to_owned();
    forge::sql(&stage.world, "UPDATE users SET state = 'suspended' WHERE id = ?1", [&id]);
    let before = stage.counts();
    turned_away(&stage.sign_in().await, "access-denied");
    let row = &stage.rows("authz.denied").await[0];
    assert_eq!(row["detail"]["attempted"], "auth.oauth.succeeded");
    assert_eq!(stage.counts(), before);
}

#[tokio::test]
async fn nobody_owns_a_new_server_by_a_providers_word() {
    let (world, [lying, _]) = unclaimed().await;
    let journey = leave(&world.stranger(), &lying, LOGIN).await;
    turned_away(&back(&world.stranger(), CALLBACK, &journey.cookie, &journey.query).await, "not-invited");
    assert_eq!((forge::count(&world, "users"), forge::count(&world, "sessions")), (0, 0));
    let owner = world.claim("Olga Owner").await;
    let row = &world.audit(&owner, "event=auth.oauth.failed").await[0];
    assert_eq!((row["outcome"].as_str(), row["detail"]["error"].as_str()), (Some("failure"), Some("not-invited")));
}
