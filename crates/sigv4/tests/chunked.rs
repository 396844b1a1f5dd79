//! Bodies in the `aws-chunked` encoding: what is taken off, and what is refused.

mod common;

use bytes::Bytes;
use common::{S3_SECRET, S3_TIME, hex, sha256};
use http::{HeaderMap, HeaderName};
use proptest::prelude::*;
use sigv4::{ChunkDecoder, ChunkError, ChunkSigner, HELD_LEN_MAX, SigningKey};

const SEED: [u8; 32] = [9; 32];
const CRC: HeaderName = HeaderName::from_static("x-amz-checksum-crc32");

fn signer() -> ChunkSigner {
    let key = SigningKey::derive(S3_SECRET, "20130524", "us-east-1", "s3");
    ChunkSigner::new(key, S3_TIME, "20130524/us-east-1/s3/aws4_request", SEED)
}

/// A body as clients make it, of these chunks and trailers.
fn encode(chunks: &[&[u8]], trailers: &[(&str, &str)], signed: bool) -> Vec<u8> {
    let (mut signer, mut body) = (signer(), Vec::new());
    for chunk in chunks.iter().chain([&&b""[..]]) {
        let signature = hex(&signer.next(&sha256(chunk)));
        let extension = if signed { format!(";chunk-signature={signature}") } else { String::new() };
        body.extend(format!("{:x}{extension}\r\n", chunk.len()).bytes());
        body.extend(*chunk);
        if !chunk.is_empty() {
            body.extend(b"\r\n");
        }
    }
    let mut canonical = String::new();
    for (name, value) in trailers {
        body.extend(format!("{name}:{value}\r\n").bytes());
        canonical += &format!("{name}:{value}\n");
    }
    if signed && !trailers.is_empty() {
        let signature = hex(&signer.trailer(&sha256(canonical.as_bytes())));
        body.extend(format!("x-amz-trailer-signature:{signature}\r\n").bytes());
    }
    body.extend(b"\r\n");
    body
}

fn decoder(signed: bool, expected: usize, declared: Option<&[HeaderName]>) -> ChunkDecoder {
    ChunkDecoder::new(signed.then(signer), expected as u64, declared.map(<[_]>::to_vec))
}

/// The data and trailers of a body that comes in pieces of `step` bytes.
fn decode(mut decoder: ChunkDecoder, body: &[u8], step: usize) -> Result<(Vec<u8>, HeaderMap), ChunkError> {
    let mut data = Vec::new();
    for piece in body.chunks(step) {
        decoder.push(Bytes::copy_from_slice(piece))?;
        while let Some(part) = decoder.pop() {
            assert!(!part.is_empty());
            data.extend_from_slice(&part);
        }
    }
    decoder.finish().map(|trailers| (data, trailers))
}

fn refusal(body: &[u8], expected: usize, signed: bool, declared: Option<&[HeaderName]>) -> ChunkError {
    let whole = decode(decoder(signed, expected, declared), body, usize::MAX).unwrap_err();
    let single = decode(decoder(signed, expected, declared), body, 1).unwrap_err();
    assert_eq!(whole, single);
    whole
}

proptest! {
    #[test]
    fn what_was_encoded_comes_back(
        full in prop::collection::vec(prop::collection::vec(any::<u8>(), 8192..20_000), 0..3),
        last in prop::collection::vec(any::<u8>(), 1..9_000),
        step in 1..70_000_usize,
        signed: bool,
        trailer: bool,
    ) {
        let chunks: Vec<&[u8]> = full.iter().chain([&last]).map(Vec::as_slice).collect();
        let declared = [CRC];
        let trailers: &[_] = if trailer { &[("x-amz-checksum-crc32", "AAAAAA==")] } else { &[] };
        let body = encode(&chunks, trailers, signed);
        let whole = chunks.concat();
        let decoder = decoder(signed, whole.len(), trailer.then_some(&declared));
        let (data, found) = decode(decoder, &body, step).unwrap();
        prop_assert_eq!(data, whole);
        prop_assert_eq!(found.len(), usize::from(trailer));
    }

    #[test]
    fn one_changed_byte_is_noticed(at in 0..20_000_usize, bit in 0..8_u32, step in 1..9_000_usize) {
        let chunks: [&[u8]; 2] = [&[1; 9_000], &[2; 5_000]];
        let mut body = encode(&chunks, &[("x-amz-checksum-crc32", "AAAAAA==")], true);
        let at = at % (body.len() - 2);
        body[at] ^= 1 << bit;
        match decode(decoder(true, 14_000, Some(&[CRC])), &body, step) {
            Err(_) => {}
            // Names of headers and hexadecimal sizes are the same in the other case.
            Ok((data, _)) => {
                prop_assert_eq!(data, chunks.concat());
                prop_assert_eq!(bit, 5);
            }
        }
    }
}

#[test]
fn bad_framing_is_refused() {
    let cases: [&[u8]; 14] = [
        b"",
        b"4\r\nabc",
        b"4\r\nabcd",
        b"4\r\nabcd\r\n",
        b"4\r\nabcdX\r\n0\r\n\r\n",
        b"4\nabcd\n0\n\n",
        b"4\rabcd\r0\r\r",
        b"+4\r\nabcd\r\n0\r\n\r\n",
        b"0x4\r\nabcd\r\n0\r\n\r\n",
        b" 4\r\nabcd\r\n0\r\n\r\n",
        b"\r\n",
        b"zz\r\n",
        b"00000000000000004\r\nabcd\r\n0\r\n\r\n",
        b"4\r\nabcd\r\n0\r",
    ];
    for body in cases {
        assert_eq!(refusal(body, 4, false, None), ChunkError::Incomplete, "{}", body.escape_ascii());
    }
    assert_eq!(refusal(&[b'1'; 5_000], 4, false, None), ChunkError::Incomplete);
    assert_eq!(refusal(b"4\r\nabcd\r\n0\r\nx: y\r\n\r\n", 4, false, None), ChunkError::Incomplete);
    // A signature has to be there where one is due.
    assert_eq!(refusal(b"4\r\nabcd\r\n0\r\n\r\n", 4, true, None), ChunkError::Incomplete);
}

#[test]
fn lengths_are_held_to() {
    let length = |expected, provided| ChunkError::Length { expected, provided };
    assert_eq!(refusal(b"5\r\nabcde\r\n0\r\n\r\n", 4, false, None), length(4, 5));
    assert_eq!(refusal(b"3\r\nabc\r\n0\r\n\r\n", 4, false, None), length(4, 3));
    assert_eq!(refusal(b"ffffffffffffffff\r\n", 4, false, None), length(4, u64::MAX));
    let body = encode(&[&[1; 9_000], &[2; 100], &[3; 9_000]], &[], false);
    assert_eq!(refusal(&body, 18_100, false, None), ChunkError::ShortChunk { chunk: 3, len: 100 });
    assert_eq!(decode(decoder(false, 0, None), b"0\r\n\r\n", 1).unwrap().0, b"");
}

#[test]
fn trailers_are_those_declared() {
    let declared = [CRC];
    let body = |tail: &str| [&b"4\r\nabcd\r\n0\r\n"[..], tail.as_bytes()].concat();
    let bad = [
        "\r\n",
        "",
        "\r\nx-amz-checksum-crc32: AAAAAA==\r\n",
        "x-amz-checksum-sha1: AAAAAA==\r\n\r\n",
        "x-amz-checksum-crc32: AAAAAA==\r\nbonus: x\r\n\r\n",
        "x-amz-checksum-crc32\r\n\r\n",
        ": AAAAAA==\r\n\r\n",
        "x-amz-checksum-crc32: A\u{1}A\r\n\r\n",
    ];
    for tail in bad {
        assert_eq!(refusal(&body(tail), 4, false, Some(&declared)), ChunkError::Trailers, "{tail:?}");
    }
    let many = "x-amz-checksum-crc32: AAAAAA==\r\n".repeat(17) + "\r\n";
    assert_eq!(refusal(&body(&many), 4, false, Some(&declared)), ChunkError::Trailers);
    for tail in ["x-amz-checksum-crc32: AAAAAA==\n", "x-amz-checksum-crc32: AAAAAA==\r", "x-amz-checksum"] {
        assert_eq!(refusal(&body(tail), 4, false, Some(&declared)), ChunkError::Incomplete, "{tail:?}");
    }
    // What the real service takes: the last of several values, no empty line at the end, anything behind it.
    for tail in [
        "x-amz-checksum-crc32: bad\r\nX-Amz-Checksum-Crc32:AAAAAA==\r\n\r\n",
        "x-amz-checksum-crc32: AAAAAA==\r\n",
        "x-amz-checksum-crc32: AAAAAA==\r\n\r\njunk",
        "x-amz-checksum-crc32:AAAAAA==\n\r\n\r\n",
    ] {
        let (data, trailers) = decode(decoder(false, 4, Some(&declared)), &body(tail), 3).unwrap();
        assert_eq!(
            (data.as_slice(), trailers[&CRC].as_bytes()),
            (&b"abcd"[..], &b"AAAAAA=="[..]),
            "{tail:?}"
        );
    }
}

#[test]
fn data_of_a_signed_chunk_waits_for_its_signature() {
    let chunk = vec![5; 10_000];
    let mut body = encode(&[&chunk], &[], true);
    // The last byte of the chunk's data.
    let data_end = body.windows(3).position(|w| w == [5, b'\r', b'\n']).unwrap();
    let mut decoder = decoder(true, chunk.len(), None);
    decoder.push(Bytes::copy_from_slice(&body[..data_end])).unwrap();
    assert_eq!((decoder.pop(), decoder.held_len()), (None, 9_999));
    body[data_end] = 6;
    let error = decoder.push(Bytes::copy_from_slice(&body[data_end..])).unwrap_err();
    let ChunkError::Signature(mismatch) = error else { panic!("{error}") };
    assert!(mismatch.string_to_sign.starts_with("AWS4-HMAC-SHA256-PAYLOAD\n20130524T000000Z\n"));
    assert_eq!(decoder.pop(), None);
}

#[test]
fn long_chunks_are_not_held() {
    let chunk = vec![5; HELD_LEN_MAX as usize + 1];
    let mut body = encode(&[&chunk], &[], true);
    let mut first = decoder(true, chunk.len(), None);
    first.push(Bytes::copy_from_slice(&body[..1000])).unwrap();
    assert!(first.pop().is_some() && first.held_len() == 0);
    assert_eq!(decode(decoder(true, chunk.len(), None), &body, 65_536).unwrap().0, chunk);
    body[500] = 6;
    let refused = decode(decoder(true, chunk.len(), None), &body, 65_536);
    assert!(matches!(refused, Err(ChunkError::Signature(_))));
}

#[test]
fn signed_trailers_need_their_signature() {
    let trailers = [("x-amz-checksum-crc32", "AAAAAA==")];
    let body = encode(&[b"abcd"], &trailers, true);
    let declared = [CRC];
    assert!(decode(decoder(true, 4, Some(&declared)), &body, 7).is_ok());
    let text = String::from_utf8(body).unwrap();
    let (before, _) = text.split_once("x-amz-trailer-signature").unwrap();
    let unsigned = format!("{before}\r\n");
    assert_eq!(refusal(unsigned.as_bytes(), 4, true, Some(&declared)), ChunkError::Trailers);
    let changed = text.replace("AAAAAA==", "AAAAAQ==");
    let refused = refusal(changed.as_bytes(), 4, true, Some(&declared));
    assert!(matches!(refused, ChunkError::Signature(m) if m.string_to_sign.contains("-TRAILER\n")));
    let cut = &text.as_bytes()[..text.len() - 2];
    assert_eq!(refusal(cut, 4, true, Some(&declared)), ChunkError::Incomplete);
}
