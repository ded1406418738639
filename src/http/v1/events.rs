//! The live stream: server-sent events (WHATWG HTML, 9.2).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame};
use poem::web::sse::Event;
use poem::{IntoResponse, Response};
use poem_openapi::param::Header;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON as _, Type as _};
use poem_openapi::{ApiResponse, OpenApi};
use tokio::sync::mpsc::Receiver;
use uuid::Uuid;

use super::Tag;
use super::model::Notification;
use crate::app::live::LiveEvent;
use crate::base::id::Id;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// What happens, as it happens.
pub struct Events;

/// The stream is open.
#[derive(ApiResponse)]
enum Opened {
    /// Events as they happen: `notification`, with its id and the object that the list shows; comments as heartbeats;
    /// `end` with a `reason`, the last.
    #[oai(status = 200)]
    Open(EventStream),
}

#[OpenApi(tag = "Tag::Live", prefix_path = "/api/v1/events")]
impl Events {
    /// What happens, as it happens
    ///
    /// A stream of server-sent events: my notifications as they are committed, and a comment after 15 seconds of
    /// silence. It ends within a second of whatever ends the right to it — sign-out, revocation, the removal of the
    /// device, suspension, the loss of a role, the end of the session — with a last event, `end`, whose `reason` is
    /// `revoked`, `expired`, `access-denied`, `stopping` or `unavailable`. An open stream does not keep a session of the console
    /// from being idle. At most 8 at once for a person. Permission `notification:manage`.
    #[oai(path = "/", method = "get", operation_id = "openEvents")]
    async fn open(
        &self,
        member: Member,
        /// The last event that was seen: the stream resumes behind it, without gap or repetition. Without it, the stream
        /// begins with what happens from now on.
        #[oai(name = "Last-Event-ID")]
        last: Header<Option<Uuid>>,
    ) -> Result<Opened, Failure> {
        let events = member.app.open_stream(&member.caller, last.0.map(Id::from_uuid)).await?;
        Ok(Opened::Open(EventStream(events)))
    }
}

/// A stream of events as a payload, and as the body of an answer.
struct EventStream(Receiver<LiveEvent>);

impl Payload for EventStream {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn schema_ref() -> MetaSchemaRef {
        let items = Some(Box::new(Notification::schema_ref()));
        MetaSchemaRef::Inline(Box::new(MetaSchema { items, ..MetaSchema::new_with_format("array", "event-stream") }))
    }

    fn register(registry: &mut Registry) {
        Notification::register(registry);
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        Response::builder().content_type(Self::CONTENT_TYPE).body(poem::Body::from(self.boxed()))
    }
}

impl Body for EventStream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(cx).map(|event| event.map(|event| Ok(Frame::data(Bytes::from(written(event))))))
    }
}

/// An event as it is written.
fn written(event: LiveEvent) -> String {
    match event {
        // Sets the client's last event id without being an event: from now on it can resume.
        LiveEvent::Begun(Some(id)) => Event::message("").id(id.to_string()).to_string(),
        LiveEvent::Begun(None) | LiveEvent::Heartbeat => ":\n\n".to_owned(),
        LiveEvent::Notification(notification) => {
            let id = notification.id.to_string();
            let data = Notification::from(*notification).to_json_string();
            Event::message(data).id(id).event_type("notification").to_string()
        }
        LiveEvent::End(reason) => {
            let data = serde_json::json!({"reason": reason.as_str()});
            Event::message(data.to_string()).event_type("end").to_string()
        }
    }
}
