//! What may I do, and why?

use poem_openapi::param::Query;
use poem_openapi::{Object, OpenApi};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tag;
use super::answer::Shown;
use super::model::{Role, moment};
use crate::app::explanation::{About, Explain, Explained};
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::grant::{Thing, ThingKind};
use crate::domain::permission::{Condition, Decision, Explanation, Permission, Step};
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// The matrix, applied to whoever asks.
pub struct Permissions;

/// What I may do, and why.
#[derive(Object)]
struct MyPermissions {
    /// How the role was found that counts: the first step that found one ended the search.
    resolution: Vec<ResolutionStep>,
    permissions: Vec<MyPermission>,
}

/// A step on the way to the role that counts.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ResolutionStep {
    /// `instance`, `team`, `grant` or `default`.
    step: String,
    /// The role that was found; missing when there was none.
    found: Option<Role>,
    /// When the grant ends; missing for everything else.
    expires_at: Option<OffsetDateTime>,
}

impl ResolutionStep {
    fn of(step: Step, grant_ends_at: Option<OffsetDateTime>) -> Self {
        let (name, found, expires_at) = match step {
            Step::Instance(found) => ("instance", found, None),
            Step::Team(found) => ("team", found, None),
            Step::Grant(found) => ("grant", found, grant_ends_at),
            Step::Default => ("default", None, None),
        };
        Self { step: name.to_owned(), found: found.map(Role::from), expires_at }
    }
}

/// One permission, decided.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct MyPermission {
    /// Such as `delegation:read`.
    permission: String,
    /// Whether it may be done, at this moment and with the token I ask with.
    allowed: bool,
    /// Whether it might be, after a new proof of who I am.
    needs_step_up: bool,
    /// What settled it: `permitted`, `step-up`, `suspended`, `leaving`, `key-scope`, `key-without-proof`,
    /// `vouched-device`, `team-closed`, `guest-limit`, `no-role`, `role`, `condition` or `not-for-them`.
    reason: String,
    /// The reason again, when it stands against it whatever the role.
    prohibited_by: Option<String>,
    /// The condition under which the role may; absent when there is none, or when it was settled before.
    condition: Option<MyCondition>,
}

/// A condition of the matrix.
#[derive(Object)]
struct MyCondition {
    /// What must hold: `own`, the caller gave, made or began it; `assigned`, it is in their hands; `own/assigned`, one of
    /// the two; `own untouched`, their own, which nobody accepted; `participant`, they take part or watch; `granted`, it
    /// was shared with them; `reported`, somebody reported it; `below`, it concerns somebody below their role; `own below`,
    /// both.
    when: String,
    /// Whether it does.
    met: bool,
}

impl From<(Permission, Explanation)> for MyPermission {
    fn from((permission, Explanation { reason, condition }): (Permission, Explanation)) -> Self {
        let decision = reason.decision();
        Self {
            permission: permission.as_str().to_owned(),
            allowed: decision == Decision::Allow,
            needs_step_up: decision == Decision::StepUp,
            reason: reason.as_str().to_owned(),
            prohibited_by: reason.is_prohibition().then(|| reason.as_str().to_owned()),
            condition: condition.map(|Condition { when, met }| MyCondition { when: when.as_str().to_owned(), met }),
        }
    }
}

impl From<Explained> for MyPermissions {
    fn from(explained: Explained) -> Self {
        let ends_at = explained.grant_ends_at.map(moment);
        Self {
            resolution: explained.steps.into_iter().map(|step| ResolutionStep::of(step, ends_at)).collect(),
            permissions: explained.permissions.into_iter().map(MyPermission::from).collect(),
        }
    }
}

/// Reads `delegation:<id>` or `conversation:<id>`.
fn thing(text: &str) -> Result<Thing, Error> {
    let parsed = text.split_once(':').and_then(|(kind, id)| {
        Some(Thing { kind: ThingKind::parse(kind)?, id: Id::from_uuid(Uuid::try_parse(id).ok()?) })
    });
    parsed.ok_or_else(|| Error::invalid("resource", "must be delegation:<id> or conversation:<id>"))
}

/// What is asked about.
fn about(resource: Option<&str>, team: Option<Uuid>) -> Result<About, Error> {
    match (resource, team) {
        (Some(_), Some(_)) => Err(Error::invalid("team", "goes without resource, whose team is known")),
        (Some(text), None) => thing(text).map(About::Thing),
        (None, Some(team)) => Ok(About::Team(Id::from_uuid(team))),
        (None, None) => Ok(About::Server),
    }
}

#[OpenApi(tag = "Tag::Me", prefix_path = "/api/v1/me")]
impl Permissions {
    /// What may I do, and why?
    ///
    /// To one thing with `resource`, in one team with `team`, on the server and with my account without either. A thing
    /// that I may not see answers as one that is not there. In a team and on the server, what hangs on a condition is
    /// judged for everything there is: `own` means that it is open for what is mine.
    /// Permission `permission:explain`.
    #[oai(path = "/permissions", method = "get", operation_id = "explainPermissions")]
    async fn explain(
        &self,
        member: Member,
        /// `delegation:<id>` or `conversation:<id>`.
        resource: Query<Option<String>>,
        /// This team.
        team: Query<Option<Uuid>>,
        /// This permission alone, such as `delegation:read`.
        permission: Query<Option<String>>,
    ) -> Result<Shown<MyPermissions>, Failure> {
        let about = about(resource.0.as_deref(), team.0)?;
        let mut permissions = about.permissions();
        if let Some(name) = &permission.0 {
            permissions.retain(|permission| permission.as_str() == name);
            if permissions.is_empty() {
                return Err(Error::invalid("permission", "is not the name of a permission that counts there").into());
            }
        }
        let explained = member.ask(&member.caller, Explain { about, permissions }).await?;
        Ok(Shown::plain(explained.into()))
    }
}
