//! The table of the matrix: each permission with a cell for each role, and the doors that want no role.

/// When a role may do a thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Never.
    Never,
    /// Always, in the scope of the role.
    Always,
    /// When it is the caller's own.
    Own,
    /// When the caller takes part in it: gave it, has it, watches it.
    Participant,
    /// When it was handed to the caller.
    Assigned,
    /// When it is the caller's own or was handed to them.
    OwnOrAssigned,
    /// When it is the caller's own and nobody has accepted it yet.
    OwnUntouched,
    /// When it was granted to the caller by name or role.
    Granted,
    /// When it was reported by somebody.
    Reported,
    /// When the role it concerns stands below the caller's.
    Below,
    /// When it is the caller's own and the role it concerns stands below the caller's.
    OwnBelow,
}

impl When {
    /// In words, as the description of the matrix and the API have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "-",
            Self::Always => "yes",
            Self::Own => "own",
            Self::Participant => "participant",
            Self::Assigned => "assigned",
            Self::OwnOrAssigned => "own/assigned",
            Self::OwnUntouched => "own untouched",
            Self::Granted => "granted",
            Self::Reported => "reported",
            Self::Below => "below",
            Self::OwnBelow => "own below",
        }
    }
}

/// One cell of the matrix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cell {
    /// When it is allowed.
    pub when: When,
    /// Whether it wants a recent proof of who the caller is.
    pub step_up: bool,
}

impl Cell {
    /// Whether there is any way to be allowed.
    pub(super) fn is_open(self) -> bool {
        self.when != When::Never
    }
}

const NO: Cell = Cell { when: When::Never, step_up: false };
const YES: Cell = Cell { when: When::Always, step_up: false };
const OWN: Cell = Cell { when: When::Own, step_up: false };
const PART: Cell = Cell { when: When::Participant, step_up: false };
const ASSIGNED: Cell = Cell { when: When::Assigned, step_up: false };
const HANDS: Cell = Cell { when: When::OwnOrAssigned, step_up: false };
const UNTOUCHED: Cell = Cell { when: When::OwnUntouched, step_up: false };
const GRANTED: Cell = Cell { when: When::Granted, step_up: false };
const REPORTED: Cell = Cell { when: When::Reported, step_up: false };
const BELOW: Cell = Cell { when: When::Below, step_up: false };
const OWN_BELOW: Cell = Cell { when: When::OwnBelow, step_up: false };

/// The same cell, with step-up.
const fn s(cell: Cell) -> Cell {
    Cell { when: cell.when, step_up: true }
}

/// Where a permission counts, and so whose role bindings are looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sphere {
    /// The server: the instance role alone counts.
    Instance,
    /// One team: the team role, else a resource grant, else nothing.
    Team,
}

impl Sphere {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "Instance",
            Self::Team => "Team",
        }
    }
}

/// What becomes of one permission in the hands of those who are not signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(clippy::struct_excessive_bools)] // one for each kind of actor
pub struct Doors {
    /// Somebody without a session.
    pub anonymous: bool,
    /// Anybody with a valid session, whatever their role.
    pub signed_in: bool,
    /// A timer.
    pub job: bool,
    /// The host's command line.
    pub operator: bool,
}

macro_rules! matrix {
    (
        roles { $($permission:ident $name:literal $sphere:ident [$owner:expr, $admin:expr, $manager:expr, $member:expr];)+ }
        doors { $($door:ident $door_name:literal [$($who:ident)*];)+ }
    ) => {
        /// Everything that can be permitted.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Permission {
            $(#[doc = concat!("`", $name, "`")] $permission,)+
            $(#[doc = concat!("`", $door_name, "`")] $door,)+
        }

        impl Permission {
            /// In the order of the matrix.
            pub const ALL: &'static [Self] = &[$(Self::$permission,)+ $(Self::$door,)+];

            /// `noun:verb`, as the API and the audit log name it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$permission => $name,)+
                    $(Self::$door => $door_name,)+
                }
            }

            /// Its row: where it counts, and a cell for each role from Owner to Member. `None` for the doors.
            pub const fn row(self) -> Option<(Sphere, [Cell; 4])> {
                match self {
                    $(Self::$permission => Some((Sphere::$sphere, [$owner, $admin, $manager, $member])),)+
                    $(Self::$door => None,)+
                }
            }

            /// Who else may: nobody for a row of roles.
            pub const fn doors(self) -> Doors {
                #[allow(unused_mut)]
                let mut doors = Doors { anonymous: false, signed_in: false, job: false, operator: false };
                match self {
                    $(Self::$permission => {})+
                    $(Self::$door => { $(doors.$who = true;)* })+
                }
                doors
            }
        }
    };
}

matrix! {
    roles {
        DirectoryRead            "directory:read"            Instance [YES, YES, YES, YES];
        UserRead                 "user:read"                 Instance [YES, YES, NO, NO];
        UserInvite               "user:invite"               Instance [YES, BELOW, NO, NO];
        UserSuspend              "user:suspend"              Instance [YES, BELOW, NO, NO];
        UserReinstate            "user:reinstate"            Instance [YES, BELOW, NO, NO];
        UserRevokeSessions       "user:revoke-sessions"      Instance [YES, BELOW, NO, NO];
        UserRole                 "user:role"                 Instance [s(YES), s(BELOW), NO, NO];
        UserDelete               "user:delete"               Instance [s(YES), NO, NO, NO];
        TeamCreate               "team:create"               Instance [YES, YES, YES, NO];
        TeamListAll              "team:list-all"             Instance [YES, YES, NO, NO];
        TeamRecover              "team:recover"              Instance [s(YES), NO, NO, NO];
        AuditRead                "audit:read"                Instance [YES, YES, OWN, OWN];
        AuditVerify              "audit:verify"              Instance [YES, YES, OWN, OWN];
        AuditExport              "audit:export"              Instance [s(YES), s(YES), s(OWN), s(OWN)];
        RetentionRead            "retention:read"            Instance [YES, YES, YES, NO];
        RetentionPreview         "retention:preview"         Instance [YES, YES, NO, NO];
        RetentionUpdate          "retention:update"          Instance [s(YES), NO, NO, NO];
        HoldRead                 "hold:read"                 Instance [YES, YES, NO, NO];
        HoldPlace                "hold:place"                Instance [YES, YES, NO, NO];
        HoldRelease              "hold:release"              Instance [s(YES), NO, NO, NO];
        KeysRead                 "keys:read"                 Instance [YES, YES, NO, NO];
        KeysRotate               "keys:rotate"               Instance [s(YES), NO, NO, NO];
        BackupRead               "backup:read"               Instance [YES, YES, NO, NO];
        BackupCreate             "backup:create"             Instance [YES, YES, NO, NO];
        SettingsRead             "settings:read"             Instance [YES, YES, NO, NO];
        SettingsUpdate           "settings:update"           Instance [s(YES), NO, NO, NO];
        ControlsRead             "controls:read"             Instance [YES, YES, YES, NO];
        ControlsRun              "controls:run"              Instance [YES, YES, NO, NO];
        IncidentCreate           "incident:create"           Instance [YES, YES, YES, YES];
        IncidentRead             "incident:read"             Instance [YES, YES, OWN, OWN];
        IncidentUpdate           "incident:update"           Instance [YES, YES, NO, NO];
        IncidentClose            "incident:close"            Instance [s(YES), NO, NO, NO];
        JobRead                  "job:read"                  Instance [YES, YES, NO, NO];
        JobRun                   "job:run"                   Instance [YES, YES, NO, NO];
        ApiKeyReadAll            "api-key:read-all"          Instance [YES, YES, NO, NO];
        ApiKeyRevokeAny          "api-key:revoke-any"        Instance [YES, BELOW, NO, NO];
        ProfileRead              "profile:read"              Instance [OWN, OWN, OWN, OWN];
        ProfileUpdate            "profile:update"            Instance [OWN, OWN, OWN, OWN];
        SessionRead              "session:read"              Instance [OWN, OWN, OWN, OWN];
        SessionRevoke            "session:revoke"            Instance [OWN, OWN, OWN, OWN];
        SessionStepUp            "session:step-up"           Instance [OWN, OWN, OWN, OWN];
        DeviceRead               "device:read"               Instance [OWN, OWN, OWN, OWN];
        DeviceManage             "device:manage"             Instance [OWN, OWN, OWN, OWN];
        DeviceDisown             "device:disown"             Instance [s(OWN), s(OWN), s(OWN), s(OWN)];
        QrSignInApprove          "qr-sign-in:approve"        Instance [OWN, OWN, OWN, OWN];
        QrSignInApproveAcross    "qr-sign-in:approve-across" Instance [s(OWN), s(OWN), s(OWN), s(OWN)];
        IdentityRead             "identity:read"             Instance [OWN, OWN, OWN, OWN];
        IdentityManage           "identity:manage"           Instance [s(OWN), s(OWN), s(OWN), s(OWN)];
        PasskeyRead              "passkey:read"              Instance [OWN, OWN, OWN, OWN];
        PasskeyManage            "passkey:manage"            Instance [s(OWN), s(OWN), s(OWN), s(OWN)];
        ApiKeyCreate             "api-key:create"            Instance [s(OWN), s(OWN), s(OWN), s(OWN)];
        ApiKeyManage             "api-key:manage"            Instance [OWN, OWN, OWN, OWN];
        NotificationManage       "notification:manage"       Instance [OWN, OWN, OWN, OWN];
        DataExport               "data:export"               Instance [s(OWN), s(OWN), s(OWN), s(OWN)];
        AccountDelete            "account:delete"            Instance [s(OWN), s(OWN), s(OWN), s(OWN)];
        AccountKeep              "account:keep"              Instance [OWN, OWN, OWN, OWN];
        PersonalCredentialManage "personal-credential:manage" Instance [OWN, OWN, OWN, OWN];
        PersonalCredentialReveal "personal-credential:reveal" Instance [s(OWN), s(OWN), s(OWN), s(OWN)];

        TeamRead                 "team:read"                 Team [YES, YES, YES, YES];
        TeamUpdate               "team:update"               Team [YES, YES, NO, NO];
        TeamDelete               "team:delete"               Team [s(YES), NO, NO, NO];
        TeamTransfer             "team:transfer"             Team [s(YES), NO, NO, NO];
        TeamRestore              "team:restore"              Team [s(YES), NO, NO, NO];
        MembershipRead           "membership:read"           Team [YES, YES, YES, YES];
        MembershipRole           "membership:role"           Team [s(YES), s(BELOW), NO, NO];
        MembershipRemove         "membership:remove"         Team [s(YES), s(BELOW), BELOW, NO];
        MembershipLeave          "membership:leave"          Team [OWN, OWN, OWN, OWN];
        InvitationCreate         "invitation:create"         Team [YES, BELOW, BELOW, NO];
        InvitationCreateHigh     "invitation:create-high"    Team [s(YES), s(BELOW), NO, NO];
        InvitationRead           "invitation:read"           Team [YES, YES, OWN, NO];
        InvitationRevoke         "invitation:revoke"         Team [YES, YES, OWN, NO];
        GrantCreate              "grant:create"              Team [YES, BELOW, OWN_BELOW, NO];
        GrantRead                "grant:read"                Team [YES, YES, OWN, OWN];
        GrantDelete              "grant:delete"              Team [YES, BELOW, OWN, NO];
        DelegationCreate         "delegation:create"         Team [YES, YES, YES, YES];
        DelegationRead           "delegation:read"           Team [YES, YES, YES, PART];
        DelegationUpdate         "delegation:update"         Team [YES, YES, YES, OWN];
        DelegationAssign         "delegation:assign"         Team [YES, YES, YES, HANDS];
        DelegationProgress       "delegation:progress"       Team [ASSIGNED, ASSIGNED, ASSIGNED, ASSIGNED];
        DelegationConfirm        "delegation:confirm"        Team [OWN, OWN, OWN, OWN];
        DelegationDelete         "delegation:delete"         Team [YES, YES, OWN, UNTOUCHED];
        DelegationWatch          "delegation:watch"          Team [YES, YES, YES, PART];
        DelegationBulk           "delegation:bulk"           Team [YES, YES, YES, NO];
        CommentCreate            "comment:create"            Team [YES, YES, YES, PART];
        CommentUpdate            "comment:update"            Team [OWN, OWN, OWN, OWN];
        CommentDelete            "comment:delete"            Team [OWN, OWN, OWN, OWN];
        ConversationCreate       "conversation:create"       Team [YES, YES, YES, YES];
        ConversationRead         "conversation:read"         Team [PART, PART, PART, PART];
        ConversationUpdate       "conversation:update"       Team [OWN, OWN, OWN, NO];
        ConversationDelete       "conversation:delete"       Team [OWN, OWN, OWN, NO];
        ConversationLeave        "conversation:leave"        Team [PART, PART, PART, PART];
        MessageCreate            "message:create"            Team [PART, PART, PART, PART];
        MessageRead              "message:read"              Team [PART, PART, PART, PART];
        MessageUpdate            "message:update"            Team [OWN, OWN, OWN, OWN];
        MessageDelete            "message:delete"            Team [OWN, OWN, OWN, OWN];
        MessageDeleteReported    "message:delete-reported"   Team [NO, REPORTED, NO, NO];
        MessageReport            "message:report"            Team [PART, PART, PART, PART];
        CredentialCreate         "credential:create"         Team [YES, YES, YES, NO];
        CredentialRead           "credential:read"           Team [YES, YES, YES, GRANTED];
        CredentialReveal         "credential:reveal"         Team [s(YES), s(YES), s(GRANTED), s(GRANTED)];
        CredentialUpdate         "credential:update"         Team [YES, YES, OWN, NO];
        CredentialShare          "credential:share"          Team [YES, YES, OWN, NO];
        CredentialDelete         "credential:delete"         Team [YES, YES, OWN, NO];
        CredentialHistory        "credential:history"        Team [YES, YES, OWN, NO];
        Search                   "search:use"                Team [YES, YES, YES, YES];
        WebhookRead              "webhook:read"              Team [YES, YES, NO, NO];
        WebhookManage            "webhook:manage"            Team [s(YES), s(YES), NO, NO];
    }
    doors {
        SignIn                   "sign-in:use"               [anonymous];
        SignInFail               "sign-in:fail"              [anonymous signed_in];
        InvitationAccept         "invitation:accept"         [anonymous signed_in];
        TeamsOwn                 "team:list-own"             [signed_in];
        DelegationsOwn           "delegation:list-own"       [signed_in];
        ConversationsOwn         "conversation:list-own"     [signed_in];
        GrantsOwn                "grant:list-own"            [signed_in];
        PermissionsOwn           "permission:explain"        [signed_in];
        BackChannelLogout        "sign-in:back-channel"      [anonymous];
        SessionExpire            "session:expire"            [job];
        TokenCleanUp             "token:clean-up"            [job];
        LastSeenRecord           "last-seen:record"          [job];
        QrSignInExpire           "qr-sign-in:expire"         [job];
        IdentityRefresh          "identity:refresh"          [job];
        JobRecord                "job:record"                [job];
        DelegationMarkOverdue    "delegation:mark-overdue"   [job];
        TeamPurge                "team:purge"                [job];
        AnswerForget             "answer:forget"             [job];
        SearchFill               "search:fill"               [job];
        WebhookDeliver           "webhook:deliver"           [job];
        OwnerClaim               "owner:claim"               [operator];
        SignInLinkCreate         "sign-in-link:create"       [operator];
        ServerRun                "server:run"                [operator];
    }
}
