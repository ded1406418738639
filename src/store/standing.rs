//! How whoever acts stands at this moment, and whether that opens what they ask for.

use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::actor::{Actor, Proof, SignedIn};
use crate::domain::permission::{Account, Assurance, Binding, Decision, Permission, Relation, Scopes, Subject, decide};
use crate::domain::role::Role;
use crate::domain::session::{Method, STEP_UP_WINDOW};
use crate::domain::user::{User, UserState};
use crate::domain::{AuthFailure, Error};

use super::action::{Asker, Scope, Target};
use super::engine::{Row, Value};
use super::tx::{ReadTx, Tx};

/// What binds a person to a team: role, whether the team is closed, or the role that was granted for the one thing.
macro_rules! binding {
    () => {
        "m.role, m.user_id IS NOT NULL AND (SELECT t.deleted_at IS NOT NULL FROM teams t WHERE t.id = ?4), \
         CASE WHEN m.role IS NULL AND ?5 IS NOT NULL THEN (SELECT g.role FROM open_grants g \
         WHERE g.user_id = ?1 AND g.resource_id = ?5 AND g.team_id = ?4 AND g.resource_type = ?6 \
         AND g.expires_at > ?3) END"
    };
}

statements! {
    BY_SESSION = concat!(
        "SELECT u.state, u.instance_role, u.pseudonym, ", binding!(), ", \
        s.revoked_at IS NULL AND s.expires_at > ?3 AND s.epoch = u.session_epoch, s.auth_time, s.method \
        FROM users u JOIN sessions s ON s.id = ?2 AND s.user_id = u.id \
        LEFT JOIN memberships m ON m.user_id = u.id AND m.team_id = ?4 WHERE u.id = ?1"
    );
    BY_KEY = concat!(
        "SELECT u.state, u.instance_role, u.pseudonym, ", binding!(), ", \
        k.revoked_at IS NULL AND k.expires_at > ?3 AND u.state = 'active', k.scopes \
        FROM users u JOIN api_keys k ON k.id = ?2 AND k.user_id = u.id \
        LEFT JOIN memberships m ON m.user_id = u.id AND m.team_id = ?4 WHERE u.id = ?1"
    );
    BINDING = concat!(
        "SELECT ?2, NULL, NULL, ", binding!(), " FROM users u \
        LEFT JOIN memberships m ON m.user_id = u.id AND m.team_id = ?4 WHERE u.id = ?1"
    );
}

/// Whoever acts, as the database knows them at this moment.
pub(super) struct Standing {
    pub subject: Subject,
    pub person: Option<(Id<User>, Uuid)>,
}

impl Standing {
    pub fn read(read: &ReadTx<'_>, actor: &Actor, target: Target) -> Result<Self, Error> {
        let alone = |subject| Ok(Self { subject, person: None });
        match actor {
            Actor::Anonymous => alone(Subject::Anonymous),
            Actor::Job(_) => alone(Subject::Job),
            Actor::Operator => alone(Subject::Operator),
            Actor::User(signed_in) => Self::of_user(read, *signed_in, target),
        }
    }

    fn of_user(read: &ReadTx<'_>, signed_in: SignedIn, target: Target) -> Result<Self, Error> {
        let team = match target.scope {
            Scope::Team(team) => Some(team),
            Scope::Instance => None,
        };
        let (sql, proof): (_, Value) = match signed_in.proof {
            Proof::Session(session) => (BY_SESSION, session.id.into()),
            Proof::ApiKey(key) => (BY_KEY, key.into()),
        };
        let now = read.now();
        let thing = target.resource;
        let values = [
            signed_in.user.into(),
            proof,
            now.into(),
            team.into(),
            thing.map(|thing| thing.id).into(),
            thing.map(|thing| thing.kind).into(),
        ];
        let found = read.first(sql, &values, |row| {
            let subject = Subject::User {
                account: account(row.word(0, UserState::parse)?, row.integer(6)? == 1),
                instance_role: row.word_or_none(1, Role::parse)?,
                team: binding(&row)?,
                assurance: match signed_in.proof {
                    Proof::Session(_) if row.word(8, Method::parse)? == Method::Qr => Assurance::Vouched,
                    Proof::Session(_) if is_fresh(row.time(7)?, now) => Assurance::Fresh,
                    Proof::Session(_) => Assurance::Stale,
                    Proof::ApiKey(_) => Assurance::Key(Scopes::from_stored(row.text(7)?)),
                },
            };
            Ok(Self { subject, person: Some((signed_in.user, row.id::<()>(2)?.uuid())) })
        })?;
        let nobody = Subject::User {
            account: Account::Ended,
            instance_role: None,
            team: Binding::Nothing,
            assurance: Assurance::Stale,
        };
        Ok(found.unwrap_or(Self { subject: nobody, person: None }))
    }
}

/// What binds the person to the target's team.
fn binding(row: &Row<'_>) -> Result<Binding, Error> {
    let (role, granted) = (row.word_or_none(3, Role::parse)?, row.word_or_none(5, Role::parse)?);
    let is_closed = row.integer_or_none(4)? == Some(1);
    Ok(match (role, granted) {
        (Some(role), _) if is_closed => Binding::Closed(role),
        (Some(role), _) => Binding::Member(role),
        (None, Some(role)) => Binding::Guest(role),
        (None, None) => Binding::Nothing,
    })
}

/// How an account stands, and the sign-in or key with it.
const fn account(state: UserState, is_live: bool) -> Account {
    match (state, is_live) {
        (UserState::Active, true) => Account::Active,
        (UserState::Leaving, true) => Account::Leaving,
        _ => Account::Ended,
    }
}

/// Whether a proof of identity is recent enough for a dangerous act. One from the future is none: the clock was set
/// back, and nobody knows how old it is.
fn is_fresh(auth_time: Timestamp, now: Timestamp) -> bool {
    auth_time <= now && now.since(auth_time) <= STEP_UP_WINDOW
}

/// The permission's answer as an error.
fn admit(permission: Permission, standing: &Standing, relation: Relation) -> Result<(), Error> {
    match decide(permission, standing.subject, relation) {
        Decision::Allow => Ok(()),
        Decision::StepUp => Err(AuthFailure::StepUpRequired.into()),
        Decision::Deny if matches!(standing.subject, Subject::User { account: Account::Ended, .. }) => {
            Err(AuthFailure::Revoked.into())
        }
        Decision::Deny => Err(Error::Forbidden(Some(permission))),
        Decision::OutOfScope => Err(Error::OutOfScope(permission)),
    }
}

/// Authorizes. That a thing is not there, only those hear whose role opens all of its kind.
pub(super) fn authorize(
    permission: Permission,
    standing: &Standing,
    relation: Result<Relation, Error>,
) -> Result<(), Error> {
    match relation {
        Ok(relation) => admit(permission, standing, relation),
        Err(Error::NotFound) => admit(permission, standing, Relation::default()).and(Err(Error::NotFound)),
        Err(error) => Err(error),
    }
}

/// What binds somebody to a target's team, whoever asks: whether they could be told of the target, or named beside it.
pub fn binding_of(read: &ReadTx<'_>, user: Id<User>, target: Target) -> Result<Binding, Error> {
    let Scope::Team(team) = target.scope else { return Ok(Binding::Nothing) };
    let thing = target.resource;
    let values = [
        user.into(),
        Value::NULL,
        read.now().into(),
        team.into(),
        thing.map(|thing| thing.id).into(),
        thing.map(|thing| thing.kind).into(),
    ];
    Ok(read.first(BINDING, &values, |row| binding(&row))?.unwrap_or_default())
}

impl Tx<'_> {
    /// Wants a further permission within an act, about one of the many things that it touches: decided like the act's
    /// own, from the same facts, scopes of API keys included.
    pub fn demand(&self, permission: Permission, target: Target, relation: Relation) -> Result<(), Error> {
        admit(permission, &Standing::read(self, self.actor(), target)?, relation)
    }
}

impl Asker<'_> {
    /// The caller as the door would judge them before another target at this same moment.
    pub fn before(&self, read: &ReadTx<'_>, target: Target) -> Result<Subject, Error> {
        let actor = Actor::User(self.signed_in()?);
        Ok(Standing::read(read, &actor, target)?.subject)
    }
}
