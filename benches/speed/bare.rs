//! The yardstick for writes: the rows of a create, written by a plain loop over rusqlite. No permission is asked,
//! nothing is sealed or hashed, nobody speaks HTTP; the same tables, indexes and constraints, the same durability.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use crate::Outcome;

/// What a create writes, and which columns are new in each row.
const TABLES: [(&str, &str); 4] = [
    ("delegations", "SELECT * FROM delegations ORDER BY id DESC LIMIT 1"),
    ("delegation_custody", "SELECT * FROM delegation_custody ORDER BY delegation_id DESC LIMIT 1"),
    ("audit_log", "SELECT * FROM audit_log ORDER BY seq DESC LIMIT 1"),
    ("quota_state", "SELECT * FROM quota_state WHERE quota = 'delegations' LIMIT 1"),
];

/// Somebody who waits for the commit.
type Job = SyncSender<()>;

/// A copy of the product's database, and the statements that fill it.
pub struct Bare {
    connection: Connection,
    rows: Vec<(String, Vec<Value>)>,
    head: (String, Vec<Value>),
    seq: i64,
}

impl Bare {
    /// Copies the database, and takes the last rows of a create as its pattern.
    pub fn like(database: &Path, folder: &Path) -> Outcome<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        let copy = folder.join("bare.db");
        let source = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        source.execute("VACUUM INTO ?1", [copy.to_str().ok_or("a path that is no text")?])?;
        let connection = Connection::open(copy)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
             PRAGMA cache_size = -2000;",
        )?;
        let rows =
            TABLES.iter().map(|(table, pattern)| pattern_of(&connection, table, pattern)).collect::<Outcome<_>>()?;
        let head = pattern_of(&connection, "audit_head", "SELECT * FROM audit_head")?;
        let seq = connection.query_one("SELECT max(seq) FROM audit_log", [], |row| row.get(0))?;
        Ok(Self { connection, rows, head, seq })
    }

    /// Creates per second when `producers` ask at once and at most `batch` share a commit.
    pub fn run(&mut self, producers: usize, batch: usize, span: Duration) -> Outcome<f64> {
        let (queue, waiting) = sync_channel::<Job>(1_024);
        std::thread::scope(|scope| {
            let start = Instant::now();
            for _ in 0..producers {
                let queue = queue.clone();
                scope.spawn(move || produce(&queue, start, span));
            }
            drop(queue);
            let written = self.write(&waiting, batch)?;
            Ok(written as f64 / start.elapsed().as_secs_f64())
        })
    }

    fn write(&mut self, waiting: &Receiver<Job>, batch: usize) -> Outcome<usize> {
        let mut written = 0;
        while let Ok(first) = waiting.recv() {
            let mut jobs = vec![first];
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            self.create()?;
            while jobs.len() < batch
                && let Ok(more) = waiting.try_recv()
            {
                jobs.push(more);
                self.create()?;
            }
            self.head.1[1] = Value::Integer(self.seq);
            self.connection.prepare_cached(&self.head.0)?.execute(params_from_iter(&self.head.1))?;
            self.connection.execute_batch("COMMIT")?;
            written += jobs.len();
            for job in jobs {
                job.send(())?;
            }
        }
        Ok(written)
    }

    fn create(&mut self) -> Outcome<()> {
        self.seq += 1;
        // Ids grow with time, as the product's do; those of one run stand behind all that were there.
        let id = format!("fffffff0-0000-7000-8000-{:012x}", self.seq);
        for (table, (sql, values)) in self.rows.iter_mut().enumerate() {
            match table {
                0 | 1 => values[0] = Value::Text(id.clone()),
                2 => {
                    values[0] = Value::Integer(self.seq);
                    values[8] = Value::Text(id.clone());
                }
                _ => values[2] = Value::Integer(self.seq),
            }
            self.connection.prepare_cached(sql)?.execute(params_from_iter(values.iter()))?;
        }
        Ok(())
    }
}

fn produce(queue: &SyncSender<Job>, start: Instant, span: Duration) {
    let (done, answer) = sync_channel(1);
    while start.elapsed() < span && queue.send(done.clone()).is_ok() && answer.recv().is_ok() {}
}

/// The statement that writes a row of this table, and the values of the row that `pattern` finds.
fn pattern_of(connection: &Connection, table: &str, pattern: &str) -> Outcome<(String, Vec<Value>)> {
    let mut statement = connection.prepare(pattern)?;
    let columns = statement.column_count();
    let values = statement.query_one([], |row| (0..columns).map(|column| row.get(column)).collect())?;
    let marks = vec!["?"; columns].join(", ");
    let verb = if matches!(table, "quota_state" | "audit_head") { "REPLACE" } else { "INSERT" };
    Ok((format!("{verb} INTO {table} VALUES ({marks})"), values))
}
