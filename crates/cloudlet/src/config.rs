//! Settings: from flags, the environment and a file, in this order of precedence.

use std::env::VarError;
use std::fs::File;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::configured_keys::{ConfiguredKeys, Entry};
use crate::page_cache;
use crate::root_key::{self, Source};
use crate::scrub::{self, Scrub};

/// Everything that can be set. The same names hold for flags (`--listen`), the environment (`CLOUDLET_LISTEN`)
/// and the configuration file (`listen = "…"`), which alone can hold access keys.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Configuration file (TOML) with any of the settings below
    #[arg(long, env = "CLOUDLET_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// Directory that holds everything; made if it does not exist [default: ~/.local/share/cloudlet]
    #[arg(long, env = "CLOUDLET_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// File with the root key, under which everything secret is sealed; only its owner may read it, and it must not
    /// lie in the data directory. It is made with the data directory. Instead of a file the key itself can be given, in
    /// CLOUDLET_ROOT_KEY [default: the data directory's name with .root-key at its end]
    #[arg(long, env = "CLOUDLET_ROOT_KEY_FILE", value_name = "FILE")]
    pub root_key_file: Option<PathBuf>,

    /// Address to listen on; the keys `test` and 12-digit numbers are accepted on loopback addresses only
    /// [default: 127.0.0.1:4566]
    #[arg(long, env = "CLOUDLET_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,

    /// Keep nothing: records are in memory, and longer objects in a temporary directory, for as long as the program runs
    #[arg(long, env = "CLOUDLET_EPHEMERAL", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub ephemeral: Option<bool>,

    /// Mebibytes of the store's file that are kept in memory, 16 to 1048576 [default: a sixteenth of the memory, 64 to 2048]
    #[arg(long, env = "CLOUDLET_PAGE_CACHE_MIB", value_name = "MIB")]
    pub page_cache_mib: Option<u64>,

    /// Region that `cloudlet env` names [default: us-east-1]
    #[arg(long, env = "CLOUDLET_REGION", value_name = "REGION")]
    pub region: Option<String>,

    /// What to log, as in `info`, `debug` or `warn,access=info`; `access` is one line per request
    /// [default: info,access=warn]
    #[arg(long, env = "CLOUDLET_LOG", value_name = "FILTER")]
    pub log: Option<String>,

    /// Access keys of root users, good on loopback addresses only. They are in the file alone: others see flags and
    /// the environment.
    #[arg(skip)]
    #[serde(default)]
    pub credential: Vec<Entry>,

    /// How often and how fast files of objects are compared with their checksums. In the file alone.
    #[arg(skip)]
    #[serde(default)]
    pub scrub: scrub::Settings,

    /// How DynamoDB is to be. In the file alone.
    #[arg(skip)]
    #[serde(default)]
    pub dynamodb: dynamodb::Settings,
}

/// Settings with nothing left open.
#[derive(Clone, Debug)]
pub struct Config {
    /// See [`Settings::data`].
    pub data: PathBuf,
    /// See [`Settings::root_key_file`].
    pub root_key: Source,
    /// See [`Settings::listen`].
    pub listen: SocketAddr,
    /// See [`Settings::ephemeral`].
    pub ephemeral: bool,
    /// See [`Settings::page_cache_mib`]; in bytes.
    pub page_cache: usize,
    /// See [`Settings::region`].
    pub region: String,
    /// See [`Settings::log`].
    pub log: String,
    /// See [`Settings::credential`].
    pub keys: ConfiguredKeys,
    /// See [`Settings::scrub`]; none: it is off.
    pub scrub: Option<Scrub>,
    /// See [`Settings::dynamodb`].
    pub dynamodb: dynamodb::Settings,
}

/// LocalStack's port: projects made for it find us without a change.
const PORT: u16 = 4566;
/// With less the store's file is read again and again for one write; more is a mistake.
const PAGE_CACHE_MIB: std::ops::RangeInclusive<u64> = 16..=1 << 20;
/// More than 1,000 credentials fill, each field of which is as long as can be: 1.4 KB each.
const FILE_MAX: u64 = 2 << 20;

impl Settings {
    /// Reads the file, if one is named, and fills what is left open with defaults.
    pub fn resolve(&self) -> Result<Config> {
        let mut file = match &self.config {
            Some(path) => {
                let text = read(path).with_context(|| format!("cannot read {}", path.display()))?;
                parse(&text).with_context(|| format!("{} is not a configuration", path.display()))?
            }
            None => Settings::default(),
        };
        let keys = ConfiguredKeys::new(std::mem::take(&mut file.credential))?;
        let region = self.region.clone().or(file.region).unwrap_or_else(|| "us-east-1".to_owned());
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        ensure!(
            (1..=32).contains(&region.len()) && region.bytes().all(plain),
            "{region:?} is not the name of a region"
        );
        let page_cache = match self.page_cache_mib.or(file.page_cache_mib) {
            Some(mib) => {
                ensure!(
                    PAGE_CACHE_MIB.contains(&mib),
                    "a page cache of {mib} MiB is not one of 16 to 1048576"
                );
                mib << 20
            }
            None => page_cache::default_bytes(),
        };
        let data = match self.data.clone().or(file.data) {
            Some(data) => data,
            None => default_data()?,
        };
        let root_key = root_key_source(&data, self.root_key_file.clone().or(file.root_key_file))?;
        Ok(Config {
            data,
            root_key,
            listen: self
                .listen
                .or(file.listen)
                .unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT)),
            ephemeral: self.ephemeral.or(file.ephemeral).unwrap_or(false),
            page_cache: usize::try_from(page_cache)
                .context("the page cache is longer than this machine can address")?,
            region,
            log: self.log.clone().or(file.log).unwrap_or_else(|| "info,access=warn".to_owned()),
            keys,
            scrub: file.scrub.resolve()?,
            dynamodb: file.dynamodb,
        })
    }
}

impl Config {
    /// The URL at which clients on this machine reach the listener.
    pub fn url(&self) -> String {
        let mut address = self.listen;
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        format!("http://{address}")
    }
}

/// A configuration file's text, which may hold secrets.
fn read(path: &Path) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    File::open(path)?.take(FILE_MAX + 1).read_to_string(&mut text)?;
    ensure!(text.len() as u64 <= FILE_MAX, "it is longer than {FILE_MAX} bytes");
    Ok(text)
}

/// Says where an error is, but not what stands there: that may be a secret.
fn parse(text: &str) -> Result<Settings> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        match before {
            Some(before) => anyhow!("line {}: {}", before.matches('\n').count() + 1, error.message()),
            None => anyhow!("{}", error.message()),
        }
    })
}

/// The file that is named, or the environment, or the file beside the data directory.
fn root_key_source(data: &Path, named: Option<PathBuf>) -> Result<Source> {
    let given = match std::env::var(root_key::VARIABLE).map(Zeroizing::new) {
        Ok(key) => Some(key),
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(_)) => bail!("{} does not hold a root key", root_key::VARIABLE),
    };
    match (given, named) {
        (Some(_), Some(file)) => bail!(
            "{} and the file {} both give a root key: only one of them can be right",
            root_key::VARIABLE,
            file.display()
        ),
        (Some(key), None) => Ok(Source::Environment(key)),
        (None, Some(file)) => Ok(Source::File(file)),
        (None, None) => Ok(Source::File(root_key::beside(data)?)),
    }
}

/// Where the XDG base directory specification puts a user's data.
fn default_data() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_DATA_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let base = match base {
        Some(base) => base,
        None => {
            let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
            PathBuf::from(home.context("there is no HOME: name a directory with --data")?)
                .join(".local/share")
        }
    };
    Ok(base.join("cloudlet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        std::fs::write(&file, "listen = \"127.0.0.1:1\"\nregion = \"eu-west-2\"\nephemeral = true\n")
            .unwrap();
        let settings = Settings {
            config: Some(file.clone()),
            listen: Some(([127, 0, 0, 1], 2).into()),
            data: Some("d".into()),
            ..Settings::default()
        };
        let config = settings.resolve().unwrap();
        assert_eq!((config.listen.port(), config.region.as_str(), config.ephemeral), (2, "eu-west-2", true));
        std::fs::write(&file, "lisen = 1").unwrap();
        assert!(settings.resolve().is_err());
    }

    #[test]
    fn odd_regions_are_refused() {
        let settings =
            Settings { region: Some("US EAST".into()), data: Some("d".into()), ..Settings::default() };
        assert!(settings.resolve().is_err());
    }

    fn resolve(text: &str) -> Result<Config> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        std::fs::write(&file, text).unwrap();
        Settings { config: Some(file), data: Some("d".into()), ..Settings::default() }.resolve()
    }

    #[test]
    fn credentials_come_from_the_file() {
        let text = "[[credential]]\naccess_key = 'key'\nsecret_key = 'hush'\naccount = '111122223333'\n";
        let config = resolve(text).unwrap();
        assert_eq!(config.keys.len(), 1);
        assert!(!format!("{config:?}").contains("hush"));
        assert!(!format!("{:?}", parse(text).unwrap()).contains("hush"));
    }

    /// Whatever is wrong with a file, its line is named and no secret is shown.
    #[test]
    fn errors_of_the_file_show_no_secret() {
        let good = "region = 'us-east-1'\n\n[[credential]]\naccess_key = 'key'\naccount = '111122223333'\n";
        let cases = [
            ("secret = 'hush'", "line 6: unknown field `secret`"),
            ("secret_key = 'hush", "line 6: "),
            ("secret_key = hush", "line 6: "),
            ("secret_key = 'hush' 'hush'", "line 6: "),
            ("secret_key = ['hush']", "line 6: a secret is a text"),
            ("secret_key = { hush = 'hush' }", "line 6: a secret is a text"),
            ("secret_key = 'hush'\nsecret_key = 'hush'", "line 7: "),
            ("# hush", "line 3: missing field `secret_key`"),
            ("secret_key = 'hush hush'", "credential 1 (key): secret_key is not"),
            ("secret_key = 'hush'\nemail = 'm'", "credential 1 (key): email"),
        ];
        for (line, expected) in cases {
            let why = format!("{:#}", resolve(&format!("{good}{line}\n")).unwrap_err());
            assert!(why.contains(expected) && !why.contains("hush"), "{line}: {why}");
        }
    }

    #[test]
    fn a_scrub_is_set_in_the_file() {
        let every = |text: &str| resolve(text).unwrap().scrub.map(|scrub| scrub.every.as_secs());
        assert_eq!(every("[scrub]\nevery = '1h'\nmib_per_second = 5\n"), Some(3_600));
        assert_eq!(every("[scrub]\nevery = 'off'\n"), None);
        assert_eq!(every(""), Some(7 * 86_400));
        for wrong in ["[scrub]\nevery = '1w'\n", "[scrub]\nmib_per_second = 0\n", "[scrub]\never = '1d'\n"] {
            assert!(resolve(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_page_cache_is_set_in_mebibytes() {
        let bytes = |text: &str| resolve(text).map(|config| config.page_cache);
        assert_eq!(bytes("page_cache_mib = 16\n").unwrap(), 16 << 20);
        assert!(bytes("").unwrap() >= 64 << 20);
        assert!(bytes("page_cache_mib = 15\n").is_err() && bytes("page_cache_mib = 1048577\n").is_err());
    }

    #[test]
    fn throttling_is_set_in_the_file() {
        let throttles = |text: &str| resolve(text).unwrap().dynamodb.throttle;
        assert!(throttles("[dynamodb]\nthrottle = true\n"));
        assert!(!throttles("[dynamodb]\n") && !throttles(""));
        assert!(resolve("[dynamodb]\nthrottled = true\n").is_err());
    }

    #[test]
    fn long_files_are_refused() {
        let text = "#".repeat(FILE_MAX as usize);
        resolve(&text).unwrap();
        let why = format!("{:#}", resolve(&format!("{text}#")).unwrap_err());
        assert!(why.contains("longer than"), "{why}");
    }
}
