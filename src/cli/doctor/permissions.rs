//! Who can read what: the data folder, the database, the root key and the certificate's key.

use std::path::Path;

use super::Check;
use crate::cli::files;
use crate::cli::place::Settings;
use crate::config::Tls;
use crate::config::root_key::Source;

/// The checks of this file.
pub fn checks(settings: &Settings) -> Vec<Check> {
    let layout = &settings.layout;
    let mut checks = vec![
        private("folder", layout.folder(), "700", "make it with milton init"),
        database(&layout.database()),
        root_key(settings),
    ];
    if let Tls::Pem { key, .. } = &settings.config.tls {
        checks.push(private("certificate key", key, "600", "name the key's file in tls.key"));
    }
    checks
}

fn database(path: &Path) -> Check {
    const NAME: &str = "database file";
    if path.exists() {
        return private(NAME, path, "600", "check the folder and who owns it");
    }
    Check::warn(NAME, format!("{} is not there yet", path.display()), "milton serve makes it")
}

fn private(name: &'static str, path: &Path, right: &str, remedy: &str) -> Check {
    let shown = path.display();
    match files::mode(path) {
        Err(cause) => Check::fail(name, format!("{shown}: {cause}"), remedy),
        Ok(mode) if mode & 0o077 != 0 => {
            Check::warn(name, format!("{shown} is open to others (mode {mode:04o})"), format!("chmod {right} {shown}"))
        }
        Ok(mode) => Check::pass(name, format!("{shown} (mode {mode:04o})")),
    }
}

fn root_key(settings: &Settings) -> Check {
    const NAME: &str = "root key";
    match (settings.root_key(), settings.root_key_sources().as_slice()) {
        (Err(failure), _) => Check::fail(NAME, failure.message, "one key of 32 bytes, for its owner alone"),
        (Ok(_), [Source::Variable]) => {
            Check::warn(NAME, "in the variable MILTON_ROOT_KEY", "prefer a file: children inherit variables")
        }
        (Ok(_), sources) => Check::pass(NAME, sources.iter().map(ToString::to_string).collect::<String>()),
    }
}
