//! `multipart/form-data`, part by part: small fields first, then one file that is never held whole.

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use futures::stream;
use memchr::memmem;
use wire::{ByteStream, CommonSource as _, Detailed, Piece, Reader, StreamError};

use crate::limits::{FORM_FIELD_BYTES_MAX, FORM_HEAD_BYTES_MAX};

/// A form being read.
pub struct Form {
    reader: Reader,
    /// What has come and is not given out.
    buffer: BytesMut,
    /// `\r\n--` and the boundary.
    delimiter: Vec<u8>,
    /// Whether a boundary has just been read, so that a part's head is next.
    at_head: bool,
    /// Whether the last boundary was seen.
    done: bool,
}

/// The head of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The field's name, as it came.
    pub name: String,
    /// The name of the file it came from. Clients may give every field one.
    pub file: Option<String>,
    /// Its `Content-Type`.
    pub content_type: Option<String>,
}

/// The longest boundary that the standard allows.
const BOUNDARY_MAX: usize = 70;

impl Form {
    /// Begins to read the form in a body with this `Content-Type`.
    ///
    /// # Errors
    /// `PreconditionFailed` if it is not the type of a form.
    pub fn open(content_type: &str, body: &ByteStream) -> Result<Self, Detailed> {
        let wrong = || {
            Detailed::new(
                "PreconditionFailed",
                412,
                "At least one of the pre-conditions you specified did not hold",
            )
            .with("Condition", "Bucket POST must be of the enclosure-type multipart/form-data")
        };
        let mut parts = content_type.split(';').map(str::trim);
        if !parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/form-data")) {
            return Err(wrong());
        }
        let boundary = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
        });
        let boundary =
            boundary.filter(|found| (1..=BOUNDARY_MAX).contains(&found.len())).ok_or_else(wrong)?;
        // The first boundary has no line before it: with one, all are alike.
        let buffer = BytesMut::from(&b"\r\n"[..]);
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        Ok(Self { reader: body.open(), buffer, delimiter, at_head: false, done: false })
    }

    /// Goes to the next part, over what is left of the one before; `None` behind the last.
    pub async fn next(&mut self) -> Result<Option<Head>, StreamError> {
        // Before the first boundary, and behind a part that was not read, may stand anything short.
        if !self.at_head {
            self.until_delimiter(FORM_FIELD_BYTES_MAX).await?;
        }
        self.at_head = false;
        if self.done {
            return Ok(None);
        }
        let mut head = Head::default();
        let mut bytes = 0;
        loop {
            let line = self.line().await?;
            bytes += line.len();
            if line.is_empty() {
                return Ok(Some(head));
            }
            if bytes > FORM_HEAD_BYTES_MAX {
                return Err(too_long());
            }
            let line = std::str::from_utf8(&line).map_err(|_| malformed())?;
            let (name, value) = line.split_once(':').ok_or_else(malformed)?;
            match name.trim().to_ascii_lowercase().as_str() {
                "content-disposition" => {
                    let parameters = parameters(value);
                    let find = |wanted: &str| {
                        parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
                    };
                    head.name = find("name").ok_or_else(malformed)?;
                    head.file = find("filename");
                }
                "content-type" => head.content_type = Some(value.trim().to_owned()),
                _ => {}
            }
        }
    }

    /// The part's value, which has to be text of at most so many bytes.
    pub async fn text(&mut self, limit: usize) -> Result<String, StreamError> {
        let bytes = self.until_delimiter(limit).await?;
        String::from_utf8(bytes.to_vec()).map_err(|_| malformed())
    }

    /// The part's bytes as they come, to the part's end; the form ends with it. At least `min` and at most `max` of
    /// them, or the stream ends in a refusal.
    pub fn into_file(self, min: u64, max: u64) -> ByteStream {
        let state = (self, 0_u64, false);
        let pieces = stream::unfold(state, move |(mut form, mut size, ended)| async move {
            if ended {
                return None;
            }
            match form.piece().await {
                Ok(Some(bytes)) => {
                    size += bytes.len() as u64;
                    if size > max {
                        return Some((
                            Err(StreamError::Refused(too_large(size, max).into_common())),
                            (form, size, true),
                        ));
                    }
                    Some((Ok(Piece::Data(bytes)), (form, size, false)))
                }
                Ok(None) if size < min => {
                    Some((Err(StreamError::Refused(too_small(size, min).into_common())), (form, size, true)))
                }
                Ok(None) => None,
                Err(error) => Some((Err(error), (form, size, true))),
            }
        });
        ByteStream::new(None, pieces)
    }

    /// The next bytes of a part; `None` at its end.
    async fn piece(&mut self) -> Result<Option<Bytes>, StreamError> {
        loop {
            if let Some(at) = memmem::find(&self.buffer, &self.delimiter) {
                if at == 0 {
                    return Ok(None);
                }
                return Ok(Some(self.buffer.split_to(at).freeze()));
            }
            // What could be the beginning of a delimiter waits for the rest of it.
            let sure = (self.buffer.len() + 1).saturating_sub(self.delimiter.len());
            if sure > 0 {
                return Ok(Some(self.buffer.split_to(sure).freeze()));
            }
            self.more().await?;
        }
    }

    /// Everything before the next delimiter, which is taken too.
    async fn until_delimiter(&mut self, limit: usize) -> Result<Bytes, StreamError> {
        let mut from = 0;
        let at = loop {
            if let Some(at) = memmem::find(&self.buffer[from..], &self.delimiter) {
                break from + at;
            }
            from = (self.buffer.len() + 1).saturating_sub(self.delimiter.len());
            if from > limit {
                return Err(too_long());
            }
            self.more().await?;
        };
        if at > limit {
            return Err(too_long());
        }
        let found = self.buffer.split_to(at).freeze();
        let _ = self.buffer.split_to(self.delimiter.len());
        while self.buffer.len() < 2 {
            self.more().await?;
        }
        if self.buffer.starts_with(b"--") {
            self.done = true;
        } else {
            // White space may stand behind a boundary.
            let rest = self.line().await?;
            if !rest.iter().all(u8::is_ascii_whitespace) {
                return Err(malformed());
            }
        }
        self.at_head = true;
        Ok(found)
    }

    async fn line(&mut self) -> Result<Bytes, StreamError> {
        let at = loop {
            if let Some(at) = memmem::find(&self.buffer, b"\r\n") {
                break at;
            }
            if self.buffer.len() > FORM_HEAD_BYTES_MAX {
                return Err(too_long());
            }
            self.more().await?;
        };
        let line = self.buffer.split_to(at).freeze();
        let _ = self.buffer.split_to(2);
        Ok(line)
    }

    async fn more(&mut self) -> Result<(), StreamError> {
        match self.reader.next().await {
            Some(bytes) => {
                self.buffer.extend_from_slice(&bytes?);
                Ok(())
            }
            None => Err(malformed()),
        }
    }
}

/// The parameters of a header's value: names in lower case, values without their quotes.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = value.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted_text(quoted),
            None => {
                let (value, next) = after.split_once(';').unwrap_or((after, ""));
                (value.trim().to_owned(), next)
            }
        };
        found.push((name.trim().trim_start_matches(';').trim().to_ascii_lowercase(), value));
        rest = next;
    }
    found
}

/// A text up to its closing quote, and what stands behind that.
fn quoted_text(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, text[at + 1..].trim_start().trim_start_matches(';')),
            '\\' => match chars.next() {
                Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                Some((_, other)) => value.extend(['\\', other]),
                None => {}
            },
            other => value.push(other),
        }
    }
    (value, "")
}

fn malformed() -> StreamError {
    let text = "The body of your POST request is not well-formed multipart/form-data.";
    StreamError::Refused(Detailed::new("MalformedPOSTRequest", 400, text).into_common())
}

fn too_long() -> StreamError {
    let text = "Your POST request fields preceding the upload file were too large.";
    let error = Detailed::new("MaxPostPreDataLengthExceeded", 400, text);
    StreamError::Refused(error.into_common())
}

fn too_large(size: u64, max: u64) -> Detailed {
    Detailed::new("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size")
        .with("ProposedSize", size.to_string())
        .with("MaxSizeAllowed", max.to_string())
}

fn too_small(size: u64, min: u64) -> Detailed {
    Detailed::new("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size")
        .with("ProposedSize", size.to_string())
        .with("MinSizeAllowed", min.to_string())
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use proptest::prelude::*;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=xx";

    /// A body that comes in pieces of this many bytes.
    fn body(text: &[u8], step: usize) -> ByteStream {
        let pieces: Vec<_> = text.chunks(step).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
        ByteStream::of_bytes(None, stream::iter(pieces))
    }

    fn form(fields: &[(&str, &str)], file: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        for (name, value) in fields {
            text.extend(
                format!("--xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
            );
        }
        text.extend(b"--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;b\\\"c.txt\"\r\n");
        text.extend(b"Content-Type: text/plain\r\n\r\n");
        text.extend(file);
        text.extend(b"\r\n--xx--\r\n");
        text
    }

    async fn read(
        text: &[u8],
        step: usize,
        limits: (u64, u64),
    ) -> Result<(Vec<(String, String)>, Head, Bytes), StreamError> {
        let mut form = Form::open(TYPE, &body(text, step)).unwrap();
        let mut fields = Vec::new();
        loop {
            let head = form.next().await?.ok_or_else(malformed)?;
            if head.name == "file" {
                let file = form.into_file(limits.0, limits.1).open().whole(1 << 20).await?.unwrap();
                return Ok((fields, head, file));
            }
            fields.push((head.name, form.text(1024).await?));
        }
    }

    #[tokio::test]
    async fn fields_then_a_file() {
        let text = form(&[("key", "a/b"), ("empty", "")], b"one\r\n--x\r\ntwo");
        for step in [1, 2, 7, 1000] {
            let (fields, head, file) = read(&text, step, (0, 100)).await.unwrap();
            let expected = [("key", "a/b"), ("empty", "")].map(|(a, b)| (a.to_owned(), b.to_owned()));
            assert_eq!(
                (fields.as_slice(), file.as_ref()),
                (&expected[..], &b"one\r\n--x\r\ntwo"[..]),
                "{step}"
            );
            assert_eq!(
                (head.file.as_deref(), head.content_type.as_deref()),
                (Some("a;b\"c.txt"), Some("text/plain"))
            );
        }
    }

    #[tokio::test]
    async fn sizes_are_checked_as_bytes_come() {
        let text = form(&[], b"0123456789");
        assert!(read(&text, 3, (10, 10)).await.is_ok());
        for (limits, code) in [((0, 9), "EntityTooLarge"), ((11, 20), "EntityTooSmall")] {
            let Err(StreamError::Refused(error)) = read(&text, 3, limits).await else { panic!("taken") };
            assert_eq!(error.resolve(wire::Protocol::RestXml).code, code);
        }
    }

    #[tokio::test]
    async fn what_is_no_form_is_refused() {
        assert!(Form::open("text/plain", &ByteStream::default()).is_err());
        assert!(Form::open("multipart/form-data", &ByteStream::default()).is_err());
        for text in [
            "",
            "--xx",
            "--xx\r\n",
            "--xx\r\nno header\r\n\r\n",
            "--xx\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc",
        ] {
            assert!(read(text.as_bytes(), 4, (0, 100)).await.is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_out_as_they_went_in(file in proptest::collection::vec(prop::sample::select(b"\r\n-xab".to_vec()), 0..60), step in 1_usize..9) {
            prop_assume!(memmem::find(&[b"\r\n", &file[..]].concat(), b"\r\n--xx").is_none());
            let text = form(&[("key", "k")], &file);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (_, _, found) = runtime.block_on(read(&text, step, (0, 100))).unwrap();
            prop_assert_eq!(found.as_ref(), file.as_slice());
        }

        #[test]
        fn any_body_is_read_or_refused(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(read(&[b"--xx\r\n", &text[..]].concat(), 16, (0, 100)));
        }
    }
}
