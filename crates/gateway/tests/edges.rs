//! Hosts that name buckets, and requests that are no operations.

mod common;

use common::{Answer, Client, Server, Signed};

fn plain(client: &mut Client, method: &str, host: &str, target: &str, more: &str, body: &str) -> Answer {
    let length = body.len();
    client.write(
        format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\n{more}\r\n{body}")
            .as_bytes(),
    );
    client.answer(method)
}

#[test]
fn the_host_may_name_the_bucket() {
    let server = Server::start();
    let mut client = server.client();
    for (host, target, key) in [
        ("my.bucket.s3.localhost:4566", "/a//b", "my.bucket/a//b"),
        ("sqs.s3.eu-west-1.amazonaws.com", "/k", "sqs/k"),
        ("b.s3-us-west-2.example.org", "/k%2Fl", "b/k/l"),
        ("plain.localhost", "/k", "plain/k"),
        ("s3.localhost", "/b/k", "b/k"),
        ("localhost", "/b/k", "b/k"),
        ("127.0.0.1:4566", "/b/k", "b/k"),
    ] {
        let request = Signed { host, target, headers: &[("content-length", "1")], ..Default::default() };
        let answer = client.exchange(&request, b"x");
        assert_eq!(answer.status, 200, "{host}: {}", answer.text());
        assert_eq!(server.state.puts.lock().pop().unwrap().key, key);
        let presigned = Signed { method: "GET", host, target, ..Default::default() }.presign(60, common::NOW);
        assert_eq!(plain(&mut client, "GET", host, &presigned, "", "").text(), "x", "{host}");
    }
    // An absolute target names the host.
    let request = Signed { method: "GET", host: "b.s3.localhost", target: "/k", ..Default::default() };
    let head = request.head().0.replacen("GET /k", "GET http://b.s3.localhost/k", 1);
    client.write(head.replace("host: b.s3.localhost", "host: other.example").as_bytes());
    assert_eq!(client.answer("GET").text(), "x");
    // A bucket that the host does not sign for.
    let head = request.head().0.replace("host: b.s3.localhost", "host: c.s3.localhost");
    client.write(head.as_bytes());
    assert_eq!(client.answer("GET").error(), (403, "SignatureDoesNotMatch".into()));
}

#[test]
fn what_is_sent_to_a_bucket_is_no_call_of_another_service() {
    let server = Server::start();
    let mut client = server.client();
    let request = Signed { target: "/b/public", headers: &[("content-length", "1")], ..Default::default() };
    assert_eq!(client.exchange(&request, b"x").status, 200);
    let query = "?Action=ListQueues&Version=2012-11-05";
    for (host, path) in [
        ("b.s3.localhost", "/public"),
        ("b.s3-us-west-2.amazonaws.com", "/public"),
        ("s3.localhost", "/b/public"),
    ] {
        let answer = plain(&mut client, "GET", host, &format!("{path}{query}"), "", "");
        assert_eq!((answer.status, answer.text().as_str()), (200, "x"), "{host}");
    }
    // Where the host is nobody's, the parameters say whose they are.
    let answer = plain(&mut client, "GET", "localhost", &format!("/{query}"), "", "");
    // That is how SQS says it.
    assert_eq!(answer.error(), (403, "AccessDenied".into()));
    assert!(answer.text().contains("Access to the resource"), "{}", answer.text());
}

#[test]
fn http_2_names_the_host_in_its_own_way() {
    let server = Server::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (status, key) = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let io = hyper_util::rt::TokioIo::new(stream);
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
        tokio::spawn(connection);
        let signed = Signed {
            host: "b.s3.localhost",
            target: "/two",
            headers: &[("content-length", "200000")],
            ..Default::default()
        };
        let (mut headers, _) = signed.sign();
        headers.remove("host");
        let mut request = hyper::Request::put("http://b.s3.localhost/two");
        *request.headers_mut().unwrap() = headers;
        let body = http_body_util::Full::new(bytes::Bytes::from(vec![2; 200_000]));
        let answer = sender.send_request(request.body(body).unwrap()).await.unwrap();
        (answer.status().as_u16(), server.state.puts.lock()[0].clone())
    });
    assert_eq!((status, key.key.as_str(), key.len), (200, "b/two", 200_000));
}

#[test]
fn preflights_and_websites() {
    let server = Server::start();
    let mut client = server.client();
    let mut text = |method, host, target| plain(&mut client, method, host, target, "", "").text();
    assert_eq!(text("OPTIONS", "localhost", "/b/k"), "OPTIONS - /b/k false");
    assert_eq!(text("OPTIONS", "b.s3.localhost", "/k"), "OPTIONS b /k false");
    assert_eq!(text("OPTIONS", "s3.localhost", "/b"), "OPTIONS - /b false");
    assert_eq!(text("GET", "b.s3-website.localhost", "/"), "GET b / true");
    assert_eq!(text("GET", "a.b.s3-website-us-east-1.localhost", "/x%20y"), "GET a.b /x%20y true");
    assert_eq!(text("PUT", "b.s3-website.eu-west-1.localhost", "/x"), "PUT b /x true");
    // Not S3's, and not wanted.
    let other = plain(&mut client, "OPTIONS", "sqs.localhost", "/", "", "");
    assert_eq!(other.status, 400);
    assert!(other.text().contains("UnknownOperationException"), "{}", other.text());
    let unwanted = plain(&mut client, "GET", "b.s3-website.localhost", "/unwanted", "", "");
    assert_eq!(unwanted.error(), (405, "MethodNotAllowed".into()));
    assert!(!unwanted.header("x-amz-id-2").is_empty());
}

#[test]
fn every_answer_passes_the_edge() {
    let server = Server::start();
    let mut client = server.client();
    let origin = ("origin", "http://localhost:3000");
    for (host, target, expected) in [
        ("b.s3.localhost", "/unsaid", "b 200"),
        ("localhost", "/b/unsaid", "- 200"),
        ("localhost", "/b/none", "- 404"),
        ("localhost", "/b?acl", "- 501"),
        ("localhost", "/b?nothing&acl", "- 501"),
    ] {
        let request = Signed { method: "GET", host, target, headers: &[origin], ..Default::default() };
        assert_eq!(client.exchange(&request, b"").header("x-decorated"), expected, "{target}");
    }
    let refused = Signed { method: "GET", key: "nobody", headers: &[origin], ..Default::default() };
    assert_eq!(client.exchange(&refused, b"").header("x-decorated"), "- 403");
    let preflight = plain(&mut client, "OPTIONS", "localhost", "/b", "origin: http://a\r\n", "");
    assert_eq!(preflight.header("x-decorated"), "- 200");
}

#[test]
fn those_who_watch_are_told_how_requests_end() {
    let server = Server::start();
    let mut client = server.client();
    let put = Signed { target: "/watched/k", headers: &[("content-length", "200000")], ..Default::default() };
    assert_eq!(client.exchange(&put, &[7; 200_000]).status, 200);
    let get = Signed { method: "GET", target: "/watched/k?a=b", ..Default::default() };
    assert_eq!(client.exchange(&get, b"").body.len(), 200_000);
    let none = Signed { method: "GET", target: "/watched/none", ..Default::default() };
    let error = client.exchange(&none, b"");
    let nobody = Signed { method: "GET", target: "/watched/k", key: "nobody", ..Default::default() };
    assert_eq!(client.exchange(&nobody, b"").status, 403);
    assert_eq!(client.exchange(&Signed { target: "/other/k", ..put }, &[7; 200_000]).status, 200);
    // The last is told after its answer is there, so all are that came before.
    let ended = server.state.ended.lock();
    let [put, get, none, nobody] = &ended[..] else { panic!("{ended:?}") };
    assert_eq!((put.method.as_str(), put.path.as_str(), put.status, put.sent), ("PUT", "/watched/k", 200, 0));
    assert_eq!((get.query.as_str(), get.sent, get.fault.as_str()), ("a=b", 200_000, ""));
    assert_eq!(get.answer["x-amz-request-id"], get.request_id.as_str());
    assert!(get.operation.is_some() && get.principal.is_some() && get.peer.is_loopback());
    assert!(get.turn_around <= get.total);
    assert_eq!((none.status, none.sent), (404, error.body.len() as u64));
    assert!(!none.fault.is_empty());
    assert_eq!((nobody.status, &nobody.principal), (403, &None));
}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The signature of a policy, made by what is published of it.
fn policy_signature(policy: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mac = |key: &[u8], text: &str| -> [u8; 32] {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    };
    let day = mac(format!("AWS4{}", common::SECRET).as_bytes(), "20250615");
    let key = mac(&mac(&mac(&day, "us-east-1"), "s3"), "aws4_request");
    hex(mac(&key, policy))
}

#[test]
fn forms_are_from_who_signed_their_policy() {
    let server = Server::start();
    let mut client = server.client();
    let mut post = |fields: &[(&str, &str)], more: &str| {
        let body: String = fields.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        let more = format!("content-type: multipart/form-data; boundary=x\r\n{more}");
        plain(&mut client, "POST", "localhost", "/bucket", &more, &body)
    };
    assert_eq!(post(&[("key", "a")], "").status, 204);
    let anonymous = server.state.puts.lock().pop().unwrap();
    assert_eq!((anonymous.account.as_str(), anonymous.announced), ("", Some(6)));

    let policy = "eyJleHBpcmF0aW9uIjoiMjAzMC0xMi0zMFQxMjowMDowMC4wMDBaIn0=";
    let signature = policy_signature(policy);
    let fields = |key: &'static str| {
        [
            ("policy", policy.to_owned()),
            ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
            ("x-amz-credential", format!("{key}/20250615/us-east-1/s3/aws4_request")),
            ("x-amz-date", "20250615T150640Z".to_owned()),
            ("x-amz-signature", signature.clone()),
        ]
    };
    let mut send = |fields: &[(&str, String)], more: &str| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        post(&fields, more)
    };
    server.state.used.lock().clear();
    assert_eq!(send(&fields(common::KEY), "").status, 204);
    // It is a use of the key like any other.
    assert_eq!(*server.state.used.lock(), ["s3 AKIDEXAMPLE"]);
    assert_eq!(server.state.puts.lock().pop().unwrap().account, "111122223333");

    let mut changed = fields(common::KEY);
    changed[0].1 = "e30=".to_owned();
    let wrong = send(&changed, "");
    assert_eq!(server.state.used.lock().len(), 1);
    assert_eq!(wrong.error(), (403, "SignatureDoesNotMatch".into()));
    assert_eq!(
        (wrong.element("StringToSign"), wrong.element("CanonicalRequest")),
        ("e30=".into(), String::new())
    );
    assert_eq!(send(&fields("AKIDNOBODY"), "").error(), (403, "InvalidAccessKeyId".into()));
    assert_eq!(send(&fields(common::KEY)[..3], "").error().0, 400);
    // The secret that everybody knows is no good in a form of another site's page.
    assert_eq!(send(&fields("test"), "").status, 204);
    let foreign = send(&fields("test"), "origin: https://example.com\r\n");
    assert_eq!(foreign.error(), (403, "InvalidAccessKeyId".into()));
}
