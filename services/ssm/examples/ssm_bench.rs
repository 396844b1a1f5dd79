//! What the service itself costs: in process, without a network. Run with `--release`.

// A benchmark measures the host's time.
#![allow(clippy::disallowed_methods)]

use std::sync::Arc;
use std::time::Instant;

use kernel::Call;
use model_ssm::ops::*;
use model_ssm::types::*;
use service::{Authorizer, Decision, Deps, Question, Service};
use wire::OperationType;

const TURNS: u32 = 200_000;
/// As many as an account may have.
const PARAMETERS: usize = 10_000;

struct Everyone;

impl Authorizer for Everyone {
    fn decide(&self, _: &Call, _: &Question<'_>) -> Decision {
        Decision::Allow
    }
}

struct Bench {
    service: Service,
    deps: Deps,
}

impl Bench {
    async fn run<O: OperationType>(&self, input: O::Input) -> O::Output {
        let now = self.deps.clock.now();
        let call = Arc::new(Call { service: "ssm", operation: O::descriptor().name, ..testkit::call(now) });
        match self.service.call::<O>(&Everyone, call, input).await {
            Ok(output) => output,
            Err(error) => panic!("{}: {error:?}", O::descriptor().name),
        }
    }

    async fn measure(&self, what: &str, turns: u32, one: impl AsyncFn(usize)) {
        let begin = Instant::now();
        for turn in 0..turns as usize {
            one(turn).await;
        }
        let each = begin.elapsed() / turns;
        println!("{what:<40} {each:>12.1?} each");
    }
}

fn name(i: usize) -> String {
    format!("/bench/{:02}/{i:05}", i % 50)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let deps = testkit::deps();
    let bench = Bench { service: ssm::service(deps.clone()), deps };
    for i in 0..PARAMETERS {
        bench
            .run::<PutParameter>(PutParameterInput {
                name: name(i).as_str().into(),
                value: "x".repeat(100).as_str().into(),
                r#type: Some(ParameterType::String.into()),
                ..Default::default()
            })
            .await;
    }
    bench
        .measure("GetParameter", TURNS, async |turn| {
            let name = name(turn % PARAMETERS).as_str().into();
            bench.run::<GetParameter>(GetParameterInput { name, with_decryption: None }).await;
        })
        .await;
    bench
        .measure("GetParametersByPath, ten of 10,000", TURNS / 10, async |turn| {
            let path = format!("/bench/{:02}", turn % 50).as_str().into();
            bench.run::<GetParametersByPath>(GetParametersByPathInput { path, ..Default::default() }).await;
        })
        .await;
    bench
        .measure("GetParametersByPath, one level of 10,000", TURNS / 100, async |_| {
            let path = "/bench".into();
            bench.run::<GetParametersByPath>(GetParametersByPathInput { path, ..Default::default() }).await;
        })
        .await;
    bench
        .measure("the call's own making", TURNS, async |_| {
            std::hint::black_box(testkit::call(bench.deps.clock.now()));
        })
        .await;
}
