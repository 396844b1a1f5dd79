//! Child processes that never outlive the demo.

use std::fs::{self, File, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// Between two looks at a process that is waited for.
const TICK: Duration = Duration::from_millis(5);
/// How much of a log an error shows.
const LOG_SHOWN: usize = 2000;

/// A child process in a process group of its own, so that Ctrl-C reaches us and not it. Dropping this kills it.
pub struct Process {
    name: String,
    log: PathBuf,
    child: Child,
}

impl Process {
    /// Starts `command`. What it says goes to the end of the file `log`.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let output = append(log)?;
        Self::start_redirected(name, command.stdout(output), log)
    }

    /// Starts `command`. Its standard output can be read here; its standard error goes to the end of the file `log`.
    pub fn start_piped(name: &str, command: &mut Command, log: &Path) -> Result<(Self, ChildStdout)> {
        let mut process = Self::start_redirected(name, command.stdout(Stdio::piped()), log)?;
        let output = process.child.stdout.take().context("the output is not piped")?;
        Ok((process, output))
    }

    /// Starts `command`, whose standard output is set already. Its standard error goes to the end of the file `log`.
    pub fn start_redirected(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        command.stdin(Stdio::null()).stderr(append(log)?).process_group(0);
        let child = command.spawn().with_context(|| format!("{command:?} cannot be run"))?;
        Ok(Self { name: name.to_owned(), log: log.to_owned(), child })
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Fails, with the end of its log, if it is not running any more.
    pub fn check_runs(&mut self) -> Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => bail!("{} ended ({status}):\n{}", self.name, self.log_end()),
        }
    }

    /// Ends it at once (SIGKILL).
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end (SIGTERM).
    pub fn ask_to_end(&mut self) -> Result<()> {
        if self.ended()?.is_none() {
            let pid =
                i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("an odd process id")?;
            kill_process(pid, Signal::TERM)?;
        }
        Ok(())
    }

    /// Waits for its end; fails if that takes longer than `limit`, if it failed, or if `go_on` does.
    pub fn wait(&mut self, limit: Duration, mut go_on: impl FnMut() -> Result<()>) -> Result<()> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.ended()? {
                ensure!(status.success(), "{} failed ({status}):\n{}", self.name, self.log_end());
                return Ok(());
            }
            ensure!(started.elapsed() < limit, "{} has not ended after {} s", self.name, limit.as_secs());
            go_on()?;
            sleep(TICK);
        }
    }

    fn log_end(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(LOG_SHOWN)..]).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, which is as well.
        let _ = self.kill();
    }
}

fn append(log: &Path) -> Result<File> {
    OpenOptions::new().create(true).append(true).open(log).with_context(|| format!("{}", log.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn shell(script: &str, log: &Path) -> Process {
        Process::start("the script", Command::new("sh").args(["-c", script]), log).unwrap()
    }

    #[test]
    fn a_failure_shows_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let mut process = shell("echo out of cheese; exit 3", &dir.path().join("log"));
        let error = process.wait(LONG, || Ok(())).unwrap_err().to_string();
        assert!(error.contains("out of cheese") && error.contains('3'), "{error}");
        assert!(process.check_runs().is_err());
    }

    #[test]
    fn asked_to_end_it_ends_in_its_own_way() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let mut process = shell("trap 'exit 0' TERM; echo set; while :; do sleep 0.01; done", &log);
        while fs::read(&log).unwrap().is_empty() {
            process.check_runs().unwrap();
            sleep(TICK);
        }
        process.ask_to_end().unwrap();
        process.wait(LONG, || Ok(())).unwrap();
    }

    #[test]
    fn a_dropped_process_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let process = shell("exec sleep 60", &dir.path().join("log"));
        let pid = Pid::from_raw(i32::try_from(process.child.id()).unwrap()).unwrap();
        drop(process);
        assert!(rustix::process::test_kill_process(pid).is_err());
    }
}
