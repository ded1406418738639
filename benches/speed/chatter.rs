//! Messages by the million, written into the file of a server that has nothing else to do: sealed and indexed as the
//! product does it, without a request, an audit row and a sync for each.

use std::collections::HashMap;
use std::path::Path;

use milton::base::clock::{Clock as _, SystemClock};
use milton::base::entropy::{SystemEntropy, bytes};
use milton::crypto::{BlindColumn, Dek, Keyring, Owner, OwnerKind, Place, field};
use rusqlite::{Connection, params};
use uuid::{Builder, Uuid};

use crate::Outcome;
use crate::server::root_key;

const CONVERSATIONS: usize = 10;
/// Consecutive messages of one conversation.
const STRETCH: usize = 100;
/// Messages that the rare word stands in.
const RARE: usize = 20;
/// Words that make up the rest.
const VOCABULARY: usize = 20_000;
const OTHER_WORDS: usize = 6;
/// Messages to a commit.
const BATCH: usize = 50_000;

/// The words of the `nth` of so many messages: `often` in every tenth, `commonly` in every tenth of which every tenth is
/// one with `often`, `rarely` in twenty, each of them one with `often`.
fn words_of(nth: usize, messages: usize) -> Vec<String> {
    // Spread by a prime: neighbours share no word.
    let mut words: Vec<_> = (1..=OTHER_WORDS).map(|at| format!("word{}", nth * at * 7_919 % VOCABULARY)).collect();
    let is_commonly = if nth.is_multiple_of(10) { nth.is_multiple_of(100) } else { nth % 10 == 5 && nth % 100 != 5 };
    for (word, stands) in
        [("often", nth.is_multiple_of(10)), ("commonly", is_commonly), ("rarely", nth.is_multiple_of(messages / RARE))]
    {
        if stands {
            words.push(word.to_owned());
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// The only team of the database, its people and its keys.
struct Ground {
    keyring: Keyring,
    dek: Dek,
    team: String,
    number: i64,
    people: Vec<String>,
}

/// Writes them.
pub fn fill(database: &Path, messages: usize) -> Outcome<()> {
    let mut connection = Connection::open(database)?;
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;")?;
    let ground = Ground::read(&connection)?;
    let conversations = conversations(&connection, &ground)?;
    let now = u64::try_from(SystemClock.now().micros() / 1_000)?;
    let start = now - u64::try_from(messages)?;
    let mut index = Index { ground: &ground, known: HashMap::new(), rows: Vec::new() };
    for first in (0..messages).step_by(BATCH) {
        let transaction = connection.transaction()?;
        let mut insert = transaction.prepare(
            "INSERT INTO messages (id, conversation_id, author_id, body_sealed, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for nth in first..messages.min(first + BATCH) {
            let millis = start + u64::try_from(nth)?;
            let id = Builder::from_unix_timestamp_millis(millis, &bytes(&SystemEntropy)).into_uuid();
            let conversation = conversations[nth / STRETCH % CONVERSATIONS];
            let words = words_of(nth, messages);
            let author = &ground.people[nth % ground.people.len()];
            let values = params![
                id.to_string(),
                conversation.to_string(),
                author,
                ground.seal(id, &words.join(" "))?,
                i64::try_from(millis)? * 1_000
            ];
            insert.execute(values)?;
            index.add(conversation, id, words);
        }
        drop(insert);
        transaction.commit()?;
    }
    index.write(&mut connection)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

impl Ground {
    fn read(connection: &Connection) -> Outcome<Self> {
        let instance: Vec<u8> =
            connection.query_one("SELECT value FROM settings WHERE name = 'instance_id'", [], |row| row.get(0))?;
        let keyring = Keyring::open(&root_key(), Uuid::from_slice(&instance)?, &SystemEntropy);
        let (team, number): (String, i64) =
            connection
                .query_one("SELECT team_id, number FROM search_teams", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let wrapped: Vec<u8> =
            connection.query_one("SELECT wrapped FROM data_keys WHERE owner_id = ?1", [&team], |row| row.get(0))?;
        let dek = keyring.unwrap_dek(&wrapped, Owner { kind: OwnerKind::Team, id: team.parse()? })?;
        let mut people = connection.prepare("SELECT user_id FROM memberships")?;
        let people = people.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Self { keyring, dek, team, number, people })
    }

    fn seal(&self, row: Uuid, text: &str) -> Outcome<Vec<u8>> {
        let place = Place { table: "messages", column: "body_sealed", row, owner: self.team.parse()? };
        Ok(field::seal(&self.dek, place, text.as_bytes(), &SystemEntropy).into_bytes())
    }
}

/// Group conversations in which everybody takes part.
fn conversations(connection: &Connection, ground: &Ground) -> Outcome<Vec<Uuid>> {
    let mut ids = Vec::new();
    for _ in 0..CONVERSATIONS {
        let id = Builder::from_unix_timestamp_millis(0, &bytes(&SystemEntropy)).into_uuid();
        let sql =
            "INSERT INTO conversations (id, team_id, kind, created_at, updated_at) VALUES (?1, ?2, 'group', 0, 0)";
        connection.execute(sql, params![id.to_string(), ground.team])?;
        for person in &ground.people {
            let sql = "INSERT INTO conversation_participants (conversation_id, user_id, joined_at) VALUES (?1, ?2, 0)";
            connection.execute(sql, params![id.to_string(), person])?;
        }
        ids.push(id);
    }
    Ok(ids)
}

/// The rows of the search index, sorted before they are written.
struct Index<'a> {
    ground: &'a Ground,
    known: HashMap<(Uuid, String), i64>,
    rows: Vec<(i64, Uuid)>,
}

impl Index<'_> {
    fn add(&mut self, conversation: Uuid, id: Uuid, words: Vec<String>) {
        for word in words {
            let keyring = &self.ground.keyring;
            let number = *self.known.entry((conversation, word)).or_insert_with_key(|(conversation, word)| {
                let text = format!("{conversation}/message/{word}");
                let [_, a, b, c, d, ..] = *keyring.blind_index(BlindColumn::SearchWord, &text).as_bytes();
                i32::from_be_bytes([a, b, c, d]).into()
            });
            self.rows.push((number, id));
        }
    }

    fn write(mut self, connection: &mut Connection) -> Outcome<()> {
        self.rows.sort_unstable();
        for batch in self.rows.chunks(BATCH * 10) {
            let transaction = connection.transaction()?;
            let sql = "INSERT INTO search_index (team, word, found) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            let mut insert = transaction.prepare(sql)?;
            for (word, id) in batch {
                insert.execute(params![self.ground.number, word, id.as_bytes().as_slice()])?;
            }
            drop(insert);
            transaction.commit()?;
        }
        Ok(())
    }
}
