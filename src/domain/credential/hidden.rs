//! Text of a credential: nothing prints it, dropping it wipes it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::secret::Secret;

/// Text that people keep in a vault, as they wrote it: nothing is trimmed or folded. Its serialised form is for sealing.
///
/// ```
/// use milton::domain::credential::Hidden;
/// assert_eq!(format!("{:?}", Hidden::from(String::from("hunter2"))), "Hidden([secret])");
/// ```
#[derive(Clone, Debug)]
pub struct Hidden(Secret<String>);

impl Hidden {
    /// The text itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(Secret::new(text))
    }
}

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        String::deserialize(reader).map(Self::from)
    }
}
