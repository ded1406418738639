//! What people write, parsed once at the edge: length, characters and shape are right from then on.

use std::fmt;

use super::error::Error;
use super::invisible;

/// One line of text of 1 to `MAX` characters, trimmed, in which something can be seen and nothing hides: no control
/// characters and none that cannot be seen. Never printed by `Debug`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Line<const MAX: usize>(String);

/// The name of a person, a team or a device.
pub type Name = Line<100>;
/// A delegation's title.
pub type Title = Line<200>;
/// Why something was decided.
pub type Reason = Line<200>;
/// A delegation's label.
pub type Label = Line<40>;
/// A conversation's title.
pub type Topic = Line<120>;

impl<const MAX: usize> Line<MAX> {
    /// Refuses what is empty, too long or holds control or invisible characters; `pointer` says where it stood.
    pub fn parse(pointer: &str, text: &str) -> Result<Self, Error> {
        let text = text.trim();
        match text.chars().count() {
            _ if text.chars().all(invisible::is_blank) => Err(Error::invalid(pointer, "must not be empty")),
            n if n > MAX => Err(Error::invalid(pointer, format!("must be at most {MAX} characters long"))),
            _ if text.chars().any(char::is_control) || invisible::hides_something(text) => {
                Err(Error::invalid(pointer, "must be one line without control or invisible characters"))
            }
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// A line that was parsed when it was written: rules that came later do not lock people out of what they have.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

/// Longer text of up to `MAX` characters; line breaks and tabs are the only control characters. Never printed by `Debug`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Prose<const MAX: usize>(String);

/// What a delegation is about.
pub type Body = Prose<20_000>;
/// What a message says.
pub type Said = Prose<8_000>;
/// What is said about a delegation.
pub type Remark = Prose<10_000>;

impl<const MAX: usize> Prose<MAX> {
    /// Refuses what is too long or holds control characters; `pointer` says where it stood.
    pub fn parse(pointer: &str, text: &str) -> Result<Self, Error> {
        if text.chars().count() > MAX {
            return Err(Error::invalid(pointer, format!("must be at most {MAX} characters long")));
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(Error::invalid(pointer, "must not hold control characters"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The same, of a text that must say something: one in which nothing can be seen is refused as well.
    pub fn parse_visible(pointer: &str, text: &str) -> Result<Self, Error> {
        if text.chars().all(|c| c.is_control() || invisible::is_blank(c) || invisible::is_hidden(c)) {
            return Err(Error::invalid(pointer, "must not be empty"));
        }
        Self::parse(pointer, text)
    }

    /// A text that was parsed when it was written.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Prose<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

/// An e-mail address: something, one `@`, a domain; at most 254 bytes (RFC 5321). Never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Refuses what cannot be an address; whether it is one, only a message could tell.
    pub fn parse(pointer: &str, text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let good = text.len() <= 254
            && !text.chars().any(|c| c.is_control() || invisible::is_blank(c) || invisible::is_hidden(c))
            && text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
            });
        if good { Ok(Self(text.to_owned())) } else { Err(Error::invalid(pointer, "must be an e-mail address")) }
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[e-mail]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_trimmed_and_bounded() {
        assert_eq!(Line::<3>::parse("/x", " abc ").unwrap().as_str(), "abc");
        assert_eq!(Line::<3>::parse("/x", "äöü").unwrap().as_str(), "äöü");
        for bad in ["", "  ", "abcd", "a\nb", "a\u{0}b", "a\u{2028}b", "a\u{202e}b", "\u{2066}ab"] {
            assert!(Line::<3>::parse("/x", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn no_name_looks_like_another_or_like_nothing() {
        for good in [
            "Ana Ré",
            "O\u{2019}Neil-Łęcka",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "👩\u{200d}🚀",
            "🏳\u{fe0f}\u{200d}🌈",
        ] {
            assert!(Name::parse("/name", good).is_ok(), "{good:?}");
        }
        for hidden in [
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{200f}',
            '\u{2060}',
            '\u{2064}',
            '\u{3164}',
            '\u{fe00}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e0100}',
        ] {
            for bad in [format!("An{hidden}a"), format!("{hidden}Ana"), format!("Ana{hidden}"), hidden.to_string()] {
                assert!(Name::parse("/name", &bad).is_err(), "{bad:?}");
            }
            assert!(Email::parse("/email", &format!("an{hidden}a@example.org")).is_err(), "{hidden:?}");
        }
        for blank in ["\u{a0}", "\u{2800}", "\u{3000}\u{2800}", "\u{2003}"] {
            assert!(Name::parse("/name", blank).is_err() && Email::parse("/email", &format!("a{blank}@x.io")).is_err());
        }
    }

    #[test]
    fn prose_keeps_its_lines() {
        assert_eq!(Prose::<5>::parse("/x", "a\n\tb").unwrap().as_str(), "a\n\tb");
        assert_eq!(Prose::<5>::parse("/x", "").unwrap().as_str(), "");
        assert!(Prose::<5>::parse("/x", "123456").is_err());
        assert!(Prose::<5>::parse("/x", "a\u{7}").is_err());
        for blank in ["", " \n\t", "\u{200b}", "\u{3000}\r\n", "\u{2800}"] {
            assert!(Prose::<5>::parse_visible("/x", blank).is_err(), "{blank:?}");
        }
        assert_eq!(Prose::<5>::parse_visible("/x", " a\n").unwrap().as_str(), " a\n");
    }

    #[test]
    fn addresses() {
        for good in ["ana@example.org", "a.b+c@x.io", " ana@example.org "] {
            assert!(Email::parse("/email", good).is_ok(), "{good}");
        }
        let long = format!("{}@example.org", "a".repeat(250));
        for bad in ["", "ana", "@x", "ana@", "a@b@c", "a b@c.d", "a@.d", long.as_str()] {
            assert!(Email::parse("/email", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_shows_in_debug() {
        assert_eq!(format!("{:?}", Name::parse("/n", "Ana").unwrap()), "[3 bytes]");
        assert_eq!(format!("{:?}", Body::parse("/b", "Ana").unwrap()), "[3 bytes]");
        assert_eq!(format!("{:?}", Email::parse("/e", "ana@x.org").unwrap()), "[e-mail]");
    }
}
