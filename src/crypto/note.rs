//! Signed notes (C2SP signed-note) and, in them, checkpoints of a log (C2SP tlog-checkpoint): a text that people can read,
//! with Ed25519 signatures (RFC 8032) below it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use super::CryptoError;
use super::merkle::Hash;
use crate::base::secret::Secret;

/// The number of Ed25519 among the kinds of keys.
const ED25519: u8 = 1;
/// What a line with a signature begins with.
const MARK: &str = "\u{2014} ";

/// A key that signs, with the name it signs under.
pub struct Signer {
    key: SigningKey,
    public: Verifier,
}

impl Signer {
    /// The key of a seed. The name must hold neither white space nor `+`.
    pub fn new(name: &str, seed: &Secret<[u8; 32]>) -> Self {
        let key = SigningKey::from_bytes(seed.expose());
        let public = Verifier { name: name.to_owned(), key: key.verifying_key() };
        Self { key, public }
    }

    /// Whoever has this can check what was signed.
    pub const fn verifier(&self) -> &Verifier {
        &self.public
    }

    /// Signs a text, which must end with a line feed and hold no empty line.
    pub fn sign(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        let stamp = STANDARD.encode([&self.public.id().to_be_bytes()[..], &signature].concat());
        format!("{text}\n{MARK}{} {stamp}\n", self.public.name)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public)
    }
}

/// A public key with its name; as text, a `vkey`: name, `+`, key id in hex, `+`, kind and key in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: VerifyingKey,
}

impl Verifier {
    /// Under which name it signs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256(name ‖ line feed ‖ kind ‖ key): tells keys of one name apart.
    fn id(&self) -> u32 {
        let digest: Hash = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize()
            .into();
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
    }

    /// The text of a note that this key signed; other signatures below it do not count.
    ///
    /// # Errors
    /// `Malformed` for what is no note, `WrongKey` when this key did not sign it, `DoesNotOpen` when its signature is not
    /// one of this text.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, CryptoError> {
        let (text, signatures) = note.split_once("\n\n").ok_or(CryptoError::Malformed)?;
        let text = note.get(..=text.len()).ok_or(CryptoError::Malformed)?;
        let mut found = None;
        for line in signatures.strip_suffix('\n').ok_or(CryptoError::Malformed)?.split('\n') {
            let (name, stamp) =
                line.strip_prefix(MARK).and_then(|line| line.split_once(' ')).ok_or(CryptoError::Malformed)?;
            let stamp = STANDARD.decode(stamp).map_err(|_| CryptoError::Malformed)?;
            let (id, signature) = stamp.split_first_chunk().ok_or(CryptoError::Malformed)?;
            if name == self.name && u32::from_be_bytes(*id) == self.id() {
                found = Some(Signature::from_slice(signature).map_err(|_| CryptoError::Malformed)?);
            }
        }
        let signature = found.ok_or(CryptoError::WrongKey)?;
        self.key.verify_strict(text.as_bytes(), &signature).map_err(|_| CryptoError::DoesNotOpen)?;
        Ok(text)
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[ED25519], &self.key.as_bytes()[..]].concat());
        write!(f, "{}+{:08x}+{key}", self.name, self.id())
    }
}

impl FromStr for Verifier {
    type Err = CryptoError;

    fn from_str(text: &str) -> Result<Self, CryptoError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(CryptoError::Malformed);
        };
        let key = STANDARD.decode(key).map_err(|_| CryptoError::Malformed)?;
        let (kind, key) = key.split_first().ok_or(CryptoError::Malformed)?;
        let key = VerifyingKey::try_from(key).map_err(|_| CryptoError::Malformed)?;
        let verifier = Self { name: name.to_owned(), key };
        let is_whole = *kind == ED25519 && !name.is_empty() && !name.contains(char::is_whitespace);
        if is_whole && id == format!("{:08x}", verifier.id()) { Ok(verifier) } else { Err(CryptoError::Malformed) }
    }
}

/// The head of a log at one size, as it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The tree's root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Reads such a text; lines after the third are somebody else's and are passed over.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn from_text(text: &str) -> Result<Self, CryptoError> {
        let mut lines = text.lines();
        let (Some(origin), Some(digits), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CryptoError::Malformed);
        };
        let size: u64 = digits.parse().map_err(|_| CryptoError::Malformed)?;
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok()).ok_or(CryptoError::Malformed)?;
        // The digits as we would write them: no sign, no zero in front.
        if origin.is_empty() || digits != size.to_string() {
            return Err(CryptoError::Malformed);
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in the documentation of Go's `golang.org/x/mod/sumdb/note`, where the format comes from.
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\u{2014} PeterNeumann \
        x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn signer() -> Signer {
        Signer::new("milton/1", &Secret::new([7; 32]))
    }

    #[test]
    fn a_note_of_another_implementation_opens() {
        let verifier: Verifier = VKEY.parse().unwrap();
        assert_eq!(verifier.to_string(), VKEY);
        let text = verifier.open(NOTE).unwrap();
        assert!(text.starts_with("If you think") && text.ends_with("your problem is.\n"), "{text}");
    }

    #[test]
    fn what_was_signed_opens_and_nothing_else_does() {
        let (signer, text) = (signer(), "milton/1\n5\n\u{fc}ber\n");
        let note = signer.sign(text);
        assert_eq!(signer.verifier().open(&note), Ok(text));
        let verifier: Verifier = signer.verifier().to_string().parse().unwrap();
        assert_eq!(verifier.open(&note), Ok(text));
        assert_eq!(verifier.open(&note.replace("\n5\n", "\n6\n")), Err(CryptoError::DoesNotOpen));
        assert_eq!(verifier.open(NOTE), Err(CryptoError::WrongKey));
        let other = Signer::new("milton/1", &Secret::new([8; 32]));
        assert_eq!(other.verifier().open(&note), Err(CryptoError::WrongKey));
        let both = format!("{note}{}", other.sign(text).split_once("\n\n").unwrap().1);
        assert_eq!((other.verifier().open(&both), verifier.open(&both)), (Ok(text), Ok(text)));
        for broken in ["", "text\n", "text\n\n", "text\n\nline\n", "text\n\n\u{2014} n AAAA", "a\n\n\u{2014} n !\n"] {
            assert_eq!(verifier.open(broken), Err(CryptoError::Malformed), "{broken:?}");
        }
    }

    #[test]
    fn a_key_is_not_what_it_says_it_is() {
        let text = signer().verifier().to_string();
        for broken in ["", "a+b", &text.replace("milton/1", "milton/2"), &format!("{text}AAAA"), &text[..40]] {
            assert_eq!(broken.parse::<Verifier>(), Err(CryptoError::Malformed), "{broken}");
        }
        assert!(!format!("{:?}", signer()).contains("07, 07"));
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_written() {
        // The example of C2SP's tlog-checkpoint.
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = Checkpoint::from_text(text).unwrap();
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(checkpoint.to_text(), text);
        assert_eq!(Checkpoint::from_text(&format!("{text}more\n")), Ok(checkpoint));
        for (from, to) in [("2085", "02085"), ("2085", "+2085"), ("2085", "-2085"), ("CsU", "C"), ("example", "\n")] {
            assert_eq!(Checkpoint::from_text(&text.replacen(from, to, 1)), Err(CryptoError::Malformed), "{to}");
        }
        assert_eq!(Checkpoint::from_text("a\n5\n"), Err(CryptoError::Malformed));
    }
}
