//! Objects in parts.

mod common;

use checksum::{Algorithm, Digest, Hasher, combine, composite};
use common::{create, refused, refused_as, rows, world};
use model_s3::Error;
use model_s3::ops::*;
use model_s3::types::*;
use testkit::Kit;
use wire::{Fault, ServiceError as _};

const BUCKET: &str = "bucket";
const KEY: &str = "dir/key +1";
const MIB: usize = 1024 * 1024;

async fn kit() -> Kit {
    let kit = world();
    create(&kit, BUCKET).await;
    kit
}

fn begin_input() -> CreateMultipartUploadInput {
    CreateMultipartUploadInput { bucket: BUCKET.into(), key: KEY.into(), ..Default::default() }
}

async fn begin(kit: &Kit) -> String {
    kit.run(CreateMultipartUpload, begin_input()).await.expect("an upload").upload_id.expect("its id")
}

fn part_input(upload: &str, number: i32, bytes: &[u8]) -> UploadPartInput {
    UploadPartInput {
        bucket: BUCKET.into(),
        key: KEY.into(),
        upload_id: upload.into(),
        part_number: number.into(),
        body: Some(bytes.to_vec().into()),
        ..Default::default()
    }
}

/// The part as the end of the upload names it.
async fn part(kit: &Kit, upload: &str, number: i32, bytes: &[u8]) -> CompletedPart {
    let output = kit.run(UploadPart, part_input(upload, number, bytes)).await.expect("a part");
    CompletedPart { part_number: Some(number), e_tag: output.e_tag, ..Default::default() }
}

fn end_input(upload: &str, parts: Vec<CompletedPart>) -> CompleteMultipartUploadInput {
    CompleteMultipartUploadInput {
        bucket: BUCKET.into(),
        key: KEY.into(),
        upload_id: upload.into(),
        multipart_upload: Some(CompletedMultipartUpload { parts: Some(parts) }),
        ..Default::default()
    }
}

async fn end(
    kit: &Kit,
    upload: &str,
    parts: Vec<CompletedPart>,
) -> Result<CompleteMultipartUploadOutput, Error> {
    kit.run(CompleteMultipartUpload, end_input(upload, parts)).await
}

fn get_input() -> GetObjectInput {
    GetObjectInput { bucket: BUCKET.into(), key: KEY.into(), ..Default::default() }
}

async fn bytes_of(output: GetObjectOutput) -> Vec<u8> {
    let body = output.body.unwrap_or_default();
    body.open().whole(32 * MIB).await.expect("a body").expect("not so long").to_vec()
}

async fn put(kit: &Kit, bytes: &[u8]) -> PutObjectOutput {
    let input = PutObjectInput {
        bucket: BUCKET.into(),
        key: KEY.into(),
        body: Some(bytes.to_vec().into()),
        ..Default::default()
    };
    kit.run(PutObject, input).await.expect("an object")
}

/// The elements of an error beside its code.
fn said<T>(result: Result<T, Error>) -> Vec<(String, String)> {
    let Err(error) = result else { panic!("it was not refused") };
    let Fault::Common(wire::CommonError::Detailed(detailed)) = error.fault() else { panic!("{error:?}") };
    detailed.members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

#[track_caller]
fn has(members: &[(String, String)], expected: &[(&str, &str)]) {
    for (name, value) in expected {
        let found = members.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        assert_eq!(found, Some(*value), "{name}");
    }
}

fn md5(bytes: &[u8]) -> Digest {
    Hasher::of(Algorithm::Md5, bytes)
}

#[tokio::test]
async fn parts_become_one_object() {
    let kit = kit().await;
    let input = CreateMultipartUploadInput {
        content_type: Some("text/plain".into()),
        metadata: Some([("Color".to_owned(), "red".to_owned())].into()),
        tagging: Some("a=1".into()),
        storage_class: Some(StorageClass::StandardIa.into()),
        ..begin_input()
    };
    let begun = kit.run(CreateMultipartUpload, input).await.unwrap();
    assert_eq!((begun.bucket.as_deref(), begun.key.as_deref()), (Some(BUCKET), Some(KEY)));
    assert_eq!(begun.server_side_encryption.unwrap().as_str(), "AES256");
    assert!(begun.checksum_algorithm.is_none() && begun.checksum_type.is_none());
    let upload = begun.upload_id.unwrap();
    let (first, last) = (vec![b'x'; 5 * MIB], b"the end".to_vec());
    let parts = vec![part(&kit, &upload, 1, &first).await, part(&kit, &upload, 7, &last).await];
    assert_eq!(parts[1].e_tag, Some(format!("\"{}\"", md5(&last).hex())));
    refused_as(kit.run(GetObject, get_input()).await, "NoSuchKey");

    let ended = end(&kit, &upload, parts).await.unwrap();
    let etag = Hasher::of(Algorithm::Md5, &[md5(&first).bytes(), md5(&last).bytes()].concat()).hex();
    assert_eq!(ended.e_tag, Some(format!("\"{etag}-2\"")));
    assert_eq!(ended.location.as_deref(), Some("http://localhost:4566/bucket/dir/key%20%2B1"));
    let whole = [first.clone(), last.clone()].concat();
    let crc = Hasher::of(Algorithm::Crc64Nvme, &whole).base64();
    assert_eq!(ended.checksum_crc64nvme, Some(crc));
    assert_eq!(ended.checksum_type.unwrap().as_str(), "FULL_OBJECT");

    let got = kit.run(GetObject, get_input()).await.unwrap();
    assert_eq!(got.content_type.as_deref(), Some("text/plain"));
    assert_eq!(got.metadata.as_ref().unwrap()["color"], "red");
    assert_eq!((got.tag_count, got.content_length), (Some(1), Some(whole.len() as i64)));
    assert!(bytes_of(got).await == whole);
    let ranged =
        GetObjectInput { range: Some(format!("bytes={}-{}", 5 * MIB - 2, 5 * MIB + 2)), ..get_input() };
    assert_eq!(bytes_of(kit.run(GetObject, ranged).await.unwrap()).await, b"xxthe");
    let second = GetObjectInput { part_number: Some(7), ..get_input() };
    let got = kit.run(GetObject, second).await.unwrap();
    assert_eq!(got.parts_count, Some(2));
    assert_eq!(bytes_of(got).await, last);
}

#[tokio::test]
async fn ending_again_answers_the_same() {
    let kit = kit().await;
    let upload = begin(&kit).await;
    let parts = vec![part(&kit, &upload, 1, b"x").await];
    let first = end(&kit, &upload, parts.clone()).await.unwrap();
    let again = end(&kit, &upload, parts.clone()).await.unwrap();
    assert_eq!(first.e_tag, again.e_tag);
    refused_as(kit.run(UploadPart, part_input(&upload, 2, b"y")).await, "NoSuchUpload");
    put(&kit, b"another").await;
    refused_as(end(&kit, &upload, parts).await, "NoSuchUpload");
}

#[tokio::test]
async fn what_no_upload_is() {
    let kit = kit().await;
    let text = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    let none = vec![CompletedPart { part_number: Some(1), e_tag: Some("1234".into()), ..Default::default() }];
    refused(end(&kit, "fakeid", none.clone()).await, "NoSuchUpload", text);
    has(&said(end(&kit, "fakeid", none).await), &[("UploadId", "fakeid")]);
    refused(kit.run(UploadPart, part_input("fakeid", 1, b"")).await, "NoSuchUpload", text);
    let upload = begin(&kit).await;
    let other_key = UploadPartInput { key: "other".into(), ..part_input(&upload, 1, b"") };
    refused_as(kit.run(UploadPart, other_key).await, "NoSuchUpload");
    let text = "Part number must be an integer between 1 and 10000, inclusive";
    for number in [0, -1, 10_001] {
        refused(kit.run(UploadPart, part_input(&upload, number, b"")).await, "InvalidArgument", text);
    }
}

#[tokio::test]
async fn lists_of_parts_that_cannot_be_ended() {
    let kit = kit().await;
    let upload = begin(&kit).await;
    let one = part(&kit, &upload, 1, b"data").await;
    let two = part(&kit, &upload, 2, b"data").await;
    let text = "You must specify at least one part";
    refused(end(&kit, &upload, vec![]).await, "InvalidRequest", text);
    let unordered = end(&kit, &upload, vec![two.clone(), one.clone()]).await;
    has(&said(unordered), &[("UploadId", &upload)]);
    refused_as(end(&kit, &upload, vec![two.clone(), one.clone()]).await, "InvalidPartOrder");
    refused_as(end(&kit, &upload, vec![one.clone(), one.clone()]).await, "InvalidPartOrder");

    let etag = md5(b"data").hex();
    let small = end(&kit, &upload, vec![one.clone(), two.clone()]).await;
    let expected =
        [("ProposedSize", "4"), ("MinSizeAllowed", "5242880"), ("PartNumber", "1"), ("ETag", etag.as_str())];
    has(&said(small), &expected);
    refused_as(end(&kit, &upload, vec![one.clone(), two.clone()]).await, "EntityTooSmall");

    let missing = CompletedPart { part_number: Some(3), ..one.clone() };
    let refusal = end(&kit, &upload, vec![missing.clone()]).await;
    has(&said(refusal), &[("UploadId", &upload), ("PartNumber", "3"), ("ETag", &etag)]);
    refused_as(end(&kit, &upload, vec![missing]).await, "InvalidPart");
    let wrong = CompletedPart { e_tag: Some("ffffffffffffffffffffffffffffffff".into()), ..one.clone() };
    refused_as(end(&kit, &upload, vec![wrong]).await, "InvalidPart");

    let said_size =
        CompleteMultipartUploadInput { mpu_object_size: Some(5), ..end_input(&upload, vec![one.clone()]) };
    let text = "The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: 4";
    refused(kit.run(CompleteMultipartUpload, said_size).await, "InvalidRequest", text);
    // After all that it can still be ended.
    let right = CompleteMultipartUploadInput { mpu_object_size: Some(4), ..end_input(&upload, vec![one]) };
    kit.run(CompleteMultipartUpload, right).await.unwrap();
}

#[tokio::test]
async fn a_part_that_is_uploaded_again_replaces_the_old_one() {
    let kit = kit().await;
    let upload = begin(&kit).await;
    let old = part(&kit, &upload, 1, b"old").await;
    let before = rows(&kit);
    let new = part(&kit, &upload, 1, b"new").await;
    assert_eq!(rows(&kit), before, "the old bytes are gone");
    refused_as(end(&kit, &upload, vec![old]).await, "InvalidPart");
    end(&kit, &upload, vec![new]).await.unwrap();
    assert_eq!(bytes_of(kit.run(GetObject, get_input()).await.unwrap()).await, b"new");
}

#[tokio::test]
async fn nothing_is_left_of_an_upload_that_is_aborted_or_whose_object_is_deleted() {
    let kit = kit().await;
    let before = rows(&kit);
    let upload = begin(&kit).await;
    part(&kit, &upload, 1, b"one").await;
    let abort = AbortMultipartUploadInput {
        bucket: BUCKET.into(),
        key: KEY.into(),
        upload_id: upload.as_str().into(),
        ..Default::default()
    };
    kit.run(AbortMultipartUpload, abort.clone()).await.unwrap();
    assert_eq!(rows(&kit), before);
    refused_as(kit.run(AbortMultipartUpload, abort).await, "NoSuchUpload");

    let upload = begin(&kit).await;
    let named = part(&kit, &upload, 2, b"named").await;
    part(&kit, &upload, 1, b"not named").await;
    end(&kit, &upload, vec![named]).await.unwrap();
    assert_eq!(bytes_of(kit.run(GetObject, get_input()).await.unwrap()).await, b"named");
    let delete = DeleteObjectInput { bucket: BUCKET.into(), key: KEY.into(), ..Default::default() };
    kit.run(DeleteObject, delete).await.unwrap();
    assert_eq!(rows(&kit), before);
}

async fn begin_with(
    kit: &Kit,
    algorithm: ChecksumAlgorithm,
    kind: Option<ChecksumType>,
) -> Result<String, Error> {
    let input = CreateMultipartUploadInput {
        checksum_algorithm: Some(algorithm.into()),
        checksum_type: kind.map(Into::into),
        ..begin_input()
    };
    kit.run(CreateMultipartUpload, input).await.map(|output| output.upload_id.expect("its id"))
}

#[tokio::test]
async fn algorithms_and_types_of_checksums() {
    let kit = kit().await;
    let input = CreateMultipartUploadInput {
        checksum_algorithm: Some(ChecksumAlgorithm::Crc32.into()),
        ..begin_input()
    };
    let begun = kit.run(CreateMultipartUpload, input).await.unwrap();
    assert_eq!(begun.checksum_type.unwrap().as_str(), "COMPOSITE");
    let input = CreateMultipartUploadInput {
        checksum_algorithm: Some(ChecksumAlgorithm::Crc64nvme.into()),
        ..begin_input()
    };
    let begun = kit.run(CreateMultipartUpload, input).await.unwrap();
    assert_eq!(begun.checksum_type.unwrap().as_str(), "FULL_OBJECT");
    let text = "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.";
    let bad = begin_with(&kit, ChecksumAlgorithm::Crc64nvme, Some(ChecksumType::Composite)).await;
    refused(bad, "InvalidRequest", text);
    let text = "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.";
    let bad = begin_with(&kit, ChecksumAlgorithm::Sha256, Some(ChecksumType::FullObject)).await;
    refused(bad, "InvalidRequest", text);
    let input =
        CreateMultipartUploadInput { checksum_type: Some(ChecksumType::Composite.into()), ..begin_input() };
    let text = "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.";
    refused(kit.run(CreateMultipartUpload, input).await, "InvalidRequest", text);
}

#[tokio::test]
async fn composite_checksums() {
    let kit = kit().await;
    let upload = begin_with(&kit, ChecksumAlgorithm::Sha256, None).await.unwrap();
    let (one, two) = (vec![b'a'; 5 * MIB], b"bb".to_vec());
    let sha = |bytes: &[u8]| Hasher::of(Algorithm::Sha256, bytes);
    for (number, bytes) in [(1, &one), (2, &two)] {
        let input = UploadPartInput {
            checksum_sha256: Some(sha(bytes).base64()),
            ..part_input(&upload, number, bytes)
        };
        let output = kit.run(UploadPart, input).await.unwrap();
        assert_eq!(output.checksum_sha256, Some(sha(bytes).base64()));
    }
    let text = "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null";
    refused(kit.run(UploadPart, part_input(&upload, 3, b"c")).await, "InvalidRequest", text);
    let input = UploadPartInput {
        checksum_crc32: Some(Hasher::of(Algorithm::Crc32, b"c").base64()),
        ..part_input(&upload, 3, b"c")
    };
    let text = "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32";
    refused(kit.run(UploadPart, input).await, "InvalidRequest", text);

    let named = |number, bytes: &[u8], checksum: Option<Digest>| CompletedPart {
        part_number: Some(number),
        e_tag: Some(md5(bytes).hex()),
        checksum_sha256: checksum.map(|checksum| checksum.base64()),
        ..Default::default()
    };
    let text = "The upload was created using a sha256 checksum. The complete request must include the checksum for each part. It was missing for part 1 in the request.";
    let without = vec![named(1, &one, None), named(2, &two, None)];
    refused(end(&kit, &upload, without).await, "InvalidRequest", text);
    let wrong = vec![named(1, &one, Some(sha(&two))), named(2, &two, Some(sha(&two)))];
    refused_as(end(&kit, &upload, wrong).await, "InvalidPart");
    let right = vec![named(1, &one, Some(sha(&one))), named(2, &two, Some(sha(&two)))];
    let other_mode = CompleteMultipartUploadInput {
        checksum_type: Some(ChecksumType::FullObject.into()),
        ..end_input(&upload, right.clone())
    };
    let text = "The upload was created using the COMPOSITE checksum mode. The complete request must use the same checksum mode.";
    refused(kit.run(CompleteMultipartUpload, other_mode).await, "InvalidRequest", text);
    let bad_whole = CompleteMultipartUploadInput {
        checksum_sha256: Some(sha(b"no").base64()),
        ..end_input(&upload, right.clone())
    };
    refused_as(kit.run(CompleteMultipartUpload, bad_whole).await, "BadDigest");
    let ended = end(&kit, &upload, right).await.unwrap();
    let whole = composite(Algorithm::Sha256, [sha(&one), sha(&two)]);
    assert_eq!(ended.checksum_sha256, Some(format!("{}-2", whole.base64())));
    assert_eq!(ended.checksum_type.unwrap().as_str(), "COMPOSITE");
    // Attributes count the parts elsewhere.
    let attributes = GetObjectAttributesInput {
        bucket: BUCKET.into(),
        key: KEY.into(),
        object_attributes: vec![ObjectAttributes::Checksum.into()].into(),
        ..Default::default()
    };
    let attributes = kit.run(GetObjectAttributes, attributes).await.unwrap().checksum.unwrap();
    assert_eq!(attributes.checksum_sha256, Some(whole.base64()));
    assert_eq!(attributes.checksum_type.unwrap().as_str(), "COMPOSITE");
    // A part is shown with its own checksum, and the type of the whole's.
    let input = GetObjectInput {
        part_number: Some(2),
        checksum_mode: Some(ChecksumMode::Enabled.into()),
        ..get_input()
    };
    let second = kit.run(GetObject, input).await.unwrap();
    assert_eq!(second.checksum_sha256, Some(sha(&two).base64()));
    assert_eq!(second.checksum_type.as_ref().unwrap().as_str(), "COMPOSITE");
    assert_eq!(bytes_of(second).await, two);
}

#[tokio::test]
async fn checksums_of_the_whole() {
    let kit = kit().await;
    let upload = begin_with(&kit, ChecksumAlgorithm::Crc32c, Some(ChecksumType::FullObject)).await.unwrap();
    let (one, two) = (vec![b'a'; 5 * MIB], b"bb".to_vec());
    // Parts without checksums have them computed, as those of an upload without an algorithm do.
    let parts = vec![part(&kit, &upload, 1, &one).await, part(&kit, &upload, 2, &two).await];
    let crc = |bytes: &[u8]| Hasher::of(Algorithm::Crc32c, bytes);
    let whole = combine(Algorithm::Crc32c, &crc(&one), &crc(&two), two.len() as u64).unwrap();
    let wrong = CompleteMultipartUploadInput {
        checksum_crc32c: Some(crc(b"no").base64()),
        ..end_input(&upload, parts.clone())
    };
    let text = "The crc32c you specified did not match the calculated checksum.";
    refused(kit.run(CompleteMultipartUpload, wrong).await, "BadDigest", text);
    let right = CompleteMultipartUploadInput {
        checksum_crc32c: Some(whole.base64()),
        checksum_type: Some(ChecksumType::FullObject.into()),
        ..end_input(&upload, parts)
    };
    let ended = kit.run(CompleteMultipartUpload, right).await.unwrap();
    assert_eq!(ended.checksum_crc32c, Some(whole.base64()));
}

#[tokio::test]
async fn an_upload_without_an_algorithm_gets_the_services_own() {
    let kit = kit().await;
    let upload = begin(&kit).await;
    let crc = Hasher::of(Algorithm::Crc32c, b"aaa").base64();
    let input = UploadPartInput { checksum_crc32c: Some(crc.clone()), ..part_input(&upload, 1, b"aaa") };
    let output = kit.run(UploadPart, input).await.unwrap();
    assert_eq!(output.checksum_crc32c, Some(crc.clone()));
    let list = ListPartsInput {
        bucket: BUCKET.into(),
        key: KEY.into(),
        upload_id: upload.as_str().into(),
        ..Default::default()
    };
    let listed = kit.run(ListParts, list).await.unwrap().parts.unwrap();
    assert!(listed[0].checksum_crc32c.is_none() && listed[0].checksum_crc64nvme.is_none());
    let named = CompletedPart { part_number: Some(1), e_tag: output.e_tag, ..Default::default() };
    let claimed = CompletedPart { checksum_crc32c: Some(crc), ..named.clone() };
    refused_as(end(&kit, &upload, vec![claimed]).await, "InvalidPart");
    let typed = CompleteMultipartUploadInput {
        checksum_type: Some(ChecksumType::FullObject.into()),
        ..end_input(&upload, vec![named.clone()])
    };
    let text = "The upload was created using the null checksum mode. The complete request must use the same checksum mode.";
    refused(kit.run(CompleteMultipartUpload, typed).await, "InvalidRequest", text);
    let ended = end(&kit, &upload, vec![named]).await.unwrap();
    // As recorded of the real service.
    assert_eq!(ended.checksum_crc64nvme.as_deref(), Some("Rnr2/5P7Gsk="));
}

#[tokio::test]
async fn parts_are_listed_by_number() {
    let kit = kit().await;
    let upload = begin(&kit).await;
    let list = |marker, size| ListPartsInput {
        bucket: BUCKET.into(),
        key: KEY.into(),
        upload_id: upload.as_str().into(),
        part_number_marker: marker,
        max_parts: size,
        ..Default::default()
    };
    let empty = kit.run(ListParts, list(None, None)).await.unwrap();
    assert_eq!((empty.next_part_number_marker, empty.part_number_marker), (Some(0), Some(0)));
    assert!(empty.parts.is_none() && empty.is_truncated == Some(false));
    for number in [1, 2, 30, 9_999] {
        part(&kit, &upload, number, &[b'x'; 3]).await;
    }
    let numbers = |output: &ListPartsOutput| -> Vec<i32> {
        output.parts.iter().flatten().filter_map(|part| part.part_number).collect()
    };
    let all = kit.run(ListParts, list(None, None)).await.unwrap();
    assert_eq!(numbers(&all), [1, 2, 30, 9_999]);
    assert_eq!((all.max_parts, all.next_part_number_marker), (Some(1_000), Some(9_999)));
    assert_eq!(all.parts.as_ref().unwrap()[0].size, Some(3));
    assert!(all.owner.unwrap().id.is_some() && all.initiator.unwrap().id.is_some());
    let page = kit.run(ListParts, list(Some(1), Some(2))).await.unwrap();
    assert_eq!(numbers(&page), [2, 30]);
    assert_eq!((page.is_truncated, page.next_part_number_marker), (Some(true), Some(30)));
    let page = kit.run(ListParts, list(Some(30), Some(2))).await.unwrap();
    assert_eq!((numbers(&page), page.is_truncated), (vec![9_999], Some(false)));
    for (marker, size, name) in [(Some(-1), None, "part-number-marker"), (None, Some(-1), "max-parts")] {
        let run = async || kit.run(ListParts, list(marker, size)).await;
        has(&said(run().await), &[("ArgumentName", name), ("ArgumentValue", "-1")]);
        let text = format!("Argument {name} must be an integer between 0 and 2147483647");
        refused(run().await, "InvalidArgument", &text);
    }
}

#[tokio::test]
async fn uploads_are_listed_by_key_and_age() {
    let kit = kit().await;
    let list = || ListMultipartUploadsInput { bucket: BUCKET.into(), ..Default::default() };
    let empty = kit.run(ListMultipartUploads, list()).await.unwrap();
    assert_eq!(
        (empty.next_key_marker.as_deref(), empty.next_upload_id_marker.as_deref()),
        (Some(""), Some(""))
    );
    let mut ids = Vec::new();
    for key in ["b", "a", "a", "c/x", "c/y"] {
        kit.advance(std::time::Duration::from_secs(1));
        let input = CreateMultipartUploadInput { key: key.into(), ..begin_input() };
        ids.push((key, kit.run(CreateMultipartUpload, input).await.unwrap().upload_id.unwrap()));
    }
    let found = |output: &ListMultipartUploadsOutput| -> Vec<(String, String)> {
        let uploads = output.uploads.iter().flatten();
        uploads.map(|upload| (upload.key.clone().unwrap(), upload.upload_id.clone().unwrap())).collect()
    };
    let mut expected: Vec<(String, String)> =
        ids.iter().map(|(key, id)| ((*key).to_owned(), id.clone())).collect();
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    let all = kit.run(ListMultipartUploads, list()).await.unwrap();
    assert_eq!(found(&all), expected);
    assert_eq!(all.is_truncated, Some(false));
    assert_eq!(all.uploads.as_ref().unwrap()[0].storage_class.as_ref().unwrap().as_str(), "STANDARD");

    let (mut pages, mut prefixes, mut key, mut id) = (Vec::new(), Vec::new(), None, None);
    for _ in 0..10 {
        let input = ListMultipartUploadsInput {
            max_uploads: Some(1),
            delimiter: Some("/".into()),
            key_marker: key,
            upload_id_marker: id,
            ..list()
        };
        let page = kit.run(ListMultipartUploads, input).await.unwrap();
        pages.extend(found(&page));
        prefixes.extend(page.common_prefixes.iter().flatten().filter_map(|found| found.prefix.clone()));
        if page.is_truncated == Some(false) {
            break;
        }
        (key, id) = (page.next_key_marker, page.next_upload_id_marker);
    }
    assert_eq!(pages, expected[..3]);
    assert_eq!(prefixes, ["c/"]);
    // A marker has to be an upload of its key.
    let input = ListMultipartUploadsInput {
        key_marker: Some("a".into()),
        upload_id_marker: Some(ids[0].1.clone()),
        ..list()
    };
    refused(kit.run(ListMultipartUploads, input).await, "InvalidArgument", "Invalid uploadId marker");
    let input = ListMultipartUploadsInput { prefix: Some("c".into()), ..list() };
    assert_eq!(found(&kit.run(ListMultipartUploads, input).await.unwrap()), expected[3..]);
}

async fn begun_with_a_part(kit: &Kit) -> (String, Vec<CompletedPart>) {
    let upload = begin(kit).await;
    let parts = vec![part(kit, &upload, 1, b"part").await];
    (upload, parts)
}

#[tokio::test]
async fn an_end_that_wants_nothing_to_be_there() {
    let kit = kit().await;
    let absent = |upload: &str, parts: &[CompletedPart]| CompleteMultipartUploadInput {
        if_none_match: Some("*".into()),
        ..end_input(upload, parts.to_vec())
    };
    let (upload, parts) = begun_with_a_part(&kit).await;
    put(&kit, b"there").await;
    let refusal = kit.run(CompleteMultipartUpload, absent(&upload, &parts)).await;
    has(&said(refusal), &[("Condition", "If-None-Match")]);
    let delete = DeleteObjectInput { bucket: BUCKET.into(), key: KEY.into(), ..Default::default() };
    kit.run(DeleteObject, delete).await.unwrap();
    let refusal = kit.run(CompleteMultipartUpload, absent(&upload, &parts)).await;
    has(&said(refusal), &[("Condition", "If-None-Match"), ("Key", KEY)]);
    refused_as(kit.run(CompleteMultipartUpload, absent(&upload, &parts)).await, "ConditionalRequestConflict");
    // Begun anew it succeeds.
    let (upload, parts) = begun_with_a_part(&kit).await;
    kit.run(CompleteMultipartUpload, absent(&upload, &parts)).await.unwrap();
    let tagged =
        CompleteMultipartUploadInput { if_none_match: Some("\"tag\"".into()), ..end_input(&upload, parts) };
    refused_as(kit.run(CompleteMultipartUpload, tagged).await, "NotImplemented");
}

#[tokio::test]
async fn an_end_that_wants_a_certain_object_to_be_there() {
    let kit = kit().await;
    let only_if = |upload: &str, parts: &[CompletedPart], etag: Option<String>| {
        CompleteMultipartUploadInput { if_match: etag, ..end_input(upload, parts.to_vec()) }
    };
    let (upload, parts) = begun_with_a_part(&kit).await;
    let any = Some("\"tag\"".to_owned());
    refused_as(kit.run(CompleteMultipartUpload, only_if(&upload, &parts, any.clone())).await, "NoSuchKey");
    let before = put(&kit, b"before").await.e_tag;
    let refusal = kit.run(CompleteMultipartUpload, only_if(&upload, &parts, any)).await;
    refused_as(refusal, "PreconditionFailed");
    // It is what is wanted, but came while the upload went on.
    let refusal = kit.run(CompleteMultipartUpload, only_if(&upload, &parts, before.clone())).await;
    refused_as(refusal, "ConditionalRequestConflict");
    let (upload, parts) = begun_with_a_part(&kit).await;
    kit.run(CompleteMultipartUpload, only_if(&upload, &parts, before)).await.unwrap();
    assert_eq!(bytes_of(kit.run(GetObject, get_input()).await.unwrap()).await, b"part");
}

#[tokio::test]
async fn parts_are_copied_from_objects() {
    let kit = kit().await;
    let source = PutObjectInput {
        bucket: BUCKET.into(),
        key: "from here?".into(),
        body: Some(b"0123456789".to_vec().into()),
        ..Default::default()
    };
    let etag = kit.run(PutObject, source).await.unwrap().e_tag;
    let upload = begin(&kit).await;
    let copy = |range: Option<&str>| UploadPartCopyInput {
        bucket: BUCKET.into(),
        key: KEY.into(),
        upload_id: upload.as_str().into(),
        part_number: 1.into(),
        copy_source: "bucket/from%20here%3F".into(),
        copy_source_range: range.map(str::to_owned),
        ..Default::default()
    };
    let whole = kit.run(UploadPartCopy, copy(None)).await.unwrap().copy_part_result.unwrap();
    assert_eq!(whole.e_tag, etag);
    let part = kit.run(UploadPartCopy, copy(Some("bytes=2-4"))).await.unwrap().copy_part_result.unwrap();
    assert_eq!(part.e_tag, Some(format!("\"{}\"", md5(b"234").hex())));
    assert!(part.last_modified.is_some());
    refused_as(kit.run(UploadPartCopy, copy(Some("bytes=5-10"))).await, "InvalidArgument");
    let unless = UploadPartCopyInput { copy_source_if_none_match: etag.clone(), ..copy(None) };
    has(&said(kit.run(UploadPartCopy, unless).await), &[("Condition", "x-amz-copy-source-If-None-Match")]);
    let missing = UploadPartCopyInput { copy_source: "bucket/none".into(), ..copy(None) };
    refused_as(kit.run(UploadPartCopy, missing).await, "NoSuchKey");
    kit.asked();
    kit.run(UploadPartCopy, copy(Some("bytes=2-4"))).await.unwrap();
    let asked: Vec<String> = kit.asked().into_iter().map(|ask| ask.action).collect();
    assert_eq!(asked, ["s3:PutObject", "s3:GetObject"]);
    let named = CompletedPart { part_number: Some(1), e_tag: part.e_tag, ..Default::default() };
    end(&kit, &upload, vec![named]).await.unwrap();
    assert_eq!(bytes_of(kit.run(GetObject, get_input()).await.unwrap()).await, b"234");
}

#[tokio::test]
async fn parts_have_the_key_of_their_upload() {
    use base64::Engine as _;
    let kit = kit().await;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let key = |byte: u8| (Some(encode(&[byte; 32])), Some(md5(&[byte; 32]).base64()));
    let (mine, mine_md5) = key(1);
    let (other, other_md5) = key(2);
    let algorithm = Some("AES256".to_owned());
    let input = CreateMultipartUploadInput {
        sse_customer_algorithm: algorithm.clone(),
        sse_customer_key: mine.clone(),
        sse_customer_key_md5: mine_md5.clone(),
        ..begin_input()
    };
    let begun = kit.run(CreateMultipartUpload, input).await.unwrap();
    assert_eq!(begun.sse_customer_key_md5, mine_md5);
    let upload = begun.upload_id.unwrap();
    let text = "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.";
    refused(kit.run(UploadPart, part_input(&upload, 1, b"x")).await, "InvalidRequest", text);
    let with = |key: &Option<String>, md5: &Option<String>| UploadPartInput {
        sse_customer_algorithm: algorithm.clone(),
        sse_customer_key: key.clone(),
        sse_customer_key_md5: md5.clone(),
        ..part_input(&upload, 1, b"x")
    };
    let text = "The provided encryption parameters did not match the ones used originally.";
    refused(kit.run(UploadPart, with(&other, &other_md5)).await, "InvalidRequest", text);
    let output = kit.run(UploadPart, with(&mine, &mine_md5)).await.unwrap();
    let named = CompletedPart { part_number: Some(1), e_tag: output.e_tag, ..Default::default() };
    // Nobody has to say the key once more, but another is none.
    let wrong = CompleteMultipartUploadInput {
        sse_customer_algorithm: algorithm.clone(),
        sse_customer_key: other.clone(),
        sse_customer_key_md5: other_md5.clone(),
        ..end_input(&upload, vec![named.clone()])
    };
    refused(kit.run(CompleteMultipartUpload, wrong).await, "InvalidRequest", text);
    end(&kit, &upload, vec![named]).await.unwrap();
    refused_as(kit.run(GetObject, get_input()).await, "InvalidRequest");
    let get = GetObjectInput {
        sse_customer_algorithm: algorithm,
        sse_customer_key: mine,
        sse_customer_key_md5: mine_md5,
        ..get_input()
    };
    assert_eq!(bytes_of(kit.run(GetObject, get).await.unwrap()).await, b"x");
}

#[tokio::test]
async fn the_key_comes_once_more_where_a_checksum_was_chosen() {
    use base64::Engine as _;
    let kit = kit().await;
    let algorithm = Some("AES256".to_owned());
    let key = Some(base64::engine::general_purpose::STANDARD.encode([7; 32]));
    let key_md5 = Some(md5(&[7; 32]).base64());
    let input = CreateMultipartUploadInput {
        checksum_algorithm: Some(ChecksumAlgorithm::Crc32.into()),
        sse_customer_algorithm: algorithm.clone(),
        sse_customer_key: key.clone(),
        sse_customer_key_md5: key_md5.clone(),
        ..begin_input()
    };
    let upload = kit.run(CreateMultipartUpload, input).await.unwrap().upload_id.unwrap();
    let input = UploadPartInput {
        sse_customer_algorithm: algorithm.clone(),
        sse_customer_key: key.clone(),
        sse_customer_key_md5: key_md5.clone(),
        checksum_crc32: Some(Hasher::of(Algorithm::Crc32, b"x").base64()),
        ..part_input(&upload, 1, b"x")
    };
    let output = kit.run(UploadPart, input).await.unwrap();
    let named = CompletedPart {
        part_number: Some(1),
        e_tag: output.e_tag,
        checksum_crc32: output.checksum_crc32,
        ..Default::default()
    };
    refused_as(end(&kit, &upload, vec![named.clone()]).await, "InvalidRequest");
    let input = CompleteMultipartUploadInput {
        sse_customer_algorithm: algorithm,
        sse_customer_key: key,
        sse_customer_key_md5: key_md5,
        ..end_input(&upload, vec![named])
    };
    kit.run(CompleteMultipartUpload, input).await.unwrap();
}

/// How an upload is encrypted is said where it begins.
#[tokio::test]
async fn parts_and_ends_do_not_say_how_the_upload_is_encrypted() {
    let kit = kit().await;
    put(&kit, b"12345").await;
    let upload = begin(&kit).await;
    let named = part(&kit, &upload, 1, b"x").await;
    let text = "x-amz-server-side-encryption header is not supported for this operation.";
    for said in [ServerSideEncryption::Aes256, ServerSideEncryption::AwsKms] {
        let server_side_encryption = Some(said.into());
        let one = UploadPartInput { server_side_encryption, ..part_input(&upload, 2, b"x") };
        refused(kit.run(UploadPart, one).await, "InvalidArgument", text);
        let copy = UploadPartCopyInput {
            server_side_encryption: Some(said.into()),
            copy_source: format!("{BUCKET}/{KEY}").into(),
            bucket: BUCKET.into(),
            key: KEY.into(),
            upload_id: upload.as_str().into(),
            part_number: 2.into(),
            ..Default::default()
        };
        refused(kit.run(UploadPartCopy, copy).await, "InvalidArgument", text);
        let server_side_encryption = Some(said.into());
        let ended = CompleteMultipartUploadInput {
            server_side_encryption,
            ..end_input(&upload, vec![named.clone()])
        };
        refused(kit.run(CompleteMultipartUpload, ended).await, "InvalidArgument", text);
    }
    end(&kit, &upload, vec![named]).await.unwrap();
}
