//! People in the hands of administrators: seen, suspended, reinstated, given roles; and the Owner who must stay.

use std::time::Duration;

use milton::app::sign_in::Whom;
use milton::domain::actor::{Actor, Caller};
use milton::domain::role::Role;
use milton::domain::{Conflict, Error};
use poem::http::Method;
use serde_json::json;

use crate::forge;
use crate::world::{Answer, Person, World};

const ME: &str = "/api/v1/me";
const USERS: &str = "/api/v1/admin/users";
const NOWHERE: &str = "01957000-0000-7000-8000-000000000000";

async fn step(admin: &Person, whom: &Person, step: &str) -> Answer {
    admin.post(&format!("{USERS}/{}/{step}", whom.id), &json!({})).await
}

async fn set_role(admin: &Person, whom: &Person, role: Option<&str>) -> Answer {
    admin.send(Method::PUT, &format!("{USERS}/{}/role", whom.id), Some(&json!({"role": role}))).await
}

fn texts(answer: &Answer, field: &str) -> Vec<String> {
    let items = answer.json["items"].as_array().unwrap().iter();
    items.map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

/// A server with its Owner, an Admin of it, and a Member, all of one team.
async fn cast() -> (World, Person, Person, Person, String) {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    world.pass(Duration::from_secs(1));
    let ada = world.join(&olga, &team, "member", "Ada").await;
    world.cast_on_server(&ada, Some(Role::Admin));
    world.pass(Duration::from_secs(1));
    let mia = world.join(&olga, &team, "member", "Mia").await;
    (world, olga, ada, mia, team)
}

#[tokio::test]
async fn accounts_are_listed_and_shown() {
    let (world, olga, ada, mia, _) = cast().await;
    world.sign_in_again(&mia).await;
    let all = ada.get(USERS).await.expect(200);
    assert_eq!(texts(&all, "name"), ["Olga Owner", "Ada", "Mia"]);
    assert_eq!(all.json["items"][0]["email"], "owner@milton.test");
    assert_eq!((&all.json["items"][2]["state"], &all.json["items"][2]["sessions"]), (&json!("active"), &json!(2)));
    for (query, names) in [
        ("role=admin", vec!["Ada"]),
        ("role=manager", vec![]),
        ("state=active&role=owner", vec!["Olga Owner"]),
        ("state=suspended", vec![]),
    ] {
        assert_eq!(texts(&ada.get(&format!("{USERS}?{query}")).await.expect(200), "name"), names, "{query}");
    }
    ada.get(&format!("{USERS}?state=gone")).await.problem(422, "invalid");
    let first = ada.get(&format!("{USERS}?limit=2")).await.expect(200);
    let rest = ada.get(&format!("{USERS}?limit=2&cursor={}", first.text("/next_cursor"))).await.expect(200);
    assert_eq!((texts(&rest, "name"), rest.json.get("next_cursor")), (vec!["Mia".to_owned()], None));
    let one = ada.get(&format!("{USERS}/{}", mia.id)).await.expect(200);
    assert_eq!(one.json, all.json["items"][2]);

    for path in ["", "/sessions", "/devices"] {
        ada.get(&format!("{USERS}/{NOWHERE}{path}")).await.problem(404, "not-found");
        let (there, missing) = (format!("{USERS}/{}{path}", olga.id), format!("{USERS}/{NOWHERE}{path}"));
        mia.get(&there).await.problem(403, "access-denied");
        mia.get(&missing).await.problem(403, "access-denied");
    }
}

#[tokio::test]
async fn sessions_and_devices_are_shown() {
    let world = World::unclaimed();
    let device = json!({"name": "Olga's laptop", "platform": "Linux"});
    let body = json!({"token": world.claim_token().await, "name": "Olga", "device": device});
    let olga = world.person(&world.stranger().post("/api/v1/auth/link", &body).await.expect(201));
    world.pass(Duration::from_secs(1));
    let again = world.sign_in_again(&olga).await;
    let path = format!("{USERS}/{}/sessions", olga.id);
    let devices = olga.get(&format!("{USERS}/{}/devices", olga.id)).await.expect(200);
    assert_eq!(texts(&devices, "name"), ["Unknown client", "Olga's laptop"], "the newest first");
    let sessions = olga.get(&path).await.expect(200);
    assert_eq!(texts(&sessions, "method"), ["link", "link"]);
    for place in 0..2 {
        assert_eq!(sessions.json["items"][place]["device"]["id"], devices.json["items"][place]["id"]);
    }
    let own =
        |list: &Answer| list.json["items"].as_array().unwrap().iter().filter(|one| one["current"] == true).count();
    assert_eq!((own(&sessions), own(&devices)), (1, 1), "what is asked with is marked");
    again.post("/api/v1/auth/logout", &json!({})).await.expect(204);
    assert_eq!(texts(&olga.get(&path).await.expect(200), "kind"), ["client"]);
}

#[tokio::test]
async fn everybody_sees_the_names_of_those_who_may_act() {
    let (world, olga, _, mia, _) = cast().await;
    let names = async || texts(&mia.get("/api/v1/directory").await.expect(200), "name");
    assert_eq!(names().await, ["Olga Owner", "Ada", "Mia"]);
    let ben = world.join(&olga, &world.team(&olga, "B").await, "member", "Ben").await;
    step(&olga, &ben, "suspend").await.expect(200);
    assert_eq!(names().await, ["Olga Owner", "Ada", "Mia"]);
    let entry = &mia.get("/api/v1/directory?limit=1").await.expect(200).json["items"][0];
    assert_eq!(entry.as_object().unwrap().len(), 2, "a name and an id: {entry}");
    world.cast_on_server(&mia, None);
    mia.get("/api/v1/directory").await.problem(403, "access-denied");
}

#[tokio::test]
async fn the_suspended_are_out_at_once_and_find_no_way_in() {
    let (world, olga, ada, mia, team) = cast().await;
    let other = world.sign_in_again(&mia).await;
    mia.get(ME).await.expect(200);
    let operator = Caller::local(Actor::Operator);
    let whom = || Whom::Account(mia.id.parse().unwrap());
    let link = world.app.create_sign_in_link(&operator, whom()).await.unwrap();
    let link = link.url.expose().split_once('#').unwrap().1.to_owned();
    let body = json!({"reason": "Left the company"});
    let answer = ada.post(&format!("{USERS}/{}/suspend", mia.id), &body).await.expect(200);
    assert_eq!((answer.text("/state"), &answer.json["sessions"]), ("suspended".to_owned(), &json!(0)));
    for session in [&mia, &other] {
        session.get(ME).await.problem(401, "revoked-token");
        session.get(&format!("/api/v1/teams/{team}/delegations")).await.problem(401, "revoked-token");
    }
    let row = &world.audit(&olga, "event=user.suspended").await[0];
    assert_eq!((&row["actor"]["user_id"], &row["resource_id"]), (&json!(ada.id), &json!(mia.id)));
    assert_eq!(row["detail"], json!({"reason": "Left the company", "sessions": "2"}));

    world.stranger().post("/api/v1/auth/link", &json!({"token": link})).await.problem(403, "access-denied");
    let refused = world.app.create_sign_in_link(&operator, whom()).await.err();
    assert!(matches!(refused, Some(Error::Conflict(Conflict::WrongState))), "{refused:?}");
    step(&ada, &mia, "suspend").await.problem(409, "wrong-state");
    step(&ada, &mia, "reinstate").await.expect(200);
    mia.get(ME).await.problem(401, "revoked-token");
    world.sign_in_again(&mia).await.get(ME).await.expect(200);
    step(&ada, &mia, "reinstate").await.problem(409, "wrong-state");
    assert_eq!(world.audit(&olga, "event=user.reinstated").await.len(), 2, "one done, one refused");
}

#[tokio::test]
async fn nobody_locks_out_or_raises_their_equals() {
    let (world, olga, ada, mia, _) = cast().await;
    world.cast_on_server(&mia, Some(Role::Admin));
    for deed in ["suspend", "reinstate", "revoke-sessions"] {
        for whom in [&olga, &mia, &ada] {
            step(&ada, whom, deed).await.problem(403, "access-denied");
        }
    }
    for role in [Some("owner"), Some("admin"), Some("member"), None] {
        for whom in [&olga, &mia, &ada] {
            set_role(&ada, whom, role).await.problem(403, "access-denied");
        }
    }
    world.cast_on_server(&mia, Some(Role::Member));
    for role in ["owner", "admin"] {
        set_role(&ada, &mia, Some(role)).await.problem(403, "access-denied");
        set_role(&mia, &mia, Some(role)).await.problem(403, "access-denied");
    }
    set_role(&ada, &mia, Some("manager")).await.expect(200);
    // Whoever has no role at all stands below everybody.
    set_role(&ada, &mia, None).await.expect(200);
    step(&ada, &mia, "suspend").await.expect(200);
    step(&ada, &mia, "reinstate").await.expect(200);
    assert_eq!(set_role(&ada, &mia, Some("member")).await.expect(200).text("/instance_role"), "member");
}

#[tokio::test]
async fn a_role_is_given_in_full() {
    let (world, olga, _, mia, _) = cast().await;
    let path = format!("{USERS}/{}/role", mia.id);
    for body in [json!({}), json!({"role": "king"}), json!({"role": 1}), json!({"role": "member", "team": 1})] {
        olga.send(Method::PUT, &path, Some(&body)).await.problem(422, "invalid");
    }
    assert_eq!(set_role(&olga, &mia, Some("manager")).await.expect(200).text("/instance_role"), "manager");
    mia.post("/api/v1/teams", &json!({"name": "Hers"})).await.expect(201);
    assert_eq!(set_role(&olga, &mia, None).await.expect(200).json.get("instance_role"), None);
    mia.post("/api/v1/teams", &json!({"name": "Another"})).await.problem(403, "access-denied");
    let rows = world.audit(&olga, "event=user.role.changed").await;
    let changes: Vec<_> = rows.iter().map(|row| row["detail"].clone()).collect();
    assert_eq!(changes, [json!({"from": "manager", "to": "none"}), json!({"from": "member", "to": "manager"})]);
    world.pass(Duration::from_mins(11));
    set_role(&olga, &mia, Some("member")).await.problem(401, "step-up-required");
}

#[tokio::test]
async fn sessions_end_and_the_person_may_come_back() {
    let (world, olga, ada, mia, _) = cast().await;
    let other = world.sign_in_again(&mia).await;
    step(&ada, &mia, "revoke-sessions").await.expect(204);
    for session in [&mia, &other] {
        session.get(ME).await.problem(401, "revoked-token");
    }
    world.sign_in_again(&mia).await.get(ME).await.expect(200);
    let row = &world.audit(&olga, "event=token.revoked_all").await[0];
    assert_eq!((&row["resource_id"], &row["detail"]["sessions"]), (&json!(mia.id), &json!("2")));
}

#[tokio::test]
async fn the_last_owner_of_the_server_stays() {
    let (world, olga, ada, mia, _) = cast().await;
    let second = async |state: &str| {
        world.cast_on_server(&ada, Some(Role::Owner));
        forge::sql(&world, "UPDATE users SET state = ?2 WHERE id = ?1", [ada.id.as_str(), state]);
    };
    let refused = async |why: &str| {
        for answer in [
            step(&olga, &olga, "suspend").await,
            set_role(&olga, &olga, Some("admin")).await,
            set_role(&olga, &olga, None).await,
            olga.post("/api/v1/me/deletion", &json!({})).await,
        ] {
            assert_eq!(answer.json["type"], "/problems/last-owner", "{why}: {}", answer.text);
        }
        olga.get(USERS).await.expect(200);
    };
    // No team comes into it.
    forge::sql(&world, "DELETE FROM memberships WHERE user_id = ?1", [&olga.id]);
    refused("alone").await;
    for state in ["suspended", "leaving"] {
        second(state).await;
        refused("the other may not act").await;
    }
    set_role(&olga, &olga, Some("owner")).await.expect(200);
    second("active").await;
    set_role(&olga, &olga, Some("admin")).await.expect(200);
    step(&ada, &olga, "suspend").await.expect(200);
    step(&ada, &mia, "suspend").await.expect(200);
}

#[tokio::test]
async fn the_last_owner_of_a_team_stays() {
    let (world, olga, ada, mia, team) = cast().await;
    world.cast(&team, &olga, Some(Role::Member));
    world.cast(&team, &mia, Some(Role::Owner));
    step(&ada, &mia, "suspend").await.problem(409, "last-owner");
    mia.get(ME).await.expect(200);
    world.cast(&team, &olga, Some(Role::Owner));
    step(&ada, &mia, "suspend").await.expect(200);
    // Now Olga alone may act for the team: a suspended Owner answers for nothing.
    olga.post(&format!("/api/v1/teams/{team}/leave"), &json!({})).await.problem(409, "last-owner");
    let path = format!("/api/v1/teams/{team}/members/{}", olga.id);
    olga.send(Method::PUT, &path, Some(&json!({"role": "admin"}))).await.problem(409, "last-owner");
    let path = format!("/api/v1/teams/{team}/members/{}", mia.id);
    olga.send(Method::DELETE, &path, None).await.expect(204);
    let rows = world.audit(&olga, "event=user.suspended&outcome=failure").await;
    assert_eq!(rows[0]["detail"]["error"], "last-owner");
}
