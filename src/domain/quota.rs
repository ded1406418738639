//! How often one caller may do a thing.

use std::time::Duration;

/// A named allowance: `limit` acts at once, refilled evenly over `window` (GCRA).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    /// Its name in problems, headers and the audit log.
    pub name: &'static str,
    /// How many acts a full allowance holds.
    pub limit: u32,
    /// How long an empty one takes to fill.
    pub window: Duration,
    /// What one allowance belongs to.
    pub per: Per,
}

/// What one allowance belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Per {
    /// A person, over all of their sessions.
    User,
    /// A client address.
    Address,
    /// A bearer token, by its selector.
    Token,
}

const HOUR: Duration = Duration::from_hours(1);

/// Creating delegations.
pub const DELEGATIONS: Quota = Quota { name: "delegations", limit: 20, window: HOUR, per: Per::User };
/// Commenting on delegations.
pub const COMMENTS: Quota = Quota { name: "comments", limit: 60, window: Duration::from_mins(1), per: Per::User };
/// Sending messages.
pub const MESSAGES: Quota = Quota { name: "messages", limit: 60, window: Duration::from_mins(1), per: Per::User };
/// Beginning conversations.
pub const CONVERSATIONS: Quota = Quota { name: "conversations", limit: 30, window: HOUR, per: Per::User };
/// Putting credentials into a vault.
pub const CREDENTIALS: Quota = Quota { name: "credentials", limit: 60, window: HOUR, per: Per::User };
/// Importing credentials from elsewhere.
pub const IMPORTS: Quota = Quota { name: "imports", limit: 5, window: HOUR, per: Per::User };
/// Revealing credentials.
pub const REVEALS: Quota = Quota { name: "reveals", limit: 30, window: HOUR, per: Per::User };
/// Opening things to guests.
pub const GRANTS: Quota = Quota { name: "grants", limit: 20, window: HOUR, per: Per::User };
/// Making webhooks, and trying them.
pub const WEBHOOKS: Quota = Quota { name: "webhooks", limit: 20, window: HOUR, per: Per::User };
/// Creating invitations.
pub const INVITATIONS: Quota = Quota { name: "invitations", limit: 20, window: HOUR, per: Per::User };
/// Making API keys.
pub const API_KEYS: Quota = Quota { name: "api-keys", limit: 10, window: HOUR, per: Per::User };
/// Changing one's own profile.
pub const PROFILE_CHANGES: Quota = Quota { name: "profile-changes", limit: 10, window: HOUR, per: Per::User };
/// Scans of a new device's QR code, each of which may end in a sign-in.
pub const QR_SCANS: Quota = Quota { name: "qr-scans", limit: 5, window: Duration::from_mins(10), per: Per::User };
/// Attempts to sign in.
pub const SIGN_INS: Quota = Quota { name: "sign-ins", limit: 10, window: Duration::from_mins(5), per: Per::Address };
/// Sign-ins of one account, whatever the way in and the address: counted once it is known who comes, before the session.
pub const SIGN_INS_OF_ACCOUNT: Quota = Quota { name: "sign-ins-of-account", limit: 20, window: HOUR, per: Per::User };
/// Comparisons of one token with its hash. A match is remembered; a mismatch under a right MAC is somebody who has our
/// keys and guesses the secret.
pub const COMPARISONS: Quota = Quota { name: "comparisons", limit: 20, window: HOUR, per: Per::Token };
/// Uses of an API key from outside of its networks, each on record: whoever stole it cannot fill the log with that.
pub const USES_ELSEWHERE: Quota = Quota { name: "uses-elsewhere", limit: 60, window: HOUR, per: Per::Token };
/// Requests of any kind.
pub const REQUESTS: Quota = Quota { name: "requests", limit: 600, window: Duration::from_mins(1), per: Per::Address };

/// Requests of one person, from wherever they come: each may leave a denial in the log, which nothing can take out.
pub const REQUESTS_OF_PERSON: Quota =
    Quota { name: "requests-of-person", limit: 600, window: Duration::from_mins(1), per: Per::User };

/// Every quota there is: each has its own state.
pub const ALL: [Quota; 19] = [
    DELEGATIONS,
    COMMENTS,
    MESSAGES,
    CONVERSATIONS,
    CREDENTIALS,
    IMPORTS,
    REVEALS,
    GRANTS,
    WEBHOOKS,
    INVITATIONS,
    API_KEYS,
    PROFILE_CHANGES,
    QR_SCANS,
    SIGN_INS,
    SIGN_INS_OF_ACCOUNT,
    COMPARISONS,
    USES_ELSEWHERE,
    REQUESTS,
    REQUESTS_OF_PERSON,
];
