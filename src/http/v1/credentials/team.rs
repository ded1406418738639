//! A team's credentials.

use poem_openapi::param::{Header, Path, Query};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::{CredentialChanges, Duplicates, EarlierVersion, File, NewCredential, which};
use crate::app::credential::{
    Get, GetShare, List as ListOf, ListReveals, ListShares, ListVersions, ShareWith, Unshare, Which,
};
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::credential::{self as domain, Audience, Vault};
use crate::http::body::Body;
use crate::http::caller::Member;
use crate::http::problem::Failure;
use crate::http::v1::Tag;
use crate::http::v1::answer::{Changed, Created, Kept, Made, Removed, Shown};
use crate::http::v1::model::{
    Credential, CredentialKind, CredentialPayload, CredentialReveal, CredentialShare, CredentialVersion, ImportReport,
    List, RevealedPayload, Role, page_request,
};

/// A team's credentials.
pub struct TeamCredentials;

/// With whom: with one person, or with everybody from a role up.
#[derive(Object)]
struct NewShare {
    /// Somebody of the team.
    user_id: Option<Uuid>,
    /// This role, and those above it.
    role: Option<Role>,
}

impl TryFrom<NewShare> for Audience {
    type Error = Error;
    fn try_from(share: NewShare) -> Result<Self, Error> {
        match (share.user_id, share.role) {
            (Some(user), None) => Ok(Self::Person(Id::from_uuid(user))),
            (None, Some(role)) => Ok(Self::From(role.into())),
            _ => Err(Error::invalid("", "must name either user_id or role")),
        }
    }
}

const fn of(team: Uuid) -> Vault {
    Vault::Team(Id::from_uuid(team))
}

const fn its(team: Uuid, id: Uuid) -> Which {
    which(of(team), id)
}

#[OpenApi(tag = "Tag::Credentials", prefix_path = "/api/v1")]
impl TeamCredentials {
    /// Put a credential into a team's vault
    ///
    /// I have a share of it from then on, which is listed and ends like any other.
    /// Permission `credential:create` · event `credential.created` · quota 60 an hour.
    #[oai(path = "/teams/:team/credentials", method = "post", operation_id = "createCredential")]
    async fn create(
        &self,
        member: Member,
        team: Path<Uuid>,
        body: Body<NewCredential>,
    ) -> Result<Created<Credential>, Failure> {
        super::create(&member, of(team.0), body.0).await
    }

    /// A team's credentials
    ///
    /// Newest first, without what they hold: all of them for Owners, Admins and Managers, what was shared with them for
    /// Members. Permission `credential:read`.
    #[oai(path = "/teams/:team/credentials", method = "get", operation_id = "listCredentials")]
    #[allow(clippy::too_many_arguments)] // one per query parameter
    async fn list(
        &self,
        member: Member,
        team: Path<Uuid>,
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
        let query = ListOf { vault: of(team.0), filter, page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, Credential::from)))
    }

    /// Bring credentials in from elsewhere
    ///
    /// A JSON export of Bitwarden or Vaultwarden, not encrypted, or a CSV file whose first line names the columns; at
    /// most 1,000 items and 4 MiB, all of them or none. Cards and identities become notes; what has no name is called by the
    /// host of its address. What is there already, the same in kind, name and payload, is left out, and named.
    /// Permission `credential:create` · event `credential.imported` · quota 5 an hour.
    #[oai(path = "/teams/:team/credentials/import", method = "post", operation_id = "importCredentials")]
    async fn import(
        &self,
        member: Member,
        team: Path<Uuid>,
        /// What becomes of what is there already, among what I could reveal; `skip` when left out.
        duplicates: Query<Option<Duplicates>>,
        file: File,
    ) -> Result<Kept<ImportReport>, Failure> {
        super::bring_in(&member, of(team.0), file, duplicates.0).await
    }

    /// One credential
    ///
    /// Without what it holds. Permission `credential:read`.
    #[oai(path = "/teams/:team/credentials/:credential", method = "get", operation_id = "getCredential")]
    async fn get(
        &self,
        member: Member,
        team: Path<Uuid>,
        credential: Path<Uuid>,
    ) -> Result<Shown<Credential>, Failure> {
        Ok(Shown::of(member.ask(&member.caller, Get(its(team.0, credential.0))).await?))
    }

    /// Rename a credential
    ///
    /// Managers their own. Permission `credential:update` · event `credential.updated`.
    #[oai(path = "/teams/:team/credentials/:credential", method = "patch", operation_id = "updateCredential")]
    async fn rename(
        &self,
        member: Member,
        team: Path<Uuid>,
        credential: Path<Uuid>,
        /// The `etag` that was seen, or `*`.
        #[oai(name = "If-Match")]
        seen: Header<String>,
        body: Body<CredentialChanges>,
    ) -> Result<Changed<Credential>, Failure> {
        super::rename(&member, its(team.0, credential.0), &seen, body.0).await
    }

    /// Give a credential a new payload
    ///
    /// The one before stays as an earlier version. Managers their own.
    /// Permission `credential:update` · event `credential.updated` · quota 60 an hour.
    #[oai(path = "/teams/:team/credentials/:credential/payload", method = "put", operation_id = "writeCredential")]
    async fn write(
        &self,
        member: Member,
        team: Path<Uuid>,
        credential: Path<Uuid>,
        /// The `etag` that was seen, or `*`.
        #[oai(name = "If-Match")]
        seen: Header<String>,
        body: Body<CredentialPayload>,
    ) -> Result<Changed<Credential>, Failure> {
        super::write(&member, its(team.0, credential.0), &seen, body.0).await
    }

    /// The versions of a credential
    ///
    /// Newest first, without what they hold. Permission `credential:read`.
    #[oai(
        path = "/teams/:team/credentials/:credential/versions",
        method = "get",
        operation_id = "listCredentialVersions"
    )]
    async fn versions(
        &self,
        member: Member,
        team: Path<Uuid>,
        credential: Path<Uuid>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<CredentialVersion>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let query = ListVersions { which: its(team.0, credential.0), page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, CredentialVersion::from)))
    }

    /// Bring an earlier version of a credential back
    ///
    /// As a new version with the old payload, which nobody sees by that. Managers their own.
    /// Permission `credential:update` · event `credential.updated` · quota 60 an hour.
    #[oai(path = "/teams/:team/credentials/:credential/restore", method = "post", operation_id = "restoreCredential")]
    async fn restore(
        &self,
        member: Member,
        team: Path<Uuid>,
        credential: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
        body: Body<EarlierVersion>,
    ) -> Result<Changed<Credential>, Failure> {
        super::restore(&member, its(team.0, credential.0), seen.0.as_deref(), body.version).await
    }

    /// Reveal a credential
    ///
    /// Owners and Admins any, others what is shared with them: its newest version, and an earlier one if they may look into
    /// its history. Wants a recent sign-in; on record before a byte is answered.
    /// Permission `credential:reveal` · event `credential.revealed` · quota 30 an hour.
    #[oai(path = "/teams/:team/credentials/:credential/reveal", method = "post", operation_id = "revealCredential")]
    async fn reveal(
        &self,
        member: Member,
        team: Path<Uuid>,
        credential: Path<Uuid>,
        /// This version; the newest when left out.
        #[oai(validator(minimum(value = "1")))]
        version: Query<Option<i64>>,
    ) -> Result<Changed<RevealedPayload>, Failure> {
        super::reveal(&member, its(team.0, credential.0), version.0).await
    }

    /// Who has revealed a credential?
    ///
    /// From the audit log, newest first. Managers for their own. Permission `credential:history`.
    #[oai(
        path = "/teams/:team/credentials/:credential/reveals",
        method = "get",
        operation_id = "listCredentialReveals"
    )]
    async fn reveals(
        &self,
        member: Member,
        team: Path<Uuid>,
        credential: Path<Uuid>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<CredentialReveal>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let query = ListReveals { which: its(team.0, credential.0), page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, CredentialReveal::from)))
    }

    /// Share a credential
    ///
    /// With one person of the team, or with everybody from a role up: the newest version, whichever that is. What somebody
    /// shared with themself, or put there, ends with the role that let them. Managers their own.
    /// Permission `credential:share` · event `credential.shared`.
    #[oai(path = "/teams/:team/credentials/:credential/shares", method = "post", operation_id = "shareCredential")]
    async fn share(
        &self,
        member: Member,
        team: Path<Uuid>,
        credential: Path<Uuid>,
        body: Body<NewShare>,
    ) -> Result<Created<CredentialShare>, Failure> {
        let with = Audience::try_from(body.0)?;
        let (of_team, id) = (Id::from_uuid(team.0), Id::from_uuid(credential.0));
        let shared = move |share: &domain::Share| Made {
            location: format!("/api/v1/teams/{of_team}/credentials/{id}/shares/{}", share.id),
            etag: None,
            body: share.clone().into(),
        };
        member.create(ShareWith { team: of_team, id, with }, shared).await
    }

    /// With whom is a credential shared?
    ///
    /// Managers for their own. Permission `credential:share`.
    #[oai(path = "/teams/:team/credentials/:credential/shares", method = "get", operation_id = "listCredentialShares")]
    async fn shares(
        &self,
        member: Member,
        team: Path<Uuid>,
        credential: Path<Uuid>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<CredentialShare>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let query = ListShares { team: Id::from_uuid(team.0), id: Id::from_uuid(credential.0), page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, CredentialShare::from)))
    }

    /// One share
    ///
    /// Managers for their own. Permission `credential:share`.
    #[oai(
        path = "/teams/:team/credentials/:credential/shares/:share",
        method = "get",
        operation_id = "getCredentialShare"
    )]
    async fn share_of(
        &self,
        member: Member,
        team: Path<Uuid>,
        credential: Path<Uuid>,
        share: Path<Uuid>,
    ) -> Result<Shown<CredentialShare>, Failure> {
        let query =
            GetShare { team: Id::from_uuid(team.0), id: Id::from_uuid(credential.0), share: Id::from_uuid(share.0) };
        Ok(Shown::plain(member.ask(&member.caller, query).await?.into()))
    }

    /// Take a share back
    ///
    /// Managers for their own. Permission `credential:share` · event `credential.unshared`.
    #[oai(
        path = "/teams/:team/credentials/:credential/shares/:share",
        method = "delete",
        operation_id = "unshareCredential"
    )]
    async fn unshare(
        &self,
        member: Member,
        team: Path<Uuid>,
        credential: Path<Uuid>,
        share: Path<Uuid>,
    ) -> Result<Removed, Failure> {
        let action =
            Unshare { team: Id::from_uuid(team.0), id: Id::from_uuid(credential.0), share: Id::from_uuid(share.0) };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// Delete a credential
    ///
    /// All of its versions. Managers their own. Permission `credential:delete` · event `credential.deleted`.
    #[oai(path = "/teams/:team/credentials/:credential", method = "delete", operation_id = "deleteCredential")]
    async fn delete(
        &self,
        member: Member,
        team: Path<Uuid>,
        credential: Path<Uuid>,
        /// The `etag` that was seen.
        #[oai(name = "If-Match")]
        seen: Header<Option<String>>,
    ) -> Result<Removed, Failure> {
        Ok(Removed::Removed(super::delete(&member, its(team.0, credential.0), seen.0.as_deref()).await?))
    }
}
