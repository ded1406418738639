//! What an API key is good for: a set of permissions, never more than its maker has at the moment of use.

use super::matrix::{Permission, Sphere};
use crate::domain::role::Role;

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Scopes([u128; 2]);

const _: () = assert!(Permission::ALL.len() <= 256, "one bit for each permission");

/// What no key may do: to make or end proofs of identity, to decide about the account as a whole, or anything that wants
/// a person to have proved just now who they are.
const NEVER: &[Permission] = &[
    Permission::ProfileUpdate,
    Permission::SessionRead,
    Permission::SessionRevoke,
    Permission::SessionStepUp,
    Permission::DeviceRead,
    Permission::DeviceManage,
    Permission::QrSignInApprove,
    Permission::IdentityRead,
    Permission::PasskeyRead,
    Permission::ApiKeyManage,
    Permission::AccountKeep,
    Permission::InvitationAccept,
    Permission::SignInFail,
];

impl Permission {
    /// Whether a key may have it as a scope.
    pub fn is_for_keys(self) -> bool {
        let by_role = self.row().is_some_and(|(_, cells)| cells.iter().any(|cell| !cell.step_up && cell.is_open()));
        (by_role || self.doors().signed_in) && !NEVER.contains(&self)
    }

    /// Whether somebody with these roles can give it to a key: one of the roles allows it, and wants no recent proof of who
    /// they are, which a key never has. What a single thing's own conditions say shows when the key is used.
    pub fn is_open_to_keys_of(self, instance_role: Option<Role>, team_roles: &[Role]) -> bool {
        let roles = match self.row() {
            None => return self.is_for_keys(),
            Some((Sphere::Instance, _)) => instance_role.as_slice(),
            Some((Sphere::Team, _)) => team_roles,
        };
        let cells = |role: &Role| self.row().map(|(_, cells)| super::cell_of(*role, cells));
        self.is_for_keys() && roles.iter().filter_map(cells).any(|cell| cell.is_open() && !cell.step_up)
    }

    /// The permission of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == name)
    }
}

impl Scopes {
    /// The set of these.
    pub fn of(permissions: impl IntoIterator<Item = Permission>) -> Self {
        let mut words = [0; 2];
        for permission in permissions {
            let (word, bit) = place(permission);
            words[word] |= bit;
        }
        Self(words)
    }

    /// Reads names with a space between them, as the database holds them. A name that is not known any more opens
    /// nothing, nor does one that is not for keys, however it got there.
    pub fn from_stored(text: &str) -> Self {
        let known = text.split_ascii_whitespace().filter_map(Permission::parse);
        Self::of(known.filter(|permission| permission.is_for_keys()))
    }

    /// Whether a permission is in it.
    pub const fn contains(self, permission: Permission) -> bool {
        let (word, bit) = place(permission);
        self.0[word] & bit != 0
    }

    /// Its permissions, in the order of the matrix.
    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }

    /// Names with a space between them.
    pub fn to_stored(self) -> String {
        self.permissions().map(Permission::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// In which word a permission's bit is, and which.
const fn place(permission: Permission) -> (usize, u128) {
    let nth = permission as usize;
    (nth / 128, 1 << (nth % 128))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_what_was_put_in_and_survives_being_stored() {
        let set = Scopes::of([Permission::DelegationRead, Permission::TeamRead, Permission::Search]);
        assert_eq!(set.to_stored(), "team:read delegation:read search:use");
        assert_eq!(Scopes::from_stored(&set.to_stored()), set);
        assert_eq!(
            Scopes::from_stored("delegation:read no:such session:revoke"),
            Scopes::of([Permission::DelegationRead])
        );
        assert!(!Scopes::default().contains(Permission::TeamRead));
        let each = Permission::ALL.iter().filter(|permission| Scopes::of([**permission]).permissions().count() == 1);
        assert_eq!(each.count(), Permission::ALL.len());
    }

    #[test]
    fn nobody_gives_a_key_what_none_of_their_roles_allows() {
        let (member, manager, owner) = (Some(Role::Member), [Role::Member, Role::Manager], [Role::Owner]);
        assert!(Permission::DelegationRead.is_open_to_keys_of(None, &manager));
        assert!(!Permission::DelegationRead.is_open_to_keys_of(member, &[]), "a role on the server opens no team");
        assert!(!Permission::AuditRead.is_open_to_keys_of(None, &owner), "and a role in a team nothing of the server");
        assert!(Permission::UserRead.is_open_to_keys_of(Some(Role::Admin), &[]));
        assert!(!Permission::UserRead.is_open_to_keys_of(Some(Role::Manager), &[]));
        assert!(Permission::MembershipRemove.is_open_to_keys_of(None, &manager));
        assert!(
            !Permission::MembershipRemove.is_open_to_keys_of(None, &owner),
            "an Owner's cell wants a fresh sign-in"
        );
        assert!(Permission::TeamsOwn.is_open_to_keys_of(None, &[]));
        for never in Permission::ALL.iter().filter(|permission| !permission.is_for_keys()) {
            assert!(!never.is_open_to_keys_of(Some(Role::Owner), &Role::ALL), "{never:?}");
        }
    }

    #[test]
    fn no_key_makes_keys_or_does_what_wants_a_fresh_proof() {
        for never in [
            Permission::ApiKeyCreate,
            Permission::PasskeyManage,
            Permission::CredentialReveal,
            Permission::UserRole,
            Permission::AccountDelete,
            Permission::SignIn,
            Permission::ServerRun,
        ] {
            assert!(!never.is_for_keys(), "{never:?}");
        }
        for fine in [Permission::DelegationCreate, Permission::TeamsOwn, Permission::MembershipRemove] {
            assert!(fine.is_for_keys(), "{fine:?}");
        }
    }
}
