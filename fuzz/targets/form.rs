//! Any bytes as a form that a browser uploads: never a panic, fields and files within their limits, and the same outcome
//! however the body is cut.

#![no_main]

use bytes::Bytes;
use futures::executor::block_on;
use futures::stream;
use libfuzzer_sys::fuzz_target;
use wire::{ByteStream, StreamError};

// The parser is nobody's but the service's: it is taken in as it stands there.
#[allow(dead_code)]
#[path = "../../services/s3/src/form.rs"]
mod form;
#[allow(dead_code)]
#[path = "../../services/s3/src/limits.rs"]
mod limits;

/// Fields of a form, and parts, after which nothing new comes.
const PARTS_MAX: usize = 64;
const FIELD_BYTES_MAX: usize = 1024;
const FILE_BYTES: (u64, u64) = (2, 2048);

/// What was read up to the end, or up to what was wrong.
type Parts = Vec<(form::Head, Bytes)>;

async fn read(body: &[u8], step: usize) -> (Parts, Result<(), String>) {
    let mut parts = Parts::new();
    let outcome = read_into(&mut parts, body, step).await;
    (parts, outcome.map_err(|error| format!("{error:?}")))
}

async fn read_into(parts: &mut Parts, body: &[u8], step: usize) -> Result<(), StreamError> {
    let pieces: Vec<_> = body.chunks(step).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let body = ByteStream::of_bytes(None, stream::iter(pieces));
    let Ok(mut form) = form::Form::open("multipart/form-data; boundary=\"xx\"", &body) else {
        unreachable!("it is the type of a form");
    };
    while let Some(head) = form.next().await? {
        if head.name == "file" {
            let (min, max) = FILE_BYTES;
            let file = form.into_file(min, max).open().whole(usize::MAX).await?.unwrap_or_default();
            assert!((min..=max).contains(&(file.len() as u64)));
            parts.push((head, file));
            return Ok(());
        }
        let text = form.text(FIELD_BYTES_MAX).await?;
        assert!(text.len() <= FIELD_BYTES_MAX);
        parts.push((head, text.into()));
        if parts.len() == PARTS_MAX {
            break;
        }
    }
    Ok(())
}

fuzz_target!(|data: &[u8]| {
    let [step, body @ ..] = data else { return };
    let whole = block_on(read(body, usize::MAX));
    let pieces = block_on(read(body, usize::from(*step) + 1));
    assert_eq!(whole.0, pieces.0);
    assert_eq!(whole.1.is_ok(), pieces.1.is_ok());
});
