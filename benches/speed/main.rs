//! Measures what the product promises about speed: each figure as a ratio between two things of one run.
//!
//! `scripts/bench [reads] [writes] [live] [flood] [start] [search]` runs it; `benches/README.md` says what each row means.
#![allow(missing_docs, clippy::cast_precision_loss)] // figures of a few digits

mod bare;
mod chatter;
mod client;
mod flood;
mod live;
mod load;
mod people;
mod process;
mod reads;
mod report;
mod search;
mod server;
mod start;
mod writes;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use report::Report;

/// Whatever went wrong: a measurement either works or ends.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const PARTS: [&str; 6] = ["reads", "writes", "live", "flood", "start", "search"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["--serve", folder, quotas] => server::serve(Path::new(folder), *quotas == "open"),
        // Test runners start every target without this word: nothing is measured by accident.
        words if !words.contains(&"--bench") => return ExitCode::SUCCESS,
        words => measure(&words.iter().copied().filter(|word| PARTS.contains(word)).collect::<Vec<_>>()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(chosen: &[&str]) -> Outcome<()> {
    let folder = folder()?;
    // The driver shares the cores with the server: it gets half of them.
    let cores = std::thread::available_parallelism()?.get();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads((cores / 2).max(1)).enable_all().build()?;
    let wanted = |part| chosen.is_empty() || chosen.contains(&part);
    let mut report = Report::new(cores);
    runtime.block_on(async {
        if wanted("start") {
            start::run(&folder, &mut report).await?;
        }
        if wanted("reads") || wanted("writes") {
            let town = people::Town::found(&folder.join("open"), true).await?;
            if wanted("reads") {
                reads::run(&town, &mut report).await?;
            }
            if wanted("writes") {
                writes::run(&town, &folder, &mut report).await?;
            }
            report.figure("resident memory after this load", "MB", process::resident(town.server.id())?, 79.0);
        }
        if wanted("live") {
            live::run(&folder, &mut report).await?;
        }
        if wanted("flood") {
            flood::run(&folder, &mut report).await?;
        }
        if wanted("search") {
            search::run(&folder, &mut report).await?;
        }
        Outcome::Ok(())
    })?;
    report.write(&folder.join("report.txt"))?;
    std::fs::remove_dir_all(folder.join("data")).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    Ok(())
}

/// `target/bench`, beside the profile's own folder.
fn folder() -> Outcome<PathBuf> {
    let binary = Path::new(env!("CARGO_BIN_EXE_milton"));
    let target = binary.ancestors().nth(2).ok_or("a program outside of a target folder")?;
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
