//! Inclusion and consistency proofs (RFC 6962 sections 2.1.1 and 2.1.2), made from whole subtrees that somebody keeps.

use std::ops::Range;

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use sha2::Sha256;

use super::{Hash, node_hash};
use crate::crypto::CryptoError;

/// A whole subtree: the `nth` of those with 2^`level` leaves, counted from the left from 0. Its root never changes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subtree {
    /// How high it is; a leaf is 0.
    pub level: u32,
    /// Which of its height.
    pub nth: u64,
}

impl Subtree {
    /// Its leaves.
    pub const fn leaves(self) -> Range<u64> {
        self.nth << self.level..(self.nth + 1) << self.level
    }

    /// The largest that begins at the first leaf and ends within the range, which must not be empty.
    const fn largest_of(leaves: &Range<u64>) -> Self {
        let fits = (leaves.end - leaves.start).ilog2();
        let stands = leaves.start.trailing_zeros();
        let level = if stands < fits { stands } else { fits };
        Self { level, nth: leaves.start >> level }
    }
}

/// The root over a tree's leaves from one that begins a whole subtree, to the last of the tree or of that subtree.
///
/// # Errors
/// Those of `node`, which gives the root of a whole subtree.
pub fn root_of<E>(leaves: Range<u64>, node: &mut impl FnMut(Subtree) -> Result<Hash, E>) -> Result<Hash, E> {
    let mut rest = leaves;
    let mut peaks = Vec::new();
    while !rest.is_empty() {
        let subtree = Subtree::largest_of(&rest);
        peaks.push(node(subtree)?);
        rest.start = subtree.leaves().end;
    }
    let folded = peaks.into_iter().rev().reduce(|right, left| node_hash(&left, &right));
    Ok(folded.unwrap_or_else(|| super::Frontier::new().root()))
}

/// The path that shows that leaf `index`, counted from 0, is in the tree of the first `size` leaves.
///
/// # Errors
/// Those of `node`; `None` when the tree has no such leaf.
pub fn prove_inclusion<E>(
    size: u64,
    index: u64,
    node: &mut impl FnMut(Subtree) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if index >= size || i64::try_from(size).is_err() {
        return Ok(None);
    }
    gather(size, &ct_merkle::indices_for_inclusion_proof(size, index), node).map(Some)
}

/// The path that shows that the tree of the first `from` leaves is the beginning of the one of the first `to`.
///
/// # Errors
/// Those of `node`; `None` unless 0 < `from` ≤ `to`.
pub fn prove_consistency<E>(
    from: u64,
    to: u64,
    node: &mut impl FnMut(Subtree) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if from == 0 || from > to || i64::try_from(to).is_err() {
        return Ok(None);
    }
    gather(to, &ct_merkle::indices_for_consistency_proof(from, to - from), node).map(Some)
}

/// The hashes at places of a tree of `size` leaves, in the numbering of array-based trees (RFC 9420 appendix C). A node
/// at the right edge may stand over fewer leaves than its height has room for.
fn gather<E>(size: u64, places: &[u64], node: &mut impl FnMut(Subtree) -> Result<Hash, E>) -> Result<Vec<Hash>, E> {
    let leaves = |place: u64| {
        let level = place.trailing_ones();
        let all = Subtree { level, nth: place.checked_shr(level + 1).unwrap_or(0) }.leaves();
        all.start..all.end.min(size)
    };
    places.iter().map(|place| root_of(leaves(*place), node)).collect()
}

/// Whether the path leads from the leaf with these bytes, at `index` counted from 0, to the root of a tree of `size`.
///
/// # Errors
/// `Malformed` when it does not.
pub fn verify_inclusion(leaf: &[u8], index: u64, size: u64, root: &Hash, path: &[Hash]) -> Result<(), CryptoError> {
    let path = InclusionProof::<Sha256>::try_from_bytes(path.as_flattened().to_vec());
    let path = path.map_err(|_| CryptoError::Malformed)?;
    tree(size, root).verify_inclusion(&leaf, index, &path).map_err(|_| CryptoError::Malformed)
}

/// Whether the path shows that the first tree, by size and root, is the beginning of the second.
///
/// # Errors
/// `Malformed` when it does not.
pub fn verify_consistency(from: (u64, &Hash), to: (u64, &Hash), path: &[Hash]) -> Result<(), CryptoError> {
    let path = ConsistencyProof::<Sha256>::try_from_bytes(path.as_flattened().to_vec());
    let path = path.map_err(|_| CryptoError::Malformed)?;
    tree(to.0, to.1).verify_consistency(&tree(from.0, from.1), &path).map_err(|_| CryptoError::Malformed)
}

fn tree(size: u64, root: &Hash) -> RootHash<Sha256> {
    RootHash::new((*root).into(), size)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::crypto::merkle::{Frontier, leaf_hash};

    fn data(nth: u64) -> [u8; 8] {
        nth.to_be_bytes()
    }

    /// A tree and all that it completed.
    fn kept(size: u64) -> (Frontier, HashMap<Subtree, Hash>) {
        let mut tree = Frontier::new();
        let whole = (0..size).flat_map(|nth| tree.push(leaf_hash(&data(nth)))).collect();
        (tree, whole)
    }

    fn of(whole: &HashMap<Subtree, Hash>) -> impl FnMut(Subtree) -> Result<Hash, Infallible> {
        |subtree| Ok(whole[&subtree])
    }

    fn inclusion(size: u64, index: u64, whole: &HashMap<Subtree, Hash>) -> Vec<Hash> {
        prove_inclusion(size, index, &mut of(whole)).unwrap().unwrap()
    }

    fn consistency(from: u64, to: u64, whole: &HashMap<Subtree, Hash>) -> Vec<Hash> {
        prove_consistency(from, to, &mut of(whole)).unwrap().unwrap()
    }

    /// The tree of seven leaves in RFC 6962 section 2.1.3, with its names.
    #[test]
    #[allow(clippy::many_single_char_names)] // the names are the RFC's
    fn paths_are_those_of_the_rfc() {
        let (_, whole) = kept(7);
        let leaves: Vec<_> = (0..7).map(|nth| leaf_hash(&data(nth))).collect();
        let [b, c, d, f, j] = [1, 2, 3, 5, 6].map(|nth: usize| leaves[nth]);
        let [g, h, i] = [0, 2, 4].map(|nth| node_hash(&leaves[nth], &leaves[nth + 1]));
        let (k, l) = (node_hash(&g, &h), node_hash(&i, &j));
        assert_eq!(inclusion(7, 0, &whole), [b, h, l]);
        assert_eq!(inclusion(7, 3, &whole), [c, g, l]);
        assert_eq!(inclusion(7, 4, &whole), [f, j, k]);
        assert_eq!(inclusion(7, 6, &whole), [i, k]);
        assert_eq!(consistency(3, 7, &whole), [c, d, g, l]);
        assert_eq!(consistency(4, 7, &whole), [l]);
        assert_eq!(consistency(6, 7, &whole), [i, j, k]);
        assert_eq!(consistency(7, 7, &whole), [[0; 32]; 0]);
    }

    #[test]
    fn what_is_not_in_the_tree_has_no_path() {
        let (_, whole) = kept(3);
        for (size, index) in [(0, 0), (3, 3), (3, u64::MAX), (u64::MAX, 0)] {
            assert_eq!(prove_inclusion(size, index, &mut of(&whole)), Ok(None), "{size} {index}");
        }
        for (from, to) in [(0, 3), (4, 3), (1, u64::MAX)] {
            assert_eq!(prove_consistency(from, to, &mut of(&whole)), Ok(None), "{from} {to}");
        }
    }

    proptest! {
        #[test]
        fn each_leaf_is_shown_and_no_other(size in 1..300_u64, at: prop::sample::Index, bent: prop::sample::Index) {
            let (tree, whole) = kept(size);
            let (root, index) = (tree.root(), at.index(usize::try_from(size).unwrap()) as u64);
            let mut path = inclusion(size, index, &whole);
            prop_assert_eq!(verify_inclusion(&data(index), index, size, &root, &path), Ok(()));
            prop_assert!(verify_inclusion(&data(index + 1), index, size, &root, &path).is_err());
            prop_assert!(verify_inclusion(&data(index), index, size, &[7; 32], &path).is_err());
            prop_assert!(verify_inclusion(&data(index), size, size, &root, &path).is_err());
            if !path.is_empty() {
                let nth = bent.index(path.len());
                path[nth][0] ^= 1;
                prop_assert!(verify_inclusion(&data(index), index, size, &root, &path).is_err());
                path.pop();
                prop_assert!(verify_inclusion(&data(index), index, size, &root, &path).is_err());
            }
        }

        #[test]
        fn each_beginning_is_shown_and_no_other(size in 1..300_u64, at: prop::sample::Index) {
            let (tree, whole) = kept(size);
            let from = at.index(usize::try_from(size).unwrap()) as u64 + 1;
            let (old, new) = (kept(from).0.root(), tree.root());
            let mut path = consistency(from, size, &whole);
            prop_assert_eq!(verify_consistency((from, &old), (size, &new), &path), Ok(()));
            prop_assert!(verify_consistency((from, &[7; 32]), (size, &new), &path).is_err());
            prop_assert!(verify_consistency((from, &old), (size, &[7; 32]), &path).is_err());
            path.push([0; 32]);
            prop_assert!(verify_consistency((from, &old), (size, &new), &path).is_err());
        }

        #[test]
        fn any_beginning_has_the_root_it_had(size in 0..300_u64, cut in 0..300_u64) {
            let (_, whole) = kept(size.max(cut));
            prop_assert_eq!(root_of(0..cut, &mut of(&whole)), Ok(kept(cut).0.root()));
        }
    }
}
