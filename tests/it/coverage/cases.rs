//! How each operation is called: what it needs, what it sends, and what it leaves beside its own row.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::operations::{self, Operation};
use crate::passkeys::{MINE, STEP_UP};

/// What must be there before an operation can succeed.
pub enum Needs {
    Nothing,
    /// A member of the team whose role is below the caller's.
    Member,
    /// The caller is that member.
    ToBeMember,
    /// An open invitation into the team.
    Invitation,
    /// A delegation that went through these steps, from the caller to the caller.
    Delegation(&'static [&'static str]),
    /// The caller, who watches such a delegation.
    Watcher,
    /// A comment of the caller's on such a delegation.
    Comment,
    /// A delegation whose delegator left the team.
    Orphan,
    /// A passkey of the caller's.
    Passkey,
    /// A ceremony of the caller's at this path, and the answer to it.
    Ceremony(&'static str),
    /// A job, which has something to do.
    Job,
    /// A row of the audit log, by its number.
    AuditRow,
    /// Another session of Mia's, which may end.
    Session,
    /// A new device that shows a code.
    NewDevice,
    /// A new device whose code the caller has read.
    ScannedDevice,
    /// An API key of the caller's.
    ApiKey,
    /// An API key of somebody else.
    KeyOfAnother,
    /// Somebody upon whom the caller acts.
    Somebody,
    /// Somebody who is suspended.
    Suspended,
    /// The caller is somebody whose account may end.
    ToGo,
    /// The caller asked for the deletion of their account.
    Leaving,
    /// A further device of Mia's.
    Device,
    /// The session on it.
    OtherSession,
    /// A notification for Mia.
    Notification,
    /// An identity of the caller's.
    Identity,
    /// A group of the caller's, with Ben in it.
    Conversation,
    /// Ben in that group.
    Participant,
    /// A message of the caller's in such a group.
    Message,
    /// The caller is an Admin, and somebody reported a message.
    Reported,
    /// A conversation about a delegation that the caller may read.
    ToJoin,
    /// A webhook of the team's.
    Webhook,
    /// A delivery to one, which was given up.
    DeadDelivery,
    /// A credential in the caller's own vault.
    OwnCredential,
    /// A credential of the team's, which the caller put there.
    Credential,
    /// A credential of the team's, and a share of it.
    Share,
    /// Something of the team's that is open to a guest.
    Grant,
    /// The team was deleted.
    ClosedTeam,
    /// A team for which nobody answers.
    OrphanTeam,
}

/// How an operation is called, and what it leaves.
pub struct Case {
    pub id: &'static str,
    pub needs: Needs,
    pub body: Option<fn(&Stage) -> Value>,
    /// Events beside the one that the description names.
    pub further: &'static [&'static str],
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
    case("scanQrSignIn", Needs::NewDevice).with(|stage| json!({"secret": stage.code().secret})),
    case("approveQrSignIn", Needs::ScannedDevice).with(|stage| json!({"number": stage.code().number})),
    case("denyQrSignIn", Needs::ScannedDevice),
    case("listSessions", Needs::Nothing),
    case("endSession", Needs::OtherSession),
    case("listDevices", Needs::Nothing),
    case("renameDevice", Needs::Device).with(|_| json!({"name": "Laptop"})),
    case("removeDevice", Needs::Device),
    case("disownDevice", Needs::Device),
    case("listNotifications", Needs::Nothing),
    case("readNotification", Needs::Notification),
    case("readAllNotifications", Needs::Notification),
    case("listNotificationPreferences", Needs::Nothing),
    case("updateNotificationPreferences", Needs::Nothing)
        .with(|_| json!({"items": [{"kind": "new-device", "in_app": true}]})),
    case("openEvents", Needs::Nothing),
    case("getMe", Needs::Nothing),
    case("updateMe", Needs::Nothing).with(|_| json!({"name": "Olga"})),
    case("listMyIdentities", Needs::Nothing),
    case("linkIdentity", Needs::Nothing).with(|_| json!({"provider": "lying"})),
    case("unlinkIdentity", Needs::Identity).and(&["auth.oauth.token_revoked"]),
    case("stepUpByProvider", Needs::Nothing).with(|_| json!({"provider": "lying"})),
    case("getStepUp", Needs::Nothing),
    case("beginStepUp", Needs::Nothing),
    case("stepUpByPasskey", Needs::Ceremony(STEP_UP)).with(Stage::answer),
    case("beginPasskey", Needs::Nothing),
    case("createPasskey", Needs::Ceremony(MINE)).with(Stage::answer),
    case("listPasskeys", Needs::Nothing),
    case("getPasskey", Needs::Passkey),
    case("renamePasskey", Needs::Passkey).with(|_| json!({"name": "Phone"})),
    case("deletePasskey", Needs::Passkey),
    case("listMyDelegations", Needs::Nothing),
    case("createApiKey", Needs::Nothing).with(|_| json!({"name": "Reports", "scopes": ["delegation:read"]})),
    case("listApiKeys", Needs::Nothing),
    case("getApiKey", Needs::ApiKey),
    case("revokeApiKey", Needs::ApiKey),
    case("listAllApiKeys", Needs::Nothing),
    case("revokeAnyApiKey", Needs::KeyOfAnother),
    case("requestDeletion", Needs::ToGo),
    case("getDeletion", Needs::Leaving),
    case("keepAccount", Needs::Leaving),
    case("listDirectory", Needs::Nothing),
    case("listUsers", Needs::Nothing),
    case("getUser", Needs::Somebody),
    case("listUserSessions", Needs::Somebody),
    case("listUserDevices", Needs::Somebody),
    case("suspendUser", Needs::Somebody).with(|_| json!({"reason": "Left the company"})),
    case("reinstateUser", Needs::Suspended),
    case("changeUserRole", Needs::Somebody).with(|_| json!({"role": "manager"})),
    case("revokeUserSessions", Needs::Somebody),
    case("createTeam", Needs::Nothing).with(|_| json!({"name": "Another"})),
    case("listTeams", Needs::Nothing),
    case("getTeam", Needs::Nothing),
    case("updateTeam", Needs::Nothing).with(|_| json!({"name": "Operations"})),
    case("listMembers", Needs::Nothing),
    case("changeMemberRole", Needs::Member).with(|_| json!({"role": "manager"})),
    case("removeMember", Needs::Member),
    case("leaveTeam", Needs::ToBeMember),
    case("createGrant", Needs::Delegation(&[])).with(|stage| {
        let thing = stage.made();
        json!({"resource_type": "delegation", "resource_id": thing, "user_id": stage.bob.id, "role": "member"})
    }),
    case("listGrants", Needs::Nothing),
    case("getGrant", Needs::Grant),
    case("removeGrant", Needs::Grant),
    case("listMyGrants", Needs::Nothing),
    case("explainPermissions", Needs::Nothing),
    case("transferTeam", Needs::Nothing).with(|stage| json!({"user_id": stage.mia.id})),
    case("deleteTeam", Needs::Nothing),
    case("restoreTeam", Needs::ClosedTeam),
    case("listAllTeams", Needs::Nothing),
    case("recoverTeam", Needs::OrphanTeam).with(|stage| json!({"user_id": stage.olga.id})),
    case("createInvitation", Needs::Nothing).with(|_| json!({"role": "member"})),
    case("listInvitations", Needs::Nothing),
    case("getInvitation", Needs::Invitation),
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
    case("listMyConversations", Needs::Nothing),
    case("listConversations", Needs::Nothing),
    case("createConversation", Needs::Nothing)
        .with(|stage| json!({"kind": "group", "title": "Sweepers", "participant_ids": [stage.mia.id, stage.olga.id]})),
    case("createDelegationConversation", Needs::Delegation(&[])),
    case("getConversation", Needs::Conversation),
    case("updateConversation", Needs::Conversation).with(|_| json!({"title": "Cleaners"})),
    case("deleteConversation", Needs::Conversation),
    case("listParticipants", Needs::Conversation),
    case("getParticipant", Needs::Participant),
    case("addParticipant", Needs::Conversation).with(|stage| json!({"user_id": stage.mia.id})),
    case("removeParticipant", Needs::Participant),
    case("joinConversation", Needs::ToJoin),
    case("leaveConversation", Needs::Conversation),
    case("markConversationRead", Needs::Message).with(|stage| json!({"message_id": stage.message()})),
    case("sendMessage", Needs::Conversation).with(|_| json!({"body": "Done sweeping"})),
    case("listMessages", Needs::Message),
    case("getMessage", Needs::Message),
    case("updateMessage", Needs::Message).with(|_| json!({"body": "Done sweeping twice"})),
    case("deleteMessage", Needs::Message),
    case("reportMessage", Needs::Message),
    case("listReportedMessages", Needs::Reported),
    case("deleteReportedMessage", Needs::Reported),
    case("createWebhook", Needs::Nothing)
        .with(|_| json!({"name": "Chat", "url": "https://hooks.example.org/", "events": ["delegation.*"]})),
    case("listWebhooks", Needs::Nothing),
    case("getWebhook", Needs::Webhook),
    case("updateWebhook", Needs::Webhook).with(|_| json!({"name": "Chat room"})),
    case("deleteWebhook", Needs::Webhook),
    case("rotateWebhookSecret", Needs::Webhook),
    case("testWebhook", Needs::Webhook),
    case("listWebhookDeliveries", Needs::Webhook),
    case("redeliverWebhook", Needs::DeadDelivery),
    case("createMyCredential", Needs::Nothing).with(|_| secret()),
    case("listMyCredentials", Needs::Nothing),
    case("generatePassword", Needs::Nothing),
    case("importMyCredentials", Needs::Nothing).with(|_| json!({"items": [{"type": 2, "name": "Note"}]})),
    case("getMyCredential", Needs::OwnCredential),
    case("updateMyCredential", Needs::OwnCredential).with(|_| json!({"name": "Router"})),
    case("writeMyCredential", Needs::OwnCredential).with(|_| json!({"key": "k2"})),
    case("listMyCredentialVersions", Needs::OwnCredential),
    case("restoreMyCredential", Needs::OwnCredential).with(|_| json!({"version": 1})),
    case("revealMyCredential", Needs::OwnCredential),
    case("deleteMyCredential", Needs::OwnCredential),
    case("createCredential", Needs::Nothing).with(|_| secret()),
    case("listCredentials", Needs::Nothing),
    case("importCredentials", Needs::Nothing).with(|_| json!({"items": [{"type": 2, "name": "Note"}]})),
    case("getCredential", Needs::Credential),
    case("updateCredential", Needs::Credential).with(|_| json!({"name": "Router"})),
    case("writeCredential", Needs::Credential).with(|_| json!({"key": "k2"})),
    case("listCredentialVersions", Needs::Credential),
    case("restoreCredential", Needs::Credential).with(|_| json!({"version": 1})),
    case("revealCredential", Needs::Credential),
    case("listCredentialReveals", Needs::Credential),
    case("shareCredential", Needs::Credential).with(|stage| json!({"user_id": stage.mia.id})),
    case("listCredentialShares", Needs::Credential),
    case("getCredentialShare", Needs::Share),
    case("unshareCredential", Needs::Share),
    case("deleteCredential", Needs::Credential),
    case("search", Needs::Nothing),
    case("takeOverDelegation", Needs::Orphan),
    case("changeDelegations", Needs::Delegation(&["offer"]))
        .with(|stage| json!({"ids": [stage.made()], "action": "cancel"}))
        .and(&["delegation.cancelled"]),
    case("createComment", Needs::Delegation(&[])).with(|_| json!({"body": "With the big broom"})),
    case("listComments", Needs::Delegation(&[])),
    case("getComment", Needs::Comment),
    case("updateComment", Needs::Comment).with(|_| json!({"body": "With the small broom"})),
    case("deleteComment", Needs::Comment),
    case("watchDelegation", Needs::Delegation(&[])),
    case("unwatchDelegation", Needs::Delegation(&[])),
    case("listWatchers", Needs::Delegation(&[])),
    case("removeWatcher", Needs::Watcher),
    case("listAudit", Needs::Nothing),
    case("getAuditCheckpoint", Needs::Nothing),
    case("proveAuditRow", Needs::AuditRow),
    case("proveAuditGrowth", Needs::Nothing),
    case("listJobs", Needs::Nothing),
    case("listJobRuns", Needs::Job),
    case("runJob", Needs::Job).and(&["token.expired_cleanup", "system.job.run"]),
];

/// A credential about to be made.
pub fn secret() -> Value {
    json!({"kind": "api-key", "name": "Gateway", "payload": {"key": "k1"}})
}

/// Each case with its operation.
pub fn all() -> impl Iterator<Item = (&'static Case, Operation)> {
    CASES.iter().map(|case| (case, operations::find(case.id)))
}
