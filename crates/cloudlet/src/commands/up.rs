//! `cloudlet up`: runs everything.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use blob::Blobs;
use console::style;
use futures::future::join_all;
use gateway::{Gateway, Limits, serve};
use iam::bootstrap::Made;
use identity::{Authority, Directory, Documents, Keyring, Usage};
use kernel::{Clock, Ids};
use service::{Accounts, Background, Cloud, Deps};
use store::Store;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tracing_subscriber::EnvFilter;
use vault::Vault;

use crate::access_keys::{self, AccessKeys};
use crate::admin::About;
use crate::clock;
use crate::config::Config;
use crate::output::Format;
use crate::root_key::{self, AtHand};
use crate::scrub;
use crate::services;
use crate::temporary;

/// Runs until SIGTERM or SIGINT; a second one ends the program at once.
pub fn run(config: &Config, format: Format) -> Result<()> {
    let started = Instant::now();
    log_to_stderr(config, format)?;
    raise_file_limit();
    config.keys.refuse_beyond_loopback(config.listen)?;
    // What ends with the program needs no key that lasts.
    let root_key = if config.ephemeral { None } else { Some(AtHand::load(config)?) };
    let store = open(config)?;
    // Requests have threads of their own; this is for what services do unasked.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(up(config, format, store.clone(), root_key, started))?;
    runtime.shutdown_timeout(Duration::from_secs(1));
    store.close();
    tracing::info!("stopped");
    Ok(())
}

fn open(config: &Config) -> Result<Store> {
    if config.ephemeral {
        tracing::warn!("ephemeral: everything is lost when this program ends");
        return Ok(Store::in_memory(store::Options::default()));
    }
    let options = store::Options { cache_bytes: config.page_cache, ..store::Options::default() };
    Store::open(&config.data, options)
        .with_context(|| format!("cannot open the data directory {}", config.data.display()))
}

/// The files of long objects, beside the store; where nothing is kept, in a directory that ends with the second value.
fn open_blobs(config: &Config) -> Result<(Blobs, Option<TempDir>)> {
    if config.ephemeral {
        let temporary = temporary::make()?;
        let blobs = Blobs::open(temporary.path(), blob::Options::ephemeral())?;
        return Ok((blobs, Some(temporary)));
    }
    let dir = config.data.join("blobs");
    let blobs = Blobs::open(&dir, blob::Options::default())
        .with_context(|| format!("cannot open the directory {}", dir.display()))?;
    Ok((blobs, None))
}

async fn unlock(store: &Store, root_key: Option<AtHand>) -> Result<Vault> {
    let Some(root_key) = root_key else { return Ok(Vault::ephemeral()) };
    let unlocked = root_key.unlock(store).await?;
    if let Some(path) = &unlocked.made {
        tracing::warn!("{}", root_key::made(path));
    }
    Ok(unlocked.vault)
}

async fn up(
    config: &Config,
    format: Format,
    store: Store,
    root_key: Option<AtHand>,
    started: Instant,
) -> Result<()> {
    let clock = clock::open(&store)?;
    let cloud = Cloud::default();
    let vault = unlock(&store, root_key).await?;
    let (blobs, temporary) = open_blobs(config)?;
    if config.ephemeral {
        // What earlier runs left may take long to remove, and nobody waits for it.
        drop(tokio::task::spawn_blocking(temporary::sweep));
    }
    let deps = Deps {
        store: store.clone(),
        clock: clock.clone(),
        ids: Ids,
        vault: vault.clone(),
        cloud: cloud.clone(),
        accounts: Accounts::default(),
        blobs,
    };
    config.keys.name_owners(&deps.accounts);
    let mut background = JoinSet::new();
    let scrub = scrub(config, &deps, &mut background);
    let documents = Arc::new(Documents::default());
    let directory = Arc::new(Directory::new(store.clone(), documents.clone()));
    let keyring = Keyring::new(store.clone(), vault.clone(), directory.clone());
    let usage = Usage::default();
    let services = services::all(&deps, config.dynamodb);
    background.spawn(usage.clone().run(store.clone(), clock.clone()));
    let work: Vec<Background> = services.iter().flat_map(service::Service::take_background).collect();
    let at_end: Vec<Background> = services.iter().flat_map(service::Service::take_at_end).collect();
    cloud.fill(services, Arc::new(Authority::new(directory, documents)));
    // What goes on from before finds the other services there.
    for work in work {
        background.spawn(work);
    }
    let credentials = Arc::new(AccessKeys { configured: config.keys.clone(), keyring, usage: usage.clone() });
    let gateway = Arc::new(Gateway::new(catalog::ALL, cloud, credentials, clock.clone(), Limits::default()));
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let first = first_administrator(config, &store, &vault, &clock).await?;
    let about = Arc::new(About::new(gateway.clone(), store.clone(), clock, config.ephemeral, scrub));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    if config.keys.len() > 0 {
        tracing::info!(keys = config.keys.len(), "the configuration file's credentials are accepted");
    }
    let place = match &temporary {
        Some(files) => format!("in memory, longer objects in {}", files.path().display()),
        None => config.data.display().to_string(),
    };
    announce(&place, listener.local_addr()?, format, started, first.as_ref());
    let mut broken = false;
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            Some(ended) = background.join_next() => {
                // It never ends by itself. Without it promises would be broken silently: rather start afresh.
                tracing::error!(?ended, "a service's background work ended");
                broken = true;
            }
        }
        tracing::info!("stopping: requests in flight may finish");
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::warn!("told to stop again: leaving at once");
            std::process::exit(130);
        });
    };
    serve(listener, gateway, about, stop).await?;
    finish(at_end).await;
    background.shutdown().await;
    usage.write(&store).await;
    ensure!(!broken, "a service's background work ended; the log says why");
    Ok(())
}

/// What services do at the end may take so long: half of the ten seconds that containers are given to stop by default.
const END: Duration = Duration::from_secs(5);

async fn finish(work: Vec<Background>) {
    if tokio::time::timeout(END, join_all(work)).await.is_err() {
        tracing::warn!(seconds = END.as_secs(), "not everything that waited was done in time");
    }
}

/// Begins to compare files with their checksums, now and then. What is ephemeral does not grow old enough for it.
fn scrub(config: &Config, deps: &Deps, background: &mut JoinSet<()>) -> Option<scrub::Watch> {
    let settings = config.scrub.filter(|_| !config.ephemeral)?;
    let watch = scrub::Watch::default();
    let Deps { store, blobs, clock, .. } = deps.clone();
    background.spawn(scrub::run(store, blobs, clock, settings, watch.clone()));
    Some(watch)
}

fn log_to_stderr(config: &Config, format: Format) -> Result<()> {
    let filter =
        EnvFilter::try_new(&config.log).with_context(|| format!("{:?} is not a log filter", config.log))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        Format::Text => log.with_target(false).init(),
        Format::Json => log.json().init(),
    }
    Ok(())
}

/// As many files as the system lets us have: each connection is one.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, wanted) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// The account of the administrator that the first start makes: that of the key `test`.
const FIRST_ACCOUNT: &str = "000000000000";

/// Beyond loopback the well-known keys are refused. Where there is no other yet, nobody could ever get in: an
/// administrator is made.
async fn first_administrator(
    config: &Config,
    store: &Store,
    vault: &Vault,
    clock: &Clock,
) -> Result<Option<Made>> {
    if config.listen.ip().is_loopback() || access_keys::exist(store)? {
        return Ok(None);
    }
    let made = iam::bootstrap::administrator(store, vault, Ids, FIRST_ACCOUNT, clock.now()).await;
    let made = made.map_err(|error| access_keys::failure(&error))?;
    ensure!(
        made.is_some(),
        "nobody can get in: there is no access key although there is an administrator.\nMake a key of the root user: \
         cloudlet key --data {}",
        config.data.display()
    );
    Ok(made)
}

/// One line on standard output when clients can come, and the first key if one was made.
fn announce(
    data: &str,
    address: std::net::SocketAddr,
    format: Format,
    started: Instant,
    first: Option<&Made>,
) {
    let ms = started.elapsed().as_millis() as u64;
    match format {
        Format::Json => {
            let mut line =
                serde_json::json!({ "ready": true, "listen": address.to_string(), "data": data, "ms": ms });
            if let Some(made) = first {
                line["administrator"] = serde_json::json!({
                    "account": FIRST_ACCOUNT,
                    "user": made.user,
                    "access_key_id": made.access_key_id,
                    "secret_access_key": made.secret.as_str(),
                });
            }
            println!("{line}");
        }
        Format::Text => {
            let name = style("Cloudlet").bold().green();
            println!("{name} is ready at http://{address} after {ms} ms (data: {data})");
            if address.ip().is_loopback() {
                println!("  eval \"$(cloudlet env)\" points the AWS CLI and every SDK at it");
            }
            if let Some(made) = first {
                println!("  an administrator was made; the secret is not shown again:");
                println!("    AWS_ACCESS_KEY_ID={}", made.access_key_id);
                println!("    AWS_SECRET_ACCESS_KEY={}", made.secret.as_str());
            }
        }
    }
}
