//! Lays the sources over each other, hands out typed settings, and remembers what was asked for: the rest is unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::setting::{Raw, Setting, within};
use super::{Env, Problems, Sources, document};

/// What the names of our variables begin with.
const PREFIX: &str = "MILTON_";
/// How alike two names must be (0–1) for one to be suggested in place of the other.
const ALIKE: f64 = 0.5;

/// The strongest value of one key, and where it comes from.
struct Found {
    raw: Raw,
    place: String,
    in_file: bool,
}

/// Reads settings key by key. A key that nobody asked for by the end is a mistake of the configuration's author.
pub(super) struct Reader<'a> {
    sources: &'a Sources,
    values: BTreeMap<String, Found>,
    known: BTreeSet<String>,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    /// # Errors
    /// When the file is not TOML.
    pub fn new(sources: &'a Sources) -> Result<Self, Problems> {
        let mut values = BTreeMap::new();
        let broken = |lines: Vec<String>| lines.iter().map(|line| format!("{}, {line}", sources.name)).collect();
        match document::leaves(sources.file.as_deref().unwrap_or_default()) {
            Err(lines) => Problems::check(broken(lines))?,
            Ok(leaves) => values.extend(leaves.into_iter().map(|leaf| {
                let place = format!("{}, line {}", sources.name, leaf.line);
                (leaf.key, Found { raw: leaf.raw, place, in_file: true })
            })),
        }
        let loose = |text: &str, place: String| Found { raw: Raw::Loose(text.to_owned()), place, in_file: false };
        for (name, text) in sources.env.iter() {
            if let Some(key) = key_of(name) {
                values.insert(key, loose(text, name.to_owned()));
            }
        }
        for (key, text) in &sources.flags {
            let flag = key.rsplit('.').next().unwrap_or(key);
            values.insert((*key).to_owned(), loose(text, format!("--{flag}")));
        }
        Ok(Self { sources, values, known: BTreeSet::new(), problems: Vec::new() })
    }

    /// The setting, `None` when nobody set it or it is wrong; wrong ones are remembered.
    pub fn find<T: Setting>(&mut self, key: &str) -> Option<T> {
        self.convert(key, T::read, T::expected)
    }

    /// The setting or its default.
    pub fn get<T: Setting>(&mut self, key: &str, default: T) -> T {
        self.find(key).unwrap_or(default)
    }

    /// A whole number within its documented bounds.
    pub fn number(&mut self, key: &str, default: u32, bounds: &RangeInclusive<u32>) -> u32 {
        let expected = || format!("a whole number from {} to {}", bounds.start(), bounds.end());
        self.convert(key, |raw| within(raw, bounds), expected).unwrap_or(default)
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, key: &str, words: &[(&str, T)], default: T) -> T {
        let pick = |raw: &Raw| words.iter().find(|(word, _)| raw.text() == Some(word)).map(|(_, value)| *value);
        let expected = || words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
        self.convert(key, pick, expected).unwrap_or(default)
    }

    /// A path; one from the file starts at the file's own folder.
    pub fn path(&mut self, key: &str) -> Option<PathBuf> {
        let path = PathBuf::from(self.find::<String>(key)?);
        let in_file = self.values.get(key).is_some_and(|found| found.in_file);
        Some(if in_file { self.sources.folder.join(path) } else { path })
    }

    /// The names of the tables in a list of tables: `oidc.0`, `oidc.1`, ….
    pub fn tables(&mut self, name: &str) -> Vec<String> {
        let mut tables = BTreeSet::new();
        for (key, found) in &self.values {
            let Some(rest) = key.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else { continue };
            match rest.split('.').next().map(str::parse::<usize>) {
                Some(Ok(index)) => drop(tables.insert(index)),
                _ if found.in_file && !rest.contains('.') => {
                    self.known.insert(key.clone());
                    self.problems.push(format!("{}: write [[{name}]], with two brackets on each side", found.place));
                }
                _ => {}
            }
        }
        tables.into_iter().map(|index| format!("{name}.{index}")).collect()
    }

    /// The folder the configuration file lies in.
    pub fn folder(&self) -> PathBuf {
        self.sources.folder.clone()
    }

    /// A variable that a setting names, such as the one with a client's secret; it is no setting itself.
    pub fn variable(&mut self, name: &str) -> Option<&'a str> {
        self.known.extend(key_of(name));
        let env: &'a Env = &self.sources.env;
        env.get(name)
    }

    /// Remembers a mistake in the value of `key`, or in the lack of one.
    pub fn refuse(&mut self, key: &str, why: &str) {
        let place = self.values.get(key).map_or(&self.sources.name, |found| &found.place);
        self.problems.push(format!("{place}: {key} {why}"));
    }

    /// # Errors
    /// Every mistake that was found, the unknown keys after the wrong values.
    pub fn finish(mut self) -> Result<(), Problems> {
        let empty = |key: &str| self.known.iter().any(|known| known.starts_with(&format!("{key}.")));
        for (key, found) in &self.values {
            let fine = self.known.contains(key) || matches!(found.raw, Raw::Section) && empty(key);
            if !fine {
                let hint = self.nearest(key).map_or_else(String::new, |near| format!(" — did you mean {near}?"));
                self.problems.push(format!("{}: unknown key {key}{hint}", found.place));
            }
        }
        for key in &self.known {
            let right = format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"));
            let wrong = right.replace("__", "_");
            if self.sources.env.get(&wrong).is_some() {
                self.problems.push(format!("{wrong}: not a setting — did you mean {right}?"));
            }
        }
        Problems::check(self.problems)
    }

    fn convert<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&Raw) -> Option<T>,
        expected: impl FnOnce() -> String,
    ) -> Option<T> {
        self.known.insert(key.to_owned());
        let found = self.values.get(key)?;
        let value = read(&found.raw);
        if value.is_none() {
            let line = format!("{}: {key} must be {}, found {}", found.place, expected(), found.raw.kind());
            self.problems.push(line);
        }
        value
    }

    fn nearest(&self, key: &str) -> Option<&str> {
        let alike = |known: &str| strsim::normalized_damerau_levenshtein(key, known);
        let best = self.known.iter().map(|known| (alike(known), known.as_str()));
        best.filter(|(score, _)| *score >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
    }
}

/// The key a variable stands for: `MILTON_HTTP__PORT` is `http.port`. Names without a double underscore are not
/// settings: container platforms put `MILTON_PORT` and the like into every process beside a service called "milton".
fn key_of(variable: &str) -> Option<String> {
    let name = variable.strip_prefix(PREFIX)?;
    name.contains("__").then(|| name.to_lowercase().replace("__", "."))
}
