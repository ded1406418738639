//! What a webhook can be told, and what it wants to be told.

use crate::domain::Error;
use crate::domain::event::Event;

/// How many patterns one subscription may have.
const MAX_PATTERNS: usize = 50;

/// Everything that can be told.
const TOLD: &[Event] = &[
    Event::DelegationCreated,
    Event::DelegationUpdated,
    Event::DelegationDeleted,
    Event::DelegationOffered,
    Event::DelegationAccepted,
    Event::DelegationDeclined,
    Event::DelegationStarted,
    Event::DelegationDone,
    Event::DelegationConfirmed,
    Event::DelegationReopened,
    Event::DelegationReassigned,
    Event::DelegationCancelled,
    Event::DelegationReturned,
    Event::DelegationTakenOver,
    Event::DelegationOverdue,
    Event::DelegationCommented,
    Event::CommentEdited,
    Event::CommentDeleted,
    Event::ConversationCreated,
    Event::ConversationUpdated,
    Event::ConversationDeleted,
    Event::ParticipantAdded,
    Event::ParticipantRemoved,
    Event::MessageSent,
    Event::MessageEdited,
    Event::MessageDeleted,
    Event::TeamMemberRemoved,
    Event::TeamMemberLeft,
    Event::CredentialCreated,
    Event::CredentialUpdated,
    Event::CredentialRevealed,
    Event::CredentialShared,
    Event::CredentialUnshared,
    Event::CredentialDeleted,
    Event::CredentialsImported,
];

/// What stands for all of an area.
const AREAS: [&str; 4] = ["delegation.*", "conversation.*", "team.member.*", "credential.*"];

/// Which happenings a webhook is told: names of events, and areas such as `delegation.*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription(Vec<String>);

impl Subscription {
    /// Reads patterns; `pointer` says where the list stood. `Invalid` for an empty or a long list, and for what names
    /// nothing that can be told.
    pub fn parse(pointer: &str, patterns: &[String]) -> Result<Self, Error> {
        if patterns.is_empty() || patterns.len() > MAX_PATTERNS {
            return Err(Error::invalid(pointer, format!("must name between 1 and {MAX_PATTERNS} events")));
        }
        let known = |name: &str| AREAS.contains(&name) || TOLD.iter().any(|event| event.as_str() == name);
        match patterns.iter().position(|pattern| !known(pattern)) {
            None => Ok(Self(patterns.to_vec())),
            Some(nth) => Err(Error::invalid(format!("{pointer}/{nth}"), "is not an event that can be subscribed to")),
        }
    }

    /// Reads what [`Subscription::to_stored`] wrote.
    pub fn from_stored(text: &str) -> Self {
        Self(text.split(' ').map(ToOwned::to_owned).collect())
    }

    /// The patterns with a space between them.
    pub fn to_stored(&self) -> String {
        self.0.join(" ")
    }

    /// The patterns.
    pub fn patterns(&self) -> &[String] {
        &self.0
    }

    /// Whether this event is told. What the list of those that can be told has no more is not, whatever was asked for.
    pub fn includes(&self, event: Event) -> bool {
        let matches = |pattern: &String| match pattern.strip_suffix('*') {
            Some(area) => event.as_str().starts_with(area),
            None => event.as_str() == pattern,
        };
        TOLD.contains(&event) && self.0.iter().any(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(patterns: &[&str]) -> Result<Subscription, Error> {
        Subscription::parse("/events", &patterns.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn areas_and_names_are_told_apart() {
        let some = subscription(&["delegation.*", "conversation.message.sent"]).unwrap();
        for event in [Event::DelegationCreated, Event::DelegationCommented, Event::MessageSent] {
            assert!(some.includes(event), "{event:?}");
        }
        for event in [Event::MessageEdited, Event::CredentialCreated, Event::DelegationWatched, Event::TeamCreated] {
            assert!(!some.includes(event), "{event:?}");
        }
        assert_eq!(Subscription::from_stored(&some.to_stored()), some);
    }

    #[test]
    fn nothing_of_security_can_be_told() {
        let all = subscription(&AREAS).unwrap();
        for event in Event::ALL.iter().filter(|event| all.includes(**event)) {
            let area = event.as_str().split('.').next().unwrap();
            assert!(["delegation", "conversation", "team", "credential"].contains(&area), "{event:?}");
        }
        for bad in [
            "*",
            "",
            "auth.*",
            "authz.denied",
            "webhook.created",
            "team.*",
            "delegation",
            "delegation.*.*",
            "conversation.read",
            "token.revoked",
            "team.role.changed",
            " delegation.*",
        ] {
            assert!(subscription(&[bad]).is_err(), "{bad}");
        }
        assert!(subscription(&[]).is_err() && subscription(&["delegation.*"; MAX_PATTERNS + 1]).is_err());
    }

    /// What happens in the areas and is told to nobody, and why.
    const NOT_TOLD: &[(Event, &str)] = &[
        (Event::DelegationWatched, "who looks at what is between people"),
        (Event::DelegationUnwatched, "who looks at what is between people"),
        (Event::DelegationsChanged, "each of the changes is told"),
        (Event::ConversationRead, "who has read what is between people"),
        (Event::MessageReported, "who complained of what is between people"),
        (Event::TeamCreated, "a team that begins has no webhook"),
        (Event::TeamUpdated, "no business that is done in the team"),
        (Event::TeamDeleted, "webhooks of a closed team are silent"),
        (Event::TeamRestored, "no business that is done in the team"),
        (Event::TeamPurged, "there is no webhook any more"),
        (Event::TeamRecovered, "who answers for the team is security"),
        (Event::TeamOwnerTransferred, "who answers for the team is security"),
        (Event::TeamRoleChanged, "who may do what is security"),
        (Event::InvitationCreated, "who is let in is security"),
        (Event::InvitationAccepted, "who is let in is security"),
        (Event::InvitationRevoked, "who is let in is security"),
        (Event::GrantCreated, "who is let in is security"),
        (Event::GrantRemoved, "who is let in is security"),
    ];

    #[test]
    fn what_happens_is_told_or_is_not_for_a_reason() {
        for event in Event::ALL {
            let area = event.as_str().split('.').next().unwrap();
            if ["delegation", "conversation", "team", "credential"].contains(&area) {
                let reasons = NOT_TOLD.iter().filter(|(other, _)| other == event).count();
                assert_eq!(usize::from(TOLD.contains(event)) + reasons, 1, "{event:?}");
            }
        }
    }

    #[test]
    fn each_area_covers_something() {
        for area in AREAS {
            let one = subscription(&[area]).unwrap();
            assert!(TOLD.iter().any(|event| one.includes(*event)), "{area}");
        }
        for event in TOLD {
            assert!(subscription(&AREAS).unwrap().includes(*event), "{event:?}");
        }
    }
}
