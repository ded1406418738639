//! Proofs out of the audit log.

use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::Tag;
use super::answer::Shown;
use super::model::{AuditCheckpoint, AuditGrowth, AuditRowProof};
use crate::app::audit_proof::{ProveGrowth, ProveRow};
use crate::http::caller::Member;
use crate::http::problem::Failure;

/// What anybody can check without trusting this server.
pub struct AuditProofs;

#[OpenApi(tag = "Tag::Admin", prefix_path = "/api/v1/admin/audit")]
impl AuditProofs {
    /// The signed head
    ///
    /// The head of the audit log's Merkle tree (RFC 6962) that was signed last, every 256 rows or every minute: a C2SP
    /// checkpoint. Keep one, and `consistency` shows later that the log only grew since. Permission `audit:verify`.
    #[oai(path = "/checkpoint", method = "get", operation_id = "getAuditCheckpoint")]
    async fn checkpoint(&self, member: Member) -> Result<Shown<AuditCheckpoint>, Failure> {
        Ok(Shown::plain(member.audit_checkpoint(&member.caller).await?.into()))
    }

    /// Prove a row
    ///
    /// The row as it is hashed, and the path from it up to the signed head. Managers and Members may have it of their own
    /// acts, whose numbers the header `Milton-Audit` gave them. Permission `audit:verify`.
    #[oai(path = "/proof/:seq", method = "get", operation_id = "proveAuditRow")]
    async fn row(
        &self,
        member: Member,
        #[oai(validator(minimum(value = "1")))] seq: Path<i64>,
    ) -> Result<Shown<AuditRowProof>, Failure> {
        Ok(Shown::plain(member.prove_row(&member.caller, ProveRow { seq: seq.0 }).await?.into()))
    }

    /// Prove that the log only grew
    ///
    /// The path that shows that the log of `to` rows begins with that of `from`. Permission `audit:verify`.
    #[oai(path = "/consistency", method = "get", operation_id = "proveAuditGrowth")]
    async fn consistency(
        &self,
        member: Member,
        /// The rows of the older head.
        #[oai(validator(minimum(value = "1")))]
        from: Query<i64>,
        /// The rows of the newer.
        #[oai(validator(minimum(value = "1")))]
        to: Query<i64>,
    ) -> Result<Shown<AuditGrowth>, Failure> {
        let growth = member.ask(&member.caller, ProveGrowth { from: from.0, to: to.0 }).await?;
        Ok(Shown::plain(growth.into()))
    }
}
