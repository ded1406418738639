//! The steps of a delegation, one operation each.

use poem_openapi::param::{Header, Path};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, if_matches};
use super::delegations::which;
use super::model::Delegation;
use crate::app::delegation::Which;
use crate::app::delegation::steps::TakeStep;
use crate::base::id::Id;
use crate::domain::delegation::Step;
use crate::domain::user::User;
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// The steps of a delegation.
pub struct DelegationSteps;

/// Whose hands it comes into.
#[derive(Object)]
struct NewAssignee {
    assignee_id: Uuid,
}

/// Takes a step; every step's operation ends here.
async fn step(
    member: &Member,
    which: Which,
    step: Step,
    assignee: Option<Id<User>>,
    seen: Option<&str>,
) -> Result<Changed<Delegation>, Failure> {
    let version = if_matches(seen)?;
    Ok(Changed::of(member.act(&member.caller, TakeStep { which, step, assignee, version }).await?))
}

#[OpenApi(tag = "Tag::Delegations", prefix_path = "/api/v1")]
impl DelegationSteps {
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

    /// Step in for a delegator who left
    ///
    /// For somebody of the team who may edit it: it is theirs to confirm, reopen and take back from then on, and stays
    /// where it stands. 409 as long as its delegator belongs to the team, and for what is confirmed or cancelled.
    /// Permission `delegation:update` · event `delegation.taken_over`.
    #[oai(
        path = "/teams/:team/delegations/:delegation/take-over",
        method = "post",
        operation_id = "takeOverDelegation"
    )]
    async fn take_over(
        &self,
        member: Member,
        team: Path<Uuid>,
        delegation: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Changed<Delegation>, Failure> {
        step(&member, which(team.0, delegation.0), Step::TakeOver, None, seen.0.as_deref()).await
    }

    /// Hand it to somebody else
    ///
    /// A new offer; the chain of custody goes on. From any state before done to offered; 409 for whoever has it already.
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
