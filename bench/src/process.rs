//! A server process: started in its own group, watched through /proc, ended by its id.

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Serialize;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::Arc;

/// Enough of what a server last said to show why it ended.
const STDERR_TAIL_BYTES: usize = 4 * 1024;
/// A server with more processes than this is not one of ours; the rest is not counted.
const PROCESSES_MAX: usize = 256;

/// A running child and its descendants; dropped, all of them are killed.
#[derive(Debug)]
pub struct Server {
    child: Child,
    stderr_tail: Arc<Mutex<Vec<u8>>>,
}

/// What a server and its descendants use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Usage {
    pub rss_bytes: u64,
    /// User and system time since the start.
    pub cpu_seconds: f64,
}

impl Server {
    /// Starts `command` in a process group of its own, so that none of its children outlives it.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn()?;
        let stderr_tail = Arc::default();
        if let Some(stderr) = child.stderr.take() {
            keep_tail(stderr, Arc::clone(&stderr_tail));
        }
        Ok(Self { child, stderr_tail })
    }

    /// How the server ended, if it did.
    pub fn exited(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// The last of what it wrote to stderr.
    pub fn stderr_tail(&self) -> String {
        String::from_utf8_lossy(&self.stderr_tail.lock()).trim().to_owned()
    }

    /// Memory and processor time now; nothing once the server has ended.
    pub fn usage(&self) -> Option<Usage> {
        usage_of(self.child.id())
    }

    /// Ends the server with SIGKILL and waits until it is gone.
    pub fn kill(mut self) {
        self.kill_and_wait();
    }

    fn kill_and_wait(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // Both only fail where the process is already gone, which is what is wanted.
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill_and_wait();
    }
}

/// Reads to the end, so that the server never waits for a full pipe; the thread ends with the pipe.
fn keep_tail(mut stderr: ChildStderr, tail: Arc<Mutex<Vec<u8>>>) {
    std::thread::spawn(move || {
        let mut piece = [0; STDERR_TAIL_BYTES];
        while let Ok(length @ 1..) = stderr.read(&mut piece) {
            let mut tail = tail.lock();
            tail.extend_from_slice(&piece[..length]);
            let surplus = tail.len().saturating_sub(STDERR_TAIL_BYTES);
            tail.drain(..surplus);
        }
    });
}

/// What the process with this id and its descendants use; nothing if there is no such process.
fn usage_of(pid: u32) -> Option<Usage> {
    let mut total = usage_alone(pid)?;
    let mut pids = vec![pid];
    let mut at = 0;
    while let Some(pid) = pids.get(at).copied() {
        at += 1;
        for child in children(pid) {
            if pids.len() < PROCESSES_MAX
                && let Some(usage) = usage_alone(child)
            {
                pids.push(child);
                total.rss_bytes += usage.rss_bytes;
                total.cpu_seconds += usage.cpu_seconds;
            }
        }
    }
    Some(total)
}

/// What the process with this id uses, without its descendants.
pub fn usage_alone(pid: u32) -> Option<Usage> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let ticks_per_second = rustix::param::clock_ticks_per_second() as f64;
    Some(Usage {
        rss_bytes: parse_rss(&status).unwrap_or(0),
        cpu_seconds: parse_cpu_ticks(&stat)? as f64 / ticks_per_second,
    })
}

/// VmRSS; a process that is ending has none.
fn parse_rss(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// utime + stime. The command name before them may hold spaces and parentheses.
fn parse_cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Children of any of the process's threads.
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    threads
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|pids| pids.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn proc_files() {
        assert_eq!(parse_rss("Name:\tx\nVmRSS:\t   12 kB\nThreads:\t1\n"), Some(12 * 1024));
        assert_eq!(parse_rss("Name:\tx\n"), None);
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 31 11 0 0 20 0 1 0 5 6 7";
        assert_eq!(parse_cpu_ticks(stat), Some(42));
        assert_eq!(parse_cpu_ticks("7 (a) S"), None);
    }

    #[test]
    fn this_process_uses_memory() {
        let usage = usage_of(std::process::id()).expect("this process");
        assert!(usage.rss_bytes > 100 * 1024, "{usage:?}");
    }

    /// Waits, generously, for what must become true.
    fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < Duration::from_secs(30), "never: {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn killing_takes_the_descendants_along() {
        let script = "sleep 300 & echo started >&2; wait";
        let server = Server::spawn(Command::new("sh").args(["-c", script])).expect("a shell");
        eventually("started", || server.stderr_tail() == "started");
        let pid = server.child.id();
        let descendant = *children(pid).first().expect("a child");
        let alone = usage_alone(pid).expect("the shell").rss_bytes;
        eventually("counted together", || usage_of(pid).expect("both").rss_bytes > alone);
        server.kill();
        assert_eq!(usage_of(pid), None);
        let gone_or_unreaped = || {
            std::fs::read_to_string(format!("/proc/{descendant}/stat"))
                .map_or(true, |stat| stat.contains(") Z "))
        };
        eventually("the descendant is gone", gone_or_unreaped);
    }

    #[test]
    fn an_ended_server_says_so() {
        let mut server = Server::spawn(Command::new("sh").args(["-c", "echo no such option >&2; exit 3"]))
            .expect("a shell");
        eventually("ended", || server.exited().expect("a status").is_some());
        eventually("said why", || server.stderr_tail() == "no such option");
        assert_eq!(server.exited().expect("a status").and_then(|status| status.code()), Some(3));
    }
}
