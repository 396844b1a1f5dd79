//! A tiny HTTP server for tests: answers the n-th request (over all connections) with what a function says.

use crate::sign::Credentials;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub struct Reply {
    wire: String,
    close: bool,
}

impl Reply {
    pub fn kept(body: &str) -> Self {
        Self::raw_kept(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    }

    pub fn status(status: u16, body: &str) -> Self {
        Self::raw_kept(format!("HTTP/1.1 {status} Status\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    }

    pub fn closing(body: &str) -> Self {
        Self::raw(&format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// These bytes, then the end of the connection.
    pub fn raw(wire: &str) -> Self {
        Self { wire: wire.into(), close: true }
    }

    fn raw_kept(wire: String) -> Self {
        Self { wire, close: false }
    }
}

pub struct FakeServer {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl FakeServer {
    /// Serves until the test's runtime ends.
    pub async fn start(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let (counted, requests, reply) =
            (connections.clone(), Arc::new(AtomicUsize::new(0)), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (requests, reply) = (requests.clone(), reply.clone());
                tokio::spawn(async move { serve(stream, &requests, &*reply).await });
            }
        });
        Self { address, connections }
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// The credentials tests sign with.
pub fn credentials() -> Credentials {
    Credentials { access_key: "test".into(), secret_key: "test".into(), region: "us-east-1".into() }
}

async fn serve(mut stream: TcpStream, requests: &AtomicUsize, reply: &(dyn Fn(usize) -> Reply + Sync)) {
    let mut unread = Vec::new();
    loop {
        while let Some(length) = request_length(&unread) {
            unread.drain(..length);
            let reply = reply(requests.fetch_add(1, Ordering::SeqCst));
            if stream.write_all(reply.wire.as_bytes()).await.is_err() || reply.close {
                return;
            }
        }
        if !matches!(stream.read_buf(&mut unread).await, Ok(1..)) {
            return;
        }
    }
}

/// The length of the whole request at the start of `bytes`, once all of it is there.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).expect("a text head");
    let body = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse::<usize>().expect("a length"));
    (bytes.len() >= head + body).then_some(head + body)
}
