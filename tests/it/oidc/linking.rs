//! Linking and unlinking: whose identity it becomes, what its provider's word is worth, and what ends with it.

use std::time::Duration;

use poem::http::Method;
use serde_json::json;

use super::{IDENTITIES, LINK, ME, Stage, led_to, turned_away};
use crate::forge;
use crate::lying_provider::Account;

fn is_verified(stage: &Stage, id: &str) -> bool {
    let sql = "SELECT count(*) FROM users WHERE email_verified_at IS NOT NULL AND id = ";
    forge::number(&stage.world, &format!("{sql}'{id}'")) == 1
}

#[tokio::test]
async fn a_linked_identity_is_a_way_in_to_the_same_account() {
    let stage = Stage::new().await;
    stage.lying.account(Account::new("Olga at work", "olga@example.com"));
    assert!(stage.identities(&stage.owner).await.is_empty());
    led_to(&stage.link(&stage.owner).await, "/account?linked=lying");
    let linked = stage.identities(&stage.owner).await;
    let seen = (&linked[0]["provider"], &linked[0]["issuer"], &linked[0]["label"]);
    assert_eq!(seen, (&json!("lying"), &json!(stage.lying.issuer()), &json!("olga@example.com")));
    let row = &stage.rows("auth.oauth.linked").await[0];
    assert_eq!((&row["actor"]["user_id"], &row["outcome"]), (&json!(stage.owner.id), &json!("success")));
    assert_eq!((&row["resource_type"], &row["resource_id"]), (&json!("identity"), &linked[0]["id"]));
    assert_eq!(stage.rows("auth.oauth.started").await[0]["detail"]["purpose"], "link");
    assert_eq!(stage.person().await["id"], stage.owner.id.as_str());
    assert_eq!(stage.counts(), [1, 2, 1]);
}

#[tokio::test]
async fn an_identity_is_one_persons() {
    let stage = Stage::new().await;
    let ana = stage.person().await;
    led_to(&stage.link(&stage.owner).await, "/account?problem=already-exists");
    let row = &stage.rows("auth.oauth.failed").await[0];
    assert_eq!((&row["actor"]["user_id"], &row["outcome"]), (&json!(stage.owner.id), &json!("failure")));
    assert_eq!(row["detail"]["error"], "already-exists");
    assert!(stage.identities(&stage.owner).await.is_empty());
    assert_eq!(stage.person().await["id"], ana["id"]);
}

#[tokio::test]
async fn linking_wants_a_fresh_sign_in_when_it_leaves_and_when_it_is_back() {
    let stage = Stage::new().await;
    stage.world.pass(Duration::from_mins(9));
    let journey = stage.leave_as(&stage.owner, LINK, &json!({"provider": "lying"})).await;
    stage.world.pass(Duration::from_mins(2));
    led_to(&stage.back(&journey).await, "/account?problem=step-up-required");
    let row = &stage.rows("authz.denied").await[0];
    assert_eq!(row["detail"]["attempted"], "auth.oauth.linked");
    stage.owner.post(LINK, &json!({"provider": "lying"})).await.problem(401, "step-up-required");
    assert_eq!(stage.counts(), [1, 1, 0]);
}

#[tokio::test]
async fn what_a_provider_vouches_for_is_verified_when_the_person_states_it() {
    let stage = Stage::new().await;
    assert!(!is_verified(&stage, &stage.owner.id));
    let unsure =
        Account { email_verified: false, subject: "unsure".to_owned(), ..Account::new("O", "owner@milton.test") };
    stage.lying.account(unsure);
    led_to(&stage.link(&stage.owner).await, "/account?linked=lying");
    assert!(!is_verified(&stage, &stage.owner.id), "the provider does not know");
    stage.lying.account(Account::new("O", "other@milton.test"));
    led_to(&stage.link(&stage.owner).await, "/account?linked=lying");
    assert!(!is_verified(&stage, &stage.owner.id), "another address");
    stage.lying.account(Account::new("O", "OWNER@milton.test"));
    led_to(&stage.link(&stage.owner).await, "/account?linked=lying");
    assert!(is_verified(&stage, &stage.owner.id));
    assert_eq!(stage.rows("auth.oauth.linked").await[0]["detail"]["email"], "verified");

    let restated = json!({"email": "elsewhere@milton.test"});
    stage.owner.send(Method::PATCH, ME, Some(&restated)).await.expect(200);
    stage.owner.send(Method::PATCH, ME, Some(&json!({"email": "owner@milton.test"}))).await.expect(200);
    assert!(!is_verified(&stage, &stage.owner.id));
    stage.person().await;
    assert!(is_verified(&stage, &stage.owner.id), "at the next sign-in");
}

#[tokio::test]
async fn an_address_that_another_has_verified_stays_theirs() {
    let stage = Stage::new().await;
    let ana = stage.person().await["id"].as_str().unwrap().to_owned();
    stage.owner.send(Method::PATCH, ME, Some(&json!({"email": "ana@example.com"}))).await.expect(200);
    stage.lying.account(Account { subject: "second".to_owned(), ..Account::new("Olga", "ana@example.com") });
    led_to(&stage.link(&stage.owner).await, "/account?linked=lying");
    assert!(is_verified(&stage, &ana) && !is_verified(&stage, &stage.owner.id));
}

#[tokio::test]
async fn a_long_or_odd_name_keeps_nobody_out() {
    let stage = Stage::new().await;
    for (name, shown) in [
        ("N".repeat(150), "N".repeat(100)),
        ("Ana\nLima\u{7}".to_owned(), "AnaLima".to_owned()),
        (String::new(), "new2@example.com".to_owned()),
        ("\u{200b}".to_owned(), "new3@example.com".to_owned()),
    ]
    .into_iter()
    .enumerate()
    .map(|(number, (name, shown))| (Account::new(&name, &format!("new{number}@example.com")), shown))
    {
        stage.lying.account(name);
        assert_eq!(stage.person().await["name"], shown.as_str());
    }
}

#[tokio::test]
async fn what_began_with_an_identity_ends_with_it() {
    let stage = Stage::new().await;
    stage.lying.give_refresh_tokens();
    led_to(&stage.link(&stage.owner).await, "/account?linked=lying");
    let console = stage.arrived().await;
    assert_eq!(console.id, stage.owner.id);
    let id = stage.identities(&stage.owner).await[0]["id"].as_str().unwrap().to_owned();
    stage.owner.send(Method::DELETE, &format!("{IDENTITIES}/{id}"), None).await.expect(204);
    console.get(ME).await.problem(401, "revoked-token");
    stage.owner.get(ME).await.expect(200);
    assert!(stage.identities(&stage.owner).await.is_empty());
    assert_eq!(forge::count(&stage.world, "oauth_tokens"), 0);
    let revoked = stage.lying.revoked();
    assert!(
        revoked.len() == 2 && revoked[0].starts_with("refresh-") && revoked[1].starts_with("access-"),
        "{revoked:?}"
    );
    let (unlinked, told) =
        (&stage.rows("auth.oauth.unlinked").await[0], &stage.rows("auth.oauth.token_revoked").await[0]);
    assert_eq!((&unlinked["detail"]["sessions"], &told["outcome"]), (&json!("1"), &json!("success")));
    assert_ne!(stage.person().await["id"], stage.owner.id.as_str(), "the provider's word opens this account no more");
}

#[tokio::test]
async fn a_provider_that_is_down_keeps_no_identity_linked() {
    let stage = Stage::new().await;
    led_to(&stage.link(&stage.owner).await, "/account?linked=lying");
    let path = format!("{IDENTITIES}/{}", stage.identities(&stage.owner).await[0]["id"].as_str().unwrap());
    stage.lying.stop();
    stage.owner.send(Method::DELETE, &path, None).await.expect(204);
    let row = &stage.rows("auth.oauth.token_revoked").await[0];
    assert_eq!((&row["outcome"], &row["detail"]["error"]), (&json!("failure"), &json!("network")));
    assert!(stage.identities(&stage.owner).await.is_empty());
}

#[tokio::test]
async fn nobody_unlinks_what_is_anothers() {
    let stage = Stage::new().await;
    let ana = stage.arrived().await;
    let id = stage.identities(&ana).await[0]["id"].as_str().unwrap().to_owned();
    let theirs =
        stage.owner.send(Method::DELETE, &format!("{IDENTITIES}/{id}"), None).await.problem(403, "access-denied");
    let nobodys = format!("{IDENTITIES}/01957000-0000-7000-8000-000000000000");
    let nobodys = stage.owner.send(Method::DELETE, &nobodys, None).await.problem(403, "access-denied");
    assert_eq!(theirs.json["detail"], nobodys.json["detail"]);
    assert_eq!(stage.rows("authz.denied").await[1]["resource_id"], id.as_str());
    ana.get(ME).await.expect(200);
    assert_eq!(stage.identities(&ana).await.len(), 1);
}

#[tokio::test]
async fn a_stranger_links_nothing() {
    let stage = Stage::new().await;
    stage.world.stranger().post(LINK, &json!({"provider": "lying"})).await.problem(401, "missing-token");
    stage.owner.post(LINK, &json!({"provider": "nobody"})).await.problem(404, "not-found");
    let evil = json!({"provider": "lying", "user_id": stage.owner.id});
    stage.owner.post(LINK, &evil).await.problem(422, "invalid");
    turned_away(
        &stage.back(&super::Journey { cookie: "x=y".to_owned(), query: "state=x".to_owned() }).await,
        "already-used",
    );
}
