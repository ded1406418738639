//! The real binary: help, exit codes, and that a refused start leaves everything as it was.

mod audit;
mod doctor;
mod jobs;
pub mod load;
mod refusal;
pub mod server;
mod serving;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Runs `milton` in `folder` with nothing of the test's own environment.
fn milton(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milton"));
    command.args(arguments).current_dir(folder).env_clear().envs(env.iter().copied());
    command.output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Everything below a folder: name, permission bits, content.
fn listing(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = path.metadata().unwrap().permissions().mode();
        if path.is_dir() {
            found.extend(listing(&path));
            found.insert(path, (mode, Vec::new()));
        } else {
            let content = fs::read(&path).unwrap();
            found.insert(path, (mode, content));
        }
    }
    found
}

/// A folder after `milton init`, and the arguments that serve it.
fn initialized() -> TempDir {
    let folder = TempDir::new().unwrap();
    let output = milton(folder.path(), &["init"], &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    folder
}

/// Asserts that both `serve` and `serve --check` refuse with exit code 78, say `expected`, and write nothing.
fn refused(folder: &Path, env: &[(&str, &str)], expected: &str) {
    let before = listing(folder);
    for arguments in [&["serve"] as &[&str], &["serve", "--check"], &["dev", "--port", "0"]] {
        let output = milton(folder, arguments, env);
        assert_eq!(output.status.code(), Some(78), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "");
        assert_eq!(listing(folder), before, "{arguments:?} wrote something");
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let folder = TempDir::new().unwrap();
    let commands: &[&[&str]] = &[
        &[],
        &["dev"],
        &["dev", "trust"],
        &["dev", "untrust"],
        &["serve"],
        &["init"],
        &["owner"],
        &["owner", "claim"],
        &["login-link"],
        &["jobs"],
        &["jobs", "list"],
        &["jobs", "run"],
        &["doctor"],
        &["openapi"],
        &["version"],
    ];
    for command in commands {
        let output = milton(folder.path(), &[*command, &["--help"]].concat(), &[]);
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        assert!(stdout(&output).contains("Example") && stdout(&output).contains("--json"), "{command:?}");
    }
    assert!(listing(folder.path()).is_empty());
}

#[test]
fn a_wrong_command_line_is_exit_2() {
    let folder = TempDir::new().unwrap();
    for arguments in [&[] as &[&str], &["sevre"], &["serve", "--prot", "1"], &["login-link"], &["dev", "--port", "x"]] {
        assert_eq!(milton(folder.path(), arguments, &[]).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn init_makes_private_files_once() {
    let folder = initialized();
    let data = folder.path().join("milton-data");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for name in ["milton.toml", "root.key"] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
    }
    assert_eq!(fs::read_to_string(data.join("root.key")).unwrap().len(), 43);
    assert!(milton(folder.path(), &["serve", "--check"], &[]).status.success());

    let before = listing(folder.path());
    let output = milton(folder.path(), &["init"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("milton-data/milton.toml exists and is not overwritten"), "{}", stderr(&output));
    fs::remove_file(data.join("milton.toml")).unwrap();
    assert!(stderr(&milton(folder.path(), &["init"], &[])).contains("root.key exists"));
    fs::write(data.join("milton.toml"), &before[&data.join("milton.toml")].1).unwrap();
    fs::set_permissions(data.join("milton.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(listing(folder.path()), before);
}

#[test]
fn init_leaves_a_key_of_the_environment_alone() {
    let folder = TempDir::new().unwrap();
    let key = "A".repeat(43);
    let env = [("MILTON_ROOT_KEY", key.as_str())];
    assert!(milton(folder.path(), &["init", "--data", "d"], &env).status.success());
    assert!(!folder.path().join("d/root.key").exists());
    assert!(milton(folder.path(), &["serve", "--data", "d", "--check"], &env).status.success());
}

#[test]
fn json_is_for_machines() {
    let folder = TempDir::new().unwrap();
    let output = milton(folder.path(), &["init", "--json"], &[]);
    let line: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(
        (line["event"].as_str(), line["config"].as_str()),
        (Some("initialized"), Some("milton-data/milton.toml"))
    );
    let output = milton(folder.path(), &["--json", "init"], &[]);
    let line: serde_json::Value = serde_json::from_str(&stderr(&output)).unwrap();
    assert_eq!((line["event"].as_str(), line["exit"].as_u64()), (Some("error"), Some(1)));
}

#[test]
fn mistakes_in_the_configuration_are_all_named() {
    let folder = initialized();
    let file = folder.path().join("milton-data/milton.toml");
    let text = fs::read_to_string(&file)
        .unwrap()
        .replace("#port = 8443", "prot = 8443")
        .replace("#level = \"info\"", "level = 3");
    fs::write(&file, text).unwrap();
    refused(folder.path(), &[], "unknown key http.prot — did you mean http.port?");
    refused(folder.path(), &[], "log.level must be \"error\" or \"warn\" or \"info\" or \"debug\", found number");
    refused(
        folder.path(),
        &[("MILTON_LIMITS__CONECTIONS", "64")],
        "MILTON_LIMITS__CONECTIONS: unknown key limits.conections — did you mean limits.connections?",
    );
}

#[test]
fn a_configuration_that_is_named_must_be_there() {
    let folder = TempDir::new().unwrap();
    let output = milton(folder.path(), &["serve", "--config", "nowhere.toml"], &[]);
    assert_eq!(output.status.code(), Some(78));
    assert!(stderr(&output).contains("cannot read nowhere.toml") && stderr(&output).contains("milton init"));
}

#[test]
fn a_missing_key_refuses_the_start() {
    let folder = initialized();
    let key = folder.path().join("milton-data/root.key");
    fs::remove_file(&key).unwrap();
    refused(folder.path(), &[], "cannot read the root key file milton-data/root.key");

    let config = folder.path().join("milton-data/milton.toml");
    let text = fs::read_to_string(&config).unwrap().replace("root_key_file =", "#root_key_file =");
    fs::write(&config, text).unwrap();
    refused(folder.path(), &[], "no root key");
}

#[test]
fn a_short_key_refuses_the_start() {
    let folder = initialized();
    fs::write(folder.path().join("milton-data/root.key"), "c2hvcnQ\n").unwrap();
    refused(folder.path(), &[], "root.key: the root key is too short: 43 characters");
}

#[test]
fn a_key_for_everybody_refuses_the_start() {
    let folder = initialized();
    let key = folder.path().join("milton-data/root.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    refused(folder.path(), &[], "(mode 0644): run chmod 600 milton-data/root.key");
}

#[test]
fn two_keys_refuse_the_start() {
    let folder = initialized();
    let key = "A".repeat(43);
    refused(
        folder.path(),
        &[("MILTON_ROOT_KEY", &key)],
        "more than one root key: MILTON_ROOT_KEY and keys.root_key_file",
    );
    refused(folder.path(), &[("MILTON_ROOT_KEY_FILE", "k"), ("MILTON_ROOT_KEY", &key)], "MILTON_ROOT_KEY_FILE=k");
}

#[test]
fn dev_does_not_make_a_second_key_for_old_data() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("milton-data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("milton.db"), "old data").unwrap();
    let before = listing(folder.path());
    let output = milton(folder.path(), &["dev", "--port", "0"], &[]);
    assert_eq!(output.status.code(), Some(78), "{}", stderr(&output));
    assert_eq!(listing(folder.path()), before);
}

#[test]
fn trust_wants_a_certificate_authority() {
    let folder = TempDir::new().unwrap();
    let output = milton(folder.path(), &["dev", "trust", "--dry-run"], &[]);
    assert_eq!(output.status.code(), Some(74));
    assert!(stderr(&output).contains("`milton dev` makes it"), "{}", stderr(&output));
}
