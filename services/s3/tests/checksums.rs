//! Checksums: computed, compared, kept and shown.

mod common;

use checksum::{Algorithm, Hasher};
use common::objects::*;
use common::*;
use model_s3::ops::*;
use model_s3::types::*;
use wire::{ByteStream, Piece};

fn checked() -> GetObjectInput {
    GetObjectInput { checksum_mode: known(ChecksumMode::Enabled), ..get_input("bucket", "key") }
}

#[tokio::test]
async fn without_one_s3_adds_crc64nvme() {
    let kit = world();
    create(&kit, "bucket").await;
    for len in [5, LONG] {
        let bytes = some_bytes(len);
        let expected = Some(Hasher::of(Algorithm::Crc64Nvme, &bytes).base64());
        // What the client says it uses does not count unless a checksum comes.
        for named in [None, known(ChecksumAlgorithm::Sha256)] {
            let input =
                PutObjectInput { checksum_algorithm: named, ..put_input("bucket", "key", bytes.clone()) };
            let output = kit.run(PutObject, input).await.unwrap();
            assert_eq!((&output.checksum_crc64nvme, &output.checksum_sha256), (&expected, &None));
            assert_eq!(output.checksum_type, known(ChecksumType::FullObject));
        }
        let (output, _) = get(&kit, checked()).await.unwrap();
        assert_eq!(output.checksum_crc64nvme, expected);
        let (output, _) = get(&kit, get_input("bucket", "key")).await.unwrap();
        assert_eq!((output.checksum_crc64nvme, output.checksum_type), (None, None), "only who asks is told");
        let part = GetObjectInput { range: Some("bytes=0-1".into()), ..checked() };
        let (output, _) = get(&kit, part).await.unwrap();
        assert_eq!(output.checksum_crc64nvme, None, "it is not of the range");
    }
}

#[tokio::test]
async fn the_clients_own_is_compared_and_kept() {
    let kit = world();
    create(&kit, "bucket").await;
    for len in [5, LONG] {
        let bytes = some_bytes(len);
        let sha256 = Some(Hasher::of(Algorithm::Sha256, &bytes).base64());
        let input =
            PutObjectInput { checksum_sha256: sha256.clone(), ..put_input("bucket", "key", bytes.clone()) };
        let output = kit.run(PutObject, input).await.unwrap();
        assert_eq!((output.checksum_sha256, output.checksum_crc64nvme), (sha256.clone(), None));
        let (output, _) = get(&kit, checked()).await.unwrap();
        assert_eq!(output.checksum_sha256, sha256);
        let other = Some(Hasher::of(Algorithm::Sha256, b"other").base64());
        let input = PutObjectInput { checksum_sha256: other, ..put_input("bucket", "key", bytes.clone()) };
        let text = "The SHA256 you specified did not match the calculated checksum.";
        refused(kit.run(PutObject, input).await, "BadDigest", text);
    }
    let input = PutObjectInput { checksum_crc32: Some("test".into()), ..put_input("bucket", "key", "x") };
    let text = "Value for x-amz-checksum-crc32 header is invalid.";
    refused(kit.run(PutObject, input).await, "InvalidRequest", text);
    let input = PutObjectInput {
        checksum_crc32: Some(Hasher::of(Algorithm::Crc32, b"x").base64()),
        checksum_sha1: Some(Hasher::of(Algorithm::Sha1, b"x").base64()),
        ..put_input("bucket", "key", "x")
    };
    let text = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
    refused(kit.run(PutObject, input).await, "InvalidRequest", text);
}

#[tokio::test]
async fn one_that_comes_behind_the_bytes() {
    let kit = world();
    create(&kit, "bucket").await;
    for len in [5, LONG] {
        let bytes = some_bytes(len);
        for algorithm in Algorithm::ALL {
            for (of, good) in [(bytes.clone(), true), (some_bytes(4), false)] {
                let value = Hasher::of(algorithm, &of).base64();
                let trailers = http::HeaderMap::from_iter([(
                    http::HeaderName::from_static(algorithm.header()),
                    http::HeaderValue::from_str(&value).unwrap(),
                )]);
                let pieces = [Ok(Piece::Data(bytes.clone())), Ok(Piece::Trailers(trailers))];
                let body = Some(ByteStream::new(None, futures::stream::iter(pieces)));
                let input = PutObjectInput { body, ..put_input("bucket", "key", "") };
                let outcome = kit.run(PutObject, input).await;
                if good {
                    outcome.unwrap();
                    let (output, _) = get(&kit, checked()).await.unwrap();
                    assert!(format!("{output:?}").contains(&value), "{algorithm}: {output:?}");
                } else {
                    refused_as(outcome, "BadDigest");
                }
            }
        }
    }
}

#[tokio::test]
async fn content_md5() {
    let kit = world();
    create(&kit, "bucket").await;
    let put = |md5: String| {
        kit.run(
            PutObject,
            PutObjectInput { content_md5: Some(md5), ..put_input("bucket", "key", "something") },
        )
    };
    put(Hasher::of(Algorithm::Md5, b"something").base64()).await.unwrap();
    let error = put("__invalid__".into()).await.unwrap_err();
    assert_eq!(member(&error, "Content-MD5").as_deref(), Some("__invalid__"));
    refused::<()>(Err(error), "InvalidDigest", "The Content-MD5 you specified was invalid.");
    let error = put(Hasher::of(Algorithm::Md5, b"other").base64()).await.unwrap_err();
    let (expected, computed) =
        (Hasher::of(Algorithm::Md5, b"other"), Hasher::of(Algorithm::Md5, b"something"));
    assert_eq!(member(&error, "ExpectedDigest"), Some(expected.hex()));
    assert_eq!(member(&error, "CalculatedDigest"), Some(computed.base64()));
    let text = "The Content-MD5 you specified did not match what we received.";
    refused::<()>(Err(error), "BadDigest", text);
}

/// Fidelity: what was said of a part is shown as it came, not in digits as with an object.
#[tokio::test]
async fn content_md5_of_a_part() {
    let kit = world();
    create(&kit, "bucket").await;
    let upload =
        CreateMultipartUploadInput { bucket: "bucket".into(), key: "key".into(), ..Default::default() };
    let upload = kit.run(CreateMultipartUpload, upload).await.unwrap().upload_id.unwrap();
    let said = Hasher::of(Algorithm::Md5, b"other");
    let input = UploadPartInput {
        bucket: "bucket".into(),
        key: "key".into(),
        upload_id: upload.into(),
        part_number: 1.into(),
        content_md5: Some(said.base64()),
        body: Some(b"something".to_vec().into()),
        ..Default::default()
    };
    let error = kit.run(UploadPart, input).await.unwrap_err();
    assert_eq!(member(&error, "ExpectedDigest"), Some(said.base64()));
    refused_as::<()>(Err(error), "BadDigest");
}
