//! Credentials as the API shows them.

use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::answer;
use super::{Person, Role, moment};
use crate::app::credential::{Imported, Opened, Twin};
use crate::base::clock::Timestamp;
use crate::domain::credential::recipe::Made;
use crate::domain::credential::{self, Field, Hidden, Kind, Parts, Vault};

/// What a credential is.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// A user name and a password.
    Login,
    /// A key for a program.
    ApiKey,
    /// A text.
    Note,
    /// A certificate with its private key.
    Certificate,
}

impl From<Kind> for CredentialKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Login => Self::Login,
            Kind::ApiKey => Self::ApiKey,
            Kind::Note => Self::Note,
            Kind::Certificate => Self::Certificate,
        }
    }
}

impl From<CredentialKind> for Kind {
    fn from(kind: CredentialKind) -> Self {
        match kind {
            CredentialKind::Login => Self::Login,
            CredentialKind::ApiKey => Self::ApiKey,
            CredentialKind::Note => Self::Note,
            CredentialKind::Certificate => Self::Certificate,
        }
    }
}

/// Who owns something.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum OwnerKind {
    /// A person.
    User,
    /// A team.
    Team,
}

/// Whose a credential is.
#[derive(Object)]
pub struct CredentialOwner {
    kind: OwnerKind,
    id: Uuid,
}

/// A credential, as far as it can be seen without revealing it.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Credential {
    id: Uuid,
    kind: CredentialKind,
    name: String,
    /// The login's user name.
    username: Option<String>,
    /// The login's first address, as it was written.
    url: Option<String>,
    /// When the certificate ends.
    expires_at: Option<OffsetDateTime>,
    owner: CredentialOwner,
    /// Who put it there; absent once their account is erased.
    created_by: Option<Person>,
    /// The number of its newest payload.
    version: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    /// Its version with its name, for `If-Match`.
    etag: String,
}

impl From<credential::Credential> for Credential {
    fn from(found: credential::Credential) -> Self {
        let kind = match found.vault {
            Vault::Personal(_) => OwnerKind::User,
            Vault::Team(_) => OwnerKind::Team,
        };
        Self {
            id: found.id.uuid(),
            kind: found.kind.into(),
            name: found.name.as_str().to_owned(),
            username: shown(found.facts.username.as_ref()),
            url: shown(found.facts.url.as_ref()),
            expires_at: found.facts.expires_at.map(Timestamp::from_micros).map(moment),
            owner: CredentialOwner { kind, id: found.vault.owner() },
            created_by: found.created_by.map(Person::from),
            version: found.newest,
            created_at: moment(found.created_at),
            updated_at: moment(found.updated_at),
            etag: answer::etag(found.version),
        }
    }
}

fn shown(text: Option<&Hidden>) -> Option<String> {
    text.map(|text| text.expose().to_owned())
}

/// A name and a value that the author keeps beside.
#[derive(Object)]
pub struct CredentialField {
    #[oai(validator(max_length = 2_000))]
    name: String,
    value: String,
}

/// What a credential holds; which parts that are, its kind says. 64 KiB at most.
#[derive(Object, Default)]
#[oai(skip_serializing_if_is_none)]
pub struct CredentialPayload {
    /// Login: who signs in.
    #[oai(validator(max_length = 500))]
    username: Option<String>,
    /// Login: the password.
    password: Option<String>,
    /// Login: where it belongs.
    #[oai(validator(max_items = 200))]
    urls: Option<Vec<String>>,
    /// Login: the secret of a one-time password, or its `otpauth://` address.
    totp: Option<String>,
    /// API key: the key. Required there.
    key: Option<String>,
    /// Note: the text. Required there.
    text: Option<String>,
    /// Certificate: it and what vouches for it, in PEM. Required there.
    chain: Option<String>,
    /// Certificate: its private key.
    private_key: Option<String>,
    /// What else there is to say; a note has a text instead.
    notes: Option<String>,
    /// What else is kept beside, whatever the kind.
    #[oai(validator(max_items = 200))]
    fields: Option<Vec<CredentialField>>,
}

impl From<CredentialPayload> for Parts {
    fn from(form: CredentialPayload) -> Self {
        let field = |CredentialField { name, value }| Field { name: name.into(), value: value.into() };
        Self {
            username: form.username.map(Hidden::from),
            password: form.password.map(Hidden::from),
            urls: form.urls.into_iter().flatten().map(Hidden::from).collect(),
            totp: form.totp.map(Hidden::from),
            key: form.key.map(Hidden::from),
            text: form.text.map(Hidden::from),
            chain: form.chain.map(Hidden::from),
            private_key: form.private_key.map(Hidden::from),
            notes: form.notes.map(Hidden::from),
            fields: form.fields.into_iter().flatten().map(field).collect(),
        }
    }
}

impl From<&Parts> for CredentialPayload {
    fn from(parts: &Parts) -> Self {
        let text = |text: &Hidden| text.expose().to_owned();
        let field = |field: &Field| CredentialField { name: text(&field.name), value: text(&field.value) };
        let urls: Vec<String> = parts.urls.iter().map(text).collect();
        let fields: Vec<_> = parts.fields.iter().map(field).collect();
        Self {
            username: shown(parts.username.as_ref()),
            password: shown(parts.password.as_ref()),
            urls: (!urls.is_empty()).then_some(urls),
            totp: shown(parts.totp.as_ref()),
            key: shown(parts.key.as_ref()),
            text: shown(parts.text.as_ref()),
            chain: shown(parts.chain.as_ref()),
            private_key: shown(parts.private_key.as_ref()),
            notes: shown(parts.notes.as_ref()),
            fields: (!fields.is_empty()).then_some(fields),
        }
    }
}

/// A payload in the open.
#[derive(Object)]
pub struct RevealedPayload {
    payload: CredentialPayload,
    /// Which version it is.
    version: i64,
}

impl From<Opened> for RevealedPayload {
    fn from(opened: Opened) -> Self {
        Self { payload: (&opened.parts).into(), version: opened.number }
    }
}

/// One payload of a credential, without what it holds.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct CredentialVersion {
    version: i64,
    /// Who wrote it; absent once their account is erased.
    created_by: Option<Person>,
    created_at: OffsetDateTime,
    /// When a newer one took its place; absent for the newest.
    superseded_at: Option<OffsetDateTime>,
}

impl From<credential::Version> for CredentialVersion {
    fn from(version: credential::Version) -> Self {
        Self {
            version: version.number,
            created_by: version.created_by.map(Person::from),
            created_at: moment(version.created_at),
            superseded_at: version.superseded_at.map(moment),
        }
    }
}

/// With whom a credential is shared: with one person, or with everybody from a role up.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct CredentialShare {
    id: Uuid,
    user: Option<Person>,
    role: Option<Role>,
    created_at: OffsetDateTime,
}

impl From<credential::Share> for CredentialShare {
    fn from(share: credential::Share) -> Self {
        Self {
            id: share.id.uuid(),
            user: share.person.map(Person::from),
            role: share.role.map(Role::from),
            created_at: moment(share.created_at),
        }
    }
}

/// One reveal.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct CredentialReveal {
    /// The audit row that stands for it.
    seq: i64,
    at: OffsetDateTime,
    /// Who; absent once their account is erased.
    user: Option<Person>,
    /// Which version; absent once the person's account is erased.
    version: Option<i64>,
}

impl From<credential::Revealed> for CredentialReveal {
    fn from(reveal: credential::Revealed) -> Self {
        Self {
            seq: reveal.seq,
            at: moment(reveal.at),
            user: reveal.person.map(|(id, name)| Person { id: id.uuid(), name }),
            version: reveal.version,
        }
    }
}

/// Something of a file, and the credential that stands for it.
#[derive(Object)]
pub struct ImportTwin {
    /// Where it stood in the file.
    pointer: String,
    /// Among `duplicates`, the new credential; among `present`, the one that was there.
    id: Uuid,
}

impl From<Twin> for ImportTwin {
    fn from(twin: Twin) -> Self {
        Self { pointer: twin.pointer, id: twin.id.uuid() }
    }
}

/// Something of a file that stayed behind.
#[derive(Object)]
pub struct ImportSkipped {
    /// Where it stood in the file.
    pointer: String,
    /// Why.
    reason: String,
}

/// What became of a file.
#[derive(Object)]
pub struct ImportReport {
    /// How many credentials came in.
    imported: usize,
    /// Those of them whose name there was already, in the vault or further up in the file.
    duplicates: Vec<ImportTwin>,
    /// What was left out because it was there already, the same in kind, name and payload.
    present: Vec<ImportTwin>,
    /// What stayed behind.
    skipped: Vec<ImportSkipped>,
}

impl From<Imported> for ImportReport {
    fn from(imported: Imported) -> Self {
        let skipped = imported.skipped.into_iter();
        Self {
            imported: imported.count,
            duplicates: imported.twins.into_iter().map(ImportTwin::from).collect(),
            present: imported.present.into_iter().map(ImportTwin::from).collect(),
            skipped: skipped.map(|one| ImportSkipped { pointer: one.pointer, reason: one.reason.to_owned() }).collect(),
        }
    }
}

/// A password made by chance; it is kept nowhere.
#[derive(Object)]
pub struct GeneratedPassword {
    password: String,
    /// From 0, guessed at once, to 4, never; by zxcvbn.
    score: u8,
    /// The decimal logarithm of how many guesses it takes.
    guesses_log10: f64,
}

impl From<Made> for GeneratedPassword {
    fn from(made: Made) -> Self {
        Self {
            password: made.password.expose().clone(),
            score: made.strength.score,
            guesses_log10: made.strength.guesses_log10,
        }
    }
}
