//! The control socket: how the command line has a running server act, for the server alone may write to its database.
//! One JSON line in, one JSON line out, over a Unix socket (0600) in the data folder.

use std::future::Future;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;

use super::exit::{Exit, Failure};
use super::jobs::{JobLine, RunLine};

/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest line that is read, in bytes.
const LINE_LIMIT: u64 = 64 << 10;

/// What the command line wants.
#[derive(Serialize, Deserialize, Debug, PartialEq, Eq)]
#[serde(tag = "request", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// A link that makes its opener the owner.
    OwnerClaim,
    /// A link that signs somebody in.
    LoginLink {
        /// Whom: an e-mail address or an account's id.
        whom: String,
    },
    /// What runs by the clock.
    Jobs,
    /// A job's run.
    RunJob {
        /// The job's name.
        name: String,
    },
}

/// What the server answers. No `Debug`: a link is a secret.
#[derive(Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case")]
pub enum Reply {
    /// The link.
    Link {
        /// It holds a token in its fragment.
        url: String,
        /// RFC 3339.
        expires_at: String,
        /// The name of whom it lets in, when they have an account.
        person: Option<String>,
    },
    /// What runs by the clock.
    Jobs {
        /// Each job.
        jobs: Vec<JobLine>,
    },
    /// A run of a job, which may not be over.
    Run {
        /// The run.
        run: RunLine,
    },
    /// It did not work.
    Problem {
        /// Why, and what to do next.
        message: String,
        /// The exit code for the command.
        exit: u8,
    },
}

/// A listening control socket; dropping it closes and removes the socket.
pub struct Control {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        // A socket that stays behind is replaced at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Listens within the present runtime and answers with `handler`. Call it only while holding the database's lock:
/// a socket left behind by a crash is replaced.
///
/// # Errors
/// When the socket cannot be made, for instance because its path is longer than the system allows.
pub fn listen<H, F>(path: &Path, handler: H) -> Result<Control, Failure>
where
    H: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output = Reply> + Send,
{
    let bind = || {
        match std::fs::remove_file(path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        let listener = tokio::net::UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    };
    let listener = bind().map_err(|cause| Failure::io("listen on", path, &cause))?;
    let handler = Arc::new(handler);
    let task = tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let handler = Arc::clone(&handler);
                    tokio::spawn(async move {
                        let served = tokio::time::timeout(PATIENCE, serve(stream, &*handler)).await;
                        if !matches!(served, Ok(Ok(()))) {
                            tracing::warn!("a command on the control socket was given up");
                        }
                    });
                }
                // Out of file descriptors, most likely: some will come free.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    });
    Ok(Control { path: path.to_owned(), task })
}

async fn serve<H, F>(mut stream: tokio::net::UnixStream, handler: &H) -> io::Result<()>
where
    H: Fn(Request) -> F,
    F: Future<Output = Reply>,
{
    let peer = stream.peer_cred()?.uid();
    if peer != 0 && peer != rustix::process::geteuid().as_raw() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let (read, mut write) = stream.split();
    let mut line = String::new();
    tokio::io::BufReader::new(read.take(LINE_LIMIT)).read_line(&mut line).await?;
    let reply = match serde_json::from_str(&line) {
        Ok(request) => handler(request).await,
        Err(_) => Reply::Problem {
            message: "the running server does not know this command: it may be of another version".into(),
            exit: Exit::Unavailable as u8,
        },
    };
    let mut answer = serde_json::to_vec(&reply)?;
    answer.push(b'\n');
    write.write_all(&answer).await
}

/// Asks the server that listens on `path`; `None` when none does.
///
/// # Errors
/// When a server is there and does not answer, or this user may not talk to it.
pub fn ask(path: &Path, request: &Request) -> Result<Option<Reply>, Failure> {
    let stream = match UnixStream::connect(path) {
        Ok(stream) => stream,
        Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(cause) => return Err(Failure::io("reach the server on", path, &cause)),
    };
    let exchange = || -> io::Result<Reply> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        (&stream).write_all(&line)?;
        let mut answer = String::new();
        BufReader::new(io::Read::take(&stream, LINE_LIMIT)).read_line(&mut answer)?;
        Ok(serde_json::from_str(&answer)?)
    };
    let unanswered =
        |cause| Failure::new(Exit::Unavailable, format!("the server on {} does not answer: {cause}", path.display()));
    exchange().map(Some).map_err(unanswered)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask_in_background(path: &Path, request: Request) -> Result<Option<Reply>, Failure> {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || ask(&path, &request)).await.unwrap()
    }

    fn echo(request: Request) -> std::future::Ready<Reply> {
        std::future::ready(match request {
            Request::OwnerClaim => Reply::Problem { message: "claimed".into(), exit: 1 },
            Request::Jobs | Request::RunJob { .. } => Reply::Jobs { jobs: Vec::new() },
            Request::LoginLink { whom } => Reply::Link { url: whom, expires_at: "soon".into(), person: None },
        })
    }

    #[tokio::test]
    async fn a_question_gets_its_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("milton.sock");
        let control = listen(&path, echo).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let reply = ask_in_background(&path, Request::LoginLink { whom: "ana@example.org".into() }).await;
        assert!(matches!(reply, Ok(Some(Reply::Link { url, .. })) if url == "ana@example.org"));
        let reply = ask_in_background(&path, Request::OwnerClaim).await;
        assert!(matches!(reply, Ok(Some(Reply::Problem { exit: 1, .. }))));
        drop(control);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn nobody_there_is_no_failure_and_an_old_socket_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("milton.sock");
        assert!(matches!(ask_in_background(&path, Request::OwnerClaim).await, Ok(None)));
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(matches!(ask_in_background(&path, Request::OwnerClaim).await, Ok(None)));
        let _control = listen(&path, echo).unwrap();
        assert!(matches!(ask_in_background(&path, Request::OwnerClaim).await, Ok(Some(_))));
    }

    #[tokio::test]
    async fn nonsense_gets_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("milton.sock");
        let _control = listen(&path, echo).unwrap();
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = UnixStream::connect(&path).unwrap();
            stream.write_all(b"{\"request\":\"drop-everything\"}\n").unwrap();
            io::read_to_string(stream).unwrap()
        });
        assert!(answer.await.unwrap().contains("\"exit\":69"));
    }
}
