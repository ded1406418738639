//! Blind indexes: a keyed hash that finds a row by a text which the database cannot read.
//!
//! What it leaks: that two rows of one column hold equal texts. Columns have keys of their own, so nothing can be
//! joined across them.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::primitive::{self, MacState};

/// The version of normalisation and key, first byte of each index; a rotation raises it.
pub(super) const VERSION: u8 = 1;

/// A column that can be looked up by its whole value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlindColumn {
    /// A user's e-mail address; case and compatibility forms do not count.
    UserEmail,
    /// An identity's `sub` claim; exact, because `OpenID` Connect Core section 2 makes it case-sensitive, and folding
    /// would let one subject pass for another.
    IdentitySubject,
    /// The address an invitation went to; as [`BlindColumn::UserEmail`], under another key.
    InvitationEmail,
    /// What a provider calls a session of its own (`sid`); exact.
    ProviderSession,
    /// A passkey's credential id; exact.
    PasskeyCredential,
    /// The network a QR sign-in was asked for from; exact.
    QrNetwork,
    /// A delegation's label, behind its team's id; case does not count.
    Label,
    /// The two people of a direct conversation; exact.
    ConversationPair,
    /// A credential's name, behind its owner's id; case does not count.
    CredentialName,
    /// A word of a text, behind its team's id; already folded. Its index is cut to 32 bits.
    SearchWord,
}

impl BlindColumn {
    /// All columns, in the order of their discriminants.
    pub const ALL: [Self; 10] = [
        Self::UserEmail,
        Self::IdentitySubject,
        Self::InvitationEmail,
        Self::ProviderSession,
        Self::PasskeyCredential,
        Self::QrNetwork,
        Self::Label,
        Self::ConversationPair,
        Self::CredentialName,
        Self::SearchWord,
    ];

    /// `table.column`, as in the key's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserEmail => "users.email",
            Self::IdentitySubject => "identities.subject",
            Self::InvitationEmail => "invitations.email",
            Self::ProviderSession => "sessions.provider_session",
            Self::PasskeyCredential => "passkeys.credential",
            Self::QrNetwork => "qr_logins.network",
            Self::Label => "delegation_labels.label",
            Self::ConversationPair => "conversations.pair",
            Self::CredentialName => "credentials.name",
            Self::SearchWord => "search_index.word",
        }
    }

    const fn is_exact(self) -> bool {
        !matches!(self, Self::UserEmail | Self::InvitationEmail | Self::Label | Self::CredentialName)
    }
}

/// One byte of version and 31 bytes of HMAC-SHA256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlindIndex([u8; 32]);

impl BlindIndex {
    pub(super) fn compute(key: &MacState, column: BlindColumn, text: &str) -> Self {
        let mut index = if column.is_exact() {
            primitive::mac(key, &[text.as_bytes()])
        } else {
            primitive::mac(key, &[Zeroizing::new(normalize(text)).as_bytes()])
        };
        index.copy_within(..31, 1);
        index[0] = VERSION;
        Self(index)
    }

    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Trims, brings to NFKC (Unicode annex 15) and folds case; doing so twice changes nothing more.
///
/// Equal forms mean "do not let both exist", never "the same mailbox": `straße` and `strasse` are equal here.
pub fn normalize(text: &str) -> String {
    text.nfkc().flat_map(fold).nfkc().collect::<String>().trim().to_owned()
}

/// Case folding by upper and lower case, which the standard library has: it agrees with Unicode's full `CaseFolding`
/// but for `ı`, kept apart below, and for Cherokee, folded to lower instead of upper case.
fn fold(letter: char) -> impl Iterator<Item = char> {
    // ı would become i by way of I: two people's addresses would look like one.
    let kept = (letter == 'ı').then_some(letter);
    let other = (letter != 'ı').then_some(letter);
    // Lower case first for the one letter, ẞ, whose upper case is itself.
    let folded = other.into_iter().flat_map(char::to_lowercase).flat_map(char::to_uppercase);
    kept.into_iter().chain(folded.flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(column: BlindColumn, text: &str) -> BlindIndex {
        BlindIndex::compute(&primitive::keyed(&[1; 32]), column, text)
    }

    #[test]
    fn forms_of_one_address_are_one() {
        let email = |text| index(BlindColumn::UserEmail, text);
        for form in ["Ana@Example.org", "  ana@example.org\n", "ＡＮＡ@example.org", "ANA@EXAMPLE.ORG"] {
            assert_eq!(email(form), email("ana@example.org"), "{form}");
        }
        assert_ne!(email("ana@example.org"), email("anna@example.org"));
        assert_ne!(email("mıke@example.org"), email("mike@example.org"), "the dotless i is another letter");
    }

    #[test]
    fn folding_reaches_the_letters_that_lower_case_misses() {
        for (a, b) in
            [("ẞ", "ss"), ("ß", "SS"), ("Σίσυφος", "ΣΊΣΥΦΟΣ"), ("\u{212a}", "k"), ("ﬁ", "FI"), ("e\u{301}", "É")]
        {
            assert_eq!(normalize(a), normalize(b), "{a} {b}");
        }
    }

    #[test]
    fn subjects_are_exact() {
        let subject = |text| index(BlindColumn::IdentitySubject, text);
        assert_eq!(subject("aB1"), subject("aB1"));
        assert_ne!(subject("aB1"), subject("ab1"));
        assert_ne!(subject("aB1"), subject(" aB1"));
    }

    #[test]
    fn the_version_comes_first_and_the_hash_follows() {
        let index = index(BlindColumn::IdentitySubject, "x");
        assert_eq!(index.as_bytes()[0], VERSION);
        assert_eq!(index.as_bytes()[1..], primitive::mac(&primitive::keyed(&[1; 32]), &[b"x"])[..31]);
    }

    #[test]
    fn columns_are_listed_in_the_order_of_their_keys() {
        for (at, column) in BlindColumn::ALL.into_iter().enumerate() {
            assert_eq!(column as usize, at);
        }
    }

    #[test]
    fn normalising_any_cased_letter_twice_changes_nothing_more() {
        for letter in '\0'..='\u{1ffff}' {
            let once = normalize(letter.encode_utf8(&mut [0; 4]));
            assert_eq!(normalize(&once), once, "{letter:?}");
        }
    }

    proptest! {
        #[test]
        fn case_does_not_count(text in "[ -~à-öø-ÿа-яα-ω]{0,40}") {
            prop_assert_eq!(normalize(&text.to_uppercase()), normalize(&text));
            prop_assert_eq!(normalize(&text.to_lowercase()), normalize(&text));
        }
    }
}
