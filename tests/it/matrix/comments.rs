//! The cells about comments, about many delegations at once, and about stepping in for a delegator who left.

use milton::domain::permission::{Permission, Relation};
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::json;

use super::stage::{ROLES, Stage, judge};
use crate::world::Person;

/// The operations that are tried here.
pub const OPERATIONS: [&str; 5] =
    ["getComment", "updateComment", "deleteComment", "changeDelegations", "takeOverDelegation"];

async fn comment(author: &Person, delegation: &str) -> String {
    author
        .post(&format!("{delegation}/comments"), &json!({"body": "With a broom"}))
        .await
        .expect(201)
        .header("location")
}

/// Tries the operations on a comment of the author's, below a delegation that the caller has a part in or not.
async fn try_all(is_author: bool, takes_part: bool) {
    let stage = Stage::new().await;
    for role in ROLES {
        let assignee = if takes_part { &stage.caller } else { &stage.mia };
        let delegation = stage.delegation(&stage.ben, assignee, &["offer"]).await;
        stage.cast(Some(Role::Manager));
        let path = comment(if is_author { &stage.caller } else { &stage.ben }, &delegation).await;
        stage.cast(role);
        let reads = takes_part || role.is_some_and(|role| role > Role::Member);
        let relation = Relation { assigned: takes_part, ..Relation::default() };
        let of_comment = Relation { own: is_author && reads, ..Relation::default() };
        let caller = stage.caller.clone().with("if-match", "*");
        let case = |operation| (operation, role, is_author, takes_part);
        let seen = caller.get(&path).await;
        judge(&seen, stage.decide(Permission::DelegationRead, role, relation), case("getComment"));
        let edited = caller.send(Method::PATCH, &path, Some(&json!({"body": "With two"}))).await;
        judge(&edited, stage.decide(Permission::CommentUpdate, role, of_comment), case("updateComment"));
        let deleted = caller.send(Method::DELETE, &path, None).await;
        judge(&deleted, stage.decide(Permission::CommentDelete, role, of_comment), case("deleteComment"));
    }
}

#[tokio::test]
async fn comments_of_ones_own() {
    try_all(true, true).await;
}

#[tokio::test]
async fn comments_of_ones_own_on_what_one_may_not_read_any_more() {
    try_all(true, false).await;
}

#[tokio::test]
async fn comments_of_others() {
    try_all(false, true).await;
    try_all(false, false).await;
}

#[tokio::test]
async fn many_at_once() {
    let stage = Stage::new().await;
    let path = format!("/api/v1/teams/{}/delegations/bulk", stage.team);
    for role in ROLES {
        let made = stage.delegation(&stage.ben, &stage.mia, &["offer"]).await;
        stage.cast(role);
        let body = json!({"ids": [made.rsplit('/').next().unwrap()], "action": "cancel"});
        let answer = stage.caller.post(&path, &body).await;
        judge(&answer, stage.decide(Permission::DelegationBulk, role, Relation::default()), role);
    }
}

#[tokio::test]
async fn stepping_in_for_a_delegator_who_left() {
    let stage = Stage::new().await;
    for role in ROLES {
        stage.world.cast(&stage.team, &stage.ben, Some(Role::Member));
        let path = stage.delegation(&stage.ben, &stage.caller, &["offer"]).await;
        stage.world.cast(&stage.team, &stage.ben, None);
        stage.cast(role);
        let answer = stage.caller.post(&format!("{path}/take-over"), &json!({})).await;
        let relation = Relation { assigned: true, ..Relation::default() };
        judge(&answer, stage.decide(Permission::DelegationUpdate, role, relation), role);
    }
}
