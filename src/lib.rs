//! Milton: a self-hosted workspace where a small team hands work to each other. One binary, one SQLite file.
//!
//! This page is the architecture document. The folder listing is the architecture; `tests/it/floors.rs` reads every
//! source and fails when either leaves what is written here.
//!
//! # The house, floor by floor
//!
//! A module imports only from floors below its own. Two modules on one floor do not know each other.
//!
//! ```text
//! src/
//!   main.rs            argv, cli, exit code
//!   cli/      floor 5  the command line, one file per command; it alone wires the parts together
//!   http/     floor 4  the web: listener, limits, problems, headers, console; v1/ holds one file per feature
//!   jobs/     floor 4  what runs by the clock
//!   app/      floor 3  what Milton does: App::act and App::ask, quotas; one file per feature
//!   store/    floor 2  the database: the door, the writer, the audit log; one file per feature
//!   idp/      floor 2  OpenID Connect, as a client
//!   webauthn/ floor 2  WebAuthn, as a relying party
//!   domain/   floor 1  pure types and rules: actor, permission/ (the matrix), event, error; no I/O
//!   crypto/   floor 1  keyring, sealed fields, blind indexes, bearer tokens, Merkle tree; knows no domain
//!   config/   floor 1  one file per section of the configuration
//!   outbound/ floor 1  how requests leave: which addresses may be reached, TLS, one request
//!   base/     floor 0  clock, entropy, typed ids, secrets, pages, seats, whole files
//! ```
//!
//! A feature is a column: `delegation` has a file or a folder of that name on each floor from `domain/` up.
//!
//! # The one door
//!
//! There is one way to change anything: an [`Action`](store::Action) handed to [`App::act`](app::App::act). There is
//! one way to read anything on somebody's behalf: a [`Query`](store::Query) handed to [`App::ask`](app::App::ask).
//! An action says which permission it needs, which event it leaves and what it acts on; the door does the rest, in
//! one transaction: roles read, permission decided, effect, audit row. A [`Tx`](store::Tx) can be got nowhere else, so
//! that holding one means: this was allowed, and it will be audited or it will not happen.
//!
//! Sign-in, timers and the command line go through the same door as actors of their own, with their own rows in the
//! matrix.
//!
//! # One request, end to end: somebody creates a delegation
//!
//! 1. `http/server.rs` accepts; `http/tls.rs` shakes hands (TLS 1.3, there is no plaintext listener);
//!    `http/connection.rs` bounds every wait and size; `http/request_id.rs` gives the request its id.
//! 2. `http/caller.rs` finds out who asks. It is the first argument of every operation, and arguments are read in
//!    their order: nothing of the body is looked at before. The token's MAC, its row and its bcrypt hash are checked by
//!    `app/bearer.rs`.
//! 3. `http/v1/delegation_lists.rs` turns the body, read strictly by `http/body.rs`, into a `Create` of `app/delegation/`:
//!    parsed into domain types once, never validated again.
//! 4. `app/mod.rs`, `App::act`: one of the caller's twenty an hour is spent in `app/quota.rs`, or 429 before anything
//!    else.
//! 5. `store/writer.rs` takes the act from its queue together with whatever else waits, and `store/door.rs` runs it
//!    under a savepoint of its own: state and role of the caller are read, `domain/permission/` decides (else 403 and
//!    a `denied` row), `store/delegation.rs` writes the sealed row, `store/audit.rs` appends the audit row and its leaf.
//! 6. One commit, synced to the disk, for all acts of the batch; only then is anybody answered.
//! 7. `http/v1/answer/mod.rs` answers 201 with `Location`, `ETag`, `RateLimit` and `Milton-Audit`, the number of the row. An
//!    error of any floor becomes `application/problem+json` in `http/problem.rs`, and nowhere else.
//!
//! # Where a new feature goes
//!
//! Its rules into `domain/`, its permission into the matrix of `domain/permission/`, its events into
//! `domain/event.rs`; a migration into `store/migrations/` and its statements into a file of `store/`; its actions and
//! queries into a file of `app/`; its operations into a file of `http/v1/`. The tests that hold the promises — matrix,
//! coverage, schema, statements, floors — fail until it is complete.

pub mod app;
pub mod base;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod domain;
pub mod http;
pub mod idp;
pub mod jobs;
pub mod outbound;
pub mod store;
pub mod webauthn;
