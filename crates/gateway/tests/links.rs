//! Links presigned with version 2. Their signatures were computed with botocore's signer `s3-query`.

mod common;

use common::{Answer, NOW, Server};

const GET: &str = "VRTeqdc5L1qebUNIFvYfFEJ%2BtPU%3D";
const PUT: &str = "content-type=text%2Fplain&x-amz-meta-foo=bar&x-amz-meta-zed=1%202&x-amz-acl=public-read&\
                   content-md5=kAFQmDzST7DWlj99KOF%2Fcg%3D%3D&\
                   Signature=iXVnWReRiiUAil6WWUcff0WUWHQ%3D";

fn link(key: &str, expires: i64, more: &str) -> String {
    format!("?AWSAccessKeyId={key}&Expires={expires}&{more}")
}

fn send(server: &Server, line: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    let mut client = server.client();
    client.write(format!("{line} HTTP/1.1\r\n{headers}content-length: {length}\r\n\r\n{body}").as_bytes());
    client.answer(line.split(' ').next().unwrap())
}

#[test]
fn links_are_taken_until_they_end() {
    let server = Server::start();
    let put = format!("PUT /bucket/key{}", link(common::KEY, NOW + 60, PUT));
    assert_eq!(send(&server, &put, "host: localhost\r\n", "abc").status, 200);
    let kept = server.state.puts.lock().pop().unwrap();
    assert_eq!((kept.len, kept.account.as_str(), kept.key.as_str()), (3, "111122223333", "bucket/key"));
    let other = send(&server, &put, "host: localhost\r\nx-amz-acl: private\r\n", "abc");
    assert_eq!(other.error(), (403, "SignatureDoesNotMatch".into()));
    // Nor can a header be added that the signature does not cover.
    let hash = format!("host: localhost\r\nx-amz-content-sha256: {}\r\n", "0".repeat(64));
    assert_eq!(send(&server, &put, &hash, "abc").error(), (403, "SignatureDoesNotMatch".into()));
    assert!(server.state.puts.lock().is_empty());

    let signature = format!("Signature={GET}");
    let good = link(common::KEY, NOW + 60, &signature);
    for (host, path) in
        [("localhost", "/bucket/key"), ("bucket.s3.localhost", "/key"), ("bucket.localhost", "/key")]
    {
        let answer = send(&server, &format!("GET {path}{good}"), &format!("host: {host}\r\n"), "");
        assert_eq!((answer.status, answer.text().as_str()), (200, "abc"), "{host}");
    }
    for line in [format!("DELETE /bucket/key{good}"), format!("GET /bucket/other{good}")] {
        let refused = send(&server, &line, "host: localhost\r\n", "");
        assert_eq!(refused.error(), (403, "SignatureDoesNotMatch".into()));
        assert!(refused.element("StringToSign").contains("/bucket/"));
    }
    let expired = format!("GET /bucket/key{}", link(common::KEY, NOW - 1, &signature));
    let expired = send(&server, &expired, "host: localhost\r\n", "");
    assert_eq!(expired.error(), (403, "AccessDenied".into()));
    assert_eq!(expired.element("Message"), "Request has expired");
    assert_eq!(expired.element("Expires"), "2025-06-15T15:06:39Z");
    assert_eq!(expired.element("ServerTime"), "2025-06-15T15:06:40Z");
    let nobody = format!("GET /bucket/key{}", link("nobody", NOW + 60, &signature));
    let nobody = send(&server, &nobody, "host: localhost\r\n", "");
    assert_eq!(nobody.error(), (403, "InvalidAccessKeyId".into()));
    let both = "host: localhost\r\nauthorization: AWS4-HMAC-SHA256 \
                Credential=a/20250615/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n";
    assert_eq!(
        send(&server, &format!("GET /bucket/key{good}"), both, "").error(),
        (400, "InvalidArgument".into())
    );
    let header = "host: localhost\r\nauthorization: AWS AKIDEXAMPLE:VRTeqdc5L1qebUNIFvYfFEJ+tPU=\r\n";
    assert_eq!(send(&server, "GET /bucket/key", header, "").error(), (400, "InvalidRequest".into()));
}

#[test]
fn pages_of_others_cannot_use_links_of_a_key_that_everybody_knows() {
    let server = Server::start();
    let put = format!("PUT /bucket/key{}", link(common::KEY, NOW + 60, PUT));
    assert_eq!(send(&server, &put, "host: localhost\r\n", "abc").status, 200);
    let line = format!("GET /bucket/key{}", link("test", NOW + 60, &format!("Signature={GET}")));
    let cross = "host: localhost\r\nsec-fetch-site: cross-site\r\n";
    assert_eq!(send(&server, &line, cross, "").error(), (403, "InvalidAccessKeyId".into()));
    let followed = format!("{cross}sec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\n");
    assert_eq!(send(&server, &line, &followed, "").status, 200);
}

#[test]
fn other_services_do_not_take_them() {
    let server = Server::start();
    let query = link(common::KEY, NOW + 60, "Signature=a&Action=ListQueues&SignatureVersion=2");
    let answer = send(&server, &format!("GET /{query}"), "host: sqs.us-east-1.localhost\r\n", "");
    assert_eq!(answer.error(), (403, "MissingAuthenticationToken".into()));
    // Right as it is, but not for whom the target names.
    let good = link(common::KEY, NOW + 60, &format!("Signature={GET}"));
    assert_eq!(send(&server, &format!("GET /bucket/key{good}"), "host: localhost\r\n", "").status, 404);
    for method in ["GET", "POST"] {
        let target = "host: localhost\r\nx-amz-target: AmazonSQS.ListQueues\r\n";
        let answer = send(&server, &format!("{method} /bucket/key{good}"), target, "{}");
        assert_eq!(answer.status, 403, "{method}: {}", answer.text());
        assert!(answer.text().contains("MissingAuthenticationToken"), "{method}: {}", answer.text());
    }
}
