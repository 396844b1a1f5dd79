//! A gateway on a loopback port, before a service that keeps what it is sent, and a client that writes bytes.
#![allow(dead_code, unused_imports)] // each test file uses its own part

mod client;
mod store;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use gateway::{Admin, AdminRequest, AdminResponse, Credential, Credentials, Gateway, Limits, NoCredential};
use gateway::{Presentation, serve};
use kernel::{Call, Clock, Principal, Timestamp};
use service::{Authorizer, Cloud, Decision, Question};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

pub use client::{Answer, Client, KEY, NOW, Payload, SECRET, Signed, chunked, sha256};
pub use store::State;

/// The server; it ends when this is dropped.
pub struct Server {
    pub address: SocketAddr,
    pub state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    runtime: Option<Runtime>,
}

/// One key, and one that everybody knows.
struct Keys(Arc<State>);

impl Credentials for Keys {
    fn find(&self, presented: &Presentation<'_>) -> Result<Credential, NoCredential> {
        let well_known = match presented.access_key {
            KEY => false,
            "test" => true,
            _ => return Err(NoCredential::Unknown),
        };
        let principal = Principal::root("111122223333", presented.access_key);
        Ok(Credential { secret: SECRET.to_owned().into(), principal, well_known })
    }

    fn used(&self, call: &Call) {
        self.0.used.lock().push(format!("{} {}", call.service, call.principal.access_key));
    }
}

/// Everything is allowed to those who signed; the others may read what is public.
struct Public;

impl Authorizer for Public {
    fn decide(&self, call: &Call, question: &Question<'_>) -> Decision {
        let public = question.target.arn.as_str().ends_with("/public");
        if !call.principal.access_key.is_empty() || (public && question.action == "s3:GetObject") {
            return Decision::Allow;
        }
        Decision::Deny("because no resource-based policy allows it".to_owned())
    }
}

struct NoAdmin;

impl Admin for NoAdmin {
    fn answer<'a>(&'a self, _: AdminRequest<'a>) -> BoxFuture<'a, Option<AdminResponse>> {
        Box::pin(std::future::ready(None))
    }
}

impl Server {
    pub fn start() -> Self {
        Self::with(Limits::default())
    }

    pub fn with(limits: Limits) -> Self {
        let state = Arc::<State>::default();
        let cloud = Cloud::default();
        cloud.fill(vec![store::service(&state)], Arc::new(Public));
        let clock = Clock::frozen(Timestamp::from_secs(NOW));
        let gateway = Gateway::new(catalog::ALL, cloud, Arc::new(Keys(state.clone())), clock, limits);
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        runtime.spawn(serve(listener, Arc::new(gateway), Arc::new(NoAdmin), async {
            let _ = stopped.await;
        }));
        Self { address, state, stop: Some(stop), runtime: Some(runtime) }
    }

    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(std::time::Duration::from_secs(1));
        }
    }
}
