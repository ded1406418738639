//! Lists of delegations, and what is added to them: a team's, and one's own.

use poem_openapi::param::{Path, Query};
use poem_openapi::{Enum, Object, OpenApi};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tag;
use super::answer::{Created, Made, Shown, etag};
use super::model::{Delegation, DelegationState, List, Priority, page_request, timestamp};
use crate::app::delegation::lists::{ListMine, ListOfTeam};
use crate::app::delegation::{Create, labels};
use crate::base::id::Id;
use crate::domain::text::{Body as Text, Label, Title};
use crate::domain::{Error, delegation};
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;
use crate::store::delegation::Content;
use crate::store::delegation_list::{Filter, Listing, Side, Sort};

/// Lists of delegations.
pub struct DelegationLists;

/// A delegation about to be made.
#[derive(Object)]
struct NewDelegation {
    #[oai(validator(min_length = 1, max_length = 200))]
    title: String,
    #[oai(validator(max_length = 20_000))]
    body: Option<String>,
    /// Who shall have it: somebody of the team. They see nothing of a draft.
    assignee_id: Option<Uuid>,
    priority: Option<Priority>,
    /// Each once, and 1 to 40 characters; case does not count.
    #[oai(validator(max_items = 10))]
    labels: Option<Vec<String>>,
    due_at: Option<OffsetDateTime>,
    /// Offers it to the assignee at once; it stays a draft otherwise.
    offer: Option<bool>,
}

impl TryFrom<&NewDelegation> for Content {
    type Error = Error;
    fn try_from(new: &NewDelegation) -> Result<Self, Error> {
        Ok(Self {
            title: Title::parse("/title", &new.title)?,
            body: Text::parse("/body", new.body.as_deref().unwrap_or_default())?,
            labels: labels::parse(new.labels.as_deref().unwrap_or_default())?,
            priority: new.priority.map_or_else(Default::default, Into::into),
            due_at: timestamp("/due_at", new.due_at)?,
        })
    }
}

/// Which side of a delegation I am on.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
enum MySide {
    /// I gave it.
    Delegator,
    /// I have it.
    Assignee,
    /// I watch it.
    Watcher,
    /// I was let in to it, and do not belong to its team.
    Guest,
}

impl From<MySide> for Side {
    fn from(side: MySide) -> Self {
        match side {
            MySide::Delegator => Self::Delegator,
            MySide::Assignee => Self::Assignee,
            MySide::Watcher => Self::Watcher,
            MySide::Guest => Self::Guest,
        }
    }
}

/// The order of a list: `created`, the newest first; `updated`, the last changed first; `due`, the first due first, and
/// what is due at no time last; `priority`, the most pressing first.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
enum Order {
    /// The newest first.
    Created,
    /// The last changed first.
    Updated,
    /// The first due first; what is due at no time comes last.
    Due,
    /// The most pressing first.
    Priority,
}

impl From<Order> for Sort {
    fn from(order: Order) -> Self {
        match order {
            Order::Created => Self::Created,
            Order::Updated => Self::Updated,
            Order::Due => Self::Due,
            Order::Priority => Self::Priority,
        }
    }
}

#[OpenApi(prefix_path = "/api/v1")]
impl DelegationLists {
    /// Make a delegation
    ///
    /// Permission `delegation:create` · event `delegation.created` · quota 20 an hour.
    #[oai(
        path = "/teams/:team/delegations",
        method = "post",
        operation_id = "createDelegation",
        tag = "Tag::Delegations"
    )]
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
    /// All of them for Owners, Admins and Managers; for Members what they gave, have or watch. A page's cursor stays good
    /// while rows come, go and change: what does not move in the order is shown once.
    /// Permission `delegation:read`.
    #[oai(
        path = "/teams/:team/delegations",
        method = "get",
        operation_id = "listDelegations",
        tag = "Tag::Delegations"
    )]
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
        /// Due after.
        due_after: Query<Option<OffsetDateTime>>,
        /// As pressing as this.
        priority: Query<Option<Priority>>,
        /// Bearing this label; case does not count.
        #[oai(validator(min_length = 1, max_length = 40))]
        label: Query<Option<String>>,
        /// `true`: past its due time and not finished; `false`: all others.
        overdue: Query<Option<bool>>,
        /// The newest first, when left out.
        sort: Query<Option<Order>>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts; it belongs to this order and this filter.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<Delegation>>, Failure> {
        let filter = Filter {
            state: state.0.map(Into::into),
            assignee: assignee_id.0.map(Id::from_uuid),
            delegator: delegator_id.0.map(Id::from_uuid),
            due_before: timestamp("due_before", due_before.0)?,
            due_after: timestamp("due_after", due_after.0)?,
            priority: priority.0.map(Into::into),
            label: label.0.as_deref().map(|label| Label::parse("label", label)).transpose()?,
            overdue: overdue.0,
        };
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let listing = Listing { filter, sort: sort.0.map_or_else(Sort::default, Into::into), page };
        let query = ListOfTeam { team: Id::from_uuid(team.0), listing };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, Delegation::from)))
    }

    /// What did I give, and what do I have?
    ///
    /// What I gave, have or watch in all of my teams, and what I was let in to as a guest.
    /// Permission `delegation:list-own`.
    #[oai(path = "/me/delegations", method = "get", operation_id = "listMyDelegations", tag = "Tag::Me")]
    #[allow(clippy::too_many_arguments)] // one per query parameter
    async fn list_mine(
        &self,
        member: Member,
        /// On which side I am; any, when left out.
        role: Query<Option<MySide>>,
        /// In this state.
        state: Query<Option<DelegationState>>,
        /// In this person's hands.
        assignee_id: Query<Option<Uuid>>,
        /// Given by this person.
        delegator_id: Query<Option<Uuid>>,
        /// Due before.
        due_before: Query<Option<OffsetDateTime>>,
        /// Due after.
        due_after: Query<Option<OffsetDateTime>>,
        /// As pressing as this.
        priority: Query<Option<Priority>>,
        /// Bearing this label; case does not count.
        #[oai(validator(min_length = 1, max_length = 40))]
        label: Query<Option<String>>,
        /// `true`: past its due time and not finished; `false`: all others.
        overdue: Query<Option<bool>>,
        /// The newest first, when left out.
        sort: Query<Option<Order>>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts; it belongs to this order and this filter.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<Delegation>>, Failure> {
        let filter = Filter {
            state: state.0.map(Into::into),
            assignee: assignee_id.0.map(Id::from_uuid),
            delegator: delegator_id.0.map(Id::from_uuid),
            due_before: timestamp("due_before", due_before.0)?,
            due_after: timestamp("due_after", due_after.0)?,
            priority: priority.0.map(Into::into),
            label: label.0.as_deref().map(|label| Label::parse("label", label)).transpose()?,
            overdue: overdue.0,
        };
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let listing = Listing { filter, sort: sort.0.map_or_else(Sort::default, Into::into), page };
        let query = ListMine { side: role.0.map(Into::into), listing };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, Delegation::from)))
    }
}
