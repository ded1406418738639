//! Owner → Admin → Manager → Member. No role at all is the default and permits nothing.

/// A role in a scope. Ordered: `Member < Manager < Admin < Owner`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Works.
    Member,
    /// Hands out work.
    Manager,
    /// Runs the scope.
    Admin,
    /// Answers for the scope.
    Owner,
}

impl Role {
    /// From the highest to the lowest, the order of the matrix's columns.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Manager, Self::Member];

    /// The role's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Member => "member",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}
