//! `milton dev trust` and `untrust`: the local certificate authority in and out of the system's store.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::exit::{Exit, Failure};
use super::layout::{DEFAULT_FOLDER, Layout};
use super::output::Output;

/// Make this machine trust the local certificate authority
///
/// Puts the authority's certificate, which `milton dev` made, into the system's store. Browsers with a store of their
/// own are told about. `milton dev untrust` takes it out again.
#[derive(Args)]
#[command(after_help = "Examples:\n  sudo milton dev trust\n  milton dev trust --dry-run")]
pub struct Trust {
    #[command(flatten)]
    options: Options,
}

/// Take the local certificate authority out of the system's store
#[derive(Args)]
#[command(after_help = "Example:\n  sudo milton dev untrust")]
pub struct Untrust {
    #[command(flatten)]
    options: Options,
}

#[derive(Args)]
struct Options {
    /// Data folder
    #[arg(long, value_name = "DIR", default_value = DEFAULT_FOLDER)]
    data: PathBuf,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// A store of trusted certificates that a system has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Store {
    /// Debian, Ubuntu, Alpine.
    UpdateCaCertificates,
    /// Fedora, Arch and others with p11-kit.
    TrustAnchor,
    /// macOS.
    Keychain,
}

/// One thing to do, as a shell would be told.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Copy(PathBuf, PathBuf),
    Remove(PathBuf),
    Run(Vec<String>),
}

const DEBIAN_FOLDER: &str = "/usr/local/share/ca-certificates";
const KEYCHAIN: &str = "/Library/Keychains/System.keychain";

impl Trust {
    pub fn run(&self, output: Output) -> Result<(), Failure> {
        let ca = self.options.ca()?;
        let done = self.options.carry_out(Store::into_steps, &ca, output)?;
        let undo = format!("milton dev untrust --data {}", self.options.data.display());
        let human = format!(
            "{}\n{}\nTo take it out again: sudo {undo}",
            if done { "This machine trusts the local certificate authority now." } else { "Nothing was changed." },
            browsers(&ca.path),
        );
        output.say(&human, &json!({"event": "trusted", "changed": done, "ca_file": ca.path, "undo": undo}));
        Ok(())
    }
}

impl Untrust {
    pub fn run(&self, output: Output) -> Result<(), Failure> {
        let ca = self.options.ca()?;
        let done = self.options.carry_out(Store::out_of_steps, &ca, output)?;
        let human = if done {
            "This machine does not trust the local certificate authority any more."
        } else {
            "Nothing was changed."
        };
        output.say(human, &json!({"event": "untrusted", "changed": done, "ca_file": ca.path}));
        Ok(())
    }
}

/// The authority's certificate, and a name that differs between two data folders.
struct Ca {
    path: PathBuf,
    name: String,
}

impl Options {
    fn ca(&self) -> Result<Ca, Failure> {
        let path = Layout::of(&self.data).local_ca();
        let cannot = |cause: std::io::Error| {
            Failure::new(Exit::Io, format!("cannot read {}: {cause}; `milton dev` makes it", path.display()))
        };
        let bytes = std::fs::read(&path).map_err(cannot)?;
        let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(&bytes));
        let name = format!("milton-{:08x}", u32::from_be_bytes([a, b, c, d]));
        Ok(Ca { path: path.canonicalize().map_err(cannot)?, name })
    }

    /// Whether the steps were carried out; otherwise they were printed.
    fn carry_out(&self, steps: fn(Store, &Ca) -> Vec<Step>, ca: &Ca, output: Output) -> Result<bool, Failure> {
        let Some(store) = Store::of_this_system() else {
            let line = format!("no known store on this system: add or remove {} by hand", ca.path.display());
            return Err(Failure::new(Exit::Unavailable, line));
        };
        let steps = steps(store, ca);
        if self.dry_run {
            let lines: Vec<_> = steps.iter().map(ToString::to_string).collect();
            output.say(&lines.join("\n"), &json!({"event": "would-run", "commands": lines}));
            return Ok(false);
        }
        if !rustix::process::geteuid().is_root() {
            let lines: Vec<_> = steps.iter().map(|step| format!("sudo {step}")).collect();
            let line = format!("the system's store belongs to root; run this with sudo, or: {}", lines.join(" && "));
            return Err(Failure::new(Exit::Permission, line));
        }
        steps.iter().try_for_each(Step::carry_out)?;
        Ok(true)
    }
}

impl Store {
    fn of_this_system() -> Option<Self> {
        let installed = |program: &str| {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
            std::env::split_paths(&path).chain(system).any(|folder| folder.join(program).is_file())
        };
        let stores = [
            (cfg!(target_os = "macos") && installed("security"), Self::Keychain),
            (installed("update-ca-certificates"), Self::UpdateCaCertificates),
            (installed("trust"), Self::TrustAnchor),
        ];
        stores.into_iter().find_map(|(here, store)| here.then_some(store))
    }

    fn into_steps(self, ca: &Ca) -> Vec<Step> {
        match self {
            Self::UpdateCaCertificates => {
                vec![Step::Copy(ca.path.clone(), debian_file(ca)), run(&["update-ca-certificates"], None)]
            }
            Self::TrustAnchor => vec![run(&["trust", "anchor", "--store"], Some(&ca.path))],
            Self::Keychain => {
                vec![run(&["security", "add-trusted-cert", "-d", "-r", "trustRoot", "-k", KEYCHAIN], Some(&ca.path))]
            }
        }
    }

    fn out_of_steps(self, ca: &Ca) -> Vec<Step> {
        match self {
            Self::UpdateCaCertificates => {
                vec![Step::Remove(debian_file(ca)), run(&["update-ca-certificates", "--fresh"], None)]
            }
            Self::TrustAnchor => vec![run(&["trust", "anchor", "--remove"], Some(&ca.path))],
            Self::Keychain => vec![run(&["security", "remove-trusted-cert", "-d"], Some(&ca.path))],
        }
    }
}

fn debian_file(ca: &Ca) -> PathBuf {
    Path::new(DEBIAN_FOLDER).join(format!("{}.crt", ca.name))
}

fn run(words: &[&str], file: Option<&Path>) -> Step {
    let file = file.map(|path| path.display().to_string());
    Step::Run(words.iter().map(ToString::to_string).chain(file).collect())
}

impl Step {
    fn carry_out(&self) -> Result<(), Failure> {
        match self {
            Self::Copy(from, to) => copy_public(from, to).map_err(|cause| Failure::io("write", to, &cause)),
            Self::Remove(path) => match std::fs::remove_file(path) {
                Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(Failure::io("remove", path, &cause)),
                _ => Ok(()),
            },
            Self::Run(words) => {
                let failed = |why: String| Failure::new(Exit::Failed, format!("{self}: {why}"));
                let [program, arguments @ ..] = words.as_slice() else { return Ok(()) };
                let result =
                    Command::new(program).args(arguments).output().map_err(|cause| failed(cause.to_string()))?;
                let said = String::from_utf8_lossy(&result.stderr);
                if result.status.success() { Ok(()) } else { Err(failed(said.trim().replace('\n', ", "))) }
            }
        }
    }
}

/// A certificate in the system's store is there for everybody to read, whatever this process's umask says.
fn copy_public(from: &Path, to: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::copy(from, to)?;
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o644))
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copy(from, to) => write!(f, "install -m 644 {} {}", from.display(), to.display()),
            Self::Remove(path) => write!(f, "rm -f {}", path.display()),
            Self::Run(words) => f.write_str(&words.join(" ")),
        }
    }
}

/// What to do for browsers that do not ask the system.
fn browsers(ca: &Path) -> String {
    let ca = ca.display();
    let advice = if cfg!(target_os = "macos") {
        ["Safari and Chrome ask the system.".to_owned(), String::new()]
    } else {
        [
            "Chromium and Chrome on Linux have a store of their own (certutil comes with libnss3-tools or nss-tools):"
                .to_owned(),
            format!(
                "\n  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n milton-dev -i {ca}\n  and out again: certutil -d sql:$HOME/.pki/nssdb -D -n milton-dev"
            ),
        ]
    };
    format!("{}\nFirefox: Settings, Privacy & Security, View Certificates, Authorities, Import: {ca}", advice.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(steps: &[Step]) -> Vec<String> {
        steps.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_goes_in_comes_out() {
        let ca = Ca { path: "/data/ca.pem".into(), name: "milton-1a2b3c4d".into() };
        let debian = Store::UpdateCaCertificates;
        let file = "/usr/local/share/ca-certificates/milton-1a2b3c4d.crt";
        assert_eq!(
            lines(&debian.into_steps(&ca)),
            [&format!("install -m 644 /data/ca.pem {file}"), "update-ca-certificates"]
        );
        assert_eq!(lines(&debian.out_of_steps(&ca)), [&format!("rm -f {file}"), "update-ca-certificates --fresh"]);
        assert_eq!(lines(&Store::TrustAnchor.into_steps(&ca)), ["trust anchor --store /data/ca.pem"]);
        assert_eq!(lines(&Store::TrustAnchor.out_of_steps(&ca)), ["trust anchor --remove /data/ca.pem"]);
        assert!(lines(&Store::Keychain.into_steps(&ca))[0].ends_with("System.keychain /data/ca.pem"));
    }

    #[test]
    fn steps_are_carried_out() {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["a", "b"].map(|name| folder.path().join(name));
        std::fs::write(&from, "certificate").unwrap();
        Step::Copy(from, to.clone()).carry_out().unwrap();
        assert_eq!(super::super::files::mode(&to).unwrap(), 0o644);
        Step::Remove(to.clone()).carry_out().unwrap();
        Step::Remove(to).carry_out().unwrap();
        Step::Run(vec!["true".into()]).carry_out().unwrap();
        assert_eq!(Step::Run(vec!["false".into()]).carry_out().unwrap_err().exit, Exit::Failed);
    }
}
