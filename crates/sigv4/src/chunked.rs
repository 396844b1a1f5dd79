//! The `aws-chunked` encoding: bodies that carry the signatures of their parts, or headers behind the last byte.
//!
//! ```text
//! size[;chunk-signature=signature]\r\n data \r\n     as often as it takes
//! 0[;chunk-signature=signature]\r\n
//! name:value\r\n                                     where there are trailing headers
//! x-amz-trailer-signature:signature\r\n              where they are signed
//! \r\n
//! ```

use crate::chunk::ChunkSigner;
use crate::error::Mismatch;
use crate::held::Held;
use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// Longest line around the data, bytes: a size and a signature take 99, the longest checksum with its name 120.
const LINE_LEN_MAX: usize = 1024;
/// Most trailing lines: there are ten checksums and a signature, and a client may repeat one.
const TRAILERS_MAX: usize = 16;
/// Every chunk but the last has at least this many bytes: documented.
const CHUNK_LEN_MIN: u64 = 8 * 1024;
/// The bytes of a signed chunk up to this size are given out only when its signature has turned out right. Clients
/// make chunks of 64 or 128 KiB; to hold longer ones back would cost more memory than it is worth.
pub const HELD_LEN_MAX: u64 = 1024 * 1024;

const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// Takes the encoding off a body, piece by piece, and checks what it says: sizes, signatures, trailing headers.
#[derive(Debug)]
pub struct ChunkDecoder {
    signer: Option<ChunkSigner>,
    /// The trailing headers that were announced; `None` where there can be none.
    declared: Option<Vec<HeaderName>>,
    /// Bytes of data announced, and those of the chunks begun.
    expected: u64,
    begun: u64,
    chunks: u64,
    last_len: Option<u64>,
    state: State,
    /// A line that has not come whole.
    line: Vec<u8>,
    hash: Sha256,
    signature: Vec<u8>,
    held: Held,
    ready: VecDeque<Bytes>,
    trailers: HeaderMap,
    trailer_lines: usize,
    canonical_trailers: Vec<u8>,
    trailer_signature: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Size,
    /// So many bytes of the chunk are still to come; they are held back, or not.
    Data {
        left: u64,
        hold: bool,
    },
    DataEnd,
    Trailers,
    Done,
}

/// What is wrong with a body in this encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChunkError {
    /// It ended too soon, or is not in this encoding.
    Incomplete,
    /// It has another length than it was announced with.
    Length {
        /// Bytes announced.
        expected: u64,
        /// Bytes there are, as far as it has been read.
        provided: u64,
    },
    /// A chunk that is not the last is too short.
    ShortChunk {
        /// Number of the chunk behind it, from 1.
        chunk: u64,
        /// Its length, bytes.
        len: u64,
    },
    /// A signature is wrong. The access key is for the caller to fill in.
    Signature(Box<Mismatch>),
    /// The trailing headers are not those that were announced, or are none.
    Trailers,
}

impl std::fmt::Display for ChunkError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Incomplete => f.write_str("the body ended too soon, or is not in chunks"),
            Self::Length { expected, provided } => {
                write!(f, "the body was to have {expected} bytes and has {provided}")
            }
            Self::ShortChunk { chunk, len } => {
                write!(f, "the chunk before chunk {chunk} has only {len} bytes")
            }
            Self::Signature(_) => f.write_str("the signature of a chunk is wrong"),
            Self::Trailers => f.write_str("the trailing headers are not those that were announced"),
        }
    }
}

impl std::error::Error for ChunkError {}

impl ChunkDecoder {
    /// A decoder of a body with `expected` bytes of data. With `signer`, every chunk has to be signed. `declared` are the
    /// trailing headers that have to be there, and no others; `None` where the form of the body allows none.
    pub fn new(
        signer: Option<ChunkSigner>,
        expected: u64,
        declared: Option<Vec<HeaderName>>,
    ) -> ChunkDecoder {
        ChunkDecoder {
            signer,
            declared,
            expected,
            begun: 0,
            chunks: 0,
            last_len: None,
            state: State::Size,
            line: Vec::new(),
            hash: Sha256::new(),
            signature: Vec::new(),
            held: Held::default(),
            ready: VecDeque::new(),
            trailers: HeaderMap::new(),
            trailer_lines: 0,
            canonical_trailers: Vec::new(),
            trailer_signature: None,
        }
    }

    /// Takes the next bytes of the body. Data that became certain is then to be had from [`ChunkDecoder::pop`]. What
    /// stands behind the end is passed over.
    ///
    /// # Errors
    /// [`ChunkError`]; the body is then of no more use.
    pub fn push(&mut self, mut bytes: Bytes) -> Result<(), ChunkError> {
        while !bytes.is_empty() {
            match self.state {
                State::Size => {
                    if let Some(line) = self.take_line(&mut bytes)? {
                        self.begin_chunk(&line)?;
                    }
                }
                State::Data { left, hold } => {
                    let now = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    self.take_data(bytes.split_to(now), hold);
                    let left = left - now as u64;
                    self.state = State::Data { left, hold };
                    if left == 0 {
                        self.end_chunk()?;
                        self.state = State::DataEnd;
                    }
                }
                State::DataEnd => match self.take_line(&mut bytes)? {
                    Some(line) if !line.is_empty() => return Err(ChunkError::Incomplete),
                    Some(_) => self.state = State::Size,
                    None => {}
                },
                State::Trailers => {
                    if let Some(line) = self.take_line(&mut bytes)? {
                        self.take_trailer(&line)?;
                    }
                }
                State::Done => break,
            }
        }
        Ok(())
    }

    /// The next bytes of data; `None` until more of the body has been pushed.
    pub fn pop(&mut self) -> Option<Bytes> {
        self.ready.pop_front()
    }

    /// Bytes that are held back until the signature of their chunk has come.
    pub fn held_len(&self) -> usize {
        self.held.len()
    }

    /// The trailing headers, when the body has come to its end.
    ///
    /// # Errors
    /// [`ChunkError`] when it had not.
    pub fn finish(mut self) -> Result<HeaderMap, ChunkError> {
        // The real service does without the empty line at the end where nothing is signed.
        if self.state == State::Trailers && self.line.is_empty() && self.signer.is_none() {
            self.end_trailers()?;
        }
        if self.state == State::Done { Ok(self.trailers) } else { Err(ChunkError::Incomplete) }
    }

    /// The next line, without its end; `None` if it has not come whole.
    fn take_line(&mut self, bytes: &mut Bytes) -> Result<Option<Vec<u8>>, ChunkError> {
        while let Some(at) = bytes.iter().position(|&byte| byte == b'\n') {
            self.extend_line(&bytes.split_to(at + 1))?;
            if self.line.ends_with(b"\r\n") {
                let mut line = std::mem::take(&mut self.line);
                line.truncate(line.len() - 2);
                return Ok(Some(line));
            }
        }
        self.extend_line(&std::mem::take(bytes))?;
        Ok(None)
    }

    fn extend_line(&mut self, bytes: &[u8]) -> Result<(), ChunkError> {
        if self.line.len() + bytes.len() > LINE_LEN_MAX {
            return Err(ChunkError::Incomplete);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn begin_chunk(&mut self, line: &[u8]) -> Result<(), ChunkError> {
        let (size, extension) = match line.iter().position(|&byte| byte == b';') {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &[][..]),
        };
        let len = parse_size(size).ok_or(ChunkError::Incomplete)?;
        if self.signer.is_some() {
            let signature = extension.strip_prefix(b"chunk-signature=").ok_or(ChunkError::Incomplete)?;
            self.signature = signature.to_vec();
        }
        self.chunks += 1;
        if let Some(last_len) = self.last_len.filter(|last_len| len > 0 && *last_len < CHUNK_LEN_MIN) {
            return Err(ChunkError::ShortChunk { chunk: self.chunks, len: last_len });
        }
        self.last_len = Some(len);
        self.begun = self.begun.saturating_add(len);
        if self.begun > self.expected || (len == 0 && self.begun < self.expected) {
            return Err(ChunkError::Length { expected: self.expected, provided: self.begun });
        }
        if len == 0 {
            self.end_chunk()?;
            self.state = State::Trailers;
        } else {
            self.state = State::Data { left: len, hold: self.signer.is_some() && len <= HELD_LEN_MAX };
        }
        Ok(())
    }

    fn take_data(&mut self, data: Bytes, hold: bool) {
        if self.signer.is_some() {
            self.hash.update(&data);
        }
        if hold {
            self.held.push(data);
        } else {
            self.ready.push_back(data);
        }
    }

    fn end_chunk(&mut self) -> Result<(), ChunkError> {
        let Some(signer) = &mut self.signer else { return Ok(()) };
        let hash = self.hash.finalize_reset().into();
        signer.check_next(&self.signature, &hash).map_err(ChunkError::Signature)?;
        self.ready.extend(self.held.take());
        Ok(())
    }

    fn take_trailer(&mut self, line: &[u8]) -> Result<(), ChunkError> {
        if line.is_empty() {
            return self.end_trailers();
        }
        let Some(declared) = &self.declared else { return Err(ChunkError::Incomplete) };
        self.trailer_lines += 1;
        let colon = line.iter().position(|&byte| byte == b':').ok_or(ChunkError::Trailers)?;
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        if self.trailer_lines > TRAILERS_MAX {
            return Err(ChunkError::Trailers);
        }
        if self.signer.is_some() && name.eq_ignore_ascii_case(TRAILER_SIGNATURE.as_bytes()) {
            self.trailer_signature = Some(value.to_vec());
            return Ok(());
        }
        let name = HeaderName::from_bytes(name).map_err(|_| ChunkError::Trailers)?;
        let text = HeaderValue::from_bytes(value).map_err(|_| ChunkError::Trailers)?;
        if !declared.contains(&name) || self.trailer_signature.is_some() {
            return Err(ChunkError::Trailers);
        }
        for part in [name.as_str().as_bytes(), b":", value, b"\n"] {
            self.canonical_trailers.extend_from_slice(part);
        }
        self.trailers.insert(name, text);
        Ok(())
    }

    fn end_trailers(&mut self) -> Result<(), ChunkError> {
        let declared = self.declared.as_deref().unwrap_or_default();
        if declared.iter().any(|name| !self.trailers.contains_key(name)) {
            return Err(ChunkError::Trailers);
        }
        if let Some(signer) = self.signer.as_mut().filter(|_| self.declared.is_some()) {
            let signature = self.trailer_signature.take().ok_or(ChunkError::Trailers)?;
            let hash = Sha256::digest(&self.canonical_trailers).into();
            signer.check_trailer(&signature, &hash).map_err(ChunkError::Signature)?;
        }
        self.state = State::Done;
        Ok(())
    }
}

/// One to sixteen hexadecimal digits and nothing else: `from_str_radix` alone would take a sign.
fn parse_size(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    if text.is_empty() || text.len() > 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(text, 16).ok()
}
