//! What one wants to hear of.

use std::collections::HashSet;

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::Tag;
use super::answer::{Changed, Shown};
use super::model::{List, NotificationPreference};
use crate::app::preference::{Decide, List as ListPreferences};
use crate::domain::Error;
use crate::domain::notification::{Kind, Preference};
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// What one wants to hear of.
pub struct Preferences;

/// What I decide; kinds that are left out stay as they are.
#[derive(Object)]
struct Decisions {
    #[oai(validator(min_items = 1, max_items = 100))]
    items: Vec<Decision>,
}

/// What I decide about a kind.
#[derive(Object)]
struct Decision {
    /// One of those that the list shows.
    #[oai(validator(max_length = 50))]
    kind: String,
    /// Whether I want to hear of it.
    in_app: bool,
}

impl Decisions {
    fn parse(&self) -> Result<Vec<Preference>, Error> {
        let mut seen = HashSet::new();
        let each = self.items.iter().enumerate().map(|(nth, decision)| {
            let wrong = |why: &str| Error::invalid(format!("/items/{nth}/kind"), why);
            let kind = Kind::parse(&decision.kind).ok_or_else(|| wrong("is no kind of notification"))?;
            if !seen.insert(kind) {
                return Err(wrong("stands there twice"));
            }
            Ok(Preference { kind, in_app: decision.in_app })
        });
        each.collect()
    }
}

#[OpenApi(tag = "Tag::Me", prefix_path = "/api/v1/me/notification-preferences")]
impl Preferences {
    /// What do I want to hear of?
    ///
    /// Every kind of notification, and whether it comes to my list and my streams. News of who has a way into my account
    /// always does. Permission `notification:manage`.
    #[oai(path = "/", method = "get", operation_id = "listNotificationPreferences")]
    async fn list(&self, member: Member) -> Result<Shown<List<NotificationPreference>>, Failure> {
        let list = member.ask(&member.caller, ListPreferences).await?;
        Ok(Shown::plain(List::whole(list.into_iter().map(Into::into).collect())))
    }

    /// Decide what I want to hear of
    ///
    /// Some kinds at once, or none when one of them cannot be turned off; what was told already stays.
    /// Permission `notification:manage` · event `notification.preferences_changed`.
    #[oai(path = "/", method = "patch", operation_id = "updateNotificationPreferences")]
    async fn update(
        &self,
        member: Member,
        body: Body<Decisions>,
    ) -> Result<Changed<List<NotificationPreference>>, Failure> {
        let acted = member.act(&member.caller, Decide(body.parse()?)).await?;
        let list = List::whole(acted.output.into_iter().map(Into::into).collect());
        Ok(Changed::Changed(Json(list), acted.seq, None))
    }
}
