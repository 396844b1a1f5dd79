//! One client: one kept connection, one signer, one request at a time.

use crate::http::{Answer, AnswerReader, HttpError};
use crate::sign::{Credentials, Signer, Template};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// The slowest peer answers its slowest workload in about two seconds with 32 clients; ten times that, and some.
const REQUEST_SECONDS_MAX: u64 = 30;
/// From so many bytes on a body is sent by itself: another call to the system costs less than copying it behind the head.
const BODY_APART_MIN: usize = 64 * 1024;

/// Where requests go and how they are signed.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub address: SocketAddr,
    /// The Host header.
    pub host: String,
    pub credentials: Credentials,
}

/// Why `parse_url` refused a URL.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not http://host[:port]")]
pub struct BadUrl(pub String);

/// The authority of `http://host[:port]`, and the same with port 80 where none is given.
pub fn parse_url(url: &str) -> Result<(String, String), BadUrl> {
    let bad = || BadUrl(url.to_owned());
    let host = url.strip_prefix("http://").ok_or_else(bad)?;
    let host = host.strip_suffix('/').unwrap_or(host);
    if host.is_empty() || host.contains(['/', '?', '#', '@']) || host.chars().any(char::is_whitespace) {
        return Err(bad());
    }
    // The last colon of a bracketed IPv6 address without a port is inside the brackets.
    let after_address = host.rfind(']').map_or(host, |bracket| &host[bracket..]);
    let with_port = if after_address.contains(':') { host.to_owned() } else { format!("{host}:80") };
    Ok((host.to_owned(), with_port))
}

/// Sends requests one after another on one connection, opened when needed and again after it was closed.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    reader: AnswerReader,
    signer: Signer,
    request: Vec<u8>,
}

impl Client {
    pub fn new(endpoint: &Endpoint) -> Self {
        Self {
            address: endpoint.address,
            stream: None,
            reader: AnswerReader::default(),
            signer: Signer::new(endpoint.credentials.clone()),
            request: Vec::new(),
        }
    }

    /// Signs and sends one request and reads its answer; the answer's body is in [`Client::body`] until the next call.
    ///
    /// Any failure drops the connection, and the next call opens another.
    pub async fn call(&mut self, template: &Template, body: &[u8]) -> Result<Answer, HttpError> {
        if body.len() < BODY_APART_MIN || !template.has_body_hash() {
            self.signer.write_request(template, body, &mut self.request);
            return self.exchange_in_time(&[]).await;
        }
        self.signer.write_head(template, body.len() as u64, &mut self.request);
        self.exchange_in_time(body).await
    }

    /// An unsigned `GET`, for health pages.
    pub async fn get(&mut self, host: &str, path: &str) -> Result<Answer, HttpError> {
        self.request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n").into_bytes();
        self.exchange_in_time(&[]).await
    }

    /// The last answer's body.
    pub fn body(&self) -> &[u8] {
        self.reader.body()
    }

    /// Sends the request and then the rest of its body.
    async fn exchange_in_time(&mut self, rest: &[u8]) -> Result<Answer, HttpError> {
        let limit = Duration::from_secs(REQUEST_SECONDS_MAX);
        let result = tokio::time::timeout(limit, self.exchange(rest)).await;
        let result = result.unwrap_or(Err(HttpError::TimedOut(REQUEST_SECONDS_MAX)));
        if !result.as_ref().is_ok_and(|answer| answer.keep_alive) {
            self.stream = None;
        }
        result
    }

    async fn exchange(&mut self, rest: &[u8]) -> Result<Answer, HttpError> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(self.address).await?;
                stream.set_nodelay(true)?;
                self.reader.reset();
                none.insert(stream)
            }
        };
        stream.write_all(&self.request).await?;
        stream.write_all(rest).await?;
        self.reader.read(stream).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakeServer, Reply};

    fn endpoint(server: &FakeServer) -> Endpoint {
        Endpoint { address: server.address, host: "fake".into(), credentials: crate::fake::credentials() }
    }

    #[test]
    fn urls() {
        let parsed = |url| parse_url(url).map(|(_, address)| address);
        assert_eq!(parsed("http://127.0.0.1:4566").as_deref(), Ok("127.0.0.1:4566"));
        assert_eq!(parsed("http://localhost/").as_deref(), Ok("localhost:80"));
        assert_eq!(parsed("http://[::1]").as_deref(), Ok("[::1]:80"));
        assert_eq!(parsed("http://[::1]:9/").as_deref(), Ok("[::1]:9"));
        for url in ["", "https://x", "http://", "http://a/b", "http://u@h", "127.0.0.1:1"] {
            assert_eq!(parse_url(url), Err(BadUrl(url.into())));
        }
    }

    #[tokio::test]
    async fn keeps_its_connection() {
        let server = FakeServer::start(|_| Reply::kept("ok")).await;
        let mut client = Client::new(&endpoint(&server));
        for _ in 0..3 {
            assert!(
                client.call(&Template::query("sts", "fake"), b"x").await.expect("an answer").is_success()
            );
            assert_eq!(client.body(), b"ok");
        }
        assert_eq!(server.connections(), 1);
    }

    #[tokio::test]
    async fn opens_another_connection_after_a_close() {
        let server = FakeServer::start(|request| match request {
            0 => Reply::closing("bye"),
            1 => Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
            _ => Reply::kept("back"),
        })
        .await;
        let mut client = Client::new(&endpoint(&server));
        let template = Template::query("sts", "fake");
        assert!(client.call(&template, b"x").await.is_ok());
        assert!(matches!(client.call(&template, b"x").await, Err(HttpError::ClosedEarly)));
        assert!(client.call(&template, b"x").await.is_ok());
        assert_eq!(client.body(), b"back");
        assert_eq!(server.connections(), 3);
    }
}
