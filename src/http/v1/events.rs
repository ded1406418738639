//! The live stream: server-sent events (WHATWG HTML, 9.2).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame};
use poem::web::sse::Event;
use poem::{IntoResponse, Response};
use poem_openapi::param::{Header, Query};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ToJSON, Type as _};
use poem_openapi::{ApiResponse, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::model::{Happening, Notification, Reason, StreamEvent};
use crate::app::live::{LiveEvent, LiveEvents};
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::live::Position;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// What happens, as it happens.
pub struct Events;

/// The stream is open.
#[derive(ApiResponse)]
enum Opened {
    /// Events as they happen, each with its `id`; ids alone as heartbeats; `end`, the last.
    #[oai(status = 200)]
    Open(EventStream),
}

#[OpenApi(tag = "Tag::Live", prefix_path = "/api/v1/events")]
impl Events {
    /// What happens, as it happens
    ///
    /// A stream of server-sent events: my notifications, and what happens in my teams to things that I may read, as it is
    /// committed.
    ///
    /// - `notification`: the object that the list of notifications shows.
    /// - Named like the event in the audit log — `delegation.…` for a delegation, `team.role.changed`,
    ///   `team.member.removed` and `team.member.left` for somebody's place in a team, other `team.…` for a team itself:
    ///   `{seq, at, event, team_id, resource: {type, id}, data}`, where `data` is the thing as its own operation shows it
    ///   to me now, which need not be as it was then. When it was deleted, `deleted` is `true` instead, and only those hear
    ///   of it who could read it. What happened to a thing that is gone by the time it is told is left out; its end is not.
    /// - `reset`: the stream could not resume where I asked it to, because more than 10,000 things happened since
    ///   (`behind`) or because the server does not know of that place (`ahead`: its database was restored). I must read
    ///   anew what I show; the stream goes on from now.
    /// - `end`, the last: it ends within a second of whatever ends the right to it — sign-out, revocation, the removal of
    ///   the device, suspension, the loss of a role, the end of the session — with a `reason`: `revoked`, `expired`,
    ///   `access-denied`, `stopping` or `unavailable`. Who leaves a team keeps the stream and hears nothing more of that
    ///   team; a guest hears of what was granted to them for as long as the grant holds.
    ///
    /// Each event has an `id`; sent back as `Last-Event-ID` the stream resumes behind it, without gap or repetition,
    /// whatever was restarted meanwhile. After 15 seconds of silence the present `id` comes alone. What I may not read is
    /// passed over. An API key wants `notification:manage` for the stream, and for each kind of thing the permission that
    /// reads it.
    ///
    /// An open stream does not keep a session of the console from being idle. Who does not take an event for 10 seconds
    /// loses the stream. At most 8 at once for a person, 256 for all. Permission `notification:manage`.
    #[oai(path = "/", method = "get", operation_id = "openEvents")]
    async fn open(
        &self,
        member: Member,
        /// The last id that was seen. Without it, the stream begins with what happens from now on.
        #[oai(name = "Last-Event-ID")]
        last: Header<Option<String>>,
        /// Of all my teams, only this one; notifications come all the same.
        team: Query<Option<Uuid>>,
    ) -> Result<Opened, Failure> {
        let parse = |text: &str| {
            Position::parse(text).ok_or_else(|| Error::invalid("Last-Event-ID", "is not an id of this stream"))
        };
        let last = last.0.as_deref().map(parse).transpose()?;
        let events = member.app.open_stream(&member.caller, last, team.0.map(Id::from_uuid)).await?;
        Ok(Opened::Open(EventStream(events)))
    }
}

/// A stream of events as a payload, and as the body of an answer.
struct EventStream(LiveEvents);

impl Payload for EventStream {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn schema_ref() -> MetaSchemaRef {
        let items = Some(Box::new(StreamEvent::schema_ref()));
        MetaSchemaRef::Inline(Box::new(MetaSchema { items, ..MetaSchema::new_with_format("array", "event-stream") }))
    }

    fn register(registry: &mut Registry) {
        StreamEvent::register(registry);
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
        self.0.poll_next(cx).map(|event| event.map(|event| Ok(Frame::data(Bytes::from(written(event))))))
    }
}

/// An event as it is written.
fn written(event: LiveEvent) -> String {
    match event {
        // Sets the client's last event id without being an event: it can resume from here.
        LiveEvent::Begun(position) | LiveEvent::Heartbeat(position) => {
            Event::message("").id(position.to_string()).to_string()
        }
        LiveEvent::Reset(position, reason) => named("reset", Some(position), &Reason::new(reason.as_str())),
        LiveEvent::Notification(position, notification) => {
            named("notification", Some(position), &Notification::from(*notification))
        }
        LiveEvent::Happened(position, told) => {
            named(told.happening.event.as_str(), Some(position), &Happening::from(*told))
        }
        LiveEvent::End(reason) => named("end", None, &Reason::new(reason.as_str())),
    }
}

fn named(name: &str, position: Option<Position>, data: &impl ToJSON) -> String {
    let id = position.map(|position| position.to_string()).unwrap_or_default();
    Event::message(data.to_json_string()).id(id).event_type(name).to_string()
}
