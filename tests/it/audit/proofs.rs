//! Proofs out of the log: checked here as a stranger would, with SHA-256, Ed25519 and the algorithms of RFC 9162 alone, none
//! of the server's own code. What was changed does not pass.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{LOG, busy, grow, open};

type Hash = [u8; 32];

fn hash(text: &Value) -> Hash {
    let text = text.as_str().unwrap();
    let bytes: Vec<u8> =
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

fn path(proof: &Value) -> Vec<Hash> {
    proof["path"].as_array().unwrap().iter().map(hash).collect()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// RFC 9162 section 2.1.3.2.
fn is_included(row: &str, index: u64, size: u64, root: &Hash, path: &[Hash]) -> bool {
    let (mut at, mut last) = (index, size - 1);
    let mut found: Hash = Sha256::new().chain_update([0]).chain_update(row).finalize().into();
    for step in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            found = node(step, &found);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            found = node(&found, step);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && found == *root
}

/// RFC 9162 section 2.1.4.2.
fn is_grown(from: (u64, Hash), to: (u64, Hash), path: &[Hash]) -> bool {
    if from.0 == to.0 {
        return path.is_empty() && from.1 == to.1;
    }
    let mut steps = path.to_vec();
    if from.0.is_power_of_two() {
        steps.insert(0, from.1);
    }
    let (mut at, mut last) = (from.0 - 1, to.0 - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let Some((first, rest)) = steps.split_first() else { return false };
    let (mut old, mut new) = (*first, *first);
    for step in rest {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            (old, new) = (node(step, &old), node(step, &new));
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            new = node(&new, step);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    old == from.1 && new == to.1 && last == 0
}

/// The size and the root of a checkpoint, when its note is signed with the key of this `vkey` (C2SP signed-note).
fn signed_head(note: &str, vkey: &str) -> Option<(u64, Hash)> {
    let mut parts = vkey.splitn(3, '+');
    let (name, id, key) = (parts.next()?, parts.next()?, STANDARD.decode(parts.next()?).unwrap());
    assert_eq!(key[0], 1, "Ed25519");
    let digest = Sha256::new().chain_update(name).chain_update("\n").chain_update(&key).finalize();
    let (text, signature) = note.split_once("\n\n")?;
    let text = format!("{text}\n");
    let stamp = STANDARD.decode(signature.trim_end().rsplit_once(' ')?.1).unwrap();
    assert_eq!((&stamp[..4], id.len()), (&digest[..4], 8));
    let key = VerifyingKey::from_bytes(key[1..].try_into().unwrap()).unwrap();
    key.verify_strict(text.as_bytes(), &Signature::from_slice(&stamp[4..]).unwrap()).ok()?;
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(name));
    let size = lines.next()?.parse().unwrap();
    Some((size, STANDARD.decode(lines.next()?).unwrap().try_into().unwrap()))
}

#[tokio::test]
async fn each_row_is_proved_to_a_stranger() {
    let (world, owner, _) = busy().await;
    grow(&world, &owner, 300).await;
    for seq in 1..=world.audit_size() {
        let proof = owner.get(&format!("{LOG}/proof/{seq}")).await.expect(200).json;
        let (row, index) = (proof["row"].as_str().unwrap(), seq.unsigned_abs() - 1);
        assert_eq!(serde_json::from_str::<Value>(row).unwrap()["seq"], seq);
        let checkpoint = &proof["checkpoint"];
        let (note, key) = (checkpoint["note"].as_str().unwrap(), checkpoint["key"].as_str().unwrap());
        let (size, root) = signed_head(note, key).unwrap();
        assert_eq!((json!(size), root), (checkpoint["size"].clone(), hash(&checkpoint["root"])));
        let steps = path(&proof);
        assert!(is_included(row, index, size, &root, &steps), "{seq}");

        assert!(!is_included(&row.replace("\"seq\"", "\"sep\""), index, size, &root, &steps), "{seq}: another row");
        assert!(!is_included(row, index ^ 1, size, &root, &steps), "{seq}: another place");
        assert!(!is_included(row, index, size, &root, &steps[1..]), "{seq}: a shorter path");
        assert_eq!(signed_head(&note.replacen(&size.to_string(), "9", 1), key), None, "{seq}: another head");
    }
    assert_eq!(world.audit_size(), 300.max(world.audit_size()), "proofs leave no rows");
    owner.get(&format!("{LOG}/proof/{}", world.audit_size() + 1)).await.problem(404, "not-found");
    owner.get(&format!("{LOG}/proof/0")).await.problem(422, "invalid");
}

#[tokio::test]
async fn the_log_is_proved_to_have_only_grown() {
    let (world, owner, _) = busy().await;
    let early = owner.get(&format!("{LOG}/checkpoint")).await.expect(200).json;
    grow(&world, &owner, 530).await;
    let sizes = [1, 2, 3, 7, 8, 9, 255, 256, 257, 300, 511, 512, 513, 530];
    for (from, to) in sizes.iter().flat_map(|from| sizes.iter().map(move |to| (*from, *to))) {
        let answer = owner.get(&format!("{LOG}/consistency?from={from}&to={to}")).await;
        if from > to {
            answer.problem(404, "not-found");
            continue;
        }
        let growth = answer.expect(200).json;
        let (old, new) = ((from, hash(&growth["from_root"])), (to, hash(&growth["to_root"])));
        assert!(is_grown(old, new, &path(&growth)), "{from} to {to}");
        assert!(from == to || !is_grown((from, new.1), new, &path(&growth)), "{from} to {to}: another beginning");
    }
    // Whoever kept a head of before sees that it is the beginning of the present one.
    let late = owner.get(&format!("{LOG}/checkpoint")).await.expect(200).json;
    let (from, to) = (early["size"].as_u64().unwrap(), late["size"].as_u64().unwrap());
    assert!(from < to && early["key"] == late["key"]);
    let growth = owner.get(&format!("{LOG}/consistency?from={from}&to={to}")).await.expect(200).json;
    assert!(is_grown((from, hash(&early["root"])), (to, hash(&late["root"])), &path(&growth)));
    owner.get(&format!("{LOG}/consistency?from=1&to={}", world.audit_size() + 1)).await.problem(404, "not-found");
    owner.get(&format!("{LOG}/consistency?from=0&to=1")).await.problem(422, "invalid");
}

#[tokio::test]
async fn a_member_may_have_proofs_of_their_own_acts_alone() {
    let (world, owner, team) = busy().await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    let list = format!("/api/v1/teams/{team}/delegations");
    let own = ana.post(&list, &json!({"title": "Hers"})).await.expect(201).header("milton-audit");
    let proof = ana.get(&format!("{LOG}/proof/{own}")).await.expect(200).json;
    let size = proof["checkpoint"]["size"].as_u64().unwrap();
    assert!(size >= own.parse().unwrap(), "a head is signed over a row that is asked for");
    let row = proof["row"].as_str().unwrap();
    assert!(row.contains("delegation.created") && !row.contains("Hers") && !row.contains(&ana.id), "{row}");
    for seq in [1, world.audit_size() + 1000] {
        ana.get(&format!("{LOG}/proof/{seq}")).await.problem(403, "access-denied");
    }
    ana.get(&format!("{LOG}/checkpoint")).await.expect(200);
}

#[tokio::test]
async fn a_row_that_was_changed_has_no_proof() {
    let (world, owner, _) = busy().await;
    let script = "DROP TRIGGER audit_log_no_update; UPDATE audit_log SET outcome = 'denied' WHERE seq = 2";
    open(&world).execute_batch(script).unwrap();
    owner.get(&format!("{LOG}/proof/2")).await.problem(500, "internal");
    owner.get(&format!("{LOG}/proof/3")).await.expect(200);
}
