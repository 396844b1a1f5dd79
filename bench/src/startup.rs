//! Cloudlet's time to ready, memory and directory size: on an empty directory, loaded, and after SIGKILL.

use crate::client::Client;
use crate::options::{Options, Output};
use crate::prepare::Loader;
use crate::process::Server;
use crate::report::{Machine, grouped, mebibytes, to_json};
use crate::sqs::{CallError, Sqs};
use crate::stats::Spread;
use crate::table::Table;
use crate::target::{DATA, TargetError, free_endpoint, start_cloudlet_timed};
use serde::Serialize;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Odd, so that the median is one of them.
const STARTS: usize = 5;
/// What a start leaves to do in the background is over by then.
const SETTLE: Duration = Duration::from_secs(1);
/// A directory deeper or fuller than this is not one of Cloudlet's.
const DIRECTORY_DEPTH_MAX: u32 = 16;

/// Why the figures could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("loading: {0}")]
    Call(#[from] CallError),
    #[error("data directory: {0}")]
    Io(#[from] io::Error),
    #[error("{sent} of {wanted} messages were accepted within --prepare-seconds")]
    NotLoaded { sent: u64, wanted: u64 },
    #[error("the server ended while it was measured")]
    Ended,
    #[error("{kept} messages after SIGKILL where {acknowledged} were acknowledged")]
    Lost { kept: u64, acknowledged: u64 },
}

/// What `startup` found.
#[derive(Debug, Clone, Serialize)]
pub struct StartupFigures {
    pub machine: Machine,
    /// From spawn to the first 200 of the health page, on an empty directory.
    pub ready_empty_ms: Spread,
    pub idle_rss_bytes: u64,
    /// Sent, acknowledged, and found again after SIGKILL.
    pub messages: u64,
    pub load_per_second: f64,
    pub loaded_rss_bytes: u64,
    pub directory_bytes: u64,
    /// The same on the directory left by SIGKILL, each time killed again.
    pub ready_after_kill_ms: Spread,
    pub restarted_rss_bytes: u64,
}

/// Starts, loads, kills and restarts Cloudlet.
pub async fn measure(options: &Options) -> Result<StartupFigures, StartupError> {
    let path = options.cloudlet.as_deref().ok_or(TargetError::NoCloudlet("startup"))?;
    let mut ready_empty = Vec::new();
    for _ in 0..STARTS {
        let data = fresh_directory(options)?;
        let (server, ready) =
            start_cloudlet_timed(path, &free_endpoint(options)?, &data.path().join(DATA)).await?;
        ready_empty.push(milliseconds(ready));
        server.kill();
    }

    let data = fresh_directory(options)?;
    let endpoint = free_endpoint(options)?;
    let (server, _) = start_cloudlet_timed(path, &endpoint, &data.path().join(DATA)).await?;
    tokio::time::sleep(SETTLE).await;
    let idle_rss_bytes = rss(&server)?;

    let loader = Loader::new(&endpoint, "bench-startup").await?;
    let start = Instant::now();
    let messages =
        loader.fill(options.messages, start + Duration::from_secs(options.prepare_seconds)).await?;
    let load_per_second = messages as f64 / start.elapsed().as_secs_f64();
    if messages < options.messages {
        return Err(StartupError::NotLoaded { sent: messages, wanted: options.messages });
    }
    let loaded_rss_bytes = rss(&server)?;
    server.kill();
    let directory_bytes = directory_bytes(&data.path().join(DATA), 0)?;

    let mut ready_after_kill = Vec::new();
    let mut restarted_rss_bytes = 0;
    for _ in 0..STARTS {
        let (server, ready) = start_cloudlet_timed(path, &endpoint, &data.path().join(DATA)).await?;
        ready_after_kill.push(milliseconds(ready));
        let sqs = Sqs::new(&endpoint);
        let kept = sqs.visible_messages(&mut Client::new(&endpoint), &loader.queue).await?;
        if kept != messages {
            return Err(StartupError::Lost { kept, acknowledged: messages });
        }
        restarted_rss_bytes = rss(&server)?;
        server.kill();
    }

    let spread = |figures: &[f64]| Spread::of(figures).ok_or(StartupError::Ended);
    Ok(StartupFigures {
        machine: Machine::this(),
        ready_empty_ms: spread(&ready_empty)?,
        idle_rss_bytes,
        messages,
        load_per_second,
        loaded_rss_bytes,
        directory_bytes,
        ready_after_kill_ms: spread(&ready_after_kill)?,
        restarted_rss_bytes,
    })
}

impl StartupFigures {
    /// The text for `output`.
    pub fn render(&self, output: Output) -> String {
        if output == Output::Json {
            return to_json(self);
        }
        let range = |spread: Spread| format!("{:.1} ({:.1}–{:.1})", spread.median, spread.min, spread.max);
        let messages = grouped(self.messages as f64);
        let mut table = Table::new(&["figure", "value"]);
        for (figure, value) in [
            ("ready on an empty directory, ms".to_owned(), range(self.ready_empty_ms)),
            ("idle RSS, MiB".to_owned(), mebibytes(self.idle_rss_bytes)),
            (format!("messages/s while loading {messages}"), grouped(self.load_per_second)),
            (format!("RSS with {messages} messages, MiB"), mebibytes(self.loaded_rss_bytes)),
            ("directory, MiB".to_owned(), mebibytes(self.directory_bytes)),
            (format!("ready after SIGKILL with {messages} messages, ms"), range(self.ready_after_kill_ms)),
            ("RSS after that restart, MiB".to_owned(), mebibytes(self.restarted_rss_bytes)),
        ] {
            table.add(vec![figure, value]);
        }
        table.render(output)
    }
}

fn fresh_directory(options: &Options) -> io::Result<TempDir> {
    TempDir::with_prefix_in("cloudlet-bench-", options.data_parent())
}

fn rss(server: &Server) -> Result<u64, StartupError> {
    server.usage().map(|usage| usage.rss_bytes).ok_or(StartupError::Ended)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The space the files of a directory take, in whole disk blocks: files with holes count for what they hold.
fn directory_bytes(directory: &Path, depth: u32) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut total = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_dir() && depth < DIRECTORY_DEPTH_MAX {
            total += directory_bytes(&entry.path(), depth + 1)?;
        } else {
            // POSIX: st_blocks is in units of 512 bytes here, whatever the block size of the file system.
            total += metadata.blocks() * 512;
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_as_large_as_its_files() {
        let directory = tempfile::tempdir().expect("a directory");
        assert_eq!(directory_bytes(directory.path(), 0).expect("readable"), 0);
        std::fs::create_dir(directory.path().join("inner")).expect("a directory");
        std::fs::write(directory.path().join("inner/file"), vec![7; 100_000]).expect("written");
        std::fs::File::create(directory.path().join("holes"))
            .and_then(|file| file.set_len(1 << 30))
            .expect("a file");
        let bytes = directory_bytes(directory.path(), 0).expect("readable");
        assert!((100_000..1 << 20).contains(&bytes), "{bytes}");
    }
}
