//! Which words a text has, for the search: one rule for what is indexed, what is asked for and what is checked.
//!
//! A text is brought to NFKC and case-folded, so that `Straße` and `STRASSE`, `é` composed and decomposed, `ﬁ` and `fi`
//! are equal. The folding is the one that fits all languages: `ı` and `i` are different letters, and so are `İ` and `i`.
//! Words end where Unicode annex 29 says, and at every sign inside of them: `ana@example.org` is the three words `ana`,
//! `example` and `org`, `can't` is `can` and `t`, `3.14` is `3` and `14`. In scripts that write without spaces, such as
//! Han, Hiragana and Thai, each character is a word; in Katakana and Hangul a run of them is.

use std::collections::BTreeSet;

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use crate::crypto::blind_index::normalize;
use crate::domain::Error;

/// Distinct words of one text that can be found: its first ones.
const MOST: usize = 500;
/// Characters by which words are told apart: their first ones.
const LONGEST: usize = 64;
/// Words that one search may ask for.
const ASKED: usize = 8;
/// Characters that one search may have.
const ASKED_CHARACTERS: usize = 200;
/// Characters of an excerpt, those before the first word found among them.
const EXCERPT: usize = 160;
const BEFORE: usize = 40;

/// The distinct words of a text.
pub fn words(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let inside = |letter: char| letter.is_alphanumeric() || is_combining_mark(letter);
    for part in normalize(text).unicode_words().flat_map(|word| word.split(|letter| !inside(letter))) {
        if found.len() == MOST {
            break;
        }
        if part.contains(char::is_alphanumeric) {
            found.insert(part.chars().take(LONGEST).collect());
        }
    }
    found
}

/// What somebody searches for: one to eight words, all of which must stand in a text, in whatever order.
#[derive(Clone, Debug)]
pub struct Words(BTreeSet<String>);

impl Words {
    /// Reads them; `pointer` says where they stood.
    pub fn parse(pointer: &str, text: &str) -> Result<Self, Error> {
        if text.chars().count() > ASKED_CHARACTERS {
            return Err(Error::invalid(pointer, "must have at most 200 characters"));
        }
        let words = words(text);
        match words.len() {
            0 => Err(Error::invalid(pointer, "must have at least one word")),
            1..=ASKED => Ok(Self(words)),
            _ => Err(Error::invalid(pointer, "must have at most 8 different words")),
        }
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether all of them stand in a text.
    pub fn stand_in(&self, text: &str) -> bool {
        self.0.is_subset(&words(text))
    }

    /// The part of a text around the first of them that stands in it.
    pub fn excerpt(&self, text: &str) -> String {
        let holds = |part: &str| !self.0.is_disjoint(&words(part));
        let at = text.unicode_word_indices().find(|(_, part)| holds(part)).map_or(0, |(at, _)| at);
        let start = text[..at].grapheme_indices(true).rev().nth(BEFORE).map_or(0, |(start, _)| start);
        let end = text[start..].grapheme_indices(true).nth(EXCERPT).map_or(text.len(), |(end, _)| start + end);
        let cut = |is_cut: bool| if is_cut { "…" } else { "" };
        [cut(start > 0), text[start..end].trim(), cut(end < text.len())].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        words(text).into_iter().collect()
    }

    #[test]
    fn forms_of_one_word_are_one() {
        for (a, b) in [
            ("Straße", "STRASSE"),
            ("Caf\u{e9}", "cafe\u{301}"),
            ("ﬁle", "FILE"),
            ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
            ("ＡＮＡ", "ana"),
            ("can’t", "can't"),
        ] {
            assert_eq!(list(a), list(b), "{a} {b}");
        }
    }

    #[test]
    fn the_turkish_letters_are_letters_of_their_own() {
        assert_ne!(list("ışık"), list("işik"));
        assert_ne!(list("İzmir"), list("izmir"));
        assert_eq!(list("İzmir"), list("İZMIR"));
    }

    #[test]
    fn addresses_numbers_and_hyphens_fall_into_parts() {
        assert_eq!(list("ana@example.org"), ["ana", "example", "org"]);
        assert_eq!(list("3.14 snake_case e-mail"), ["14", "3", "case", "e", "mail", "snake"]);
        assert!(list(" … — 🙂 ' ").is_empty());
    }

    #[test]
    fn scripts_without_spaces_have_words_of_one_character() {
        assert_eq!(list("東京都"), ["京", "東", "都"]);
        assert_eq!(list("カタカナ"), ["カタカナ"]);
        assert!(Words::parse("q", "東都").unwrap().stand_in("東京都"));
        assert_eq!(list("हिन्दी"), ["हिन्दी"], "a mark within a word does not end it");
    }

    #[test]
    fn long_texts_and_words_are_cut() {
        let many: Vec<_> = (0..2_000).map(|n| format!("w{n}")).collect();
        assert_eq!(words(&many.join(" ")).len(), MOST);
        assert_eq!(list(&"x".repeat(1_000)), ["x".repeat(LONGEST)]);
        assert!(Words::parse("q", &"x".repeat(100)).unwrap().stand_in(&"x".repeat(70)), "known limit: 64 count");
    }

    #[test]
    fn a_search_has_one_to_eight_words() {
        for wrong in ["", "  ", "—", "a b c d e f g h i", &"x".repeat(201)] {
            assert!(matches!(Words::parse("q", wrong), Err(Error::Invalid(_))), "{wrong}");
        }
        assert_eq!(Words::parse("q", "a a A b").unwrap().iter().collect::<Vec<_>>(), ["a", "b"]);
        assert!(Words::parse("q", "a b c d e f g h").is_ok());
    }

    #[test]
    fn all_words_must_stand_in_the_text() {
        let asked = Words::parse("q", "pier mend").unwrap();
        assert!(asked.stand_in("Mend the old PIER."));
        assert!(!asked.stand_in("Mend the old pierogi."));
    }

    #[test]
    fn an_excerpt_is_cut_around_the_first_word_and_never_through_a_character() {
        let text = format!("{}LIGHTHOUSE{}", "e\u{301} ".repeat(300), " 🙂".repeat(300));
        let excerpt = Words::parse("q", "lighthouse").unwrap().excerpt(&text);
        assert!(excerpt.starts_with('…') && excerpt.ends_with('…') && excerpt.contains("LIGHTHOUSE"), "{excerpt}");
        assert!(excerpt.graphemes(true).count() <= EXCERPT + 2);
        assert_eq!(Words::parse("q", "b").unwrap().excerpt("a b"), "a b");
        assert_eq!(Words::parse("q", "gone").unwrap().excerpt("a b"), "a b");
    }
}
