//! The listener: accepts, bounds and, when told to stop, lets running requests finish.
//!
//! It is our own because poem's also speaks TLS 1.2, has no limits and lets half-sent headers stand.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use poem::Endpoint;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::connection::Server;
use super::limits::Limits;
use super::seats::network;
use crate::base::seats::Seats;

/// The pause after a failed accept: what is missing is mostly file descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// Serves `endpoint` until `shutdown` completes, then finishes what runs within `limits.shutdown` and cuts the rest.
pub async fn serve<E: Endpoint + 'static>(
    listener: TcpListener,
    endpoint: E,
    tls: Arc<rustls::ServerConfig>,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let room = Arc::new(Semaphore::new(limits.connections));
    let seats = Seats::new(limits.connections_per_address);
    let patience = limits.shutdown;
    let server = Arc::new(Server::new(endpoint, tls, limits));
    let (stop, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, permit) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &room) => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            },
        };
        let Some(seat) = stream.peer_addr().ok().and_then(|peer| seats.take(network(peer.ip()))) else { continue };
        let (server, stopped) = (Arc::clone(&server), stopped.clone());
        connections.spawn(async move {
            server.run(stream, stopped).await;
            drop((seat, permit));
        });
    }
    drop(listener);
    stop.send_replace(true);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(patience, finished).await.is_err() {
        tracing::warn!(connections = connections.len(), "cutting connections that did not finish");
    }
    connections.shutdown().await;
}

/// Waits for room before it takes a connection: who waits costs nothing but a place in the kernel's queue.
async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
}
