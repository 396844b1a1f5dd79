//! Reads HTTP/1.1 answers from a connection.

use bytes::{Buf, BytesMut};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Four times what common servers send at most.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Common servers send under 20.
const HEADERS_MAX: usize = 64;
/// The largest object of a workload, and some.
const BODY_BYTES_MAX: usize = 128 * 1024 * 1024;
/// A chunk size in hexadecimal with extensions; also one trailer line.
const LINE_BYTES_MAX: usize = 1024;
/// Interim answers (1xx) tolerated before the final one.
const INTERIM_ANSWERS_MAX: usize = 4;
const TRAILER_LINES_MAX: usize = 16;
const READ_BYTES: usize = 64 * 1024;

/// Why an exchange failed.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("connection: {0}")]
    Io(#[from] io::Error),
    #[error("the server closed the connection before a whole answer")]
    ClosedEarly,
    #[error("malformed answer: {0}")]
    Malformed(&'static str),
    #[error("answer part over {0} bytes")]
    TooLarge(usize),
    #[error("no answer within {0} s")]
    TimedOut(u64),
}

/// The head of a final answer; its body is in [`AnswerReader::body`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Whether the connection may carry another request.
    pub keep_alive: bool,
}

impl Answer {
    /// Whether the status is 2xx.
    pub fn is_success(self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Reads answers one after another and reuses its buffers for all of them.
#[derive(Debug, Default)]
pub struct AnswerReader {
    unread: BytesMut,
    body: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyLength {
    Bytes(usize),
    Chunked,
    UntilClose,
}

struct Head {
    status: u16,
    keep_alive: bool,
    length: BodyLength,
}

impl AnswerReader {
    /// The body of the last answer read.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Forgets what a previous connection left over.
    pub fn reset(&mut self) {
        self.unread.clear();
        self.body.clear();
    }

    /// Reads one final answer, skipping interim ones (1xx).
    pub async fn read<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> Result<Answer, HttpError> {
        self.body.clear();
        for _ in 0..=INTERIM_ANSWERS_MAX {
            let head = self.read_head(stream).await?;
            if head.status < 200 {
                continue;
            }
            match head.length {
                BodyLength::Bytes(length) => self.read_exactly(stream, length).await?,
                BodyLength::Chunked => self.read_chunks(stream).await?,
                BodyLength::UntilClose => self.read_until_close(stream).await?,
            }
            if !self.unread.is_empty() {
                return Err(HttpError::Malformed("bytes after the answer"));
            }
            let keep_alive = head.keep_alive && head.length != BodyLength::UntilClose;
            return Ok(Answer { status: head.status, keep_alive });
        }
        Err(HttpError::Malformed("too many interim answers"))
    }

    async fn read_head<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> Result<Head, HttpError> {
        loop {
            if let Some((head, length)) = parse_head(&self.unread)? {
                self.unread.advance(length);
                return Ok(head);
            }
            if self.unread.len() >= HEAD_BYTES_MAX {
                return Err(HttpError::TooLarge(HEAD_BYTES_MAX));
            }
            self.fill(stream).await?;
        }
    }

    async fn fill<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> Result<(), HttpError> {
        self.unread.reserve(READ_BYTES);
        match stream.read_buf(&mut self.unread).await? {
            0 => Err(HttpError::ClosedEarly),
            _ => Ok(()),
        }
    }

    async fn read_exactly<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        length: usize,
    ) -> Result<(), HttpError> {
        if length > BODY_BYTES_MAX - self.body.len() {
            return Err(HttpError::TooLarge(BODY_BYTES_MAX));
        }
        let mut missing = length;
        loop {
            let taken = missing.min(self.unread.len());
            self.body.extend_from_slice(&self.unread[..taken]);
            self.unread.advance(taken);
            missing -= taken;
            if missing == 0 {
                return Ok(());
            }
            self.fill(stream).await?;
        }
    }

    async fn read_chunks<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> Result<(), HttpError> {
        loop {
            let line = self.read_line(stream).await?;
            let size = parse_chunk_size(&line)?;
            if size == 0 {
                break;
            }
            self.read_exactly(stream, size).await?;
            if !self.read_line(stream).await?.is_empty() {
                return Err(HttpError::Malformed("chunk longer than its size"));
            }
        }
        for _ in 0..=TRAILER_LINES_MAX {
            if self.read_line(stream).await?.is_empty() {
                return Ok(());
            }
        }
        Err(HttpError::Malformed("too many trailers"))
    }

    /// One line without its CRLF.
    async fn read_line<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> Result<BytesMut, HttpError> {
        loop {
            if let Some(end) = self.unread.windows(2).take(LINE_BYTES_MAX).position(|pair| pair == b"\r\n") {
                let line = self.unread.split_to(end);
                self.unread.advance(2);
                return Ok(line);
            }
            if self.unread.len() > LINE_BYTES_MAX {
                return Err(HttpError::TooLarge(LINE_BYTES_MAX));
            }
            self.fill(stream).await?;
        }
    }

    async fn read_until_close<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> Result<(), HttpError> {
        loop {
            if self.body.len() + self.unread.len() > BODY_BYTES_MAX {
                return Err(HttpError::TooLarge(BODY_BYTES_MAX));
            }
            self.body.extend_from_slice(&self.unread);
            self.unread.clear();
            match self.fill(stream).await {
                Ok(()) => {}
                Err(HttpError::ClosedEarly) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

/// The head at the start of `bytes` and its length, or nothing while it is incomplete.
fn parse_head(bytes: &[u8]) -> Result<Option<(Head, usize)>, HttpError> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(HttpError::Malformed("head")),
    };
    let (Some(status), Some(minor)) = (response.code, response.version) else {
        return Err(HttpError::Malformed("status line"));
    };
    if status == 101 {
        return Err(HttpError::Malformed("upgrade nobody asked for"));
    }
    let mut keep_alive = minor == 1;
    let mut content_length = None;
    let mut transfer_encoding = false;
    for header in response.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            let value = parse_length(header.value)?;
            if content_length.is_some_and(|earlier| earlier != value) {
                return Err(HttpError::Malformed("two lengths"));
            }
            content_length = Some(value);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            if !header.value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                return Err(HttpError::Malformed("transfer encoding"));
            }
            transfer_encoding = true;
        } else if header.name.eq_ignore_ascii_case("connection") {
            for option in header.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                if option.eq_ignore_ascii_case(b"close") {
                    keep_alive = false;
                } else if option.eq_ignore_ascii_case(b"keep-alive") {
                    keep_alive = true;
                }
            }
        }
    }
    let length_of_body = match (status, transfer_encoding, content_length) {
        (100..=199 | 204 | 304, _, _) => BodyLength::Bytes(0),
        (_, true, Some(_)) => return Err(HttpError::Malformed("both a length and chunks")),
        (_, true, None) => BodyLength::Chunked,
        (_, false, Some(length)) => BodyLength::Bytes(length),
        (_, false, None) => BodyLength::UntilClose,
    };
    Ok(Some((Head { status, keep_alive, length: length_of_body }, length)))
}

fn parse_length(value: &[u8]) -> Result<usize, HttpError> {
    let digits = value.trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(HttpError::Malformed("content length"));
    }
    let text = std::str::from_utf8(digits).map_err(|_| HttpError::Malformed("content length"))?;
    text.parse().map_err(|_| HttpError::Malformed("content length"))
}

fn parse_chunk_size(line: &[u8]) -> Result<usize, HttpError> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(HttpError::Malformed("chunk size"));
    }
    let text = std::str::from_utf8(digits).map_err(|_| HttpError::Malformed("chunk size"))?;
    usize::from_str_radix(text, 16).map_err(|_| HttpError::Malformed("chunk size"))
}

#[cfg(test)]
mod tests;
