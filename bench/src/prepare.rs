//! Brings queues, buckets and tables into the state a workload starts from.

use crate::client::{Client, Endpoint};
use crate::items;
use crate::objects::{self, Objects};
use crate::options::Options;
use crate::reads;
use crate::sqs::{BATCH_MAX, CallError, QueueBodies, Sqs};
use crate::workload::Workload;
use indicatif::{ProgressBar, ProgressStyle};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;

const CONNECTIONS: usize = 32;
/// The backlog the cycle runs on.
const CYCLE_BACKLOG: u64 = 1_000;
/// Fresh messages behind the deleted ones: received ones return after a second, so this feeds 20,000 receives a second.
const FRESH_MAX: u64 = 20_000;
/// Deleting goes by pieces of this size, so that a peer whose receive slows down with the length still gets somewhere.
const DRAIN_PIECE: u64 = 1_000;
/// Longer than draining a piece takes, so that no message comes twice.
const DRAIN_VISIBILITY_SECONDS: u32 = 600;
/// A receive may answer nothing although there is something; this often in a row, with the pause, and the queue is taken as empty.
const EMPTY_RECEIVES_MAX: u32 = 20;
const EMPTY_PAUSE: Duration = Duration::from_millis(50);

/// A queue ready for its workload.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    pub queue: Option<QueueBodies>,
    /// Messages in the queue or, for `sqs_receive_after_deletes`, deleted from it, or items in the table; 0 where the
    /// workload needs none.
    pub before: u64,
}

/// Creates what `workload` reads, its queue or its table, and fills it as far as the time allows.
pub async fn prepare(
    endpoint: &Endpoint,
    workload: Workload,
    options: &Options,
) -> Result<Prepared, CallError> {
    let none = Prepared::default();
    match workload {
        Workload::StsIdentity => return Ok(none),
        Workload::SsmGet => return reads::put_parameter(endpoint).await.map(|()| none),
        Workload::SecretGet => return reads::create_secret(endpoint).await.map(|()| none),
        _ if Objects::of(workload, endpoint).is_some() => {
            return objects::prepare(endpoint, workload).await.map(|()| none);
        }
        _ if workload.is_of_items() => {
            let deadline = Instant::now() + Duration::from_secs(options.prepare_seconds);
            let items = items::prepare(endpoint, options.items, deadline).await?;
            return Ok(Prepared { queue: None, before: items });
        }
        _ => {}
    }
    let loader = Loader::new(endpoint, &format!("bench-{}", workload.name())).await?;
    let deadline = Instant::now() + Duration::from_secs(options.prepare_seconds);
    let before = match workload {
        Workload::SqsCycle => loader.fill(CYCLE_BACKLOG, deadline).await?,
        Workload::SqsCycleBacklog | Workload::SqsReceiveBacklog => {
            loader.fill(options.backlog, deadline).await?
        }
        Workload::SqsReceiveAfterDeletes => {
            let deleted = loader.fill_and_drain(options.backlog, deadline).await?;
            let deadline = Instant::now() + Duration::from_secs(options.prepare_seconds);
            loader.fill(options.backlog.min(FRESH_MAX), deadline).await?;
            deleted
        }
        _ => 0,
    };
    Ok(Prepared { queue: Some(loader.queue), before })
}

/// Sends to and drains one queue over many connections.
#[derive(Debug, Clone)]
pub struct Loader {
    endpoint: Endpoint,
    sqs: Sqs,
    pub queue: QueueBodies,
}

impl Loader {
    /// Creates a queue whose name starts with `prefix` and was not used before.
    pub async fn new(endpoint: &Endpoint, prefix: &str) -> Result<Self, CallError> {
        let sqs = Sqs::new(endpoint);
        let unique = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        let name = format!("{prefix}-{unique}");
        let queue = sqs.create_queue(&mut Client::new(endpoint), &name).await?;
        Ok(Self { endpoint: endpoint.clone(), sqs, queue })
    }

    /// Sends `count` messages, or as many as the time allows, and returns how many were accepted.
    pub async fn fill(&self, count: u64, deadline: Instant) -> Result<u64, CallError> {
        let bar = bar("sending", count);
        let sent = self.send(count, deadline, &bar).await;
        bar.finish_and_clear();
        sent
    }

    async fn send(&self, count: u64, deadline: Instant, bar: &ProgressBar) -> Result<u64, CallError> {
        let claimed = Arc::default();
        on_connections(&self.endpoint, |mut client| {
            let (loader, claimed, bar) = (self.clone(), Arc::clone(&claimed), bar.clone());
            async move {
                let mut accepted = 0;
                while Instant::now() < deadline
                    && let Some(batch) = claim(&claimed, BATCH_MAX as u64, count)
                {
                    let batch = (batch.end - batch.start) as usize;
                    let took = loader.sqs.send_batch(&mut client, &loader.queue, batch).await?;
                    accepted += took as u64;
                    bar.inc(took as u64);
                }
                Ok(accepted)
            }
        })
        .await
    }

    /// Sends, receives and deletes up to `count` messages, piece by piece, and returns how many were deleted.
    async fn fill_and_drain(&self, count: u64, deadline: Instant) -> Result<u64, CallError> {
        let bar = bar("sending and deleting", count);
        let mut deleted = 0;
        while deleted < count && Instant::now() < deadline {
            let sent = self.send(DRAIN_PIECE.min(count - deleted), deadline, &ProgressBar::hidden()).await?;
            let drained = self.drain(sent, deadline, &bar).await?;
            deleted += drained;
            if drained == 0 {
                break;
            }
        }
        bar.finish_and_clear();
        Ok(deleted)
    }

    /// Receives and deletes until `count` messages are gone, nothing comes any more, or the time is over.
    async fn drain(&self, count: u64, deadline: Instant, bar: &ProgressBar) -> Result<u64, CallError> {
        let gone = Arc::new(AtomicU64::new(0));
        let receive = self.queue.receive(BATCH_MAX, DRAIN_VISIBILITY_SECONDS);
        on_connections(&self.endpoint, |mut client| {
            let (loader, gone) = (self.clone(), Arc::clone(&gone));
            let (receive, bar) = (receive.clone(), bar.clone());
            async move {
                let (mut deleted, mut empty) = (0, 0);
                while gone.load(Ordering::Relaxed) < count
                    && empty < EMPTY_RECEIVES_MAX
                    && Instant::now() < deadline
                {
                    if !loader.sqs.receive(&mut client, &receive).await? {
                        empty += 1;
                        tokio::time::sleep(EMPTY_PAUSE).await;
                        continue;
                    }
                    empty = 0;
                    let batch = loader.sqs.delete_all_received(&mut client, &loader.queue).await? as u64;
                    gone.fetch_add(batch, Ordering::Relaxed);
                    deleted += batch;
                    bar.inc(batch);
                }
                Ok(deleted)
            }
        })
        .await
    }
}

/// The next numbers that nobody has claimed, at most `size` of those below `end`.
pub fn claim(claimed: &AtomicU64, size: u64, end: u64) -> Option<Range<u64>> {
    let first = claimed.fetch_add(size, Ordering::Relaxed);
    (first < end).then(|| first..end.min(first + size))
}

/// Runs the job on every connection and adds up what they return; the first failure ends all.
pub async fn on_connections<F, J>(endpoint: &Endpoint, job: F) -> Result<u64, CallError>
where
    F: Fn(Client) -> J,
    J: Future<Output = Result<u64, CallError>> + Send + 'static,
{
    let mut jobs = JoinSet::new();
    for _ in 0..CONNECTIONS {
        jobs.spawn(job(Client::new(endpoint)));
    }
    let mut total = 0;
    while let Some(result) = jobs.join_next().await {
        match result {
            Ok(count) => total += count?,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
    Ok(total)
}

/// A progress bar on stderr; indicatif hides it where stderr is no terminal.
pub fn bar(what: &str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:28} {wide_bar} {human_pos}/{human_len} {eta}")
        .expect("the template is well-formed");
    ProgressBar::new(length).with_style(style).with_message(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakeServer, Reply, credentials};

    async fn loader(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Loader {
        let server = FakeServer::start(move |request| match request {
            0 => Reply::kept(r#"{"QueueUrl":"http://h/q"}"#),
            other => reply(other),
        })
        .await;
        let endpoint = Endpoint { address: server.address, host: "h".into(), credentials: credentials() };
        Loader::new(&endpoint, "q").await.expect("a queue")
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(30)
    }

    #[tokio::test]
    async fn what_was_accepted_is_counted_not_what_was_sent() {
        let loader = loader(|_| Reply::kept(r#"{"Successful":[{"MessageId":"a"},{"MessageId":"b"}]}"#)).await;
        assert_eq!(loader.fill(95, soon()).await.expect("sent"), 20, "two of each of ten batches");
        assert_eq!(loader.fill(95, Instant::now()).await.expect("no time"), 0);
    }

    #[tokio::test]
    async fn a_refusal_ends_the_preparation() {
        let loader = loader(|_| Reply::status(403, "no")).await;
        let error = loader.fill(100, soon()).await.expect_err("refused");
        assert_eq!(error.to_string(), "status 403: no");
    }
}
