//! `[limits]`: the figures of quotas and connections. Each has bounds: no configuration switches a limit off.

use super::reader::Reader;

/// How much of everything is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Delegations one person may create in an hour: 1–200, 20 by default.
    pub delegations_per_hour: u32,
    /// Invitations one person may create in an hour: 1–200, 20 by default.
    pub invitations_per_hour: u32,
    /// API keys one person may make in an hour: 1–200, 10 by default.
    pub api_keys_per_hour: u32,
    /// Changes of their own profile that one person may make in an hour: 1–200, 10 by default.
    pub profile_changes_per_hour: u32,
    /// Requests of one person in a minute, from all of their addresses: 60–6,000, 600 by default.
    pub requests_of_person_per_minute: u32,
    /// Sign-in attempts from one address in five minutes: 1–60, 10 by default.
    pub sign_ins_per_5_minutes: u32,
    /// Sign-ins of one account in an hour, from all addresses: 1–200, 20 by default.
    pub sign_ins_of_account_per_hour: u32,
    /// Requests from one address in a minute: 60–6,000, 600 by default.
    pub requests_per_minute: u32,
    /// Open connections: 16–16,384, 1,024 by default.
    pub connections: u32,
    /// Open connections from one address: 4–1,024, 64 by default.
    pub connections_per_address: u32,
}

impl Limits {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            delegations_per_hour: reader.number("limits.delegations_per_hour", 20, &(1..=200)),
            invitations_per_hour: reader.number("limits.invitations_per_hour", 20, &(1..=200)),
            api_keys_per_hour: reader.number("limits.api_keys_per_hour", 10, &(1..=200)),
            profile_changes_per_hour: reader.number("limits.profile_changes_per_hour", 10, &(1..=200)),
            requests_of_person_per_minute: reader.number("limits.requests_of_person_per_minute", 600, &(60..=6_000)),
            sign_ins_per_5_minutes: reader.number("limits.sign_ins_per_5_minutes", 10, &(1..=60)),
            sign_ins_of_account_per_hour: reader.number("limits.sign_ins_of_account_per_hour", 20, &(1..=200)),
            requests_per_minute: reader.number("limits.requests_per_minute", 600, &(60..=6_000)),
            connections: reader.number("limits.connections", 1_024, &(16..=16_384)),
            connections_per_address: reader.number("limits.connections_per_address", 64, &(4..=1_024)),
        }
    }
}
