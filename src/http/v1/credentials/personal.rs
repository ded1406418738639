//! One's own credentials.

use std::sync::Arc;

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use uuid::Uuid;

use super::{CredentialChanges, Duplicates, EarlierVersion, File, NewCredential, which};
use crate::app::credential::{Generate, Get, List as ListOf, ListVersions, Which};
use crate::domain::credential::Vault;
use crate::domain::credential::recipe::Recipe;
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;
use crate::http::v1::Tag;
use crate::http::v1::answer::{Changed, Created, Kept, Removed, Shown};
use crate::http::v1::model::{
    Credential, CredentialKind, CredentialPayload, CredentialVersion, GeneratedPassword, ImportReport, List,
    RevealedPayload, page_request,
};

/// One's own credentials.
pub struct PersonalCredentials;

const fn mine(member: &Member) -> Vault {
    Vault::Personal(member.signed_in.user)
}

const fn my(member: &Member, id: Uuid) -> Which {
    which(mine(member), id)
}

#[OpenApi(tag = "Tag::Credentials", prefix_path = "/api/v1")]
impl PersonalCredentials {
    /// Put a credential into my vault
    ///
    /// Permission `personal-credential:manage` · event `credential.created` · quota 60 an hour.
    #[oai(path = "/me/credentials", method = "post", operation_id = "createMyCredential")]
    async fn create(&self, member: Member, body: Body<NewCredential>) -> Result<Created<Credential>, Failure> {
        super::create(&member, mine(&member), body.0).await
    }

    /// My credentials
    ///
    /// Newest first, without what they hold. Permission `personal-credential:manage`.
    #[oai(path = "/me/credentials", method = "get", operation_id = "listMyCredentials")]
    async fn list(
        &self,
        member: Member,
        /// Of this kind.
        kind: Query<Option<CredentialKind>>,
        /// Of exactly this name; case does not count.
        name: Query<Option<String>>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<Credential>>, Failure> {
        let (filter, page) = (super::filter(kind.0, name.0)?, page_request(limit.0, cursor.0.as_deref())?);
        let query = ListOf { vault: mine(&member), filter, page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, Credential::from)))
    }

    /// Make a password
    ///
    /// Of characters, with at least one of each class that is chosen, or of words. It is kept nowhere.
    /// Permission `personal-credential:manage`.
    #[oai(path = "/me/credentials/generate", method = "get", operation_id = "generatePassword")]
    async fn generate(
        &self,
        member: Member,
        /// How many characters: 20 when left out.
        #[oai(validator(minimum(value = "8"), maximum(value = "128")))]
        length: Query<Option<u32>>,
        /// With letters of both cases; so it is when left out.
        letters: Query<Option<bool>>,
        /// With digits; so it is when left out.
        digits: Query<Option<bool>>,
        /// With symbols; so it is when left out.
        symbols: Query<Option<bool>>,
        /// How many English words instead of characters, each worth 11 bits.
        #[oai(validator(minimum(value = "4"), maximum(value = "16")))]
        words: Query<Option<u32>>,
    ) -> Result<Shown<GeneratedPassword>, Failure> {
        let chosen = |class: Option<bool>| class.unwrap_or(true);
        let recipe = match words.0 {
            Some(words) => Recipe::words(words as usize)?,
            None => Recipe::characters(
                length.0.unwrap_or(20) as usize,
                chosen(letters.0),
                chosen(digits.0),
                chosen(symbols.0),
            )?,
        };
        let query = Generate { recipe, entropy: Arc::clone(member.entropy()) };
        Ok(Shown::plain(member.ask(&member.caller, query).await?.into()))
    }

    /// Bring credentials in from elsewhere
    ///
    /// A JSON export of Bitwarden or Vaultwarden, not encrypted, or a CSV file whose first line names the columns; at
    /// most 1,000 items and 4 MiB, all of them or none. Cards and identities become notes; what has no name is called by the
    /// host of its address. What is there already, the same in kind, name and payload, is left out, and named.
    /// Permission `personal-credential:manage` · event `credential.imported` · quota 5 an hour.
    #[oai(path = "/me/credentials/import", method = "post", operation_id = "importMyCredentials")]
    async fn import(
        &self,
        member: Member,
        /// What becomes of what is there already; `skip` when left out.
        duplicates: Query<Option<Duplicates>>,
        file: File,
    ) -> Result<Kept<ImportReport>, Failure> {
        super::bring_in(&member, mine(&member), file, duplicates.0).await
    }

    /// One of my credentials
    ///
    /// Without what it holds. Permission `personal-credential:manage`.
    #[oai(path = "/me/credentials/:credential", method = "get", operation_id = "getMyCredential")]
    async fn get(&self, member: Member, credential: Path<Uuid>) -> Result<Shown<Credential>, Failure> {
        Ok(Shown::of(member.ask(&member.caller, Get(my(&member, credential.0))).await?))
    }

    /// Rename one of my credentials
    ///
    /// Permission `personal-credential:manage` · event `credential.updated`.
    #[oai(path = "/me/credentials/:credential", method = "patch", operation_id = "updateMyCredential")]
    async fn rename(
        &self,
        member: Member,
        credential: Path<Uuid>,
        /// The `etag` that was seen, or `*`.
        #[oai(name = "If-Match")]
        seen: Header<String>,
        body: Body<CredentialChanges>,
    ) -> Result<Changed<Credential>, Failure> {
        super::rename(&member, my(&member, credential.0), &seen, body.0).await
    }

    /// Give one of my credentials a new payload
    ///
    /// The one before stays as an earlier version.
    /// Permission `personal-credential:manage` · event `credential.updated` · quota 60 an hour.
    #[oai(path = "/me/credentials/:credential/payload", method = "put", operation_id = "writeMyCredential")]
    async fn write(
        &self,
        member: Member,
        credential: Path<Uuid>,
        /// The `etag` that was seen, or `*`.
        #[oai(name = "If-Match")]
        seen: Header<String>,
        body: Body<CredentialPayload>,
    ) -> Result<Changed<Credential>, Failure> {
        super::write(&member, my(&member, credential.0), &seen, body.0).await
    }

    /// The versions of one of my credentials
    ///
    /// Newest first, without what they hold. Permission `personal-credential:manage`.
    #[oai(path = "/me/credentials/:credential/versions", method = "get", operation_id = "listMyCredentialVersions")]
    async fn versions(
        &self,
        member: Member,
        credential: Path<Uuid>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<CredentialVersion>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let query = ListVersions { which: my(&member, credential.0), page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, CredentialVersion::from)))
    }

    /// Bring an earlier version of one of my credentials back
    ///
    /// As a new version with the old payload.
    /// Permission `personal-credential:manage` · event `credential.updated` · quota 60 an hour.
    #[oai(path = "/me/credentials/:credential/restore", method = "post", operation_id = "restoreMyCredential")]
    async fn restore(
        &self,
        member: Member,
        credential: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
        body: Body<EarlierVersion>,
    ) -> Result<Changed<Credential>, Failure> {
        super::restore(&member, my(&member, credential.0), seen.0.as_deref(), body.version).await
    }

    /// Reveal one of my credentials
    ///
    /// Wants a recent sign-in; on record before a byte is answered.
    /// Permission `personal-credential:reveal` · event `credential.revealed` · quota 30 an hour.
    #[oai(path = "/me/credentials/:credential/reveal", method = "post", operation_id = "revealMyCredential")]
    async fn reveal(
        &self,
        member: Member,
        credential: Path<Uuid>,
        /// This version; the newest when left out.
        #[oai(validator(minimum(value = "1")))]
        version: Query<Option<i64>>,
    ) -> Result<Changed<RevealedPayload>, Failure> {
        super::reveal(&member, my(&member, credential.0), version.0).await
    }

    /// Delete one of my credentials
    ///
    /// All of its versions. Permission `personal-credential:manage` · event `credential.deleted`.
    #[oai(path = "/me/credentials/:credential", method = "delete", operation_id = "deleteMyCredential")]
    async fn delete(
        &self,
        member: Member,
        credential: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Removed, Failure> {
        Ok(Removed::Removed(super::delete(&member, my(&member, credential.0), seen.0.as_deref()).await?))
    }
}
