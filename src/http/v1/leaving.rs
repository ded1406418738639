//! Leaving for good, and staying after all.

use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use time::OffsetDateTime;

use super::Tag;
use super::answer::{Removed, Shown};
use super::model::moment;
use crate::app::leaving::{GetDeletion, KeepAccount};
use crate::domain::account;
use crate::http::caller::Member;
use crate::http::cookie;
use crate::http::problem::Failure;

/// The deletion of one's own account.
pub struct Leaving;

/// What became of a request.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum DeletionState {
    /// It stands.
    Requested,
    /// It was taken back.
    Cancelled,
}

/// A request for the deletion of an account.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Deletion {
    state: DeletionState,
    requested_at: OffsetDateTime,
    /// Nothing is erased before.
    due_at: OffsetDateTime,
    /// When it was taken back; absent while it stands.
    cancelled_at: Option<OffsetDateTime>,
}

impl From<account::Deletion> for Deletion {
    fn from(deletion: account::Deletion) -> Self {
        let state = if deletion.cancelled_at.is_some() { DeletionState::Cancelled } else { DeletionState::Requested };
        Self {
            state,
            requested_at: moment(deletion.requested_at),
            due_at: moment(deletion.due_at),
            cancelled_at: deletion.cancelled_at.map(moment),
        }
    }
}

/// The request stands.
#[derive(ApiResponse)]
enum Requested {
    /// On record; all sessions and API keys have ended.
    #[oai(status = 202)]
    Requested(
        Json<Deletion>,
        /// The audit row that stands for it.
        #[oai(header = "Milton-Audit")]
        i64,
        /// Takes the console's cookie away.
        #[oai(header = "Set-Cookie")]
        String,
        /// Has the browser forget this site.
        #[oai(header = "Clear-Site-Data")]
        String,
    ),
}

#[OpenApi(tag = "Tag::Me", prefix_path = "/api/v1/me/deletion")]
impl Leaving {
    /// Ask for the deletion of my account
    ///
    /// All of my sessions end, and my API keys for good; providers are told to forget the tokens that they gave. Nothing is erased before `due_at`, 30 days from now: until then I
    /// can sign in, which opens my profile, my sessions and the way back, and nothing else. 409 for whoever alone answers
    /// for the server or for a team: they hand over first. Wants a recent sign-in.
    /// Permission `account:delete` · event `user.deletion.requested`.
    #[oai(path = "/", method = "post", operation_id = "requestDeletion")]
    async fn request(&self, member: Member) -> Result<Requested, Failure> {
        let (deletion, seq) = member.app.request_deletion(&member.caller).await?;
        let forget = cookie::FORGET_SITE.to_owned();
        Ok(Requested::Requested(Json(deletion.into()), seq, cookie::end_session(), forget))
    }

    /// Did I ask for the deletion of my account?
    ///
    /// The latest request; 404 when there never was one. Permission `profile:read`.
    #[oai(path = "/", method = "get", operation_id = "getDeletion")]
    async fn get(&self, member: Member) -> Result<Shown<Deletion>, Failure> {
        Ok(Shown::plain(member.ask(&member.caller, GetDeletion).await?.into()))
    }

    /// Stay after all
    ///
    /// Takes the request back: the account is as it was, but for the sessions and API keys that have ended.
    /// Permission `account:keep` · event `user.deletion.cancelled`.
    #[oai(path = "/", method = "delete", operation_id = "keepAccount")]
    async fn keep(&self, member: Member) -> Result<Removed, Failure> {
        Ok(Removed::Removed(member.act(&member.caller, KeepAccount).await?.seq))
    }
}
