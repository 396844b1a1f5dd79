//! Bodies that come as streams: what reaches the handler, and what is refused.

mod common;

use common::{Client, Payload, Server, Signed, chunked, sha256};
use gateway::Limits;
use std::sync::atomic::Ordering;
use std::time::Duration;

const CRC: (&str, &str) = ("x-amz-checksum-crc32", "AAAAAA==");

fn hex(data: &[u8]) -> String {
    sha256(data).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn put(client: &mut Client, payload: Payload, headers: &[(&str, &str)], body: &[u8]) -> common::Answer {
    let length = body.len().to_string();
    let headers: Vec<_> = headers.iter().copied().chain([("content-length", length.as_str())]).collect();
    client.exchange(&Signed { headers: &headers, payload, ..Default::default() }, body)
}

#[test]
fn plain_bodies() {
    let server = Server::start();
    let mut client = server.client();
    let body: Vec<u8> = (0..300_000_u32).map(|n| n as u8).collect();
    for payload in [Payload::Unsigned, Payload::Hash(sha256(&body))] {
        assert_eq!(put(&mut client, payload, &[], &body).status, 200);
        let put = server.state.puts.lock().pop().unwrap();
        assert_eq!((put.len, put.announced, put.sha256), (300_000, Some(300_000), hex(&body)));
        assert_eq!((put.account.as_str(), put.key.as_str()), ("111122223333", "bucket/key"));
    }
    assert_eq!(put(&mut client, Payload::Hash(sha256(b"")), &[], b"").status, 200);
    let answer = put(&mut client, Payload::Hash([7; 32]), &[], &body);
    assert_eq!(answer.error(), (400, "XAmzContentSHA256Mismatch".into()));
    assert_eq!(answer.element("ClientComputedContentSHA256"), "07".repeat(32));
    assert_eq!(answer.element("S3ComputedContentSHA256"), hex(&body));
    assert_eq!(server.state.broken.load(Ordering::Relaxed), 1);
}

#[test]
fn chunks_signed_and_not() {
    let server = Server::start();
    let mut client = server.client();
    let (first, last) = (vec![1; 65_536], vec![2; 1_000]);
    let whole = [first.clone(), last.clone()].concat();
    for (signed, trailer) in [(true, None), (true, Some(CRC)), (false, Some(CRC))] {
        let payload = match (signed, trailer) {
            (true, trailer) => Payload::Streaming { trailer: trailer.is_some() },
            (false, _) => Payload::StreamingUnsignedTrailer,
        };
        let mut headers =
            vec![("content-encoding", "aws-chunked,gzip"), ("x-amz-decoded-content-length", "66536")];
        headers.extend(trailer.map(|(name, _)| ("x-amz-trailer", name)));
        let length = chunked(&[&first, &last], signed.then_some([0; 32]), trailer).len().to_string();
        headers.push(("content-length", &length));
        let request = Signed { headers: &headers, payload, ..Default::default() };
        let (head, seed) = request.head();
        let body = chunked(&[&first, &last], signed.then_some(seed), trailer);
        client.write(head.as_bytes());
        client.write(&body);
        let answer = client.answer("PUT");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let put = server.state.puts.lock().pop().unwrap();
        assert_eq!((put.len, put.announced, put.sha256), (66_536, Some(66_536), hex(&whole)));
        assert_eq!(put.encoding.as_deref(), Some("gzip"));
        let expected = trailer.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        assert_eq!(put.trailers, expected);

        // A byte of the first chunk is changed.
        client.write(head.as_bytes());
        let mut changed = body.clone();
        changed[5_000] ^= 1;
        client.write(&changed);
        let given = server.state.given.load(Ordering::Relaxed);
        let answer = client.answer("PUT");
        if signed {
            assert_eq!(answer.error(), (403, "SignatureDoesNotMatch".into()));
            assert_eq!(answer.element("AWSAccessKeyId"), common::KEY);
            assert!(answer.element("StringToSign").starts_with("AWS4-HMAC-SHA256-PAYLOAD"));
            assert_eq!(server.state.given.load(Ordering::Relaxed), given);
        } else {
            assert_eq!(answer.status, 200);
            server.state.puts.lock().clear();
        }
    }
}

#[test]
fn framing_that_is_none() {
    let server = Server::start();
    let mut client = server.client();
    let mut refused = |headers: &[(&str, &str)], body: &[u8]| {
        let headers: Vec<_> =
            [("x-amz-decoded-content-length", "4")].into_iter().chain(headers.iter().copied()).collect();
        put(&mut client, Payload::StreamingUnsignedTrailer, &headers, body)
    };
    let incomplete = (400, "IncompleteBody".to_owned());
    for body in
        [&b""[..], b"4\r\nabcd", b"4\r\nabcdX\r\n0\r\n\r\n", b"4\nabcd\n0\n\n", b"-4\r\n", &[b'0'; 9000]]
    {
        assert_eq!(refused(&[], body).error(), incomplete, "{}", body.escape_ascii());
    }
    let long = refused(&[], b"5\r\nabcde\r\n0\r\n\r\n");
    assert_eq!(long.error(), incomplete);
    assert_eq!(
        (long.element("NumberBytesExpected"), long.element("NumberBytesProvided")),
        ("4".into(), "5".into())
    );
    let trailer = [("x-amz-trailer", CRC.0)];
    let malformed = (400, "MalformedTrailerError".to_owned());
    assert_eq!(refused(&trailer, b"4\r\nabcd\r\n0\r\n\r\n").error(), malformed);
    assert_eq!(refused(&trailer, b"4\r\nabcd\r\n0\r\nx-amz-checksum-sha1:x\r\n\r\n").error(), malformed);
    let bad = refused(&[("x-amz-trailer", "x-amz-foo")], b"4\r\nabcd\r\n0\r\nx-amz-foo:x\r\n\r\n");
    assert_eq!(bad.error(), (400, "InvalidRequest".into()));
    assert!(server.state.puts.lock().is_empty());
    let short = chunked(&[&[1; 100], &[2; 100]], None, None);
    let answer = put(
        &mut server.client(),
        Payload::StreamingUnsignedTrailer,
        &[("x-amz-decoded-content-length", "200")],
        &short,
    );
    assert_eq!(answer.error(), (403, "InvalidChunkSizeError".into()));
    assert_eq!((answer.element("Chunk"), answer.element("BadChunkSize")), ("2".into(), "100".into()));
}

#[test]
fn lengths_are_needed_and_limited() {
    let server = Server::start();
    let exchange = |headers: &[(&str, &str)], payload, body: &[u8]| {
        let request = Signed { headers, payload, ..Default::default() };
        server.client().exchange(&request, body)
    };
    let missing = (411, "MissingContentLength".to_owned());
    assert_eq!(exchange(&[], Payload::Unsigned, b"").error(), missing);
    let answer = exchange(&[("transfer-encoding", "chunked")], Payload::Unsigned, b"0\r\n\r\n");
    assert_eq!(answer.error(), (501, "NotImplemented".into()));
    assert_eq!(answer.element("Header"), "Transfer-Encoding");
    let framed = [("content-length", "5")];
    assert_eq!(exchange(&framed, Payload::StreamingUnsignedTrailer, b"0\r\n\r\n").error(), missing);
    let answer =
        exchange(&[("content-length", "5368709121"), ("expect", "100-continue")], Payload::Unsigned, b"");
    assert_eq!(answer.error(), (400, "EntityTooLarge".into()));
    assert_eq!(answer.element("ProposedSize"), "5368709121");
    assert_eq!(answer.element("MaxSizeAllowed"), "5368709120");
    // The encoding of HTTP around that of AWS: the length is said elsewhere.
    let headers = [("transfer-encoding", "chunked"), ("x-amz-decoded-content-length", "4")];
    let body = b"e\r\n4\r\nabcd\r\n0\r\n\r\n\r\n0\r\n\r\n";
    assert_eq!(exchange(&headers, Payload::StreamingUnsignedTrailer, body).status, 200);
    assert_eq!(server.state.puts.lock().pop().unwrap().len, 4);
}

#[test]
fn bodies_that_break_off_are_not_kept() {
    let server = Server::start();
    let mut client = server.client();
    let request = Signed { headers: &[("content-length", "100000")], ..Default::default() };
    client.write(request.head().0.as_bytes());
    client.write(&[1; 50_000]);
    drop(client);
    for _ in 0..500 {
        if server.state.broken.load(Ordering::Relaxed) == 1 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // Either the handler was told, or its work was dropped with the connection.
    assert!(server.state.puts.lock().is_empty());
}

#[test]
fn slow_bodies_are_given_up() {
    let limits = Limits { body_wait: Duration::from_millis(200), ..Limits::default() };
    let server = Server::with(limits);
    let mut client = server.client();
    let request = Signed { headers: &[("content-length", "100")], ..Default::default() };
    client.write(request.head().0.as_bytes());
    client.write(&[1; 50]);
    assert_eq!(client.answer("PUT").error(), (400, "RequestTimeout".into()));

    let limits = Limits { body_total: Duration::from_millis(300), body_rate: 1 << 30, ..Limits::default() };
    let server = Server::with(limits);
    let mut client = server.client();
    client.write(request.head().0.as_bytes());
    for _ in 0..99 {
        std::thread::sleep(Duration::from_millis(10));
        if !client.try_write(&[1]) {
            break;
        }
    }
    assert_eq!(client.answer("PUT").error(), (400, "RequestTimeout".into()));
}

#[test]
fn refusals_come_before_the_body_is_asked_for() {
    let server = Server::start();
    let headers = [("content-length", "1000000"), ("expect", "100-continue")];
    let request = Signed { headers: &headers, ..Default::default() };

    let mut good = server.client();
    good.write(request.head().0.as_bytes());
    assert_eq!(good.lines(), ["HTTP/1.1 100 Continue"]);
    good.write(&vec![0; 1_000_000]);
    assert_eq!(good.answer("PUT").status, 200);

    let wrong_signature = request.head().0.replace("Signature=", "Signature=0");
    let denied = Signed { target: "/bucket/deny", headers: &headers, ..Default::default() }.head().0;
    let unsigned =
        "PUT /bucket/key HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n";
    for (head, code) in [
        (wrong_signature.as_str(), "SignatureDoesNotMatch"),
        (denied.as_str(), "NoSuchBucket"),
        (unsigned, "AccessDenied"),
    ] {
        let mut client = server.client();
        client.write(head.as_bytes());
        let lines = client.lines();
        assert!(lines[0].starts_with("HTTP/1.1 4"), "{lines:?}");
        assert!(lines.contains(&"connection: close".to_owned()), "{lines:?}");
        let mut again = server.client();
        again.write(head.as_bytes());
        assert_eq!(again.answer("PUT").element("Code"), code);
    }
}

/// A client that was not told to go on may take the next answer for that.
#[test]
fn nothing_follows_an_answer_that_was_not_preceded_by_what_was_expected() {
    let server = Server::start();
    let expect = ("expect", "100-continue");
    let mut client = server.client();
    // Told so, the client goes on with the same connection.
    for _ in 0..2 {
        let headers = [("content-length", "3"), expect];
        client.write(Signed { headers: &headers, ..Default::default() }.head().0.as_bytes());
        assert_eq!(client.lines(), ["HTTP/1.1 100 Continue"]);
        client.write(b"abc");
        let answer = client.answer("PUT");
        assert_eq!((answer.status, answer.header("connection")), (200, ""));
    }
    assert_eq!(put(&mut client, Payload::Unsigned, &[], b"").header("connection"), "");
    let answer = put(&mut client, Payload::Unsigned, &[expect], b"");
    assert_eq!((answer.status, answer.header("connection")), (200, "close"));
    assert!(client.is_closed());
    assert_eq!(server.state.puts.lock().iter().map(|put| put.len).collect::<Vec<_>>(), [3, 3, 0, 0]);
}

#[test]
fn a_connection_goes_on_behind_a_body_that_nobody_read() {
    let server = Server::start();
    let mut client = server.client();
    let length = 3_000_000.to_string();
    let headers = [("content-length", length.as_str())];
    for (key, code) in [("deny", "NoSuchBucket"), ("late", "NoSuchUpload"), ("deny", "NoSuchBucket")] {
        let target = format!("/bucket/{key}");
        let request = Signed { target: &target, headers: &headers, ..Default::default() };
        let answer = client.exchange(&request, &vec![3; 3_000_000]);
        assert_eq!(answer.error(), (404, code.into()));
    }
    let answer = put(&mut client, Payload::Unsigned, &[], b"abc");
    assert_eq!(answer.status, 200);
}

#[test]
fn requests_may_come_before_their_forerunners_are_answered() {
    let server = Server::start();
    let mut client = server.client();
    let mut all = Vec::new();
    for n in 0..20 {
        let target = format!("/bucket/key{n}");
        let request =
            Signed { target: &target, headers: &[("content-length", "10000")], ..Default::default() };
        all.extend(request.head().0.bytes());
        all.extend([n; 10_000]);
    }
    client.write(&all);
    for _ in 0..20 {
        assert_eq!(client.answer("PUT").status, 200);
    }
    let puts = server.state.puts.lock();
    assert!(puts.iter().enumerate().all(|(n, put)| put.sha256 == hex(&[n as u8; 10_000])));
}

#[test]
fn a_large_body_takes_no_memory() {
    const PIECES: u64 = 1024;
    let server = Server::start();
    let length = (PIECES << 20).to_string();
    let request =
        Signed { target: "/bucket/slow", headers: &[("content-length", &length)], ..Default::default() };
    let before = common::State::resident_kib();
    let mut client = server.client();
    client.write(request.head().0.as_bytes());
    let piece = vec![0; 1 << 20];
    for _ in 0..PIECES {
        client.write(&piece);
    }
    assert_eq!(client.answer("PUT").status, 200);
    assert_eq!(server.state.puts.lock()[0].len, PIECES << 20);
    let growth = server.state.peak_kib.load(Ordering::Relaxed).saturating_sub(before);
    assert!(growth < 64 * 1024, "{growth} KiB");
}

#[test]
fn operations_that_take_their_body_whole() {
    let server = Server::start();
    let mut client = server.client();
    let body = b"<Delete><Object><Key>a</Key></Object></Delete>";
    let post = |client: &mut Client, payload, headers: &[(&str, &str)], body: &[u8]| {
        let length = body.len().to_string();
        let headers: Vec<_> = headers.iter().copied().chain([("content-length", length.as_str())]).collect();
        let request = Signed {
            method: "POST",
            target: "/bucket?delete",
            headers: &headers,
            payload,
            ..Default::default()
        };
        client.exchange(&request, body)
    };
    let md5 = ("content-md5", "9xOhAfmKsxFkKyGvNjFrAw==");
    let none = post(&mut client, Payload::Unsigned, &[], body);
    assert_eq!(none.error(), (400, "InvalidRequest".into()));
    assert_eq!(none.element("Message"), "Missing required header for this request: Content-MD5");
    assert_eq!(post(&mut client, Payload::Unsigned, &[md5], body).error(), (400, "BadDigest".into()));
    let hash = Payload::Hash([1; 32]);
    assert_eq!(post(&mut client, hash, &[md5], body).error(), (400, "XAmzContentSHA256Mismatch".into()));
    let sha256 = checksum::Hasher::of(checksum::Algorithm::Sha256, body).base64();
    let right = [("x-amz-checksum-sha256", sha256.as_str())];
    assert_eq!(post(&mut client, Payload::Unsigned, &right, body).status, 200);
    let framed = chunked(&[body], None, Some(("x-amz-checksum-sha256", &sha256)));
    let length = body.len().to_string();
    let headers =
        [("x-amz-decoded-content-length", length.as_str()), ("x-amz-trailer", "x-amz-checksum-sha256")];
    assert_eq!(post(&mut client, Payload::StreamingUnsignedTrailer, &headers, &framed).status, 200);
    assert_eq!(*server.state.deleted.lock(), ["a", "a"]);
    // Short enough to be read away whole, so that the client finds the answer behind what it wrote.
    let server = Server::with(Limits { body_bytes: 1 << 20, ..Limits::default() });
    let long = vec![b' '; 2 << 20];
    let answer = post(&mut server.client(), Payload::Unsigned, &right, &long);
    assert_eq!(answer.error(), (400, "MaxMessageLengthExceeded".into()));
}
