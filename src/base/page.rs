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

    /// Cuts the extra row off; `key` names the position of the last item that stays.
    pub fn cut<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let more = items.len() > self.limit as usize;
        items.truncate(self.limit as usize);
        let next = if more { items.last().map(|last| Cursor(key(last))) } else { None };
        Page { items, next }
    }
}

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

/// A position in a list: base64url of the last item's key. It grants nothing: every page is authorized anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    fn parse(text: &str) -> Option<Self> {
        let key = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (plain && !key.is_empty() && key.len() <= 64).then_some(Self(key))
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
    fn foreign_cursors_and_limits_are_refused() {
        assert!(PageRequest::parse(Some(0), None).is_none());
        assert!(PageRequest::parse(Some(101), None).is_none());
        assert!(PageRequest::parse(None, Some("*")).is_none());
        assert!(PageRequest::parse(None, Some(&URL_SAFE_NO_PAD.encode("' OR 1=1"))).is_none());
        assert!(PageRequest::parse(None, Some("")).is_none());
    }
}
