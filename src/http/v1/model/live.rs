//! What a live stream says.

use poem_openapi::{Object, Union};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Comment, Conversation, Credential, Delegation, Member, Message, Notification, Team, moment};
use crate::app::live::{Thing, Told};

/// What stands in an event's `data`.
#[derive(Union)]
pub enum StreamEvent {
    /// Of `notification`.
    Notification(Notification),
    /// Of everything that has the name of an event.
    Happening(Happening),
    /// Of `reset` and `end`.
    Reason(Reason),
}

/// Why.
#[derive(Object)]
pub struct Reason {
    /// Of `end`: `revoked`, `expired`, `access-denied`, `stopping` or `unavailable`; of `reset`: `behind` or `ahead`.
    reason: String,
}

impl Reason {
    /// A reason by its name.
    pub fn new(reason: &str) -> Self {
        Self { reason: reason.to_owned() }
    }
}

/// Something that happened in a team.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Happening {
    /// Its place in the order of everything that happens; the audit row that stands for it.
    seq: i64,
    at: OffsetDateTime,
    /// What happened, such as `delegation.created`.
    event: String,
    team_id: Uuid,
    resource: HappenedTo,
    /// The thing as it is now, as its own operation shows it; absent when it was deleted.
    data: Option<LiveThing>,
    /// `true` when it was deleted.
    deleted: Option<bool>,
}

/// The thing that something happened to.
#[derive(Object)]
struct HappenedTo {
    /// Its kind: `delegation`, `comment`, `conversation`, `message`, `credential`, `user` for somebody's place in the
    /// team, or `team`.
    #[oai(rename = "type")]
    kind: String,
    id: Uuid,
}

/// A thing as its own operation shows it; which one says `resource.type`.
#[derive(Union)]
enum LiveThing {
    Delegation(Delegation),
    Comment(Comment),
    Conversation(Conversation),
    Message(Message),
    Credential(Credential),
    Member(Member),
    Team(Team),
}

impl From<Told> for Happening {
    fn from(Told { happening, thing }: Told) -> Self {
        let data = match thing {
            Thing::Delegation(delegation) => Some(LiveThing::Delegation((*delegation).into())),
            Thing::Comment(comment) => Some(LiveThing::Comment(comment.into())),
            Thing::Conversation(conversation) => Some(LiveThing::Conversation((*conversation).into())),
            Thing::Message(message) => Some(LiveThing::Message((*message).into())),
            Thing::Credential(credential) => Some(LiveThing::Credential(credential.into())),
            Thing::Member(member) => Some(LiveThing::Member(member.into())),
            Thing::Team(team) => Some(LiveThing::Team(team.into())),
            Thing::Gone => None,
        };
        Self {
            seq: happening.seq,
            at: moment(happening.at),
            event: happening.event.as_str().to_owned(),
            team_id: happening.team.uuid(),
            resource: HappenedTo { kind: happening.kind, id: happening.id },
            deleted: data.is_none().then_some(true),
            data,
        }
    }
}
