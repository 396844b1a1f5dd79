//! One object as long as S3 takes in one request, put and got: rates, and how much memory the server took for it.

use crate::client::{Client, Endpoint};
use crate::http::{AnswerReader, HttpError};
use crate::options::{Options, Output};
use crate::process::Server;
use crate::report::{Machine, grouped, mebibytes, to_json};
use crate::sign::{Signer, Template, hex};
use crate::sqs::{CallError, expect_success};
use crate::table::Table;
use crate::target::{DATA, TargetError, free_endpoint, start_cloudlet_timed};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BUCKET: &str = "/bench-long";
const KEY: &str = "/bench-long/object";
const MIB: usize = 1 << 20;
/// What a start leaves to do in the background is over by then.
const SETTLE: Duration = Duration::from_secs(1);
/// Often enough to see what memory grows to.
const SAMPLE: Duration = Duration::from_millis(20);
/// The longest object at 3 MiB a second.
const TRANSFER_MAX: Duration = Duration::from_secs(1_800);
/// The head of an answer; common ones are below 2 KiB.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Why the figures could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LongError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("connection or directory: {0}")]
    Io(#[from] io::Error),
    #[error("the server ended while it was measured")]
    Ended,
    #[error("{0} did not end in time")]
    TooSlow(&'static str),
    #[error("{what}: {answer}")]
    Refused { what: &'static str, answer: String },
}

/// What `long` found.
#[derive(Debug, Clone, Serialize)]
pub struct LongFigures {
    pub machine: Machine,
    pub mib: u64,
    pub idle_rss_bytes: u64,
    pub put: Transfer,
    pub get: Transfer,
}

/// One way of the object.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Transfer {
    pub seconds: f64,
    /// The most that was seen while it went on.
    pub rss_bytes_max: u64,
}

/// Puts and gets one object, in a durable Cloudlet of its own.
pub async fn measure(options: &Options) -> Result<LongFigures, LongError> {
    let path = options.cloudlet.as_deref().ok_or(TargetError::NoCloudlet("long"))?;
    let data = TempDir::with_prefix_in("cloudlet-bench-", options.data_parent())?;
    let endpoint = free_endpoint(options)?;
    let (server, _) = start_cloudlet_timed(path, &endpoint, &data.path().join(DATA)).await?;
    let mut client = Client::new(&endpoint);
    let created = client.call(&Template::s3("PUT", BUCKET, "", &endpoint.host, b""), b"").await?;
    expect_success(&client, created)?;
    tokio::time::sleep(SETTLE).await;
    let idle_rss_bytes = server.usage().ok_or(LongError::Ended)?.rss_bytes;
    let piece: Vec<u8> = (0..MIB).map(|at| ((at * 31) >> 3) as u8).collect();
    let put = watched("the put", &server, put(&endpoint, &piece, options.mib)).await?;
    let get = watched("the get", &server, get(&endpoint, options.mib)).await?;
    server.kill();
    Ok(LongFigures { machine: Machine::this(), mib: options.mib, idle_rss_bytes, put, get })
}

/// Lets the work go on while it looks at the server's memory. The work says when it really began.
async fn watched(
    what: &'static str,
    server: &Server,
    work: impl Future<Output = Result<Instant, LongError>>,
) -> Result<Transfer, LongError> {
    let mut rss_bytes_max = 0;
    let mut sample = tokio::time::interval(SAMPLE);
    let mut work = std::pin::pin!(tokio::time::timeout(TRANSFER_MAX, work));
    loop {
        tokio::select! {
            done = &mut work => {
                let begun = done.map_err(|_| LongError::TooSlow(what))??;
                return Ok(Transfer { seconds: begun.elapsed().as_secs_f64(), rss_bytes_max });
            }
            _ = sample.tick() => {
                rss_bytes_max = rss_bytes_max.max(server.usage().ok_or(LongError::Ended)?.rss_bytes);
            }
        }
    }
}

/// The same piece again and again; its signature covers all of it.
async fn put(endpoint: &Endpoint, piece: &[u8], mib: u64) -> Result<Instant, LongError> {
    let mut hash = Sha256::new();
    for _ in 0..mib {
        hash.update(piece);
        tokio::task::yield_now().await;
    }
    let template = Template::s3_hashed("PUT", KEY, "", &endpoint.host, hex(&hash.finalize()));
    let mut head = Vec::new();
    Signer::new(endpoint.credentials.clone()).write_head(&template, mib * MIB as u64, &mut head);
    let begun = Instant::now();
    let mut stream = TcpStream::connect(endpoint.address).await?;
    stream.write_all(&head).await?;
    for _ in 0..mib {
        stream.write_all(piece).await?;
    }
    let mut reader = AnswerReader::default();
    if !reader.read(&mut stream).await?.is_success() {
        let answer = String::from_utf8_lossy(reader.body()).into_owned();
        return Err(LongError::Refused { what: "the put", answer });
    }
    Ok(begun)
}

async fn get(endpoint: &Endpoint, mib: u64) -> Result<Instant, LongError> {
    let mut request = Vec::new();
    let template = Template::s3("GET", KEY, "", &endpoint.host, b"");
    Signer::new(endpoint.credentials.clone()).write_head(&template, 0, &mut request);
    let begun = Instant::now();
    let mut stream = TcpStream::connect(endpoint.address).await?;
    stream.write_all(&request).await?;
    let mut piece = vec![0; MIB];
    let mut filled = 0;
    let body_at = loop {
        let read = stream.read(&mut piece[filled..HEAD_BYTES_MAX]).await?;
        filled += read;
        if let Some(end) = piece[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if read == 0 {
            return Err(HttpError::ClosedEarly.into());
        }
    };
    if !piece.starts_with(b"HTTP/1.1 200") {
        let answer = String::from_utf8_lossy(&piece[..filled]).into_owned();
        return Err(LongError::Refused { what: "the get", answer });
    }
    let mut left = mib * MIB as u64 - (filled - body_at) as u64;
    while left > 0 {
        match stream.read(&mut piece).await? as u64 {
            0 => return Err(HttpError::ClosedEarly.into()),
            read => left = left.saturating_sub(read),
        }
    }
    Ok(begun)
}

impl LongFigures {
    /// The text for `output`.
    pub fn render(&self, output: Output) -> String {
        if output == Output::Json {
            return to_json(self);
        }
        let mut table = Table::new(&["", "seconds", "MiB/s", "RSS at most, MiB", "grown by, MiB"]);
        for (name, Transfer { seconds, rss_bytes_max }) in [("put", self.put), ("get", self.get)] {
            table.add(vec![
                format!("{name} {} MiB", grouped(self.mib as f64)),
                format!("{seconds:.1}"),
                grouped(self.mib as f64 / seconds),
                mebibytes(rss_bytes_max),
                mebibytes(rss_bytes_max.saturating_sub(self.idle_rss_bytes)),
            ]);
        }
        table.render(output)
    }
}
