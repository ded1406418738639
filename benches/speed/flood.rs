//! Sixteen people at work, alone and beside a flood of forged tokens.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::Outcome;
use crate::client::request;
use crate::load::{self, Load};
use crate::people::Town;
use crate::report::{Pair, Report, Target};

const ROUNDS: usize = 5;
const SPAN: Duration = Duration::from_secs(2);
const GOOD: Load = Load { connections: 16, span: SPAN, status: 200, from: Ipv4Addr::LOCALHOST };
/// As many connections as one address may hold, from an address of their own.
const FORGED: Load = Load { connections: 64, span: SPAN, status: 401, from: Ipv4Addr::new(127, 0, 0, 66) };

pub async fn run(folder: &Path, report: &mut Report) -> Outcome<()> {
    let town = Town::found(&folder.join("flood"), true).await?;
    let good = town.each_sends("GET", &town.one, None);
    let forged = Arc::new(vec![request("GET", &town.one, Some(&forge(&town.tokens[0])), None)]);
    let server = town.server.id();
    load::run(&town.target, server, Load { span: SPAN / 4, ..GOOD }, &good).await?;
    let rows = rows(&town.server.database())?;
    let (mut waits, mut refused, mut cost) = (Vec::new(), 0, 0.0_f64);
    for _ in 0..ROUNDS {
        let quiet = load::run(&town.target, server, GOOD, &good).await?;
        let alone = load::run(&town.target, server, Load { span: SPAN / 4, ..FORGED }, &forged).await?;
        let (beside, flood) = tokio::join!(
            load::run(&town.target, server, GOOD, &good),
            load::run(&town.target, server, FORGED, &forged)
        );
        waits.push(Pair::new(beside?.quantile(0.99), quiet.quantile(0.99)));
        refused += flood?.count() + alone.count();
        cost = cost.max(alone.cpu);
    }
    let left = rows_since(&town.server.database(), rows)?;
    report.ratio("good users' p99 beside a flood", "without, ms", waits, Target::AtMost(2.0));
    // A bcrypt takes some 62,000.
    report.figure("processor time per forged token", "µs", cost, 1_000.0);
    report.figure(&format!("audit rows for {refused} forged tokens"), "rows", left as f64, 30.0);
    Ok(())
}

/// The same token with another secret: right in shape, wrong in its check.
fn forge(token: &str) -> String {
    let (front, back) = token.split_at(30);
    front.to_owned() + &back.chars().map(|c| if c == 'A' { 'B' } else { c }).rev().collect::<String>()
}

fn rows(database: &Path) -> Outcome<i64> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    Ok(connection.query_one("SELECT max(seq) FROM audit_log", [], |row| row.get(0))?)
}

fn rows_since(database: &Path, before: i64) -> Outcome<i64> {
    Ok(rows(database)? - before)
}
