//! What reading and writing a secret costs in process, with the KMS there is, without a network. Run with `--release`.

// A benchmark measures the host's time.
#![allow(clippy::disallowed_methods)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::{Call, Clock};
use model_secretsmanager::ops::*;
use model_secretsmanager::types::*;
use service::{Authorizer, Decision, Deps, Question};
use store::{Options, Store};
use wire::OperationType;

/// How long each figure is measured.
const MEASURED: Duration = Duration::from_secs(3);

struct Everyone;

impl Authorizer for Everyone {
    fn decide(&self, _: &Call, _: &Question<'_>) -> Decision {
        Decision::Allow
    }
}

#[derive(Clone)]
struct Bench {
    deps: Deps,
}

impl Bench {
    async fn run<O: OperationType>(&self, input: O::Input) -> O::Output {
        let call = testkit::call(self.deps.clock.now());
        match self.deps.cloud.call::<O>(call, input).await {
            Ok(output) => output,
            Err(error) => panic!("{}: {error:?}", O::descriptor().name),
        }
    }

    async fn read(&self) {
        self.run::<GetSecretValue>(GetSecretValueInput { secret_id: "s".into(), ..Default::default() }).await;
    }

    async fn write(&self) {
        let input = PutSecretValueInput {
            secret_id: "s".into(),
            client_request_token: Some(kernel::Ids.uuid()),
            secret_string: Some("x".repeat(200)),
            ..Default::default()
        };
        self.run::<PutSecretValue>(input).await;
    }
}

/// Runs `one` in so many tasks at once, and prints how often a second.
async fn measure<F>(
    name: &str,
    tasks: usize,
    one: impl Fn(Bench) -> F + Clone + Send + 'static,
    bench: &Bench,
) where
    F: Future<Output = ()> + Send,
{
    let began = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            let (one, bench) = (one.clone(), bench.clone());
            tokio::spawn(async move {
                let mut count = 0u64;
                while began.elapsed() < MEASURED {
                    one(bench.clone()).await;
                    count += 1;
                }
                count
            })
        })
        .collect();
    let callers = tasks.len();
    let mut count = 0;
    for task in tasks {
        count += task.await.expect("a task that ends");
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{name}, {callers} at once: {:.0}/s", count as f64 / seconds);
}

#[tokio::main]
async fn main() {
    let deps = testkit::deps_on(Store::in_memory(Options::default()), Clock::system(Duration::ZERO));
    let services = vec![kms::service(deps.clone()), secretsmanager::service(deps.clone())];
    for work in services.iter().flat_map(service::Service::take_background) {
        tokio::spawn(work);
    }
    deps.cloud.fill(services, Arc::new(Everyone));
    let bench = Bench { deps };
    let input = CreateSecretInput {
        name: "s".into(),
        client_request_token: Some(kernel::Ids.uuid()),
        secret_string: Some("x".repeat(200)),
        ..Default::default()
    };
    bench.run::<CreateSecret>(input).await;
    for tasks in [1, 32] {
        measure("GetSecretValue", tasks, |bench| async move { bench.read().await }, &bench).await;
    }
    for _ in 0..500 {
        bench.write().await;
    }
    let began = Instant::now();
    for _ in 0..500 {
        bench.write().await;
    }
    println!("PutSecretValue, 1 at once: {:.0}/s", 500.0 / began.elapsed().as_secs_f64());
}
