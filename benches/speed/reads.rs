//! Reading one delegation and a list of 50, against the same server's sign of life.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use crate::Outcome;
use crate::client::request;
use crate::load::{self, Load};
use crate::people::Town;
use crate::report::{Pair, Report, Target};

const ROUNDS: usize = 5;
const LOAD: Load = Load { connections: 64, span: Duration::from_millis(1_500), status: 200, from: Ipv4Addr::LOCALHOST };

pub async fn run(town: &Town, report: &mut Report) -> Outcome<()> {
    let alive = Arc::new(vec![request("GET", "/healthz", None, None)]);
    let one = town.each_sends("GET", &town.one, None);
    let list = town.each_sends("GET", &format!("{}?limit=50", town.list), None);
    // Opens everybody's token and data key once; the first comparison of a token takes a bcrypt.
    load::run(&town.target, town.server.id(), LOAD, &one).await?;
    let (mut ones, mut lists) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let health = load::run(&town.target, town.server.id(), LOAD, &alive).await?;
        let read = load::run(&town.target, town.server.id(), LOAD, &one).await?;
        let page = load::run(&town.target, town.server.id(), LOAD, &list).await?;
        ones.push(Pair::of_rates(&read, &health));
        lists.push(Pair::of_rates(&page, &health));
    }
    report.ratio("read one delegation", "/healthz, req/s", ones, Target::AtLeast(0.50));
    report.ratio("list of 50", "/healthz, req/s", lists, Target::AtLeast(0.12));
    Ok(())
}
