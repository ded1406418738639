//! What the matrix decides, for whatever facts.

use proptest::prelude::*;

use super::*;

fn user(instance_role: Option<Role>, team_role: Option<Role>) -> Subject {
    with(Account::Active, instance_role, team_role, Assurance::Fresh)
}

fn with(account: Account, instance_role: Option<Role>, team_role: Option<Role>, assurance: Assurance) -> Subject {
    Subject::User { account, instance_role, team: Binding::member(team_role), assurance }
}

const EVERYTHING: Relation = Relation {
    own: true,
    assigned: true,
    participant: true,
    untouched: true,
    granted: true,
    reported: true,
    target: Some(Role::Member),
};

fn any_role() -> impl Strategy<Value = Option<Role>> {
    prop::option::of(prop::sample::select(Role::ALL.to_vec()))
}

fn any_permission() -> impl Strategy<Value = Permission> {
    prop::sample::select(Permission::ALL.to_vec())
}

proptest! {
    #[test]
    fn no_role_is_no_permission(permission in any_permission()) {
        if permission.row().is_some() {
            prop_assert_eq!(decide(permission, user(None, None), EVERYTHING), Decision::Deny);
        }
    }

    #[test]
    fn an_instance_role_opens_no_team_and_a_team_role_nothing_of_the_instance(
        permission in any_permission(), role in any_role(),
    ) {
        match permission.row() {
            Some((Sphere::Team, _)) => {
                prop_assert_eq!(decide(permission, user(role, None), EVERYTHING), Decision::Deny);
            }
            Some((Sphere::Instance, _)) => {
                prop_assert_eq!(decide(permission, user(None, role), EVERYTHING), Decision::Deny);
            }
            None => {}
        }
    }

    #[test]
    fn a_guest_takes_part_in_one_thing_and_never_has_more_than_the_role(
        permission in any_permission(), role in prop::sample::select(Role::ALL.to_vec()),
    ) {
        let guest = Subject::User {
            account: Account::Active, instance_role: None, team: Binding::Guest(role), assurance: Assurance::Fresh,
        };
        for relation in [Relation::default(), EVERYTHING] {
            let part = Relation { participant: true, ..relation };
            let member = decide(permission, user(None, Some(role)), part);
            let expected = if permission.row().is_none() || FOR_GUESTS.contains(&permission) { member } else { Decision::Deny };
            prop_assert_eq!(decide(permission, guest, relation), expected);
        }
    }

    #[test]
    fn a_closed_team_can_be_taken_back_and_nothing_else(
        permission in any_permission(), role in prop::sample::select(Role::ALL.to_vec()),
    ) {
        let of_team = matches!(permission.row(), Some((Sphere::Team, _)));
        let closed = Subject::User {
            account: Account::Active, instance_role: None, team: Binding::Closed(role), assurance: Assurance::Fresh,
        };
        if of_team {
            let opens = permission == Permission::TeamRestore && role == Role::Owner;
            prop_assert_eq!(decide(permission, closed, EVERYTHING) == Decision::Allow, opens);
        }
    }

    #[test]
    fn the_suspended_may_nothing(permission in any_permission(), instance in any_role(), team in any_role()) {
        let suspended = with(Account::Ended, instance, team, Assurance::Fresh);
        prop_assert_eq!(decide(permission, suspended, EVERYTHING), Decision::Deny);
    }

    #[test]
    fn step_up_is_asked_of_whoever_would_otherwise_be_allowed(
        permission in any_permission(), instance in any_role(), team in any_role(),
    ) {
        let stale = with(Account::Active, instance, team, Assurance::Stale);
        let fresh = decide(permission, user(instance, team), EVERYTHING);
        let now = decide(permission, stale, EVERYTHING);
        prop_assert!(now == fresh || (now == Decision::StepUp && fresh == Decision::Allow));
    }

    #[test]
    fn a_vouched_device_is_stale_for_ever_and_vouches_for_nobody(
        permission in any_permission(), instance in any_role(), team in any_role(),
    ) {
        let stale = decide(permission, with(Account::Active, instance, team, Assurance::Stale), EVERYTHING);
        let vouched = decide(permission, with(Account::Active, instance, team, Assurance::Vouched), EVERYTHING);
        let never = [Permission::QrSignInApprove, Permission::QrSignInApproveAcross, Permission::SessionStepUp, Permission::DeviceManage];
        let never = never.contains(&permission);
        prop_assert_eq!(vouched, if never { Decision::Deny } else { stale });
    }

    #[test]
    fn a_key_does_what_its_scopes_and_its_maker_s_stale_sign_in_both_allow(
        permission in any_permission(), other in any_permission(), instance in any_role(), team in any_role(),
    ) {
        let key = |scopes| decide(permission, with(Account::Active, instance, team, Assurance::Key(scopes)), EVERYTHING);
        let stale = decide(permission, with(Account::Active, instance, team, Assurance::Stale), EVERYTHING);
        let expected = if stale == Decision::Allow { Decision::Allow } else { Decision::Deny };
        prop_assert_eq!(key(Scopes::of([permission, other])), expected);
        prop_assert_eq!(key(Scopes::default()), Decision::OutOfScope);
        if other != permission {
            prop_assert_eq!(key(Scopes::of([other])), Decision::OutOfScope);
        }
    }

    #[test]
    fn who_is_leaving_may_look_stay_or_go(permission in any_permission(), instance in any_role(), team in any_role()) {
        let leaving = decide(permission, with(Account::Leaving, instance, team, Assurance::Fresh), EVERYTHING);
        let active = decide(permission, user(instance, team), EVERYTHING);
        let open = [Permission::AccountKeep, Permission::ProfileRead, Permission::SessionRead, Permission::SessionRevoke];
        prop_assert_eq!(leaving, if open.contains(&permission) { active } else { Decision::Deny });
    }

    #[test]
    fn below_the_owner_nobody_touches_their_own_rank_or_above(
        role in any_role(), target in prop::sample::select(Role::ALL.to_vec()),
    ) {
        let relation = Relation { target: Some(target), ..EVERYTHING };
        for permission in [Permission::UserRole, Permission::MembershipRole, Permission::MembershipRemove,
            Permission::InvitationCreate, Permission::GrantCreate, Permission::UserSuspend] {
            if decide(permission, user(role, role), relation) == Decision::Allow {
                prop_assert!(role == Some(Role::Owner) || Some(target) < role);
            }
        }
    }
}

fn any_subject() -> impl Strategy<Value = Subject> {
    let scopes = prop::collection::vec(any_permission(), 0..100).prop_map(|scopes| Assurance::Key(Scopes::of(scopes)));
    let assurance =
        prop_oneof![prop::sample::select(vec![Assurance::Fresh, Assurance::Stale, Assurance::Vouched]), scopes];
    let account = prop::sample::select(vec![Account::Active, Account::Active, Account::Leaving, Account::Ended]);
    let binding = (
        any_role(),
        prop::sample::select(vec![Binding::Member as fn(Role) -> Binding, Binding::Closed, Binding::Guest]),
    )
        .prop_map(|(role, kind)| role.map_or(Binding::Nothing, kind));
    let person = (account, any_role(), binding, assurance).prop_map(|(account, instance_role, team, assurance)| {
        Subject::User { account, instance_role, team, assurance }
    });
    prop_oneof![8 => person, 1 => prop::sample::select(vec![Subject::Anonymous, Subject::Job, Subject::Operator])]
}

fn any_relation() -> impl Strategy<Value = Relation> {
    (any::<[bool; 6]>(), any_role()).prop_map(|([own, assigned, participant, untouched, granted, reported], target)| {
        Relation { own, assigned, participant, untouched, granted, reported, target }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]
    #[test]
    fn an_explanation_says_what_is_decided_and_holds_together(
        permission in any_permission(), subject in any_subject(), relation in any_relation(),
    ) {
        let Explanation { reason, condition } = explain(permission, subject, relation);
        let decision = decide(permission, subject, relation);
        prop_assert_eq!(reason.decision(), decision);
        prop_assert!(!reason.is_prohibition() || !matches!(decision, Decision::Allow | Decision::StepUp));
        let is_open = matches!(decision, Decision::Allow | Decision::StepUp);
        prop_assert!(!is_open || condition.is_none_or(|condition| condition.met));
        prop_assert_eq!(reason == Reason::Condition, condition.is_some_and(|condition| !condition.met));
        let (Subject::User { .. }, Some((sphere, _))) = (subject, permission.row()) else { return Ok(()) };
        let steps = resolve(sphere, subject);
        let nothing_found = steps.last() == Some(&Step::Default);
        prop_assert!(!(nothing_found && is_open), "nothing is open to nobody");
        prop_assert!(reason != Reason::NoRole || nothing_found, "and nobody is told so who has a role");
        let found = |step: &Step| matches!(step, Step::Instance(Some(_)) | Step::Team(Some(_)) | Step::Grant(Some(_)));
        prop_assert_eq!(steps.iter().filter(|step| found(step)).count(), usize::from(!nothing_found));
        prop_assert_eq!(steps.iter().position(found), (!nothing_found).then(|| steps.len() - 1), "the first hit ends it");
    }
}

#[test]
fn every_reason_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(names.len(), Reason::ALL.len());
}

#[test]
fn only_the_doors_let_strangers_in() {
    for &permission in Permission::ALL {
        for subject in [Subject::Anonymous, Subject::Job, Subject::Operator] {
            if permission.row().is_some() {
                assert_eq!(decide(permission, subject, EVERYTHING), Decision::Deny, "{permission:?}");
            }
        }
    }
    assert_eq!(decide(Permission::SignIn, Subject::Anonymous, Relation::default()), Decision::Allow);
    assert_eq!(decide(Permission::OwnerClaim, Subject::Operator, Relation::default()), Decision::Allow);
    assert_eq!(decide(Permission::OwnerClaim, Subject::Anonymous, Relation::default()), Decision::Deny);
    assert_eq!(decide(Permission::OwnerClaim, user(Some(Role::Owner), None), EVERYTHING), Decision::Deny);
}

#[test]
fn each_condition_wants_its_own_fact() {
    let nothing = Relation::default();
    let member = user(Some(Role::Member), Some(Role::Member));
    let cases = [
        (Permission::DelegationRead, Relation { participant: true, ..nothing }),
        (Permission::DelegationRead, Relation { assigned: true, ..nothing }),
        (Permission::DelegationUpdate, Relation { own: true, ..nothing }),
        (Permission::DelegationProgress, Relation { assigned: true, ..nothing }),
        (Permission::DelegationAssign, Relation { assigned: true, ..nothing }),
        (Permission::DelegationDelete, Relation { own: true, untouched: true, ..nothing }),
        (Permission::CredentialReveal, Relation { granted: true, ..nothing }),
    ];
    for (permission, enough) in cases {
        assert_eq!(decide(permission, member, nothing), Decision::Deny, "{permission:?}");
        assert_eq!(decide(permission, member, enough), Decision::Allow, "{permission:?}");
    }
    let own = Relation { own: true, ..nothing };
    assert_eq!(decide(Permission::DelegationDelete, member, own), Decision::Deny, "accepted work stays");
    let assigned = Relation { assigned: true, ..nothing };
    assert_eq!(decide(Permission::DelegationUpdate, member, assigned), Decision::Deny);
    let owner = user(None, Some(Role::Owner));
    assert_eq!(decide(Permission::DelegationProgress, owner, own), Decision::Deny, "only who has it");
    assert_eq!(decide(Permission::DelegationConfirm, owner, assigned), Decision::Deny, "only who gave it");
    let admin = user(None, Some(Role::Admin));
    assert_eq!(decide(Permission::MessageDeleteReported, admin, own), Decision::Deny);
    let reported = Relation { reported: true, ..nothing };
    assert_eq!(decide(Permission::MessageDeleteReported, admin, reported), Decision::Allow);
    let manager = user(None, Some(Role::Manager));
    let below = Relation { target: Some(Role::Member), ..nothing };
    assert_eq!(decide(Permission::GrantCreate, manager, below), Decision::Deny);
    assert_eq!(decide(Permission::GrantCreate, manager, own), Decision::Deny);
    assert_eq!(decide(Permission::GrantCreate, manager, Relation { own: true, ..below }), Decision::Allow);
}
