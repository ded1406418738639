//! The audit log as it is written: rows, their leaves, and the tree's head.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::entropy::Entropy;
use crate::base::id::Id;
use crate::crypto::field;
use crate::crypto::keyring::Keyring;
use crate::crypto::merkle::{Frontier, Hash, leaf_hash};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::{Event, Outcome};
use crate::domain::user::User;

use super::action::{Scope, Target};
use super::audit_tree;
use super::engine::{Engine, Row, Value, unexpected};
use super::keys::Keys;
use super::tx::{Column, owned_by_user};

statements! {
    INSERT = "INSERT INTO audit_log (seq, at, event, outcome, actor_kind, actor_pseudonym, scope, resource_type, \
        resource_id, request_id, address_sealed, user_agent_sealed, detail_sealed, leaf) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    LOAD_HEAD = "SELECT h.size, h.frontier, (SELECT coalesce(max(seq), 0) FROM audit_log), h.root, h.mac \
        FROM audit_head h WHERE h.only = 1";
    SAVE_HEAD = "INSERT INTO audit_head (only, size, root, frontier, mac) VALUES (1, ?1, ?2, ?3, ?4) \
        ON CONFLICT (only) DO UPDATE SET size = excluded.size, root = excluded.root, frontier = excluded.frontier, \
        mac = excluded.mac";
}

pub(super) const ADDRESS: Column = Column { table: "audit_log", name: "address_sealed" };
pub(super) const USER_AGENT: Column = Column { table: "audit_log", name: "user_agent_sealed" };
pub(super) const DETAIL: Column = Column { table: "audit_log", name: "detail_sealed" };

/// A row about to be written.
pub(super) struct Entry<'a> {
    pub event: Event,
    pub outcome: Outcome,
    pub caller: &'a Caller,
    /// The person whose key seals the personal part, with their pseudonym; nobody's acts are sealed by the instance.
    pub person: Option<(Id<User>, Uuid)>,
    pub target: Target,
    pub detail: BTreeMap<&'static str, String>,
}

/// The tree's head. It lives in the writer thread; the door puts it back when a savepoint or a commit fails.
#[derive(Clone)]
pub(super) struct Head(Frontier);

impl Head {
    /// The head of a log without rows.
    pub fn empty() -> Self {
        Self(Frontier::new())
    }

    /// Reads the head, and refuses one that does not belong to the log or to the root key: rows were added, changed or
    /// cut off behind our back.
    pub fn load(engine: &dyn Engine, keyring: &Keyring) -> Result<Self, Error> {
        let mut head = Self::empty();
        let (mut sizes, mut is_ours) = ((0, 0), false);
        engine.query(LOAD_HEAD, &[], &mut |row| {
            head = Self(Frontier::from_bytes(row.blob(1)?).map_err(Error::internal)?);
            sizes = (row.integer(0)?, row.integer(2)?);
            let root = head.0.root();
            is_ours = row.blob(3)? == root && keyring.matches_audit_head(head.0.size(), &root, row.blob(4)?);
            Ok(())
        })?;
        let size = i64::try_from(head.0.size()).map_err(Error::internal)?;
        if sizes != (size, size) || !is_ours {
            return Err(unexpected("the audit log does not end where its head says"));
        }
        Ok(head)
    }

    /// How many rows the log has.
    pub const fn size(&self) -> u64 {
        self.0.size()
    }

    /// The root over all of them.
    pub fn root(&self) -> Hash {
        self.0.root()
    }

    /// Writes the head; once for each commit.
    pub fn save(&self, engine: &dyn Engine, keyring: &Keyring) -> Result<(), Error> {
        let size = i64::try_from(self.0.size()).map_err(Error::internal)?;
        let root = self.0.root();
        let mac = keyring.audit_head_mac(self.0.size(), &root);
        let values = [size.into(), Value::bytes(&root), Value::bytes(&self.0.to_bytes()), Value::bytes(&mac)];
        engine.execute(SAVE_HEAD, &values)?;
        Ok(())
    }

    /// Appends a row and answers its place.
    pub fn append(
        &mut self,
        engine: &dyn Engine,
        keys: &Keys,
        now: Timestamp,
        entropy: &dyn Entropy,
        entry: &Entry<'_>,
    ) -> Result<i64, Error> {
        let seq = i64::try_from(self.0.size() + 1).map_err(Error::internal)?;
        let owner = entry.person.map_or(keys.instance(), |(user, _)| owned_by_user(user));
        let dek = keys.get(engine, owner)?;
        let seal = |column: Column, text: &str| {
            field::seal(&dek, column.place(row_id(seq), owner), text.as_bytes(), entropy).into_bytes()
        };
        let caller = entry.caller;
        let mut detail = entry.detail.clone();
        detail.extend(caller.client_request_id.clone().map(|id| ("client_request_id", id)));
        let stored = Stored {
            actor_kind: caller.actor.kind().to_owned(),
            actor_pseudonym: entry.person.map(|(_, pseudonym)| pseudonym.to_string()),
            address_sealed: caller.address.map(|address| seal(ADDRESS, &address.to_string())),
            at: now.micros(),
            detail_sealed: (!detail.is_empty())
                .then(|| serde_json::to_string(&detail).map(|json| seal(DETAIL, &json)))
                .transpose()
                .map_err(Error::internal)?,
            event: entry.event.as_str().to_owned(),
            outcome: entry.outcome.as_str().to_owned(),
            request_id: (!caller.request_id.is_empty()).then(|| caller.request_id.clone()),
            resource_id: entry.target.resource.map(|resource| resource.id.to_string()),
            resource_type: entry.target.resource.map(|resource| resource.kind.to_owned()),
            scope: scope_text(entry.target.scope),
            seq,
            user_agent_sealed: caller.user_agent.as_deref().map(|agent| seal(USER_AGENT, agent)),
        };
        let leaf = stored.leaf()?;
        engine.execute(INSERT, &stored.values(&leaf))?;
        audit_tree::keep(engine, &self.0.push(leaf))?;
        Ok(seq)
    }
}

/// The row id that binds an audit row's sealed parts to their place.
pub(super) const fn row_id(seq: i64) -> Uuid {
    Uuid::from_u128(seq.unsigned_abs() as u128)
}

fn scope_text(scope: Scope) -> String {
    match scope {
        Scope::Instance => "instance".to_owned(),
        Scope::Team(team) => team.to_string(),
    }
}

/// A row as it is stored, without its leaf. The fields stand in alphabetical order: serialised without white space
/// they are the canonical JSON (RFC 8785) that is hashed. A field added later is left out where it is `None`: the leaves
/// of the rows before it stay what they are.
#[derive(Serialize)]
pub(super) struct Stored {
    actor_kind: String,
    actor_pseudonym: Option<String>,
    #[serde(serialize_with = "base64url")]
    address_sealed: Option<Vec<u8>>,
    at: i64,
    #[serde(serialize_with = "base64url")]
    detail_sealed: Option<Vec<u8>>,
    event: String,
    outcome: String,
    request_id: Option<String>,
    resource_id: Option<String>,
    resource_type: Option<String>,
    scope: String,
    seq: i64,
    #[serde(serialize_with = "base64url")]
    user_agent_sealed: Option<Vec<u8>>,
}

#[allow(clippy::ref_option)] // the signature is the library's
fn base64url<S: serde::Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    bytes.as_ref().map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).serialize(serializer)
}

impl Stored {
    /// What is hashed.
    pub fn canonical(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(Error::internal)
    }

    pub fn leaf(&self) -> Result<Hash, Error> {
        self.canonical().map(|json| leaf_hash(json.as_bytes()))
    }

    fn values(&self, leaf: &[u8; 32]) -> [Value; 14] {
        let text = |text: &Option<String>| text.as_deref().map(Value::plain).into();
        let bytes = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(Value::bytes).into();
        [
            self.seq.into(),
            self.at.into(),
            Value::plain(&self.event),
            Value::plain(&self.outcome),
            Value::plain(&self.actor_kind),
            text(&self.actor_pseudonym),
            Value::plain(&self.scope),
            text(&self.resource_type),
            text(&self.resource_id),
            text(&self.request_id),
            bytes(&self.address_sealed),
            bytes(&self.user_agent_sealed),
            bytes(&self.detail_sealed),
            Value::bytes(leaf),
        ]
    }

    /// From the columns in the order of the table.
    pub fn read(row: &Row<'_>) -> Result<Self, Error> {
        let text = |column| row.text_or_none(column).map(|text| text.map(str::to_owned));
        let bytes = |column| row.blob_or_none(column).map(|bytes| bytes.map(<[u8]>::to_vec));
        Ok(Self {
            seq: row.integer(0)?,
            at: row.integer(1)?,
            event: row.text(2)?.to_owned(),
            outcome: row.text(3)?.to_owned(),
            actor_kind: row.text(4)?.to_owned(),
            actor_pseudonym: text(5)?,
            scope: row.text(6)?.to_owned(),
            resource_type: text(7)?,
            resource_id: text(8)?,
            request_id: text(9)?,
            address_sealed: bytes(10)?,
            user_agent_sealed: bytes(11)?,
            detail_sealed: bytes(12)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashed_form_is_canonical_json() {
        let row = Stored {
            actor_kind: "user".to_owned(),
            actor_pseudonym: None,
            address_sealed: Some(vec![0xff, 0x00]),
            at: 5,
            detail_sealed: None,
            event: "team.created".to_owned(),
            outcome: "success".to_owned(),
            request_id: Some("r\"1".to_owned()),
            resource_id: None,
            resource_type: None,
            scope: "instance".to_owned(),
            seq: 1,
            user_agent_sealed: None,
        };
        insta::assert_snapshot!(serde_json::to_string(&row).unwrap(), @r#"{"actor_kind":"user","actor_pseudonym":null,"address_sealed":"_wA","at":5,"detail_sealed":null,"event":"team.created","outcome":"success","request_id":"r\"1","resource_id":null,"resource_type":null,"scope":"instance","seq":1,"user_agent_sealed":null}"#);
        let json: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(&serde_json::to_string(&row).unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), serde_json::to_string(&row).unwrap(), "keys are sorted");
    }
}
