//! What the matrix decides, for whatever facts.

use proptest::prelude::*;

use super::*;

fn user(instance_role: Option<Role>, team_role: Option<Role>) -> Subject {
    Subject::User { active: true, instance_role, team_role, stepped_up: true }
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
    fn the_suspended_may_nothing(permission in any_permission(), instance in any_role(), team in any_role()) {
        let suspended = Subject::User { active: false, instance_role: instance, team_role: team, stepped_up: true };
        prop_assert_eq!(decide(permission, suspended, EVERYTHING), Decision::Deny);
    }

    #[test]
    fn step_up_is_asked_of_whoever_would_otherwise_be_allowed(
        permission in any_permission(), instance in any_role(), team in any_role(),
    ) {
        let stale = Subject::User { active: true, instance_role: instance, team_role: team, stepped_up: false };
        let fresh = decide(permission, user(instance, team), EVERYTHING);
        let now = decide(permission, stale, EVERYTHING);
        prop_assert!(now == fresh || (now == Decision::StepUp && fresh == Decision::Allow));
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
