//! The log: tracing's lines on standard error, for people on a terminal and as JSON elsewhere.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Format, Level, Log};

/// Starts the log of a server. Libraries may warn but not trace: their traces show headers, and with them tokens.
/// rustls would warn at every connection whose server name is an address.
pub fn start(log: Log) {
    let level = match log.level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
    };
    let filter = EnvFilter::new(format!("warn,rustls=error,milton={level}"));
    let json = match log.format {
        Format::Json => true,
        Format::Human => false,
        Format::Auto => !std::io::stderr().is_terminal(),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Only a second log in one process is refused, and there the first one goes on.
    let _ = if json {
        lines.json().flatten_event(true).finish().try_init()
    } else {
        lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).finish().try_init()
    };
}
