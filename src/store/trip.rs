//! Trips to a provider and back in the database: made, back, used, or too old for any of it.

use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::domain::actor::{Proof, SignedIn};
use crate::domain::native::NativeApp;
use crate::domain::session::{SIGN_IN_LIFETIME, SessionProof};
use crate::domain::trip::{Errand, ReturnPath};
use crate::domain::{Conflict, Error};

use super::engine::{Row, Value, unexpected};
use super::session;
use super::tx::{Column, ReadTx, Tx};

statements! {
    OPEN = "SELECT count(*) FROM (SELECT 1 FROM login_transactions WHERE expires_at > ?1 LIMIT ?2)";
    INSERT = "INSERT INTO login_transactions (id, purpose, state_hash, provider, cookie_hash, nonce_sealed, \
        verifier_sealed, errand_sealed, user_id, session_id, created_at, expires_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    COME_BACK = "UPDATE login_transactions SET returned_at = ?4 WHERE state_hash = ?1 AND provider = ?2 \
        AND cookie_hash = ?3 AND returned_at IS NULL AND consumed_at IS NULL AND expires_at > ?4 \
        RETURNING id, nonce_sealed, verifier_sealed, errand_sealed, user_id, session_id, created_at";
    FINISH = "UPDATE login_transactions SET consumed_at = ?2 WHERE id = ?1 AND returned_at IS NOT NULL \
        AND consumed_at IS NULL AND expires_at > ?2";
}

const NONCE: Column = Column { table: "login_transactions", name: "nonce_sealed" };
const VERIFIER: Column = Column { table: "login_transactions", name: "verifier_sealed" };
const ERRAND: Column = Column { table: "login_transactions", name: "errand_sealed" };

/// A trip that leaves.
#[derive(Debug)]
pub struct NewTrip {
    /// The provider's name.
    pub provider: String,
    /// What for.
    pub errand: Errand,
    /// SHA-256 of the `state` parameter.
    pub state_hash: [u8; 32],
    /// SHA-256 of the cookie that binds it to one browser.
    pub cookie_hash: [u8; 32],
    /// What the ID token must repeat.
    pub nonce: Secret<String>,
    /// What proves to the provider that we asked.
    pub verifier: Secret<String>,
}

/// A trip that is back.
#[derive(Clone, Debug)]
pub struct Trip {
    /// The trip.
    pub id: Id<Trip>,
    /// What it was for.
    pub errand: Errand,
    /// What the ID token must repeat.
    pub nonce: Secret<String>,
    /// What proves to the provider that we asked.
    pub verifier: Secret<String>,
    /// When it began.
    pub began_at: Timestamp,
}

/// What an errand needs to know when it is back, as it is sealed.
#[derive(Serialize, Deserialize)]
enum Baggage {
    None,
    Selector(String),
    Path(String),
    App { redirect: String, challenge: String, state: Option<String> },
}

impl Baggage {
    fn of(errand: &Errand) -> Self {
        match errand {
            Errand::SignIn | Errand::Link(_) => Self::None,
            Errand::Invitation(selector) => Self::Selector(selector.clone()),
            Errand::StepUp(_, path) => Self::Path(path.as_str().to_owned()),
            Errand::Native(app) => Self::App {
                redirect: app.redirect.as_str().to_owned(),
                challenge: app.challenge.to_text(),
                state: app.state.clone(),
            },
        }
    }

    fn unpack(self, signed_in: Option<SignedIn>) -> Result<Errand, Error> {
        Ok(match (self, signed_in) {
            (Self::None, None) => Errand::SignIn,
            (Self::None, Some(signed_in)) => Errand::Link(signed_in),
            (Self::Selector(selector), None) => Errand::Invitation(selector),
            (Self::Path(path), Some(signed_in)) => Errand::StepUp(signed_in, ReturnPath::parse("", &path)?),
            (Self::App { redirect, challenge, state }, None) => {
                Errand::Native(NativeApp::parse(&redirect, &challenge, "S256", state.as_deref())?)
            }
            _ => return Err(unexpected("an errand that belongs to nobody, or to somebody else")),
        })
    }
}

/// Remembers a trip for 10 minutes.
pub fn insert(tx: &mut Tx<'_>, new: &NewTrip) -> Result<(), Error> {
    tx.refuse_flood(OPEN)?;
    let id = tx.mint_id::<Trip>();
    let owner = tx.keys().instance();
    let now = tx.now();
    let signed_in = new.errand.signed_in();
    let session = signed_in.map(|signed_in| signed_in.session()).transpose()?;
    let baggage = serde_json::to_string(&Baggage::of(&new.errand)).map_err(Error::internal)?;
    let values = [
        id.into(),
        new.errand.as_str().into(),
        Value::bytes(&new.state_hash),
        Value::plain(&new.provider),
        Value::bytes(&new.cookie_hash),
        tx.seal_secret(owner, NONCE, id.uuid(), &new.nonce)?.into(),
        tx.seal_secret(owner, VERIFIER, id.uuid(), &new.verifier)?.into(),
        tx.seal(owner, ERRAND, id.uuid(), &baggage)?.into(),
        signed_in.map(|signed_in| signed_in.user).into(),
        session.map(|session| session.id).into(),
        now.into(),
        (now + SIGN_IN_LIFETIME).into(),
    ];
    tx.execute(INSERT, &values)?;
    Ok(())
}

/// Receives a trip, at this provider and in this browser only. `Conflict(AlreadyUsed)` when there is none, when it is
/// back already, or when its time is over.
pub fn come_back(
    tx: &mut Tx<'_>,
    provider: &str,
    state_hash: &[u8; 32],
    cookie_hash: &[u8; 32],
) -> Result<Trip, Error> {
    let values = [Value::bytes(state_hash), Value::plain(provider), Value::bytes(cookie_hash), tx.now().into()];
    let found = tx.first(COME_BACK, &values, |row| trip(tx, &row))?;
    found.ok_or(Error::Conflict(Conflict::AlreadyUsed))
}

fn trip(read: &ReadTx<'_>, row: &Row<'_>) -> Result<Trip, Error> {
    let (id, owner) = (row.id::<Trip>(0)?, read.keys().instance());
    let open = |column, place| read.open(owner, column, id.uuid(), row.blob(place)?);
    let baggage: Baggage = serde_json::from_str(&open(ERRAND, 3)?).map_err(Error::internal)?;
    let signed_in = match (row.id_or_none(4)?, row.id_or_none(5)?) {
        (Some(user), Some(session)) => {
            let found = session::get(read, session)?;
            let proof = SessionProof { id: found.id, kind: found.kind, auth_time: found.auth_time };
            Some(SignedIn { user, proof: Proof::Session(proof) })
        }
        _ => None,
    };
    Ok(Trip {
        id,
        errand: baggage.unpack(signed_in)?,
        nonce: Secret::new(open(NONCE, 1)?),
        verifier: Secret::new(open(VERIFIER, 2)?),
        began_at: row.time(6)?,
    })
}

/// Uses up a trip that is back. `Conflict(AlreadyUsed)` for any other: each leads to one thing at most.
pub fn finish(tx: &mut Tx<'_>, id: Id<Trip>) -> Result<(), Error> {
    let now = tx.now();
    match tx.execute(FINISH, &[id.into(), now.into()])? {
        1 => Ok(()),
        _ => Err(Error::Conflict(Conflict::AlreadyUsed)),
    }
}
