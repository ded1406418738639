//! The live stream: what is told at once, to whom, what ends it, and how it resumes.

mod account;
mod guests;
mod kill;
mod reader;
mod resume;
mod stage;
mod teams;
mod workspace;
