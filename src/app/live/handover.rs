//! Handing a stream's events over: what waited for whoever reads them is judged once more when they take it.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::mpsc::Receiver;

use super::{EndReason, LiveEvent, Reader, Told};

/// The events of a stream, to be taken one by one.
pub struct LiveEvents {
    waiting: Receiver<LiveEvent>,
    reader: Arc<Reader>,
    is_over: bool,
}

impl LiveEvents {
    pub(super) const fn new(waiting: Receiver<LiveEvent>, reader: Arc<Reader>) -> Self {
        Self { waiting, reader, is_over: false }
    }

    /// The next event, as its reader may hear it now; `None` after the last.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<LiveEvent>> {
        while !self.is_over {
            let Some(event) = ready!(self.waiting.poll_recv(cx)) else { break };
            match self.judge(event) {
                Ok(Some(event)) => return Poll::Ready(Some(event)),
                // They could have heard it, and cannot any more.
                Ok(None) => {}
                Err(reason) => {
                    self.is_over = true;
                    return Poll::Ready(Some(LiveEvent::End(reason)));
                }
            }
        }
        self.is_over = true;
        Poll::Ready(None)
    }

    /// The event as its reader may hear it at this moment, however long it waited.
    fn judge(&self, event: LiveEvent) -> Result<Option<LiveEvent>, EndReason> {
        Ok(match event {
            LiveEvent::Happened(position, told) => {
                let Told { happening, .. } = *told;
                let thing = self.reader.see(&happening)?;
                thing.map(|thing| LiveEvent::Happened(position, Box::new(Told { happening, thing })))
            }
            LiveEvent::Notification(position, news) => {
                self.reader.look(position)?;
                Some(LiveEvent::Notification(position, Box::new(self.reader.hear(*news)?)))
            }
            LiveEvent::Begun(_) | LiveEvent::Reset(..) | LiveEvent::Heartbeat(_) | LiveEvent::End(_) => Some(event),
        })
    }
}
