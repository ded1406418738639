//! The matrix as the security design words it, written down a second time: the code must agree in every cell.

use milton::domain::permission::{
    Account, Assurance, Binding, Decision, Permission, Relation, Sphere, Subject, decide, describe,
};
use milton::domain::role::Role;

/// A row: the permission, then the words for Owner, Admin, Manager and Member.
///
/// `yes` · `-` never · `own` · `part` takes part in it · `have` was handed it · `new` nobody has accepted it ·
/// `given` was granted it · `told` it was reported · `<` the role it concerns stands below · `s` with step-up.
/// Words in one cell must all hold; on both sides of a `|` one is enough.
type Row = (&'static str, [&'static str; 4]);

const SERVER: &[Row] = &[
    // user directory (names)
    ("directory:read", ["yes", "yes", "yes", "yes"]),
    // user (details, sessions, devices)
    ("user:read", ["yes", "yes", "-", "-"]),
    // user invite / suspend / reinstate / revoke sessions
    ("user:invite", ["yes", "<", "-", "-"]),
    ("user:suspend", ["yes", "<", "-", "-"]),
    ("user:reinstate", ["yes", "<", "-", "-"]),
    ("user:revoke-sessions", ["yes", "<", "-", "-"]),
    ("user:role", ["s", "< s", "-", "-"]),
    ("user:delete", ["s", "-", "-", "-"]),
    ("team:create", ["yes", "yes", "yes", "-"]),
    // team list all (names, sizes) / recover ownerless team
    ("team:list-all", ["yes", "yes", "-", "-"]),
    ("team:recover", ["s", "-", "-", "-"]),
    // audit read, verify / export; Managers and Members: own acts
    ("audit:read", ["yes", "yes", "own", "own"]),
    ("audit:verify", ["yes", "yes", "own", "own"]),
    ("audit:export", ["s", "s", "own s", "own s"]),
    // retention policy · preview
    ("retention:read", ["yes", "yes", "yes", "-"]),
    ("retention:preview", ["yes", "yes", "-", "-"]),
    ("retention:update", ["s", "-", "-", "-"]),
    // legal hold
    ("hold:read", ["yes", "yes", "-", "-"]),
    ("hold:place", ["yes", "yes", "-", "-"]),
    ("hold:release", ["s", "-", "-", "-"]),
    ("keys:read", ["yes", "yes", "-", "-"]),
    ("keys:rotate", ["s", "-", "-", "-"]),
    ("backup:read", ["yes", "yes", "-", "-"]),
    ("backup:create", ["yes", "yes", "-", "-"]),
    ("settings:read", ["yes", "yes", "-", "-"]),
    ("settings:update", ["s", "-", "-", "-"]),
    // controls (assurance)
    ("controls:read", ["yes", "yes", "yes", "-"]),
    ("controls:run", ["yes", "yes", "-", "-"]),
    ("incident:create", ["yes", "yes", "yes", "yes"]),
    ("incident:read", ["yes", "yes", "own", "own"]),
    ("incident:update", ["yes", "yes", "-", "-"]),
    ("incident:close", ["s", "-", "-", "-"]),
    // timers: to see when they ran, to start one by hand
    ("job:read", ["yes", "yes", "-", "-"]),
    ("job:run", ["yes", "yes", "-", "-"]),
    // inventory of API keys; to take one away is like ending a session
    ("api-key:read-all", ["yes", "yes", "-", "-"]),
    ("api-key:revoke-any", ["yes", "<", "-", "-"]),
    // own profile, sessions, devices, API keys, notifications
    ("profile:read", ["own", "own", "own", "own"]),
    ("profile:update", ["own", "own", "own", "own"]),
    ("session:read", ["own", "own", "own", "own"]),
    ("session:revoke", ["own", "own", "own", "own"]),
    ("session:step-up", ["own", "own", "own", "own"]),
    ("device:read", ["own", "own", "own", "own"]),
    ("device:manage", ["own", "own", "own", "own"]),
    // to say that a device is not mine takes ways in away: with step-up, or a stolen session would put its victim out
    ("device:disown", ["own s", "own s", "own s", "own s"]),
    ("qr-sign-in:approve", ["own", "own", "own", "own"]),
    // a device in another network may be a relay's: with step-up, or a borrowed session would be handed on
    ("qr-sign-in:approve-across", ["own s", "own s", "own s", "own s"]),
    // a new way in outlives the session that made it: with step-up, or a stolen session would make itself at home
    ("identity:read", ["own", "own", "own", "own"]),
    ("identity:manage", ["own s", "own s", "own s", "own s"]),
    ("passkey:read", ["own", "own", "own", "own"]),
    ("passkey:manage", ["own s", "own s", "own s", "own s"]),
    ("api-key:create", ["own s", "own s", "own s", "own s"]),
    ("api-key:manage", ["own", "own", "own", "own"]),
    ("notification:manage", ["own", "own", "own", "own"]),
    // own data export / own deletion
    ("data:export", ["own s", "own s", "own s", "own s"]),
    ("account:delete", ["own s", "own s", "own s", "own s"]),
    ("account:keep", ["own", "own", "own", "own"]),
    // personal credential; to reveal one is a dangerous act like revealing a team's
    ("personal-credential:manage", ["own", "own", "own", "own"]),
    ("personal-credential:reveal", ["own s", "own s", "own s", "own s"]),
];

const TEAM: &[Row] = &[
    ("team:read", ["yes", "yes", "yes", "yes"]),
    ("team:update", ["yes", "yes", "-", "-"]),
    ("team:delete", ["s", "-", "-", "-"]),
    ("team:transfer", ["s", "-", "-", "-"]),
    // a team within its grace; deciding about it is as much as deleting it
    ("team:restore", ["s", "-", "-", "-"]),
    // membership; everybody may go, the last Owner is held back by a rule of its own
    ("membership:read", ["yes", "yes", "yes", "yes"]),
    ("membership:role", ["s", "< s", "-", "-"]),
    ("membership:remove", ["s", "< s", "<", "-"]),
    ("membership:leave", ["own", "own", "own", "own"]),
    ("invitation:create", ["yes", "<", "<", "-"]),
    // inviting an Admin or Owner is as dangerous as making one: with step-up, or a stale session would go that way round
    ("invitation:create-high", ["s", "< s", "-", "-"]),
    ("invitation:read", ["yes", "yes", "own", "-"]),
    ("invitation:revoke", ["yes", "yes", "own", "-"]),
    // resource grant; nobody grants at or above their own role
    ("grant:create", ["yes", "<", "own <", "-"]),
    ("grant:read", ["yes", "yes", "own", "own"]),
    ("grant:delete", ["yes", "<", "own", "-"]),
    // delegation; its assignee decides about progress and may hand it on, its delegator confirms
    ("delegation:create", ["yes", "yes", "yes", "yes"]),
    ("delegation:read", ["yes", "yes", "yes", "part"]),
    ("delegation:update", ["yes", "yes", "yes", "own"]),
    ("delegation:assign", ["yes", "yes", "yes", "own|have"]),
    ("delegation:progress", ["have", "have", "have", "have"]),
    ("delegation:confirm", ["own", "own", "own", "own"]),
    ("delegation:delete", ["yes", "yes", "own", "own new"]),
    // to hear of it without having it; many at once
    ("delegation:watch", ["yes", "yes", "yes", "part"]),
    ("delegation:bulk", ["yes", "yes", "yes", "-"]),
    ("comment:create", ["yes", "yes", "yes", "part"]),
    ("comment:update", ["own", "own", "own", "own"]),
    ("comment:delete", ["own", "own", "own", "own"]),
    ("conversation:create", ["yes", "yes", "yes", "yes"]),
    ("conversation:read", ["part", "part", "part", "part"]),
    ("conversation:update", ["own", "own", "own", "-"]),
    ("conversation:delete", ["own", "own", "own", "-"]),
    ("conversation:leave", ["part", "part", "part", "part"]),
    ("message:create", ["part", "part", "part", "part"]),
    ("message:read", ["part", "part", "part", "part"]),
    ("message:update", ["own", "own", "own", "own"]),
    ("message:delete", ["own", "own", "own", "own"]),
    ("message:delete-reported", ["-", "told", "-", "-"]),
    ("message:report", ["part", "part", "part", "part"]),
    // team credential; who revealed it is for those who may change it
    ("credential:create", ["yes", "yes", "yes", "-"]),
    ("credential:read", ["yes", "yes", "yes", "given"]),
    ("credential:reveal", ["s", "s", "given s", "given s"]),
    ("credential:update", ["yes", "yes", "own", "-"]),
    ("credential:share", ["yes", "yes", "own", "-"]),
    ("credential:delete", ["yes", "yes", "own", "-"]),
    ("credential:history", ["yes", "yes", "own", "-"]),
    ("search:use", ["yes", "yes", "yes", "yes"]),
    // a webhook tells another machine what happens: as dangerous as letting somebody in
    ("webhook:read", ["yes", "yes", "-", "-"]),
    ("webhook:manage", ["s", "s", "-", "-"]),
];

/// What needs no role, and who may do it.
const DOORS: &[(&str, &str)] = &[
    ("sign-in:use", "anonymous"),
    ("sign-in:fail", "anonymous signed-in"),
    ("invitation:accept", "anonymous signed-in"),
    ("team:list-own", "signed-in"),
    ("delegation:list-own", "signed-in"),
    ("conversation:list-own", "signed-in"),
    ("grant:list-own", "signed-in"),
    ("permission:explain", "signed-in"),
    ("sign-in:back-channel", "anonymous"),
    ("session:expire", "job"),
    ("token:clean-up", "job"),
    ("last-seen:record", "job"),
    ("qr-sign-in:expire", "job"),
    ("identity:refresh", "job"),
    ("job:record", "job"),
    ("delegation:mark-overdue", "job"),
    ("team:purge", "job"),
    ("answer:forget", "job"),
    ("search:fill", "job"),
    ("webhook:deliver", "job"),
    ("owner:claim", "operator"),
    ("sign-in-link:create", "operator"),
    ("server:run", "operator"),
];

fn holds(word: &str, role: Role, relation: Relation) -> bool {
    match word {
        "yes" | "s" => true,
        "-" => false,
        "own" => relation.own,
        "part" => relation.own || relation.assigned || relation.participant,
        "have" => relation.assigned,
        "own|have" => relation.own || relation.assigned,
        "new" => relation.untouched,
        "given" => relation.granted,
        "told" => relation.reported,
        "<" => relation.target.is_some_and(|target| target < role),
        word => panic!("no such word: {word}"),
    }
}

fn expected(cell: &str, role: Role, relation: Relation, stepped_up: bool) -> Decision {
    let mut words = cell.split(' ');
    if !words.clone().all(|word| holds(word, role, relation)) {
        Decision::Deny
    } else if !stepped_up && words.any(|word| word == "s") {
        Decision::StepUp
    } else {
        Decision::Allow
    }
}

/// Every relation there can be.
fn relations() -> Vec<Relation> {
    let targets = [None, Some(Role::Member), Some(Role::Manager), Some(Role::Admin), Some(Role::Owner)];
    let bit = |bits: u32, nth: u32| bits & (1 << nth) != 0;
    let with = |bits, target| Relation {
        own: bit(bits, 0),
        assigned: bit(bits, 1),
        participant: bit(bits, 2),
        untouched: bit(bits, 3),
        granted: bit(bits, 4),
        reported: bit(bits, 5),
        target,
    };
    (0..64).flat_map(|bits| targets.map(|target| with(bits, target))).collect()
}

fn find(name: &str) -> Permission {
    let found = Permission::ALL.iter().find(|permission| permission.as_str() == name);
    *found.unwrap_or_else(|| panic!("{name} is no permission"))
}

/// A person with this role in the sphere that counts, and the highest one in the sphere that must not.
fn subject(sphere: Sphere, role: Option<Role>, active: bool, stepped_up: bool) -> Subject {
    let (instance_role, team_role) = match sphere {
        Sphere::Instance => (role, Some(Role::Owner)),
        Sphere::Team => (Some(Role::Owner), role),
    };
    let account = if active { Account::Active } else { Account::Ended };
    let assurance = if stepped_up { Assurance::Fresh } else { Assurance::Stale };
    Subject::User { account, instance_role, team: Binding::member(team_role), assurance }
}

fn check_row(sphere: Sphere, (name, cells): &Row) {
    let permission = find(name);
    assert_eq!(permission.row().map(|(sphere, _)| sphere), Some(sphere), "{name}");
    for (role, cell) in Role::ALL.into_iter().zip(cells) {
        for (relation, stepped_up) in relations().into_iter().flat_map(|relation| [(relation, true), (relation, false)])
        {
            let decided = decide(permission, subject(sphere, Some(role), true, stepped_up), relation);
            assert_eq!(decided, expected(cell, role, relation, stepped_up), "{name} for {role:?}: {relation:?}");
            let suspended = decide(permission, subject(sphere, Some(role), false, stepped_up), relation);
            assert_eq!(suspended, Decision::Deny, "{name} for a suspended {role:?}");
            let nobody = decide(permission, subject(sphere, None, true, stepped_up), relation);
            assert_eq!(nobody, Decision::Deny, "{name} for somebody with a role in the other sphere alone");
        }
    }
}

#[test]
fn every_cell_is_as_it_was_designed() {
    for row in SERVER {
        check_row(Sphere::Instance, row);
    }
    for row in TEAM {
        check_row(Sphere::Team, row);
    }
}

#[test]
fn every_door_opens_to_whom_it_should() {
    for (name, who) in DOORS {
        let subjects = [
            ("anonymous", Subject::Anonymous),
            ("job", Subject::Job),
            ("operator", Subject::Operator),
            ("signed-in", subject(Sphere::Team, None, true, false)),
        ];
        for (kind, subject) in subjects {
            let open = decide(find(name), subject, Relation::default()) == Decision::Allow;
            assert_eq!(open, who.split(' ').any(|name| name == kind), "{name} for {kind}");
        }
        assert_eq!(decide(find(name), subject(Sphere::Team, None, false, true), Relation::default()), Decision::Deny);
    }
}

#[test]
fn nothing_is_permitted_that_was_not_designed() {
    let mut designed: Vec<_> = SERVER.iter().chain(TEAM).map(|(name, _)| *name).collect();
    designed.extend(DOORS.iter().map(|(name, _)| *name));
    let coded: Vec<_> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
    assert_eq!(coded, designed);
}

#[test]
fn the_matrix() {
    insta::assert_snapshot!(describe());
}
