//! Searching a team for words.

use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use uuid::Uuid;

use super::Tag;
use super::answer::Shown;
use super::model::{Findable, List, SearchHit, page_request};
use crate::app::search;
use crate::base::id::Id;
use crate::http::caller::Member;
use crate::http::problem::Failure;
use crate::store::search_words::Words;

/// The search.
pub struct Search;

#[OpenApi(tag = "Tag::Search", prefix_path = "/api/v1")]
impl Search {
    /// Search a team for words
    ///
    /// Finds the titles of delegations, the comments on them, messages and the names of the team's people in which **all**
    /// words of `q` stand, newest first. Only what you may read is searched: delegations and comments as
    /// `delegation:read` says, messages of the conversations you take part in, and of each kind only what an API key's
    /// scopes open.
    ///
    /// Words are whole words: there is no search for parts or beginnings, because the index holds nothing but keyed
    /// hashes. Case and forms do not count (`STRASSE` finds `Straße`), but `ı` and `İ` are not `i`. Every sign ends a
    /// word: `ana@example.org` is three words. In Chinese, Japanese kana but Katakana, Thai and other scripts without
    /// spaces each character is one. Of a text its first 500 different words can be found, of a word its first 64
    /// characters count.
    ///
    /// A page does a bounded amount of work. It may hold fewer items than `limit`, even none, and name a `next_cursor`:
    /// keep paging until there is none.
    ///
    /// Permission `search:use`.
    #[oai(path = "/teams/:team/search", method = "get", operation_id = "search")]
    async fn search(
        &self,
        member: Member,
        team: Path<Uuid>,
        /// One to eight words, 200 characters at most.
        q: Query<String>,
        /// Only among these.
        #[oai(name = "type")]
        kind: Query<Option<Findable>>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts; of the same words and type.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<SearchHit>>, Failure> {
        let query = search::Search {
            team: Id::from_uuid(team.0),
            words: Words::parse("q", &q)?,
            found: kind.0.map(Into::into),
            page: page_request(limit.0, cursor.0.as_deref())?,
        };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, SearchHit::from)))
    }
}
