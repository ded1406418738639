//! Wires the parts together and serves until the process is told to stop.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::certificate::Source;
use super::control;
use super::database;
use super::exit::{Exit, Failure};
use super::greeting::Greeting;
use super::logging;
use super::operator;
use super::output::Output;
use super::place::Settings;
use super::providers;
use super::runtime;
use crate::app::{App, AppOptions, QuotaFigures};
use crate::base::clock::SystemClock;
use crate::base::entropy::SystemEntropy;
use crate::config;
use crate::crypto::bearer::Cost;
use crate::domain::{Error, quota};
use crate::http::limits::Limits;
use crate::http::server::serve;
use crate::http::tls::{Certificate, server_config};
use crate::idp::Provider;
use crate::jobs::Jobs;
use crate::jobs::answer_clean_up::AnswerCleanUp;
use crate::jobs::audit_check::AuditCheck;
use crate::jobs::certificate::CertificateRenewal;
use crate::jobs::checkpoint::Checkpoint;
use crate::jobs::delegation_overdue::DelegationOverdue;
use crate::jobs::failure_bursts::FailureBursts;
use crate::jobs::last_seen::LastSeen;
use crate::jobs::provider_tokens::ProviderTokens;
use crate::jobs::qr_expiry::QrExpiry;
use crate::jobs::search_fill::SearchFill;
use crate::jobs::team_purge::TeamPurge;
use crate::jobs::token_clean_up::TokenCleanUp;
use crate::jobs::webhooks::Webhooks;
use crate::outbound;
use crate::store::Store;

/// How long a command on the control socket waits for the end of a job's run: less than it waits for an answer.
const JOB_PATIENCE: Duration = Duration::from_secs(5);

/// Which of the two servers this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// For somebody who tries it: a banner for people, and providers on this machine without TLS.
    Dev,
    /// For good: one line.
    Production,
}

/// Serves until SIGTERM or SIGINT, then lets running requests finish and closes the database.
///
/// # Errors
/// Everything that stands against a start, each with its exit code; and a database that could not be closed properly.
pub fn run(settings: &Settings, mode: Mode, output: Output) -> Result<(), Failure> {
    let key = settings.root_key()?;
    let providers = providers::of(&settings.config.oidc, mode)?;
    logging::start(settings.config.log);
    let store = database::open(settings, &key)?;
    drop(key);
    runtime::wide()?.block_on(listen(settings, mode, output, store, providers))
}

async fn listen(
    settings: &Settings,
    mode: Mode,
    output: Output,
    store: Store,
    providers: Vec<Provider>,
) -> Result<(), Failure> {
    let stop = runtime::stop_signal()?;
    let source = Arc::new(Source::open(settings)?);
    let tls = server_config(Arc::<Certificate>::clone(source.certificate()))
        .map_err(|error| Failure::new(Exit::Config, error.to_string()))?;
    let (listener, port) = bind(&settings.config.http).await?;
    let app = app(settings, port, store, providers)?;
    let limits = limits(&settings.config.limits);
    let origins = settings.config.http.allowed_origins.iter().map(ToString::to_string).collect();
    let orders = Arc::clone(&app);
    let control = control::listen(&settings.layout.socket(), move |request| {
        let app = Arc::clone(&orders);
        async move { operator::answer(&app, request, JOB_PATIENCE).await }
    })?;
    app.record_start().await.map_err(unexpected)?;
    let jobs = start_jobs(&app, &source);
    // The link's hash takes its time on another thread; the documentation is made meanwhile.
    let (claim, endpoint) = tokio::join!(operator::claim_link(&app), async {
        crate::http::endpoint(Arc::clone(&app), &limits, origins).map_err(unexpected)
    });
    let (claim, endpoint) = (claim?, endpoint?);
    Greeting { mode, url: app.public_url(), claim: claim.as_deref(), ca: source.local_ca(), settings }.say(output);
    let stopping = async {
        stop.await;
        app.end_streams();
    };
    serve(listener, endpoint, Arc::new(tls), limits, stopping).await;
    drop(control);
    jobs.stop().await;
    app.stop().await.map_err(unexpected)
}

async fn bind(http: &config::Http) -> Result<(TcpListener, u16), Failure> {
    let address = SocketAddr::new(http.host, http.port);
    let refused = |cause: io::Error| {
        let (exit, remedy) = match cause.kind() {
            io::ErrorKind::AddrInUse => (Exit::Unavailable, "; another program listens there, choose another port"),
            io::ErrorKind::PermissionDenied => (Exit::Permission, "; ports below 1024 want a privilege"),
            _ => (Exit::Unavailable, ""),
        };
        Failure::new(exit, format!("cannot listen on {address}: {cause}{remedy}"))
    };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let port = listener.local_addr().map_err(refused)?.port();
    Ok((listener, port))
}

/// The product over an open database, as people reach it on `port`.
///
/// # Errors
/// When the database does not answer.
pub fn app(settings: &Settings, port: u16, store: Store, providers: Vec<Provider>) -> Result<Arc<App>, Failure> {
    let app = App::new(AppOptions {
        store,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        providers,
        quotas: quotas(&settings.config.limits),
        public_url: settings.config.http.origin(port).to_string(),
        outbound: outbound::Options {
            allowed_networks: settings.config.webhooks.allowed_networks.clone(),
            ..outbound::Options::default()
        },
        token_cost: Cost::STANDARD,
    });
    app.map(Arc::new).map_err(unexpected)
}

fn quotas(limits: &config::Limits) -> QuotaFigures {
    HashMap::from([
        (quota::DELEGATIONS.name, limits.delegations_per_hour),
        (quota::INVITATIONS.name, limits.invitations_per_hour),
        (quota::API_KEYS.name, limits.api_keys_per_hour),
        (quota::PROFILE_CHANGES.name, limits.profile_changes_per_hour),
        (quota::REQUESTS_OF_PERSON.name, limits.requests_of_person_per_minute),
        (quota::SIGN_INS.name, limits.sign_ins_per_5_minutes),
        (quota::SIGN_INS_OF_ACCOUNT.name, limits.sign_ins_of_account_per_hour),
        (quota::REQUESTS.name, limits.requests_per_minute),
    ])
}

fn limits(limits: &config::Limits) -> Limits {
    Limits {
        connections: limits.connections as usize,
        connections_per_address: limits.connections_per_address as usize,
        ..Limits::default()
    }
}

fn start_jobs(app: &Arc<App>, source: &Arc<Source>) -> Jobs {
    let source = Arc::clone(source);
    let renewal = CertificateRenewal(move || source.renew());
    let mut jobs = jobs(app).with(renewal).install(app);
    jobs.start(app);
    jobs
}

/// The jobs that need nothing but the app.
pub fn jobs(app: &App) -> Jobs {
    Jobs::of(app)
        .with(AnswerCleanUp)
        .with(AuditCheck::default())
        .with(Checkpoint)
        .with(DelegationOverdue)
        .with(FailureBursts)
        .with(LastSeen)
        .with(ProviderTokens)
        .with(QrExpiry)
        .with(SearchFill)
        .with(TeamPurge)
        .with(TokenCleanUp)
        .with(Webhooks)
}

/// The database or something of ours failed where nothing should.
#[allow(clippy::needless_pass_by_value)] // the shape that map_err takes
fn unexpected(error: Error) -> Failure {
    Failure::new(Exit::Io, error.to_string())
}
