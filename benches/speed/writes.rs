//! Creating delegations through the API, against the same rows written by hand with nothing around them.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use crate::Outcome;
use crate::bare::Bare;
use crate::load::{self, Load};
use crate::people::{Town, work};
use crate::report::{Pair, Report, Target};

const ROUNDS: usize = 5;
const SPAN: Duration = Duration::from_secs(2);
const LOAD: Load = Load { connections: 64, span: SPAN, status: 201, from: Ipv4Addr::LOCALHOST };

pub async fn run(town: &Town, folder: &Path, report: &mut Report) -> Outcome<()> {
    let create = town.each_sends("POST", &town.list, Some(&work(None)));
    load::run(&town.target, town.server.id(), Load { span: SPAN / 4, ..LOAD }, &create).await?;
    let mut bare = Bare::like(&town.server.database(), &folder.join("data"))?;
    let (mut grouped, mut single) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let product = load::run(&town.target, town.server.id(), LOAD, &create).await?;
        let group = bare.run(LOAD.connections, 256, SPAN)?;
        let alone = bare.run(LOAD.connections, 1, SPAN)?;
        grouped.push(Pair::of_rate(&product, group));
        single.push(Pair::of_rate(&product, alone));
    }
    report.ratio("durable create", "bare group commit, rows/s", grouped, Target::AtLeast(0.60));
    report.ratio("durable create", "one transaction each, rows/s", single, Target::AtLeast(20.0));
    Ok(())
}
