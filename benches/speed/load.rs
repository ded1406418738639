//! Many connections that ask without a pause, for a span of time.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::client::Target;
use crate::process;

/// How many ask, for how long, and what they expect.
#[derive(Clone, Copy)]
pub struct Load {
    pub connections: usize,
    pub span: Duration,
    pub status: u16,
    /// Where the connections come from.
    pub from: Ipv4Addr,
}

/// What came of it.
pub struct Measured {
    /// Answers per second.
    pub rate: f64,
    /// From the request's first byte to the answer's last, sorted.
    latencies: Vec<Duration>,
    /// Processor time of the server for one answer, in microseconds.
    pub cpu: f64,
}

impl Measured {
    /// The latency that this share of answers kept, in milliseconds.
    pub fn quantile(&self, share: f64) -> f64 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // an index below the length
        let at = (self.latencies.len().saturating_sub(1) as f64 * share) as usize;
        self.latencies.get(at).map_or(0.0, |latency| latency.as_secs_f64() * 1_000.0)
    }

    pub fn count(&self) -> usize {
        self.latencies.len()
    }
}

/// Opens the connections, then asks: connection `n` sends `requests[n % len]` again and again.
pub async fn run(target: &Target, server: u32, load: Load, requests: &Arc<Vec<Vec<u8>>>) -> Outcome<Measured> {
    let ready = Arc::new(Barrier::new(load.connections + 1));
    let mut asking = JoinSet::new();
    for nth in 0..load.connections {
        let (target, ready, requests) = (target.clone(), Arc::clone(&ready), Arc::clone(requests));
        asking.spawn(async move { ask(&target, load, &ready, &requests[nth % requests.len()]).await });
    }
    let everybody = async {
        ready.wait().await;
        (Instant::now(), process::processor_time(server))
    };
    // A connection that fails never comes to the barrier: its error is the answer.
    let (start, before) = tokio::select! {
        begun = everybody => begun,
        Some(failed) = asking.join_next() => return Err(failed?.err().unwrap_or_else(|| "a connection ended early".into())),
    };
    let mut latencies = Vec::new();
    while let Some(asked) = asking.join_next().await {
        latencies.extend(asked??);
    }
    let (elapsed, after) = (start.elapsed().as_secs_f64(), process::processor_time(server)?);
    latencies.sort_unstable();
    let count = latencies.len() as f64;
    Ok(Measured { rate: count / elapsed, cpu: after.saturating_sub(before?).as_secs_f64() * 1e6 / count, latencies })
}

async fn ask(target: &Target, load: Load, ready: &Barrier, request: &[u8]) -> Outcome<Vec<Duration>> {
    let mut connection = target.connect_from(load.from).await?;
    ready.wait().await;
    let (start, mut latencies) = (Instant::now(), Vec::with_capacity(16 << 10));
    while start.elapsed() < load.span {
        let asked = Instant::now();
        let status = connection.exchange(request).await?;
        latencies.push(asked.elapsed());
        if status != load.status {
            return Err(format!("{status}: {}", String::from_utf8_lossy(connection.body())).into());
        }
    }
    Ok(latencies)
}
