//! What an API key is good for: a set of permissions, never more than its maker has at the moment of use.

use super::matrix::Permission;

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Scopes(u128);

const _: () = assert!(Permission::ALL.len() <= 128, "one bit for each permission");

/// What no key may do: to make or end proofs of identity, to decide about the account as a whole, or anything that wants
/// a person to have proved just now who they are.
const NEVER: &[Permission] = &[
    Permission::ProfileUpdate,
    Permission::SessionRead,
    Permission::SessionRevoke,
    Permission::SessionStepUp,
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

    /// The permission of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == name)
    }
}

impl Scopes {
    /// The set of these.
    pub fn of(permissions: impl IntoIterator<Item = Permission>) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | bit(permission)))
    }

    /// Reads names with a space between them, as the database holds them. A name that is not known any more opens
    /// nothing.
    pub fn from_stored(text: &str) -> Self {
        Self::of(text.split_ascii_whitespace().filter_map(Permission::parse))
    }

    /// Whether a permission is in it.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & bit(permission) != 0
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

const fn bit(permission: Permission) -> u128 {
    1 << permission as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_what_was_put_in_and_survives_being_stored() {
        let set = Scopes::of([Permission::DelegationRead, Permission::TeamRead, Permission::Search]);
        assert_eq!(set.to_stored(), "team:read delegation:read search:use");
        assert_eq!(Scopes::from_stored(&set.to_stored()), set);
        assert_eq!(Scopes::from_stored("delegation:read no:such"), Scopes::of([Permission::DelegationRead]));
        assert!(!Scopes::default().contains(Permission::TeamRead));
        let each = Permission::ALL.iter().filter(|permission| Scopes::of([**permission]).permissions().count() == 1);
        assert_eq!(each.count(), Permission::ALL.len());
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
