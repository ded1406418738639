//! One's own notifications.

use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use uuid::Uuid;

use super::Tag;
use super::answer::{Removed, Shown};
use super::model::{Notifications as NotificationList, page_request};
use crate::app::notification::{self, MarkAllRead, MarkRead};
use crate::base::id::Id;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// One's own notifications.
pub struct Notifications;

#[OpenApi(tag = "Tag::Me", prefix_path = "/api/v1/me/notifications")]
impl Notifications {
    /// What should I hear of?
    ///
    /// What happened to my account and may not have been me, and what else I want to hear of, newest first; with how many
    /// I have not read. A new device does not hear of itself. What a thing is called stands there as long as I may read it.
    /// Permission `notification:manage`.
    #[oai(path = "/", method = "get", operation_id = "listNotifications")]
    async fn list(
        &self,
        member: Member,
        /// Only what is not marked as read.
        unread: Query<Option<bool>>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<NotificationList>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let query = notification::List { only_unread: unread.0.unwrap_or(false), page };
        let list = member.app.list_notifications(&member.caller, query).await?;
        Ok(Shown::plain(list.into()))
    }

    /// Mark a notification as read
    ///
    /// Permission `notification:manage` · event `notification.read`.
    #[oai(path = "/:notification/read", method = "post", operation_id = "readNotification")]
    async fn read(&self, member: Member, notification: Path<Uuid>) -> Result<Removed, Failure> {
        let action = MarkRead { id: Id::from_uuid(notification.0) };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// Mark all notifications as read
    ///
    /// All that this device can see. Permission `notification:manage` · event `notification.read`.
    #[oai(path = "/read-all", method = "post", operation_id = "readAllNotifications")]
    async fn read_all(&self, member: Member) -> Result<Removed, Failure> {
        Ok(Removed::Removed(member.act(&member.caller, MarkAllRead).await?.seq))
    }
}
