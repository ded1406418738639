//! Delegations: making, reading, editing and handing on.

use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Object, OpenApi};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, Created, Made, Removed, Shown, etag, if_match};
use super::model::{CustodyLink, Delegation, DelegationState, List, Priority, page_request, timestamp};
use crate::app::delegation::{Changes, Create, Delete, Get, GetCustody, ListOfTeam, TakeStep, Update, Which};
use crate::base::id::Id;
use crate::domain::delegation::Step;
use crate::domain::text::{Body as Text, Label, Title};
use crate::domain::user::User;
use crate::domain::{Error, delegation};
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;
use crate::store::delegation::{Content, Filter};

/// Delegations.
pub struct Delegations;

/// A delegation about to be made.
#[derive(Object)]
struct NewDelegation {
    #[oai(validator(min_length = 1, max_length = 200))]
    title: String,
    #[oai(validator(max_length = 20_000))]
    body: Option<String>,
    /// Who shall have it: somebody of the team.
    assignee_id: Option<Uuid>,
    priority: Option<Priority>,
    #[oai(validator(max_items = 10))]
    labels: Option<Vec<String>>,
    due_at: Option<OffsetDateTime>,
    /// Offers it to the assignee at once; it stays a draft otherwise.
    offer: Option<bool>,
}

/// What changes; what is left out stays.
#[derive(Object)]
struct DelegationChanges {
    #[oai(validator(min_length = 1, max_length = 200))]
    title: Option<String>,
    #[oai(validator(max_length = 20_000))]
    body: Option<String>,
    priority: Option<Priority>,
    #[oai(validator(max_items = 10))]
    labels: Option<Vec<String>>,
    /// `null` takes the due time away.
    #[oai(nullable)]
    due_at: MaybeUndefined<OffsetDateTime>,
}

/// Whose hands it comes into.
#[derive(Object)]
struct NewAssignee {
    assignee_id: Uuid,
}

fn labels(labels: &[String]) -> Result<Vec<Label>, Error> {
    let parse = |(nth, label): (usize, &String)| Label::parse(&format!("/labels/{nth}"), label);
    labels.iter().enumerate().map(parse).collect()
}

impl TryFrom<&NewDelegation> for Content {
    type Error = Error;
    fn try_from(new: &NewDelegation) -> Result<Self, Error> {
        Ok(Self {
            title: Title::parse("/title", &new.title)?,
            body: Text::parse("/body", new.body.as_deref().unwrap_or_default())?,
            labels: labels(new.labels.as_deref().unwrap_or_default())?,
            priority: new.priority.map_or_else(Default::default, Into::into),
            due_at: timestamp("/due_at", new.due_at)?,
        })
    }
}

impl TryFrom<&DelegationChanges> for Changes {
    type Error = Error;
    fn try_from(changes: &DelegationChanges) -> Result<Self, Error> {
        Ok(Self {
            title: changes.title.as_deref().map(|title| Title::parse("/title", title)).transpose()?,
            body: changes.body.as_deref().map(|body| Text::parse("/body", body)).transpose()?,
            labels: changes.labels.as_deref().map(labels).transpose()?,
            priority: changes.priority.map(Into::into),
            due_at: match changes.due_at {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(due_at) => Some(timestamp("/due_at", Some(due_at))?),
            },
        })
    }
}

const fn which(team: Uuid, id: Uuid) -> Which {
    Which { team: Id::from_uuid(team), id: Id::from_uuid(id) }
}

fn changed(delegation: delegation::Delegation, seq: i64) -> Changed<Delegation> {
    let tag = etag(delegation.version);
    Changed::Changed(Json(delegation.into()), seq, Some(tag))
}

/// Takes a step; every step's operation ends here.
async fn step(
    member: &Member,
    which: Which,
    step: Step,
    assignee: Option<Id<User>>,
    seen: Option<&str>,
) -> Result<Changed<Delegation>, Failure> {
    let version = seen.map(if_match).transpose()?.flatten();
    let acted = member.act(&member.caller, TakeStep { which, step, assignee, version }).await?;
    Ok(changed(acted.output, acted.seq))
}

#[OpenApi(tag = "Tag::Delegations", prefix_path = "/api/v1")]
impl Delegations {
    /// Make a delegation
    ///
    /// Permission `delegation:create` · event `delegation.created` · quota 20 an hour.
    #[oai(path = "/teams/:team/delegations", method = "post", operation_id = "createDelegation")]
    async fn create(
        &self,
        member: Member,
        team: Path<Uuid>,
        body: Body<NewDelegation>,
    ) -> Result<Created<Delegation>, Failure> {
        let action = Create {
            team: Id::from_uuid(team.0),
            content: Content::try_from(&body.0)?,
            assignee: body.assignee_id.map(Id::from_uuid),
            offer: body.offer.unwrap_or_default(),
        };
        let made = |made: &delegation::Delegation| Made {
            location: format!("/api/v1/teams/{}/delegations/{}", made.team, made.id),
            etag: Some(etag(made.version)),
            body: made.clone().into(),
        };
        member.create(action, made).await
    }

    /// A team's delegations
    ///
    /// Newest first: all of them for Owners, Admins and Managers, one's own for Members.
    /// Permission `delegation:read`.
    #[oai(path = "/teams/:team/delegations", method = "get", operation_id = "listDelegations")]
    #[allow(clippy::too_many_arguments)] // one per query parameter
    async fn list(
        &self,
        member: Member,
        team: Path<Uuid>,
        /// In this state.
        state: Query<Option<DelegationState>>,
        /// In this person's hands.
        assignee_id: Query<Option<Uuid>>,
        /// Given by this person.
        delegator_id: Query<Option<Uuid>>,
        /// Due before.
        due_before: Query<Option<OffsetDateTime>>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<Delegation>>, Failure> {
        let filter = Filter {
            state: state.0.map(Into::into),
            assignee: assignee_id.0.map(Id::from_uuid),
            delegator: delegator_id.0.map(Id::from_uuid),
            due_before: timestamp("due_before", due_before.0)?,
        };
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let query = ListOfTeam { team: Id::from_uuid(team.0), filter, page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, Delegation::from)))
    }

    /// One delegation
    ///
    /// Permission `delegation:read`.
    #[oai(path = "/teams/:team/delegations/:delegation", method = "get", operation_id = "getDelegation")]
    async fn get(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
    ) -> Result<Shown<Delegation>, Failure> {
        let found = member.ask(&member.caller, Get(which(team.0, delegation.0))).await?;
        let tag = etag(found.version);
        Ok(Shown::Shown(Json(found.into()), Some(tag)))
    }

    /// Edit a delegation
    ///
    /// Permission `delegation:update` · event `delegation.updated`.
    #[oai(path = "/teams/:team/delegations/:delegation", method = "patch", operation_id = "updateDelegation")]
    async fn update(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        /// The `etag` that was seen, or `*`.
        #[oai(name = "If-Match")]
        seen: Header<String>,
        body: Body<DelegationChanges>,
    ) -> Result<Changed<Delegation>, Failure> {
        let action = Update {
            which: which(team.0, delegation.0),
            version: if_match(&seen)?,
            changes: Changes::try_from(&body.0)?,
        };
        let acted = member.act(&member.caller, action).await?;
        Ok(changed(acted.output, acted.seq))
    }

    /// Delete a delegation
    ///
    /// Managers their own, Members their own until somebody accepts it.
    /// Permission `delegation:delete` · event `delegation.deleted`.
    #[oai(path = "/teams/:team/delegations/:delegation", method = "delete", operation_id = "deleteDelegation")]
    async fn delete(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Removed, Failure> {
        let version = seen.0.as_deref().map(if_match).transpose()?.flatten();
        let action = Delete { which: which(team.0, delegation.0), version };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// The chain of custody
    ///
    /// Who took which step, and who had the work afterwards. Permission `delegation:read`.
    #[oai(path = "/teams/:team/delegations/:delegation/custody", method = "get", operation_id = "getCustody")]
    async fn custody(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
    ) -> Result<Shown<List<CustodyLink>>, Failure> {
        let links = member.ask(&member.caller, GetCustody(which(team.0, delegation.0))).await?;
        Ok(Shown::plain(List::whole(links.into_iter().map(CustodyLink::from).collect())))
    }

    /// Offer it to its assignee
    ///
    /// From draft or declined to offered. Permission `delegation:update` · event `delegation.offered`.
    #[oai(path = "/teams/:team/delegations/:delegation/offer", method = "post", operation_id = "offerDelegation")]
    async fn offer(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Changed<Delegation>, Failure> {
        step(&member, which(team.0, delegation.0), Step::Offer, None, seen.0.as_deref()).await
    }

    /// Accept what was offered to me
    ///
    /// From offered to accepted; the assignee alone. Permission `delegation:progress` · event `delegation.accepted`.
    #[oai(path = "/teams/:team/delegations/:delegation/accept", method = "post", operation_id = "acceptDelegation")]
    async fn accept(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Changed<Delegation>, Failure> {
        step(&member, which(team.0, delegation.0), Step::Accept, None, seen.0.as_deref()).await
    }

    /// Decline what was offered to me
    ///
    /// From offered to declined; the assignee alone. Permission `delegation:progress` · event `delegation.declined`.
    #[oai(path = "/teams/:team/delegations/:delegation/decline", method = "post", operation_id = "declineDelegation")]
    async fn decline(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Changed<Delegation>, Failure> {
        step(&member, which(team.0, delegation.0), Step::Decline, None, seen.0.as_deref()).await
    }

    /// Begin the work
    ///
    /// From accepted to in progress; the assignee alone. Permission `delegation:progress` · event `delegation.started`.
    #[oai(path = "/teams/:team/delegations/:delegation/start", method = "post", operation_id = "startDelegation")]
    async fn start(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Changed<Delegation>, Failure> {
        step(&member, which(team.0, delegation.0), Step::Start, None, seen.0.as_deref()).await
    }

    /// Say that it is done
    ///
    /// From accepted or in progress to done; the assignee alone. Permission `delegation:progress` · event `delegation.done`.
    #[oai(path = "/teams/:team/delegations/:delegation/done", method = "post", operation_id = "finishDelegation")]
    async fn done(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Changed<Delegation>, Failure> {
        step(&member, which(team.0, delegation.0), Step::Finish, None, seen.0.as_deref()).await
    }

    /// Confirm that it is done
    ///
    /// From done to confirmed; the delegator alone. Permission `delegation:confirm` · event `delegation.confirmed`.
    #[oai(path = "/teams/:team/delegations/:delegation/confirm", method = "post", operation_id = "confirmDelegation")]
    async fn confirm(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Changed<Delegation>, Failure> {
        step(&member, which(team.0, delegation.0), Step::Confirm, None, seen.0.as_deref()).await
    }

    /// Reopen what is not done after all
    ///
    /// From done or confirmed to in progress; the delegator alone. Permission `delegation:confirm` · event `delegation.reopened`.
    #[oai(path = "/teams/:team/delegations/:delegation/reopen", method = "post", operation_id = "reopenDelegation")]
    async fn reopen(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Changed<Delegation>, Failure> {
        step(&member, which(team.0, delegation.0), Step::Reopen, None, seen.0.as_deref()).await
    }

    /// Take it back
    ///
    /// From any state before done to cancelled. Permission `delegation:update` · event `delegation.cancelled`.
    #[oai(path = "/teams/:team/delegations/:delegation/cancel", method = "post", operation_id = "cancelDelegation")]
    async fn cancel(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Changed<Delegation>, Failure> {
        step(&member, which(team.0, delegation.0), Step::Cancel, None, seen.0.as_deref()).await
    }

    /// Hand it to somebody else
    ///
    /// A new offer; the chain of custody goes on. From any state before done to offered.
    /// Permission `delegation:assign` · event `delegation.reassigned`.
    #[oai(path = "/teams/:team/delegations/:delegation/reassign", method = "post", operation_id = "reassignDelegation")]
    async fn reassign(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
        body: Body<NewAssignee>,
    ) -> Result<Changed<Delegation>, Failure> {
        let assignee = Some(Id::from_uuid(body.assignee_id));
        step(&member, which(team.0, delegation.0), Step::Reassign, assignee, seen.0.as_deref()).await
    }
}
