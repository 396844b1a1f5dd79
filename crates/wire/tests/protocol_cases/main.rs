//! Runs the protocol cases of `models/inputs/protocol-cases`: what clients send has to be understood, and what is
//! answered has to be what clients expect. They were written for clients, so some say nothing about a server; those
//! are listed, each with its reason, in `not_applicable.rs`, and a listed case that would pass is a failure too.

mod input;
mod not_applicable;
mod output;
mod service;
mod suite;
mod values;
mod xml;

use std::collections::{BTreeMap, BTreeSet};

use suite::{Case, Suite};

/// The number of cases in the files: a file that is lost or not read would otherwise go unnoticed.
const INPUT_CASES: usize = 367;
const OUTPUT_CASES: usize = 365;

#[test]
fn what_clients_send_is_understood() {
    run("input", INPUT_CASES, input::check);
}

#[test]
fn what_is_answered_is_what_clients_expect() {
    run("output", OUTPUT_CASES, output::check);
}

/// Counts for one file of cases.
#[derive(Default)]
struct Tally {
    passed: usize,
    not_applicable: usize,
}

fn run(side: &str, expected_cases: usize, check: fn(&Suite, &Case) -> Result<(), String>) {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for (file, suites) in suite::read(side) {
        let tally = tallies.entry(file.clone()).or_default();
        for suite in &suites {
            for case in &suite.cases {
                let id = format!("{file}/{}", case.id);
                let outcome = check(suite, case);
                match (outcome, not_applicable::reason(side, &case.id)) {
                    (Ok(()), None) => tally.passed += 1,
                    (Err(_), Some(_)) => tally.not_applicable += 1,
                    (Err(problem), None) => problems.push(format!("{id}: {problem}")),
                    (Ok(()), Some(reason)) => {
                        problems.push(format!("{id} passes, but is listed as not applicable: {reason}"));
                    }
                }
                seen.insert(case.id.clone());
            }
        }
    }
    for (file, tally) in &tallies {
        println!("{file:<52} {:>4} passed {:>3} not applicable", tally.passed, tally.not_applicable);
    }
    problems.extend(
        not_applicable::listed(side).filter(|id| !seen.contains(*id)).map(|id| format!("{id} is no case")),
    );
    let cases: usize = tallies.values().map(|t| t.passed + t.not_applicable).sum();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    assert_eq!(cases, expected_cases);
}
