//! What tests of objects say again and again.

use model_s3::Error;
use model_s3::ops::*;
use model_s3::types::*;
use testkit::Kit;
use wire::{ByteStream, Bytes, Open};

/// Longer than what is kept in the store.
pub const LONG: usize = 300_000;

pub fn put_input(bucket: &str, key: &str, body: impl Into<Bytes>) -> PutObjectInput {
    let body: Bytes = body.into();
    PutObjectInput {
        bucket: bucket.into(),
        key: key.into(),
        body: Some(ByteStream::from(body)),
        ..Default::default()
    }
}

pub async fn put(kit: &Kit, bucket: &str, key: &str, body: impl Into<Bytes>) -> PutObjectOutput {
    kit.run(PutObject, put_input(bucket, key, body)).await.expect("the object is put")
}

pub fn get_input(bucket: &str, key: &str) -> GetObjectInput {
    GetObjectInput { bucket: bucket.into(), key: key.into(), ..Default::default() }
}

pub fn head_input(bucket: &str, key: &str) -> HeadObjectInput {
    HeadObjectInput { bucket: bucket.into(), key: key.into(), ..Default::default() }
}

pub fn delete_input(bucket: &str, key: &str) -> DeleteObjectInput {
    DeleteObjectInput { bucket: bucket.into(), key: key.into(), ..Default::default() }
}

pub fn copy_input(source: &str, bucket: &str, key: &str) -> CopyObjectInput {
    CopyObjectInput {
        bucket: bucket.into(),
        key: key.into(),
        copy_source: source.into(),
        ..Default::default()
    }
}

/// An answer to GetObject, and its body.
pub async fn get(kit: &Kit, input: GetObjectInput) -> Result<(GetObjectOutput, Bytes), Error> {
    let mut output = kit.run(GetObject, input).await?;
    let body = output.body.take().unwrap_or_default();
    let bytes = body.open().whole(64 << 20).await.expect("the body").expect("not longer than tests make it");
    assert_eq!(output.content_length, Some(bytes.len() as i64));
    Ok((output, bytes))
}

/// What an object holds.
pub async fn body(kit: &Kit, bucket: &str, key: &str) -> Bytes {
    get(kit, get_input(bucket, key)).await.expect("the object").1
}

/// Bytes that nobody guesses.
pub fn some_bytes(len: usize) -> Bytes {
    (0..len).map(|n| (n * n / 7 % 251) as u8).collect::<Vec<_>>().into()
}

pub async fn set_versioning(kit: &Kit, bucket: &str, status: BucketVersioningStatus) {
    let configuration = VersioningConfiguration { status: Some(status.into()), ..Default::default() };
    let input = PutBucketVersioningInput {
        bucket: bucket.into(),
        versioning_configuration: configuration.into(),
        ..Default::default()
    };
    kit.run(PutBucketVersioning, input).await.expect("versioning");
}

/// A bucket that keeps versions.
pub async fn create_versioned(kit: &Kit, bucket: &str) {
    super::create(kit, bucket).await;
    set_versioning(kit, bucket, BucketVersioningStatus::Enabled).await;
}

/// A member of an error besides code and text.
pub fn member(error: &Error, name: &str) -> Option<String> {
    let Error::Common(wire::CommonError::Detailed(error)) = error else { return None };
    error.members.iter().find(|(member, _)| *member == name).map(|(_, value)| value.clone())
}

/// A header of an error.
pub fn header(error: &Error, name: &str) -> Option<String> {
    let Error::Common(wire::CommonError::Detailed(error)) = error else { return None };
    error.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.clone())
}

pub fn known<E: wire::Enum>(value: E) -> Option<Open<E>> {
    Some(Open::Known(value))
}

/// Waits until no file and no row is left of what there was: the sweeper works in the background.
#[allow(clippy::disallowed_methods)] // It runs by itself, not by the kit's clock.
pub async fn swept(kit: &Kit, before: usize) {
    // Some 20 s, of which it needs a few milliseconds.
    for _ in 0..4000 {
        if files(kit).await == 0 && super::rows(kit) <= before {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("{} files and {} rows are left", files(kit).await, super::rows(kit) - before);
}

/// How many files there are.
pub async fn files(kit: &Kit) -> usize {
    let (mut list, mut count) = (kit.deps().blobs.list(), 0);
    while let Some(blob) = list.next().await {
        blob.unwrap();
        count += 1;
    }
    count
}
