//! The API's operations, one file per feature; each is a thin coat over an action or a query.

mod admin;
mod admin_teams;
mod answer;
mod api_keys;
mod audit_proofs;
mod auth;
mod comments;
mod conversations;
mod credentials;
mod delegation_lists;
mod delegation_steps;
mod delegations;
mod devices;
mod events;
mod grants;
mod identities;
mod invitations;
mod jobs;
mod leaving;
mod me;
mod messages;
mod meta;
mod model;
mod notifications;
mod participants;
mod passkeys;
mod people;
mod permissions;
mod preferences;
mod qr;
mod search;
mod sessions;
mod step_up;
mod team_life;
mod teams;
mod watchers;
mod webhooks;

use poem_openapi::{ContactObject, LicenseObject, OpenApi, OpenApiService, Tags};

use super::catalog;
use super::document;
use crate::domain::Error;

/// Every operation.
pub type Api = (
    meta::Meta,
    (auth::Auth, auth::Providers, qr::Qr, passkeys::Passkeys, step_up::StepUp),
    (me::Me, identities::Identities, api_keys::ApiKeys, leaving::Leaving),
    (sessions::Sessions, devices::Devices, notifications::Notifications, preferences::Preferences, events::Events),
    (people::People, admin::Admin, audit_proofs::AuditProofs, admin_teams::AdminTeams, jobs::Jobs),
    (teams::Teams, team_life::TeamLife, invitations::Invitations, grants::Grants, permissions::Permissions),
    (
        delegations::Delegations,
        delegation_lists::DelegationLists,
        delegation_steps::DelegationSteps,
        comments::Comments,
        watchers::Watchers,
    ),
    (conversations::Conversations, participants::Participants, messages::Messages, search::Search),
    (credentials::PersonalCredentials, credentials::TeamCredentials, webhooks::Webhooks),
);

/// How the document groups the operations.
#[derive(Tags)]
enum Tag {
    /// The server itself.
    Meta,
    /// Ways in and out.
    Auth,
    /// One's own account.
    Me,
    /// Who is here.
    People,
    /// What happens, as it happens.
    Live,
    /// Teams and who belongs to them.
    Teams,
    /// Doors into a team.
    Invitations,
    /// What is open to people outside of a team.
    Guests,
    /// Accountable hand-offs.
    Delegations,
    /// Who talks with whom, about what.
    Chat,
    /// What other machines are told.
    Webhooks,
    /// The vault.
    Credentials,
    /// Words in what one may read.
    Search,
    /// For whoever runs the server.
    Admin,
}

/// The service: routes and document from one source.
pub fn service() -> OpenApiService<impl OpenApi + 'static, ()> {
    let api: Api = (
        meta::Meta,
        (auth::Auth, auth::Providers, qr::Qr, passkeys::Passkeys, step_up::StepUp),
        (me::Me, identities::Identities, api_keys::ApiKeys, leaving::Leaving),
        (sessions::Sessions, devices::Devices, notifications::Notifications, preferences::Preferences, events::Events),
        (people::People, admin::Admin, audit_proofs::AuditProofs, admin_teams::AdminTeams, jobs::Jobs),
        (teams::Teams, team_life::TeamLife, invitations::Invitations, grants::Grants, permissions::Permissions),
        (
            delegations::Delegations,
            delegation_lists::DelegationLists,
            delegation_steps::DelegationSteps,
            comments::Comments,
            watchers::Watchers,
        ),
        (conversations::Conversations, participants::Participants, messages::Messages, search::Search),
        (credentials::PersonalCredentials, credentials::TeamCredentials, webhooks::Webhooks),
    );
    let about = format!("{ABOUT}\n\n## Problems\n\n{}", catalog::markdown());
    OpenApiService::new(api, "Milton", env!("CARGO_PKG_VERSION"))
        .description(about)
        .license(LicenseObject::new("Apache-2.0").identifier("Apache-2.0"))
        .contact(ContactObject::new().name("Milton"))
}

const ABOUT: &str = "A self-hosted workspace for small teams: people hand work to each other, and each hand-off is on \
record.\n\n\
**Authorize** with a session's token (`mlt_s_…`): a one-time link or an invitation gives one; or with an API key (`mlt_k_…`), which \
opens what its scopes name. Every refusal is an \
RFC 9457 problem; every change answers the number of its audit row in `Milton-Audit`; lists come in pages with a \
`next_cursor`; editing wants the `ETag` in `If-Match` and answers 412 when somebody else was faster; what makes something \
takes an `Idempotency-Key`, and is done once however often it is sent.";

/// The document that `/openapi.json`, `milton openapi` and the committed file show.
pub fn document() -> Result<serde_json::Value, Error> {
    document::document(&service())
}
