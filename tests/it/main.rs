//! The integration tests: one binary, one file per feature.

// Helpers outside `#[test]` functions unwrap too: a panic is how a test fails.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod admin_users;
mod api_keys;
mod at_rest;
mod audit;
mod browser_session;
mod chat;
mod clean_up;
mod cli;
mod coverage;
mod crash;
mod delegations;
mod devices;
mod explanation;
mod flood;
mod floors;
mod forge;
mod guests;
mod idp;
mod idp_tls;
mod jobs;
mod leaving;
mod limits;
mod live;
mod lying_provider;
mod matrix;
mod model;
mod notifications;
mod oidc;
mod openapi;
mod operations;
mod passkeys;
mod preferences;
mod qr;
mod readme;
mod repetition;
mod schema;
mod search;
mod sign_in;
mod subprocess;
mod surplus;
mod teams;
mod tokens;
mod upgrade;
mod vault;
mod webhooks;
mod wire;
mod world;
mod writer;
