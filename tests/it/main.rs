//! The integration tests: one binary, one file per feature.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod idp;
mod idp_tls;
mod lying_provider;
mod wire;
