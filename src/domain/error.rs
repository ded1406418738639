//! The one error enum. It knows nothing of HTTP: `http::problem` alone turns it into answers.

use std::time::Duration;

use super::permission::Permission;

/// Everything that can go wrong with an act or a question.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Who asks is not known, or not any more.
    #[error("unauthenticated: {0}")]
    Unauthenticated(#[from] AuthFailure),
    /// Known, and not allowed; also the answer to an id the caller may not see. Names the permission that was missing,
    /// when the matrix decided.
    #[error("access denied")]
    Forbidden(Option<Permission>),
    /// Allowed to its holder perhaps, but not among the scopes of the API key they used.
    #[error("out of the key's scope")]
    OutOfScope(Permission),
    /// An API key, used from outside of its networks.
    #[error("used from elsewhere")]
    Elsewhere,
    /// Not admitted to this server: no invitation, no allowed domain.
    #[error("not invited")]
    NotInvited,
    /// A passkey's answer that proves nothing. Why, only the audit log hears.
    #[error("passkey refused")]
    PasskeyRefused,
    /// Nothing there, below a parent the caller may list.
    #[error("not found")]
    NotFound,
    /// The present state does not allow it.
    #[error("conflict: {0}")]
    Conflict(Conflict),
    /// As `Conflict(WrongState)`, with the state in words; the pointer says which of many it is, and is empty for one.
    #[error("conflict: wrong state, {}", .0.detail)]
    WrongState(FieldError),
    /// Well-formed but wrong, field by field.
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    /// A quota is used up.
    #[error("rate limited: {quota}")]
    RateLimited {
        /// The quota's name.
        quota: &'static str,
        /// How many acts the window allows.
        limit: u32,
        /// The window; one of no length counts what is held at once.
        window: Duration,
        /// When the next act will be allowed.
        retry_after: Duration,
    },
    /// `If-Match` does not name the present version: somebody else was faster.
    #[error("precondition failed")]
    PreconditionFailed,
    /// A legal hold forbids it.
    #[error("held")]
    Held,
    /// Cannot be done at this moment; nothing was changed.
    #[error("unavailable: {0}")]
    Unavailable(&'static str),
    /// A fault of ours. Logged with the request id, never shown.
    #[error("internal: {0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a caller is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthFailure {
    /// No token at all.
    #[error("no token")]
    Missing,
    /// Not a token of this server, or never one.
    #[error("invalid token")]
    Invalid,
    /// Its lifetime is over.
    #[error("expired token")]
    Expired,
    /// Revoked, or its user is suspended or gone.
    #[error("revoked token")]
    Revoked,
    /// The sign-in is too old for this act.
    #[error("step-up required")]
    StepUpRequired,
}

/// What stands against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The last Owner of a scope cannot leave, be demoted, suspended or deleted.
    #[error("last owner")]
    LastOwner,
    /// The state machine has no such step from here.
    #[error("wrong state")]
    WrongState,
    /// A verified e-mail belongs to an account with another identity; linking is done signed in.
    #[error("link required")]
    LinkRequired,
    /// A link or code was used before.
    #[error("already used")]
    AlreadyUsed,
    /// An invitation opens nothing: used, revoked, expired, or its maker may not invite so any more. Which of
    /// these is not told: whoever holds the link need not know.
    #[error("invitation closed")]
    InvitationClosed,
    /// An invitation is for an address, and no provider vouches for it as the address of whoever wants in.
    #[error("address unproven")]
    AddressUnproven,
    /// It is there already.
    #[error("already exists")]
    AlreadyExists,
    /// A repetition of a request whose answer is shown once.
    #[error("already made")]
    AlreadyMade,
    /// The server has an owner.
    #[error("already claimed")]
    AlreadyClaimed,
    /// There are as many of these as one person may have.
    #[error("limit reached")]
    LimitReached,
    /// The provider did not let the person sign in anew.
    #[error("step-up ignored")]
    StepUpIgnored,
    /// Somebody came back from the provider whose identity is not linked to the account.
    #[error("other identity")]
    OtherIdentity,
    /// People reach this server by an address, and browsers keep passkeys for names alone.
    #[error("passkeys unavailable")]
    PasskeysUnavailable,
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the request body, or the parameter's name.
    pub pointer: String,
    /// What is wrong with it, in words for its author.
    pub detail: String,
}

impl Error {
    /// One wrong field.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { pointer: pointer.into(), detail: detail.into() }])
    }

    /// The one thing that was asked for stands otherwise, as `detail` says.
    pub fn wrong_state(detail: impl Into<String>) -> Self {
        Self::WrongState(FieldError { pointer: String::new(), detail: detail.into() })
    }

    /// A fault of ours with its cause.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// The name of this error in the audit log; it carries nothing of the input.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unauthenticated(_) => "unauthenticated",
            Self::Forbidden(_) | Self::OutOfScope(_) | Self::Elsewhere => "access-denied",
            Self::NotInvited => "not-invited",
            Self::PasskeyRefused => "passkey-refused",
            Self::NotFound => "not-found",
            Self::Conflict(Conflict::LastOwner) => "last-owner",
            Self::Conflict(Conflict::WrongState) | Self::WrongState(_) => "wrong-state",
            Self::Conflict(Conflict::LinkRequired) => "link-required",
            Self::Conflict(Conflict::AlreadyUsed) => "already-used",
            Self::Conflict(Conflict::InvitationClosed) => "invitation-closed",
            Self::Conflict(Conflict::AddressUnproven) => "address-unproven",
            Self::Conflict(Conflict::AlreadyExists) => "already-exists",
            Self::Conflict(Conflict::AlreadyMade) => "already-made",
            Self::Conflict(Conflict::AlreadyClaimed) => "already-claimed",
            Self::Conflict(Conflict::LimitReached) => "limit-reached",
            Self::Conflict(Conflict::StepUpIgnored) => "step-up-ignored",
            Self::Conflict(Conflict::OtherIdentity) => "other-identity",
            Self::Conflict(Conflict::PasskeysUnavailable) => "passkeys-unavailable",
            Self::Invalid(_) => "invalid",
            Self::RateLimited { .. } => "quota-exceeded",
            Self::PreconditionFailed => "precondition-failed",
            Self::Held => "held",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }
}
