//! Measures reading and verifying a typical signed request with the key at hand in a cache.
//! `cargo run --release -p sigv4 --example verify_bench`

use http::HeaderMap;
use sha2::{Digest, Sha256};
use sigv4::{Credentials, KeyCache, PayloadToSign, Policy, Presented, Request, Signer, SigningKey};
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: u32 = 200_000;
const TIME: i64 = 1_440_938_160;
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// The best of five runs, in nanoseconds a round: the machine may be busy with other things.
fn measure(name: &str, mut round: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            round();
        }
        best = best.min(start.elapsed().as_nanos() as f64 / f64::from(ROUNDS));
    }
    println!("{name:<48} {best:>8.0} ns");
}

fn main() {
    let body = br#"{"QueueUrl":"http://127.0.0.1:4566/000000000000/orders","MessageBody":"hello, world"}"#;
    let hash: [u8; 32] = Sha256::digest(body).into();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "127.0.0.1:4566"),
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", "AmazonSQS.SendMessage"),
        ("user-agent", "Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux lang/python#3.12"),
        ("content-length", "86"),
        ("accept-encoding", "identity"),
    ] {
        headers.insert(name, value.parse().expect("a header value"));
    }
    let credentials = Credentials { access_key: "AKIDEXAMPLE", secret: SECRET, session_token: None };
    let signer =
        Signer { credentials, region: "us-east-1", service: "sqs", time: TIME, policy: &Policy::DEFAULT };
    let mut signed_headers = headers.clone();
    signer.sign("POST", "/", "", &mut signed_headers, PayloadToSign::Hash(hash)).expect("signs");
    let req = Request { method: "POST", path: "/", query: "", headers: &signed_headers };

    let cache = KeyCache::new(1024);
    let verify = |req: &Request, hash: &[u8; 32], policy: &Policy| {
        let Ok(Presented::Signed(signed)) = sigv4::parse(black_box(req), policy) else {
            panic!("no signature")
        };
        let key = cache.get(signed.access_key(), SECRET, signed.date(), signed.region(), signed.service());
        black_box(signed.verify(req, &key, Some(hash), TIME, policy).expect("verifies"));
    };
    measure("header: parse + cached key + verify", || verify(&req, &hash, &Policy::DEFAULT));
    measure("  of which parse", || {
        black_box(sigv4::parse(black_box(&req), &Policy::DEFAULT)).expect("parses");
    });
    measure("  of which cached key", || {
        black_box(cache.get("AKIDEXAMPLE", black_box(SECRET), "20150830", "us-east-1", "sqs"));
    });
    measure("  deriving the key instead", || {
        black_box(SigningKey::derive(black_box(SECRET), "20150830", "us-east-1", "sqs"));
    });

    let s3 = Signer { service: "s3", policy: &Policy::S3, ..signer };
    let mut host = HeaderMap::new();
    host.insert("host", "bucket.s3.amazonaws.com".parse().expect("a header value"));
    let plain = Request { method: "GET", path: "/folder/object%20name.txt", query: "", headers: &host };
    let query = s3.presign(&plain, 3600, PayloadToSign::Unsigned).expect("presigns");
    let presigned = Request { query: &query, ..plain };
    measure("presigned: parse + cached key + verify", || verify(&presigned, &hash, &Policy::S3));
    measure("SHA-256 of 1 KiB", || {
        black_box(Sha256::digest(black_box(&[7; 1024])));
    });
    measure("header: sign", || {
        let mut headers = headers.clone();
        black_box(signer.sign("POST", "/", "", &mut headers, PayloadToSign::Hash(hash))).expect("signs");
    });
}
