//! What may I do, and why? The matrix, applied to whoever asks.

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller};
use crate::domain::delegation::Delegation;
use crate::domain::grant::{Thing, ThingKind};
use crate::domain::permission::{
    Decision, Explanation, Permission, Relation, Sphere, Step, Subject, decide, explain, resolve,
};
use crate::domain::team::Team;
use crate::store::{Asker, Query, ReadTx, Target, grant, their_own};

use super::delegation;

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub enum About {
    /// The server, and one's own account.
    Server,
    /// A team as a whole.
    Team(Id<Team>),
    /// One thing of a team.
    Thing(Thing),
}

impl About {
    /// The permissions that count there.
    pub fn permissions(self) -> Vec<Permission> {
        let of = |sphere| {
            Permission::ALL.iter().copied().filter(move |each| each.row().is_some_and(|(its, _)| its == sphere))
        };
        match self {
            Self::Server => {
                let doors = Permission::ALL.iter().copied().filter(|each| each.doors().signed_in);
                of(Sphere::Instance).chain(doors).collect()
            }
            Self::Team(_) => of(Sphere::Team).collect(),
            Self::Thing(thing) => thing.kind.permissions().to_vec(),
        }
    }
}

/// What may I do?
#[derive(Debug)]
pub struct Explain {
    /// Where.
    pub about: About,
    /// Which permissions of it.
    pub permissions: Vec<Permission>,
}

/// What somebody may do, and why.
#[derive(Debug)]
pub struct Explained {
    /// How the role was found that counts.
    pub steps: Vec<Step>,
    /// When the grant ends through which it was found.
    pub grant_ends_at: Option<Timestamp>,
    /// Each permission with its decision.
    pub permissions: Vec<(Permission, Explanation)>,
}

impl Query for Explain {
    type Output = Explained;

    fn permission(&self) -> Permission {
        Permission::PermissionsOwn
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Explained, Error> {
        let (subject, relation) = match self.about {
            About::Server => (asker.before(read, Target::instance())?, None),
            About::Team(team) => (asker.before(read, Target::team(team))?, None),
            About::Thing(thing) => seen(read, asker, thing)?,
        };
        let sphere = if matches!(self.about, About::Server) { Sphere::Instance } else { Sphere::Team };
        let steps = resolve(sphere, subject);
        let grant_ends_at = match self.about {
            About::Thing(thing) if steps.iter().any(|step| matches!(step, Step::Grant(Some(_)))) => {
                grant::ends(read, asker.user()?, thing)?
            }
            _ => None,
        };
        let why = |permission: Permission| {
            let of_scope = if permission.is_about_oneself() { their_own() } else { Relation::default() };
            (permission, explain(permission, subject, relation.unwrap_or(of_scope)))
        };
        Ok(Explained { steps, grant_ends_at, permissions: self.permissions.into_iter().map(why).collect() })
    }
}

/// How the caller stands to a thing. One that they may not see is to them as one that is not there: nobody learns from
/// the reasons which ids lead somewhere.
fn seen(read: &ReadTx<'_>, asker: &Asker<'_>, thing: Thing) -> Result<(Subject, Option<Relation>), Error> {
    if let Some(facts) = grant::find_thing(read, thing, asker.user()?)? {
        let subject = asker.before(read, Target::team(facts.team).resource(thing.kind.as_str(), thing.id))?;
        let relation = match thing.kind {
            ThingKind::Delegation => {
                let which = delegation::Which { team: facts.team, id: Id::<Delegation>::from_uuid(thing.id.uuid()) };
                which.relation(read, &Caller::local(Actor::User(asker.signed_in()?)))?
            }
            ThingKind::Conversation => {
                Relation { own: facts.own, participant: facts.participant, ..Relation::default() }
            }
        };
        if decide(thing.kind.to_read(), subject, relation) == Decision::Allow {
            return Ok((subject, Some(relation)));
        }
    }
    Ok((asker.before(read, Target::instance())?, Some(Relation::default())))
}
