//! Every operation of the document against the same promises: nobody without a token, nobody without the role, nobody
//! across teams, and one audit row for each change and each denial. An operation without a case here fails.

use std::collections::HashMap;

use milton::domain::role::Role;
use poem::http::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::operations::{self, Operation};
use crate::world::{Answer, Options, Person, World};

/// Operations that want no token.
const PUBLIC: [&str; 8] = [
    "getHealth",
    "getReadiness",
    "getVersion",
    "listProviders",
    "signInByLink",
    "goToProvider",
    "comeBackFromProvider",
    "acceptInvitation",
];

/// Operations that everybody who is signed in may use: they answer with what is the caller's alone.
const FOR_ALL: [&str; 2] = ["listTeams", "listMyDelegations"];

/// An id that leads nowhere.
const NOWHERE: &str = "01957000-0000-7000-8000-000000000000";

/// Mia's address, to sign in again.
const MIA: &str = "mia@milton.test";

/// What must be there before an operation can succeed.
enum Needs {
    Nothing,
    /// A member of the team whose role is below the caller's.
    Member,
    /// The caller is that member.
    ToBeMember,
    /// An open invitation into the team.
    Invitation,
    /// A delegation that went through these steps, from the caller to the caller.
    Delegation(&'static [&'static str]),
    /// Another session of Mia's, which may end.
    Session,
}

/// How an operation is called, and what it leaves.
struct Case {
    id: &'static str,
    needs: Needs,
    body: Option<fn(&Stage) -> Value>,
    /// Events beside the one that the description names.
    further: &'static [&'static str],
}

const fn case(id: &'static str, needs: Needs) -> Case {
    Case { id, needs, body: None, further: &[] }
}

impl Case {
    const fn with(mut self, body: fn(&Stage) -> Value) -> Self {
        self.body = Some(body);
        self
    }

    const fn and(mut self, further: &'static [&'static str]) -> Self {
        self.further = further;
        self
    }
}

const CASES: &[Case] = &[
    case("signOut", Needs::Session).and(&["token.revoked"]),
    case("revokeAllSessions", Needs::Session),
    case("getMe", Needs::Nothing),
    case("updateMe", Needs::Nothing).with(|_| json!({"name": "Olga"})),
    case("listMyDelegations", Needs::Nothing),
    case("createTeam", Needs::Nothing).with(|_| json!({"name": "Another"})),
    case("listTeams", Needs::Nothing),
    case("getTeam", Needs::Nothing),
    case("updateTeam", Needs::Nothing).with(|_| json!({"name": "Operations"})),
    case("listMembers", Needs::Nothing),
    case("changeMemberRole", Needs::Member).with(|_| json!({"role": "manager"})),
    case("removeMember", Needs::Member),
    case("leaveTeam", Needs::ToBeMember),
    case("createInvitation", Needs::Nothing).with(|_| json!({"role": "member"})),
    case("listInvitations", Needs::Nothing),
    case("revokeInvitation", Needs::Invitation),
    case("createDelegation", Needs::Nothing).with(|_| json!({"title": "Sweep"})),
    case("listDelegations", Needs::Nothing),
    case("getDelegation", Needs::Delegation(&[])),
    case("updateDelegation", Needs::Delegation(&[])).with(|_| json!({"title": "Sweep twice"})),
    case("deleteDelegation", Needs::Delegation(&[])),
    case("getCustody", Needs::Delegation(&[])),
    case("offerDelegation", Needs::Delegation(&[])),
    case("acceptDelegation", Needs::Delegation(&["offer"])),
    case("declineDelegation", Needs::Delegation(&["offer"])),
    case("startDelegation", Needs::Delegation(&["offer", "accept"])),
    case("finishDelegation", Needs::Delegation(&["offer", "accept", "start"])),
    case("confirmDelegation", Needs::Delegation(&["offer", "accept", "done"])),
    case("reopenDelegation", Needs::Delegation(&["offer", "accept", "done"])),
    case("cancelDelegation", Needs::Delegation(&["offer"])),
    case("reassignDelegation", Needs::Delegation(&["offer"])).with(|stage| json!({"assignee_id": stage.mia.id})),
    case("listAudit", Needs::Nothing),
];

/// Each case with its operation.
fn cases() -> impl Iterator<Item = (&'static Case, Operation)> {
    CASES.iter().map(|case| (case, operations::find(case.id)))
}

/// Team A with its Owner, who also owns the server, and two Members; and Bob, who owns team B.
struct Stage {
    world: World,
    olga: Person,
    ben: Person,
    mia: Person,
    bob: Person,
    team: String,
    other_team: String,
}

/// An operation about to be called.
struct Call<'a> {
    operation: &'a Operation,
    body: Option<Value>,
}

impl Stage {
    async fn new() -> Self {
        let unlimited = ["sign-ins", "requests", "delegations", "invitations"].map(|quota| (quota, 1_000_000));
        let world = World::with(Options { quotas: HashMap::from(unlimited), ..Options::default() });
        let olga = world.claim("Olga").await;
        let (team, other_team) = (world.team(&olga, "A").await, world.team(&olga, "B").await);
        let ben = world.join(&olga, &team, "member", "Ben").await;
        let mia = world.join(&olga, &team, "member", "Mia").await;
        mia.send(Method::PATCH, "/api/v1/me", Some(&json!({"email": MIA}))).await.expect(200);
        let bob = world.join(&olga, &other_team, "owner", "Bob").await;
        Self { world, olga, ben, mia, bob, team, other_team }
    }

    fn call<'a>(&self, case: &Case, operation: &'a Operation) -> Call<'a> {
        Call { operation, body: case.body.map(|body| body(self)) }
    }

    /// Makes what the case needs; answers its id and who may do it.
    async fn prepare(&self, needs: &Needs) -> (String, Person) {
        let team = format!("/api/v1/teams/{}", self.team);
        match needs {
            Needs::Nothing => (NOWHERE.to_owned(), self.olga.clone()),
            Needs::Member => {
                self.world.cast(&self.team, &self.ben, Some(Role::Member));
                (self.ben.id.clone(), self.olga.clone())
            }
            Needs::ToBeMember => {
                self.world.cast(&self.team, &self.ben, Some(Role::Member));
                (NOWHERE.to_owned(), self.ben.clone())
            }
            Needs::Invitation => {
                let made = self.olga.post(&format!("{team}/invitations"), &json!({"role": "member"})).await;
                (made.expect(201).text("/id"), self.olga.clone())
            }
            Needs::Delegation(steps) => {
                let body = json!({"title": "Sweep", "assignee_id": self.olga.id});
                let made = self.olga.post(&format!("{team}/delegations"), &body).await.expect(201);
                for step in *steps {
                    let path = format!("{}/{step}", made.header("location"));
                    self.olga.post(&path, &json!({})).await.expect(200);
                }
                (made.text("/id"), self.olga.clone())
            }
            Needs::Session => (NOWHERE.to_owned(), self.world.sign_in(MIA).await),
        }
    }

    /// Somebody who lacks the role: in team A the Owner of team B, on the server a person without any role there.
    fn intruder(&self, operation: &Operation) -> &Person {
        if operation.is_in_team() {
            return &self.bob;
        }
        self.world.cast_on_server(&self.bob, None);
        &self.bob
    }

    /// What does the thing look like to the Owner of its team?
    async fn look_at(&self, needs: &Needs, thing: &str) -> Value {
        let path = match needs {
            Needs::Delegation(_) => format!("/api/v1/teams/{}/delegations/{thing}", self.team),
            Needs::Invitation => format!("/api/v1/teams/{}/invitations", self.team),
            _ => format!("/api/v1/teams/{}/members", self.team),
        };
        self.olga.get(&path).await.expect(200).json
    }

    /// How many rows a call leaves, and what it answers.
    async fn rows_of(&self, call: &Call<'_>, person: &Person, team: &str, thing: &str) -> (Answer, i64) {
        let before = self.world.audit_size();
        let answer = call.by(person, team, thing).await;
        (answer, self.world.audit_size() - before)
    }

    /// The newest rows, newest first.
    async fn newest(&self, count: i64) -> Vec<Value> {
        let first = self.world.audit_size() - count;
        let rows = self.world.audit(&self.olga, "").await;
        rows.into_iter().filter(|row| (first + 1..=first + count).contains(&row["seq"].as_i64().unwrap())).collect()
    }
}

impl Call<'_> {
    async fn by(&self, person: &Person, team: &str, thing: &str) -> Answer {
        let path = self.operation.path_to(team, thing);
        person.clone().with("if-match", "*").send(self.operation.method.clone(), &path, self.body.as_ref()).await
    }
}

/// What a client can tell of an answer: everything but the request's own marks.
fn visible(answer: &Answer) -> (u16, Value, HeaderMap) {
    let (mut json, mut headers) = (answer.json.clone(), answer.headers.clone());
    json.as_object_mut().unwrap().remove("instance");
    headers.remove("x-request-id");
    (answer.status.as_u16(), json, headers)
}

#[test]
fn every_operation_has_a_case() {
    let mut covered: Vec<_> = CASES.iter().map(|case| case.id).chain(PUBLIC).collect();
    let mut documented: Vec<_> = operations::all().into_iter().map(|operation| operation.id).collect();
    covered.sort_unstable();
    documented.sort_unstable();
    assert_eq!(covered, documented, "each operation wants a case in CASES, which says how to call it");
}

#[test]
fn every_operation_says_what_it_wants_and_leaves() {
    for (case, operation) in cases() {
        assert!(operation.permission.is_some(), "{} names no permission", case.id);
        let leaves = operation.event.is_some();
        assert_eq!(leaves, !operation.is_read() || case.id == "listAudit", "{} names its event", case.id);
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_told() {
    let stage = Stage::new().await;
    let (stranger, forger) = (stage.world.stranger(), stage.world.holder("mlt_s_forged"));
    for (case, operation) in cases() {
        let call = stage.call(case, &operation);
        let (refused, rows) = stage.rows_of(&call, &stranger, &stage.team, NOWHERE).await;
        let refused = refused.problem(401, "missing-token");
        assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"milton\"", "{}", case.id);
        assert_eq!(rows, 0, "{}", case.id);
        let wrong = Call { body: Some(json!({"no": "such field"})), ..call };
        let before_the_body = wrong.by(&stranger, "no-id", "no-id").await;
        assert_eq!(visible(&before_the_body), visible(&refused), "{}", case.id);
        let forged = wrong.by(&forger, &stage.team, NOWHERE).await.problem(401, "invalid-token");
        assert!(forged.header("www-authenticate").contains("error=\"invalid_token\""), "{}", case.id);
    }
}

#[tokio::test]
async fn public_operations_want_no_token() {
    let world = World::unclaimed();
    for id in PUBLIC {
        let operation = operations::find(id);
        let body = (!operation.is_read()).then(|| json!({"token": "mlt_l_forged"}));
        let path = operation.path_to(NOWHERE, NOWHERE);
        let answer = world.stranger().send(operation.method, &path, body.as_ref()).await;
        assert_ne!(answer.json["type"], "/problems/missing-token", "{id}");
    }
    for page in ["/", "/docs", "/openapi.json", "/openapi.yaml"] {
        world.stranger().get(page).await.expect(200);
    }
}

#[tokio::test]
async fn without_the_role_it_is_refused_on_record() {
    let stage = Stage::new().await;
    for (case, operation) in cases().filter(|(case, _)| !FOR_ALL.contains(&case.id)) {
        let (thing, _) = stage.prepare(&case.needs).await;
        let intruder = stage.intruder(&operation);
        let call = stage.call(case, &operation);
        let (refused, rows) = stage.rows_of(&call, intruder, &stage.team, &thing).await;
        let refused = refused.problem(403, "access-denied");
        assert_eq!(rows, 1, "{}", case.id);
        let row = &stage.newest(1).await[0];
        assert_eq!((&row["event"], &row["outcome"]), (&json!("authz.denied"), &json!("denied")), "{}", case.id);
        assert_eq!(row["actor"]["user_id"], intruder.id, "{}", case.id);
        assert_eq!(row["detail"]["permission"], operation.permission.unwrap().as_str(), "{}", case.id);
        assert_eq!(row["request_id"], refused.header("x-request-id"), "{}", case.id);
        let scope = if operation.is_in_team() { stage.team.as_str() } else { "instance" };
        assert_eq!(row["scope"], scope, "{}", case.id);
        if operation.has_thing() {
            assert_eq!(row["resource_id"], thing, "{}", case.id);
        }
        assert!(!refused.headers.contains_key("milton-audit"), "{}", case.id);
    }
}

#[tokio::test]
async fn whether_a_thing_is_there_is_not_told() {
    let stage = Stage::new().await;
    for (case, operation) in cases().filter(|(_, operation)| operation.is_in_team()) {
        let (thing, _) = stage.prepare(&case.needs).await;
        let call = stage.call(case, &operation);
        let (there, rows) = stage.rows_of(&call, &stage.bob, &stage.team, &thing).await;
        assert_eq!((there.status.as_u16(), rows), (403, 1), "{}", case.id);
        for (team, thing) in [(stage.team.as_str(), NOWHERE), (NOWHERE, thing.as_str()), (NOWHERE, NOWHERE)] {
            let (missing, rows) = stage.rows_of(&call, &stage.bob, team, thing).await;
            assert_eq!(visible(&missing), visible(&there), "{}", case.id);
            assert_eq!(rows, 1, "{}", case.id);
        }
        if operation.has_thing() {
            let (there, rows) = stage.rows_of(&call, &stage.mia, &stage.team, &thing).await;
            assert_eq!((there.status.as_u16(), rows), (403, 1), "{} as a member", case.id);
            let (missing, rows) = stage.rows_of(&call, &stage.mia, &stage.team, NOWHERE).await;
            assert_eq!(visible(&missing), visible(&there), "{} as a member", case.id);
            assert_eq!(rows, 1, "{} as a member", case.id);
        }
    }
}

#[tokio::test]
async fn the_things_of_another_team_are_out_of_reach() {
    let stage = Stage::new().await;
    for (case, operation) in cases().filter(|(_, operation)| operation.has_thing()) {
        let (thing, _) = stage.prepare(&case.needs).await;
        let before = stage.look_at(&case.needs, &thing).await;
        let call = stage.call(case, &operation);
        let (foreign, rows) = stage.rows_of(&call, &stage.bob, &stage.other_team, &thing).await;
        let (missing, rows_of_missing) = stage.rows_of(&call, &stage.bob, &stage.other_team, NOWHERE).await;
        assert_eq!(visible(&foreign), visible(&missing), "{}", case.id);
        let status = foreign.status.as_u16();
        // Even an Owner may hear 403: progress is the assignee's and confirmation the delegator's, whoever else asks.
        assert!([403, 404].contains(&status), "{}: {}", case.id, foreign.text);
        let expected = i64::from(status == 403 || !operation.is_read());
        assert_eq!((rows, rows_of_missing), (expected, expected), "{}", case.id);
        assert_eq!(stage.look_at(&case.needs, &thing).await, before, "{}", case.id);
    }
}

#[tokio::test]
async fn work_goes_to_nobody_of_another_team() {
    let stage = Stage::new().await;
    let list = format!("/api/v1/teams/{}/delegations", stage.other_team);
    let mut body = json!({"title": "Sweep", "assignee_id": stage.mia.id});
    let stranger = stage.bob.post(&list, &body).await.problem(422, "invalid");
    body["assignee_id"] = json!(NOWHERE);
    let nobody = stage.bob.post(&list, &body).await.problem(422, "invalid");
    assert_eq!(visible(&stranger), visible(&nobody));
    let path = stage.bob.post(&list, &json!({"title": "Sweep"})).await.expect(201).header("location");
    let hand = json!({"assignee_id": stage.mia.id});
    stage.bob.post(&format!("{path}/reassign"), &hand).await.problem(422, "invalid");
}

#[tokio::test]
async fn success_leaves_the_rows_it_says() {
    let stage = Stage::new().await;
    for (case, operation) in cases() {
        let (thing, caller) = stage.prepare(&case.needs).await;
        let call = stage.call(case, &operation);
        let (answer, rows) = stage.rows_of(&call, &caller, &stage.team, &thing).await;
        assert!(answer.status.is_success(), "{}: {}", case.id, answer.text);
        let Some(event) = &operation.event else {
            assert_eq!(rows, 0, "{} only reads", case.id);
            continue;
        };
        let expected: Vec<&str> = [event.as_str()].into_iter().chain(case.further.iter().copied()).rev().collect();
        let rows = stage.newest(rows).await;
        let events: Vec<_> = rows.iter().map(|row| row["event"].as_str().unwrap()).collect();
        assert_eq!(events, expected, "{}, newest first", case.id);
        for row in &rows {
            assert_eq!(
                (&row["outcome"], &row["actor"]["user_id"]),
                (&json!("success"), &json!(caller.id)),
                "{}",
                case.id
            );
            assert_eq!(row["request_id"], answer.header("x-request-id"), "{}", case.id);
        }
        if operation.is_read() {
            assert!(!answer.headers.contains_key("milton-audit"), "{}", case.id);
        } else {
            assert_eq!(answer.header("milton-audit"), rows.last().unwrap()["seq"].to_string(), "{}", case.id);
        }
    }
}

/// The events since `size` rows, oldest first.
async fn events_since(world: &World, owner: &Person, size: i64) -> Vec<String> {
    let mut rows = world.audit(owner, "").await;
    rows.reverse();
    let new = rows.iter().filter(|row| row["seq"].as_i64().unwrap() > size);
    new.map(|row| row["event"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn ways_in_leave_the_rows_of_all_that_they_did() {
    let world = World::unclaimed();
    let token = world.claim_token().await;
    let size = world.audit_size();
    let body = json!({"token": token, "name": "Olga", "email": "owner@milton.test"});
    let claimed = world.stranger().post("/api/v1/auth/link", &body).await.expect(201);
    assert_eq!(claimed.header("milton-audit"), (size + 1).to_string());
    let olga = world.person(&claimed);
    assert_eq!(events_since(&world, &olga, size).await, ["auth.link.used", "user.created", "auth.login.succeeded"]);

    let size = world.audit_size();
    world.sign_in("owner@milton.test").await;
    let events = events_since(&world, &olga, size).await;
    assert_eq!(events, ["auth.link.created", "auth.link.used", "auth.login.succeeded"]);

    let team = world.team(&olga, "Ops").await;
    let size = world.audit_size();
    let ben = world.join(&olga, &team, "member", "Ben").await;
    let joined = ["team.invitation.created", "team.invitation.accepted", "user.created", "auth.login.succeeded"];
    assert_eq!(events_since(&world, &olga, size).await, joined);

    let other = world.team(&olga, "Other").await;
    let invited =
        olga.post(&format!("/api/v1/teams/{other}/invitations"), &json!({"role": "member"})).await.expect(201);
    let size = world.audit_size();
    let accepted = ben.post("/api/v1/invitations/accept", &json!({"token": invited.text("/token")})).await.expect(200);
    assert_eq!(accepted.header("milton-audit"), (size + 1).to_string());
    assert_eq!(events_since(&world, &olga, size).await, ["team.invitation.accepted"]);
}

#[tokio::test]
async fn each_refused_way_in_leaves_one_row() {
    let (world, olga) = World::claimed().await;
    for (path, token) in [("/api/v1/auth/link", "mlt_l_forged"), ("/api/v1/invitations/accept", "mlt_i_forged")] {
        let size = world.audit_size();
        let body = json!({"token": token, "name": "Mallory"});
        world.stranger().post(path, &body).await.problem(401, "invalid-token");
        assert_eq!(world.audit_size(), size + 1, "{path}");
        assert_eq!(events_since(&world, &olga, size).await, ["auth.login.failed"], "{path}");
    }
}
