//! What became of each job, by message id.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// A line of the producer's journal: the queue has acknowledged a job.
#[derive(Deserialize)]
pub struct Sent {
    /// Message id.
    pub message: String,
    /// Promotion's id.
    pub promotion: String,
    /// Seconds since 1970.
    pub at: f64,
}

/// A line of a worker's journal: it has done a job, or could not.
#[derive(Deserialize)]
pub struct Attempt {
    /// Message id.
    pub message: String,
    /// Whether the result is written.
    pub done: bool,
    /// Seconds since 1970.
    pub at: f64,
}

/// A line of the dead letters' journal.
#[derive(Deserialize)]
pub struct Letter {
    /// Message id.
    pub message: String,
    /// Promotion's id.
    pub promotion: String,
}

/// The file of one job's result, as far as we look.
#[derive(Deserialize)]
struct Outcome {
    promotion: String,
}

/// The ids of the promotions that cannot be done, from a list that is kept beside them.
pub struct Poisoned(HashSet<String>);

impl Poisoned {
    /// Reads lines of an id and a reason.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
        Ok(Self(text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()))
    }

    /// Whether a promotion cannot be done; `id.1`, `id.2` … are the same row again.
    fn contains(&self, promotion: &str) -> bool {
        self.0.contains(promotion.split('.').next().unwrap_or(promotion))
    }
}

/// All that the journals say.
pub struct Ledger {
    jobs: u32,
    poisoned: Poisoned,
    sent: BTreeMap<String, String>,
    /// Message id → how often it was done; 0 where it could not be.
    attempts: HashMap<String, u32>,
    /// Message id → promotion's id.
    letters: BTreeMap<String, String>,
    /// Message id → promotion's id.
    results: BTreeMap<String, String>,
    /// Sent, and not yet as it should be in the end.
    open: HashSet<String>,
    first_sent: f64,
    last_done: f64,
}

impl Ledger {
    /// Nothing has happened yet; `jobs` are to be sent.
    pub fn new(jobs: u32, poisoned: Poisoned) -> Self {
        Self {
            jobs,
            poisoned,
            sent: BTreeMap::new(),
            attempts: HashMap::new(),
            letters: BTreeMap::new(),
            results: BTreeMap::new(),
            open: HashSet::new(),
            first_sent: f64::INFINITY,
            last_done: f64::NEG_INFINITY,
        }
    }

    /// Enters a job sent.
    pub fn sent(&mut self, entry: Sent) {
        self.first_sent = self.first_sent.min(entry.at);
        self.open.insert(entry.message.clone());
        self.sent.insert(entry.message.clone(), entry.promotion);
        self.close(&entry.message);
    }

    /// Enters an attempt at a job.
    pub fn attempt(&mut self, entry: Attempt) {
        let done = self.attempts.entry(entry.message.clone()).or_default();
        if entry.done {
            *done += 1;
            self.last_done = self.last_done.max(entry.at);
        }
        self.close(&entry.message);
    }

    /// Enters a dead letter.
    pub fn dead_letter(&mut self, entry: Letter) {
        self.letters.insert(entry.message.clone(), entry.promotion);
        self.close(&entry.message);
    }

    /// Enters the results: a file `<message id>.json` each.
    pub fn read_results(&mut self, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
            let name = entry?.file_name().into_string().ok().context("a result's name is odd")?;
            // A worker that is killed leaves the beginning of a result under a name of its own.
            if let Some(message) = name.strip_suffix(".json") {
                let text = fs::read_to_string(folder.join(&name))?;
                let outcome: Outcome =
                    serde_json::from_str(&text).with_context(|| format!("result {name}"))?;
                self.results.insert(message.to_owned(), outcome.promotion);
            }
        }
        Ok(())
    }

    /// Jobs that have been done or tried at least once.
    pub fn attempted(&self) -> usize {
        self.attempts.len()
    }

    /// Acknowledged jobs.
    pub fn sent_count(&self) -> usize {
        self.sent.len()
    }

    /// Acknowledged jobs that are where they should be in the end: done, or dead if poisoned.
    pub fn settled_count(&self) -> usize {
        self.sent.len() - self.open.len()
    }

    /// Jobs that have become dead letters.
    pub fn dead_count(&self) -> usize {
        self.letters.len()
    }

    /// Whether all jobs are sent and are where they should be in the end.
    pub fn is_settled(&self) -> bool {
        self.sent.len() as u64 >= u64::from(self.jobs) && self.open.is_empty()
    }

    /// Adds it all up.
    pub fn totals(&self) -> Totals {
        let known = |message: &&String| self.sent.contains_key(*message);
        let ended: BTreeSet<&String> = self.results.keys().chain(self.letters.keys()).collect();
        let done = self.results.keys().filter(known).count();
        let seconds = (self.last_done - self.first_sent).max(0.0);
        Totals {
            sent: self.sent.len(),
            done,
            done_more_than_once: self.attempts.values().filter(|done| **done > 1).count(),
            dead_lettered: self.letters.keys().filter(known).count(),
            lost: self.sent.keys().filter(|message| !ended.contains(message)).count(),
            unexpected: ended.iter().filter(|message| !known(message)).count(),
            seconds,
            jobs_per_second: if seconds > 0.0 { done as f64 / seconds } else { 0.0 },
        }
    }

    /// What is not as it must be; `kills` is how often an answer may have been cut off.
    pub fn broken(&self, kills: usize) -> Vec<String> {
        let totals = self.totals();
        let mut broken = Vec::new();
        let mut note = |what: &str, messages: Vec<&String>| {
            if let Some(first) = messages.first() {
                broken.push(format!("{}: {what}, such as message {first}", messages.len()));
            }
        };
        let ended =
            |message: &String| self.results.contains_key(message) || self.letters.contains_key(message);
        note("lost", self.sent.keys().filter(|message| !ended(message)).collect());
        let poisoned = |promotion: &String| self.poisoned.contains(promotion);
        let of = |entries: &'_ BTreeMap<String, String>, bad: bool| -> Vec<String> {
            entries
                .iter()
                .filter(|(_, promotion)| poisoned(promotion) == bad)
                .map(|(m, _)| m.clone())
                .collect()
        };
        let (sound_letters, poisoned_results) = (of(&self.letters, false), of(&self.results, true));
        note("sound, yet a dead letter", sound_letters.iter().collect());
        note("poisoned, yet done", poisoned_results.iter().collect());
        let changed = |entries: &'_ BTreeMap<String, String>| -> Vec<String> {
            let differs = |(message, promotion): &(&String, &String)| {
                self.sent.get(*message).is_some_and(|sent| sent != *promotion)
            };
            entries.iter().filter(differs).map(|(message, _)| message.clone()).collect()
        };
        let (other_results, other_letters) = (changed(&self.results), changed(&self.letters));
        note("not the job that was sent", other_results.iter().chain(&other_letters).collect());
        if totals.sent as u64 != u64::from(self.jobs) {
            broken.push(format!("{} jobs were sent, not {}", totals.sent, self.jobs));
        }
        // A kill can cut off one answer to the one producer, who then sends that job again.
        if totals.unexpected > kills {
            broken.push(format!("{} jobs that nobody knows to have sent", totals.unexpected));
        }
        broken
    }

    /// Closes a job that is where it should be in the end.
    fn close(&mut self, message: &str) {
        let Some(promotion) = self.sent.get(message) else { return };
        let ended = if self.poisoned.contains(promotion) {
            self.letters.contains_key(message)
        } else {
            self.attempts.get(message).is_some_and(|done| *done > 0)
        };
        if ended {
            self.open.remove(message);
        }
    }
}

/// The sums. Jobs are told apart by message id.
#[derive(Debug, PartialEq)]
pub struct Totals {
    /// Acknowledged to the producer.
    pub sent: usize,
    /// Acknowledged, with a result.
    pub done: usize,
    /// Done again after they were done.
    pub done_more_than_once: usize,
    /// Acknowledged, and in the dead-letter queue in the end.
    pub dead_lettered: usize,
    /// Acknowledged, with neither.
    pub lost: usize,
    /// With a result or a dead letter, but not acknowledged.
    pub unexpected: usize,
    /// From the first acknowledgement to the last result.
    pub seconds: f64,
    /// Jobs done in each of these seconds.
    pub jobs_per_second: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Story {
        ledger: Ledger,
        results: tempfile::TempDir,
    }

    impl Story {
        fn new(jobs: u32) -> Self {
            let poisoned = Poisoned(HashSet::from(["bad".to_owned()]));
            Self { ledger: Ledger::new(jobs, poisoned), results: tempfile::tempdir().unwrap() }
        }

        fn sent(&mut self, message: &str, promotion: &str) {
            self.ledger.sent(Sent { message: message.into(), promotion: promotion.into(), at: 10.0 });
        }

        fn done(&mut self, message: &str, promotion: &str) {
            self.ledger.attempt(Attempt { message: message.into(), done: true, at: 12.0 });
            let text = format!("{{\"promotion\":\"{promotion}\",\"days\":1}}");
            fs::write(self.results.path().join(format!("{message}.json")), text).unwrap();
        }

        fn dead(&mut self, message: &str, promotion: &str) {
            self.ledger.attempt(Attempt { message: message.into(), done: false, at: 13.0 });
            self.ledger.dead_letter(Letter { message: message.into(), promotion: promotion.into() });
        }

        fn end(mut self, kills: usize) -> (Totals, String) {
            self.ledger.read_results(self.results.path()).unwrap();
            (self.ledger.totals(), self.ledger.broken(kills).join("; "))
        }
    }

    #[test]
    fn all_as_it_should_be() {
        let mut story = Story::new(3);
        story.done("m1", "good");
        story.sent("m1", "good");
        story.sent("m2", "bad.1");
        story.sent("m3", "good.1");
        assert!(!story.ledger.is_settled());
        story.done("m3", "good.1");
        story.done("m3", "good.1");
        story.dead("m2", "bad.1");
        assert!(story.ledger.is_settled());
        let (totals, broken) = story.end(0);
        let counts =
            (totals.sent, totals.done, totals.done_more_than_once, totals.dead_lettered, totals.lost);
        assert_eq!((counts, totals.unexpected), ((3, 2, 1, 1, 0), 0));
        assert_eq!((totals.seconds, totals.jobs_per_second), (2.0, 1.0));
        assert_eq!(broken, "");
    }

    #[test]
    fn a_lost_job_is_told() {
        let mut story = Story::new(2);
        story.sent("m1", "good");
        story.sent("m2", "good.1");
        story.done("m2", "good.1");
        assert!(!story.ledger.is_settled());
        let (totals, broken) = story.end(9);
        assert_eq!(totals.lost, 1);
        assert_eq!(broken, "1: lost, such as message m1");
    }

    #[test]
    fn results_count_and_not_what_workers_say() {
        let mut story = Story::new(1);
        story.sent("m1", "good");
        story.ledger.attempt(Attempt { message: "m1".into(), done: true, at: 12.0 });
        assert!(story.ledger.is_settled());
        assert_eq!(story.end(0).0.lost, 1);
    }

    #[test]
    fn jobs_in_the_wrong_place_are_told() {
        let mut story = Story::new(3);
        story.sent("m1", "good");
        story.dead("m1", "good");
        story.sent("m2", "bad");
        story.done("m2", "bad");
        story.sent("m3", "good.1");
        story.done("m3", "good.2");
        let (_, broken) = story.end(0);
        for part in ["sound, yet a dead letter, such as message m1", "poisoned, yet done, such as message m2"]
        {
            assert!(broken.contains(part), "{broken}");
        }
        assert!(broken.contains("not the job that was sent, such as message m3"), "{broken}");
    }

    #[test]
    fn an_answer_cut_off_explains_a_job_not_acknowledged() {
        for kills in [0, 1] {
            let mut story = Story::new(1);
            story.sent("m1", "good");
            story.done("m1", "good");
            story.done("m0", "good");
            let (totals, broken) = story.end(kills);
            assert_eq!((totals.unexpected, totals.done), (1, 1));
            assert_eq!(broken.is_empty(), kills == 1);
        }
    }

    #[test]
    fn fewer_jobs_than_asked_for_are_told() {
        let mut story = Story::new(2);
        story.sent("m1", "good");
        story.done("m1", "good");
        assert_eq!(story.end(0).1, "1 jobs were sent, not 2");
    }
}
