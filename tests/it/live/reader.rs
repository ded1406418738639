//! A stream that is being read.

use std::pin::Pin;
use std::time::Duration;

use poem::http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;

use crate::world::Person;

pub const EVENTS: &str = "/api/v1/events";
/// What must happen within a second is given this long on a busy machine: less than the silence before a heartbeat, which
/// would show a stream anyhow what it was not woken for.
pub const SOON: Duration = Duration::from_secs(12);

/// A stream that is being read.
pub struct Stream {
    body: Pin<Box<dyn AsyncRead + Send>>,
    text: String,
    /// Whether notifications of what happened to delegations are passed over.
    is_of_acts: bool,
    /// Where it stands.
    pub at: String,
}

/// What a stream says.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub id: Option<String>,
    pub event: Option<String>,
    pub data: Value,
}

impl Said {
    /// What a frame says.
    pub fn read(frame: &str) -> Self {
        let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)).map(ToOwned::to_owned);
        let data = field("data: ").map_or(Value::Null, |data| serde_json::from_str(&data).unwrap());
        Self { id: field("id: "), event: field("event: "), data }
    }
}

impl Stream {
    /// Opens a stream, behind the event `last`.
    pub async fn open(person: &Person, last: Option<&str>) -> Self {
        let (stream, first) = Self::begin(person, EVENTS, last).await;
        assert_eq!((first.event, first.data), (None, Value::Null));
        stream
    }

    /// Opens a stream that begins with a reset, for this reason.
    pub async fn reset(person: &Person, last: &str, reason: &str) -> Self {
        let (stream, first) = Self::begin(person, EVENTS, Some(last)).await;
        assert_eq!((first.event.as_deref(), first.data), (Some("reset"), json!({"reason": reason})));
        stream
    }

    /// Opens a stream; also, its first frame.
    pub async fn begin(person: &Person, path: &str, last: Option<&str>) -> (Self, Said) {
        let person = last.map_or_else(|| person.clone(), |last| person.clone().with("last-event-id", last));
        let response = person.respond(Method::GET, path, None).await;
        assert_eq!((response.status().as_u16(), response.content_type()), (200, Some("text/event-stream")));
        assert_eq!(response.header("cache-control"), Some("no-store"));
        let body = Box::pin(response.into_body().into_async_read());
        let mut stream = Self { body, text: String::new(), is_of_acts: false, at: String::new() };
        let first = stream.said().await;
        assert!(first.id.is_some(), "who comes for the first time can resume: {first:?}");
        (stream, first)
    }

    /// Passes over notifications of what happened to a delegation: they go to whom it concerns beside the event itself,
    /// with no order between the two.
    pub fn of_acts(mut self) -> Self {
        self.is_of_acts = true;
        self
    }

    /// The next frame; `None` at the end of the stream.
    pub async fn frame(&mut self, within: Duration) -> Option<String> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.text = rest;
                if self.is_of_acts && is_news_of_work(&frame) {
                    continue;
                }
                return Some(frame);
            }
            let mut bytes = [0; 4096];
            let read = timeout(within, self.body.read(&mut bytes)).await.expect("the stream says nothing").unwrap();
            if read == 0 {
                assert_eq!(self.text, "", "it broke off");
                return None;
            }
            self.text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
    }

    /// All that comes until nothing has for a while, news of work with it.
    pub async fn everything(&mut self) -> String {
        let mut bytes = [0; 4096];
        while let Ok(read) = timeout(Duration::from_millis(700), self.body.read(&mut bytes)).await {
            let read = read.unwrap();
            if read == 0 {
                break;
            }
            self.text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
        std::mem::take(&mut self.text)
    }

    pub async fn said(&mut self) -> Said {
        let said = Said::read(&self.frame(SOON).await.expect("the stream is over"));
        if let Some(id) = &said.id {
            self.at.clone_from(id);
        }
        said
    }

    /// The next notification's id.
    pub async fn told(&mut self) -> String {
        let said = self.said().await;
        assert_eq!(said.event.as_deref(), Some("notification"), "{said:?}");
        said.data["id"].as_str().unwrap().to_owned()
    }

    /// What happened next in a team, which must be this.
    pub async fn hears(&mut self, event: &str) -> Value {
        let said = self.said().await;
        assert_eq!(said.event.as_deref(), Some(event), "{said:?}");
        assert_eq!(said.data["event"], event);
        let feed = said.id.as_deref().and_then(|id| id.split_once('-')).unwrap().0;
        assert_eq!(said.data["seq"].to_string(), feed);
        said.data
    }

    /// Expects the stream to end now, for this reason.
    pub async fn ends(&mut self, reason: &str) {
        let said = self.said().await;
        assert_eq!((said.event.as_deref(), &said.data), (Some("end"), &json!({"reason": reason})), "{said:?}");
        assert_eq!((said.id, self.frame(SOON).await), (None, None));
    }

    /// Expects silence.
    pub async fn says_nothing(&mut self) {
        let mut bytes = [0; 4096];
        while let Ok(read) = timeout(Duration::from_millis(300), self.body.read(&mut bytes)).await {
            let read = read.unwrap();
            assert_ne!(read, 0, "it goes on, silently");
            self.text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
        let text = std::mem::take(&mut self.text);
        let is_passed_over = |frame: &str| frame.is_empty() || self.is_of_acts && is_news_of_work(frame);
        let mut said = text.split("\n\n").filter(|frame| !is_passed_over(frame));
        assert_eq!(said.next(), None);
    }
}

/// Whether a frame is a notification of what happened to a delegation.
fn is_news_of_work(frame: &str) -> bool {
    let is_notification = frame.lines().any(|line| line.replace(' ', "") == "event:notification");
    is_notification && frame.contains("\"kind\":\"delegation-")
}
