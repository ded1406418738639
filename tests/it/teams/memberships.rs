//! Teams and memberships: who may raise, lower and remove whom, and the Owner who must stay.

use std::collections::HashMap;
use std::time::Duration;

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use crate::world::{Answer, Options, Person, World};

const MINUTE: Duration = Duration::from_mins(1);

async fn set_role(person: &Person, team: &str, whom: &Person, role: &str) -> Answer {
    let path = format!("/api/v1/teams/{team}/members/{}", whom.id);
    person.send(Method::PUT, &path, Some(&json!({"role": role}))).await
}

async fn remove(person: &Person, team: &str, whom: &Person) -> Answer {
    person.send(Method::DELETE, &format!("/api/v1/teams/{team}/members/{}", whom.id), None).await
}

async fn leave(person: &Person, team: &str) -> Answer {
    person.post(&format!("/api/v1/teams/{team}/leave"), &json!({})).await
}

/// Names and roles, as a member sees them.
async fn members(person: &Person, team: &str) -> Vec<(String, String)> {
    let members = person.get(&format!("/api/v1/teams/{team}/members")).await.expect(200);
    let text = |member: &Value, key: &str| member[key].as_str().unwrap().to_owned();
    let members = members.json["items"].as_array().unwrap();
    members.iter().map(|member| (text(member, "name"), text(member, "role"))).collect()
}

fn pair(name: &str, role: &str) -> (String, String) {
    (name.to_owned(), role.to_owned())
}

#[tokio::test]
async fn a_team_is_founded_and_renamed() {
    let (_world, olga) = World::claimed().await;
    let made = olga.post("/api/v1/teams", &json!({"name": "Ops"})).await.expect(201);
    let path = made.header("location");
    assert_eq!(path, format!("/api/v1/teams/{}", made.text("/id")));
    assert_eq!((made.text("/name"), made.text("/my_role")), ("Ops".to_owned(), "owner".to_owned()));
    assert_eq!(olga.get(&path).await.expect(200).json, made.json);
    assert_eq!(olga.get("/api/v1/teams").await.expect(200).json["items"], json!([made.json]));

    let rename = async |tag: &str, name: &str| {
        olga.clone().with("if-match", tag).send(Method::PATCH, &path, Some(&json!({"name": name}))).await
    };
    let renamed = rename(&made.header("etag"), "Operations").await.expect(200);
    assert_eq!(renamed.text("/name"), "Operations");
    assert_ne!(renamed.header("etag"), made.header("etag"));
    rename(&made.header("etag"), "Too late").await.problem(412, "precondition-failed");
    rename("W/\"1\"", "No tag of ours").await.problem(412, "precondition-failed");
    assert_eq!(olga.get(&path).await.expect(200).text("/name"), "Operations");
    rename("*", "Whatever it was").await.expect(200);
    olga.send(Method::PATCH, &path, Some(&json!({"name": "No tag"}))).await.problem(422, "invalid");
    for name in ["", "  ", "two\nlines", &"x".repeat(101)] {
        olga.post("/api/v1/teams", &json!({"name": name})).await.problem(422, "invalid");
    }
    olga.post("/api/v1/teams", &json!({"name": "x", "role": "owner"})).await.problem(422, "invalid");
}

#[tokio::test]
async fn everybody_sees_who_belongs() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    world.pass(MINUTE);
    let ada = world.join(&olga, &team, "admin", "Ada").await;
    world.pass(MINUTE);
    let mia = world.join(&ada, &team, "member", "Mia").await;
    let expected = [pair("Olga Owner", "owner"), pair("Ada", "admin"), pair("Mia", "member")];
    for person in [&olga, &ada, &mia] {
        assert_eq!(members(person, &team).await, expected);
    }
    let path = format!("/api/v1/teams/{team}/members?limit=2");
    let first = mia.get(&path).await.expect(200);
    let next = mia.get(&format!("{path}&cursor={}", first.text("/next_cursor"))).await.expect(200);
    assert_eq!((next.text("/items/0/user_id"), next.json.get("next_cursor")), (mia.id.clone(), None));
}

#[tokio::test]
async fn nobody_raises_themself_or_touches_their_equals() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let ada = world.join(&olga, &team, "admin", "Ada").await;
    let alf = world.join(&olga, &team, "admin", "Alf").await;
    let mona = world.join(&olga, &team, "manager", "Mona").await;
    let mia = world.join(&olga, &team, "member", "Mia").await;
    let refused = [
        (&ada, &ada, "owner"),
        (&ada, &ada, "member"),
        (&ada, &alf, "member"),
        (&ada, &olga, "member"),
        (&ada, &mia, "admin"),
        (&ada, &mia, "owner"),
        (&mona, &mona, "admin"),
        (&mona, &mia, "member"),
        (&mia, &mia, "manager"),
    ];
    let before = members(&olga, &team).await;
    for (person, whom, role) in refused {
        set_role(person, &team, whom, role).await.problem(403, "access-denied");
    }
    for (person, whom) in [(&ada, &alf), (&ada, &olga), (&mona, &mona), (&mona, &ada), (&mia, &mia), (&mia, &mona)] {
        remove(person, &team, whom).await.problem(403, "access-denied");
    }
    assert_eq!(members(&olga, &team).await, before);

    set_role(&ada, &team, &mia, "manager").await.expect(204);
    set_role(&olga, &team, &alf, "owner").await.expect(204);
    set_role(&alf, &team, &olga, "admin").await.expect(204);
    let raised = &world.audit(&olga, "event=team.role.changed").await[1];
    assert_eq!(raised["detail"], json!({"from": "admin", "to": "owner"}));
    assert_eq!(raised["resource_id"], alf.id);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let otto = world.join(&olga, &team, "admin", "Otto").await;
    for _ in 0..2 {
        leave(&olga, &team).await.problem(409, "last-owner");
        set_role(&olga, &team, &olga, "admin").await.problem(409, "last-owner");
        remove(&olga, &team, &olga).await.problem(409, "last-owner");
        // Nor does it help to have been one of two.
        set_role(&olga, &team, &otto, "owner").await.expect(204);
        set_role(&olga, &team, &otto, "admin").await.expect(204);
    }
    let failed = world.audit(&olga, "event=team.member.left").await;
    assert_eq!((failed.len(), &failed[0]["outcome"]), (2, &json!("failure")));
    set_role(&olga, &team, &otto, "owner").await.expect(204);
    leave(&olga, &team).await.expect(204);
    leave(&otto, &team).await.problem(409, "last-owner");
    assert_eq!(members(&otto, &team).await, [pair("Otto", "owner")]);
}

#[tokio::test]
async fn of_two_owners_who_go_at_once_one_stays() {
    let world = World::with(Options { quotas: HashMap::from([("requests", 100_000)]), ..Options::default() });
    let olga = world.claim("Olga").await;
    let team = world.team(&olga, "Ops").await;
    let otto = world.join(&olga, &team, "owner", "Otto").await;
    for _ in 0..20 {
        let (first, second) = tokio::join!(leave(&olga, &team), leave(&otto, &team));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
        world.cast(&team, &olga, Some(Role::Owner));
        world.cast(&team, &otto, Some(Role::Owner));
        // Whoever is lowered first has lost the right to lower the other.
        let (first, second) =
            tokio::join!(set_role(&olga, &team, &otto, "member"), set_role(&otto, &team, &olga, "member"));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 403]);
        world.cast(&team, &olga, Some(Role::Owner));
        world.cast(&team, &otto, Some(Role::Owner));
    }
}

#[tokio::test]
async fn dangerous_acts_want_a_recent_sign_in() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let mia = world.join(&olga, &team, "member", "Mia").await;
    let olga = world.sign_in("owner@milton.test").await;
    world.pass(10 * MINUTE);
    set_role(&olga, &team, &mia, "manager").await.expect(204);
    world.pass(MINUTE);
    for answer in [set_role(&olga, &team, &mia, "member").await, remove(&olga, &team, &mia).await] {
        let challenge = answer.problem(401, "step-up-required").header("www-authenticate");
        assert!(challenge.starts_with("Bearer realm=\"milton\", error=\"insufficient_user_authentication\""));
        assert!(challenge.ends_with("max_age=\"600\""), "{challenge}");
    }
    let denied = &world.audit(&olga, "event=authz.denied").await;
    assert_eq!(denied.len(), 2);
    assert_eq!(denied[0]["detail"]["error"], "unauthenticated");
    set_role(&mia, &team, &mia, "owner").await.problem(403, "access-denied");
    let path = format!("/api/v1/teams/{team}");
    olga.clone().with("if-match", "*").send(Method::PATCH, &path, Some(&json!({"name": "O"}))).await.expect(200);
    let again = world.sign_in("owner@milton.test").await;
    set_role(&again, &team, &mia, "member").await.expect(204);
    remove(&olga, &team, &mia).await.problem(401, "step-up-required");
}

#[tokio::test]
async fn a_role_on_the_server_opens_no_team() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let otto = world.join(&olga, &team, "owner", "Otto").await;
    leave(&olga, &team).await.expect(204);
    let path = format!("/api/v1/teams/{team}");
    for below in ["", "/members", "/invitations", "/delegations"] {
        olga.get(&format!("{path}{below}")).await.problem(403, "access-denied");
        otto.get(&format!("{path}{below}")).await.expect(200);
    }
    olga.post(&format!("{path}/invitations"), &json!({"role": "owner"})).await.problem(403, "access-denied");
    set_role(&olga, &team, &olga, "owner").await.problem(403, "access-denied");
    assert_eq!(olga.get("/api/v1/teams").await.expect(200).json["items"], json!([]));
    // Nor does a role in a team open anything of the server.
    otto.get("/api/v1/admin/audit").await.problem(403, "access-denied");
    otto.post("/api/v1/teams", &json!({"name": "x"})).await.problem(403, "access-denied");
}

#[tokio::test]
async fn who_was_removed_is_out_at_once() {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let mia = world.join(&olga, &team, "manager", "Mia").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    let body = json!({"title": "Sweep", "assignee_id": mia.id, "offer": true});
    let given = olga.post(&list, &body).await.expect(201).header("location");
    let own = mia.post(&list, &json!({"title": "Mine"})).await.expect(201).header("location");
    remove(&olga, &team, &mia).await.expect(204);
    for path in [format!("/api/v1/teams/{team}"), list.clone(), given.clone(), own.clone(), format!("{own}/custody")] {
        mia.get(&path).await.problem(403, "access-denied");
    }
    mia.post(&list, &json!({"title": "x"})).await.problem(403, "access-denied");
    mia.post(&format!("{given}/accept"), &json!({})).await.problem(403, "access-denied");
    mia.send(Method::DELETE, &own, None).await.problem(403, "access-denied");
    leave(&mia, &team).await.problem(403, "access-denied");
    assert_eq!(mia.get("/api/v1/teams").await.expect(200).json["items"], json!([]));
    assert_eq!(mia.get("/api/v1/me").await.expect(200).json["teams"], json!([]));
    let mine = mia.get("/api/v1/me/delegations").await.expect(200);
    assert_eq!(mine.json["items"], json!([]), "what belongs to the team stays there");
}
