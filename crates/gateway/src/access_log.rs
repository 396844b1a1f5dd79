//! One line per request.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http::HeaderMap;
use kernel::Principal;
use service::{Edge, Ended};

/// What is known of a request when it has been answered. Never holds a secret, a token or a body.
pub(crate) struct Entry {
    started: Instant,
    peer: SocketAddr,
    service: &'static str,
    operation: Option<&'static str>,
    account: String,
    access_key: String,
    fault: String,
    watch: Option<Box<Watch>>,
}

/// A service that wants to know how the request ends, and what it is told.
struct Watch {
    edge: Arc<dyn Edge>,
    ended: Ended,
}

impl Entry {
    pub fn new(peer: SocketAddr) -> Self {
        Self {
            started: Instant::now(),
            peer,
            service: "",
            operation: None,
            account: String::new(),
            access_key: String::new(),
            fault: String::new(),
            watch: None,
        }
    }

    /// The edge is told how the request ends.
    pub fn watched(&mut self, edge: Arc<dyn Edge>, ended: Ended) {
        self.watch = Some(Box::new(Watch { edge, ended }));
    }

    /// There is an answer, with these headers if it is of the service that watches. Others' requests are not its own.
    pub fn answered(&mut self, headers: Option<&HeaderMap>) {
        match (&mut self.watch, headers) {
            (Some(watch), Some(headers)) => {
                watch.ended.turn_around = self.started.elapsed();
                watch.ended.answer.clone_from(headers);
            }
            (watch, _) => *watch = None,
        }
    }

    pub fn located(&mut self, service: &'static str, operation: Option<&'static str>) {
        (self.service, self.operation) = (service, operation);
    }

    pub fn caller(&mut self, principal: &Principal) {
        self.account.clone_from(&principal.account);
        self.access_key.clone_from(&principal.access_key);
        if let Some(watch) = &mut self.watch {
            watch.ended.principal = Some(principal.clone());
        }
    }

    pub fn fault(&mut self, code: &str) {
        code.clone_into(&mut self.fault);
    }

    /// Writes the line: refusals that are our fault as warnings, everything else as information. Who watches is told.
    pub fn write(mut self, method: &str, path: &str, status: u16, bytes: u64, request_id: &str) {
        if let Some(watch) = self.watch.take() {
            let Watch { edge, ended } = *watch;
            let (total, operation, fault) = (self.started.elapsed(), self.operation, self.fault.clone());
            edge.ended(Ended { status, sent: bytes, total, operation, fault, ..ended });
        }
        let micros = self.started.elapsed().as_micros() as u64;
        let operation = self.operation.unwrap_or_default();
        let Self { peer, service, account, access_key, fault, .. } = &self;
        if status >= 500 && status != 501 {
            tracing::warn!(
                target: "access",
                %peer, method, path, status, bytes, micros, service, operation, account, access_key, fault, request_id
            );
        } else {
            tracing::info!(
                target: "access",
                %peer, method, path, status, bytes, micros, service, operation, account, access_key, fault, request_id
            );
        }
    }
}

/// The line of a response that is still being sent: written when that has ended.
pub(crate) struct Line {
    /// Gone once it is written.
    entry: Option<Entry>,
    method: String,
    path: String,
    status: u16,
    request_id: String,
    bytes: u64,
}

impl Line {
    pub fn new(entry: Entry, method: &str, path: &str, status: u16, request_id: &str) -> Self {
        let [method, path, request_id] = [method, path, request_id].map(str::to_owned);
        Self { entry: Some(entry), method, path, status, request_id, bytes: 0 }
    }

    pub fn sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// The rest does not come.
    pub fn broke_off(&mut self, error: &dyn fmt::Display) {
        tracing::warn!(%error, request_id = self.request_id, "an answer was broken off");
        if let Some(entry) = &mut self.entry {
            entry.fault("BrokeOff");
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            entry.write(&self.method, &self.path, self.status, self.bytes, &self.request_id);
        }
    }
}
