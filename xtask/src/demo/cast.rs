//! The example's processes: one that sends, those that work, and one that collects dead letters.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::ledger::{Attempt, Ledger, Letter, Sent};
use super::process::Process;
use super::stop::Stop;
use super::tail::Tail;

/// The account of Counter Promo's development environment.
const ACCOUNT: &str = "437064342167";
/// Its region.
const REGION: &str = "eu-west-2";
/// A short task of the example; most of it is the start of Python.
const TASK_MAX: Duration = Duration::from_secs(60);
/// A worker that is told to stop finishes the batch in its hands.
const END_MAX: Duration = Duration::from_secs(30);

/// Everyone who is a client of Cloudlet.
pub struct Cast {
    stage: Stage,
    sender: Option<Process>,
    sent: Tail,
    workers: Vec<Process>,
    attempts: Vec<Tail>,
    collector: Option<Process>,
    letters: Tail,
}

/// What each of them is given.
struct Stage {
    python: PathBuf,
    example: PathBuf,
    place: PathBuf,
    url: String,
}

impl Cast {
    /// Creates the queues. Journals, results and logs will be in `place`.
    pub fn new(python: &Path, example: &Path, place: &Path, url: &str, stop: &Stop) -> Result<Self> {
        let stage = Stage {
            python: python.to_owned(),
            example: example.to_owned(),
            place: place.to_owned(),
            url: url.to_owned(),
        };
        stage.run(&["queues.py", "create"], stop)?;
        let (sent, letters) =
            (Tail::new(place.join("sent.jsonl")), Tail::new(place.join("dead-letters.jsonl")));
        let (workers, attempts) = (Vec::new(), Vec::new());
        Ok(Self { stage, sender: None, sent, workers, attempts, collector: None, letters })
    }

    /// Starts to send jobs and to collect dead letters.
    pub fn start(&mut self, jobs: u32) -> Result<()> {
        let mut collect = self.stage.command("dead_letters.py");
        collect.arg("--journal").arg(self.stage.place.join("dead-letters.jsonl"));
        self.collector = Some(self.stage.start("dead-letters", &mut collect)?);
        let mut send = self.stage.command("producer.py");
        send.args(["--jobs", &jobs.to_string(), "--sent"]).arg(self.stage.place.join("sent.jsonl"));
        self.sender = Some(self.stage.start("producer", &mut send)?);
        Ok(())
    }

    /// Starts one more worker.
    pub fn hire_worker(&mut self) -> Result<()> {
        let name = format!("worker-{}", self.attempts.len() + 1);
        let journal = self.stage.place.join(format!("{name}.jsonl"));
        let mut work = self.stage.command("worker.py");
        work.arg("--results").arg(self.results()).arg("--attempts").arg(&journal);
        self.workers.push(self.stage.start(&name, &mut work)?);
        self.attempts.push(Tail::new(journal));
        Ok(())
    }

    /// Kills the worker that has been there longest.
    pub fn kill_worker(&mut self) -> Result<()> {
        ensure!(!self.workers.is_empty(), "there is no worker");
        self.workers.remove(0).kill()
    }

    /// Fails if one of them has failed.
    pub fn check(&mut self) -> Result<()> {
        for process in self.workers.iter_mut().chain(&mut self.collector) {
            process.check_runs()?;
        }
        if let Some(sender) = &mut self.sender
            && sender.ended()?.is_some()
        {
            sender.wait(TASK_MAX, || Ok(()))?;
            self.sender = None;
        }
        Ok(())
    }

    /// Whether the producer has come to its end.
    pub fn all_is_sent(&self) -> bool {
        self.sender.is_none()
    }

    /// Enters what has been journalled since the last time; says whether there was anything.
    pub fn read_journals(&mut self, ledger: &mut Ledger) -> Result<bool> {
        let mut entries = 0;
        for entry in self.sent.read::<Sent>()? {
            ledger.sent(entry);
            entries += 1;
        }
        for entry in self.letters.read::<Letter>()? {
            ledger.dead_letter(entry);
            entries += 1;
        }
        for tail in &mut self.attempts {
            for entry in tail.read::<Attempt>()? {
                ledger.attempt(entry);
                entries += 1;
            }
        }
        Ok(entries > 0)
    }

    /// Messages in both queues together, as the service counts them.
    pub fn count_queues(&self, stop: &Stop) -> Result<u64> {
        let said = self.stage.run(&["queues.py", "count"], stop)?;
        let counts: std::collections::BTreeMap<String, u64> =
            serde_json::from_str(&said).with_context(|| format!("queues.py count said {said:?}"))?;
        ensure!(counts.len() == 2, "queues.py count said {said:?}");
        Ok(counts.values().sum())
    }

    /// Lets everyone finish what they do, and go.
    pub fn dismiss(&mut self, stop: &Stop) -> Result<()> {
        let mut all: Vec<Process> = self.workers.drain(..).chain(self.collector.take()).collect();
        for process in &mut all {
            process.ask_to_end()?;
        }
        for process in &mut all {
            process.wait(END_MAX, || stop.check())?;
        }
        Ok(())
    }

    /// The folder with one file per job done.
    pub fn results(&self) -> PathBuf {
        self.stage.place.join("results")
    }
}

impl Stage {
    /// A program of the example, pointed at Cloudlet as any AWS client is, and at nothing else that the environment
    /// may hold.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(program).current_dir(&self.example);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("AWS_") || text.starts_with("BOTO") {
                command.env_remove(&name);
            }
        }
        command.envs([
            ("AWS_ENDPOINT_URL", self.url.as_str()),
            ("AWS_ACCESS_KEY_ID", ACCOUNT),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("NO_PROXY", "127.0.0.1"),
            ("no_proxy", "127.0.0.1"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
        ]);
        command
    }

    fn start(&self, name: &str, command: &mut Command) -> Result<Process> {
        Process::start(name, command, &self.place.join(format!("{name}.log")))
    }

    /// Runs a program of the example to its end; gives what it printed.
    fn run(&self, call: &[&str], stop: &Stop) -> Result<String> {
        let output = tempfile::NamedTempFile::new_in(&self.place)?;
        let (program, arguments) = call.split_first().context("no program is named")?;
        let mut command = self.command(program);
        command.args(arguments).stdout(Stdio::from(output.reopen()?));
        let log = self.place.join("tasks.log");
        Process::start_redirected(&call.join(" "), &mut command, &log)?.wait(TASK_MAX, || stop.check())?;
        Ok(std::fs::read_to_string(output.path())?)
    }
}
