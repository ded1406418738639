//! Sign-ins and their lifetimes.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::device::Device;
use super::text::Name;

/// How long a session lives, whatever happens.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(24);
/// How long a console session survives without a request.
pub const CONSOLE_IDLE: Duration = Duration::from_hours(1);
/// How long after a sign-in dangerous acts need no new proof.
pub const STEP_UP_WINDOW: Duration = Duration::from_mins(10);
/// How long a one-time sign-in link and an OpenID Connect sign-in may take.
pub const SIGN_IN_LIFETIME: Duration = Duration::from_mins(10);

/// A sign-in's lifetime, held by one token.
#[derive(Clone, Debug)]
pub struct Session {
    /// The session.
    pub id: Id<Session>,
    /// How it is used.
    pub kind: SessionKind,
    /// How it began.
    pub method: Method,
    /// Where it began; `None` when that device was removed.
    pub device: Option<Id<Device>>,
    /// When the person last proved who they are.
    pub auth_time: Timestamp,
    /// When it ends, whatever happens.
    pub expires_at: Timestamp,
}

impl Session {
    /// Until when dangerous acts need no new proof; never for a session that another device vouched for.
    pub fn fresh_until(&self) -> Option<Timestamp> {
        (self.method != Method::Qr).then(|| self.auth_time + STEP_UP_WINDOW)
    }
}

/// A session in its owner's list.
#[derive(Clone, Debug)]
pub struct ListedSession {
    /// The session.
    pub session: Session,
    /// What its device is called.
    pub device_name: Option<Name>,
    /// When it began.
    pub created_at: Timestamp,
}

/// What is known of a session to whoever shows its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionProof {
    /// The session.
    pub id: Id<Session>,
    /// How it is used.
    pub kind: SessionKind,
    /// When the person last proved who they are.
    pub auth_time: Timestamp,
}

/// How a session is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionKind {
    /// A browser with the console's cookie.
    Console,
    /// A client that sends the token itself.
    Client,
}

impl SessionKind {
    /// The kind's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Client => "client",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Console, Self::Client].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How a person proved who they are when a session began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// By a one-time link made on the host.
    Link,
    /// By an invitation, which made their account.
    Invitation,
    /// By an OpenID provider's word.
    Provider,
    /// By a passkey.
    Passkey,
    /// Not by themself: another device of theirs vouched for this one.
    Qr,
}

impl Method {
    /// The method's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Invitation => "invitation",
            Self::Provider => "provider",
            Self::Passkey => "passkey",
            Self::Qr => "qr",
        }
    }

    /// The method of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Link, Self::Invitation, Self::Provider, Self::Passkey, Self::Qr];
        all.into_iter().find(|method| method.as_str() == name)
    }
}

/// Why a session ended before its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RevokeReason {
    /// The person signed out.
    Logout,
    /// The person ended this session from another, or took this key away.
    ByOwner,
    /// The person ended all of their sessions at once.
    RevokedAll,
    /// Nobody used it for [`CONSOLE_IDLE`].
    Idle,
    /// Its device was removed.
    DeviceRemoved,
    /// The person said that its device is not theirs.
    NotMe,
    /// The account was suspended.
    Suspended,
    /// An administrator ended it, or took it away.
    ByAdmin,
    /// The person asked for the deletion of their account.
    Leaving,
    /// The provider says that the person signed out there.
    ProviderLogout,
    /// The identity or passkey that it was begun with was taken away.
    Unlinked,
    /// The one-time code that it began with was shown again.
    CodeReused,
}

impl RevokeReason {
    /// The reason's name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::ByOwner => "by-owner",
            Self::RevokedAll => "revoked-all",
            Self::Idle => "idle",
            Self::DeviceRemoved => "device-removed",
            Self::NotMe => "not-me",
            Self::Suspended => "suspended",
            Self::ByAdmin => "by-admin",
            Self::Leaving => "leaving",
            Self::ProviderLogout => "provider-logout",
            Self::Unlinked => "unlinked",
            Self::CodeReused => "code-reused",
        }
    }
}
