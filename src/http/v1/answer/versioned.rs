//! What has a version: its answer carries it, for `If-Match`.

use poem_openapi::payload::Json;
use poem_openapi::types::ToJSON;

use super::{Changed, Shown, etag};
use crate::app::Acted;
use crate::app::device::MyDevice;
use crate::app::team::MyTeam;
use crate::domain::comment::Comment;
use crate::domain::conversation::Conversation;
use crate::domain::credential::Credential;
use crate::domain::delegation::Delegation;

use crate::domain::message::Message;
use crate::domain::passkey::Passkey;
use crate::domain::webhook::Webhook;

/// Something that counts how often it was changed.
pub trait Versioned {
    /// The present count.
    fn version(&self) -> i64;
}

macro_rules! versioned {
    ($($thing:ident $(. $part:ident)?),*) => {
        $(impl Versioned for $thing {
            fn version(&self) -> i64 {
                self.$($part.)?version
            }
        })*
    };
}

versioned!(Comment, Conversation, Credential, Delegation, Message, Passkey, Webhook, MyDevice.device, MyTeam.team);

impl<T: ToJSON + Send + Sync> Changed<T> {
    /// Answers what changed, with its version.
    pub fn of<O: Versioned + Into<T>>(acted: Acted<O>) -> Self {
        let tag = etag(acted.output.version());
        Self::Changed(Json(acted.output.into()), acted.seq, Some(tag))
    }
}

impl<T: ToJSON + Send + Sync> Shown<T> {
    /// Answers what was found, with its version.
    pub fn of<O: Versioned + Into<T>>(found: O) -> Self {
        let tag = etag(found.version());
        Self::Shown(Json(found.into()), Some(tag))
    }
}
