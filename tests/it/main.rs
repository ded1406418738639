//! The integration tests: one binary, one file per feature.

// Helpers outside `#[test]` functions unwrap too: a panic is how a test fails.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod browser_session;
mod cli;
mod delegations;
mod forge;
mod idp;
mod idp_tls;
mod lying_provider;
mod oidc;
mod sign_in;
mod tokens;
mod wire;
mod world;
