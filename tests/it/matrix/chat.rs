//! The cells about conversations and messages, through the API.

use milton::domain::permission::{Permission, Relation};
use milton::domain::role::Role;
use poem::http::Method;
use serde_json::{Value, json};

use super::stage::{ROLES, Stage, judge};
use crate::operations;
use crate::world::{Answer, Person};

/// The operations of this file, for the check that none is forgotten.
pub const OPERATIONS: &[&str] = &[
    "createConversation",
    "listConversations",
    "createDelegationConversation",
    "getConversation",
    "updateConversation",
    "deleteConversation",
    "listParticipants",
    "getParticipant",
    "addParticipant",
    "removeParticipant",
    "joinConversation",
    "leaveConversation",
    "markConversationRead",
    "sendMessage",
    "listMessages",
    "getMessage",
    "updateMessage",
    "deleteMessage",
    "reportMessage",
    "listReportedMessages",
    "deleteReportedMessage",
];

/// On a group, each with what it wants.
const ON_GROUPS: &[(&str, Permission)] = &[
    ("getConversation", Permission::ConversationRead),
    ("listParticipants", Permission::ConversationRead),
    ("getParticipant", Permission::ConversationRead),
    ("updateConversation", Permission::ConversationUpdate),
    ("addParticipant", Permission::ConversationUpdate),
    ("removeParticipant", Permission::ConversationUpdate),
    ("deleteConversation", Permission::ConversationDelete),
    ("leaveConversation", Permission::ConversationLeave),
    ("markConversationRead", Permission::MessageRead),
    ("sendMessage", Permission::MessageCreate),
    ("listMessages", Permission::MessageRead),
    ("getMessage", Permission::MessageRead),
    ("reportMessage", Permission::MessageReport),
];

/// On a message.
const ON_MESSAGES: &[(&str, Permission)] = &[
    ("getMessage", Permission::MessageRead),
    ("updateMessage", Permission::MessageUpdate),
    ("deleteMessage", Permission::MessageDelete),
    ("reportMessage", Permission::MessageReport),
];

/// A group and a message in it, by their ids.
struct Group {
    id: String,
    message: String,
}

impl Group {
    /// With Ben in it, who says something, or the owner does.
    async fn new(stage: &Stage, owner: &Person, others: &[&Person], author: &Person) -> Self {
        stage.cast(Some(Role::Member));
        let list = format!("/api/v1/teams/{}/conversations", stage.team);
        let people: Vec<_> = others.iter().map(|person| &person.id).collect();
        let body = json!({"kind": "group", "title": "Sweepers", "participant_ids": people});
        let id = owner.post(&list, &body).await.expect(201).text("/id");
        let said = author.post(&format!("{list}/{id}/messages"), &json!({"body": "Who sweeps?"})).await;
        Self { message: said.expect(201).text("/id"), id }
    }

    async fn call(&self, stage: &Stage, (id, permission): (&str, Permission)) -> Answer {
        let operation = operations::find(id);
        assert_eq!(operation.permission, Some(permission), "{id}");
        let body: Option<Value> = match id {
            "updateConversation" => Some(json!({"title": "Cleaners"})),
            "addParticipant" => Some(json!({"user_id": stage.mia.id})),
            "markConversationRead" => Some(json!({"message_id": self.message})),
            "sendMessage" | "updateMessage" => Some(json!({"body": "I do"})),
            _ => None,
        };
        let thing = if ["getParticipant", "removeParticipant"].contains(&id) { &stage.ben.id } else { &self.message };
        let path = operation.path_to(&stage.team, &format!("{}/{thing}", self.id));
        let caller = stage.caller.clone().with("if-match", "*");
        caller.send(operation.method, &path, body.as_ref()).await
    }
}

#[tokio::test]
async fn groups_of_ones_own() {
    let stage = Stage::new().await;
    for chosen in ON_GROUPS {
        for role in ROLES {
            let group = Group::new(&stage, &stage.caller, &[&stage.ben], &stage.ben).await;
            stage.cast(role);
            let relation = Relation { own: true, participant: true, ..Relation::default() };
            judge(&group.call(&stage, *chosen).await, stage.decide(chosen.1, role, relation), (chosen, role));
        }
    }
}

#[tokio::test]
async fn groups_that_one_takes_part_in() {
    let stage = Stage::new().await;
    for chosen in ON_GROUPS {
        for role in ROLES {
            let group = Group::new(&stage, &stage.ben, &[&stage.caller], &stage.ben).await;
            stage.cast(role);
            let relation = Relation { participant: true, ..Relation::default() };
            judge(&group.call(&stage, *chosen).await, stage.decide(chosen.1, role, relation), (chosen, role));
        }
    }
}

#[tokio::test]
async fn groups_of_others() {
    let stage = Stage::new().await;
    for chosen in ON_GROUPS.iter().chain(ON_MESSAGES) {
        for role in ROLES {
            let group = Group::new(&stage, &stage.ben, &[&stage.olga], &stage.ben).await;
            stage.cast(role);
            let decision = stage.decide(chosen.1, role, Relation::default());
            judge(&group.call(&stage, *chosen).await, decision, (chosen, role));
        }
    }
}

#[tokio::test]
async fn messages_of_ones_own_and_of_others() {
    let stage = Stage::new().await;
    for own in [true, false] {
        for chosen in ON_MESSAGES {
            for role in ROLES {
                let author = if own { &stage.caller } else { &stage.ben };
                let group = Group::new(&stage, &stage.ben, &[&stage.caller], author).await;
                stage.cast(role);
                let relation = Relation { own, participant: true, ..Relation::default() };
                judge(&group.call(&stage, *chosen).await, stage.decide(chosen.1, role, relation), (chosen, own, role));
            }
        }
    }
}

#[tokio::test]
async fn beginning_and_listing_conversations() {
    let stage = Stage::new().await;
    let list = format!("/api/v1/teams/{}/conversations", stage.team);
    for role in ROLES {
        let group = Group::new(&stage, &stage.ben, &[&stage.olga], &stage.ben).await;
        stage.cast(role);
        let seen = stage.caller.get(&list).await;
        let part = Relation { participant: true, ..Relation::default() };
        judge(&seen, stage.decide(Permission::ConversationRead, role, part), role);
        assert!(!seen.text.contains(&group.id), "what is between others, whatever the role");
        for body in [
            json!({"kind": "group", "title": "Sweepers", "participant_ids": [stage.mia.id]}),
            json!({"kind": "direct", "participant_ids": [stage.mia.id]}),
        ] {
            let decision = stage.decide(Permission::ConversationCreate, role, Relation::default());
            judge(&stage.caller.post(&list, &body).await, decision, role);
        }
        // Nobody but its author may end it, and lists stay short.
        stage.cast(Some(Role::Owner));
        let mine = stage.caller.get(&list).await.expect(200);
        for conversation in mine.json["items"].as_array().unwrap().iter().filter(|one| one["kind"] == "group") {
            let path = format!("{list}/{}", conversation["id"].as_str().unwrap());
            stage.caller.send(Method::DELETE, &path, None).await.expect(204);
        }
    }
}

#[tokio::test]
async fn talking_about_delegations() {
    let stage = Stage::new().await;
    for (own, is_handed) in [(true, false), (false, true), (false, false)] {
        for role in ROLES {
            let delegator = if own { &stage.caller } else { &stage.ben };
            let assignee = if is_handed { &stage.caller } else { &stage.mia };
            let relation = Relation { own, assigned: is_handed, ..Relation::default() };
            // Whoever may read a delegation may talk about it, and nobody else.
            let decision = stage.decide(Permission::DelegationRead, role, relation);
            for is_there in [false, true] {
                let path = stage.delegation(delegator, assignee, &["offer"]).await + "/conversation";
                let begun =
                    if is_there { stage.ben.post(&path, &json!({})).await.json["id"].clone() } else { json!(0) };
                stage.cast(role);
                judge(&stage.caller.post(&path, &json!({})).await, decision, (own, is_handed, role, is_there));
                if let Some(id) = begun.as_str() {
                    let list = format!("/api/v1/teams/{}/conversations/{id}", stage.team);
                    judge(&stage.caller.get(&list).await, decision, (own, is_handed, role));
                }
            }
            let path = stage.delegation(delegator, assignee, &["offer"]).await + "/conversation";
            let begun = if own { &stage.caller } else { &stage.ben }.post(&path, &json!({})).await.expect(201);
            stage.cast(role);
            let join = format!("/api/v1/teams/{}/conversations/{}/join", stage.team, begun.text("/id"));
            judge(&stage.caller.post(&join, &json!({})).await, decision, (own, is_handed, role, "join"));
        }
    }
}

#[tokio::test]
async fn reported_messages_are_the_admins() {
    let stage = Stage::new().await;
    for is_reported in [true, false] {
        for role in ROLES {
            let group = Group::new(&stage, &stage.ben, &[&stage.olga], &stage.ben).await;
            if is_reported {
                let report =
                    operations::find("reportMessage").path_to(&stage.team, &format!("{}/{}", group.id, group.message));
                stage.olga.post(&report, &json!({})).await.expect(204);
            }
            stage.cast(role);
            let permission = Permission::MessageDeleteReported;
            let reported = format!("/api/v1/teams/{}/messages/reported", stage.team);
            let listed = stage.caller.get(&reported).await;
            let relation = Relation { reported: true, ..Relation::default() };
            judge(&listed, stage.decide(permission, role, relation), role);
            if listed.status.is_success() {
                assert_eq!(listed.text.contains(&group.message), is_reported);
            }
            let relation = Relation { reported: is_reported, ..Relation::default() };
            let deleted = stage.caller.send(Method::DELETE, &format!("{reported}/{}", group.message), None).await;
            judge(&deleted, stage.decide(permission, role, relation), (is_reported, role));
        }
    }
}
