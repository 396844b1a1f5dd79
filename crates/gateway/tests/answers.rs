//! Answers: bodies that go out as streams, what has no body, what every answer of S3 has.

mod common;

use std::time::Duration;

use common::{Answer, Client, Payload, Server, Signed};
use gateway::Limits;

fn get(client: &mut Client, method: &str, target: &str) -> Answer {
    client.exchange(&Signed { method, target, ..Default::default() }, b"")
}

fn kept(server: &Server, body: &[u8]) {
    let length = body.len().to_string();
    let request = Signed { headers: &[("content-length", &length)], ..Default::default() };
    assert_eq!(server.client().exchange(&request, body).status, 200);
}

#[test]
fn bodies_go_out_as_they_are() {
    let server = Server::start();
    kept(&server, b"hello");
    let mut client = server.client();
    let answer = get(&mut client, "GET", "/bucket/key");
    assert_eq!((answer.status, answer.text().as_str(), answer.header("content-length")), (200, "hello", "5"));
    let huge = get(&mut client, "GET", "/bucket/huge");
    assert_eq!((huge.body.len(), huge.whole), (64 << 20, true));
    let unsaid = get(&mut client, "GET", "/bucket/unsaid");
    assert_eq!((unsaid.body.len(), unsaid.whole, unsaid.header("content-length")), (2000, true, ""));
    kept(&server, b"");
    let empty = get(&mut client, "GET", "/bucket/key");
    assert_eq!((empty.body.len(), empty.header("content-length")), (0, "0"));
}

#[test]
fn no_part_of_a_body_looks_whole() {
    let server = Server::start();
    for (key, sent) in
        [("broken", 1000), ("broken-unsaid", 1000), ("short", 1000), ("long", 1000), ("late", 1 << 20)]
    {
        let mut client = server.client();
        let target = format!("/bucket/{key}");
        let request = Signed { method: "GET", target: &target, ..Default::default() };
        client.write(request.head().0.as_bytes());
        // It may break off before the head has gone out.
        if let Some(answer) = client.answer_if_any("GET") {
            assert!(!answer.whole && answer.body.len() <= sent, "{key}: {} bytes", answer.body.len());
        }
        assert!(client.is_closed(), "{key}");
    }
}

#[test]
fn what_has_no_body_has_none() {
    let server = Server::start();
    kept(&server, b"hello");
    let mut client = server.client();
    let head = get(&mut client, "HEAD", "/bucket/key");
    assert_eq!((head.status, head.header("content-length")), (200, "5"));
    assert_eq!(get(&mut client, "HEAD", "/bucket/none").status, 404);
    let refused = Signed { method: "HEAD", target: "/bucket/key", key: "nobody", ..Default::default() };
    assert_eq!(client.exchange(&refused, b"").status, 403);
    let deleted = get(&mut client, "DELETE", "/bucket/key");
    assert_eq!((deleted.status, deleted.headers.contains_key("content-length")), (204, false));
    // The connection is where it should be: nothing of those bodies came.
    assert_eq!(get(&mut client, "GET", "/bucket/key").text(), "hello");
}

#[test]
fn answers_have_the_ids_of_s3() {
    let server = Server::start();
    let mut client = server.client();
    for target in ["/bucket/unsaid", "/bucket/none", "/bucket/none?acl", "/bucket?unknown"] {
        let answer = get(&mut client, "GET", target);
        let (id, other) = (answer.header("x-amz-request-id"), answer.header("x-amz-id-2"));
        // With the name of the other services' id, clients would not look for the second.
        assert!(!answer.headers.contains_key("x-amzn-requestid"), "{target}");
        assert!(id.len() == 36 && other.len() == 48, "{id} {other}");
        if answer.status != 200 {
            assert_eq!(
                (answer.element("RequestId").as_str(), answer.element("HostId").as_str()),
                (id, other)
            );
            assert!(answer.text().starts_with("<?xml") || answer.text().starts_with("<Error>"));
            assert!(answer.text().ends_with("</HostId></Error>"), "{}", answer.text());
        }
    }
    assert_eq!(get(&mut client, "GET", "/bucket/none").element("Key"), "bucket/none");
    assert_eq!(get(&mut client, "GET", "/bucket/none?acl").error(), (501, "NotImplemented".into()));
}

#[test]
fn refusals_are_in_the_words_of_s3() {
    let server = Server::start();
    let mut client = server.client();
    let base = || Signed { method: "GET", target: "/bucket/unsaid", ..Default::default() };
    let unknown = client.exchange(&Signed { key: "AKIDNOBODY", ..base() }, b"");
    assert_eq!(unknown.error(), (403, "InvalidAccessKeyId".into()));
    assert_eq!(unknown.element("AWSAccessKeyId"), "AKIDNOBODY");

    let head = base().head().0.replace("Signature=", "Signature=0");
    client.write(head.as_bytes());
    let wrong = client.answer("GET");
    assert_eq!(wrong.error(), (403, "SignatureDoesNotMatch".into()));
    assert_eq!(wrong.element("AWSAccessKeyId"), common::KEY);
    for name in [
        "StringToSign",
        "SignatureProvided",
        "StringToSignBytes",
        "CanonicalRequest",
        "CanonicalRequestBytes",
    ] {
        assert!(!wrong.element(name).is_empty(), "{name}");
    }

    let plain = |client: &mut Client, target: &str, authorization: Option<&str>| {
        let header = authorization.map(|text| format!("authorization: {text}\r\n")).unwrap_or_default();
        client.write(format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n{header}\r\n").as_bytes());
        client.answer("GET")
    };
    let late = base().presign(60, common::NOW - 100);
    let late = plain(&mut client, &late, None);
    assert_eq!(late.error(), (403, "AccessDenied".into()));
    assert_eq!(late.element("Message"), "Request has expired");
    assert_eq!(late.element("X-Amz-Expires"), "60");
    assert_eq!(late.element("Expires"), "2025-06-15T15:06:00Z");
    assert_eq!(late.element("ServerTime"), "2025-06-15T15:06:40Z");
    let good = base().presign(60, common::NOW);
    assert_eq!(plain(&mut client, &good, None).status, 200);
    let early = base().presign(60, common::NOW + 3600);
    assert_eq!(plain(&mut client, &early, None).element("Message"), "Request is not valid yet");
    let older = plain(&mut client, "/bucket/unsaid", Some("AWS AKIDEXAMPLE:c2ln"));
    assert_eq!(older.error(), (400, "InvalidRequest".into()));
    let other = plain(&mut client, "/bucket/unsaid", Some("Basic abc"));
    assert_eq!(other.error(), (400, "InvalidArgument".into()));
    let cut = plain(&mut client, "/bucket/unsaid", Some("AWS4-HMAC-SHA256 Credential=a/b/s3/aws4_request"));
    assert_eq!(cut.error(), (400, "AuthorizationHeaderMalformed".into()));
    let both = plain(&mut client, &good, Some("AWS4-HMAC-SHA256 x=y"));
    assert_eq!(both.error(), (400, "InvalidArgument".into()));
}

#[test]
fn nobody_gets_what_is_public_and_no_more() {
    let server = Server::start();
    let put = Signed { target: "/bucket/public", headers: &[("content-length", "2")], ..Default::default() };
    assert_eq!(server.client().exchange(&put, b"hi").status, 200);
    let mut client = server.client();
    let mut plain = |method: &str, target: &str, more: &str| {
        client.write(format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\n{more}\r\n").as_bytes());
        client.answer(method)
    };
    assert_eq!(plain("GET", "/bucket/public", "").text(), "hi");
    assert_eq!(plain("GET", "/bucket/key", "").error(), (403, "AccessDenied".into()));
    assert_eq!(plain("PUT", "/bucket/public", "content-length: 0\r\n").error(), (403, "AccessDenied".into()));
    // Bad credentials are not none.
    let broken = "authorization: AWS4-HMAC-SHA256 Credential=x\r\n";
    assert_eq!(plain("GET", "/bucket/public", broken).error().0, 400);
    assert_eq!(plain("GET", "/bucket/public?X-Amz-Signature=00", "").error().0, 400);
    assert_eq!(plain("GET", "/bucket/public?AWSAccessKeyId=a&Signature=b", "").error().0, 403);
    // Another service is not open.
    let mut other = server.client();
    other.write(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\nx-amz-target: AmazonSQS.ListQueues\r\n\r\n{}");
    assert_eq!(other.answer("POST").status, 403);
}

#[test]
fn other_services_keep_their_way() {
    let server = Server::start();
    let headers = [
        ("x-amz-target", "AmazonSQS.ListQueues"),
        ("content-type", "application/x-amz-json-1.0"),
        ("content-length", "2"),
    ];
    let hash = Payload::Hash(common::sha256(b"{}"));
    let request = Signed {
        method: "POST",
        target: "/",
        headers: &headers,
        payload: hash,
        service: "sqs",
        ..Default::default()
    };
    let answer = server.client().exchange(&request, b"{}");
    assert_eq!(answer.status, 501, "{}", answer.text());
    assert!(!answer.headers.contains_key("x-amz-id-2") && answer.text().contains("NotImplemented"));
}

#[test]
fn a_client_that_does_not_read_is_given_up() {
    let server = Server::with(Limits { body_wait: Duration::from_millis(200), ..Limits::default() });
    let mut client = server.client();
    let request = Signed { method: "GET", target: "/bucket/huge", ..Default::default() };
    client.write(request.head().0.as_bytes());
    std::thread::sleep(Duration::from_secs(2));
    let answer = client.answer("GET");
    assert!(!answer.whole && answer.body.len() < 64 << 20);
}
