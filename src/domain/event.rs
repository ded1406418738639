//! What the audit log calls the things that happen.

macro_rules! events {
    ($($event:ident $name:literal;)+) => {
        /// Something that happened, or was tried.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Event {
            $(#[doc = concat!("`", $name, "`")] $event,)+
        }

        impl Event {
            /// Every event there is.
            pub const ALL: &'static [Self] = &[$(Self::$event,)+];

            /// `area.happening`, as the audit log and the API name it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$event => $name,)+ }
            }
        }
    };
}

events! {
    LoginSucceeded "auth.login.succeeded";
    LoginFailed "auth.login.failed";
    Logout "auth.logout";
    FailureBurst "auth.failure_burst";
    OauthStarted "auth.oauth.started";
    OauthReturned "auth.oauth.returned";
    OauthSucceeded "auth.oauth.succeeded";
    OauthFailed "auth.oauth.failed";
    OauthLinked "auth.oauth.linked";
    OauthUnlinked "auth.oauth.unlinked";
    OauthTokenRefreshed "auth.oauth.token_refreshed";
    OauthTokenRevoked "auth.oauth.token_revoked";
    OauthLoggedOut "auth.oauth.logged_out";
    CodeIssued "auth.code.issued";
    CodeExchanged "auth.code.exchanged";
    PasskeyStarted "auth.passkey.started";
    PasskeySucceeded "auth.passkey.succeeded";
    PasskeyFailed "auth.passkey.failed";
    StepUpStarted "auth.stepup.started";
    StepUpSucceeded "auth.stepup.succeeded";
    StepUpFailed "auth.stepup.failed";
    QrCreated "auth.qr.created";
    QrScanned "auth.qr.scanned";
    QrApproved "auth.qr.approved";
    QrDenied "auth.qr.denied";
    QrExpired "auth.qr.expired";
    QrNetworkMismatch "auth.qr.network_mismatch";
    QrUsed "auth.qr.used";
    LinkCreated "auth.link.created";
    LinkUsed "auth.link.used";
    TokenRevoked "token.revoked";
    TokenExpired "token.expired";
    TokensRevokedAll "token.revoked_all";
    TokensCleanedUp "token.expired_cleanup";
    AnswersForgotten "system.answers_forgotten";
    ApiKeyCreated "token.apikey.created";
    ApiKeyRevoked "token.apikey.revoked";
    ApiKeyScopeDenied "token.apikey.scope_denied";
    DeviceRegistered "device.registered";
    DeviceRenamed "device.renamed";
    DeviceRevoked "device.revoked";
    DeviceNotMe "device.not_me";
    LastSeenRecorded "device.last_seen";
    PasskeyCreated "passkey.created";
    PasskeyRenamed "passkey.renamed";
    PasskeyRemoved "passkey.removed";
    NotificationRead "notification.read";
    NotificationsPreferred "notification.preferences_changed";
    AccessDenied "authz.denied";
    MatrixLoaded "authz.matrix_loaded";
    RateLimitExceeded "ratelimit.exceeded";
    UserCreated "user.created";
    UserUpdated "user.updated";
    UserSuspended "user.suspended";
    UserReinstated "user.reinstated";
    UserRoleChanged "user.role.changed";
    DeletionRequested "user.deletion.requested";
    DeletionCancelled "user.deletion.cancelled";
    TeamCreated "team.created";
    TeamUpdated "team.updated";
    TeamDeleted "team.deleted";
    TeamRestored "team.restored";
    TeamPurged "team.purged";
    TeamRecovered "team.recovered";
    TeamOwnerTransferred "team.owner_transferred";
    TeamMemberRemoved "team.member.removed";
    TeamMemberLeft "team.member.left";
    TeamRoleChanged "team.role.changed";
    InvitationCreated "team.invitation.created";
    InvitationAccepted "team.invitation.accepted";
    InvitationRevoked "team.invitation.revoked";
    GrantCreated "team.grant.created";
    GrantRemoved "team.grant.removed";
    DelegationCreated "delegation.created";
    DelegationUpdated "delegation.updated";
    DelegationDeleted "delegation.deleted";
    DelegationOffered "delegation.offered";
    DelegationAccepted "delegation.accepted";
    DelegationDeclined "delegation.declined";
    DelegationStarted "delegation.started";
    DelegationDone "delegation.done";
    DelegationConfirmed "delegation.confirmed";
    DelegationReopened "delegation.reopened";
    DelegationReassigned "delegation.reassigned";
    DelegationCancelled "delegation.cancelled";
    DelegationReturned "delegation.returned";
    DelegationTakenOver "delegation.taken_over";
    DelegationOverdue "delegation.overdue";
    DelegationWatched "delegation.watched";
    DelegationUnwatched "delegation.unwatched";
    DelegationsChanged "delegation.bulk_changed";
    DelegationCommented "delegation.commented";
    CommentEdited "delegation.comment_edited";
    CommentDeleted "delegation.comment_deleted";
    ConversationCreated "conversation.created";
    ConversationUpdated "conversation.updated";
    ConversationDeleted "conversation.deleted";
    ConversationRead "conversation.read";
    ParticipantAdded "conversation.participant.added";
    ParticipantRemoved "conversation.participant.removed";
    MessageSent "conversation.message.sent";
    MessageEdited "conversation.message.edited";
    MessageDeleted "conversation.message.deleted";
    MessageReported "conversation.message.reported";
    CredentialCreated "credential.created";
    CredentialUpdated "credential.updated";
    CredentialRevealed "credential.revealed";
    CredentialShared "credential.shared";
    CredentialUnshared "credential.unshared";
    CredentialDeleted "credential.deleted";
    CredentialsImported "credential.imported";
    SearchIndexed "search.indexed";
    WebhookCreated "webhook.created";
    WebhookUpdated "webhook.updated";
    WebhookDeleted "webhook.deleted";
    WebhookSecretRotated "webhook.secret_rotated";
    WebhookTested "webhook.tested";
    WebhookDisabled "webhook.disabled";
    WebhookQueued "webhook.queued";
    WebhookDelivered "webhook.delivered";
    WebhookRedelivered "webhook.redelivered";
    AuditQueried "audit.queried";
    AuditVerified "audit.verified";
    AuditVerifyFailed "audit.verify_failed";
    RollbackDetected "audit.rollback.detected";
    RollbackAccepted "audit.rollback.accepted";
    SystemStarted "system.started";
    SystemStopped "system.stopped";
    JobStarted "system.job.started";
    JobRun "system.job.run";
    DecryptFailed "system.decrypt.failed";
}

impl Event {
    /// The event of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.as_str() == name)
    }
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// Done, and durable.
    Success,
    /// Not allowed.
    Denied,
    /// Allowed, and nothing changed all the same.
    Failure,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Success, Self::Denied, Self::Failure];

    /// The outcome's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Failure => "failure",
        }
    }

    /// The outcome of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}
