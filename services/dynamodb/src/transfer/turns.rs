//! Whose turn it is. Who has waited longest comes first; one that has met trouble waits before its next attempt, longer each
//! time, and is behind all who waited meanwhile. So those that cannot go on take nobody's place from those that can.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use kernel::Timestamp;

use super::job::Job;

/// Before the second attempt. Each wait is twice as long as the one before.
pub const WAIT: Duration = Duration::from_secs(60);
/// The longest wait: what is in its way may be gone long before a day is over, and an attempt costs one request.
const WAIT_MAX: Duration = Duration::from_secs(16 * 60);

/// Who is being worked on, and who waits for another attempt. It is in memory alone: after a start all are attempted at once.
/// Only what is in progress is here, whose number the quotas of accounts limit.
#[derive(Debug, Default)]
pub struct Turns {
    busy: HashSet<Job>,
    waits: HashMap<Job, Wait>,
}

/// One that waits.
#[derive(Clone, Copy, Debug)]
struct Wait {
    until: Timestamp,
    /// How long it waits by then.
    long: Duration,
}

impl Turns {
    /// Who of all that are in progress begins now, so that `max` are worked on at most.
    pub fn take(&mut self, in_progress: Vec<Job>, max: usize, now: Timestamp) -> Vec<Job> {
        let room = max.saturating_sub(self.busy.len());
        let known: HashSet<&Job> = in_progress.iter().collect();
        self.waits.retain(|job, _| known.contains(job));
        let mut ready: Vec<(Timestamp, Job)> = in_progress
            .into_iter()
            .filter(|job| !self.busy.contains(job))
            .filter_map(|job| match self.waits.get(&job) {
                None => Some((job.begun(), job)),
                Some(wait) => (wait.until <= now).then_some((wait.until, job)),
            })
            .collect();
        // The last is the first to be taken.
        ready.sort_by_key(|(since, _)| Reverse(*since));
        let taken: Vec<Job> = (0..room).map_while(|_| ready.pop()).map(|(_, job)| job).collect();
        self.busy.extend(taken.iter().cloned());
        taken
    }

    /// It is no longer worked on, and nothing is in its way.
    pub fn leave(&mut self, job: &Job) {
        self.busy.remove(job);
        self.waits.remove(job);
    }

    /// It is no longer worked on, and has to wait.
    pub fn wait(&mut self, job: Job, now: Timestamp) {
        self.busy.remove(&job);
        let long = self.waits.get(&job).map_or(WAIT, |before| (before.long * 2).min(WAIT_MAX));
        self.waits.insert(job, Wait { until: now.plus(long), long });
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;
    use crate::keys::Place;
    use crate::transfer::job::Way;

    fn job(begun_ms: i64, table: &str) -> Job {
        let place = Place { account: "123456789012".to_owned(), region: "us-east-1".to_owned() };
        Job { way: Way::Import, place, table: table.to_owned(), id: format!("{begun_ms:014}-a1b2c3d4") }
    }

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(1_000).plus(Duration::from_secs(secs))
    }

    #[test]
    fn who_waits_longest_comes_first() {
        let all = vec![job(3, "a"), job(1, "c"), job(2, "b")];
        let mut turns = Turns::default();
        assert_eq!(turns.take(all.clone(), 2, at(0)), [job(1, "c"), job(2, "b")]);
        assert!(turns.take(all.clone(), 2, at(0)).is_empty(), "there is no room");
        turns.leave(&job(1, "c"));
        assert_eq!(turns.take(all[..1].to_vec(), 2, at(0)), [job(3, "a")]);
    }

    #[test]
    fn who_met_trouble_goes_behind_the_others() {
        let (stuck, other, late) = (job(1, "stuck"), job(2, "other"), job(1_060_000, "late"));
        let mut turns = Turns::default();
        assert_eq!(turns.take(vec![stuck.clone(), other.clone()], 1, at(0)), from_ref(&stuck));
        turns.wait(stuck.clone(), at(0));
        let both = vec![stuck.clone(), other.clone()];
        assert_eq!(turns.take(both.clone(), 1, at(59)), from_ref(&other));
        turns.leave(&other);
        assert!(turns.take(vec![stuck.clone()], 1, at(59)).is_empty(), "it is too early");
        // Who came while it waited is behind it then: nobody is kept waiting for ever.
        assert_eq!(turns.take(vec![late.clone(), stuck.clone()], 2, at(61)), [stuck.clone(), late]);
    }

    #[test]
    fn waits_grow_to_a_limit() {
        let stuck = job(1, "stuck");
        let (mut turns, mut now, mut waits) = (Turns::default(), 0, Vec::new());
        for _ in 0..7 {
            assert_eq!(turns.take(vec![stuck.clone()], 1, at(now)), from_ref(&stuck));
            turns.wait(stuck.clone(), at(now));
            let begun = now;
            while turns.take(vec![stuck.clone()], 1, at(now)).is_empty() {
                now += 30;
            }
            turns.busy.clear();
            waits.push((now - begun) / 60);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 16, 16]);
        // Nothing is kept of what is no longer in progress.
        turns.wait(stuck, at(now));
        assert!(turns.take(Vec::new(), 1, at(now)).is_empty() && turns.waits.is_empty());
    }
}
