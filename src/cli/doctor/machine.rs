//! The machine below: room on the disk, and a clock that is not lost.

use super::Check;
use crate::base::clock::{Clock, SystemClock, Timestamp};
use crate::cli::place::Settings;

/// Less room than this, in bytes, is a failure; ten times as much is none worth a warning.
const TIGHT: u64 = 100 << 20;
/// This program was written after this moment (2026-01-01): a clock that shows less is wrong.
const EARLIEST: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// The checks of this file.
pub fn checks(settings: &Settings) -> Vec<Check> {
    vec![disk(settings), clock(SystemClock.now())]
}

fn disk(settings: &Settings) -> Check {
    const NAME: &str = "disk space";
    let folder = settings.layout.folder();
    match rustix::fs::statvfs(folder) {
        Err(cause) => Check::fail(NAME, format!("{}: {cause}", folder.display()), "make the folder with milton init"),
        Ok(disk) => room(disk.f_bavail.saturating_mul(disk.f_frsize)),
    }
}

fn room(free: u64) -> Check {
    const NAME: &str = "disk space";
    let detail = format!("{} MiB free", free >> 20);
    match free {
        0..TIGHT => Check::fail(NAME, detail, "make room: writes fail when the disk is full"),
        free if free < TIGHT * 10 => Check::warn(NAME, detail, "make room soon"),
        _ => Check::pass(NAME, detail),
    }
}

fn clock(now: Timestamp) -> Check {
    const NAME: &str = "clock";
    if now < EARLIEST {
        return Check::fail(NAME, format!("shows {now}"), "set the clock: lifetimes of tokens depend on it");
    }
    Check::pass(NAME, now.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn thresholds() {
        assert_eq!(EARLIEST, Timestamp::parse("2026-01-01T00:00:00Z").unwrap());
        assert_eq!(clock(Timestamp::from_micros(0)).status, Status::Fail);
        assert_eq!(clock(EARLIEST).status, Status::Pass);
        assert_eq!(room(TIGHT - 1).status, Status::Fail);
        assert_eq!(room(TIGHT).status, Status::Warn);
        assert_eq!(room(TIGHT * 10).status, Status::Pass);
    }
}
