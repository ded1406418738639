//! Milton: a self-hosted workspace where a small team hands work to each other.

pub mod app;
pub mod base;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod domain;
pub mod http;
pub mod idp;
pub mod jobs;
pub mod store;
