//! API keys: tokens that a person makes for a program.

/// A key; its secret is shown once, when it is made.
#[derive(Clone, Debug)]
pub struct ApiKey;
