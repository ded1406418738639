//! The cells about people, through the API: memberships, invitations, the team itself, one's own account, the server.

use milton::domain::permission::{Decision, Permission, Relation};
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::json;

use super::stage::{CALLER, ROLES, Stage, judge};
use crate::forge;
use crate::qr::NewDevice;

/// The operations of this file, for the check that none is forgotten.
pub const OPERATIONS: &[&str] = &[
    "getTeam",
    "updateTeam",
    "listMembers",
    "changeMemberRole",
    "removeMember",
    "leaveTeam",
    "createInvitation",
    "listInvitations",
    "getInvitation",
    "revokeInvitation",
    "createTeam",
    "listAudit",
    "getAuditCheckpoint",
    "proveAuditRow",
    "proveAuditGrowth",
    "listJobs",
    "listJobRuns",
    "runJob",
    "getMe",
    "updateMe",
    "scanQrSignIn",
    "approveQrSignIn",
    "denyQrSignIn",
    "signOut",
    "revokeAllSessions",
];

fn concerns(target: Role) -> Relation {
    Relation { target: Some(target), ..Relation::default() }
}

/// One's own.
pub const OWN: Relation = Relation {
    own: true,
    assigned: false,
    participant: false,
    untouched: false,
    granted: false,
    reported: false,
    target: None,
};

#[tokio::test]
async fn the_team_itself() {
    let stage = Stage::new().await;
    let (team, caller) = (format!("/api/v1/teams/{}", stage.team), &stage.caller);
    let patch = caller.clone().with("if-match", "*");
    for role in ROLES {
        stage.cast(role);
        let nothing = Relation::default();
        let decide = |permission| stage.decide(permission, role, nothing);
        judge(&caller.get(&team).await, decide(Permission::TeamRead), role);
        judge(&caller.get(&format!("{team}/members")).await, decide(Permission::MembershipRead), role);
        let renamed = patch.send(Method::PATCH, &team, Some(&json!({"name": "Operations"}))).await;
        judge(&renamed, decide(Permission::TeamUpdate), role);
        let left = caller.post(&format!("{team}/leave"), &json!({})).await;
        judge(&left, stage.decide(Permission::MembershipLeave, role, OWN), role);
    }
}

#[tokio::test]
async fn roles_of_members() {
    let mut stage = Stage::new().await;
    for stale in [false, true] {
        stage.is_stale = stale;
        for (role, present) in ROLES.into_iter().flat_map(|role| Role::ALL.map(|present| (role, present))) {
            for new in Role::ALL {
                stage.cast(role);
                stage.world.cast(&stage.team, &stage.ben, Some(present));
                let path = format!("/api/v1/teams/{}/members/{}", stage.team, stage.ben.id);
                let answer = stage.caller.send(Method::PUT, &path, Some(&json!({"role": new.as_str()}))).await;
                let decision = stage.decide(Permission::MembershipRole, role, concerns(present.max(new)));
                judge(&answer, decision, (role, present, new));
                let after = if decision == Decision::Allow { new } else { present };
                assert_eq!(stage.role_of(&stage.ben).await, Some(after), "{role:?} {present:?} {new:?}");
            }
        }
        stage.grow_stale();
    }
}

#[tokio::test]
async fn removal_of_members() {
    let mut stage = Stage::new().await;
    for stale in [false, true] {
        stage.is_stale = stale;
        for (role, present) in ROLES.into_iter().flat_map(|role| Role::ALL.map(|present| (role, present))) {
            stage.cast(role);
            stage.world.cast(&stage.team, &stage.ben, Some(present));
            let path = format!("/api/v1/teams/{}/members/{}", stage.team, stage.ben.id);
            let answer = stage.caller.send(Method::DELETE, &path, None).await;
            let decision = stage.decide(Permission::MembershipRemove, role, concerns(present));
            judge(&answer, decision, (role, present));
            let after = (decision != Decision::Allow).then_some(present);
            assert_eq!(stage.role_of(&stage.ben).await, after, "{role:?} {present:?}");
        }
        stage.grow_stale();
    }
}

#[tokio::test]
async fn making_invitations() {
    let mut stage = Stage::new().await;
    let list = format!("/api/v1/teams/{}/invitations", stage.team);
    for stale in [false, true] {
        stage.is_stale = stale;
        for (role, given) in ROLES.into_iter().flat_map(|role| Role::ALL.map(|given| (role, given))) {
            stage.cast(role);
            let answer = stage.caller.post(&list, &json!({"role": given.as_str()})).await;
            let permission = match given {
                Role::Owner | Role::Admin => Permission::InvitationCreateHigh,
                Role::Manager | Role::Member => Permission::InvitationCreate,
            };
            judge(&answer, stage.decide(permission, role, concerns(given)), (role, given, stale));
        }
        stage.grow_stale();
    }
}

#[tokio::test]
async fn open_invitations() {
    let stage = Stage::new().await;
    let list = format!("/api/v1/teams/{}/invitations", stage.team);
    for role in ROLES {
        stage.cast(role);
        // Whoever may read their own alone is let in and sees only these.
        let answer = stage.caller.get(&list).await;
        judge(&answer, stage.decide(Permission::InvitationRead, role, OWN), role);
        for own in [true, false] {
            stage.cast(Some(Role::Owner));
            let inviter = if own { &stage.caller } else { &stage.olga };
            let id = inviter.post(&list, &json!({"role": "member"})).await.expect(201).text("/id");
            stage.cast(role);
            let relation = Relation { own, ..Relation::default() };
            let seen = stage.caller.get(&format!("{list}/{id}")).await;
            judge(&seen, stage.decide(Permission::InvitationRead, role, relation), (role, own));
            let answer = stage.caller.send(Method::DELETE, &format!("{list}/{id}"), None).await;
            judge(&answer, stage.decide(Permission::InvitationRevoke, role, relation), (role, own));
        }
    }
}

#[tokio::test]
async fn the_server_and_ones_own_account() {
    let stage = Stage::new().await;
    stage.world.pass(std::time::Duration::from_secs(1));
    for role in ROLES {
        stage.world.cast_on_server(&stage.caller, role);
        let caller = &stage.caller;
        let decide = |permission, relation| stage.decide_on_server(permission, role, relation);
        let made = caller.post("/api/v1/teams", &json!({"name": "Another"})).await;
        judge(&made, decide(Permission::TeamCreate, Relation::default()), role);
        let all = caller.get("/api/v1/admin/audit").await;
        judge(&all, decide(Permission::AuditRead, Relation::default()), role);
        let others = caller.get(&format!("/api/v1/admin/audit?actor_id={}", stage.olga.id)).await;
        judge(&others, decide(Permission::AuditRead, Relation::default()), role);
        let own = caller.get(&format!("/api/v1/admin/audit?actor_id={}", caller.id)).await;
        judge(&own, decide(Permission::AuditRead, OWN), role);
        for path in ["checkpoint", "consistency?from=1&to=2"] {
            let head = caller.get(&format!("/api/v1/admin/audit/{path}")).await;
            judge(&head, decide(Permission::AuditVerify, OWN), role);
        }
        let proof = caller.get("/api/v1/admin/audit/proof/1").await;
        judge(&proof, decide(Permission::AuditVerify, Relation::default()), role);
        if made.status.is_success() {
            let proof = caller.get(&format!("/api/v1/admin/audit/proof/{}", made.header("milton-audit"))).await;
            judge(&proof, decide(Permission::AuditVerify, OWN), role);
        }
        for path in ["", "/token-clean-up/runs"] {
            let jobs = caller.get(&format!("/api/v1/admin/jobs{path}")).await;
            judge(&jobs, decide(Permission::JobRead, Relation::default()), role);
        }
        let run = caller.post("/api/v1/admin/jobs/token-clean-up/run", &json!({})).await;
        judge(&run, decide(Permission::JobRun, Relation::default()), role);
        judge(&caller.get("/api/v1/me").await, decide(Permission::ProfileRead, OWN), role);
        let renamed = caller.send(Method::PATCH, "/api/v1/me", Some(&json!({"name": "Cara"}))).await;
        judge(&renamed, decide(Permission::ProfileUpdate, OWN), role);
    }
}

#[tokio::test]
async fn ones_own_sessions() {
    let stage = Stage::new().await;
    let out = async |path: &str, role| {
        let again = stage.world.sign_in(CALLER).await;
        stage.world.cast_on_server(&again, role);
        let answer = again.post(path, &json!({})).await;
        judge(&answer, stage.decide_on_server(Permission::SessionRevoke, role, OWN), role);
    };
    for role in [None, Some(Role::Member), Some(Role::Owner)] {
        out("/api/v1/auth/logout", role).await;
        out("/api/v1/me/sessions/revoke-all", role).await;
    }
}

#[tokio::test]
async fn devices_that_ask_for_a_voucher() {
    let mut stage = Stage::new().await;
    let [here, elsewhere] = ["192.0.2.7", "203.0.113.9"];
    for stale in [false, true] {
        stage.is_stale = stale;
        for (role, network) in ROLES.into_iter().flat_map(|role| [(role, here), (role, elsewhere)]) {
            for approves in [true, false] {
                let device = NewDevice::begin(stage.world.stranger().at(network)).await;
                let decide = |permission| stage.decide_on_server(permission, role, OWN);
                stage.world.cast_on_server(&stage.caller, role);
                let scanned = device.scan(&stage.caller).await;
                judge(&scanned, decide(Permission::QrSignInApprove), (role, network));
                if role.is_none() {
                    stage.world.cast_on_server(&stage.caller, Some(Role::Owner));
                    device.scan(&stage.caller).await.expect(200);
                    stage.world.cast_on_server(&stage.caller, None);
                }
                let number = device.number().await;
                let (answer, permission) = match approves {
                    true if network == here => {
                        (device.approve(&stage.caller, number).await, Permission::QrSignInApprove)
                    }
                    true => (device.approve(&stage.caller, number).await, Permission::QrSignInApproveAcross),
                    false => (device.deny(&stage.caller).await, Permission::QrSignInApprove),
                };
                judge(&answer, decide(permission), (role, network, approves, stale));
                forge::sql(&stage.world, "UPDATE qr_logins SET state = 'expired'", []);
            }
        }
        stage.grow_stale();
    }
}
