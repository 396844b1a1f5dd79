//! Runs one workload with a number of clients for a fixed time.

use crate::client::{Client, Endpoint};
use crate::stats::Latencies;
use crate::workload::{Operation, Outcome};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// After a failure, so that a server that refuses everything is not hammered.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(5);

/// What the clients of one run did together.
#[derive(Debug, Default)]
pub struct Run {
    /// Operations done, without empty and failed ones.
    pub done: u64,
    pub empty: u64,
    pub errors: u64,
    pub first_error: Option<String>,
    /// From the common start to the end of the last operation.
    pub elapsed: Duration,
    /// Of the operations done.
    pub latencies: Latencies,
}

impl Run {
    pub fn per_second(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { self.done as f64 / seconds } else { 0.0 }
    }

    /// Adds what another run, or another client of the same run, did.
    pub fn add(&mut self, other: Self) {
        self.done += other.done;
        self.empty += other.empty;
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
        self.elapsed = self.elapsed.max(other.elapsed);
        self.latencies.add(&other.latencies);
    }

    fn count(&mut self, outcome: Outcome, latency: Duration) {
        match outcome {
            Outcome::Done => {
                self.done += 1;
                self.latencies.record(latency);
            }
            Outcome::Empty => self.empty += 1,
            Outcome::Failed(error) => {
                self.errors += 1;
                self.first_error.get_or_insert_with(|| error.to_string());
            }
        }
    }
}

/// Each client repeats the operation until `duration` has passed and finishes the one it is in. Connections are opened, and one
/// operation per client performed, before the clock starts.
pub async fn run(endpoint: &Endpoint, operation: &Operation, clients: u16, duration: Duration) -> Run {
    let operation = Arc::new(operation.clone());
    let mut warming = JoinSet::new();
    for _ in 0..clients {
        let (operation, mut client) = (Arc::clone(&operation), Client::new(endpoint));
        warming.spawn(async move {
            // A failure shows again, and is counted, in the measured time.
            let _ = operation.perform(&mut client, &mut String::new()).await;
            client
        });
    }
    let warm = warming.join_all().await;

    let start = Instant::now();
    let mut measured = JoinSet::new();
    for client in warm {
        measured.spawn(repeat(Arc::clone(&operation), client, start, duration));
    }
    let mut total = Run::default();
    for one in measured.join_all().await {
        total.add(one);
    }
    total
}

async fn repeat(operation: Arc<Operation>, mut client: Client, start: Instant, duration: Duration) -> Run {
    let mut run = Run::default();
    let mut scratch = String::new();
    let mut now = start;
    while now - start < duration {
        let outcome = operation.perform(&mut client, &mut scratch).await;
        let end = Instant::now();
        let failed = matches!(outcome, Outcome::Failed(_));
        run.count(outcome, end - now);
        now = end;
        if failed {
            tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            now = Instant::now();
        }
    }
    run.elapsed = now - start;
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakeServer, Reply, credentials};
    use crate::prepare::Prepared;
    use crate::workload::Workload;

    #[tokio::test]
    async fn errors_and_successes_are_told_apart() {
        let server = FakeServer::start(|request| match request % 2 {
            0 => Reply::kept("fine"),
            _ => Reply::status(500, "broken"),
        })
        .await;
        let endpoint = Endpoint { address: server.address, host: "h".into(), credentials: credentials() };
        let operation = Operation::new(Workload::StsIdentity, &endpoint, &Prepared::default());
        let run = run(&endpoint, &operation, 4, Duration::from_millis(200)).await;
        assert!(run.done > 0 && run.errors > 0, "{run:?}");
        assert_eq!(run.latencies.count(), run.done);
        assert_eq!(run.empty, 0);
        assert_eq!(run.first_error.as_deref(), Some("status 500: broken"));
        assert!(run.elapsed >= Duration::from_millis(200));
        assert!(run.per_second() > 0.0);
        assert_eq!(server.connections(), 4);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_gives_errors_only() {
        let address =
            std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
        let endpoint = Endpoint { address, host: "h".into(), credentials: credentials() };
        let operation = Operation::new(Workload::StsIdentity, &endpoint, &Prepared::default());
        let run = run(&endpoint, &operation, 2, Duration::from_millis(50)).await;
        assert_eq!((run.done, run.per_second()), (0, 0.0));
        assert!(run.errors > 0 && run.first_error.is_some());
    }
}
