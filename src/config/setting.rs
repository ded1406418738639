//! How one value becomes one setting, whether it comes typed from the file or as text from a variable or a flag.

use std::net::IpAddr;
use std::ops::RangeInclusive;

/// A value before its meaning is known.
#[derive(Debug)]
pub(super) enum Raw {
    /// A TOML string.
    Text(String),
    /// A TOML integer.
    Number(i64),
    /// A TOML list of strings.
    List(Vec<String>),
    /// A section without any key in it.
    Section,
    /// Another TOML type, by its name.
    Other(&'static str),
    /// From a variable or flag: text that may stand for any type; lists are separated by commas.
    Loose(String),
}

impl Raw {
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Loose(text) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Loose(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn list(&self) -> Option<Vec<&str>> {
        match self {
            Self::List(items) => Some(items.iter().map(String::as_str).collect()),
            Self::Loose(text) => Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()),
            _ => None,
        }
    }

    /// What was found, without its content: somebody may have pasted a secret into the wrong place.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Loose(_) => "text",
            Self::Number(_) => "number",
            Self::List(_) => "list",
            Self::Section => "section",
            Self::Other(kind) => kind,
        }
    }
}

/// A type a setting can have.
pub(super) trait Setting: Sized {
    /// Completes "must be …".
    fn expected() -> String;
    fn parse(text: &str) -> Option<Self>;
    fn read(raw: &Raw) -> Option<Self> {
        Self::parse(raw.text()?)
    }
}

impl Setting for String {
    fn expected() -> String {
        "a text that is not empty".into()
    }
    fn parse(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| text.to_owned())
    }
}

impl Setting for IpAddr {
    fn expected() -> String {
        "an IP address such as 0.0.0.0 or ::1".into()
    }
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for u16 {
    fn expected() -> String {
        "a whole number from 0 to 65535".into()
    }
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn read(raw: &Raw) -> Option<Self> {
        raw.number()?.try_into().ok()
    }
}

impl<T: Setting> Setting for Vec<T> {
    fn expected() -> String {
        format!("a list, each item {}", T::expected())
    }
    fn parse(text: &str) -> Option<Self> {
        Self::read(&Raw::Loose(text.to_owned()))
    }
    fn read(raw: &Raw) -> Option<Self> {
        raw.list()?.into_iter().map(T::parse).collect()
    }
}

/// A whole number within bounds.
pub(super) fn within(raw: &Raw, bounds: &RangeInclusive<u32>) -> Option<u32> {
    raw.number()?.try_into().ok().filter(|number| bounds.contains(number))
}
