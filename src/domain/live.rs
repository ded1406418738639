//! A place in a live stream, and what a client keeps to resume there.

use std::fmt;

/// How far a stream has told: the feed of teams, and its reader's own notifications. It grants nothing: whatever comes
/// behind it is judged anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The row of the feed that was told or passed over last.
    pub feed: i64,
    /// The notification that was told last, by its place in the order of all.
    pub news: i64,
}

impl Position {
    /// Reads what `Display` writes, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let (feed, news) = text.split_once('-')?;
        let position = Self { feed: feed.parse().ok()?, news: news.parse().ok()? };
        (feed.bytes().chain(news.bytes()).all(|byte| byte.is_ascii_digit()) && position.to_string() == text)
            .then_some(position)
    }

    /// Whether it stands where nothing has been written yet: the database is not the one it came from, or an older one.
    pub const fn is_ahead_of(self, head: Self) -> bool {
        self.feed > head.feed || self.news > head.news
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.feed, self.news)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let position = Position { feed: 4711, news: 12 };
        assert_eq!(position.to_string(), "4711-12");
        assert_eq!(Position::parse("4711-12"), Some(position));
        assert_eq!(Position::parse("0-0"), Some(Position::default()));
        for wrong in ["", "-", "1", "1-", "-1", "-1-2", "1--2", "+1-2", "01-2", "1-2-3", " 1-2", "1-2 ", "1-x"] {
            assert_eq!(Position::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Position::parse("99999999999999999999-1"), None, "beyond what there can be");
    }

    #[test]
    fn either_half_can_be_ahead() {
        let head = Position { feed: 5, news: 3 };
        for (feed, news, ahead) in [(5, 3, false), (0, 0, false), (6, 0, true), (0, 4, true)] {
            assert_eq!(Position { feed, news }.is_ahead_of(head), ahead, "{feed}-{news}");
        }
    }
}
