//! `milton doctor`: looks at an installation from outside, line by line: pass, warn or fail, and what to do about it.

mod database;
mod machine;
mod network;
mod permissions;

use clap::Args;
use serde_json::json;

use super::exit::{Exit, Failure};
use super::output::Output;
use super::place::Place;

/// Check an installation and say how to mend it
///
/// Changes nothing; may run beside the server. Exit code 1 when a check fails.
#[derive(Args)]
#[command(after_help = "Example:\n  milton doctor --config /etc/milton/milton.toml")]
pub struct Doctor {
    #[command(flatten)]
    place: Place,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Pass,
    Warn,
    Fail,
}

/// One line of the report.
#[derive(Debug)]
struct Check {
    name: &'static str,
    status: Status,
    detail: String,
    fix: String,
}

impl Check {
    fn pass(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, status: Status::Pass, detail: detail.into(), fix: String::new() }
    }

    fn warn(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, status: Status::Warn, detail: detail.into(), fix: fix.into() }
    }

    fn fail(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, status: Status::Fail, detail: detail.into(), fix: fix.into() }
    }

    fn say(&self, output: Output) {
        let word = match self.status {
            Status::Pass => "pass",
            Status::Warn => "warn",
            Status::Fail => "fail",
        };
        let fix = if self.fix.is_empty() { String::new() } else { format!("\n      {:<14} → {}", "", self.fix) };
        let human = format!("{word}  {:<14} {}{fix}", self.name, self.detail);
        output.say(&human, &json!({"check": self.name, "status": word, "detail": self.detail, "fix": self.fix}));
    }
}

impl Doctor {
    pub fn run(&self, output: Output) -> Result<(), Failure> {
        let settings = match self.place.load(Vec::new()) {
            Ok(settings) => settings,
            Err(mistakes) => {
                Check::fail("config", mistakes.message.replace('\n', "; "), "correct these keys").say(output);
                return Err(mistakes);
            }
        };
        let place = settings.file.as_ref().map_or("defaults and environment".into(), |file| file.display().to_string());
        let mut checks = vec![Check::pass("config", place)];
        checks.extend(permissions::checks(&settings));
        checks.extend(database::checks(&settings));
        checks.extend(network::checks(&settings));
        checks.extend(machine::checks(&settings));
        for check in &checks {
            check.say(output);
        }
        match checks.iter().filter(|check| check.status == Status::Fail).count() {
            0 => Ok(()),
            1 => Err(Failure::new(Exit::Failed, "one check failed")),
            several => Err(Failure::new(Exit::Failed, format!("{several} checks failed"))),
        }
    }
}
