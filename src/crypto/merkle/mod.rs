//! The head of an append-only Merkle tree (RFC 6962 section 2.1): grows by one leaf at a time and knows its root.

mod proof;

use sha2::{Digest, Sha256};

use super::CryptoError;

pub use proof::{Subtree, prove_consistency, prove_inclusion, root_of, verify_consistency, verify_inclusion};

/// A SHA-256 value in the tree.
pub type Hash = [u8; 32];

/// The hash of a leaf: SHA-256(0x00 ‖ data).
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// The hash of a node: SHA-256(0x01 ‖ left ‖ right). The first byte keeps a node from passing for a leaf.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// A tree's size and its peaks: the roots of its whole subtrees, one for each bit set in the size, largest first.
/// That is all it takes to append and to give the root; a million leaves clone in 260 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves it has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf, given as its [`leaf_hash`]; answers the whole subtrees that it completes, itself first, each twice
    /// as large as the one before.
    pub fn push(&mut self, leaf: Hash) -> Vec<(Subtree, Hash)> {
        let mut peak = leaf;
        let mut whole = vec![(Subtree { level: 0, nth: self.size }, leaf)];
        // Like adding one in binary: each bit set at the low end is a whole subtree that the new one completes.
        for level in 1..=self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                peak = node_hash(&left, &peak);
                whole.push((Subtree { level, nth: self.size >> level }, peak));
            }
        }
        self.peaks.push(peak);
        self.size += 1;
        whole
    }

    /// The root; of an empty tree, SHA-256 of nothing.
    pub fn root(&self) -> Hash {
        let folded = self.peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right));
        folded.unwrap_or_else(|| Sha256::digest([]).into())
    }

    /// As stored: the size (8 bytes, big endian), then the peaks.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.size.to_be_bytes()[..], self.peaks.as_flattened()].concat()
    }

    /// Reads what [`Frontier::to_bytes`] gave.
    ///
    /// # Errors
    /// `Malformed` when the number of peaks does not belong to the size, or the size is above what a row number
    /// can be (2^63 − 1).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CryptoError> {
        let (size, rest) = bytes.split_first_chunk().ok_or(CryptoError::Malformed)?;
        let size = u64::from_be_bytes(*size);
        let (peaks, tail) = rest.as_chunks();
        let fits = i64::try_from(size).is_ok() && tail.is_empty() && peaks.len() as u64 == u64::from(size.count_ones());
        if fits { Ok(Self { size, peaks: peaks.to_vec() }) } else { Err(CryptoError::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::primitive::hex;

    /// The leaves and roots that Certificate Transparency's implementations are tested with.
    const LEAVES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    /// MTH as RFC 6962 writes it down.
    fn naive(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => leaf_hash(leaf),
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&naive(left), &naive(right))
            }
        }
    }

    fn grown(leaves: &[Vec<u8>]) -> Frontier {
        let mut tree = Frontier::new();
        for leaf in leaves {
            tree.push(leaf_hash(leaf));
        }
        tree
    }

    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let leaves = LEAVES.map(hex);
        for (size, root) in ROOTS.into_iter().enumerate() {
            let tree = grown(&leaves[..size]);
            assert_eq!((tree.size(), &tree.root()[..]), (size as u64, &hex(root)[..]));
        }
    }

    #[test]
    fn a_node_does_not_pass_for_a_leaf() {
        let (left, right) = (leaf_hash(b"a"), leaf_hash(b"b"));
        assert_ne!(leaf_hash(&[left, right].concat()), node_hash(&left, &right));
        assert_ne!(node_hash(&left, &right), node_hash(&right, &left));
    }

    #[test]
    fn a_size_that_is_no_row_number_is_malformed() {
        let largest = [&(i64::MAX as u64).to_be_bytes()[..], &[0; 63 * 32]].concat();
        assert!(Frontier::from_bytes(&largest).is_ok());
        let beyond = [&(1_u64 << 63).to_be_bytes()[..], &[0; 32]].concat();
        assert_eq!(Frontier::from_bytes(&beyond), Err(CryptoError::Malformed));
        assert_eq!(Frontier::from_bytes(&[0; 7]), Err(CryptoError::Malformed));
    }

    proptest! {
        #[test]
        fn any_tree_has_the_root_of_the_definition(leaves: Vec<Vec<u8>>) {
            prop_assert_eq!(grown(&leaves).root(), naive(&leaves));
        }

        #[test]
        fn a_stored_tree_grows_on_as_if_never_stored(before: Vec<Vec<u8>>, after: Vec<Vec<u8>>) {
            let mut stored = Frontier::from_bytes(&grown(&before).to_bytes()).unwrap();
            for leaf in &after {
                stored.push(leaf_hash(leaf));
            }
            prop_assert_eq!(stored, grown(&[before, after].concat()));
        }

        #[test]
        fn another_length_is_malformed(size in 0..1_000_u64, length in 0..400_usize) {
            let mut bytes = size.to_be_bytes().to_vec();
            bytes.resize(8 + length, 0);
            let right = length == size.count_ones() as usize * 32;
            prop_assert_eq!(Frontier::from_bytes(&bytes).is_ok(), right);
        }
    }
}
