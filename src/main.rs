//! argv → cli → exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    milton::cli::main(std::env::args_os())
}
