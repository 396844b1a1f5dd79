//! A client that signs and writes requests byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use http::{HeaderMap, HeaderName};
use sha2::Digest;
use sigv4::{ChunkSigner, Credentials, PayloadToSign, Policy, Request, Signer, SigningKey};

pub const KEY: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "secret";
/// 2025-06-15T15:06:40Z
pub const NOW: i64 = 1_750_000_000;
const DAY: &str = "20250615";

pub use sigv4::PayloadToSign as Payload;

pub fn sha256(data: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(data).into()
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request to be signed.
pub struct Signed<'a> {
    pub method: &'a str,
    pub target: &'a str,
    pub host: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub payload: Payload,
    pub key: &'a str,
    pub service: &'a str,
}

impl Default for Signed<'_> {
    fn default() -> Self {
        Self {
            method: "PUT",
            target: "/bucket/key",
            host: "localhost",
            headers: &[],
            payload: Payload::Unsigned,
            key: KEY,
            service: "s3",
        }
    }
}

impl Signed<'_> {
    /// Its headers with the signature, and the seed of chunk signatures.
    pub fn sign(&self) -> (HeaderMap, [u8; 32]) {
        let mut headers = HeaderMap::new();
        headers.insert("host", self.host.parse().unwrap());
        for (name, value) in self.headers {
            headers.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let signer = Signer { service: self.service, ..signer(self.key) };
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        let seed = signer.sign(self.method, path, query, &mut headers, self.payload).unwrap();
        (headers, seed)
    }

    /// The head as it is sent.
    pub fn head(&self) -> (String, [u8; 32]) {
        let (headers, seed) = self.sign();
        (head(self.method, self.target, &headers), seed)
    }

    /// The query of a presigned link.
    pub fn presign(&self, expires_s: i64, time: i64) -> String {
        let headers = HeaderMap::from_iter([(http::header::HOST, self.host.parse().unwrap())]);
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        let request = Request { method: self.method, path, query, headers: &headers };
        let signer = Signer { time, service: self.service, ..signer(self.key) };
        let query = signer.presign(&request, expires_s, PayloadToSign::Unsigned).unwrap();
        format!("{path}?{query}")
    }
}

fn signer(key: &str) -> Signer<'_> {
    Signer {
        credentials: Credentials { access_key: key, secret: SECRET, session_token: None },
        region: "us-east-1",
        service: "s3",
        time: NOW,
        policy: &Policy::S3,
    }
}

pub fn head(method: &str, target: &str, headers: &HeaderMap) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    text + "\r\n"
}

/// The signing key of the day.
pub fn signing_key() -> SigningKey {
    SigningKey::derive(SECRET, DAY, "us-east-1", "s3")
}

/// A body in chunks, signed if there is a seed, with a trailer if there is one.
pub fn chunked(chunks: &[&[u8]], seed: Option<[u8; 32]>, trailer: Option<(&str, &str)>) -> Vec<u8> {
    let scope = format!("{DAY}/us-east-1/s3/aws4_request");
    let mut signer = seed.map(|seed| ChunkSigner::new(signing_key(), NOW, &scope, seed));
    let mut body = Vec::new();
    for chunk in chunks.iter().chain([&&b""[..]]) {
        let signature = signer.as_mut().map(|signer| signer.next(&sha256(chunk)));
        let extension = signature.map(|s| format!(";chunk-signature={}", hex(&s))).unwrap_or_default();
        body.extend(format!("{:x}{extension}\r\n", chunk.len()).bytes());
        body.extend(*chunk);
        if !chunk.is_empty() {
            body.extend(b"\r\n");
        }
    }
    if let Some((name, value)) = trailer {
        body.extend(format!("{name}:{value}\r\n").bytes());
        if let Some(signer) = &mut signer {
            let signature = signer.trailer(&sha256(format!("{name}:{value}\n").as_bytes()));
            body.extend(format!("x-amz-trailer-signature:{}\r\n", hex(&signature)).bytes());
        }
    }
    body.extend(b"\r\n");
    body
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Whether the body came to its end as the head said.
    pub whole: bool,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The text of an element of an XML body; empty where there is none.
    pub fn element(&self, name: &str) -> String {
        let text = self.text();
        let between = text.split_once(&format!("<{name}>")).map(|(_, rest)| rest);
        between.and_then(|rest| rest.split_once("</")).map(|(text, _)| text.to_owned()).unwrap_or_default()
    }

    /// Status and code.
    pub fn error(&self) -> (u16, String) {
        (self.status, self.element("Code"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// Writes as far as the server takes it.
    pub fn try_write(&mut self, bytes: &[u8]) -> bool {
        self.stream.get_mut().write_all(bytes).is_ok()
    }

    /// Nothing more will be written.
    pub fn end(&mut self) {
        self.stream.get_mut().shutdown(std::net::Shutdown::Write).unwrap();
    }

    /// One whole exchange.
    pub fn exchange(&mut self, request: &Signed<'_>, body: &[u8]) -> Answer {
        let (head, _) = request.head();
        self.write(head.as_bytes());
        self.write(body);
        self.answer(request.method)
    }

    /// The lines of a head.
    pub fn lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let read = self.stream.read_line(&mut line).unwrap();
            let line = line.trim_end();
            if read == 0 || line.is_empty() {
                return lines;
            }
            lines.push(line.to_owned());
        }
    }

    /// Reads an answer to a request of this method.
    pub fn answer(&mut self, method: &str) -> Answer {
        self.answer_if_any(method).expect("an answer")
    }

    /// The same; none where the server closed the connection instead.
    pub fn answer_if_any(&mut self, method: &str) -> Option<Answer> {
        let mut lines = self.lines();
        if lines.first().is_some_and(|line| line.starts_with("HTTP/1.1 100")) {
            lines = self.lines();
        }
        let status = lines.first()?.split(' ').nth(1).unwrap().parse().unwrap();
        let headers: HeaderMap = lines[1..]
            .iter()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (HeaderName::try_from(name).unwrap(), value.parse().unwrap()))
            .collect();
        let mut body = Vec::new();
        let mut whole = true;
        if method != "HEAD" && status != 204 && status != 304 {
            if headers.contains_key("transfer-encoding") {
                whole = self.read_chunks(&mut body);
            } else {
                let length: u64 = headers["content-length"].to_str().unwrap().parse().unwrap();
                let _ = self.stream.by_ref().take(length).read_to_end(&mut body);
                whole = body.len() as u64 == length;
            }
        }
        Some(Answer { status, headers, body, whole })
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> bool {
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).unwrap_or_default() == 0 {
                return false;
            }
            let length = u64::from_str_radix(line.trim_end(), 16).unwrap();
            let mut chunk = Vec::new();
            let _ = self.stream.by_ref().take(length + 2).read_to_end(&mut chunk);
            if chunk.len() as u64 != length + 2 {
                return false;
            }
            body.extend_from_slice(&chunk[..length as usize]);
            if length == 0 {
                return true;
            }
        }
    }

    /// Whether the server has closed the connection.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0; 1]), Ok(0) | Err(_))
    }
}
