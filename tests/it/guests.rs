//! Guests: one thing is open to somebody outside of the team, for a while, and nothing else, whatever they try.

use std::time::Duration;

use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use crate::forge;
use crate::notifications::told;
use crate::world::{Answer, Person, World};

const NOWHERE: &str = "01957000-0000-7000-8000-000000000000";
const DAY: Duration = Duration::from_hours(24);

/// A team with somebody in each role, and Gus, who has an account and belongs elsewhere.
pub struct Scene {
    pub world: World,
    pub olga: Person,
    pub ada: Person,
    pub mona: Person,
    pub mia: Person,
    pub gus: Person,
    pub team: String,
    pub elsewhere: String,
}

impl Scene {
    pub async fn new() -> Self {
        let (world, olga) = World::claimed().await;
        let (team, elsewhere) = (world.team(&olga, "Ops").await, world.team(&olga, "Elsewhere").await);
        let ada = world.join(&olga, &team, "admin", "Ada").await;
        let mona = world.join(&olga, &team, "manager", "Mona").await;
        let mia = world.join(&olga, &team, "member", "Mia").await;
        let gus = world.join(&olga, &elsewhere, "owner", "Gus").await;
        Self { world, olga, ada, mona, mia, gus, team, elsewhere }
    }

    pub fn in_team(&self, rest: &str) -> String {
        format!("/api/v1/teams/{}{rest}", self.team)
    }

    /// A delegation that `by` gave to Mia: its id and its path.
    pub async fn delegation(&self, by: &Person, title: &str) -> (String, String) {
        let body = json!({"title": title, "assignee_id": self.mia.id, "offer": true});
        let made = by.post(&self.in_team("/delegations"), &body).await.expect(201);
        (made.text("/id"), made.header("location"))
    }

    /// Opens a delegation to Gus.
    pub async fn open(&self, by: &Person, delegation: &str, role: &str) -> Answer {
        self.grant(by, &json!({"resource_id": delegation, "role": role})).await
    }

    /// Makes a grant to Gus of a delegation, but for what `body` says.
    async fn grant(&self, by: &Person, body: &Value) -> Answer {
        let mut all = json!({"resource_type": "delegation", "user_id": self.gus.id, "role": "member"});
        all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        by.post(&self.in_team("/grants"), &all).await
    }

    async fn remove(&self, by: &Person, grant: &str) -> Answer {
        by.send(Method::DELETE, &self.in_team(&format!("/grants/{grant}")), None).await
    }

    async fn listed(&self, by: &Person) -> Vec<Value> {
        by.get(&self.in_team("/grants")).await.expect(200).json["items"].as_array().unwrap().clone()
    }
}

async fn mine(person: &Person) -> Vec<Value> {
    person.get("/api/v1/me/grants").await.expect(200).json["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn one_thing_is_open_for_a_while() {
    let scene = Scene::new().await;
    let (a, path) = scene.delegation(&scene.olga, "Renew the lease").await;
    let (_, beside) = scene.delegation(&scene.olga, "Beside it").await;
    scene.gus.get(&path).await.problem(403, "access-denied");
    let made = scene.open(&scene.olga, &a, "member").await.expect(201);
    assert_eq!(made.text("/expires_at"), "2026-03-08T09:00:00Z", "seven days when nobody says");
    assert_eq!(made.header("location"), scene.in_team(&format!("/grants/{}", made.text("/id"))));
    assert_eq!(scene.gus.get(&path).await.expect(200).text("/title"), "Renew the lease");
    scene.gus.get(&format!("{path}/custody")).await.expect(200);
    scene.gus.get(&beside).await.problem(403, "access-denied");
    for rest in ["", "/members", "/delegations", "/grants", "/invitations"] {
        scene.gus.get(&scene.in_team(rest)).await.problem(403, "access-denied");
    }
    // Nor does its id open anything under another team's address.
    let elsewhere = path.replace(&scene.team, &scene.elsewhere);
    scene.gus.get(&elsewhere).await.problem(404, "not-found");

    let open = &mine(&scene.gus).await[0];
    assert_eq!((&open["team_name"], &open["title"]), (&json!("Ops"), &json!("Renew the lease")));
    assert_eq!((&open["resource_id"], &open["role"]), (&json!(a), &json!("member")));
    let news = &told(&scene.gus, "").await[0];
    assert_eq!((&news["kind"], &news["detail"]["title"]), (&json!("grant-received"), &json!("Renew the lease")));
    assert!(mine(&scene.mia).await.is_empty());
    assert_eq!(scene.gus.get("/api/v1/teams").await.expect(200).json["items"].as_array().unwrap().len(), 1);

    let gus = async || scene.world.sign_in_again(&scene.gus).await;
    scene.world.pass((7 * DAY).checked_sub(Duration::from_micros(1)).unwrap());
    gus().await.get(&path).await.expect(200);
    scene.world.pass(Duration::from_micros(1));
    let late = gus().await;
    late.get(&path).await.problem(403, "access-denied");
    assert!(mine(&late).await.is_empty());
    let olga = scene.world.sign_in("owner@milton.test").await;
    assert!(scene.listed(&olga).await.is_empty());
    scene.remove(&olga, &made.text("/id")).await.problem(404, "not-found");
}

#[tokio::test]
async fn what_is_removed_is_closed_at_the_next_request() {
    let scene = Scene::new().await;
    let (a, path) = scene.delegation(&scene.mona, "Hers").await;
    let grant = scene.open(&scene.mona, &a, "member").await.expect(201).text("/id");
    scene.gus.get(&path).await.expect(200);
    scene.remove(&scene.gus, &grant).await.problem(403, "access-denied");
    scene.remove(&scene.mona, &grant).await.expect(204);
    scene.gus.get(&path).await.problem(403, "access-denied");
    scene.remove(&scene.olga, &grant).await.problem(404, "not-found");
    let row = &scene.world.audit(&scene.olga, "event=team.grant.removed").await[0];
    assert_eq!((&row["outcome"], &row["resource_id"]), (&json!("failure"), &json!(grant)));
    let row = &scene.world.audit(&scene.olga, "event=team.grant.removed").await[1];
    assert_eq!((&row["detail"]["guest"], &row["actor"]["user_id"]), (&json!(scene.gus.id), &json!(scene.mona.id)));

    // A Manager closes what they opened; an Admin what stands below them; an Owner anything.
    let by_ada = scene.open(&scene.ada, &a, "manager").await.expect(201).text("/id");
    scene.remove(&scene.mona, &by_ada).await.problem(403, "access-denied");
    scene.remove(&scene.mia, &by_ada).await.problem(403, "access-denied");
    scene.remove(&scene.ada, &by_ada).await.expect(204);
}

#[tokio::test]
async fn nobody_opens_what_is_not_theirs_or_above_themself() {
    let scene = Scene::new().await;
    let (of_olga, _) = scene.delegation(&scene.olga, "Olga's").await;
    let (of_mona, _) = scene.delegation(&scene.mona, "Mona's").await;
    let (of_mia, _) = scene.delegation(&scene.mia, "Mia's").await;
    for (person, delegation, role) in [
        (&scene.mia, &of_mia, "member"),
        (&scene.mona, &of_olga, "member"),
        (&scene.mona, &of_mona, "manager"),
        (&scene.gus, &of_mona, "member"),
    ] {
        scene.open(person, delegation, role).await.problem(403, "access-denied");
    }
    for role in ["admin", "owner", "guest"] {
        scene.open(&scene.olga, &of_olga, role).await.problem(422, "invalid");
    }
    assert_eq!(forge::count(&scene.world, "resource_grants"), 0);
    scene.open(&scene.mona, &of_mona, "member").await.expect(201);
    scene.open(&scene.ada, &of_olga, "manager").await.expect(201);
}

#[tokio::test]
async fn only_strangers_who_may_act_become_guests_and_only_of_what_is_there() {
    let scene = Scene::new().await;
    let (a, _) = scene.delegation(&scene.olga, "Here").await;
    for member in [&scene.olga, &scene.mia, &scene.ada] {
        let body = json!({"resource_id": a, "user_id": member.id});
        scene.grant(&scene.olga, &body).await.problem(409, "already-exists");
    }
    scene.grant(&scene.olga, &json!({"resource_id": a, "user_id": NOWHERE})).await.problem(422, "invalid");
    let suspend = format!("/api/v1/admin/users/{}/suspend", scene.gus.id);
    let gus = scene.world.join(&scene.olga, &scene.elsewhere, "owner", "Guy").await;
    scene.olga.post(&suspend, &json!({})).await.expect(200);
    let refused = scene.open(&scene.olga, &a, "member").await.problem(422, "invalid");
    assert_eq!(refused.text("/errors/0/pointer"), "/user_id");

    let body = json!({"title": "There"});
    let there = gus.post(&format!("/api/v1/teams/{}/delegations", scene.elsewhere), &body).await.expect(201);
    let missing = scene.grant(&scene.olga, &json!({"resource_id": NOWHERE, "user_id": gus.id})).await;
    let foreign = scene.grant(&scene.olga, &json!({"resource_id": there.text("/id"), "user_id": gus.id})).await;
    let as_another = json!({"resource_id": a, "user_id": gus.id, "resource_type": "conversation"});
    let mistaken = scene.grant(&scene.olga, &as_another).await;
    for refused in [&missing, &foreign, &mistaken] {
        assert_eq!(refused.text("/errors/0/pointer"), "/resource_id");
        assert_eq!(refused.json["errors"], missing.json["errors"]);
    }
    // Whoever gave it in the other team is nobody in this one.
    scene.world.cast(&scene.elsewhere, &scene.mona, Some(Role::Manager));
    let theirs = scene.mona.post(&format!("/api/v1/teams/{}/delegations", scene.elsewhere), &body).await.expect(201);
    let body = json!({"resource_id": theirs.text("/id"), "user_id": gus.id});
    scene.grant(&scene.mona, &body).await.problem(403, "access-denied");

    for wrong in [json!(59), json!(7_776_001), json!(-1)] {
        let body = json!({"resource_id": a, "user_id": gus.id, "expires_in": wrong});
        scene.grant(&scene.olga, &body).await.problem(422, "invalid");
    }
    let body = json!({"resource_id": a, "user_id": gus.id, "expires_in": 7_776_000});
    assert_eq!(scene.grant(&scene.olga, &body).await.expect(201).text("/expires_at"), "2026-05-30T09:00:00Z");
    let path = scene.in_team(&format!("/delegations/{a}"));
    scene.olga.send(Method::DELETE, &path, None).await.expect(204);
    gus.get(&path).await.problem(404, "not-found");
    assert!(mine(&gus).await.is_empty(), "what is gone is not open");
    scene.grant(&scene.olga, &json!({"resource_id": a, "user_id": gus.id})).await.problem(422, "invalid");
}

#[tokio::test]
async fn nobody_opens_a_conversation_that_they_may_not_read_or_that_is_between_two() {
    let scene = Scene::new().await;
    let begin = async |body: serde_json::Value| {
        scene.mona.post(&scene.in_team("/conversations"), &body).await.expect(201).text("/id")
    };
    let group = begin(json!({"kind": "group", "title": "Brooms", "participant_ids": [scene.mia.id]})).await;
    let direct = begin(json!({"kind": "direct", "participant_ids": [scene.olga.id]})).await;
    let body = |id: &str| json!({"resource_type": "conversation", "resource_id": id});
    let secret = scene.grant(&scene.olga, &body(&group)).await.problem(422, "invalid");
    let missing = scene.grant(&scene.olga, &body(NOWHERE)).await.problem(422, "invalid");
    assert_eq!(secret.json["errors"], missing.json["errors"], "not even that it is there");
    for person in [&scene.mona, &scene.olga] {
        scene.grant(person, &body(&direct)).await.problem(422, "invalid");
    }
    scene.grant(&scene.mona, &body(&group)).await.expect(201);
    assert_eq!(mine(&scene.gus).await[0]["title"], "Brooms");
    let left = "UPDATE conversation_participants SET left_at = 1 WHERE user_id = ?1";
    forge::sql(&scene.world, left, [&scene.mona.id]);
    scene.grant(&scene.mona, &body(&group)).await.problem(422, "invalid");
}

#[tokio::test]
async fn a_new_grant_takes_the_place_of_the_old_one() {
    let scene = Scene::new().await;
    let (a, path) = scene.delegation(&scene.olga, "Sweep").await;
    let first = scene.open(&scene.olga, &a, "manager").await.expect(201).text("/id");
    let editor = scene.gus.clone().with("if-match", "*");
    editor.send(Method::PATCH, &path, Some(&json!({"title": "Sweep well"}))).await.expect(200);
    let second = scene.open(&scene.ada, &a, "member").await.expect(201).text("/id");
    editor.send(Method::PATCH, &path, Some(&json!({"title": "Sweep badly"}))).await.problem(403, "access-denied");
    let ids: Vec<_> = scene.listed(&scene.olga).await.iter().map(|grant| grant["id"].clone()).collect();
    assert_eq!(ids, [json!(second)]);
    scene.remove(&scene.olga, &first).await.problem(404, "not-found");
    let replaced = &scene.world.audit(&scene.olga, "event=team.grant.created").await[0];
    assert_eq!(replaced["detail"]["replaced"], "1");
    // Also when the old one has expired and was never removed.
    scene.world.pass(8 * DAY);
    let olga = scene.world.sign_in("owner@milton.test").await;
    scene.open(&olga, &a, "member").await.expect(201);
    assert_eq!(scene.listed(&olga).await.len(), 1);
}

#[tokio::test]
async fn whoever_joins_is_a_guest_no_more_and_does_not_become_one_again() {
    let scene = Scene::new().await;
    let (a, path) = scene.delegation(&scene.olga, "Sweep").await;
    scene.open(&scene.olga, &a, "manager").await.expect(201);
    let invitation = scene.olga.post(&scene.in_team("/invitations"), &json!({"role": "member"})).await.expect(201);
    let accept = json!({"token": invitation.text("/token")});
    scene.gus.post("/api/v1/invitations/accept", &accept).await.expect(200);
    // A Member sees what they take part in, and the grant counts no more.
    scene.gus.get(&path).await.problem(403, "access-denied");
    scene.gus.get(&scene.in_team("/members")).await.expect(200);
    assert!(scene.listed(&scene.olga).await.is_empty() && mine(&scene.gus).await.is_empty());
    scene.gus.post(&scene.in_team("/leave"), &json!({})).await.expect(204);
    scene.gus.get(&path).await.problem(403, "access-denied");
}

#[tokio::test]
async fn what_somebody_opened_closes_when_they_lose_the_right_to() {
    let scene = Scene::new().await;
    let (of_mona, path) = scene.delegation(&scene.mona, "Mona's").await;
    let member = scene.in_team(&format!("/members/{}", scene.mona.id));
    let role = async |role: &str| scene.olga.send(Method::PUT, &member, Some(&json!({"role": role}))).await.expect(204);
    let open = async |person: &Person, role: &str| scene.open(person, &of_mona, role).await.expect(201);
    open(&scene.mona, "member").await;
    role("member").await;
    scene.gus.get(&path).await.problem(403, "access-denied");
    let rows = scene.world.audit(&scene.olga, "event=team.grant.removed").await;
    assert_eq!((rows.len(), &rows[0]["actor"]["user_id"]), (1, &json!(scene.olga.id)));
    role("manager").await;
    scene.gus.get(&path).await.problem(403, "access-denied");

    // A Manager keeps what a Manager could open: not what an Admin may, and not what is another's.
    role("admin").await;
    let (of_olga, beside) = scene.delegation(&scene.olga, "Olga's").await;
    scene.open(&scene.mona, &of_olga, "member").await.expect(201);
    open(&scene.mona, "member").await;
    role("manager").await;
    scene.gus.get(&path).await.expect(200);
    scene.gus.get(&beside).await.problem(403, "access-denied");
    role("admin").await;
    open(&scene.mona, "manager").await;
    role("manager").await;
    scene.gus.get(&path).await.problem(403, "access-denied");

    open(&scene.mona, "member").await;
    scene.gus.get(&path).await.expect(200);
    scene.olga.send(Method::DELETE, &member, None).await.expect(204);
    scene.gus.get(&path).await.problem(403, "access-denied");
    // Nor if it were for somebody to put them back behind the server's back.
    scene.world.cast(&scene.team, &scene.mona, Some(Role::Manager));
    scene.gus.get(&path).await.problem(403, "access-denied");
}

#[tokio::test]
async fn the_guests_of_whoever_is_suspended_wait_outside() {
    let scene = Scene::new().await;
    let (a, path) = scene.delegation(&scene.mona, "Mona's").await;
    scene.open(&scene.mona, &a, "member").await.expect(201);
    let user = format!("/api/v1/admin/users/{}", scene.mona.id);
    scene.olga.post(&format!("{user}/suspend"), &json!({})).await.expect(200);
    scene.gus.get(&path).await.problem(403, "access-denied");
    assert!(mine(&scene.gus).await.is_empty());
    scene.olga.post(&format!("{user}/reinstate"), &json!({})).await.expect(200);
    scene.gus.get(&path).await.expect(200);
    // Behind the server's back, so that nothing removed the grant.
    scene.world.cast(&scene.team, &scene.mona, None);
    scene.gus.get(&path).await.problem(403, "access-denied");
    assert!(mine(&scene.gus).await.is_empty());
}

#[tokio::test]
async fn a_guest_with_the_role_of_a_manager_manages_nothing() {
    let scene = Scene::new().await;
    let (a, path) = scene.delegation(&scene.olga, "Sweep").await;
    scene.open(&scene.olga, &a, "manager").await.expect(201);
    let gus = scene.gus.clone().with("if-match", "*");
    gus.send(Method::PATCH, &path, Some(&json!({"title": "Sweep well"}))).await.expect(200);
    for (step, body) in [
        ("reassign", json!({"assignee_id": scene.mona.id})),
        ("accept", json!({})),
        ("confirm", json!({})),
        ("reopen", json!({})),
        ("cancel", json!({})),
    ] {
        gus.post(&format!("{path}/{step}"), &body).await.problem(403, "access-denied");
    }
    let draft = json!({"title": "Mop", "assignee_id": scene.mia.id});
    let draft = scene.olga.post(&scene.in_team("/delegations"), &draft).await.expect(201);
    scene.open(&scene.olga, &draft.text("/id"), "manager").await.expect(201);
    gus.post(&format!("{}/offer", draft.header("location")), &json!({})).await.problem(403, "access-denied");
    gus.send(Method::DELETE, &path, None).await.problem(403, "access-denied");
    let pass_on = json!({"resource_id": a, "user_id": scene.gus.id});
    scene.grant(&gus, &pass_on).await.problem(403, "access-denied");

    scene.olga.post(&format!("/api/v1/admin/users/{}/suspend", scene.gus.id), &json!({})).await.expect(200);
    gus.get(&path).await.problem(401, "revoked-token");
}

#[tokio::test]
async fn who_sees_what_is_open_to_whom() {
    let scene = Scene::new().await;
    let (of_olga, _) = scene.delegation(&scene.olga, "Olga's").await;
    let (of_mona, _) = scene.delegation(&scene.mona, "Mona's").await;
    let by_olga = scene.open(&scene.olga, &of_olga, "member").await.expect(201).json;
    scene.world.pass(Duration::from_millis(1));
    let by_mona = scene.open(&scene.mona, &of_mona, "member").await.expect(201).json;
    assert_eq!(by_mona["guest"], json!({"id": scene.gus.id, "name": "Gus"}));
    for sees_all in [&scene.olga, &scene.ada] {
        assert_eq!(scene.listed(sees_all).await, [by_olga.clone(), by_mona.clone()]);
    }
    assert_eq!(scene.listed(&scene.mona).await, [by_mona]);
    assert_eq!(scene.listed(&scene.mia).await, Vec::<Value>::new());
    scene.gus.get(&scene.in_team("/grants")).await.problem(403, "access-denied");
    let page = scene.olga.get(&scene.in_team("/grants?limit=1")).await.expect(200);
    let next = scene.in_team(&format!("/grants?limit=1&cursor={}", page.text("/next_cursor")));
    assert_eq!(scene.olga.get(&next).await.expect(200).json["items"][0]["resource_id"], of_mona);
}
