//! The asynchronous runtimes that commands run in, and the signals that end one.

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use super::exit::{Exit, Failure};

/// All cores: for a server.
///
/// # Errors
/// When the system gives no threads.
pub fn wide() -> Result<Runtime, Failure> {
    Builder::new_multi_thread().enable_all().build().map_err(|cause| refused(&cause))
}

/// This thread alone: for a command that asks one thing.
///
/// # Errors
/// When the system gives no timers or events.
pub fn narrow() -> Result<Runtime, Failure> {
    Builder::new_current_thread().enable_all().build().map_err(|cause| refused(&cause))
}

/// Completes when the process is told to stop: by SIGTERM, or by SIGINT (Ctrl-C). From the call on, neither kills it.
///
/// # Errors
/// When the system does not hand the signals over.
pub fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|cause| refused(&cause))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|cause| refused(&cause))?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn refused(cause: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("the system does not give what a server needs: {cause}"))
}
