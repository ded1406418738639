//! Values that must not be seen: no log line, error or debug print shows them, and dropping them wipes them.

use std::fmt;

use zeroize::Zeroize;

/// Holds a secret. `Debug` prints `[secret]`; there is no `Display`, no serialisation and no comparison.
///
/// ```
/// use milton::base::secret::Secret;
/// assert_eq!(format!("{:?}", Secret::new(String::from("hunter2"))), "[secret]");
/// ```
/// ```compile_fail
/// use milton::base::secret::Secret;
/// println!("{}", Secret::new(String::from("hunter2")));
/// ```
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a secret.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The secret itself; the name is long so that each use is seen.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
