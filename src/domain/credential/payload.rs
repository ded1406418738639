//! What a credential holds, by its kind, checked once at the edge.

use serde::{Deserialize, Serialize};

use super::{Facts, Hidden, Kind, certificate};
use crate::base::secret::Secret;
use crate::domain::{Error, FieldError};

/// The most that a payload may hold, in bytes of its stored form: 64 KiB.
pub const MAX_PAYLOAD: usize = 64 << 10;
/// The most characters a user name may have.
pub const MAX_USERNAME: usize = 500;
/// The most characters an address or a field's name may have.
pub const MAX_URL: usize = 2_000;
/// How many addresses or fields a payload may have.
pub const MAX_PARTS: usize = 200;

/// A payload that is right for its kind. `Debug` shows which parts there are and nothing of them.
#[derive(Clone, Debug)]
pub struct Payload {
    kind: Kind,
    parts: Parts,
}

/// All that a payload can hold, of whatever kind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Parts {
    /// Login: who signs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<Hidden>,
    /// Login: the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Hidden>,
    /// Login: where it belongs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<Hidden>,
    /// Login: the secret of a one-time password (RFC 6238), or its `otpauth://` address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totp: Option<Hidden>,
    /// API key: the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Hidden>,
    /// Note: the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Hidden>,
    /// Certificate: it and what vouches for it, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<Hidden>,
    /// Certificate: its private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key: Option<Hidden>,
    /// What else there is to say; a note says it in its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<Hidden>,
    /// What its author keeps beside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

/// A name and a value of a payload's author.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Field {
    /// What it is.
    pub name: Hidden,
    /// Its value.
    pub value: Hidden,
}

impl Kind {
    /// Whether a payload of this kind may have this part.
    fn takes(self, part: &str) -> bool {
        match self {
            Self::Login => matches!(part, "username" | "password" | "urls" | "totp" | "notes"),
            Self::ApiKey => matches!(part, "key" | "notes"),
            Self::Note => part == "text",
            Self::Certificate => matches!(part, "chain" | "private_key" | "notes"),
        }
    }

    /// Whether it must have it.
    fn needs(self, part: &str) -> bool {
        matches!((self, part), (Self::ApiKey, "key") | (Self::Note, "text") | (Self::Certificate, "chain"))
    }
}

/// A part, and what is wrong with it.
type Mistake = (&'static str, String);

impl Parts {
    /// Every part that belongs to some kinds alone, and whether it is there.
    fn presence(&self) -> [(&'static str, bool); 9] {
        [
            ("username", self.username.is_some()),
            ("password", self.password.is_some()),
            ("urls", !self.urls.is_empty()),
            ("totp", self.totp.is_some()),
            ("key", self.key.is_some()),
            ("text", self.text.is_some()),
            ("chain", self.chain.is_some()),
            ("private_key", self.private_key.is_some()),
            ("notes", self.notes.is_some()),
        ]
    }

    /// What does not belong to the kind, what is missing, and a chain that is none.
    fn misplaced(&self, kind: Kind) -> Vec<Mistake> {
        let mut wrong = Vec::new();
        for (part, is_there) in self.presence() {
            if is_there && !kind.takes(part) {
                wrong.push((part, format!("does not belong to the kind {}", kind.as_str())));
            } else if !is_there && kind.needs(part) {
                wrong.push((part, "is required".to_owned()));
            }
        }
        if self.chain.as_ref().is_some_and(|chain| !certificate::is_chain(chain.expose())) {
            wrong.push(("chain", "must be certificates in PEM and nothing else".to_owned()));
        }
        wrong
    }

    /// What lists would have to carry and cannot.
    fn too_large(&self) -> Vec<Mistake> {
        let is_long = |text: &Hidden, most: usize| text.expose().chars().count() > most;
        let mut wrong = Vec::new();
        if self.username.as_ref().is_some_and(|name| is_long(name, MAX_USERNAME)) {
            wrong.push(("username", format!("must have at most {MAX_USERNAME} characters")));
        }
        if self.urls.len() > MAX_PARTS || self.urls.iter().any(|url| is_long(url, MAX_URL)) {
            wrong.push(("urls", format!("must be at most {MAX_PARTS} of at most {MAX_URL} characters")));
        }
        if self.fields.len() > MAX_PARTS || self.fields.iter().any(|field| is_long(&field.name, MAX_URL)) {
            wrong.push(("fields", format!("must be at most {MAX_PARTS} with names of at most {MAX_URL} characters")));
        }
        wrong
    }

    /// Reads the stored form.
    pub fn from_stored(text: &Secret<String>) -> Result<Self, Error> {
        // The cause would tell of what it found.
        serde_json::from_str(text.expose()).map_err(|_| Error::internal("a stored payload is not what it was"))
    }
}

impl Payload {
    /// Refuses what does not belong to the kind, what is missing and what is too large; `at` is the pointer to the payload.
    pub fn parse(at: &str, kind: Kind, parts: Parts) -> Result<Self, Error> {
        let found = parts.misplaced(kind).into_iter().chain(parts.too_large());
        let wrong = found.map(|(part, detail)| FieldError { pointer: format!("{at}/{part}"), detail });
        let wrong: Vec<_> = wrong.collect();
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
        let payload = Self { kind, parts };
        match payload.to_stored()?.expose().len() {
            size if size > MAX_PAYLOAD => Err(Error::invalid(at, format!("must hold at most {MAX_PAYLOAD} bytes"))),
            _ => Ok(payload),
        }
    }

    /// A payload that was parsed when it was written: rules that came later lock nobody out.
    pub const fn from_stored(kind: Kind, parts: Parts) -> Self {
        Self { kind, parts }
    }

    /// What it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What it holds.
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The form that is sealed.
    pub fn to_stored(&self) -> Result<Secret<String>, Error> {
        serde_json::to_string(&self.parts).map(Secret::new).map_err(Error::internal)
    }

    /// What can be seen of it without revealing it.
    pub fn facts(&self) -> Facts {
        let end = self.parts.chain.as_ref().and_then(|chain| certificate::end_of(chain.expose()));
        Facts {
            username: self.parts.username.clone(),
            url: self.parts.urls.first().cloned(),
            expires_at: end.map(crate::base::clock::Timestamp::micros),
        }
    }
}

#[cfg(test)]
#[path = "payload_tests.rs"]
mod tests;
