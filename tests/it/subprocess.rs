//! One test again, alone in a process of its own, where what belongs to the whole process can be changed.

use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

const MARK: &str = "MILTON_TEST_ALONE";

/// Whether this is the process of its own.
pub fn alone() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Runs the test `name` alone, from a shell that does `first` before.
pub fn again(name: &str, first: &str) -> Output {
    shell("sh", &[], name, first)
}

/// As [`again`], where the process may mount what nobody else sees; `None` where the system does not allow it.
pub fn again_with_mounts(name: &str, first: &str) -> Option<Output> {
    let own = ["--user", "--map-root-user", "--mount"];
    let allowed = Command::new("unshare").args(own).arg("true").output().is_ok_and(|output| output.status.success());
    allowed.then(|| shell("unshare", &[&own[..], &["sh"]].concat(), name, first))
}

fn shell(program: &str, before: &[&str], name: &str, first: &str) -> Output {
    let mut command = Command::new(program);
    command.args(before).args(["-euc", &format!("{first}\nexec \"$0\" \"$@\"")]);
    command.arg(std::env::current_exe().unwrap()).args(["--exact", name, "--nocapture"]).env(MARK, "yes");
    command.process_group(0).output().unwrap()
}

/// Fails the test unless the other process ran it and it passed.
#[track_caller]
pub fn passed(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    let more = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}\n{more}");
}
