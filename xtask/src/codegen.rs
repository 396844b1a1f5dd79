//! Generates the model crates: `models/catalog` (every service's table of operations) and one crate of types per
//! service that has an overlay.

mod catalog;
mod emit;
mod plan;
mod service;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::paths;

/// `models/overlay/catalog.toml`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// Every service of the routing table, by botocore's name.
    pub services: Vec<String>,
    /// Services whose XML errors stand alone.
    pub bare_errors: Vec<String>,
}

/// `models/overlay/<service>.toml`: what the model does not say.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Overlay {
    /// The operations to generate.
    pub operations: Operations,
    /// Names of the query protocol come from the last model that had them.
    #[serde(default)]
    pub query_names_from_older: bool,
    /// What stands before an error's name in the JSON protocols.
    pub error_namespace: Option<String>,
    /// Errors in the query protocol hold an empty `Detail`.
    #[serde(default)]
    pub error_detail: bool,
    /// See `ServiceModel::denies_unsigned`.
    #[serde(default)]
    pub denies_unsigned: bool,
    /// See `ServiceModel::packed`.
    #[serde(default)]
    pub packed: bool,
    /// The parameter of the query protocol that the request's path can stand for.
    pub path_parameter: Option<PathParameter>,
    /// What its requests are known by, whatever the host.
    pub mark: Option<Mark>,
    /// Bodies that the model calls streams come and go piece by piece.
    #[serde(default)]
    pub streaming: bool,
    /// Requests without a signature are let through to the policies.
    #[serde(default)]
    pub anonymous: bool,
    /// Operations are told apart by the parameters and headers that they need, beside method and path.
    #[serde(default)]
    pub discriminated: bool,
    /// Operations that no request can be told to mean: those of other endpoints, and older forms of others.
    #[serde(default)]
    pub leave_out: BTreeSet<String>,
    /// Outputs whose only member stands alone in XML.
    #[serde(default)]
    pub unwrapped: BTreeSet<String>,
    /// Shapes that read and write themselves, and the Rust types that stand for them: `crate::Type`, of a crate in `crates/`.
    #[serde(default)]
    pub own_forms: BTreeMap<String, String>,
    /// The values of an enumeration in the order in which the service's errors name them.
    #[serde(default)]
    pub values: BTreeMap<String, Vec<String>>,
    /// Statuses of successes that the model does not say.
    #[serde(default)]
    pub statuses: BTreeMap<String, u16>,
    /// Names of the XML elements around outputs, where they are not the shapes'.
    #[serde(default)]
    pub roots: BTreeMap<String, String>,
    /// Namespace of XML documents, where the model gives it only to some.
    pub xml_namespace: Option<String>,
    /// Times in XML have milliseconds always.
    #[serde(default)]
    pub xml_milliseconds: bool,
    /// The prefix of the service's IAM actions, where it is not the service's name.
    pub iam_prefix: Option<String>,
    /// Actions of operations that have no action of their own name.
    #[serde(default)]
    pub iam_actions: BTreeMap<String, Vec<String>>,
    /// Operations that policies do not decide on.
    #[serde(default)]
    pub access: BTreeMap<String, Access>,
    /// Corrections of errors.
    #[serde(default)]
    pub errors: BTreeMap<String, ErrorOverlay>,
    /// Headers that inputs do not have in the model and that operations have something to say to, by shape and member.
    #[serde(default)]
    pub headers: BTreeMap<String, BTreeMap<String, HeaderOverlay>>,
}

/// A header that an input has besides those of the model.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderOverlay {
    /// The shape of its value.
    pub shape: String,
    /// Its name on the wire.
    pub header: String,
}

/// Who gets into an operation that policies do not decide on.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Whoever signs.
    Caller,
    /// Anyone.
    Anyone,
}

/// A parameter that the request's path can stand for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathParameter {
    /// Its name.
    pub name: String,
    /// The operations that are refused at such a path.
    pub not_for: BTreeSet<String>,
}

/// What every request of a service has, and none of another one that is signed for alike.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// What its paths begin with.
    pub path: String,
    /// A header that it has.
    pub header: String,
}

/// Which operations to generate.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Operations {
    /// `"all"`
    All(String),
    /// Those listed.
    Listed(BTreeSet<String>),
}

impl Default for Operations {
    fn default() -> Self {
        Self::Listed(BTreeSet::new())
    }
}

/// A correction of an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorOverlay {
    /// Its code in the older query protocol.
    pub query_code: Option<String>,
    /// Its text in the older query protocol, where it is fixed and not that of the newer protocols.
    pub query_message: Option<String>,
    /// HTTP status.
    pub status: Option<u16>,
}

impl Catalog {
    /// Reads the list of services.
    pub fn read() -> Result<Self> {
        let path = paths::overlay().join("catalog.toml");
        Ok(toml::from_str(&fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?)?)
    }
}

impl Overlay {
    /// Reads a service's overlay, if it has one.
    pub fn read(service: &str) -> Result<Option<Self>> {
        let path = paths::overlay().join(format!("{service}.toml"));
        if !path.exists() {
            return Ok(None);
        }
        let overlay: Self =
            toml::from_str(&fs::read_to_string(&path)?).with_context(|| format!("{}", path.display()))?;
        if let Operations::All(word) = &overlay.operations {
            ensure!(word == "all", "{}: operations is \"all\" or a list", path.display());
        }
        Ok(Some(overlay))
    }

    /// Whether an operation is to be generated.
    pub fn lists(&self, operation: &str) -> bool {
        match &self.operations {
            Operations::All(_) => true,
            Operations::Listed(names) => names.contains(operation),
        }
    }
}

/// Generated files by path.
pub type Files = BTreeMap<PathBuf, String>;

/// Generates everything; with `check`, only compares.
pub fn run(check: bool) -> Result<()> {
    let catalog = Catalog::read()?;
    let mut files = Files::new();
    catalog::generate(&catalog, &mut files)?;
    for name in &catalog.services {
        if let Some(overlay) = Overlay::read(name)? {
            service::generate(name, &overlay, &mut files).with_context(|| format!("models/{name}"))?;
        }
    }
    for (path, text) in &mut files {
        if path.extension().is_some_and(|ext| ext == "rs") {
            *text = format_source(text).with_context(|| format!("{}", path.display()))?;
        }
    }
    if check { compare(&files) } else { write(&files) }
}

fn write(files: &Files) -> Result<()> {
    let mut changed = 0;
    for (path, text) in files {
        if fs::read_to_string(path).ok().as_deref() != Some(text) {
            fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            fs::write(path, text)?;
            changed += 1;
        }
    }
    for stray in strays(files)? {
        fs::remove_file(&stray)?;
        changed += 1;
    }
    println!("{} files, {changed} changed", files.len());
    Ok(())
}

fn compare(files: &Files) -> Result<()> {
    let mut stale: Vec<PathBuf> = files
        .iter()
        .filter(|(path, text)| fs::read_to_string(path).ok().as_deref() != Some(text))
        .map(|(path, _)| path.clone())
        .collect();
    stale.extend(strays(files)?);
    if stale.is_empty() {
        println!("{} generated files are as they should be", files.len());
        return Ok(());
    }
    for path in &stale {
        eprintln!("{}", path.display());
    }
    bail!("{} generated files are out of date: run `cargo xtask codegen`", stale.len());
}

/// Sources in generated crates that are not generated any more.
fn strays(files: &Files) -> Result<Vec<PathBuf>> {
    let folders: BTreeSet<&Path> = files
        .keys()
        .filter_map(|path| path.parent())
        .filter(|folder| folder.file_name().is_some_and(|name| name == "src"))
        .collect();
    let mut strays = Vec::new();
    for folder in folders.into_iter().filter(|folder| folder.exists()) {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_file() && !files.contains_key(&path) {
                strays.push(path);
            }
        }
    }
    Ok(strays)
}

/// Generated code looks like all other code.
fn format_source(text: &str) -> Result<String> {
    use std::io::Write as _;
    let config = paths::root();
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt")?;
    let mut stdin = child.stdin.take().context("rustfmt has no input")?;
    let text = text.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "rustfmt failed");
    writer.join().map_err(|_| anyhow::anyhow!("rustfmt's input broke off"))??;
    Ok(String::from_utf8(output.stdout)?)
}
