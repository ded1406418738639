//! What a search finds, as the API shows it.

use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Person, moment};
use crate::store::search::{Found, Hit};

/// What can be found.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum Findable {
    /// A delegation, by its title.
    Delegation,
    /// A comment on a delegation.
    Comment,
    /// A message.
    Message,
    /// A person of the team, by their name.
    Person,
}

impl From<Findable> for Found {
    fn from(kind: Findable) -> Self {
        match kind {
            Findable::Delegation => Self::Delegation,
            Findable::Comment => Self::Comment,
            Findable::Message => Self::Message,
            Findable::Person => Self::Person,
        }
    }
}

impl From<Found> for Findable {
    fn from(found: Found) -> Self {
        match found {
            Found::Delegation => Self::Delegation,
            Found::Comment => Self::Comment,
            Found::Message => Self::Message,
            Found::Person => Self::Person,
        }
    }
}

/// Something that holds all words: a delegation in its title (its body and labels are not searched), a comment, a message,
/// or a person by their name.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SearchHit {
    #[oai(rename = "type")]
    kind: Findable,
    id: Uuid,
    /// The delegation that a comment belongs to.
    delegation_id: Option<Uuid>,
    /// The conversation that a message belongs to.
    conversation_id: Option<Uuid>,
    /// The delegation's title, or the person's name.
    title: Option<String>,
    /// The part of the comment or message around the first of the words: 160 characters at most, `…` where it was cut.
    excerpt: Option<String>,
    /// Who gave the delegation or wrote the text; the person themself.
    author: Person,
    /// When it was made; of a person, their account.
    created_at: OffsetDateTime,
}

impl From<Hit> for SearchHit {
    fn from(hit: Hit) -> Self {
        let when = |kinds: &[Found]| kinds.contains(&hit.found);
        let is_long = when(&[Found::Comment, Found::Message]);
        Self {
            kind: hit.found.into(),
            id: hit.id,
            delegation_id: hit.place.filter(|_| when(&[Found::Comment])),
            conversation_id: hit.place.filter(|_| when(&[Found::Message])),
            title: (!is_long).then(|| hit.text.clone()),
            excerpt: is_long.then_some(hit.text),
            author: hit.author.into(),
            created_at: moment(hit.created_at),
        }
    }
}
