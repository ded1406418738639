//! Searching: the lists that the caller may read, each walked from its newest text on by all words at once, merged by
//! time. A page costs a bounded number of looks into the index beyond one round for each list of the caller's own.

use std::collections::BinaryHeap;
use std::rc::Rc;

use uuid::Uuid;

use crate::base::page::{Page, PageRequest};
use crate::crypto::blind_index::BlindColumn;
use crate::domain::Error;
use crate::domain::delegation::Delegation;

use super::action::Reach;
use super::engine::{Value, unexpected};
use super::search::{Found, List, find_number};
use super::search_hit::{Hit, Reader, look};
use super::search_words::Words;
use super::tx::ReadTx;
use super::user::Names;

statements! {
    SEEK = "SELECT found FROM search_index WHERE team = ?1 AND word = ?2 AND found <= ?3 ORDER BY found DESC LIMIT 1";
    CONVERSATIONS = "SELECT p.conversation_id FROM participation p \
        WHERE +p.team_id = ?1 AND p.user_id = ?2 AND p.expires_at IS NULL";
    DELEGATIONS = "SELECT d.id, EXISTS (SELECT 1 FROM delegation_comments c WHERE c.delegation_id = d.id) \
        FROM delegations d WHERE d.team_id = ?1 AND d.deleted_at IS NULL \
        AND d.id IN (SELECT s.delegation_id FROM delegation_sides s WHERE s.user_id = ?2)";
}

/// Looks into the index that one page may take, beyond the first round of each list.
const MOST_LOOKS: usize = 10_000;
/// Looks that opening a text counts for.
const LOOKS_OF_OPENING: usize = 10;

/// A list, and the caller's words as they stand on it.
struct Walk {
    list: List,
    words: Rc<[i64]>,
    /// The one thing on it that the caller may find; all when there is none.
    only: Option<u128>,
}

/// Where a walk has come to.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    /// Everything newer was looked at.
    at: u128,
    /// Whether something with all words stands here.
    is_hit: bool,
    walk: usize,
}

/// A search under way.
struct Search<'a> {
    read: &'a ReadTx<'a>,
    team: i64,
    walks: Vec<Walk>,
    looks: usize,
}

/// What a reader may find by these words, newest first: of one kind, or of all. A page may hold less than its limit,
/// nothing even, and name a next one all the same: its share of work was done.
pub fn search(
    read: &ReadTx<'_>,
    reader: &Reader,
    words: &Words,
    found: Option<Found>,
    page: &PageRequest,
) -> Result<Page<Hit>, Error> {
    let seal = seal(read, reader, words, found);
    let start = page.after().map_or(Ok(u128::MAX), |key| position(key, &seal))?;
    let Some(mut search) = Search::begin(read, reader, words, found)? else {
        return Ok(Page::until(Vec::new(), None));
    };
    let (hits, next) = search.page(reader, words, start, page.limit())?;
    Ok(Page::until(hits, next.map(|at| format!("{at:032x}-{seal}"))))
}

/// What ties a cursor to its search.
fn seal(read: &ReadTx<'_>, reader: &Reader, words: &Words, found: Option<Found>) -> String {
    let kind = found.map_or("all", Found::as_str);
    let words: Vec<_> = words.iter().collect();
    let text = format!("{}/{}/cursor/{kind}/{}", reader.team, reader.user, words.join(" "));
    let [_, a, b, c, d, ..] = *read.blind_index(BlindColumn::SearchWord, &text).as_bytes();
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}

/// Where a page starts, by a cursor of the same search.
fn position(key: &str, seal: &str) -> Result<u128, Error> {
    let at = key.split_once('-').filter(|(_, sealed)| *sealed == seal);
    at.and_then(|(at, _)| u128::from_str_radix(at, 16).ok())
        .ok_or_else(|| Error::invalid("cursor", "is not a cursor of this search"))
}

/// The lists that a reader may walk; where they may find but one thing on a list, with that.
fn lists(read: &ReadTx<'_>, reader: &Reader, found: Option<Found>) -> Result<Vec<(List, Option<u128>)>, Error> {
    let wants = |kind: Found| found.is_none_or(|found| found == kind);
    let of_team = |found| (List { place: reader.team.uuid(), found }, None);
    let mut lists = Vec::new();
    if reader.people && wants(Found::Person) {
        lists.push(of_team(Found::Person));
    }
    let delegations = [Found::Delegation, Found::Comment].into_iter().filter(|kind| wants(*kind));
    match reader.delegations {
        Some(Reach::Everything) => lists.extend(delegations.map(of_team)),
        Some(Reach::TheirOwn) if delegations.count() > 0 => {
            let values = [reader.team.into(), reader.user.into()];
            let own =
                read.all(DELEGATIONS, &values, |row| Ok((row.id::<Delegation>(0)?.uuid(), row.integer(1)? == 1)))?;
            if wants(Found::Delegation) {
                let titles = of_team(Found::Delegation).0;
                lists.extend(own.iter().map(|(id, _)| (titles, Some(id.as_u128()))));
            }
            if wants(Found::Comment) {
                let commented = own.iter().filter(|(_, has_comments)| *has_comments);
                lists.extend(commented.map(|(id, _)| (List { place: *id, found: Found::Comment }, None)));
            }
        }
        _ => {}
    }
    if reader.messages && wants(Found::Message) {
        let of_conversation = |place| (List { place, found: Found::Message }, None);
        let values = [reader.team.into(), reader.user.into()];
        lists.extend(read.all(CONVERSATIONS, &values, |row| Ok(of_conversation(row.id::<()>(0)?.uuid())))?);
    }
    Ok(lists)
}

impl<'a> Search<'a> {
    /// A walk along each list. `None` when nothing of the team was ever indexed.
    fn begin(
        read: &'a ReadTx<'a>,
        reader: &Reader,
        words: &Words,
        found: Option<Found>,
    ) -> Result<Option<Self>, Error> {
        let Some(team) = find_number(read, reader.team)? else {
            return Ok(None);
        };
        let mut walks: Vec<Walk> = Vec::new();
        for (list, only) in lists(read, reader, found)? {
            let words = match walks.last() {
                Some(last) if last.list == list => Rc::clone(&last.words),
                _ => words.iter().map(|word| list.word(read, word)).collect(),
            };
            walks.push(Walk { list, words, only });
        }
        Ok(Some(Self { read, team, walks, looks: 0 }))
    }

    /// The page that starts at `start`, and where the next one does.
    fn page(
        &mut self,
        reader: &Reader,
        words: &Words,
        start: u128,
        limit: usize,
    ) -> Result<(Vec<Hit>, Option<u128>), Error> {
        let (mut hits, mut names) = (Vec::new(), Names::default());
        // One round for each, whatever it costs: so every page gets on, and it costs no more than what is the reader's.
        let mut heap = BinaryHeap::new();
        for walk in 0..self.walks.len() {
            heap.extend(self.advance(walk, start)?);
        }
        let most = self.looks + MOST_LOOKS;
        while let Some(Position { at, is_hit, walk }) = heap.pop() {
            if hits.len() == limit || self.looks >= most {
                return Ok((hits, Some(at)));
            }
            if is_hit {
                self.looks += LOOKS_OF_OPENING;
                let found = self.walks[walk].list.found;
                hits.extend(look(self.read, reader, found, Uuid::from_u128(at), words, &mut names)?);
                heap.extend(at.checked_sub(1).map(|at| Position { at, is_hit: false, walk }));
            } else {
                heap.extend(self.advance(walk, at)?);
            }
        }
        Ok((hits, None))
    }

    /// One round of a walk from `at` on: each word in turn says where it stands there or before, and the next goes on from
    /// there. All words stand where all say the same. The rarest thus leads, and the others are asked as often as it
    /// stands; a walk whose next text is older than another's waits for its turn.
    fn advance(&mut self, walk: usize, mut at: u128) -> Result<Option<Position>, Error> {
        let only = self.walks[walk].only;
        if let Some(only) = only {
            if only > at {
                return Ok(None);
            }
            at = only;
        }
        let mut first = None;
        for nth in 0..self.walks[walk].words.len() {
            match self.seek(self.walks[walk].words[nth], at)? {
                // What is not the caller's ends the walk as nothing does: it must not cost another look.
                Some(found) if only.is_none_or(|only| only == found) => at = found,
                _ => return Ok(None),
            }
            first.get_or_insert(at);
        }
        Ok(Some(Position { at, is_hit: first == Some(at), walk }))
    }

    /// The newest text with a word, at `at` or before.
    fn seek(&mut self, word: i64, at: u128) -> Result<Option<u128>, Error> {
        self.looks += 1;
        let values = [self.team.into(), word.into(), Value::bytes(&at.to_be_bytes())];
        self.read.first(SEEK, &values, |row| {
            let bytes = row.blob(0)?.try_into().map_err(|_| unexpected("something else than an id in the index"))?;
            Ok(u128::from_be_bytes(bytes))
        })
    }
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
