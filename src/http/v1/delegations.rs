//! Delegations: reading, editing and deleting, one by one and many at once.

use poem_openapi::param::{Header, Path};
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object, OpenApi};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tag;
use super::answer::{Changed, Kept, Removed, Shown, if_match, if_matches};
use super::model::{CustodyLink, Delegation, List, Priority, timestamp};
use crate::app::delegation::bulk::{Change, ChangeMany};
use crate::app::delegation::{Changes, Delete, Get, GetCustody, Update, Which, labels};
use crate::base::id::Id;
use crate::domain::delegation::Step;
use crate::domain::text::{Body as Text, Label, Title};
use crate::domain::{Error, delegation};
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// Delegations.
pub struct Delegations;

/// What changes; what is left out stays.
#[derive(Object)]
struct DelegationChanges {
    #[oai(validator(min_length = 1, max_length = 200))]
    title: Option<String>,
    #[oai(validator(max_length = 20_000))]
    body: Option<String>,
    priority: Option<Priority>,
    /// Each once, and 1 to 40 characters; case does not count. All that it bears from now on.
    #[oai(validator(max_items = 10))]
    labels: Option<Vec<String>>,
    /// `null` takes the due time away.
    #[oai(nullable)]
    due_at: MaybeUndefined<OffsetDateTime>,
}

/// What becomes of each of many delegations.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
enum BulkAction {
    /// Offered to its assignee.
    Offer,
    /// Handed to `assignee_id`.
    Reassign,
    /// Taken back.
    Cancel,
    /// As pressing as `priority`.
    SetPriority,
    /// Bearing `label` too.
    AddLabel,
    /// Bearing `label` no longer.
    RemoveLabel,
}

/// One change to many delegations.
#[derive(Object)]
struct BulkChange {
    /// Each once.
    #[oai(validator(min_items = 1, max_items = 100))]
    ids: Vec<Uuid>,
    action: BulkAction,
    /// For `reassign` alone: somebody of the team.
    assignee_id: Option<Uuid>,
    /// For `set_priority` alone.
    priority: Option<Priority>,
    /// For `add_label` and `remove_label` alone.
    #[oai(validator(min_length = 1, max_length = 40))]
    label: Option<String>,
}

impl TryFrom<&BulkChange> for Change {
    type Error = Error;
    /// Each action takes what belongs to it, and nothing else.
    fn try_from(change: &BulkChange) -> Result<Self, Error> {
        let BulkChange { action, assignee_id, priority, label, .. } = change;
        let given =
            [("/assignee_id", assignee_id.is_some()), ("/priority", priority.is_some()), ("/label", label.is_some())];
        let wanted = match action {
            BulkAction::Offer | BulkAction::Cancel => None,
            BulkAction::Reassign => Some("/assignee_id"),
            BulkAction::SetPriority => Some("/priority"),
            BulkAction::AddLabel | BulkAction::RemoveLabel => Some("/label"),
        };
        if let Some((pointer, _)) = given.into_iter().find(|(pointer, is_given)| *is_given && wanted != Some(*pointer))
        {
            return Err(Error::invalid(pointer, "does not belong to this action"));
        }
        let missing = || Error::invalid(wanted.unwrap_or_default(), "is needed for this action");
        let label = || Label::parse("/label", label.as_deref().ok_or_else(missing)?);
        Ok(match action {
            BulkAction::Offer => Self::Step(Step::Offer, None),
            BulkAction::Cancel => Self::Step(Step::Cancel, None),
            BulkAction::Reassign => Self::Step(Step::Reassign, Some(Id::from_uuid(assignee_id.ok_or_else(missing)?))),
            BulkAction::SetPriority => Self::Priority(priority.ok_or_else(missing)?.into()),
            BulkAction::AddLabel => Self::AddLabel(label()?),
            BulkAction::RemoveLabel => Self::RemoveLabel(label()?),
        })
    }
}

impl TryFrom<&DelegationChanges> for Changes {
    type Error = Error;
    fn try_from(changes: &DelegationChanges) -> Result<Self, Error> {
        Ok(Self {
            title: changes.title.as_deref().map(|title| Title::parse("/title", title)).transpose()?,
            body: changes.body.as_deref().map(|body| Text::parse("/body", body)).transpose()?,
            labels: changes.labels.as_deref().map(labels::parse).transpose()?,
            priority: changes.priority.map(Into::into),
            due_at: match changes.due_at {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(due_at) => Some(timestamp("/due_at", Some(due_at))?),
            },
        })
    }
}

pub(super) const fn which(team: Uuid, id: Uuid) -> Which {
    Which { team: Id::from_uuid(team), id: Id::from_uuid(id) }
}

#[OpenApi(tag = "Tag::Delegations", prefix_path = "/api/v1")]
impl Delegations {
    /// Change many delegations
    ///
    /// One act: all of them are changed, each as its own operation would, or none is. Every one wants the permission of
    /// its own operation too, and leaves the event of it; one that the change leaves as it was leaves none. An
    /// answer of more than 256 KiB is not kept for repetitions: they are told 409 `already-made`.
    /// Permission `delegation:bulk` · event `delegation.bulk_changed`.
    #[oai(path = "/teams/:team/delegations/bulk", method = "post", operation_id = "changeDelegations")]
    async fn change_many(
        &self,
        member: Member,
        team: Path<Uuid>,
        body: Body<BulkChange>,
    ) -> Result<Kept<List<Delegation>>, Failure> {
        let action = ChangeMany {
            team: Id::from_uuid(team.0),
            ids: body.ids.iter().copied().map(Id::from_uuid).collect(),
            change: Change::try_from(&body.0)?,
        };
        let changed =
            |many: &Vec<delegation::Delegation>| List::whole(many.iter().cloned().map(Delegation::from).collect());
        member.change_once(action, changed).await
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
        Ok(Shown::of(member.ask(&member.caller, Get(which(team.0, delegation.0))).await?))
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
        Ok(Changed::of(member.act(&member.caller, action).await?))
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
        let version = if_matches(seen.0.as_deref())?;
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
}
