//! Lists come in pages: a limit, and an opaque cursor that says where the next page starts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How many items one page may hold.
pub const MAX_LIMIT: u32 = 100;
/// How many it holds when nobody says.
pub const DEFAULT_LIMIT: u32 = 50;

/// What a caller asks of a list.
#[derive(Clone, Debug)]
pub struct PageRequest {
    limit: u32,
    after: Option<Cursor>,
}

impl PageRequest {
    /// `None` when the limit is outside 1–100 or the cursor is not one of ours.
    pub fn parse(limit: Option<u32>, cursor: Option<&str>) -> Option<Self> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let after = match cursor {
            None => None,
            Some(text) => Some(Cursor::parse(text)?),
        };
        (1..=MAX_LIMIT).contains(&limit).then_some(Self { limit, after })
    }

    /// The first page of a list, when no caller says more; the limit is kept within 1–100.
    pub fn first(limit: u32) -> Self {
        Self { limit: limit.clamp(1, MAX_LIMIT), after: None }
    }

    /// One more than the page holds: the extra row tells whether another page follows.
    pub const fn fetch(&self) -> i64 {
        self.limit as i64 + 1
    }

    /// How many items the page may hold.
    pub const fn limit(&self) -> usize {
        self.limit as usize
    }

    /// The key after which this page starts.
    pub fn after(&self) -> Option<&str> {
        self.after.as_ref().map(|cursor| cursor.0.as_str())
    }

    /// The place after which this page starts, in a sorted list of this mark: whatever says which list it is, its order
    /// and its filter.
    pub fn after_place(&self, list: u64) -> Result<Option<Place>, ForeignCursor> {
        self.after().map(|key| Place::parse(list, key).ok_or(ForeignCursor)).transpose()
    }

    /// Cuts the extra row off a sorted list of this mark; `place` names the place of the last item that stays.
    pub fn cut_sorted<T>(&self, items: Vec<T>, list: u64, place: impl Fn(&T) -> Place) -> Page<T> {
        self.cut(items, |last| place(last).key(list))
    }

    /// Cuts the extra row off; `key` names the position of the last item that stays.
    pub fn cut<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let more = items.len() > self.limit as usize;
        items.truncate(self.limit as usize);
        let next = if more { items.last().map(|last| Cursor(key(last))) } else { None };
        Page { items, next }
    }
}

/// A place in a list that is sorted by a number, and by ids where numbers are equal: rows that come, go or move do not
/// shift it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What the list is sorted by.
    pub number: i64,
    /// The id of the item at this place.
    pub id: String,
}

impl Place {
    fn key(&self, list: u64) -> String {
        format!("{list:016x}.{}.{}", self.number, self.id)
    }

    fn parse(list: u64, key: &str) -> Option<Self> {
        let (number, id) = key.strip_prefix(&format!("{list:016x}."))?.split_once('.')?;
        Some(Self { number: number.parse().ok()?, id: id.to_owned() })
    }
}

/// A cursor that belongs to another list, another order or another filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignCursor;

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// A page whose maker knows where the next one starts, for lists in which more is looked at than shown.
    pub fn until(items: Vec<T>, next: Option<String>) -> Self {
        Self { items, next: next.map(Cursor) }
    }

    /// The same page with each item turned into something else.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(turn).collect(), next: self.next }
    }
}

/// What a caller asks of a list that is read both ways, such as the messages of a conversation.
#[derive(Clone, Debug)]
pub struct WindowRequest {
    limit: u32,
    edge: Edge,
}

/// Where a window begins, and which way it goes from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edge {
    /// At the list's end, backwards.
    End,
    /// Behind this position, backwards.
    Before(Cursor),
    /// Behind this position, forwards.
    After(Cursor),
}

impl WindowRequest {
    /// `None` when the limit is outside 1–100, a cursor is not one of ours, or there are two.
    pub fn parse(limit: Option<u32>, before: Option<&str>, after: Option<&str>) -> Option<Self> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let edge = match (before, after) {
            (None, None) => Edge::End,
            (Some(text), None) => Edge::Before(Cursor::parse(text)?),
            (None, Some(text)) => Edge::After(Cursor::parse(text)?),
            (Some(_), Some(_)) => return None,
        };
        (1..=MAX_LIMIT).contains(&limit).then_some(Self { limit, edge })
    }

    /// One more than the window holds: the extra row tells whether there is more behind it.
    pub const fn fetch(&self) -> i64 {
        self.limit as i64 + 1
    }

    /// Where it begins.
    pub const fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Cuts the extra row off what was read from the edge on and puts the rest into ascending order; `key` names an
    /// item's position.
    pub fn cut<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Window<T> {
        let more = items.len() > self.limit as usize;
        items.truncate(self.limit as usize);
        let is_forwards = matches!(self.edge, Edge::After(_));
        if !is_forwards {
            items.reverse();
        }
        let first = items.first().filter(|_| more || is_forwards).map(|item| Cursor(key(item)));
        let next = match (items.last(), &self.edge) {
            (Some(last), _) => Some(Cursor(key(last))),
            (None, Edge::After(cursor)) => Some(cursor.clone()),
            (None, Edge::End | Edge::Before(_)) => None,
        };
        Window { items, prev: first, next }
    }
}

/// A stretch of a list that is read both ways.
#[derive(Clone, Debug)]
pub struct Window<T> {
    /// The items, in ascending order whichever way was asked.
    pub items: Vec<T>,
    /// Before which the older ones stand; `None` when there are none.
    pub prev: Option<Cursor>,
    /// Behind which the newer ones stand or will stand; `None` when the list is empty.
    pub next: Option<Cursor>,
}

/// A position in a list: base64url of the last item's key. It grants nothing: every page is authorized anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// The key of the item it names.
    pub fn key(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let key = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
        (plain && !key.is_empty() && key.len() <= 96).then_some(Self(key))
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extra_row_becomes_the_cursor() {
        let request = PageRequest::parse(Some(2), None).unwrap();
        assert_eq!(request.fetch(), 3);
        let page = request.cut(vec!["a", "b", "c"], ToString::to_string);
        assert_eq!(page.items, ["a", "b"]);
        let text = page.next.unwrap().to_string();
        assert_eq!(PageRequest::parse(None, Some(&text)).unwrap().after(), Some("b"));
        assert!(request.cut(vec!["a", "b"], ToString::to_string).next.is_none());
    }

    #[test]
    fn a_window_goes_both_ways_and_is_always_ascending() {
        let ask = |before: Option<&str>, after: Option<&str>| WindowRequest::parse(Some(2), before, after).unwrap();
        let shown = |window: Window<i32>| (window.items, window.prev.map(|c| c.0), window.next.map(|c| c.0));
        let [two, four] = ["2", "4"].map(|key| Cursor(key.to_owned()).to_string());
        let own = |text: &str| Some(text.to_owned());
        let key = |item: &i32| item.to_string();
        assert_eq!(shown(ask(None, None).cut(vec![5, 4, 3], key)), (vec![4, 5], own("4"), own("5")));
        assert_eq!(shown(ask(Some(&four), None).cut(vec![3, 2, 1], key)), (vec![2, 3], own("2"), own("3")));
        assert_eq!(shown(ask(Some(&two), None).cut(vec![1], key)), (vec![1], None, own("1")));
        assert_eq!(shown(ask(None, Some(&two)).cut(vec![3, 4, 5], key)), (vec![3, 4], own("3"), own("4")));
        assert_eq!(shown(ask(None, Some(&four)).cut(vec![], key)), (vec![], None, own("4")), "ask again later");
        assert_eq!(shown(ask(None, None).cut(vec![], key)), (vec![], None, None));
        assert_eq!(ask(Some(&two), None).edge(), &Edge::Before(Cursor("2".to_owned())));
        assert!(WindowRequest::parse(None, Some(&two), Some(&four)).is_none(), "one way at a time");
        assert!(WindowRequest::parse(Some(0), None, None).is_none());
        assert!(WindowRequest::parse(None, Some("*"), None).is_none());
    }

    #[test]
    fn a_place_is_found_again_in_its_own_list_alone() {
        let request = PageRequest::parse(Some(1), None).unwrap();
        let place = |number: &i64| Place { number: *number, id: "0195-7".to_owned() };
        assert_eq!(request.after_place(7), Ok(None));
        let text = request.cut_sorted(vec![i64::MIN, 1], 7, place).next.unwrap().to_string();
        let next = PageRequest::parse(None, Some(&text)).unwrap();
        assert_eq!(next.after_place(7), Ok(Some(place(&i64::MIN))));
        assert_eq!(next.after_place(8), Err(ForeignCursor));
        let plain = request.cut(vec!["a", "b"], ToString::to_string).next.unwrap().to_string();
        assert_eq!(PageRequest::parse(None, Some(&plain)).unwrap().after_place(7), Err(ForeignCursor));
    }

    #[test]
    fn foreign_cursors_and_limits_are_refused() {
        assert!(PageRequest::parse(Some(0), None).is_none());
        assert!(PageRequest::parse(Some(101), None).is_none());
        assert!(PageRequest::parse(None, Some("*")).is_none());
        assert!(PageRequest::parse(None, Some(&URL_SAFE_NO_PAD.encode("' OR 1=1"))).is_none());
        assert!(PageRequest::parse(None, Some("")).is_none());
    }
}
