//! `milton.toml` as a flat list: each key's dotted name, its value, and the line it stands on.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::setting::Raw;

/// One key of the document. Tables in a list are numbered from 0: the first `[[oidc]]`'s name is `oidc.0.name`.
pub(super) struct Leaf {
    pub key: String,
    pub raw: Raw,
    pub line: usize,
}

/// All keys of a TOML document.
///
/// # Errors
/// Every syntax error with its line.
pub(super) fn leaves(text: &str) -> Result<Vec<Leaf>, Vec<String>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let line = |error: &toml::de::Error| error.span().map_or(1, |span| line_of(text, span.start));
        return Err(errors
            .iter()
            .map(|error| format!("line {}: {}", line(error), one_line(error.message())))
            .collect());
    }
    let mut leaves = Vec::new();
    walk_table(text, "", table.get_ref(), &mut leaves);
    Ok(leaves)
}

fn walk_table(text: &str, prefix: &str, table: &DeTable<'_>, leaves: &mut Vec<Leaf>) {
    for (name, value) in table {
        let dot = if prefix.is_empty() { "" } else { "." };
        let key = format!("{prefix}{dot}{}", name.get_ref());
        walk(text, key, name.span().start, value, leaves);
    }
}

fn walk(text: &str, key: String, at: usize, value: &Spanned<DeValue<'_>>, leaves: &mut Vec<Leaf>) {
    match value.get_ref() {
        DeValue::Table(table) if !table.is_empty() => walk_table(text, &key, table, leaves),
        DeValue::Array(items) if !items.is_empty() && items.iter().all(|item| item.get_ref().is_table()) => {
            for (index, item) in items.iter().enumerate() {
                walk(text, format!("{key}.{index}"), item.span().start, item, leaves);
            }
        }
        leaf => leaves.push(Leaf { key, raw: raw(leaf), line: line_of(text, at) }),
    }
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Raw::Other("number"), Raw::Number)
        }
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect::<Option<_>>();
            texts.map_or(Raw::Other("list"), Raw::List)
        }
        DeValue::Table(_) => Raw::Section,
        other => Raw::Other(other.type_str()),
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn one_line(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join(", ")
}
