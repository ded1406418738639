//! Floor 1: how requests leave this machine for addresses that somebody typed in. Knows of networks and TLS, and nothing of
//! Milton's business.
//!
//! Whoever may name an address can make the server speak to it, from within its own network (server-side request
//! forgery). So a [`Client`] sends to public addresses alone, unless the operator allows more:
//!
//! - An [`Address`] is https, without user name, password and fragment, on port 443 or one from 1024 on: what listens
//!   below is the machine's own, such as mail or SSH. Plain http (port 80 or from 1024 on) goes only into networks that
//!   are allowed by name, where there may be no certificates.
//! - The name is resolved here, anew for each request, and *every* address it has must be fit: a name with one private
//!   address among public ones is refused whole.
//! - The connection goes to an address that was looked at, never to the name: who answers differently the second time
//!   (DNS rebinding) is not asked a second time.
//! - No redirect is followed, and of an answer nothing is kept but its status.

mod address;
mod client;
mod public;
mod resolver;
mod tls;

pub use address::{Address, Unfit};
pub use client::{Client, Options, SendError};
pub use public::is_public;
pub use resolver::{Resolver, Resolving, SystemResolver};
pub use tls::{RootsError, client_config};
