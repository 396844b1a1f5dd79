//! `cargo xtask test`: everything that has to pass.

use std::env;
use std::process::Command;

use anyhow::Result;

use crate::{codegen, paths, setup, tidy};

/// Runs all checks and all tests, the cheap ones first.
pub fn run() -> Result<()> {
    step("the tree");
    tidy::run()?;
    codegen::run(true)?;
    step("Rust");
    setup::run(setup::cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))?;
    setup::run(setup::cargo().args(["test", "--workspace", "--quiet", "--no-fail-fast"]))?;
    let cloudlet = setup::cloudlet_of_tests()?;
    step("the example");
    let example = paths::root().join("examples/counterpromo");
    let python = setup::python(&example.join("requirements.txt"))?;
    let mut unit = Command::new(python);
    setup::run(unit.args(["-m", "unittest", "-q"]).current_dir(&example))?;
    step("the main job, shortened");
    let mut demo = Command::new(env::current_exe()?);
    setup::run(demo.args(["demo", "--jobs", "300", "--program"]).arg(&cloudlet))?;
    step("Python clients");
    setup::debian_clients();
    let clients = paths::root().join("tests/clients");
    let python = setup::python(&clients.join("requirements.txt"))?;
    // The exercises of operations, which are in Python, run with the JavaScript SDK as well.
    let js = clients.join("js");
    let path = setup::node_packages(&js)?;
    let mut pytest = Command::new(python);
    // Each of the two processes has a server of its own. What is skipped is named.
    pytest.args(["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-n", "2"]).arg(&clients);
    setup::run(pytest.current_dir(&clients).env("CLOUDLET_BIN", &cloudlet).env("PATH", &path))?;
    step("JavaScript clients");
    let mut node = Command::new("node");
    setup::run(node.arg("--test").current_dir(&js).env("PATH", path).env("CLOUDLET_BIN", &cloudlet))
}

fn step(name: &str) {
    eprintln!("\n== {name}");
}
