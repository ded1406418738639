//! Devices and sessions as the API shows them to their owner.

use poem_openapi::Object;
use time::OffsetDateTime;
use uuid::Uuid;

use super::moment;
use crate::app::device::MyDevice;
use crate::domain::{device, session};
use crate::http::v1::answer::etag;

/// A client that I signed in with.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct KnownDevice {
    id: Uuid,
    name: String,
    /// Such as "Linux"; `unknown` when the client did not say.
    platform: String,
    /// What the client called itself at its last sign-in.
    client: Option<String>,
    /// Where its last sign-in came from.
    address: Option<String>,
    first_seen_at: OffsetDateTime,
    /// To five minutes.
    last_seen_at: OffsetDateTime,
    /// When it was removed. It is still listed because a key, passkey or identity that was made on it lives.
    removed_at: Option<OffsetDateTime>,
    /// Whether it is the one that asks.
    current: bool,
    /// How many live sessions it has.
    sessions: i64,
    /// Its version, for `If-Match`.
    etag: String,
}

impl From<MyDevice> for KnownDevice {
    fn from(MyDevice { device, is_current }: MyDevice) -> Self {
        let device::Device {
            id,
            name,
            platform,
            client,
            address,
            version,
            first_seen_at,
            last_seen_at,
            removed_at,
            sessions,
        } = device;
        Self {
            id: id.uuid(),
            name: name.as_str().to_owned(),
            platform: platform.as_str().to_owned(),
            client,
            address,
            first_seen_at: moment(first_seen_at),
            last_seen_at: moment(last_seen_at),
            removed_at: removed_at.map(moment),
            current: is_current,
            sessions,
            etag: etag(version),
        }
    }
}

/// A device's id and name.
#[derive(Object)]
struct DeviceName {
    id: Uuid,
    name: String,
}

/// One of my live sessions.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ListedSession {
    id: Uuid,
    /// `console` keeps its token in a cookie, `client` sends it.
    kind: String,
    /// How it began: `link`, `invitation`, `provider`, `passkey` or `qr`.
    method: String,
    /// Absent when the device was removed.
    device: Option<DeviceName>,
    created_at: OffsetDateTime,
    /// When I last proved who I am.
    auth_time: OffsetDateTime,
    /// When it ends, whatever happens.
    expires_at: OffsetDateTime,
    /// Whether it is the one that asks.
    current: bool,
}

impl From<(session::ListedSession, bool)> for ListedSession {
    fn from((listed, current): (session::ListedSession, bool)) -> Self {
        let session::ListedSession { session, device_name, created_at } = listed;
        let device = session.device.zip(device_name);
        Self {
            id: session.id.uuid(),
            kind: session.kind.as_str().to_owned(),
            method: session.method.as_str().to_owned(),
            device: device.map(|(id, name)| DeviceName { id: id.uuid(), name: name.as_str().to_owned() }),
            created_at: moment(created_at),
            auth_time: moment(session.auth_time),
            expires_at: moment(session.expires_at),
            current,
        }
    }
}
