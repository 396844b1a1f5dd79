//! The whole program's services behind a socket, in memory, with a record of what the policies were asked.

use std::net::SocketAddr;
use std::sync::Arc;

use futures::future::BoxFuture;
use gateway::{Admin, AdminRequest, AdminResponse, Gateway, Limits, serve};
use http::{HeaderMap, HeaderValue};
use identity::{Authority, Directory, Documents, Keyring, Usage};
use kernel::Call;
use parking_lot::Mutex;
use service::{Authorizer, Decision, Deps, Question, Service};
use sigv4::{Credentials, PayloadToSign, Policy, Signer};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use wire::{Operation, OperationType, Protocol};

use super::sample::Sample;
use crate::access_keys::AccessKeys;
use crate::configured_keys::ConfiguredKeys;

const REGION: &str = "us-east-1";

/// A running program.
pub struct Server {
    pub deps: Deps,
    runtime: Runtime,
    address: SocketAddr,
    recorder: Arc<Recorder>,
    agent: ureq::Agent,
    stop: Option<oneshot::Sender<()>>,
}

/// An access key.
#[derive(Clone)]
pub struct Key {
    pub id: String,
    pub secret: String,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub text: String,
}

/// Remembers the last question that was answered with no.
struct Recorder {
    authority: Authority,
    refused: Mutex<Option<(String, String)>>,
}

impl Authorizer for Recorder {
    fn decide(&self, call: &Call, question: &Question<'_>) -> Decision {
        let decision = self.authority.decide(call, question);
        if decision != Decision::Allow {
            let resource = if question.on_resources { question.target.arn.as_str() } else { "*" };
            *self.refused.lock() = Some((question.action.to_owned(), resource.to_owned()));
        }
        decision
    }
}

struct Nothing;

impl Admin for Nothing {
    fn answer<'a>(&'a self, _: AdminRequest<'a>) -> BoxFuture<'a, Option<AdminResponse>> {
        Box::pin(std::future::ready(None))
    }
}

impl Server {
    pub fn start() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let clock = kernel::Clock::system(std::time::Duration::ZERO);
        let deps = testkit::deps_on(store::Store::in_memory(store::Options::default()), clock);
        let documents = Arc::new(Documents::default());
        let directory = Arc::new(Directory::new(deps.store.clone(), documents.clone()));
        let keyring = Keyring::new(deps.store.clone(), deps.vault.clone(), directory.clone());
        let recorder =
            Arc::new(Recorder { authority: Authority::new(directory, documents), refused: Mutex::default() });
        deps.cloud.fill(crate::services::all(&deps, dynamodb::Settings::default()), recorder.clone());
        let credentials =
            Arc::new(AccessKeys { configured: ConfiguredKeys::default(), keyring, usage: Usage::default() });
        let gateway = Gateway::new(
            catalog::ALL,
            deps.cloud.clone(),
            credentials,
            deps.clock.clone(),
            Limits::default(),
        );
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        runtime.spawn(serve(listener, Arc::new(gateway), Arc::new(Nothing), async {
            let _ = stopped.await;
        }));
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Self { deps, runtime, address, recorder, agent, stop: Some(stop) }
    }

    /// Every registered operation, in the order of services and names.
    pub fn operations(&self) -> Vec<&'static Operation> {
        let services = self.deps.cloud.services();
        let mut operations: Vec<_> = services.into_iter().flat_map(Service::operations).collect();
        operations.sort_by_key(|operation| (operation.service.id, operation.name));
        operations
    }

    /// Runs an operation from inside as the root user of an account.
    pub fn as_root<O: OperationType>(&self, account: &str, _: O, input: O::Input) -> O::Output {
        let call = Call {
            account: account.to_owned(),
            principal: kernel::Principal::root(account, "test"),
            ..testkit::call(self.deps.clock.now())
        };
        match self.runtime.block_on(self.deps.cloud.call::<O>(call, input)) {
            Ok(output) => output,
            Err(error) => panic!("{}: {error:?}", O::descriptor().name),
        }
    }

    /// Writes to the store.
    pub fn put(&self, key: bytes::Bytes, value: bytes::Bytes) {
        let mut tx = self.deps.store.begin();
        tx.put(key, value);
        self.runtime.block_on(tx.commit()).expect("a commit");
    }

    /// The store's version: it grows with every change.
    pub fn version(&self) -> u64 {
        self.deps.store.version()
    }

    pub fn forget_questions(&self) {
        *self.recorder.refused.lock() = None;
    }

    /// The action and resource that were refused last.
    pub fn refused_question(&self) -> Option<(String, String)> {
        self.recorder.refused.lock().clone()
    }

    /// Sends a request for an operation, signed if there is a key.
    pub fn send(
        &self,
        operation: &Operation,
        protocol: Protocol,
        sample: &Sample,
        key: Option<&Key>,
    ) -> Answer {
        let mut headers = HeaderMap::new();
        let value = |text: &str| HeaderValue::from_str(text).expect("a header");
        headers.insert("host", value(&format!("localhost:{}", self.address.port())));
        for (name, text) in &sample.headers {
            headers.insert(*name, value(text));
        }
        if let Some(prefix) = operation.service.target_prefix.filter(|_| sample.is_json) {
            headers.insert("x-amz-target", value(&format!("{prefix}.{}", operation.name)));
        }
        if let Some(key) = key {
            let signer = Signer {
                credentials: Credentials { access_key: &key.id, secret: &key.secret, session_token: None },
                region: REGION,
                service: operation.service.signing_name,
                time: self.deps.clock.now().secs(),
                policy: if protocol == Protocol::RestXml { &Policy::S3 } else { &Policy::DEFAULT },
            };
            use sha2::Digest as _;
            let hash = sha2::Sha256::digest(sample.body.as_bytes()).into();
            signer
                .sign(sample.method, &sample.path, &sample.query, &mut headers, PayloadToSign::Hash(hash))
                .expect("a signature");
        } else if !sample.is_json {
            // The host says whom an unsigned request is for.
            let prefix = operation.service.endpoint_prefix;
            headers.insert("host", value(&format!("{prefix}.us-east-1.localhost:{}", self.address.port())));
        }
        let mark = if sample.query.is_empty() { "" } else { "?" };
        let url = format!("http://{}{}{mark}{}", self.address, sample.path, sample.query);
        let mut request = http::Request::builder().method(sample.method).uri(url);
        *request.headers_mut().expect("a request so far") = headers;
        let request = request.body(sample.body.clone()).expect("a request");
        let mut answer = self.agent.run(request).unwrap_or_else(|error| panic!("{protocol:?}: {error}"));
        let text = answer.body_mut().read_to_string().expect("a text");
        Answer { status: answer.status().as_u16(), text }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

/// The protocols of an operation's service that this test speaks.
pub fn protocols(operation: &Operation) -> Vec<Protocol> {
    let all = operation.service.protocols.iter().copied();
    let spoken: Vec<_> =
        all.filter(|p| !matches!(p, Protocol::RestJson | Protocol::RpcCbor | Protocol::Ec2)).collect();
    assert!(!spoken.is_empty(), "no protocol for {}:{}", operation.service.id, operation.name);
    spoken
}
