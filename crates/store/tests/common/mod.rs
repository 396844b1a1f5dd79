//! The engines every test of the suite runs against.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::path::Path;

use store::{Options, Store};
use tempfile::TempDir;

/// What a store under test is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Memory,
    Durable,
    /// Durable with so small an overlay and log that generations are flushed and segments recycled all the time.
    Flushing,
}

impl Engine {
    pub fn options(self) -> Options {
        match self {
            Engine::Memory | Engine::Durable => Options { segment_bytes: 1 << 20, ..Options::default() },
            Engine::Flushing => Options {
                overlay_freeze_bytes: 2_000,
                overlay_bytes_max: 8_000,
                log_freeze_bytes: 4_000,
                segment_bytes_first: 2_048,
                segment_bytes: 8_192,
                ..Options::default()
            },
        }
    }

    pub fn open(self, dir: &Path, options: Options) -> Store {
        match self {
            Engine::Memory => Store::in_memory(options),
            _ => Store::open(dir, options).expect("the store opens"),
        }
    }
}

/// A fresh store of an engine, and where it lives.
pub fn fresh(engine: Engine) -> (TempDir, Store) {
    fresh_with(engine, engine.options())
}

pub fn fresh_with(engine: Engine, options: Options) -> (TempDir, Store) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = engine.open(dir.path(), options);
    (dir, store)
}

/// Settings of a property test of `cases` random cases, or as many as `PROPTEST_CASES` says.
pub fn cases(cases: u32) -> proptest::test_runner::Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(cases);
    proptest::test_runner::Config { cases, failure_persistence: None, ..Default::default() }
}
