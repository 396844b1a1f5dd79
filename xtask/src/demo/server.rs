//! Cloudlet under the demo's hands.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::free_port;
use super::process::Process;
use super::stop::Stop;

/// Ready takes milliseconds; a machine so busy that it takes this long cannot run the demo.
const READY_MAX: Duration = Duration::from_secs(30);
/// Requests in flight may finish.
const END_MAX: Duration = Duration::from_secs(15);
/// Longest line that Cloudlet says it is ready with.
const LINE_MAX: u64 = 64 << 10;
/// Between two looks at why we might have to stop.
const TICK: Duration = Duration::from_millis(50);

/// A durable Cloudlet on one data directory and one port, through all its lives.
pub struct Server {
    program: PathBuf,
    data: PathBuf,
    log: PathBuf,
    port: u16,
    process: Option<Process>,
}

impl Server {
    /// Nothing runs yet; the data directory will be `place/data`.
    pub fn new(program: &Path, place: &Path) -> Result<Self> {
        let (data, log) = (place.join("data"), place.join("cloudlet.log"));
        Ok(Self { program: program.to_owned(), data, log, port: free_port()?, process: None })
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts the program and waits until it says that it is ready. Gives how long that took.
    pub fn start(&mut self, stop: &Stop) -> Result<Duration> {
        let mut command = self.command();
        command.args(["up", "--data"]).arg(&self.data);
        command.args(["--listen", &format!("127.0.0.1:{}", self.port), "--ephemeral", "false"]);
        let started = Instant::now();
        let (process, output) = Process::start_piped("Cloudlet", &mut command, &self.log)?;
        let process = self.process.insert(process);
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(output.take(LINE_MAX)).read_line(&mut line);
            // Nobody listens any more if we had to stop.
            let _ = sender.send(read.map(|_| (line, Instant::now())));
        });
        let (line, ready) = loop {
            match receiver.recv_timeout(TICK) {
                Ok(read) => break read?,
                Err(RecvTimeoutError::Disconnected) => bail!("Cloudlet's output cannot be read"),
                Err(RecvTimeoutError::Timeout) => {
                    process.check_runs()?;
                    ensure!(started.elapsed() < READY_MAX, "Cloudlet is not ready");
                    stop.check()?;
                }
            }
        };
        if line.is_empty() {
            process.wait(END_MAX, || Ok(()))?;
        }
        let said: serde_json::Value =
            serde_json::from_str(&line).with_context(|| format!("Cloudlet said {line:?}"))?;
        ensure!(said["ready"] == true, "Cloudlet said {line:?}");
        Ok(ready - started)
    }

    /// Fails if it has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        self.running()?.check_runs()
    }

    /// Ends it in the middle of whatever it does (SIGKILL).
    pub fn kill(&mut self) -> Result<()> {
        self.running()?.kill()
    }

    /// Lets it end in good order (SIGTERM).
    pub fn shut_down(&mut self) -> Result<()> {
        let process = self.running()?;
        process.ask_to_end()?;
        process.wait(END_MAX, || Ok(()))
    }

    /// Has the program verify the data directory, when it is not running.
    pub fn verify_data(&self) -> Result<()> {
        let output = self.command().args(["check", "--data"]).arg(&self.data).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the data directory is not sound:\n{said}");
        Ok(())
    }

    fn running(&mut self) -> Result<&mut Process> {
        self.process.as_mut().context("Cloudlet has not been started")
    }

    /// The program, untouched by settings in our own environment.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CLOUDLET_") {
                command.env_remove(name);
            }
        }
        command.args(["--output", "json"]);
        command
    }
}
