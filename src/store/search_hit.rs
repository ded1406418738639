//! What a candidate of the search turns out to be: its row, if it is there and the reader may read it, opened and looked
//! through for the words.

use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::delegation::Person;
use crate::domain::team::Team;
use crate::domain::user::User;

use super::action::Reach;
use super::delegation::TITLE;
use super::search::Found;
use super::search_words::Words;
use super::tx::{Column, ReadTx, owned_by_team};
use super::user::Names;

/// Whether delegation `d` is one that `?3` has to do with; everybody's, when nobody is named.
macro_rules! readable {
    () => {
        "d.deleted_at IS NULL AND (?3 IS NULL OR EXISTS (SELECT 1 FROM delegation_sides s \
         WHERE s.delegation_id = d.id AND s.user_id = ?3))"
    };
}

statements! {
    DELEGATION = concat!(
        "SELECT d.title_sealed, NULL, d.delegator_id, u.name_sealed, d.created_at FROM delegations d \
         JOIN users u ON u.id = d.delegator_id WHERE d.team_id = ?1 AND d.id = ?2 AND ", readable!()
    );
    COMMENT = concat!(
        "SELECT c.body_sealed, c.delegation_id, c.author_id, u.name_sealed, c.created_at FROM delegation_comments c \
         JOIN delegations d ON d.id = c.delegation_id JOIN users u ON u.id = c.author_id \
         WHERE d.team_id = ?1 AND c.id = ?2 AND c.deleted_at IS NULL AND ", readable!()
    );
    MESSAGE = "SELECT m.body_sealed, m.conversation_id, m.author_id, u.name_sealed, m.created_at FROM messages m \
        JOIN conversations c ON c.id = m.conversation_id JOIN users u ON u.id = m.author_id \
        WHERE c.team_id = ?1 AND m.id = ?2 AND m.deleted_at IS NULL AND EXISTS (SELECT 1 FROM participation p \
        WHERE p.conversation_id = c.id AND p.user_id = ?3 AND p.expires_at IS NULL)";
    PERSON = "SELECT NULL, NULL, u.id, u.name_sealed, u.created_at FROM memberships m JOIN users u ON u.id = m.user_id \
        WHERE m.team_id = ?1 AND m.user_id = ?2 AND ?3 IS NULL";
}

const COMMENT_BODY: Column = Column { table: "delegation_comments", name: "body_sealed" };
const MESSAGE_BODY: Column = Column { table: "messages", name: "body_sealed" };

/// Who searches where, and what they may read there.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// In which team.
    pub team: Id<Team>,
    /// Who.
    pub user: Id<User>,
    /// How far among its delegations and the comments on them.
    pub delegations: Option<Reach>,
    /// Whether messages, always of conversations that they take part in.
    pub messages: bool,
    /// Whether the names of its people.
    pub people: bool,
}

/// Something that holds all words.
#[derive(Debug)]
pub struct Hit {
    /// What it is.
    pub found: Found,
    /// Its id.
    pub id: Uuid,
    /// The delegation or the conversation that a comment or a message belongs to.
    pub place: Option<Uuid>,
    /// The title, the name, or the part of a longer text around the first word.
    pub text: String,
    /// Who gave the delegation or wrote the text; the person themself.
    pub author: Person,
    /// When it, or the person's account, was made.
    pub created_at: Timestamp,
}

/// Opens a candidate. `None` when there is none that the reader may read, or a word does not stand in it: 32 bits of a
/// hash are equal for different words now and then.
pub(super) fn look(
    read: &ReadTx<'_>,
    reader: &Reader,
    found: Found,
    id: Uuid,
    words: &Words,
    names: &mut Names,
) -> Result<Option<Hit>, Error> {
    let own = (reader.delegations != Some(Reach::Everything)).then_some(reader.user);
    let (sql, column, who) = match found {
        Found::Delegation => (DELEGATION, Some(TITLE), own),
        Found::Comment => (COMMENT, Some(COMMENT_BODY), own),
        Found::Message => (MESSAGE, Some(MESSAGE_BODY), Some(reader.user)),
        Found::Person => (PERSON, None, None),
    };
    let hit = read.first(sql, &[reader.team.into(), id.into(), who.into()], |row| {
        let author = row.id::<User>(2)?;
        let author = Person { id: author, name: names.open(read, author, row.blob(3)?)? };
        let text = match column {
            Some(column) => read.open(owned_by_team(reader.team), column, id, row.blob(0)?)?,
            None => author.name.as_str().to_owned(),
        };
        let place = row.id_or_none::<()>(1)?.map(Id::uuid);
        Ok(Hit { found, id, place, text, author, created_at: row.time(4)? })
    })?;
    Ok(hit.filter(|hit| words.stand_in(&hit.text)).map(|hit| match found {
        Found::Comment | Found::Message => Hit { text: words.excerpt(&hit.text), ..hit },
        Found::Delegation | Found::Person => hit,
    }))
}
