//! `milton audit`: checks the audit log, and accepts that an older one is all there is.

use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::{Exit, Failure};
use super::output::Output;
use super::place::Place;
use super::{database, runtime, server};
use crate::base::entropy::SystemEntropy;
use crate::store::audit_check::Verified;
use crate::store::{Inspection, Store};

/// The audit log
#[derive(Args)]
#[command(after_help = "Examples:\n  milton audit verify\n  milton audit verify --data /srv/copy-of-milton --json")]
pub struct Audit {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Recompute the log's tree from its rows, and compare it with all that is kept and signed of it
    ///
    /// Changes nothing; may run beside the server, or on a copy of its folder. Exit code 1 names the first bad row.
    #[command(after_help = "Example:\n  milton audit verify --config /etc/milton/milton.toml")]
    Verify(Place),
    /// Go on with a database that is older than its anchor, because the newer one is lost
    ///
    /// Begins a new epoch of the log, whose first row cites the head that was signed last.
    #[command(after_help = "Example:\n  milton audit accept-rollback --config /etc/milton/milton.toml")]
    AcceptRollback(Place),
}

impl Audit {
    pub fn run(&self, output: Output) -> Result<(), Failure> {
        match &self.command {
            AuditCommand::Verify(place) => verify(place, output),
            AuditCommand::AcceptRollback(place) => accept_rollback(place, output),
        }
    }
}

fn verify(place: &Place, output: Output) -> Result<(), Failure> {
    let settings = place.load(Vec::new())?;
    let key = settings.root_key()?;
    let inspection = Inspection::open(&settings.layout.database(), &key, &SystemEntropy)?;
    let found = inspection.audit().map_err(|error| Failure::new(Exit::Io, error.to_string()))?;
    let Verified::Sound { rows } = found else { return Err(Failure::new(Exit::Failed, found.to_string())) };
    let anchor = settings.anchor();
    let anchored = match inspection.anchored(&anchor).map_err(|error| Failure::new(Exit::Io, error.to_string()))? {
        None => None,
        Some(Ok(size)) => Some(size),
        Some(Err(rolled_back)) => return Err(Failure::new(Exit::Rollback, rolled_back.to_string())),
    };
    let compared = match anchored {
        Some(size) => format!("{} remembers the first {size}", anchor.display()),
        None => format!("there is no anchor at {} to compare with", anchor.display()),
    };
    let mut said = json!({"event": "audit-verified", "rows": rows});
    if let Some(size) = anchored {
        said["anchored_rows"] = json!(size);
    }
    output.say(&format!("{rows} rows, all as they were written; {compared}"), &said);
    Ok(())
}

fn accept_rollback(place: &Place, output: Output) -> Result<(), Failure> {
    let settings = place.load(Vec::new())?;
    let key = settings.root_key()?;
    let Some((store, rollback)) = Store::accept_rollback(database::options(&settings), &key)? else {
        return Err(Failure::new(
            Exit::Failed,
            "the database is what its anchor remembers: there is nothing to accept",
        ));
    };
    let (epoch, found) = (rollback.epoch, rollback.found.to_string());
    let app = server::app(&settings, settings.config.http.port, store, Vec::new())?;
    let noted = runtime::narrow()?.block_on(app.record_rollback(rollback));
    app.store().close();
    noted.map_err(|error| Failure::new(Exit::Io, error.to_string()))?;
    output.say(
        &format!("accepted: {found}; epoch {epoch} of the log begins"),
        &json!({"event": "rollback-accepted", "epoch": epoch}),
    );
    Ok(())
}
