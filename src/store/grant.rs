//! Grants of single things to guests in the database. Whether a grant counts, the door decides anew for each request;
//! the view `open_grants` knows, and each reader of it asks for the time.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::delegation::Person;
use crate::domain::grant::{Grant, Thing, ThingKind};
use crate::domain::role::Role;
use crate::domain::team::Team;
use crate::domain::text::Name;
use crate::domain::user::User;

use super::engine::{Row, Value, unexpected};
use super::tx::{Column, ReadTx, Tx, owned_by_team, owned_by_user};
use super::user::{self, NAME as USER_NAME};
use super::{delegation, team};

/// The columns of a grant with its guest's name.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT g.id, g.team_id, g.resource_type, g.resource_id, g.user_id, u.name_sealed, g.role, g.granted_by, \
             g.created_at, g.expires_at FROM resource_grants g JOIN users u ON u.id = g.user_id ",
            $tail
        )
    };
}

statements! {
    INSERT = "INSERT INTO resource_grants (id, team_id, resource_type, resource_id, user_id, role, granted_by, \
        created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    FIND = select!("WHERE g.team_id = ?1 AND g.id = ?2 AND g.removed_at IS NULL AND g.expires_at > ?3");
    LIST = select!(
        "WHERE g.team_id = ?1 AND g.id > ?2 AND (?3 IS NULL OR g.granted_by = ?3 OR g.user_id = ?3) \
         AND g.removed_at IS NULL AND g.expires_at > ?4 ORDER BY g.id LIMIT ?5"
    );
    MADE_BY = select!("WHERE g.granted_by = ?1 AND g.team_id = ?2 AND g.removed_at IS NULL AND g.expires_at > ?3");
    OF_GUEST = select!(
        "WHERE g.user_id = ?2 AND g.resource_id = ?3 AND g.team_id = ?1 AND g.removed_at IS NULL AND g.expires_at > ?4"
    );
    OPEN_TO = select!(
        "JOIN open_grants o ON o.id = g.id WHERE g.user_id = ?1 AND g.id > ?2 AND g.expires_at > ?3 \
         AND CASE g.resource_type WHEN 'delegation' THEN EXISTS (SELECT 1 FROM delegations d \
         WHERE d.id = g.resource_id AND d.deleted_at IS NULL) ELSE EXISTS (SELECT 1 FROM conversations c \
         WHERE c.id = g.resource_id AND c.deleted_at IS NULL) END ORDER BY g.id LIMIT ?4"
    );
    ENDS = "SELECT expires_at FROM open_grants WHERE user_id = ?1 AND resource_id = ?2";
    REMOVE = "UPDATE resource_grants SET removed_at = ?2 WHERE id = ?1 AND removed_at IS NULL";
    REMOVE_OF_THING = "UPDATE resource_grants SET removed_at = ?3 WHERE user_id = ?1 AND resource_id = ?2 \
        AND removed_at IS NULL";
    REMOVE_OF_GUEST = "UPDATE resource_grants SET removed_at = ?3 WHERE user_id = ?1 AND team_id = ?2 \
        AND removed_at IS NULL";
    DELEGATION = "SELECT team_id, delegator_id FROM delegations WHERE id = ?1 AND deleted_at IS NULL";
    CONVERSATION = "SELECT c.team_id, c.created_by, c.kind = 'direct', EXISTS (SELECT 1 \
        FROM participation p WHERE p.conversation_id = c.id AND p.user_id = ?2) \
        FROM conversations c WHERE c.id = ?1 AND c.deleted_at IS NULL";
    CONVERSATION_TITLE = "SELECT title_sealed FROM conversations WHERE id = ?1";
}

const CONVERSATION_NAME: Column = Column { table: "conversations", name: "title_sealed" };

/// What a thing is to one person.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The team it belongs to.
    pub team: Id<Team>,
    /// Whether that person gave it or began it.
    pub own: bool,
    /// Whether they take part in it; known of conversations alone.
    pub participant: bool,
    /// Whether it is between two people.
    pub is_direct: bool,
}

/// What a thing is to a person; `None` when it is not there.
pub fn find_thing(read: &ReadTx<'_>, thing: Thing, person: Id<User>) -> Result<Option<Facts>, Error> {
    match thing.kind {
        ThingKind::Delegation => read.first(DELEGATION, &[thing.id.into()], |row| {
            let own = row.id::<User>(1)? == person;
            Ok(Facts { team: row.id(0)?, own, participant: false, is_direct: false })
        }),
        ThingKind::Conversation => read.first(CONVERSATION, &[thing.id.into(), person.into()], |row| {
            Ok(Facts {
                team: row.id(0)?,
                own: row.id_or_none(1)? == Some(person),
                participant: row.integer(3)? == 1,
                is_direct: row.integer(2)? == 1,
            })
        }),
    }
}

/// A grant about to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewGrant {
    /// Of which team.
    pub team: Id<Team>,
    /// What it opens.
    pub thing: Thing,
    /// To whom.
    pub guest: Id<User>,
    /// As what.
    pub role: Role,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Makes a grant.
pub fn insert(tx: &mut Tx<'_>, new: &NewGrant) -> Result<Grant, Error> {
    let grant = Grant {
        id: tx.mint_id(),
        team: new.team,
        thing: new.thing,
        guest: user::person(tx, new.guest)?,
        role: new.role,
        granted_by: tx.user()?,
        created_at: tx.now(),
        expires_at: new.expires_at,
    };
    let values = [
        grant.id.into(),
        new.team.into(),
        new.thing.kind.as_str().into(),
        new.thing.id.into(),
        new.guest.into(),
        new.role.as_str().into(),
        grant.granted_by.into(),
        grant.created_at.into(),
        new.expires_at.into(),
    ];
    tx.execute(INSERT, &values)?;
    Ok(grant)
}

fn grant(read: &ReadTx<'_>, row: &Row<'_>) -> Result<Grant, Error> {
    let guest = row.id::<User>(4)?;
    let name: Name = read.open_line(owned_by_user(guest), USER_NAME, guest.uuid(), row.blob(5)?)?;
    Ok(Grant {
        id: row.id(0)?,
        team: row.id(1)?,
        thing: Thing { kind: row.word(2, ThingKind::parse)?, id: row.id(3)? },
        guest: Person { id: guest, name },
        role: row.word(6, Role::parse)?,
        granted_by: row.id(7)?,
        created_at: row.time(8)?,
        expires_at: row.time(9)?,
    })
}

/// A team's grant that is neither removed nor expired.
pub fn find(read: &ReadTx<'_>, team: Id<Team>, id: Id<Grant>) -> Result<Option<Grant>, Error> {
    read.first(FIND, &[team.into(), id.into(), read.now().into()], |row| grant(read, &row))
}

/// What is granted of a thing to somebody, neither removed nor expired.
pub fn find_of_guest(read: &ReadTx<'_>, team: Id<Team>, guest: Id<User>, thing: Thing) -> Result<Option<Grant>, Error> {
    let values = [team.into(), guest.into(), thing.id.into(), read.now().into()];
    read.first(OF_GUEST, &values, |row| grant(read, &row))
}

/// A team's grants that are neither removed nor expired; by or to `person` alone, when one is named.
pub fn list(
    read: &ReadTx<'_>,
    team: Id<Team>,
    person: Option<Id<User>>,
    page: &PageRequest,
) -> Result<Page<Grant>, Error> {
    let after = Value::plain(page.after().unwrap_or_default());
    let values = [team.into(), after, person.into(), read.now().into(), page.fetch().into()];
    let grants = read.all(LIST, &values, |row| grant(read, &row))?;
    Ok(page.cut(grants, |grant| grant.id.to_string()))
}

/// What somebody's open grants in a team are.
pub fn made_by(read: &ReadTx<'_>, granter: Id<User>, team: Id<Team>) -> Result<Vec<Grant>, Error> {
    read.all(MADE_BY, &[granter.into(), team.into(), read.now().into()], |row| grant(read, &row))
}

/// A grant as its guest sees it.
#[derive(Debug)]
pub struct OpenToMe {
    /// The grant.
    pub grant: Grant,
    /// What its team is called.
    pub team_name: Name,
    /// What the thing is called, when it has a name.
    pub title: Option<String>,
}

/// What is open to a guest at this moment: exactly what the door would open.
pub fn open_to(read: &ReadTx<'_>, guest: Id<User>, page: &PageRequest) -> Result<Page<OpenToMe>, Error> {
    let after = Value::plain(page.after().unwrap_or_default());
    let values = [guest.into(), after, read.now().into(), page.fetch().into()];
    let grants = page.cut(read.all(OPEN_TO, &values, |row| grant(read, &row))?, |grant| grant.id.to_string());
    let opened = grants.items.into_iter().map(|grant| {
        let (team_name, title) = (team::get(read, grant.team)?.name, title(read, grant.team, grant.thing)?);
        Ok(OpenToMe { grant, team_name, title })
    });
    Ok(Page { items: opened.collect::<Result<_, Error>>()?, next: grants.next })
}

/// What a thing of a team is called; `None` for a conversation without a name.
pub fn title(read: &ReadTx<'_>, team: Id<Team>, thing: Thing) -> Result<Option<String>, Error> {
    match thing.kind {
        ThingKind::Delegation => {
            let found = delegation::get(read, team, Id::from_uuid(thing.id.uuid()))?;
            Ok(Some(found.title.as_str().to_owned()))
        }
        ThingKind::Conversation => {
            let owner = owned_by_team(team);
            let open = |sealed: &[u8]| read.open(owner, CONVERSATION_NAME, thing.id.uuid(), sealed);
            let found =
                read.first(CONVERSATION_TITLE, &[thing.id.into()], |row| row.blob_or_none(0)?.map(open).transpose())?;
            found.ok_or_else(|| unexpected("a grant of a conversation that is not there"))
        }
    }
}

/// When what is granted of a thing to somebody ends.
pub fn ends(read: &ReadTx<'_>, guest: Id<User>, thing: Thing) -> Result<Option<Timestamp>, Error> {
    read.first(ENDS, &[guest.into(), thing.id.into()], |row| row.time(0))
}

/// Removes a grant.
pub fn remove(tx: &mut Tx<'_>, id: Id<Grant>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(REMOVE, &[id.into(), now.into()])?;
    Ok(())
}

/// Removes what is granted of a thing to somebody, expired or not; answers how much that was.
pub fn remove_of_thing(tx: &mut Tx<'_>, guest: Id<User>, thing: Thing) -> Result<usize, Error> {
    let now = tx.now();
    tx.execute(REMOVE_OF_THING, &[guest.into(), thing.id.into(), now.into()])
}

/// Removes everything that is granted to somebody in a team.
pub fn remove_of_guest(tx: &mut Tx<'_>, guest: Id<User>, team: Id<Team>) -> Result<usize, Error> {
    let now = tx.now();
    tx.execute(REMOVE_OF_GUEST, &[guest.into(), team.into(), now.into()])
}
