//! Any bytes as a connection: through reading the head, the names of hosts, routing and both versions of signatures, up to
//! the decision who asks. Never a panic, nothing internal; and nobody gets past it but to where no signature is needed.

#![no_main]

use std::cell::RefCell;
use std::sync::Arc;

use futures::future::BoxFuture;
use gateway::{
    Admin, AdminRequest, AdminResponse, Credential, Credentials, Gateway, Limits, NoCredential, Presentation,
    serve_stream,
};
use kernel::{Call, Clock, Principal, Timestamp};
use libfuzzer_sys::fuzz_target;
use service::{Authorizer, Cloud, Decision, Question};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

/// 2025-06-15T15:06:40Z
const NOW: i64 = 1_750_000_000;

/// Everybody has a key, whose secret is not guessed.
struct Keys;

impl Credentials for Keys {
    fn find(&self, presented: &Presentation<'_>) -> Result<Credential, NoCredential> {
        let principal = Principal::root("123456789012", presented.access_key);
        let secret = "nobody guesses this secret in any number of attempts".to_owned().into();
        Ok(Credential { secret, principal, well_known: false })
    }

    fn used(&self, _: &Call) {
        panic!("a signature was made up");
    }
}

struct Nobody;

impl Admin for Nobody {
    fn answer<'a>(&'a self, _: AdminRequest<'a>) -> BoxFuture<'a, Option<AdminResponse>> {
        Box::pin(std::future::ready(None))
    }
}

impl Authorizer for Nobody {
    fn decide(&self, _: &Call, _: &Question<'_>) -> Decision {
        panic!("there is no operation that could ask");
    }
}

struct Server {
    runtime: Runtime,
    gateway: Arc<Gateway>,
}

thread_local! {
    static SERVER: RefCell<Server> = RefCell::new(Server::new());
}

impl Server {
    fn new() -> Self {
        let cloud = Cloud::default();
        cloud.fill(Vec::new(), Arc::new(Nobody));
        let clock = Clock::frozen(Timestamp::from_secs(NOW));
        let gateway = Gateway::new(catalog::ALL, cloud, Arc::new(Keys), clock, Limits::default());
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, gateway: Arc::new(gateway) }
    }

    /// What is answered to these bytes, up to the end of the connection.
    fn answer(&self, bytes: &[u8]) -> Vec<u8> {
        self.runtime.block_on(async {
            // Room for both directions, so that nobody waits for the other.
            let (mut client, server) = tokio::io::duplex(16 << 20);
            client.write_all(bytes).await.expect("there is room");
            client.shutdown().await.expect("the end is told");
            let local = ([127, 0, 0, 1], 4566).into();
            let peer = ([127, 0, 0, 1], 50_000).into();
            serve_stream(server, (local, peer), self.gateway.clone(), Arc::new(Nobody)).await;
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.expect("the connection ends");
            answer
        })
    }
}

fuzz_target!(|data: &[u8]| {
    // HTTP/2 has a fuzzer of its own, and frames are not what is looked at here.
    if data.starts_with(b"PRI") {
        return;
    }
    let answer = SERVER.with_borrow(|server| server.answer(data));
    let text = String::from_utf8_lossy(&answer);
    // What follows the first answer cannot be told from what answers quote.
    let text = text.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&text);
    let Some((head, _)) = text.split_once("\r\n\r\n") else {
        assert!(text.is_empty(), "half an answer: {text}");
        return;
    };
    let code = ["HTTP/1.1 ", "HTTP/1.0 "].iter().find_map(|version| head.strip_prefix(version)?.get(..3));
    let status: Option<u16> = code.and_then(|code| code.parse().ok());
    match status {
        // The services are not there. Behind a signature nobody could make this would show that one was taken; only what
        // may be open to everybody says it of itself.
        Some(501) => assert!(head.contains("\r\nx-amz-id-2: "), "{text}"),
        Some(400..=499) => {}
        _ => panic!("{text}"),
    }
});
