//! Bounds on what a peer can make the gateway hold or wait for.

use std::time::Duration;

/// The limits of one listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections served at once; further ones wait in the listen queue. Long polls hold one each.
    pub connections: usize,
    /// All headers of a request together, in bytes. The largest documented are S3's: 2 KiB of metadata beside a
    /// signature and a session token of up to 8 KiB; browsers' and proxies' additions fit as well. Their number is at most 100, the HTTP library's own limit.
    pub header_bytes: usize,
    /// From the first byte of a request to the end of its headers, and between requests of a connection.
    pub header_wait: Duration,
    /// The body of a request that is not streamed, in bytes: the largest documented one is DynamoDB's batch of
    /// 16 MiB.
    pub body_bytes: u64,
    /// The bodies of all requests together that are held in memory, in bytes.
    pub body_bytes_total: usize,
    /// Without a byte of a body for this long, the request is given up; a connection also when none of an answer's gets
    /// away.
    pub body_wait: Duration,
    /// The whole body has to be there after this long: 16 MiB at half a megabit a second. A peer that sends a byte
    /// now and then cannot keep its share of the memory for longer.
    pub body_total: Duration,
    /// The slowest a body that is streamed may come once [`Limits::body_total`] is over, in bytes a second: an eighth of
    /// a megabit, a hundredth of what any line for such uploads carries.
    pub body_rate: u64,
    /// The longest body that is streamed, in bytes: what S3 takes in one request.
    pub object_bytes: u64,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// How long requests in flight may take to finish after the listener was told to stop. Longer than the
    /// longest poll (20 s).
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            header_bytes: 64 * 1024,
            header_wait: Duration::from_secs(60),
            body_bytes: 16 * 1024 * 1024,
            body_bytes_total: 256 * 1024 * 1024,
            body_wait: Duration::from_secs(30),
            body_total: Duration::from_secs(270),
            body_rate: 16 * 1024,
            object_bytes: 5 * 1024 * 1024 * 1024,
            streams: 128,
            drain: Duration::from_secs(25),
        }
    }
}
