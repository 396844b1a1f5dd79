//! Signatures published in S3's documentation.

mod common;

use common::{S3_SECRET, S3_TIME, headers, hex, sha256, signed};
use sigv4::{
    AuthError, BodyCheck, ChunkSigner, Credentials, Dialect, Payload, PayloadToSign, Policy, Request, Signer,
    SigningKey,
};

const HOST: (&str, &str) = ("host", "examplebucket.s3.amazonaws.com");
const DATE: (&str, &str) = ("x-amz-date", "20130524T000000Z");
const EMPTY: (&str, &str) =
    ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

fn key() -> SigningKey {
    SigningKey::derive(S3_SECRET, "20130524", "us-east-1", "s3")
}

/// Method, path, query, headers, signed headers, signature.
type Case<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

fn authorization(signed_headers: &str, signature: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 \
         Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders={signed_headers},\
         Signature={signature}"
    )
}

#[test]
fn published_header_signatures_verify() {
    let body = sha256(b"Welcome to Amazon S3.");
    let body_hex = hex(&body);
    let put = [
        HOST,
        DATE,
        ("date", "Fri, 24 May 2013 00:00:00 GMT"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", &body_hex),
    ];
    let get = [HOST, DATE, EMPTY, ("range", "bytes=0-9")];
    let plain = [HOST, DATE, EMPTY];
    let plain_list = "host;x-amz-content-sha256;x-amz-date";
    let cases: [Case; 4] = [
        (
            "GET",
            "/test.txt",
            "",
            &get,
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test%24file.text",
            "",
            &put,
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET",
            "/",
            "lifecycle",
            &plain,
            plain_list,
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET",
            "/",
            "max-keys=2&prefix=J",
            &plain,
            plain_list,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ];
    for (method, path, query, list, signed_headers, signature) in cases {
        let mut headers = headers(list);
        headers.insert("authorization", authorization(signed_headers, signature).parse().unwrap());
        let req = Request { method, path, query, headers: &headers };
        let signed = signed(&req, &Policy::S3);
        let verified = signed.verify(&req, &key(), None, S3_TIME, &Policy::S3).unwrap();
        let Payload::Hash(hash) = signed.payload() else { panic!("{:?}", signed.payload()) };
        assert_eq!(verified.body, BodyCheck::Expect(*hash));
        let other = sha256(b"something else");
        let refused = signed.verify(&req, &key(), Some(&other), S3_TIME, &Policy::S3).unwrap_err();
        assert_eq!(refused.code(Dialect::S3), "XAmzContentSHA256Mismatch");
        let done = signed.verify(&req, &key(), Some(hash), S3_TIME, &Policy::S3).unwrap();
        assert_eq!(done.body, BodyCheck::Done);
    }
}

const PRESIGNED: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256\
     &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z\
     &X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
     &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

#[test]
fn the_published_presigned_request_verifies_until_it_expires() {
    let headers = headers(&[HOST]);
    let req = Request { method: "GET", path: "/test.txt", query: PRESIGNED, headers: &headers };
    let signed = signed(&req, &Policy::S3);
    assert!(signed.is_presigned());
    for now in [S3_TIME, S3_TIME + 86_399, S3_TIME - 900] {
        let verified = signed.verify(&req, &key(), None, now, &Policy::S3).unwrap();
        assert_eq!(verified.body, BodyCheck::Unsigned);
    }
    let late = signed.verify(&req, &key(), None, S3_TIME + 86_400, &Policy::S3).unwrap_err();
    assert_eq!(late.code(Dialect::S3), "AccessDenied");
    assert_eq!(late.message(Dialect::S3), "Request has expired");
    assert_eq!(
        late.s3_fields(),
        [
            ("X-Amz-Expires", "86400".to_owned()),
            ("Expires", "2013-05-25T00:00:00Z".to_owned()),
            ("ServerTime", "2013-05-25T00:00:00Z".to_owned()),
        ]
    );
    let early = signed.verify(&req, &key(), None, S3_TIME - 901, &Policy::S3).unwrap_err();
    assert!(matches!(early, AuthError::NotYetValid { .. }));
}

#[test]
fn the_same_presigned_request_is_made() {
    let headers = headers(&[HOST]);
    let credentials =
        Credentials { access_key: "AKIAIOSFODNN7EXAMPLE", secret: S3_SECRET, session_token: None };
    let signer =
        Signer { credentials, region: "us-east-1", service: "s3", time: S3_TIME, policy: &Policy::S3 };
    let req = Request { method: "GET", path: "/test.txt", query: "", headers: &headers };
    assert_eq!(signer.presign(&req, 86_400, PayloadToSign::Unsigned).unwrap(), PRESIGNED);
}

#[test]
fn published_chunk_signatures_follow_the_seed() {
    let list = [
        HOST,
        DATE,
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("content-encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "66560"),
        ("content-length", "66824"),
    ];
    let mut headers = headers(&list);
    headers.insert("host", "s3.amazonaws.com".parse().unwrap());
    let value = authorization(
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;\
         x-amz-storage-class",
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    );
    headers.insert("authorization", value.parse().unwrap());
    let path = "/examplebucket/chunkObject.txt";
    let req = Request { method: "PUT", path, query: "", headers: &headers };
    let signed = signed(&req, &Policy::S3);
    let verified = signed.verify(&req, &key(), None, S3_TIME, &Policy::S3).unwrap();
    assert_eq!(verified.body, BodyCheck::Chunks { signed: true, trailer: false });
    let mut chunks = verified.chunk_signer(&signed, &key());
    for (data, signature) in [
        (vec![b'a'; 65_536], "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
        (vec![b'a'; 1024], "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
        (vec![], "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    ] {
        let next = chunks.next(&sha256(&data));
        assert_eq!(hex(&next), signature);
        assert!(ChunkSigner::matches(signature.as_bytes(), &next));
        assert!(!ChunkSigner::matches(signature.to_uppercase().as_bytes(), &next));
        assert!(!ChunkSigner::matches(&signature.as_bytes()[1..], &next));
    }
}

#[test]
fn published_trailer_signature_ends_the_chain() {
    let seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
    let seed: [u8; 32] = std::array::from_fn(|i| u8::from_str_radix(&seed[2 * i..2 * i + 2], 16).unwrap());
    let mut chunks = ChunkSigner::new(key(), S3_TIME, "20130524/us-east-1/s3/aws4_request", seed);
    for (data, signature) in [
        (vec![b'a'; 65_536], "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
        (vec![b'a'; 1024], "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
        (vec![], "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"),
    ] {
        assert_eq!(hex(&chunks.next(&sha256(&data))), signature);
    }
    let trailer = chunks.trailer(&sha256(b"x-amz-checksum-crc32c:sOO8/Q==\n"));
    assert_eq!(hex(&trailer), "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435");
}
