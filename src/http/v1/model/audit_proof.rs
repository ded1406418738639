//! Proofs out of the audit log as the API shows them. Hashes are in hexadecimal.

use poem_openapi::Object;

use crate::base::hex;
use crate::crypto::merkle::Hash;
use crate::store::audit_proof::{Growth, RowProof, SignedHead};

/// A signed head of the log.
#[derive(Object)]
pub struct AuditCheckpoint {
    /// The rows it stands over.
    size: u64,
    /// The root of their tree.
    root: String,
    /// The signed note (C2SP tlog-checkpoint): log, size and root, an empty line, an Ed25519 signature.
    note: String,
    /// The key that signed it, as a `vkey` (C2SP signed-note).
    key: String,
}

impl From<SignedHead> for AuditCheckpoint {
    fn from(signed: SignedHead) -> Self {
        let (size, root) = (signed.head.size, hex::encode(&signed.head.root));
        Self { size, root, note: signed.note, key: signed.key }
    }
}

/// A row of the log with its inclusion proof.
#[derive(Object)]
pub struct AuditRowProof {
    seq: i64,
    /// The row as it is hashed: canonical JSON (RFC 8785), its personal parts sealed.
    row: String,
    /// SHA-256(0x00 ‖ row).
    leaf: String,
    /// The inclusion proof (RFC 6962 section 2.1.1), from the leaf up.
    path: Vec<String>,
    /// The head that the path leads to.
    checkpoint: AuditCheckpoint,
}

impl From<RowProof> for AuditRowProof {
    fn from(proof: RowProof) -> Self {
        Self {
            seq: proof.seq,
            row: proof.row,
            leaf: hex::encode(&proof.leaf),
            path: texts(&proof.path),
            checkpoint: proof.signed.into(),
        }
    }
}

/// How the log grew.
#[derive(Object)]
pub struct AuditGrowth {
    /// The rows of the older head.
    from: i64,
    /// The rows of the newer.
    to: i64,
    /// The older root.
    from_root: String,
    /// The newer root.
    to_root: String,
    /// The consistency proof (RFC 6962 section 2.1.2).
    path: Vec<String>,
}

impl From<Growth> for AuditGrowth {
    fn from(growth: Growth) -> Self {
        Self {
            from: growth.from,
            to: growth.to,
            from_root: hex::encode(&growth.from_root),
            to_root: hex::encode(&growth.to_root),
            path: texts(&growth.path),
        }
    }
}

fn texts(path: &[Hash]) -> Vec<String> {
    path.iter().map(|hash| hex::encode(hash)).collect()
}
