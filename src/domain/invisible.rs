//! Characters that cannot be seen, or that turn others around: with them a name reads like another in a list or in the
//! audit log.
//!
//! From the Unicode Character Database 17.0: the property `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt`),
//! the bidirectional controls (UAX #9, all of them ignorable by default), the interlinear annotations and the two line
//! separators. Marks of category `Cf` that are seen, such as U+06DD, are none of them.

/// Joins or separates what stands around it: ZERO WIDTH NON-JOINER and ZERO WIDTH JOINER (Unicode 17.0, 23.2).
const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Asks for the colourful form of the character before it (UTS #51).
const EMOJI_FORM: char = '\u{fe0f}';
/// Puts a key around a digit (UTS #51).
const KEYCAP: char = '\u{20e3}';

/// Whether nothing is to be seen of a character, or it turns others around.
pub(super) const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether a character is nothing but space; BRAILLE PATTERN BLANK is no white space to Unicode.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

/// Whether something hides in a text. Joiners and the emoji form are welcome where they change what is seen.
pub(super) fn hides_something(text: &str) -> bool {
    let mut before = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let after = rest.clone().next();
        let seen = match c {
            EMOJI_FORM => after == Some(KEYCAP) || before.is_some_and(is_symbol),
            c if is_joiner(c) => before.is_some_and(can_be_joined) && after.is_some_and(can_be_joined),
            c => !is_hidden(c),
        };
        if !seen {
            return true;
        }
        before = Some(c);
    }
    false
}

/// Whether a character may have an emoji form: no letter, and nothing that is not seen itself.
fn is_symbol(c: char) -> bool {
    !c.is_ascii() && !c.is_alphanumeric() && !is_blank(c) && !is_hidden(c)
}

/// Whether joiners mean something beside a character: in Arabic, Indic and other scripts and between emoji. In Latin,
/// Greek and Cyrillic, which lie before U+0590 and in two later blocks, they mean nothing.
fn can_be_joined(c: char) -> bool {
    c >= '\u{590}' && !matches!(c, '\u{1e00}'..='\u{1fff}') && !is_blank(c) && (c == EMOJI_FORM || !is_hidden(c))
}
