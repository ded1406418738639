//! Slow work, which is bcrypt: on blocking threads, a few at a time, behind a short queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;

use crate::domain::Error;

/// How many ways in may be at work or waiting; one more is refused at once.
const PLACES: usize = 64;
/// The same for what members have made.
const PLACES_OF_MEMBERS: usize = 16;

/// The queue and its threads.
pub(super) struct SlowLane {
    places: Arc<Semaphore>,
    abreast: Arc<Semaphore>,
    refusal: &'static str,
    entered: AtomicU64,
}

impl SlowLane {
    /// The lane of those who come in: half of this machine's cores.
    pub fn for_ways_in() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self::new((cores / 2).max(1), PLACES, "too many sign-ins at once")
    }

    /// The lane of those who are in: one core, so that whatever they ask for, others can still come in.
    pub fn for_members() -> Self {
        Self::new(1, PLACES_OF_MEMBERS, "too many invitations at once")
    }

    fn new(abreast: usize, places: usize, refusal: &'static str) -> Self {
        let [places, abreast] = [places, abreast].map(|count| Arc::new(Semaphore::new(count)));
        Self { places, abreast, refusal, entered: AtomicU64::new(0) }
    }

    /// How often work has come so far, refused work included.
    pub fn entered(&self) -> u64 {
        self.entered.load(Ordering::Relaxed)
    }

    /// Does the work when its turn comes. `Unavailable` when too much waits already.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        self.entered.fetch_add(1, Ordering::Relaxed);
        let refused = |_| Error::Unavailable(self.refusal);
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(refused)?;
        let turn = Arc::clone(&self.abreast).acquire_owned().await.map_err(Error::internal)?;
        let work = move || {
            // Whoever asked may hang up, and the thread works on: it, and not they, holds the turn to the end.
            let _held = (place, turn);
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    /// Work that lasts until the gate opens, and what of it has begun.
    struct Gate {
        lane: Arc<SlowLane>,
        begun: Arc<AtomicUsize>,
        open: Vec<mpsc::Sender<()>>,
    }

    impl Gate {
        fn before(abreast: usize) -> Self {
            Self {
                lane: Arc::new(SlowLane::new(abreast, PLACES, "too many sign-ins at once")),
                begun: Arc::default(),
                open: Vec::new(),
            }
        }

        fn queue(&mut self) -> JoinHandle<Result<(), Error>> {
            let (open, wait) = mpsc::channel::<()>();
            self.open.push(open);
            let (lane, begun) = (Arc::clone(&self.lane), Arc::clone(&self.begun));
            tokio::spawn(async move {
                lane.run(move || {
                    begun.fetch_add(1, Ordering::SeqCst);
                    let _ = wait.recv();
                })
                .await
            })
        }

        /// Waits until so much work has begun; then gives more of it the chance to.
        async fn settle(&self, begun: usize) {
            while self.begun.load(Ordering::SeqCst) < begun {
                yield_now().await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert_eq!(self.begun.load(Ordering::SeqCst), begun);
        }
    }

    #[tokio::test]
    async fn one_too_many_is_refused_at_once_and_the_queue_recovers() {
        let mut gate = Gate::before(2);
        let queued: Vec<_> = (0..PLACES).map(|_| gate.queue()).collect();
        gate.settle(2).await;
        for _ in 0..3 {
            let refused = gate.queue().await.unwrap();
            assert!(matches!(refused, Err(Error::Unavailable("too many sign-ins at once"))));
        }
        gate.open.clear();
        for waiter in queued {
            waiter.await.unwrap().unwrap();
        }
        assert!(gate.lane.run(|| 7).await.is_ok_and(|answer| answer == 7));
    }

    #[tokio::test]
    async fn hanging_up_frees_no_thread_before_its_work_is_done() {
        let mut gate = Gate::before(2);
        let impatient = [gate.queue(), gate.queue()];
        gate.settle(2).await;
        impatient.iter().for_each(JoinHandle::abort);
        let next = gate.queue();
        gate.settle(2).await;
        gate.open.clear();
        next.await.unwrap().unwrap();
        assert_eq!(gate.begun.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn who_hangs_up_while_waiting_leaves_the_queue() {
        let mut gate = Gate::before(1);
        let queued: Vec<_> = (0..PLACES).map(|_| gate.queue()).collect();
        gate.settle(1).await;
        queued[1].abort();
        yield_now().await;
        let late = gate.queue();
        gate.open.clear();
        late.await.unwrap().unwrap();
    }
}
