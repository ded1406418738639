//! Trips to a provider and back: what somebody goes for, how far they have got, and where a trip may end.

use std::time::Duration;

use super::Error;
use super::actor::SignedIn;
use super::native::NativeApp;

/// How long a native app has to exchange its one-time code.
pub const CODE_LIFETIME: Duration = Duration::from_mins(1);

/// What somebody goes to a provider for.
#[derive(Clone, Debug)]
pub enum Errand {
    /// To sign in.
    SignIn,
    /// To accept the invitation with this selector, whose token they have shown.
    Invitation(String),
    /// To link an identity to the account they are signed in to.
    Link(SignedIn),
    /// To prove anew who they are, in the session they are in, and to go on there.
    StepUp(SignedIn, ReturnPath),
    /// To sign in to an app on their own machine.
    Native(NativeApp),
}

impl Errand {
    /// Its name in the database.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Invitation(_) => "invitation",
            Self::Link(_) => "link",
            Self::StepUp(..) => "step-up",
            Self::Native(_) => "native",
        }
    }

    /// The sign-in it belongs to, when it is of somebody who is signed in.
    pub const fn signed_in(&self) -> Option<SignedIn> {
        match self {
            Self::Link(signed_in) | Self::StepUp(signed_in, _) => Some(*signed_in),
            Self::SignIn | Self::Invitation(_) | Self::Native(_) => None,
        }
    }
}

/// Where a browser goes on in the console: a path of ours and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath(String);

impl ReturnPath {
    /// The account's page.
    pub fn account() -> Self {
        Self("/account".to_owned())
    }

    /// Refuses whatever a browser could take for another site's address: `//host`, `/\host`, a scheme, and characters
    /// that it drops before it looks. `pointer` says where it stood.
    pub fn parse(pointer: &str, text: &str) -> Result<Self, Error> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#'));
        let ours = text.starts_with('/') && !text.contains("//") && text.len() <= 500;
        if plain && ours {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid(pointer, "must be a path of this server"))
        }
    }

    /// The path, with a query perhaps.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path with one more parameter; `name` and `word` are words of ours.
    pub fn with(&self, name: &str, word: &str) -> String {
        let joint = if self.0.contains('?') { '&' } else { '?' };
        format!("{}{joint}{name}={word}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_ours_leads_nowhere_else() {
        for good in ["/", "/account", "/teams/1?tab=work&at=2", "/a-b_c.d~e"] {
            assert_eq!(ReturnPath::parse("/return_to", good).unwrap().as_str(), good);
        }
        let evil = [
            "",
            "account",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/ /evil.example",
            "/.//evil.example",
            "javascript:alert(1)",
            "/a#b",
            "/ä",
            "/a\u{0}",
            "/a b",
            "///evil.example",
            "/?next=//evil.example",
        ];
        for path in evil {
            assert!(ReturnPath::parse("/return_to", path).is_err(), "{path:?}");
        }
        assert!(ReturnPath::parse("/return_to", &format!("/{}", "a".repeat(500))).is_err());
    }

    #[test]
    fn a_word_is_added_to_what_is_asked_already() {
        let with = |path: &str| ReturnPath::parse("/", path).unwrap().with("problem", "held");
        assert_eq!((with("/a"), with("/a?b=c")), ("/a?problem=held".to_owned(), "/a?b=c&problem=held".to_owned()));
    }
}
