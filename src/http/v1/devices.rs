//! One's own devices.

use poem_openapi::param::{Header, Path, Query};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, Removed, Shown, if_match};
use super::model::{KnownDevice, List, page_request};
use crate::app::device::{self, Remove, Rename};
use crate::base::id::Id;
use crate::domain::text::Name;
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// One's own devices.
pub struct Devices;

/// A device's new name.
#[derive(Object)]
struct NewDeviceName {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
}

#[OpenApi(tag = "Tag::Me", prefix_path = "/api/v1/me/devices")]
impl Devices {
    /// Which devices am I known on?
    ///
    /// Each client that I signed in with, the newest first. A client that shows what it got at an earlier sign-in — the
    /// console's cookie, or the `device_token` — is the same device. A removed one
    /// is listed as long as a key, passkey or identity that was made on it lives. Permission `device:read`.
    #[oai(path = "/", method = "get", operation_id = "listDevices")]
    async fn list(
        &self,
        member: Member,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<KnownDevice>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let list = member.ask(&member.caller, device::List { page }).await?;
        Ok(Shown::plain(List::of(list, KnownDevice::from)))
    }

    /// Rename a device
    ///
    /// Permission `device:manage` · event `device.renamed`.
    #[oai(path = "/:device", method = "patch", operation_id = "renameDevice")]
    async fn rename(
        &self,
        member: Member,
        device: Path<Uuid>,
        /// The `etag` that was seen, or `*`.
        #[oai(name = "If-Match")]
        if_match_header: Header<String>,
        body: Body<NewDeviceName>,
    ) -> Result<Changed<KnownDevice>, Failure> {
        let action = Rename {
            id: Id::from_uuid(device.0),
            version: if_match(&if_match_header)?,
            name: Name::parse("/name", &body.name)?,
        };
        Ok(Changed::of(member.act(&member.caller, action).await?))
    }

    /// Remove a device
    ///
    /// Ends all of its sessions and live streams, and forgets it: a later sign-in with it is one with a new device.
    /// Permission `device:manage` · event `device.revoked`.
    #[oai(path = "/:device", method = "delete", operation_id = "removeDevice")]
    async fn remove(&self, member: Member, device: Path<Uuid>) -> Result<Removed, Failure> {
        let action = Remove { id: Id::from_uuid(device.0) };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// That was not me
    ///
    /// For a device that somebody else signed in with: ends its sessions and live streams, and those that it vouched for
    /// or that its passkeys began; revokes the API keys, removes the passkeys and unlinks the identities that were made
    /// on it; forgets it, and tells my other devices. Permission `device:disown` · event `device.not_me`.
    #[oai(path = "/:device/not-me", method = "post", operation_id = "disownDevice")]
    async fn disown(&self, member: Member, device: Path<Uuid>) -> Result<Removed, Failure> {
        Ok(Removed::Removed(member.app.disown_device(&member.caller, Id::from_uuid(device.0)).await?))
    }
}
