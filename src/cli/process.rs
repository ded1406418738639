//! What every command does to its own process first: one crypto provider, private files, no core dump.

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit};

use super::exit::{Exit, Failure};

/// Files made from here on are for their owner alone, a crash leaves no memory on the disk, and TLS has its provider.
///
/// # Errors
/// When the system refuses: with keys in memory, going on would be wrong.
pub fn harden() -> Result<(), Failure> {
    let refused = |what: &str| Failure::new(Exit::Failed, format!("the system does not allow {what}"));
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| refused("a second cryptography provider in this process"))?;
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    rustix::process::setrlimit(Resource::Core, none).map_err(|_| refused("switching core dumps off"))?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .map_err(|_| refused("hiding this process's memory from others"))?;
    Ok(())
}
