//! `cargo xtask tidy`: rules of the tree that no compiler knows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::{paths, setup};

/// A file longer than this holds more than one idea.
const LINES_MAX: usize = 800;

/// Words that promise to do later what should be done or written down as an issue.
const UNFINISHED: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];

/// Checks formatting and the rules.
pub fn run() -> Result<()> {
    setup::run(setup::cargo().args(["fmt", "--all", "--check"]))?;
    let mut faults = Vec::new();
    for path in tracked()? {
        let Ok(text) = fs::read_to_string(paths::root().join(&path)) else { continue };
        check(&path, &text, &mut faults);
    }
    if faults.is_empty() {
        return Ok(());
    }
    for fault in &faults {
        eprintln!("{fault}");
    }
    bail!("{} faults", faults.len());
}

fn tracked() -> Result<Vec<PathBuf>> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(paths::root()).output()?;
    ensure!(output.status.success(), "git ls-files failed");
    let names = String::from_utf8(output.stdout).context("a file's name is not UTF-8")?;
    Ok(names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect())
}

fn check(path: &Path, text: &str, faults: &mut Vec<String>) {
    let extension = path.extension().and_then(|ext| ext.to_str()).unwrap_or_default();
    let generated = path.starts_with("models");
    let source = matches!(extension, "rs" | "py" | "js" | "ts" | "toml" | "md" | "sh");
    if !source || generated {
        return;
    }
    let mut fault = |line: usize, what: &str| faults.push(format!("{}:{line}: {what}", path.display()));
    let length = text.lines().count();
    if matches!(extension, "rs" | "py" | "js" | "ts") && length > LINES_MAX {
        fault(length, "the file is too long to hold one idea");
    }
    for (i, line) in text.lines().enumerate() {
        if line.ends_with([' ', '\t']) {
            fault(i + 1, "white space at the end of the line");
        }
        if UNFINISHED.iter().any(|word| line.contains(word)) {
            fault(i + 1, "something is unfinished");
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        fault(length, "no end of line at the end of the file");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(path: &str, text: &str) -> usize {
        let mut faults = Vec::new();
        check(Path::new(path), text, &mut faults);
        faults.len()
    }

    #[test]
    fn rules() {
        assert_eq!(faults("a.rs", "fn a() {}\n"), 0);
        assert_eq!(faults("a.rs", "fn a() {} \n"), 1);
        assert_eq!(faults("a.rs", "fn a() {}"), 1);
        assert_eq!(faults("a.rs", concat!("// TO", "DO\n")), 1);
        assert_eq!(faults("a.rs", &"\n".repeat(LINES_MAX + 1)), 1);
        assert_eq!(faults("models/sqs/src/types.rs", &"\n".repeat(LINES_MAX + 1)), 0);
    }
}
