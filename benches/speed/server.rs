//! The server under test: this program again, in a process of its own, serving the real product with limits that a
//! driver on one address does not meet.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use milton::app::{App, AppOptions, QuotaFigures};
use milton::base::clock::{Clock as _, SystemClock};
use milton::base::entropy::{SeededEntropy, SystemEntropy};
use milton::crypto::RootKey;
use milton::domain::actor::{Actor, Caller};
use milton::http::limits::Limits;
use milton::http::local_ca::LocalCa;
use milton::http::tls::{Certificate, server_config};
use milton::store::{Store, StoreOptions};
use tokio::net::TcpListener;

use crate::Outcome;

/// A quota that no driver uses up.
const PLENTY: u32 = 1_000_000_000;

/// A running server; stopped when dropped.
pub struct Server {
    child: Child,
    folder: PathBuf,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    /// The token that makes its bearer the owner.
    pub claim: String,
}

impl Server {
    /// Starts one on a fresh database in `folder`; with `open`, quotas are out of the way.
    pub fn start(folder: &Path, open: bool) -> Outcome<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--serve")
            .arg(folder)
            .arg(if open { "open" } else { "usual" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let (port, claim) = line.trim().split_once(' ').ok_or("the server did not start")?;
        Ok(Self { port: port.parse()?, claim: claim.to_owned(), child, folder: folder.to_owned() })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The certificate authority to trust.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    pub fn database(&self) -> PathBuf {
        self.folder.join("milton.db")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It serves until its input ends.
        drop(self.child.stdin.take());
        if self.child.wait().is_err() || std::fs::remove_dir_all(&self.folder).is_err() {
            eprintln!("{} is left over", self.folder.display());
        }
    }
}

/// The key of every server here: the driver seals with it what it writes into a file by itself.
pub fn root_key() -> RootKey {
    RootKey::generate(&SeededEntropy::new(1))
}

/// The child's side: serves until its input ends.
pub fn serve(folder: &Path, open: bool) -> Outcome<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(listen(folder, open))
}

async fn listen(folder: &Path, open: bool) -> Outcome<()> {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let random = Arc::<SystemEntropy>::clone(&entropy);
    let options = StoreOptions::at(&folder.join("milton.db"), clock.clone(), random);
    let store = Store::open(options, &root_key())?;
    let certificate = Certificate::new(LocalCa::open(folder, clock.now())?.issue(clock.now())?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let app = Arc::new(App::new(AppOptions {
        store,
        clock,
        entropy,
        providers: Vec::new(),
        quotas: quotas(open),
        public_url: format!("https://localhost:{port}"),
        outbound: milton::outbound::Options::default(),
        token_cost: milton::crypto::bearer::Cost::STANDARD,
    })?);
    let limits = Limits { connections_per_address: 1_024, ..Limits::default() };
    let endpoint = milton::http::endpoint(Arc::clone(&app), &limits, Vec::new())?;
    let link = app.create_claim_link(&Caller::local(Actor::Operator)).await?;
    let token = link.url.expose().split_once('#').ok_or("a link without a token")?.1;
    writeln!(std::io::stdout(), "{port} {token}")?;
    let tls = Arc::new(server_config(certificate)?);
    let parent = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    milton::http::server::serve(listener, endpoint, tls, limits, async {
        // Whether it ended well or not: nobody is there any more.
        let _ = parent.await;
    })
    .await;
    app.stop().await?;
    Ok(())
}

fn quotas(open: bool) -> QuotaFigures {
    let open_too: &[&str] = &["sign-ins", "requests", "requests-of-person", "delegations", "invitations", "messages"];
    let names = if open { open_too } else { &open_too[..1] };
    names.iter().map(|name| (*name, PLENTY)).collect::<HashMap<_, _>>()
}
