use super::*;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::ReadBuf;

/// Hands out at most `step` bytes a read, then the end of the stream.
struct Trickle {
    bytes: Vec<u8>,
    at: usize,
    step: usize,
}

impl AsyncRead for Trickle {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let length = this.step.min(this.bytes.len() - this.at).min(out.remaining());
        out.put_slice(&this.bytes[this.at..this.at + length]);
        this.at += length;
        Poll::Ready(Ok(()))
    }
}

/// Polls a future whose stream never waits.
fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the stream never waits"),
    }
}

/// Reads one answer at every way of cutting the stream into equal pieces and checks that all agree.
fn read(wire: &str) -> Result<(Answer, String), String> {
    let mut results = (1..=wire.len().max(1)).map(|step| {
        let mut stream = Trickle { bytes: wire.into(), at: 0, step };
        let mut reader = AnswerReader::default();
        match run(reader.read(&mut stream)) {
            Ok(answer) => Ok((answer, String::from_utf8_lossy(reader.body()).into_owned())),
            Err(error) => Err(error.to_string()),
        }
    });
    let first = results.next().expect("at least one step");
    for other in results {
        assert_eq!(other, first, "the cut changed the result");
    }
    first
}

fn ok(status: u16, keep_alive: bool, body: &str) -> Result<(Answer, String), String> {
    Ok((Answer { status, keep_alive }, body.into()))
}

#[test]
fn content_length() {
    assert_eq!(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), ok(200, true, "hello"));
    assert_eq!(read("HTTP/1.1 400 Bad\r\ncontent-length:0\r\n\r\n"), ok(400, true, ""));
}

#[test]
fn chunked_with_extensions_and_trailers() {
    let wire = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\nB\r\n, 012345678\r\n0\r\nx: y\r\n\r\n";
    assert_eq!(read(wire), ok(200, true, "hello, 012345678"));
}

#[test]
fn connection_options() {
    assert_eq!(
        read("HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 1\r\n\r\nx"),
        ok(200, false, "x")
    );
    assert_eq!(read("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"), ok(200, false, "x"));
    assert_eq!(
        read("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx"),
        ok(200, true, "x")
    );
}

#[test]
fn body_until_close_ends_the_connection() {
    assert_eq!(read("HTTP/1.1 200 OK\r\n\r\nall of it"), ok(200, false, "all of it"));
}

#[test]
fn no_body_where_the_status_forbids_one() {
    assert_eq!(read("HTTP/1.1 204 No Content\r\n\r\n"), ok(204, true, ""));
}

#[test]
fn interim_answers_are_skipped() {
    let wire = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    assert_eq!(read(wire), ok(200, true, "ok"));
    let endless = "HTTP/1.1 100 Continue\r\n\r\n".repeat(INTERIM_ANSWERS_MAX + 1);
    assert_eq!(read(&endless), Err("malformed answer: too many interim answers".into()));
}

#[test]
fn early_close_is_an_error_at_every_byte() {
    for whole in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length]), Err(HttpError::ClosedEarly.to_string()), "{length} bytes");
        }
    }
}

#[test]
fn malformed_answers_are_refused() {
    for (wire, why) in [
        ("nonsense\r\n\r\n", "head"),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "content length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "content length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "two lengths"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "both a length and chunks",
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "transfer encoding"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "chunk size"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "chunk longer than its size"),
        ("HTTP/1.1 101 Switching\r\n\r\n", "upgrade nobody asked for"),
    ] {
        assert_eq!(read(wire), Err(format!("malformed answer: {why}")), "{wire}");
    }
    let mut reader = AnswerReader::default();
    let mut stream =
        Trickle { bytes: b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc".into(), at: 0, step: 100 };
    assert!(matches!(run(reader.read(&mut stream)), Err(HttpError::Malformed("bytes after the answer"))));
}

#[test]
fn parts_over_their_limits_are_refused() {
    let too_large = |limit: usize| HttpError::TooLarge(limit).to_string();
    let whole = |wire: String| {
        let step = wire.len();
        let mut reader = AnswerReader::default();
        run(reader.read(&mut Trickle { bytes: wire.into(), at: 0, step })).map_err(|error| error.to_string())
    };
    let head = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(HEAD_BYTES_MAX));
    assert_eq!(whole(head), Err(too_large(HEAD_BYTES_MAX)));
    let length = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", BODY_BYTES_MAX + 1);
    assert_eq!(whole(length), Err(too_large(BODY_BYTES_MAX)));
    let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n".to_owned();
    assert_eq!(whole(chunk), Err(too_large(BODY_BYTES_MAX)));
    let line = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;{}",
        "z".repeat(LINE_BYTES_MAX + READ_BYTES)
    );
    assert_eq!(whole(line), Err(too_large(LINE_BYTES_MAX)));
}

#[test]
fn one_reader_reads_answer_after_answer() {
    let mut reader = AnswerReader::default();
    for body in ["first", "2"] {
        let wire = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let answer =
            run(reader.read(&mut Trickle { bytes: wire.into(), at: 0, step: 7 })).expect("an answer");
        assert!(answer.keep_alive && answer.is_success());
        assert_eq!(reader.body(), body.as_bytes());
    }
}

/// Every single-byte change of good answers: read or refused, and never more body than the bytes hold.
#[test]
fn damaged_answers_never_panic() {
    for whole in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\nt: u\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nhello",
    ] {
        let (mut read_well, mut refused) = (0, 0);
        for at in 0..whole.len() {
            for byte in 0..=u8::MAX {
                let mut bytes = whole.as_bytes().to_vec();
                bytes[at] = byte;
                let mut reader = AnswerReader::default();
                match run(reader.read(&mut Trickle { bytes, at: 0, step: 11 })) {
                    Ok(_) => read_well += 1,
                    Err(_) => refused += 1,
                }
                assert!(reader.body().len() <= whole.len());
            }
        }
        assert!(read_well > 0 && refused > 0, "{whole}: {read_well} read, {refused} refused");
    }
}
