//! Leaving for good: what is left open meanwhile, the way back, and each step from each state.

use std::time::Duration;

use milton::app::sign_in::Whom;
use milton::domain::account::{State, Step};
use milton::domain::actor::{Actor, Caller};
use milton::domain::role::Role;
use milton::domain::user::UserState;
use poem::http::Method;
use serde_json::json;

use crate::forge;
use crate::operations;
use crate::world::{Answer, Person, World};

const ME: &str = "/api/v1/me";
const DELETION: &str = "/api/v1/me/deletion";
const NOWHERE: &str = "01957000-0000-7000-8000-000000000000";

async fn ask(person: &Person) -> Answer {
    person.send(Method::POST, DELETION, None).await
}

async fn stay(person: &Person) -> Answer {
    person.send(Method::DELETE, DELETION, None).await
}

async fn act_upon(olga: &Person, whom: &Person, step: &str) -> Answer {
    olga.post(&format!("/api/v1/admin/users/{}/{step}", whom.id), &json!({})).await
}

async fn with_mia() -> (World, Person, Person, String) {
    let (world, olga) = World::claimed().await;
    let team = world.team(&olga, "Ops").await;
    let mia = world.join(&olga, &team, "member", "Mia").await;
    (world, olga, mia, team)
}

#[tokio::test]
async fn whoever_asks_to_go_is_out_and_has_thirty_days() {
    let (world, olga, mia, _) = with_mia().await;
    let other = world.sign_in_again(&mia).await;
    mia.get(DELETION).await.problem(404, "not-found");
    let asked = ask(&mia).await.expect(202);
    assert_eq!(asked.text("/state"), "requested");
    assert!(asked.text("/requested_at").starts_with("2026-03-01T09:00:00"), "{}", asked.text);
    assert!(asked.text("/due_at").starts_with("2026-03-31T09:00:00"), "{}", asked.text);
    assert!(asked.header("set-cookie").contains("Max-Age=0") && asked.header("clear-site-data").contains("storage"));
    for session in [&mia, &other] {
        session.get(ME).await.problem(401, "revoked-token");
    }
    let row = &world.audit(&olga, "event=user.deletion.requested").await[0];
    assert_eq!((&row["resource_id"], &row["detail"]["sessions"]), (&json!(mia.id), &json!("2")));
    assert_eq!(asked.header("milton-audit"), row["seq"].to_string());

    let mia = world.sign_in_again(&mia).await;
    assert_eq!(mia.get(ME).await.expect(200).text("/state"), "leaving");
    assert_eq!(mia.get(DELETION).await.expect(200).json, asked.json);
    stay(&mia).await.expect(204);
    assert_eq!(mia.get(ME).await.expect(200).text("/state"), "active");
    let latest = mia.get(DELETION).await.expect(200);
    assert_eq!((latest.text("/state"), latest.text("/due_at")), ("cancelled".to_owned(), asked.text("/due_at")));
    mia.get("/api/v1/teams").await.expect(200);
    world.pass(Duration::from_mins(1));
    assert_eq!(ask(&mia).await.expect(202).text("/state"), "requested");
}

/// Every operation of the API, in the hands of somebody who is leaving.
#[tokio::test]
async fn nothing_else_is_open_meanwhile() {
    let (world, olga, mia, team) = with_mia().await;
    world.cast(&team, &mia, Some(Role::Admin));
    world.cast_on_server(&mia, Some(Role::Admin));
    ask(&mia).await.expect(202);
    let mia = world.sign_in_again(&mia).await;
    let open = ["getMe", "getDeletion", "keepAccount", "signOut", "revokeAllSessions", "getStepUp"];
    let tried = operations::all().into_iter().filter(|operation| {
        let wanted = operation.permission.is_some_and(|permission| permission.row().is_some());
        wanted && !open.contains(&operation.id.as_str())
    });
    let mut refused = 0;
    for operation in tried.filter(|operation| !operation.id.contains("Session") || operation.id.contains("User")) {
        let path = operation.path_to(&team, NOWHERE);
        let answer = mia.clone().with("if-match", "*").send(operation.method.clone(), &path, None).await;
        // Operations with a body, or with a number for a name, look at that first; without one they are not reached.
        assert!([400, 403, 415, 422].contains(&answer.status.as_u16()), "{}: {}", operation.id, answer.text);
        refused += i32::from(answer.status == 403);
    }
    assert!(refused > 20, "{refused}");
    for (path, body) in [
        ("/api/v1/teams", json!({"name": "Last"})),
        ("/api/v1/me/api-keys", json!({"name": "Stays", "scopes": ["team:list-own"]})),
        (&format!("/api/v1/teams/{team}/delegations"), json!({"title": "Sweep"})),
        (&format!("/api/v1/teams/{team}/invitations"), json!({"role": "member"})),
        (&format!("/api/v1/admin/users/{}/suspend", olga.id), json!({})),
    ] {
        mia.post(path, &body).await.problem(403, "access-denied");
    }
    mia.send(Method::PATCH, ME, Some(&json!({"name": "Mallory"}))).await.problem(403, "access-denied");
    mia.get("/api/v1/teams").await.problem(403, "access-denied");
    ask(&mia).await.problem(403, "access-denied");
    mia.post("/api/v1/auth/logout", &json!({})).await.expect(204);
    let names = olga.get("/api/v1/directory").await.expect(200);
    assert!(!names.text.contains("Mia"), "{}", names.text);
}

#[tokio::test]
async fn an_invitation_of_somebody_who_leaves_is_closed() {
    let (world, _, mia, team) = with_mia().await;
    world.cast(&team, &mia, Some(Role::Admin));
    let path = format!("/api/v1/teams/{team}/invitations");
    let token = mia.post(&path, &json!({"role": "member"})).await.expect(201).text("/token");
    ask(&mia).await.expect(202);
    let body = json!({"token": token, "name": "Ben"});
    world.stranger().post("/api/v1/invitations/accept", &body).await.problem(409, "invitation-closed");
}

#[tokio::test]
async fn it_wants_a_fresh_proof_and_the_way_back_none() {
    let (world, _, mia, _) = with_mia().await;
    world.pass(Duration::from_mins(11));
    let refused = ask(&mia).await.problem(401, "step-up-required");
    assert!(refused.header("www-authenticate").contains("insufficient_user_authentication"));
    mia.get("/api/v1/teams").await.expect(200);
    ask(&world.sign_in_again(&mia).await).await.expect(202);
    let mia = world.sign_in_again(&mia).await;
    world.pass(Duration::from_mins(11));
    stay(&mia).await.expect(204);
}

/// When the thirty days are over nothing happens by itself, and the way back is open as long as the account is there.
#[tokio::test]
async fn nothing_is_erased_by_time_alone() {
    let (world, _, mia, team) = with_mia().await;
    ask(&mia).await.expect(202);
    world.pass(Duration::from_hours(40 * 24));
    let mia = world.sign_in_again(&mia).await;
    stay(&mia).await.expect(204);
    mia.get(&format!("/api/v1/teams/{team}")).await.expect(200);
}

#[tokio::test]
async fn whoever_answers_alone_hands_over_first() {
    let (world, olga, mia, team) = with_mia().await;
    ask(&olga).await.problem(409, "last-owner");
    world.cast_on_server(&mia, Some(Role::Owner));
    ask(&olga).await.problem(409, "last-owner");
    olga.get(ME).await.expect(200);
    assert_eq!(forge::count(&world, "deletion_requests"), 0);
    world.cast(&team, &mia, Some(Role::Owner));
    ask(&olga).await.expect(202);
    // Mia alone answers for both now: who is leaving does not count.
    ask(&mia).await.problem(409, "last-owner");
    mia.post(&format!("/api/v1/teams/{team}/leave"), &json!({})).await.problem(409, "last-owner");
    stay(&world.sign_in_again(&olga).await).await.expect(204);
    ask(&mia).await.expect(202);
}

#[tokio::test]
async fn a_link_lets_in_who_is_leaving() {
    let (world, _, mia, _) = with_mia().await;
    ask(&mia).await.expect(202);
    let whom = Whom::Account(mia.id.parse().unwrap());
    let link = world.app.create_sign_in_link(&Caller::local(Actor::Operator), whom).await.unwrap();
    assert_eq!(link.person.unwrap().as_str(), "Mia");
}

/// Brings somebody new into a state.
async fn brought_to(world: &World, olga: &Person, team: &str, state: State) -> Person {
    let person = world.join(olga, team, "member", "Nina").await;
    if matches!(state, State::Leaving | State::SuspendedLeaving) {
        ask(&person).await.expect(202);
    }
    let person = world.sign_in_again(&person).await;
    if matches!(state, State::Suspended | State::SuspendedLeaving) {
        act_upon(olga, &person, "suspend").await.expect(200);
    }
    person
}

/// The state of an account as its rows say it.
fn state_of(world: &World, person: &Person) -> State {
    let holds = |query: &str| forge::number(world, &query.replace("{id}", &person.id)) == 1;
    let is_open = holds("SELECT count(*) FROM deletion_requests WHERE user_id = '{id}' AND state = 'requested'");
    let stored = [UserState::Active, UserState::Suspended, UserState::Leaving].into_iter().find(|stored| {
        holds(&format!("SELECT count(*) FROM users WHERE id = '{{id}}' AND state = '{}'", stored.as_str()))
    });
    let state = State::of(stored.unwrap(), is_open);
    assert_eq!(is_open, matches!(state, State::Leaving | State::SuspendedLeaving), "{state:?}");
    state
}

#[tokio::test]
async fn each_step_from_each_state() {
    let (world, olga, _, team) = with_mia().await;
    for (state, step) in State::ALL.into_iter().flat_map(|state| Step::ALL.map(|step| (state, step))) {
        let nina = brought_to(&world, &olga, &team, state).await;
        assert_eq!(state_of(&world, &nina), state);
        let size = world.audit_size();
        let answer = match step {
            Step::Suspend => act_upon(&olga, &nina, "suspend").await,
            Step::Reinstate => act_upon(&olga, &nina, "reinstate").await,
            Step::Leave => ask(&nina).await,
            Step::Stay => stay(&nina).await,
        };
        let case = format!("{step:?} from {state:?}: {}", answer.text);
        assert_eq!(state_of(&world, &nina), step.from(state).unwrap_or(state), "{case}");
        if step.from(state).is_none() {
            // Whoever is suspended does not come in, and whoever is leaving may not leave twice.
            assert!([401, 403, 409].contains(&answer.status.as_u16()), "{case}");
            continue;
        }
        assert!(answer.status.is_success(), "{case}");
        let rows = world.audit(&olga, "").await;
        let row = rows.iter().find(|row| row["seq"] == size + 1).unwrap();
        assert_eq!(row["event"], step.event().as_str(), "{case}");
    }
}
