//! What listing costs, and that it does not depend on what is not listed.
//!
//! `cargo run --release -p s3 --example list_bench -- [objects]`: fills two buckets of a memory store, one with a page of
//! objects and one with many (a million, unless said otherwise), and lists a page of each: from the beginning, in the
//! middle, and as common prefixes of a thousand objects each. Prints the best of some rounds, in microseconds.

// A benchmark measures the host's time.
#![allow(clippy::disallowed_methods)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use kernel::{Call, Clock};
use model_s3::ops::*;
use model_s3::types::*;
use service::{Authorizer, Cloud, Decision, Question};
use testkit::call;
use wire::OperationType;

/// A page.
const PAGE: usize = 1_000;
/// Objects below each common prefix.
const BELOW: usize = 1_000;
const MANY: usize = 1_000_000;
const ROUNDS: usize = 30;
/// Objects put at once.
const AT_ONCE: usize = 16;

struct Everyone;

impl Authorizer for Everyone {
    fn decide(&self, _: &Call, _: &Question<'_>) -> Decision {
        Decision::Allow
    }
}

struct Bench {
    cloud: Cloud,
    clock: Clock,
}

impl Bench {
    fn new() -> Self {
        let deps = testkit::deps();
        deps.cloud.fill(s3::services(deps.clone()).into(), Arc::new(Everyone));
        Self { cloud: deps.cloud, clock: deps.clock }
    }

    async fn run<O: OperationType>(&self, _: O, input: O::Input) -> O::Output {
        match self.cloud.call::<O>(call(self.clock.now()), input).await {
            Ok(output) => output,
            Err(error) => panic!("{}: {error:?}", O::descriptor().name),
        }
    }

    async fn fill(&self, bucket: &str, objects: usize) {
        let input = CreateBucketInput { bucket: bucket.into(), ..Default::default() };
        self.run(CreateBucket, input).await;
        let begin = Instant::now();
        let all = stream::iter(0..objects).for_each_concurrent(AT_ONCE, |number| async move {
            let key = format!("{:06}/{:03}", number / BELOW, number % BELOW);
            let input = PutObjectInput { bucket: bucket.into(), key: key.into(), ..Default::default() };
            self.run(PutObject, input).await;
        });
        all.await;
        let rate = objects as f64 / begin.elapsed().as_secs_f64();
        println!("{objects} objects put into {bucket}, {rate:.0} a second");
    }

    async fn list(&self, bucket: &str, delimiter: Option<&str>, after: Option<&str>) -> (i32, Duration) {
        let (mut best, mut listed) = (Duration::MAX, 0);
        for _ in 0..ROUNDS {
            let input = ListObjectsV2Input {
                bucket: bucket.into(),
                delimiter: delimiter.map(str::to_owned),
                start_after: after.map(str::to_owned),
                max_keys: Some(PAGE as i32),
                ..Default::default()
            };
            let begin = Instant::now();
            let output = self.run(ListObjectsV2, input).await;
            best = best.min(begin.elapsed());
            listed = output.key_count.unwrap_or_default();
        }
        (listed, best)
    }
}

#[tokio::main]
async fn main() {
    let many = std::env::args().nth(1).map_or(MANY, |text| text.parse().expect("a number of objects"));
    let bench = Bench::new();
    bench.fill("page", PAGE).await;
    bench.fill("many", many).await;
    let middle = format!("{:06}/500", many / BELOW / 2);
    for (what, bucket, delimiter, after) in [
        ("the only page", "page", None, None),
        ("the first page of many", "many", None, None),
        ("a page in the middle", "many", None, Some(middle.as_str())),
        ("common prefixes", "many", Some("/"), None),
    ] {
        let (listed, best) = bench.list(bucket, delimiter, after).await;
        println!("{what}: {listed} entries in {} µs", best.as_micros());
    }
}
