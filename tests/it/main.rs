//! The integration tests: one binary, one file per feature.

// Helpers outside `#[test]` functions unwrap too: a panic is how a test fails.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod at_rest;
mod audit;
mod cli;
mod coverage;
mod crash;
mod delegations;
mod floors;
mod idp;
mod idp_tls;
mod lying_provider;
mod matrix;
mod openapi;
mod operations;
mod schema;
mod subprocess;
mod teams;
mod wire;
mod world;
mod writer;
