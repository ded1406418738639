//! What somebody could do who holds the database file or the root key: change rows, and make tokens that the server's
//! own keys vouch for.

use std::sync::Mutex;

use milton::base::entropy::{Entropy, SeededEntropy};
use milton::crypto::{Keyring, TokenKind};
use rusqlite::{Connection, Params};

use crate::world::{World, root_key};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn connection(world: &World) -> Connection {
    Connection::open(world.folder().join("milton.db")).unwrap()
}

/// Changes the database behind the server's back; answers how many rows.
pub fn sql(world: &World, statement: &str, values: impl Params) -> usize {
    connection(world).execute(statement, values).unwrap()
}

/// A number out of the database, such as a count.
pub fn number(world: &World, query: &str) -> i64 {
    connection(world).query_row(query, [], |row| row.get(0)).unwrap()
}

/// A text out of the database, when there is one.
pub fn text(world: &World, query: &str) -> Option<String> {
    connection(world).query_row(query, [], |row| row.get(0)).ok()
}

/// How many rows a table has.
pub fn count(world: &World, table: &str) -> i64 {
    number(world, &["SELECT count(*) FROM ", table].concat())
}

/// A sign-in by QR that nobody went through with.
pub fn qr_login(world: &World, id: &str, number: u8, expires_at: i64) {
    let insert = "INSERT INTO qr_logins (id, state, poll_hash, scan_hash, name_sealed, platform_sealed, network_bidx, \
        number, first_decoy, second_decoy, created_at, expires_at) \
        VALUES (?1, 'created', ?2, ?2, x'00', x'00', x'00', 11, 12, 13, 0, ?3)";
    sql(world, insert, (id, [number; 32], expires_at));
}

/// A token that the server's own keys made, and of which no row knows.
pub fn unknown(world: &World, kind: TokenKind) -> String {
    mint(world, kind, &SeededEntropy::new(4711))
}

/// A token with the selector of another, a secret of one's own, and the MAC that belongs to both.
pub fn with_selector_of(world: &World, token: &str) -> String {
    guess(world, token, 7)
}

/// The same with one of many secrets, 0–61.
pub fn guess(world: &World, token: &str, number: u8) -> String {
    let kind = match &token[..6] {
        "mlt_s_" => TokenKind::Session,
        "mlt_k_" => TokenKind::ApiKey,
        _ => TokenKind::SignInLink,
    };
    let digits = token[6..22].bytes().map(|digit| DIGITS.iter().position(|known| *known == digit).unwrap());
    let chosen = Chosen(Mutex::new(digits.map(|digit| u8::try_from(digit).unwrap()).collect()), number);
    let forged = mint(world, kind, &chosen);
    assert!(forged[..22] == token[..22] && forged != token);
    forged
}

fn mint(world: &World, kind: TokenKind, entropy: &dyn Entropy) -> String {
    let query = "SELECT value FROM settings WHERE name = 'instance_id'";
    let instance: Vec<u8> = connection(world).query_row(query, [], |row| row.get(0)).unwrap();
    let keyring = Keyring::open(&root_key(), uuid::Uuid::from_slice(&instance).unwrap(), &SeededEntropy::new(1));
    keyring.token_keys().mint(kind, entropy).token.expose().clone()
}

/// Randomness that begins as one wants it.
struct Chosen(Mutex<Vec<u8>>, u8);

impl Entropy for Chosen {
    fn fill(&self, buffer: &mut [u8]) {
        let chosen = std::mem::take(&mut *self.0.lock().unwrap());
        buffer.fill(self.1);
        buffer[..chosen.len()].copy_from_slice(&chosen);
    }
}

/// A token in which one character is another.
pub fn mistyped(token: &str, position: usize) -> String {
    let other = if &token[position..=position] == "a" { "b" } else { "a" };
    [&token[..position], other, &token[position + 1..]].concat()
}

/// Opens a delegation to somebody in the name of an Owner of its team, until a moment.
pub fn grant(world: &World, team: &str, delegation: &str, guest: &crate::world::Person, role: &str, expires_at: i64) {
    let insert = "INSERT INTO resource_grants (id, team_id, resource_type, resource_id, user_id, role, granted_by, \
        created_at, expires_at) SELECT lower(hex(randomblob(16))), ?1, 'delegation', ?2, ?3, ?4, m.user_id, 0, ?5 \
        FROM memberships m WHERE m.team_id = ?1 AND m.role = 'owner' LIMIT 1";
    assert_eq!(sql(world, insert, (team, delegation, &guest.id, role, expires_at)), 1);
}
