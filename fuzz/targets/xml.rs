//! Any bytes as the XML of S3's requests: never a panic, checked or not; and what was read is the same when it has been
//! written and is read again.

#![no_main]

use bytes::Bytes;
use http::HeaderMap;
use libfuzzer_sys::fuzz_target;
use model_s3::{ops, types};
use wire::{Dialect, OperationType, Protocol, Request, Structure, codec, read_xml_document, xml_document};

/// Reads the document as this structure, and again from what is written of it.
fn again<S: Structure + Default>(document: &[u8]) {
    let (mut first, mut second) = (S::default(), S::default());
    if read_xml_document(document, &mut first).is_err() {
        return;
    }
    let written = xml_document("Root", &first);
    read_xml_document(&written, &mut second).expect("what was written can be read");
    assert_eq!(written, xml_document("Root", &second));
}

/// Decodes and checks the input of an operation with this body.
fn decode<O: OperationType>(path: &str, query: &str, body: &Bytes) {
    let mut input = O::Input::default();
    let headers = HeaderMap::new();
    let request = Request { path, query, headers: &headers, body, stream: None, params: None };
    if codec(Protocol::RestXml).decode(O::descriptor(), &request, &mut input).is_ok() {
        let _ = Dialect::STANDARD.check(&input);
    }
}

fuzz_target!(|data: &[u8]| {
    again::<types::AccessControlPolicy>(data);
    again::<types::BucketLifecycleConfiguration>(data);
    again::<types::CompletedMultipartUpload>(data);
    again::<types::CorsConfiguration>(data);
    again::<types::CreateBucketConfiguration>(data);
    again::<types::Delete>(data);
    again::<types::NotificationConfiguration>(data);
    again::<types::ReplicationConfiguration>(data);
    again::<types::ServerSideEncryptionConfiguration>(data);
    again::<types::Tagging>(data);
    again::<types::WebsiteConfiguration>(data);

    let body = Bytes::copy_from_slice(data);
    decode::<ops::CompleteMultipartUpload>("/bucket/key", "uploadId=a", &body);
    decode::<ops::DeleteObjects>("/bucket", "delete", &body);
    decode::<ops::PutBucketAcl>("/bucket", "acl", &body);
    decode::<ops::PutBucketCors>("/bucket", "cors", &body);
    decode::<ops::PutBucketLifecycleConfiguration>("/bucket", "lifecycle", &body);
    decode::<ops::PutBucketNotificationConfiguration>("/bucket", "notification", &body);
    decode::<ops::PutBucketReplication>("/bucket", "replication", &body);
    decode::<ops::PutBucketWebsite>("/bucket", "website", &body);
    decode::<ops::PutObjectTagging>("/bucket/key", "tagging", &body);
});
