//! What is measured: endpoints that run already, and servers started here.

use crate::client::{Client, Endpoint, parse_url};
use crate::options::Options;
use crate::process::{Server, Usage};
use crate::sign::Credentials;
use crate::venv;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// moto imports for several seconds on a loaded machine; a durable start with a million messages must take under one.
const READY_SECONDS_MAX: u64 = 60;
/// Short against the times to ready that are measured (tens of milliseconds).
const READY_POLL: Duration = Duration::from_millis(1);
/// Cloudlet's health page.
const CLOUDLET_HEALTH: &str = "/_cloudlet/health";

/// A `--target`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetSpec {
    /// An endpoint that runs already.
    Running { name: String, url: String },
    /// A server to start.
    Managed(Managed),
}

/// The servers this tool can start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Managed {
    Cloudlet,
    CloudletEphemeral,
    Moto,
    Ministack,
}

impl Managed {
    /// All, in the order of the table.
    pub const ALL: [Self; 4] = [Self::Cloudlet, Self::CloudletEphemeral, Self::Moto, Self::Ministack];

    /// Its name on the command line and in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cloudlet => "cloudlet",
            Self::CloudletEphemeral => "cloudlet-ephemeral",
            Self::Moto => "moto",
            Self::Ministack => "ministack",
        }
    }
}

impl FromStr for TargetSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(managed) = Managed::ALL.into_iter().find(|managed| managed.name() == text) {
            return Ok(Self::Managed(managed));
        }
        match text.split_once('=') {
            Some((name, url)) if !name.is_empty() => {
                parse_url(url).map_err(|error| error.to_string())?;
                Ok(Self::Running { name: name.into(), url: url.into() })
            }
            _ => {
                let names = Managed::ALL.map(Managed::name).join(", ");
                Err(format!("neither name=http://host:port nor one of {names}"))
            }
        }
    }
}

/// Why a target cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error("{0} needs --cloudlet PATH")]
    NoCloudlet(&'static str),
    #[error(transparent)]
    Venv(#[from] venv::VenvError),
    #[error("{name} cannot be started: {error}")]
    Spawn { name: String, error: io::Error },
    #[error("{name} ended before it was ready ({status}): {stderr}")]
    Ended { name: String, status: String, stderr: String },
    #[error("{name} was not ready within {READY_SECONDS_MAX} s: {stderr}")]
    NotReady { name: String, stderr: String },
    #[error("{url}: {error}")]
    Address { url: String, error: io::Error },
    #[error("two targets are named {0}")]
    SameName(String),
}

/// Below a temporary directory, so that the root key, which lies beside the data, goes with it.
pub const DATA: &str = "data";

/// Something that answers at an endpoint.
#[derive(Debug)]
pub struct Target {
    pub name: String,
    pub endpoint: Endpoint,
    /// The process, if it was started here.
    server: Option<Server>,
    /// Removed with the target.
    _data: Option<TempDir>,
}

impl Target {
    /// An endpoint somebody else runs.
    pub fn running(name: &str, endpoint: Endpoint) -> Self {
        Self { name: name.into(), endpoint, server: None, _data: None }
    }

    /// What the server uses now, if it was started here.
    pub fn usage(&self) -> Option<Usage> {
        self.server.as_ref().and_then(Server::usage)
    }
}

/// Starts or finds every target of `specs`. Dropping the result ends what was started.
pub async fn open_all(specs: &[TargetSpec], options: &Options) -> Result<Vec<Target>, TargetError> {
    let mut targets: Vec<Target> = Vec::new();
    for spec in specs {
        let target = match spec {
            TargetSpec::Running { name, url } => open_running(name, url, options).await?,
            TargetSpec::Managed(managed) => start(*managed, options).await?,
        };
        if targets.iter().any(|other| other.name == target.name) {
            return Err(TargetError::SameName(target.name));
        }
        targets.push(target);
    }
    Ok(targets)
}

async fn open_running(name: &str, url: &str, options: &Options) -> Result<Target, TargetError> {
    let failed = |error| TargetError::Address { url: url.into(), error };
    let (host, address) = parse_url(url)
        .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidInput, error.to_string())))?;
    let address = tokio::net::lookup_host(address)
        .await
        .and_then(|mut found| found.next().ok_or_else(|| io::ErrorKind::NotFound.into()))
        .map_err(failed)?;
    let endpoint = Endpoint { address, host, credentials: credentials(options) };
    Ok(Target::running(name, endpoint))
}

async fn start(managed: Managed, options: &Options) -> Result<Target, TargetError> {
    let name = managed.name();
    let spawn_failed = |error| TargetError::Spawn { name: name.into(), error };
    let data = TempDir::with_prefix_in("cloudlet-bench-", options.data_parent()).map_err(spawn_failed)?;
    let address = free_address().map_err(spawn_failed)?;
    let port = address.port().to_string();
    let (mut command, health) = match managed {
        Managed::Cloudlet | Managed::CloudletEphemeral => {
            let path = options.cloudlet.as_deref().ok_or(TargetError::NoCloudlet(name))?;
            let place = data.path().join(DATA);
            let kept = (managed == Managed::Cloudlet).then_some(place.as_path());
            (cloudlet_command(path, address, kept), Health::Success(CLOUDLET_HEALTH))
        }
        Managed::Moto => {
            venv::ensure(&options.venv).await?;
            let mut command = Command::new(venv::program(&options.venv, "moto_server"));
            command.args(["-H", "127.0.0.1", "-p", &port]);
            (command, Health::AnyAnswer)
        }
        Managed::Ministack => {
            venv::ensure(&options.venv).await?;
            let mut command = Command::new(venv::program(&options.venv, "ministack"));
            // TMPDIR holds its process id file, which would stay after SIGKILL.
            command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", &port).env("TMPDIR", data.path());
            (command, Health::AnyAnswer)
        }
    };
    let mut server = Server::spawn(&mut command).map_err(spawn_failed)?;
    let endpoint = Endpoint { address, host: address.to_string(), credentials: credentials(options) };
    await_ready(name, &mut server, &endpoint, health).await?;
    Ok(Target { name: name.into(), endpoint, server: Some(server), _data: Some(data) })
}

/// How Cloudlet is started: on `data`, or ephemeral without.
pub fn cloudlet_command(path: &Path, address: SocketAddr, data: Option<&Path>) -> Command {
    let mut command = Command::new(absolute_program(path));
    command.args(["up", "--listen", &address.to_string()]);
    match data {
        Some(data) => command.arg("--data").arg(data),
        None => command.arg("--ephemeral"),
    };
    command
}

/// A path as it is; a bare name is a file here, not something to look up in PATH.
fn absolute_program(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Starts Cloudlet on `data` and returns it with the time from spawn to the first good health answer.
pub async fn start_cloudlet_timed(
    path: &Path,
    endpoint: &Endpoint,
    data: &Path,
) -> Result<(Server, Duration), TargetError> {
    let name = Managed::Cloudlet.name();
    let start = Instant::now();
    let mut server = Server::spawn(&mut cloudlet_command(path, endpoint.address, Some(data)))
        .map_err(|error| TargetError::Spawn { name: name.into(), error })?;
    await_ready(name, &mut server, endpoint, Health::Success(CLOUDLET_HEALTH)).await?;
    Ok((server, start.elapsed()))
}

/// An endpoint on a loopback port that was free a moment ago.
pub fn free_endpoint(options: &Options) -> io::Result<Endpoint> {
    let address = free_address()?;
    Ok(Endpoint { address, host: address.to_string(), credentials: credentials(options) })
}

fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

fn credentials(options: &Options) -> Credentials {
    Credentials {
        access_key: options.access_key.clone(),
        secret_key: options.secret_key.clone(),
        region: options.region.clone(),
    }
}

/// What makes a server ready.
#[derive(Debug, Clone, Copy)]
enum Health {
    /// A 2xx from this path.
    Success(&'static str),
    /// Any HTTP answer from `/`.
    AnyAnswer,
}

async fn await_ready(
    name: &str,
    server: &mut Server,
    endpoint: &Endpoint,
    health: Health,
) -> Result<(), TargetError> {
    let start = Instant::now();
    while start.elapsed().as_secs() < READY_SECONDS_MAX {
        let path = match health {
            Health::Success(path) => path,
            Health::AnyAnswer => "/",
        };
        match (Client::new(endpoint).get(&endpoint.host, path).await, health) {
            (Ok(_), Health::AnyAnswer) => return Ok(()),
            (Ok(answer), Health::Success(_)) if answer.is_success() => return Ok(()),
            _ => {}
        }
        if let Ok(Some(status)) = server.exited() {
            // Its last words may still be on their way through the pipe.
            tokio::time::sleep(Duration::from_millis(100)).await;
            let (status, stderr) = (status.to_string(), server.stderr_tail());
            return Err(TargetError::Ended { name: name.into(), status, stderr });
        }
        tokio::time::sleep(READY_POLL).await;
    }
    Err(TargetError::NotReady { name: name.into(), stderr: server.stderr_tail() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs() {
        assert_eq!("moto".parse(), Ok(TargetSpec::Managed(Managed::Moto)));
        assert_eq!("cloudlet-ephemeral".parse(), Ok(TargetSpec::Managed(Managed::CloudletEphemeral)));
        let running = TargetSpec::Running { name: "aws".into(), url: "http://localhost:4566".into() };
        assert_eq!("aws=http://localhost:4566".parse(), Ok(running));
        for bad in ["", "other", "=http://x", "a=ftp://x"] {
            assert!(bad.parse::<TargetSpec>().is_err(), "{bad}");
        }
    }

    #[test]
    fn how_cloudlet_is_started() {
        let address = "127.0.0.1:7".parse().expect("an address");
        let arguments = |data| {
            let command = cloudlet_command(Path::new("/bin/cloudlet"), address, data);
            command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(arguments(Some(Path::new("/d"))), ["up", "--listen", "127.0.0.1:7", "--data", "/d"]);
        assert_eq!(arguments(None), ["up", "--listen", "127.0.0.1:7", "--ephemeral"]);
    }

    #[tokio::test]
    async fn a_server_that_ends_is_reported_with_its_words() {
        let mut server =
            Server::spawn(Command::new("sh").args(["-c", "echo bad data >&2; exit 2"])).expect("a shell");
        let address = free_address().expect("a port");
        let endpoint = Endpoint { address, host: "h".into(), credentials: crate::fake::credentials() };
        let error = await_ready("x", &mut server, &endpoint, Health::AnyAnswer).await.expect_err("it ended");
        assert!(matches!(&error, TargetError::Ended { stderr, .. } if stderr == "bad data"), "{error}");
    }
}
