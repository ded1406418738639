//! Credentials: what the operations on a person's own and on a team's have in common.

mod personal;
mod team;

use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{ApiRequest, Enum, Object};
use serde_json::Value;
use uuid::Uuid;

use super::answer::{Changed, Created, Kept, Made, etag, if_match, if_matches};
use super::model::{Credential, CredentialKind, CredentialPayload, ImportReport, RevealedPayload};
use crate::app::Acted;
use crate::app::credential::{BringIn, Create, Delete, Rename, Restore, Reveal, Which, Write};
use crate::base::id::Id;
use crate::domain::credential::{self, Payload, Vault, import};
use crate::domain::text::Title;
use crate::domain::{Error, credential as domain};
use crate::http::body::{Body, IMPORT};
use crate::http::caller::Member;
use crate::http::problem::Failure;
use crate::http::sheet::Sheet;
use crate::store::credential::Filter;

pub use personal::PersonalCredentials;
pub use team::TeamCredentials;

/// A credential about to be put into a vault.
#[derive(Object)]
struct NewCredential {
    kind: CredentialKind,
    #[oai(validator(min_length = 1, max_length = 200))]
    name: String,
    payload: CredentialPayload,
}

/// What changes; what is left out stays.
#[derive(Object)]
struct CredentialChanges {
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<String>,
}

/// Which payload comes back.
#[derive(Object)]
struct EarlierVersion {
    #[oai(validator(minimum(value = "1")))]
    version: i64,
}

/// A file from elsewhere.
#[derive(ApiRequest)]
enum File {
    /// Bitwarden's or Vaultwarden's JSON export, not encrypted.
    Bitwarden(Body<Any<Value>, IMPORT>),
    /// A sheet whose first line names the columns, such as Bitwarden's or a browser's.
    Sheet(Sheet),
}

/// What becomes of an item that is in the vault already, the same in kind, name and payload.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
enum Duplicates {
    /// It is left out, and the report names the one that is there.
    Skip,
    /// It comes in once more.
    Keep,
}

const fn which(vault: Vault, id: Uuid) -> Which {
    Which { vault, id: Id::from_uuid(id) }
}

fn filter(kind: Option<CredentialKind>, name: Option<String>) -> Result<Filter, Error> {
    let name = name.map(|name| Title::parse("name", &name)).transpose()?;
    Ok(Filter { kind: kind.map(Into::into), name })
}

fn changed(acted: Acted<domain::Credential>) -> Changed<Credential> {
    Changed::of(acted)
}

/// Where the credentials of a vault are.
fn list(vault: Vault) -> String {
    match vault {
        Vault::Personal(_) => String::from("/api/v1/me/credentials"),
        Vault::Team(team) => format!("/api/v1/teams/{team}/credentials"),
    }
}

async fn create(member: &Member, vault: Vault, body: NewCredential) -> Result<Created<Credential>, Failure> {
    let name = Title::parse("/name", &body.name)?;
    let payload = Payload::parse("/payload", body.kind.into(), body.payload.into())?;
    let made = move |made: &domain::Credential| Made {
        location: format!("{}/{}", list(vault), made.id),
        etag: Some(etag(made.version)),
        body: made.clone().into(),
    };
    member.create(Create { vault, name, payload }, made).await
}

async fn rename(
    member: &Member,
    which: Which,
    seen: &str,
    body: CredentialChanges,
) -> Result<Changed<Credential>, Failure> {
    let name = body.name.map(|name| Title::parse("/name", &name)).transpose()?;
    let action = Rename { which, version: if_match(seen)?, name };
    Ok(changed(member.act(&member.caller, action).await?))
}

async fn write(
    member: &Member,
    which: Which,
    seen: &str,
    body: CredentialPayload,
) -> Result<Changed<Credential>, Failure> {
    let action = Write { which, version: if_match(seen)?, parts: body.into() };
    Ok(changed(member.act(&member.caller, action).await?))
}

async fn restore(
    member: &Member,
    which: Which,
    seen: Option<&str>,
    number: i64,
) -> Result<Changed<Credential>, Failure> {
    let action = Restore { which, version: if_matches(seen)?, number };
    Ok(changed(member.act(&member.caller, action).await?))
}

async fn delete(member: &Member, which: Which, seen: Option<&str>) -> Result<i64, Failure> {
    let action = Delete { which, version: if_matches(seen)? };
    Ok(member.act(&member.caller, action).await?.seq)
}

async fn reveal(member: &Member, which: Which, number: Option<i64>) -> Result<Changed<RevealedPayload>, Failure> {
    let acted = member.act(&member.caller, Reveal { which, number }).await?;
    Ok(Changed::Changed(Json(acted.output.into()), acted.seq, None))
}

async fn bring_in(
    member: &Member,
    vault: Vault,
    file: File,
    duplicates: Option<Duplicates>,
) -> Result<Kept<ImportReport>, Failure> {
    let import: credential::import::Import = match file {
        File::Bitwarden(body) => import::read_bitwarden(body.0.0)?,
        File::Sheet(sheet) => import::read_sheet(&sheet.0)?,
    };
    let keeps_duplicates = matches!(duplicates, Some(Duplicates::Keep));
    member.change_once(BringIn { vault, import, keeps_duplicates }, |report| report.clone().into()).await
}
