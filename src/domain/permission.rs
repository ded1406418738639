//! THE matrix: who may do what. One table, read by the store for every act, by the OpenAPI description, and by the
//! snapshot test. Pure: facts in, a decision out.

use std::fmt::Write as _;

use super::role::Role;

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

/// One cell of the matrix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cell {
    /// When it is allowed.
    pub when: When,
    /// Whether it wants a recent proof of who the caller is.
    pub step_up: bool,
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
    const fn as_str(self) -> &'static str {
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
        ProfileRead              "profile:read"              Instance [OWN, OWN, OWN, OWN];
        ProfileUpdate            "profile:update"            Instance [OWN, OWN, OWN, OWN];
        SessionRead              "session:read"              Instance [OWN, OWN, OWN, OWN];
        SessionRevoke            "session:revoke"            Instance [OWN, OWN, OWN, OWN];
        DeviceManage             "device:manage"             Instance [OWN, OWN, OWN, OWN];
        ApiKeyManage             "api-key:manage"            Instance [OWN, OWN, OWN, OWN];
        NotificationManage       "notification:manage"       Instance [OWN, OWN, OWN, OWN];
        DataExport               "data:export"               Instance [s(OWN), s(OWN), s(OWN), s(OWN)];
        AccountDelete            "account:delete"            Instance [s(OWN), s(OWN), s(OWN), s(OWN)];
        PersonalCredentialManage "personal-credential:manage" Instance [OWN, OWN, OWN, OWN];
        PersonalCredentialReveal "personal-credential:reveal" Instance [s(OWN), s(OWN), s(OWN), s(OWN)];

        TeamRead                 "team:read"                 Team [YES, YES, YES, YES];
        TeamUpdate               "team:update"               Team [YES, YES, NO, NO];
        TeamDelete               "team:delete"               Team [s(YES), NO, NO, NO];
        TeamTransfer             "team:transfer"             Team [s(YES), NO, NO, NO];
        MembershipRead           "membership:read"           Team [YES, YES, YES, YES];
        MembershipRole           "membership:role"           Team [s(YES), s(BELOW), NO, NO];
        MembershipRemove         "membership:remove"         Team [s(YES), s(BELOW), BELOW, NO];
        MembershipLeave          "membership:leave"          Team [OWN, OWN, OWN, OWN];
        InvitationCreate         "invitation:create"         Team [YES, BELOW, BELOW, NO];
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
        CredentialCreate         "credential:create"         Team [YES, YES, YES, NO];
        CredentialRead           "credential:read"           Team [YES, YES, YES, GRANTED];
        CredentialReveal         "credential:reveal"         Team [s(YES), s(YES), s(GRANTED), s(GRANTED)];
        CredentialUpdate         "credential:update"         Team [YES, YES, OWN, NO];
        CredentialShare          "credential:share"          Team [YES, YES, OWN, NO];
        CredentialDelete         "credential:delete"         Team [YES, YES, OWN, NO];
        Search                   "search:use"                Team [YES, YES, YES, YES];
    }
    doors {
        SignIn                   "sign-in:use"               [anonymous];
        SignInFail               "sign-in:fail"              [anonymous signed_in];
        InvitationAccept         "invitation:accept"         [anonymous signed_in];
        TeamsOwn                 "team:list-own"             [signed_in];
        DelegationsOwn           "delegation:list-own"       [signed_in];
        QuotaReport              "quota:report"              [anonymous signed_in];
        OwnerClaim               "owner:claim"               [operator];
        SignInLinkCreate         "sign-in-link:create"       [operator];
        ServerRun                "server:run"                [operator];
    }
}

/// What is known of whoever acts, read in the same transaction as the effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// A signed-in person.
    User {
        /// Whether account and session are good at this moment.
        active: bool,
        /// Their role on the server.
        instance_role: Option<Role>,
        /// Their role in the scope's team.
        team_role: Option<Role>,
        /// Whether their proof of identity is recent.
        stepped_up: bool,
    },
    /// Somebody without a session.
    Anonymous,
    /// A timer.
    Job,
    /// The host's command line.
    Operator,
}

/// How the caller stands to the thing in question, read in the same transaction as the effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(clippy::struct_excessive_bools)] // independent facts, each named by a cell of the matrix
pub struct Relation {
    /// It is theirs.
    pub own: bool,
    /// It was handed to them.
    pub assigned: bool,
    /// They take part in it some other way.
    pub participant: bool,
    /// Nobody has accepted it yet.
    pub untouched: bool,
    /// It was granted to them.
    pub granted: bool,
    /// It was reported.
    pub reported: bool,
    /// The highest role that it concerns: of the person acted upon, now or afterwards.
    pub target: Option<Role>,
}

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It may be done.
    Allow,
    /// It might be, after a new proof of identity.
    StepUp,
    /// It may not be done.
    Deny,
}

/// Decides: prohibitions first, then the role's cell, then its condition, then step-up.
pub fn decide(permission: Permission, subject: Subject, relation: Relation) -> Decision {
    let doors = permission.doors();
    let through = |open: bool| if open { Decision::Allow } else { Decision::Deny };
    let (active, instance_role, team_role, stepped_up) = match subject {
        Subject::Anonymous => return through(doors.anonymous),
        Subject::Job => return through(doors.job),
        Subject::Operator => return through(doors.operator),
        Subject::User { active, instance_role, team_role, stepped_up } => {
            (active, instance_role, team_role, stepped_up)
        }
    };
    if !active {
        return Decision::Deny;
    }
    let Some((sphere, cells)) = permission.row() else {
        return through(doors.signed_in);
    };
    let role = match sphere {
        Sphere::Instance => instance_role,
        Sphere::Team => team_role,
    };
    let Some(role) = role else {
        return Decision::Deny;
    };
    let cell = cell_of(role, cells);
    if !holds(cell.when, role, relation) {
        Decision::Deny
    } else if cell.step_up && !stepped_up {
        Decision::StepUp
    } else {
        Decision::Allow
    }
}

/// The role's own column.
const fn cell_of(role: Role, [owner, admin, manager, member]: [Cell; 4]) -> Cell {
    match role {
        Role::Owner => owner,
        Role::Admin => admin,
        Role::Manager => manager,
        Role::Member => member,
    }
}

/// Whether a cell's condition is met.
fn holds(when: When, role: Role, relation: Relation) -> bool {
    let below = relation.target.is_some_and(|target| target < role);
    match when {
        When::Never => false,
        When::Always => true,
        When::Own => relation.own,
        When::Participant => relation.own || relation.assigned || relation.participant,
        When::Assigned => relation.assigned,
        When::OwnOrAssigned => relation.own || relation.assigned,
        When::OwnUntouched => relation.own && relation.untouched,
        When::Granted => relation.own || relation.granted,
        When::Reported => relation.reported,
        When::Below => below,
        When::OwnBelow => relation.own && below,
    }
}

/// The matrix as text: what the snapshot shows and what is hashed at start.
pub fn describe() -> String {
    let mut text = String::new();
    for &permission in Permission::ALL {
        let cells = match permission.row() {
            Some((sphere, cells)) => {
                let [owner, admin, manager, member] = cells.map(word);
                let sphere = sphere.as_str();
                format!("{sphere:<9}{owner:<15}{admin:<15}{manager:<15}{member}")
            }
            None => format!("Door     {}", doors_in_words(permission.doors())),
        };
        let _ = writeln!(text, "{:<28}{}", permission.as_str(), cells.trim_end());
    }
    text
}

fn word(cell: Cell) -> String {
    let when = match cell.when {
        When::Never => "-",
        When::Always => "yes",
        When::Own => "own",
        When::Participant => "participant",
        When::Assigned => "assigned",
        When::OwnOrAssigned => "own/assigned",
        When::OwnUntouched => "own untouched",
        When::Granted => "granted",
        When::Reported => "reported",
        When::Below => "below",
        When::OwnBelow => "own below",
    };
    if cell.step_up { format!("{when} s") } else { when.to_owned() }
}

fn doors_in_words(doors: Doors) -> String {
    [("anonymous", doors.anonymous), ("signed-in", doors.signed_in), ("job", doors.job), ("operator", doors.operator)]
        .into_iter()
        .filter_map(|(who, open)| open.then_some(who))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
#[path = "permission_tests.rs"]
mod tests;
