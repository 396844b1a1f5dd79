//! Encryption: under keys of S3, of KMS, and of the caller.

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use checksum::{Algorithm, Hasher};
use common::objects::*;
use common::*;
use model_kms::ops as kms_ops;
use model_kms::types as kms_types;
use model_s3::ops::*;
use model_s3::types::*;
use testkit::Kit;

struct Customer {
    key: Option<String>,
    md5: Option<String>,
}

fn customer(byte: u8) -> Customer {
    let key = [byte; 32];
    Customer { key: Some(STANDARD.encode(key)), md5: Some(Hasher::of(Algorithm::Md5, &key).base64()) }
}

fn algorithm() -> Option<String> {
    Some("AES256".to_owned())
}

fn put_with(byte: u8, body: bytes::Bytes) -> PutObjectInput {
    let Customer { key, md5 } = customer(byte);
    PutObjectInput {
        sse_customer_algorithm: algorithm(),
        sse_customer_key: key,
        sse_customer_key_md5: md5,
        ..put_input("bucket", "key", body)
    }
}

fn get_with(byte: u8) -> GetObjectInput {
    let Customer { key, md5 } = customer(byte);
    GetObjectInput {
        sse_customer_algorithm: algorithm(),
        sse_customer_key: key,
        sse_customer_key_md5: md5,
        ..get_input("bucket", "key")
    }
}

fn with_kms(body: bytes::Bytes, key: Option<&str>) -> PutObjectInput {
    PutObjectInput {
        server_side_encryption: known(ServerSideEncryption::AwsKms),
        ssekms_key_id: key.map(str::to_owned),
        ..put_input("bucket", "key", body)
    }
}

async fn new_kms_key(kit: &Kit) -> String {
    let output = kit.run(kms_ops::CreateKey, kms_types::CreateKeyInput::default()).await.unwrap();
    output.key_metadata.unwrap().arn.unwrap()
}

/// Whether these bytes lie anywhere in the store as they are.
fn lies_open(kit: &Kit, bytes: &[u8]) -> bool {
    let snapshot = kit.deps().store.snapshot();
    let page = snapshot.range(store::KeyRange::all(), store::RangeOptions::default()).unwrap();
    assert!(!page.more, "the store of a test is one page");
    page.entries.iter().any(|(_, value)| value.windows(bytes.len()).any(|window| window == bytes))
}

#[tokio::test]
async fn nothing_lies_open() {
    let kit = world();
    create(&kit, "bucket").await;
    let secret = "nobody reads this";
    put(&kit, "bucket", "key", secret).await;
    assert!(!lies_open(&kit, secret.as_bytes()));
    kit.run(PutObject, put_with(7, secret.into())).await.unwrap();
    assert!(!lies_open(&kit, secret.as_bytes()) && !lies_open(&kit, &[7; 32]));
}

#[tokio::test]
async fn a_key_of_the_callers() {
    let kit = world();
    create(&kit, "bucket").await;
    for len in [10, LONG] {
        let bytes = some_bytes(len);
        let output = kit.run(PutObject, put_with(1, bytes.clone())).await.unwrap();
        assert_eq!(output.sse_customer_algorithm, algorithm());
        assert_eq!(output.sse_customer_key_md5, customer(1).md5);
        assert_eq!(output.server_side_encryption, None);
        let md5 = Hasher::of(Algorithm::Md5, &bytes).hex();
        assert_ne!(output.e_tag, Some(format!("\"{md5}\"")), "the tag tells nothing of the bytes");
        let (shown, body) = get(&kit, get_with(1)).await.unwrap();
        assert_eq!((body, shown.sse_customer_key_md5), (bytes, customer(1).md5));
        let text = "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.";
        refused(kit.run(GetObject, get_input("bucket", "key")).await, "InvalidRequest", text);
        refused(kit.run(HeadObject, head_input("bucket", "key")).await, "InvalidRequest", text);
        let text = "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.";
        refused(kit.run(GetObject, get_with(2)).await, "AccessDenied", text);
    }
    put(&kit, "bucket", "key", "x").await;
    let text = "The encryption parameters are not applicable to this object.";
    refused(kit.run(GetObject, get_with(1)).await, "InvalidRequest", text);
}

#[tokio::test]
async fn what_is_wrong_with_a_key_of_the_callers() {
    let kit = world();
    create(&kit, "bucket").await;
    let good = || put_with(1, "x".into());
    let begin = "Requests specifying Server Side Encryption with Customer provided keys must provide";
    for (input, code, text) in [
        (
            PutObjectInput { server_side_encryption: known(ServerSideEncryption::Aes256), ..good() },
            "InvalidArgument",
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified".to_owned(),
        ),
        (
            PutObjectInput { sse_customer_algorithm: Some("KMS".into()), ..good() },
            "InvalidEncryptionAlgorithmError",
            "The Encryption request you specified is not valid. Supported value: AES256.".to_owned(),
        ),
        (
            PutObjectInput { sse_customer_algorithm: None, ..good() },
            "InvalidArgument",
            format!("{begin} a valid encryption algorithm."),
        ),
        (
            PutObjectInput { sse_customer_key: None, ..good() },
            "InvalidArgument",
            format!("{begin} an appropriate secret key."),
        ),
        (
            PutObjectInput { sse_customer_key: Some(STANDARD.encode("short")), ..good() },
            "InvalidArgument",
            "The secret key was invalid for the specified algorithm.".to_owned(),
        ),
        (
            PutObjectInput { sse_customer_key_md5: customer(2).md5, ..good() },
            "InvalidArgument",
            "The calculated MD5 hash of the key did not match the hash that was provided.".to_owned(),
        ),
    ] {
        let error = kit.run(PutObject, input).await.unwrap_err();
        assert_eq!(member(&error, "ArgumentName").as_deref(), Some("x-amz-server-side-encryption"));
        refused::<()>(Err(error), code, &text);
    }
}

#[tokio::test]
async fn a_key_of_kms() {
    let kit = world();
    create(&kit, "bucket").await;
    let arn = new_kms_key(&kit).await;
    for len in [10, LONG] {
        let bytes = some_bytes(len);
        let output = kit.run(PutObject, with_kms(bytes.clone(), Some(&arn))).await.unwrap();
        assert_eq!(output.server_side_encryption, known(ServerSideEncryption::AwsKms));
        assert_eq!(output.ssekms_key_id.as_ref(), Some(&arn));
        kit.asked();
        let (shown, body) = get(&kit, get_input("bucket", "key")).await.unwrap();
        assert_eq!((body, shown.ssekms_key_id.as_ref()), (bytes, Some(&arn)));
        let asked = kit.asked();
        let decrypt = asked.iter().find(|ask| ask.action == "kms:Decrypt").expect("KMS is asked");
        assert_eq!(decrypt.call.called_via, ["s3"]);
        let context =
            |(name, _): &&(std::borrow::Cow<'_, str>, _)| name == "kms:EncryptionContext:aws:s3:arn";
        assert!(decrypt.target.keys.iter().find(context).is_some());
        // Who may not decrypt may not read, but may look at the headers.
    }
    kit.deny("kms:Decrypt");
    refused_as(kit.run(GetObject, get_input("bucket", "key")).await, "AccessDenied");
    kit.run(HeadObject, head_input("bucket", "key")).await.unwrap();
}

#[tokio::test]
async fn the_accounts_own_key_is_made_when_it_is_used() {
    let kit = world();
    create(&kit, "bucket").await;
    let output = kit.run(PutObject, with_kms("x".into(), None)).await.unwrap();
    let key = kms_types::DescribeKeyInput { key_id: "alias/aws/s3".into(), ..Default::default() };
    let described = kit.run(kms_ops::DescribeKey, key).await.unwrap().key_metadata.unwrap();
    assert_eq!(output.ssekms_key_id, described.arn);
    assert_eq!(body(&kit, "bucket", "key").await, "x");
}

#[tokio::test]
async fn what_kms_refuses() {
    let kit = world();
    create(&kit, "bucket").await;
    let missing = "11111111-2222-3333-4444-555555555555";
    refused_as(kit.run(PutObject, with_kms("x".into(), Some(missing))).await, "KMS.NotFoundException");
    let arn = new_kms_key(&kit).await;
    kit.run(PutObject, with_kms("x".into(), Some(&arn))).await.unwrap();
    let disable = kms_types::DisableKeyInput { key_id: arn.as_str().into() };
    kit.run(kms_ops::DisableKey, disable).await.unwrap();
    let text = format!("{arn} is disabled.");
    refused(kit.run(GetObject, get_input("bucket", "key")).await, "KMS.DisabledException", &text);
    let without = PutObjectInput { server_side_encryption: None, ..with_kms("x".into(), Some(&arn)) };
    refused_as(kit.run(PutObject, without).await, "InvalidArgument");
}

#[tokio::test]
async fn a_context_of_the_callers() {
    let kit = world();
    create(&kit, "bucket").await;
    let with =
        |text: String| PutObjectInput { ssekms_encryption_context: Some(text), ..with_kms("x".into(), None) };
    let text = STANDARD.encode(r#"{"team":"red"}"#);
    let output = kit.run(PutObject, with(text.clone())).await.unwrap();
    assert_eq!(output.ssekms_encryption_context, Some(text));
    assert_eq!(body(&kit, "bucket", "key").await, "x");
    for bad in ["!", "e30", &STANDARD.encode("[]"), &STANDARD.encode(r#"{"aws:s3:arn":"x"}"#)] {
        refused_as(kit.run(PutObject, with(bad.to_owned())).await, "InvalidArgument");
    }
}

#[tokio::test]
async fn the_buckets_default() {
    let kit = world();
    create(&kit, "bucket").await;
    let arn = new_kms_key(&kit).await;
    let default = ServerSideEncryptionByDefault {
        sse_algorithm: wire::Open::Known(ServerSideEncryption::AwsKms).into(),
        kms_master_key_id: Some(arn.clone()),
    };
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(default),
        bucket_key_enabled: Some(true),
        ..Default::default()
    };
    let input = PutBucketEncryptionInput {
        bucket: "bucket".into(),
        server_side_encryption_configuration: ServerSideEncryptionConfiguration { rules: vec![rule].into() }
            .into(),
        ..Default::default()
    };
    kit.run(PutBucketEncryption, input).await.unwrap();
    let output = put(&kit, "bucket", "key", "x").await;
    assert_eq!((output.ssekms_key_id.as_ref(), output.bucket_key_enabled), (Some(&arn), Some(true)));
    assert_eq!(body(&kit, "bucket", "key").await, "x");
    // Who asks for KMS and names no key gets the account's own key for S3.
    let output = kit.run(PutObject, with_kms("y".into(), None)).await.unwrap();
    let key = kms_types::DescribeKeyInput { key_id: "alias/aws/s3".into(), ..Default::default() };
    let own = kit.run(kms_ops::DescribeKey, key).await.unwrap().key_metadata.unwrap().arn;
    assert_eq!((output.ssekms_key_id, output.bucket_key_enabled), (own, Some(true)));
    assert_eq!(body(&kit, "bucket", "key").await, "y");
    let input = PutObjectInput {
        server_side_encryption: known(ServerSideEncryption::Aes256),
        ..put_input("bucket", "key", "y")
    };
    let output = kit.run(PutObject, input).await.unwrap();
    assert_eq!(output.server_side_encryption, known(ServerSideEncryption::Aes256));
    assert_eq!(body(&kit, "bucket", "key").await, "y");
}

#[tokio::test]
async fn copies_are_encrypted_as_they_are_wanted() {
    let kit = world();
    create(&kit, "bucket").await;
    for len in [10, LONG] {
        let bytes = some_bytes(len);
        let md5 = Some(format!("\"{}\"", Hasher::of(Algorithm::Md5, &bytes).hex()));
        kit.run(PutObject, put_with(1, bytes.clone())).await.unwrap();
        let Customer { key, md5: key_md5 } = customer(1);
        let copy = CopyObjectInput {
            copy_source_sse_customer_algorithm: algorithm(),
            copy_source_sse_customer_key: key,
            copy_source_sse_customer_key_md5: key_md5,
            ..copy_input("bucket/key", "bucket", "plain")
        };
        let output = kit.run(CopyObject, copy).await.unwrap();
        assert_eq!(output.copy_object_result.unwrap().e_tag, md5);
        assert_eq!(body(&kit, "bucket", "plain").await, bytes);
        for (from, to) in [("plain", "kms"), ("kms", "kms2"), ("kms2", "plain2")] {
            let wanted = if to.starts_with("kms") {
                ServerSideEncryption::AwsKms
            } else {
                ServerSideEncryption::Aes256
            };
            let copy = CopyObjectInput {
                server_side_encryption: known(wanted),
                ..copy_input(&format!("bucket/{from}"), "bucket", to)
            };
            kit.run(CopyObject, copy).await.unwrap();
            assert_eq!(body(&kit, "bucket", to).await, bytes, "{from} to {to}");
        }
        let head = kit.run(HeadObject, head_input("bucket", "plain2")).await.unwrap();
        assert_eq!(head.e_tag, md5);
    }
}

#[tokio::test]
async fn two_layers_are_refused() {
    let kit = world();
    create(&kit, "bucket").await;
    let input = PutObjectInput {
        server_side_encryption: known(ServerSideEncryption::AwsKmsDsse),
        ..put_input("bucket", "key", "x")
    };
    refused_as(kit.run(PutObject, input).await, "NotImplemented");
}

/// Ciphers are said where objects are written; who reads does not say them.
#[tokio::test]
async fn readers_do_not_say_how_objects_are_encrypted() {
    let kit = world();
    create(&kit, "bucket").await;
    put(&kit, "bucket", "key", "x").await;
    let text = "x-amz-server-side-encryption header is not supported for this operation.";
    for said in [ServerSideEncryption::Aes256, ServerSideEncryption::AwsKms] {
        let get = GetObjectInput { server_side_encryption: known(said), ..get_input("bucket", "key") };
        refused(kit.run(GetObject, get).await, "InvalidArgument", text);
        let head = HeadObjectInput { server_side_encryption: known(said), ..head_input("bucket", "key") };
        refused(kit.run(HeadObject, head).await, "InvalidArgument", text);
    }
}
