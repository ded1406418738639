//! Accepting an invitation by way of a provider: whom it lets in, and what it leaves untouched when it does not.

use poem::http::Method;
use serde_json::{Value, json};

use super::{Journey, ME, Stage, session, trip_cookie, turned_away};
use crate::forge;
use crate::lying_provider::Account;

const ACCEPT: &str = "/api/v1/invitations/accept/provider";

/// A team of the owner's, and an invitation into it.
async fn invite(stage: &Stage, body: Value) -> (String, String, String) {
    let team = stage.world.team(&stage.owner, "Ops").await;
    let made = stage.owner.post(&format!("/api/v1/teams/{team}/invitations"), &body).await.expect(201);
    (made.text("/token"), made.text("/id"), team)
}

async fn leave(stage: &Stage, token: &str) -> Journey {
    let departure =
        stage.world.stranger().post(ACCEPT, &json!({"token": token, "provider": "lying"})).await.expect(200);
    Journey { cookie: trip_cookie(&departure), query: stage.lying.browse(&departure.text("/url")).await }
}

/// Somebody whom no domain rule lets in.
fn eve() -> Account {
    Account::new("Eve", "eve@example.org")
}

#[tokio::test]
async fn whoever_is_invited_comes_in_by_their_provider() {
    let stage = Stage::new().await;
    stage.lying.account(eve());
    turned_away(&stage.sign_in().await, "not-invited");
    let (token, id, team) = invite(&stage, json!({"role": "manager"})).await;
    let landing = stage.back(&leave(&stage, &token).await).await;
    assert_eq!(landing.header("location"), "/");
    let browser = stage.world.stranger().with("cookie", &session(&landing).unwrap());
    let me = browser.get(ME).await.expect(200);
    assert_eq!((me.text("/teams/0/id"), me.text("/teams/0/role")), (team, "manager".to_owned()));
    assert_eq!(me.text("/email"), "eve@example.org");
    let row = &stage.rows("team.invitation.accepted").await[0];
    assert_eq!((&row["outcome"], &row["actor"]["user_id"]), (&json!("success"), &me.json["id"]));
    assert_eq!(stage.rows("auth.oauth.succeeded").await[0]["outcome"], "success");
    assert!(session(&stage.sign_in().await).is_some(), "from now on she comes as she likes");
    let again = stage.world.stranger().post(ACCEPT, &json!({"token": token, "provider": "lying"})).await;
    again.problem(409, "invitation-closed");
    assert!(!stage.owner.get("/api/v1/admin/audit").await.text.contains(&token), "{id}");
}

#[tokio::test]
async fn somebody_who_is_known_joins_as_who_they_are() {
    let stage = Stage::new().await;
    let ana = stage.person().await;
    let (token, ..) = invite(&stage, json!({"role": "member"})).await;
    let landing = stage.back(&leave(&stage, &token).await).await;
    let me = stage.world.stranger().with("cookie", &session(&landing).unwrap()).get(ME).await.expect(200);
    assert_eq!((&me.json["id"], me.json["teams"].as_array().unwrap().len()), (&ana["id"], 1));
    assert_eq!(stage.counts()[0], 2);
}

#[tokio::test]
async fn an_invitation_for_an_address_wants_the_providers_word_for_it() {
    let stage = Stage::new().await;
    let (token, ..) = invite(&stage, json!({"role": "member", "email": "eve@example.org"})).await;
    let unverified = Account { email_verified: false, ..eve() };
    for somebody in [unverified, Account::new("Mallory", "mallory@example.org")] {
        stage.lying.account(somebody);
        turned_away(&stage.back(&leave(&stage, &token).await).await, "address-unproven");
        assert_eq!(stage.rows("auth.oauth.failed").await[0]["detail"]["error"], "address-unproven");
        assert_eq!(stage.counts(), [1, 1, 0]);
    }
    stage.lying.account(eve());
    assert!(session(&stage.back(&leave(&stage, &token).await).await).is_some());
}

#[tokio::test]
async fn an_invitation_that_is_withdrawn_on_the_way_lets_nobody_in() {
    let stage = Stage::new().await;
    stage.lying.account(eve());
    let (token, id, team) = invite(&stage, json!({"role": "member"})).await;
    let journey = leave(&stage, &token).await;
    stage.owner.send(Method::DELETE, &format!("/api/v1/teams/{team}/invitations/{id}"), None).await.expect(204);
    turned_away(&stage.back(&journey).await, "invitation-closed");
    assert_eq!(stage.counts(), [1, 1, 0]);
}

#[tokio::test]
async fn one_invitation_lets_one_in() {
    let stage = Stage::new().await;
    let (token, ..) = invite(&stage, json!({"role": "member"})).await;
    stage.lying.account(eve());
    let first = leave(&stage, &token).await;
    stage.lying.account(Account::new("Mallory", "mallory@example.org"));
    let second = leave(&stage, &token).await;
    assert!(session(&stage.back(&first).await).is_some());
    turned_away(&stage.back(&second).await, "invitation-closed");
    assert_eq!(stage.counts()[0], 2);
}

#[tokio::test]
async fn a_known_address_is_still_linked_by_its_holder_alone() {
    let stage = Stage::new().await;
    stage.person().await;
    let (token, ..) = invite(&stage, json!({"role": "member"})).await;
    stage.lying.account(Account { subject: "attacker".to_owned(), ..Account::new("Eve", "ana@example.com") });
    turned_away(&stage.back(&leave(&stage, &token).await).await, "link-required");
    stage.lying.account(eve());
    assert!(session(&stage.back(&leave(&stage, &token).await).await).is_some(), "the invitation is still open");
}

#[tokio::test]
async fn a_forged_invitation_leads_nowhere() {
    let stage = Stage::new().await;
    let body = json!({"token": "mlt_i_forged", "provider": "lying"});
    stage.world.stranger().post(ACCEPT, &body).await.problem(401, "invalid-token");
    assert_eq!(stage.rows("auth.login.failed").await[0]["detail"]["method"], "invitation");
    assert_eq!(stage.lying.hits("/.well-known/openid-configuration"), 0, "the provider is not even asked");
    let (token, ..) = invite(&stage, json!({"role": "member"})).await;
    stage.owner.post(ACCEPT, &json!({"token": token, "provider": "lying"})).await.problem(403, "access-denied");
}

/// An address is whose a provider says it is, and nobody's who only says so.
#[tokio::test]
async fn an_invitation_for_an_address_opens_to_nobody_who_only_states_it() {
    let stage = Stage::new().await;
    let body = json!({"role": "admin", "email": "Ana@Example.com"});
    let (token, id, team) = invite(&stage, body).await;
    let (accept, stated) = ("/api/v1/invitations/accept", "ana@example.com");
    let new = json!({"token": token, "name": "Mallory", "email": stated});
    let refused = stage.world.stranger().post(accept, &new).await.problem(409, "address-unproven");
    assert!(refused.text("/detail").contains("provider"), "{}", refused.text);
    assert_eq!(stage.counts()[0], 1, "no account was left behind");

    let elsewhere = stage.world.team(&stage.owner, "Elsewhere").await;
    let gus = stage.world.join(&stage.owner, &elsewhere, "member", "Gus").await;
    let other = json!({"role": "member", "email": stated});
    let other = stage.owner.post(&format!("/api/v1/teams/{team}/invitations"), &other).await.expect(201).text("/token");
    let says_so = gus.clone().with("if-match", "*");
    says_so.send(Method::PATCH, ME, Some(&json!({"email": stated}))).await.expect(200);
    for token in [&token, &other] {
        gus.post(accept, &json!({"token": token})).await.problem(409, "address-unproven");
    }
    let list = stage.owner.get(&format!("/api/v1/teams/{team}/invitations")).await.expect(200);
    assert!(list.text.contains(&id) && !list.text.contains(stated), "{}", list.text);
    assert_eq!(list.json["items"][0]["email_bound"], true);
    assert!(!stage.owner.get("/api/v1/admin/audit").await.text.contains(stated));

    // Whose it is comes in, by way of the provider or with an account that it vouched for before.
    assert!(session(&stage.back(&leave(&stage, &token).await).await).is_some());
    let theirs = "UPDATE users SET email_bidx = NULL, email_verified_at = NULL WHERE email_verified_at IS NOT NULL";
    forge::sql(&stage.world, theirs, []);
    forge::sql(&stage.world, "UPDATE users SET email_verified_at = 1 WHERE id = ?1", [&gus.id]);
    gus.post(accept, &json!({"token": other})).await.expect(200);
}
