//! The house rules, read from the sources: who imports whom, which names stand where, and that the map is the house.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every folder of `src/` and its floor.
const FLOORS: &[(&str, u8)] = &[
    ("base", 0),
    ("domain", 1),
    ("crypto", 1),
    ("config", 1),
    ("outbound", 1),
    ("store", 2),
    ("idp", 2),
    ("webauthn", 2),
    ("app", 3),
    ("http", 4),
    ("jobs", 4),
    ("cli", 5),
];

/// A name that may stand only in some places.
struct Fence {
    names: &'static [&'static str],
    /// Files and folders, from `src/` on.
    homes: &'static [&'static str],
}

const FENCES: &[Fence] = &[
    // The engine seam: one file knows which database this is. The tests look past it.
    Fence { names: &["rusqlite", "r2d2"], homes: &["store/sqlite.rs", "store/sqlite_tests.rs", "store/statements.rs"] },
    Fence { names: &["poem"], homes: &["http/"] },
    Fence { names: &["openidconnect", "oauth2::"], homes: &["idp/"] },
    Fence { names: &["webauthn_rs"], homes: &["webauthn/"] },
    Fence { names: &["clap"], homes: &["cli/"] },
    Fence { names: &["aes_gcm", "bcrypt::", "hkdf", "hmac::"], homes: &["crypto/"] },
    Fence {
        names: &["SystemTime::now", "OffsetDateTime::now", "getrandom", "Uuid::now_v7", "Uuid::new_v4", "rand::"],
        homes: &["base/"],
    },
    // How long a connection has been silent is asked of the monotonic clock: no test and no user moves it.
    Fence { names: &["Instant::now"], homes: &["base/", "http/activity.rs"] },
    // The door tells the actors apart; it makes none.
    Fence { names: &["Actor::Job"], homes: &["jobs/", "app/system.rs", "store/standing.rs"] },
    Fence { names: &["Actor::Operator"], homes: &["cli/", "app/system.rs", "store/standing.rs"] },
    Fence {
        names: &["std::fs", "tokio::fs"],
        homes: &["base/whole_file.rs", "config/", "store/", "idp/", "http/", "jobs/", "cli/"],
    },
    Fence { names: &["std::env", "env::var"], homes: &["config/", "cli/", "main.rs"] },
    Fence { names: &["std::process"], homes: &["cli/", "main.rs"] },
    Fence { names: &["Tx::new", "ReadTx::new"], homes: &["store/"] },
    // Tests alone.
    Fence { names: &["Cost::CHEAP"], homes: &[] },
    Fence { names: &["Sealed::from_stored"], homes: &["store/", "crypto/"] },
];

/// Lines a file may have.
const LONGEST: usize = 400;
/// Files that have more, and why.
const LONGER: &[(&str, &str)] = &[];

/// A file, by its path from `src/` on.
struct Source {
    path: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.push(Source { path: name, text: fs::read_to_string(path).unwrap() });
            }
        }
    }
    found
}

/// The text without its comments and literals, so that words in them do not count; lines stay where they are.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = literal(rest).unwrap_or(0);
        if skipped == 0 {
            code.push(next);
            rest = &rest[next.len_utf8()..];
        } else {
            code.extend(rest[..skipped].chars().filter(|c| *c == '\n'));
            code.push(' ');
            rest = &rest[skipped..];
        }
    }
    code
}

/// How many bytes of comment or literal `rest` begins with.
fn literal(rest: &str) -> Option<usize> {
    let until = |from: usize, end: &str| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(until(2, "*/"));
    }
    if let Some(raw) = rest.strip_prefix('r')
        && raw.trim_start_matches('#').starts_with('"')
    {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        return Some(until(hashes + 2, &format!("\"{}", "#".repeat(hashes))));
    }
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut chars = rest.char_indices().skip(1);
    if quote == '\'' && !rest[1..].starts_with('\\') && rest.chars().nth(2) != Some('\'') {
        return None; // a lifetime
    }
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote {
            return Some(at + 1);
        }
    }
    Some(rest.len())
}

/// Where `name` stands in the code as the beginning of a word.
fn places<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).map(|(at, _)| at).filter(move |at| !code[..*at].ends_with(word))
}

/// The modules that a path names after its `crate::`: one, or all those in braces.
fn named(rest: &str) -> Vec<&str> {
    let first = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let rest = rest.trim_start();
    let Some(group) = rest.strip_prefix('{') else {
        return vec![if rest.starts_with('*') { "*" } else { &rest[..first(rest)] }];
    };
    let (mut depth, mut start, mut items) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let item = group[start..at].trim();
                items.push(if item.starts_with('*') { "*" } else { &item[..first(item)] });
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    items
}

/// Every module of the crate's root that the code names: by `crate::`, or by climbing up with `super::`.
fn imports<'a>(path: &str, code: &'a str) -> Vec<&'a str> {
    let mut found: Vec<&str> = places(code, "crate::").flat_map(|at| named(&code[at + "crate::".len()..])).collect();
    let depth = path.trim_end_matches("/mod.rs").split('/').count();
    for at in places(code, "super::").filter(|at| !code[..*at].ends_with("super::")) {
        let rest = code[at..].trim_start_matches("super::");
        if (code.len() - at - rest.len()) / "super::".len() >= depth {
            found.extend(named(rest).into_iter().filter(|name| floor(name).is_some()));
        }
    }
    found
}

fn floor(folder: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == folder).map(|(_, floor)| *floor)
}

/// What is wrong with the imports of one file.
fn wrong_imports(source: &Source, code: &str) -> Vec<String> {
    let Some((home, _)) = source.path.split_once('/') else {
        return Vec::new(); // main.rs and lib.rs stand above the house
    };
    let Some(own) = floor(home) else {
        return vec![format!("{}: the folder has no floor", source.path)];
    };
    let wrong = |name: &str| name != home && floor(name).is_none_or(|theirs| theirs >= own);
    let imports = imports(&source.path, code).into_iter().filter(|name| wrong(name));
    imports.map(|name| format!("{}: floor {own} imports {name}", source.path)).collect()
}

/// What is wrong with one file.
fn problems(source: &Source) -> Vec<String> {
    let code = code_of(&source.text);
    let path = &source.path;
    let mut problems = wrong_imports(source, &code);
    for Fence { names, homes } in FENCES {
        for name in *names {
            if places(&code, name).next().is_some() && !homes.iter().any(|home| path.starts_with(home)) {
                problems.push(format!("{path}: {name} belongs in [{}]", homes.join(", ")));
            }
        }
    }
    if path == "store/tx.rs" {
        let open = ["pub fn new", "pub fn commit", "pub fn execute", "pub engine", "pub read"];
        problems.extend(open.iter().filter(|name| code.contains(**name)).map(|name| format!("{path}: {name}")));
    }
    if !source.text.starts_with("//! ") {
        problems.push(format!("{path}: the first line does not say what the file is for"));
    }
    let lines = source.text.lines().count();
    if lines > LONGEST && !LONGER.iter().any(|(longer, _)| longer == path) {
        problems.push(format!("{path}: {lines} lines"));
    }
    problems
}

#[test]
fn every_file_keeps_the_house_rules() {
    let problems: Vec<_> = sources().iter().flat_map(problems).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn no_exception_outlives_its_file() {
    let sources = sources();
    for (path, _) in LONGER {
        let source = sources.iter().find(|source| source.path == *path);
        assert!(source.is_some_and(|source| source.text.lines().count() > LONGEST), "{path}");
    }
    for home in FENCES.iter().flat_map(|fence| fence.homes) {
        assert!(root().join(home).exists(), "{home}");
    }
}

#[test]
fn each_rule_can_fail() {
    let cases = [
        ("domain/a.rs", "use crate::store::Store;", "floor 1 imports store"),
        ("domain/a.rs", "use crate::crypto::field;", "floor 1 imports crypto"),
        ("http/a.rs", "use crate::jobs::Job;", "floor 4 imports jobs"),
        ("app/a.rs", "use crate::{base::id::Id, domain::{Error, role::Role}, http};", "floor 3 imports http"),
        ("app/a.rs", "use crate::*;", "floor 3 imports *"),
        ("app/a.rs", "fn f() { super::super::cli::main() }", "floor 3 imports cli"),
        ("app/mod.rs", "use super::http::site;", "floor 3 imports http"),
        ("store/a.rs", "fn f(_: &crate::app::App) {}", "floor 2 imports app"),
        ("app/a.rs", "use rusqlite::Connection;", "rusqlite belongs in"),
        ("store/team.rs", "fn f(_: r2d2_sqlite::Thing) {}", "r2d2 belongs in"),
        ("app/a.rs", "use poem_openapi::Object;", "poem belongs in"),
        ("app/a.rs", "use webauthn_rs::prelude::Webauthn;", "webauthn_rs belongs in"),
        ("store/a.rs", "let now = std::time::SystemTime::now();", "SystemTime::now belongs in"),
        ("http/a.rs", "let now = Instant::now();", "Instant::now belongs in"),
        ("crypto/a.rs", "getrandom::fill(&mut bytes);", "getrandom belongs in"),
        ("http/a.rs", "Caller::local(Actor::Operator)", "Actor::Operator belongs in"),
        ("cli/a.rs", "Caller::local(Actor::Job(\"x\"))", "Actor::Job belongs in"),
        ("domain/a.rs", "std::fs::read(path)", "std::fs belongs in"),
        ("app/a.rs", "let tx = Tx::new(read, entropy, caller);", "Tx::new belongs in"),
        ("store/tx.rs", "impl Tx<'_> { pub fn commit(self) {} }", "pub fn commit"),
        ("cellar/a.rs", "", "the folder has no floor"),
    ];
    for (path, code, expected) in cases {
        let source = Source { path: path.to_owned(), text: format!("//! A purpose.\n\n{code}\n") };
        let found = problems(&source);
        assert!(found.len() == 1 && found[0].contains(expected), "{code}: {found:?}");
    }
    let silent = Source { path: "app/a.rs".to_owned(), text: "fn f() {}\n".to_owned() };
    assert!(problems(&silent)[0].contains("what the file is for"));
    let long = Source { path: "app/a.rs".to_owned(), text: "//! A purpose.\n".repeat(LONGEST + 1) };
    assert!(problems(&long)[0].contains("401 lines"));
}

#[test]
fn words_in_comments_and_literals_do_not_count() {
    let text = "//! A purpose.\n// use crate::http::x;\n/* poem */\nconst A: &str = \"rusqlite \\\" poem\";\n\
        const B: &str = r#\"crate::cli::x \" \"#;\nconst C: [char; 2] = ['\"', '\\''];\nfn f<'a>(_: &'a str) {}\n\
        use crate::domain::Error;\nuse super::http;\nfn poetry() {}\n";
    let source = Source { path: "app/a.rs".to_owned(), text: text.to_owned() };
    assert_eq!(problems(&source), Vec::<String>::new());
    let hidden =
        Source { path: "app/a.rs".to_owned(), text: format!("{text}const D: char = '\"';\nuse poem::Route;\n") };
    assert_eq!(problems(&hidden).len(), 1, "code behind a literal is read again");
}

/// The documentation of the crate, without its marks.
fn document() -> String {
    let text = fs::read_to_string(root().join("lib.rs")).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("//!")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_map_is_the_house() {
    let folders: BTreeSet<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let document = document();
    let drawn: BTreeSet<(String, u8)> = document
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let folder = words.next()?.strip_suffix('/')?;
            let floor = (words.next()? == "floor").then(|| words.next()?.parse().ok())??;
            Some((folder.to_owned(), floor))
        })
        .collect();
    assert_eq!(drawn, FLOORS.iter().map(|(name, floor)| ((*name).to_owned(), *floor)).collect());
    assert_eq!(folders, drawn.into_iter().map(|(folder, _)| folder).collect());
}

#[test]
fn each_file_that_the_document_names_is_there() {
    let document = document();
    let is_path = |name: &&str| name.ends_with('/') || Path::new(name).extension().is_some_and(|end| end == "rs");
    let names = document.split('`').skip(1).step_by(2).filter(is_path);
    let names: Vec<_> = names.map(|name| name.strip_prefix("src/").unwrap_or(name)).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let path = if name.starts_with("tests/") { root().join("..").join(name) } else { root().join(name) };
        assert!(path.exists(), "{name}");
    }
}
