//! Prints what decoding, validating and encoding cost: `cargo run --release -p wire --example codec_bench`.

use std::hint::black_box;
use std::time::Instant;

use http::HeaderMap;
use model_sqs::types::SendMessageOutput;
use model_sts::types::GetCallerIdentityOutput;
use wire::{Bytes, OperationType, Protocol, Request, codec, violations};

/// Each figure is the median of so many rounds, which a few disturbed ones do not change.
const ROUNDS: usize = 31;
/// Long enough that a round takes some milliseconds.
const PER_ROUND: u32 = 20_000;

fn main() {
    let body = Bytes::from_static(
        br#"{"QueueUrl":"http://sqs.us-east-1.localhost:4566/123456789012/orders","MessageBody":"{\"order\":4711,\"items\":[{\"sku\":\"A-1\",\"count\":2}]}","MessageAttributes":{"kind":{"DataType":"String","StringValue":"order.created"}}}"#,
    );
    measure("SendMessage, JSON: decode and validate", || {
        let input = decode::<model_sqs::ops::SendMessage>(Protocol::Json10, &body);
        assert!(violations(&input).is_empty());
        input
    });
    let output = SendMessageOutput {
        md5_of_message_body: Some("8c9ad3a4f1d5f2c1b0a99d7e6f5e4d3c".to_owned()),
        message_id: Some("2f1a0a0e-5a3b-4d7c-9f36-0f7c8f3c6c11".to_owned()),
        ..SendMessageOutput::default()
    };
    measure("SendMessage, JSON: encode", || {
        codec(Protocol::Json10).encode(model_sqs::ops::SendMessage::descriptor(), &output, "an-id")
    });

    let body = Bytes::from_static(b"Action=GetCallerIdentity&Version=2011-06-15");
    measure("GetCallerIdentity, query: decode", || {
        decode::<model_sts::ops::GetCallerIdentity>(Protocol::Query, &body)
    });
    let output = GetCallerIdentityOutput {
        user_id: Some("AIDACKCEVSQ6C2EXAMPLE".to_owned()),
        account: Some("123456789012".to_owned()),
        arn: Some("arn:aws:iam::123456789012:user/someone".to_owned()),
    };
    measure("GetCallerIdentity, query: encode", || {
        codec(Protocol::Query).encode(model_sts::ops::GetCallerIdentity::descriptor(), &output, "an-id")
    });
}

fn decode<O: OperationType>(protocol: Protocol, body: &Bytes) -> O::Input {
    let headers = HeaderMap::new();
    let request = Request { path: "/", query: "", headers: &headers, body, stream: None, params: None };
    let mut input = O::Input::default();
    codec(protocol).decode(O::descriptor(), &request, &mut input).expect("a body that can be read");
    input
}

fn measure<T>(what: &str, mut run: impl FnMut() -> T) {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..PER_ROUND {
                black_box(run());
            }
            start.elapsed().as_nanos() as f64 / f64::from(PER_ROUND)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("{what:<42} {:>8.0} ns", rounds[ROUNDS / 2]);
}
