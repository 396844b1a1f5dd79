//! The Python environment the peers run from.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// Pinned, so that figures of different days are of the same programs.
const PACKAGES: [&str; 2] = ["moto[server]==5.2.5", "ministack==1.5.33"];
/// Names the packages the environment was filled with.
const STAMP: &str = "cloudlet-bench-packages.txt";

/// Why the environment cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VenvError {
    #[error("{what}: {error}")]
    Io { what: String, error: io::Error },
    #[error("{what} ended with {status}")]
    Failed { what: &'static str, status: ExitStatus },
}

/// A program of the environment.
pub fn program(venv: &Path, name: &str) -> PathBuf {
    let path = venv.join("bin").join(name);
    std::path::absolute(&path).unwrap_or(path)
}

/// Makes and fills the environment unless it already holds exactly the pinned packages.
pub async fn ensure(venv: &Path) -> Result<(), VenvError> {
    let stamp = venv.join(STAMP);
    let wanted = PACKAGES.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    let venv = venv.to_owned();
    let filled = tokio::task::spawn_blocking(move || {
        eprintln!("installing {} with pip", PACKAGES.join(" and "));
        run("python3 -m venv", Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        run("pip install", Command::new(program(&venv, "pip")).args(["install", "--quiet"]).args(PACKAGES))
    });
    filled.await.map_err(|error| VenvError::Io { what: "pip".into(), error: io::Error::other(error) })??;
    std::fs::write(&stamp, wanted).map_err(|error| VenvError::Io { what: stamp.display().to_string(), error })
}

fn run(what: &'static str, command: &mut Command) -> Result<(), VenvError> {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .map_err(|error| VenvError::Io { what: what.into(), error })?;
    if status.success() { Ok(()) } else { Err(VenvError::Failed { what, status }) }
}
