//! The matrix of roles and permissions: as a picture, against its written form, and cell by cell through the API.

mod accounts;
mod chat;
mod comments;
mod credentials;
mod delegations;
mod identities;
mod mine;
mod passkeys;
mod people;
mod stage;
mod table;
mod teams;
mod webhooks;
