//! Any bytes as a body in the `aws-chunked` encoding, in pieces of any size: never a panic, never more data than was
//! announced, the same outcome however it is cut, and nothing from signed chunks whose signatures are made up.

#![no_main]

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use libfuzzer_sys::fuzz_target;
use sigv4::{ChunkDecoder, ChunkError, ChunkSigner, SigningKey};

type Outcome = Result<(Vec<u8>, HeaderMap), ChunkError>;

fn decode(mut decoder: ChunkDecoder, body: &[u8], step: usize) -> (Vec<u8>, Outcome) {
    let mut data = Vec::new();
    for piece in body.chunks(step) {
        let pushed = decoder.push(Bytes::copy_from_slice(piece));
        while let Some(part) = decoder.pop() {
            assert!(!part.is_empty());
            data.extend_from_slice(&part);
        }
        if let Err(error) = pushed {
            return (data, Err(error));
        }
    }
    let outcome = decoder.finish().map(|trailers| (data.clone(), trailers));
    (data, outcome)
}

fuzz_target!(|data: &[u8]| {
    let [kind, step, length, body @ ..] = data else { return };
    let declared = (kind & 1 == 1).then(|| vec![HeaderName::from_static("x-amz-checksum-crc32")]);
    let expected = u64::from(*length) << (kind >> 4);
    let signer = || {
        let key = SigningKey::derive("secret", "20130524", "us-east-1", "s3");
        ChunkSigner::new(key, 1_369_353_600, "20130524/us-east-1/s3/aws4_request", [7; 32])
    };
    let decoder = |signed: bool| ChunkDecoder::new(signed.then(signer), expected, declared.clone());
    let (whole, outcome) = decode(decoder(false), body, usize::MAX);
    let (pieces, same) = decode(decoder(false), body, usize::from(*step) + 1);
    assert_eq!(outcome, same);
    assert!(whole.len() as u64 <= expected && pieces.len() as u64 <= expected);
    if let Ok((data, trailers)) = outcome {
        assert_eq!(data.len() as u64, expected);
        assert_eq!(trailers.len(), declared.as_ref().map_or(0, Vec::len));
    }
    let (given, refused) = decode(decoder(true), body, usize::from(*step) + 1);
    assert!(given.is_empty() && refused.is_err());
});
