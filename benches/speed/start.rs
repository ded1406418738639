//! From nothing to the first answered request, and what the program weighs: the real binary, as `milton dev`.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Target, request};
use crate::report::Report;
use crate::{Outcome, process};

const STARTS: usize = 5;
const MILTON: &str = env!("CARGO_BIN_EXE_milton");

pub async fn run(folder: &Path, report: &mut Report) -> Outcome<()> {
    let data = folder.join("start");
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        if data.exists() {
            std::fs::remove_dir_all(&data)?;
        }
        let start = Instant::now();
        let mut program = Program::start(&data)?;
        let (port, authority) = program.greeting()?;
        let mut connection = Target::new(port, &authority)?.connect().await?;
        let status = connection.exchange(&request("GET", "/healthz", None, None)).await?;
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
        if status != 200 {
            return Err(format!("/healthz answered {status}").into());
        }
        drop(connection);
        tokio::time::sleep(Duration::from_millis(500)).await;
        memory.push(process::resident(program.0.id())?);
    }
    std::fs::remove_dir_all(&data)?;
    report.median("start to first answer, empty folder", "ms", times, 100.0);
    report.median("resident memory idle", "MB", memory, 30.0);
    report.figure("binary", "MB", std::fs::metadata(MILTON)?.len() as f64 / 1e6, 25.0);
    Ok(())
}

/// The running binary; ended when dropped.
struct Program(Child);

impl Program {
    fn start(data: &Path) -> Outcome<Self> {
        let mut command = Command::new(MILTON);
        command.args(["dev", "--json", "--port", "0", "--data"]).arg(data);
        Ok(Self(command.env("MILTON_LOG__LEVEL", "error").stdout(Stdio::piped()).spawn()?))
    }

    /// Where it listens, and whom to trust.
    fn greeting(&mut self) -> Outcome<(u16, PathBuf)> {
        let mut line = String::new();
        BufReader::new(self.0.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let greeting: Value = serde_json::from_str(&line)?;
        let text = |name| greeting[name].as_str().ok_or_else(|| format!("no {name} in {line}"));
        let port = text("url")?.rsplit_once(':').ok_or("no port")?.1.parse()?;
        Ok((port, PathBuf::from(text("ca_file")?)))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let ended = self.0.kill().and_then(|()| self.0.wait());
        if let Err(error) = ended {
            eprintln!("milton dev is left over: {error}");
        }
    }
}
