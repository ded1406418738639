//! Comments and watchers as the API shows them.

use poem_openapi::Object;
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::answer;
use super::{Person, moment};
use crate::domain::comment;
use crate::store::watch;

/// What somebody said about a delegation.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Comment {
    id: Uuid,
    delegation_id: Uuid,
    /// Who said it.
    author: Person,
    body: String,
    /// Who is named in it.
    mentions: Vec<Person>,
    created_at: OffsetDateTime,
    /// When it was last edited; absent until then.
    edited_at: Option<OffsetDateTime>,
    /// Its version, for `If-Match`.
    etag: String,
}

impl From<comment::Comment> for Comment {
    fn from(comment: comment::Comment) -> Self {
        Self {
            id: comment.id.uuid(),
            delegation_id: comment.delegation.uuid(),
            author: comment.author.into(),
            body: comment.body.as_str().to_owned(),
            mentions: comment.mentions.into_iter().map(Person::from).collect(),
            created_at: moment(comment.created_at),
            edited_at: comment.edited_at.map(moment),
            etag: answer::etag(comment.version),
        }
    }
}

/// Somebody who watches a delegation.
#[derive(Object)]
pub struct Watcher {
    user: Person,
    since: OffsetDateTime,
}

impl From<watch::Watcher> for Watcher {
    fn from(watcher: watch::Watcher) -> Self {
        Self { user: watcher.person.into(), since: moment(watcher.since) }
    }
}
