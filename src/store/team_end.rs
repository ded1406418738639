//! The end of a team in the database: closed, brought back, purged.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::team::{TEAM_GRACE, Team};
use crate::domain::user::User;

use super::engine::Value;
use super::team;
use super::tx::{ReadTx, Tx, owned_by_team};

/// Rows that one act of a purge takes away at most, beside the team's key.
pub const BATCH: i64 = 500;

/// Takes away those rows that a batch has room for: `?2` of those of the team `?1`.
macro_rules! purge {
    ($table:literal, $key:literal, $of_team:literal) => {
        concat!("DELETE FROM ", $table, " WHERE ", $key, " IN (SELECT ", $of_team, " LIMIT ?2)")
    };
}

statements! {
    CLOSE = "UPDATE teams SET deleted_at = ?2, version = version + 1, updated_at = ?2 WHERE id = ?1";
    OPEN = "UPDATE teams SET deleted_at = NULL, version = version + 1, updated_at = ?2 WHERE id = ?1";
    REVOKE_INVITATIONS = "UPDATE invitations SET revoked_at = ?2 WHERE team_id = ?1 AND accepted_at IS NULL \
        AND revoked_at IS NULL AND expires_at > ?2";
    ACTIVE_MEMBERS = "SELECT m.user_id FROM memberships m JOIN users u ON u.id = m.user_id \
        WHERE m.team_id = ?1 AND u.state <> 'suspended'";
    CLOSED_OF_OWNER = "SELECT t.id FROM memberships m JOIN teams t ON t.id = m.team_id \
        WHERE m.user_id = ?1 AND m.role = 'owner' AND t.deleted_at > ?2 AND t.id > ?3 ORDER BY t.id LIMIT ?4";
    NEXT_TO_PURGE = "SELECT id FROM teams WHERE deleted_at <= ?1 ORDER BY deleted_at LIMIT 1";
    IS_DUE = "SELECT 1 FROM teams WHERE id = ?1 AND deleted_at <= ?2";
    WORDS = purge!("search_index", "(team, word, found)",
        "i.team, i.word, i.found FROM search_teams t JOIN search_index i ON i.team = t.number WHERE t.team_id = ?1");
    MENTIONS_IN_MESSAGES = purge!("message_mentions", "(message_id, user_id)", "n.message_id, n.user_id \
        FROM conversations c JOIN messages m ON m.conversation_id = c.id JOIN message_mentions n ON n.message_id = m.id \
        WHERE c.team_id = ?1");
    MESSAGES = purge!("messages", "seq",
        "m.seq FROM conversations c JOIN messages m ON m.conversation_id = c.id WHERE c.team_id = ?1");
    PARTICIPANTS = purge!("conversation_participants", "(conversation_id, user_id)", "p.conversation_id, p.user_id \
        FROM conversations c JOIN conversation_participants p ON p.conversation_id = c.id WHERE c.team_id = ?1");
    CONVERSATIONS = purge!("conversations", "id", "id FROM conversations WHERE team_id = ?1");
    MENTIONS_IN_COMMENTS = purge!("comment_mentions", "(comment_id, user_id)", "n.comment_id, n.user_id \
        FROM delegations d JOIN delegation_comments c ON c.delegation_id = d.id \
        JOIN comment_mentions n ON n.comment_id = c.id WHERE d.team_id = ?1");
    COMMENTS = purge!("delegation_comments", "id",
        "c.id FROM delegations d JOIN delegation_comments c ON c.delegation_id = d.id WHERE d.team_id = ?1");
    LABELS = purge!("delegation_labels", "(label_bidx, delegation_id)", "l.label_bidx, l.delegation_id \
        FROM delegations d JOIN delegation_labels l ON l.delegation_id = d.id WHERE d.team_id = ?1");
    WATCHERS = purge!("delegation_watchers", "(delegation_id, user_id)", "w.delegation_id, w.user_id \
        FROM delegations d JOIN delegation_watchers w ON w.delegation_id = d.id WHERE d.team_id = ?1");
    CUSTODY = purge!("delegation_custody", "(delegation_id, link)", "c.delegation_id, c.link \
        FROM delegations d JOIN delegation_custody c ON c.delegation_id = d.id WHERE d.team_id = ?1");
    DELEGATIONS = purge!("delegations", "id", "id FROM delegations WHERE team_id = ?1");
    SHARES = purge!("credential_shares", "id",
        "s.id FROM credentials c JOIN credential_shares s ON s.credential_id = c.id WHERE c.team_id = ?1");
    VERSIONS = purge!("credential_versions", "(credential_id, version)", "v.credential_id, v.version \
        FROM credentials c JOIN credential_versions v ON v.credential_id = c.id WHERE c.team_id = ?1");
    CREDENTIALS = purge!("credentials", "id", "id FROM credentials WHERE team_id = ?1");
    DELIVERIES = purge!("webhook_deliveries", "id",
        "d.id FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.id WHERE w.team_id = ?1");
    WEBHOOKS = purge!("webhooks", "id", "id FROM webhooks WHERE team_id = ?1");
    GRANTS = purge!("resource_grants", "id", "id FROM resource_grants WHERE team_id = ?1");
    INVITATIONS = purge!("invitations", "id", "id FROM invitations WHERE team_id = ?1");
    MEMBERSHIPS = purge!("memberships", "(team_id, user_id)", "team_id, user_id FROM memberships WHERE team_id = ?1");
    TEAM = purge!("teams", "id", "id FROM teams WHERE id = ?1");
}

/// What a purge takes away, by what it is called in the audit log: children first, the team itself last.
const STEPS: [(&str, &str); 20] = [
    ("words", WORDS),
    ("message_mentions", MENTIONS_IN_MESSAGES),
    ("messages", MESSAGES),
    ("participants", PARTICIPANTS),
    ("conversations", CONVERSATIONS),
    ("comment_mentions", MENTIONS_IN_COMMENTS),
    ("comments", COMMENTS),
    ("labels", LABELS),
    ("watchers", WATCHERS),
    ("custody", CUSTODY),
    ("delegations", DELEGATIONS),
    ("shares", SHARES),
    ("versions", VERSIONS),
    ("credentials", CREDENTIALS),
    ("deliveries", DELIVERIES),
    ("webhooks", WEBHOOKS),
    ("grants", GRANTS),
    ("invitations", INVITATIONS),
    ("memberships", MEMBERSHIPS),
    ("teams", TEAM),
];

/// Closes a team; answers how many open invitations were revoked with it.
pub fn close(tx: &mut Tx<'_>, id: Id<Team>) -> Result<usize, Error> {
    let now = tx.now();
    tx.execute(CLOSE, &[id.into(), now.into()])?;
    tx.execute(REVOKE_INVITATIONS, &[id.into(), now.into()])
}

/// Opens a closed team again.
pub fn open(tx: &mut Tx<'_>, id: Id<Team>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(OPEN, &[id.into(), now.into()])?;
    Ok(())
}

/// Everybody in a team who may hear of something.
pub fn audience(read: &ReadTx<'_>, id: Id<Team>) -> Result<Vec<Id<User>>, Error> {
    read.all(ACTIVE_MEMBERS, &[id.into()], |row| row.id(0))
}

/// The closed teams that a person can bring back.
pub fn closed_of_owner(read: &ReadTx<'_>, owner: Id<User>, page: &PageRequest) -> Result<Page<Team>, Error> {
    let after = Value::plain(page.after().unwrap_or_default());
    let values = [owner.into(), (read.now() - TEAM_GRACE).into(), after, page.fetch().into()];
    let ids = read.all(CLOSED_OF_OWNER, &values, |row| row.id::<Team>(0))?;
    let teams = ids.into_iter().map(|id| team::get(read, id)).collect::<Result<_, _>>()?;
    Ok(page.cut(teams, |team| team.id.to_string()))
}

/// The team whose grace has been over for longest.
pub fn next_to_purge(read: &ReadTx<'_>) -> Result<Option<Id<Team>>, Error> {
    read.first(NEXT_TO_PURGE, &[(read.now() - TEAM_GRACE).into()], |row| row.id(0))
}

/// Whether a team's grace is over.
pub fn is_due(read: &ReadTx<'_>, id: Id<Team>) -> Result<bool, Error> {
    Ok(read.first(IS_DUE, &[id.into(), (read.now() - TEAM_GRACE).into()], |_| Ok(()))?.is_some())
}

/// Takes away the team's key, if that is still there, and as many of its rows as one act may; answers how many of each
/// kind. Whatever was not reached waits for the next act.
pub fn purge(tx: &mut Tx<'_>, id: Id<Team>) -> Result<Vec<(&'static str, usize)>, Error> {
    let mut gone = Vec::new();
    let keys = tx.destroy_dek(owned_by_team(id))?;
    if keys > 0 {
        gone.push(("keys", keys));
    }
    let mut room = BATCH;
    for (name, sql) in STEPS {
        // A step is taken only when the ones before it left room, and so left nothing: parents go without children.
        if room == 0 {
            break;
        }
        let count = tx.execute(sql, &[id.into(), Value::from(room)])?;
        if count > 0 {
            gone.push((name, count));
        }
        room -= i64::try_from(count).map_err(Error::internal)?;
    }
    Ok(gone)
}
