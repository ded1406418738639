//! The wire: what the listener refuses, how every error looks, and what the pages may do.

mod answers;
mod harness;
mod listener;
mod pages;
mod streams;
mod toy;
