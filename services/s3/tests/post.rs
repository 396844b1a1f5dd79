//! Browser uploads.

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::edge::{answer, body, header, request, wants};
use common::*;
use http::Method;
use model_s3::ops::*;
use model_s3::types::*;
use service::EdgeResponse;
use testkit::Kit;

type Answer = Result<EdgeResponse, (String, u16, String)>;

/// A form with these fields, each with a file name as some clients send them.
fn form(fields: &[(&str, &str)], file: Option<(&str, &str)>) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        text += &format!(
            "--xx\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    if let Some((name, bytes)) = file {
        text += &format!(
            "--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n{bytes}\r\n"
        );
    }
    text + "--xx--\r\n"
}

async fn post_form(kit: &Kit, text: String) -> Answer {
    post_to(kit, "/docs", text).await
}

async fn post_to(kit: &Kit, path: &str, text: String) -> Answer {
    let mut request =
        request(kit, Method::POST, path, &[("content-type", "multipart/form-data; boundary=xx")]);
    request.body = text.into_bytes().into();
    answer(kit, request).await
}

/// Posts `file.txt` of "bar" with a policy of these conditions beside the usual ones.
async fn post(kit: &Kit, fields: &[(&str, &str)], conditions: &str) -> Answer {
    let policy = format!(
        r#"{{"expiration": "2030-01-01T00:00:00Z", "conditions": [{{"bucket": "docs"}},
            ["starts-with", "$key", ""], ["starts-with", "$x-amz-algorithm", ""], ["starts-with", "$x-amz-credential", ""],
            ["starts-with", "$x-amz-date", ""]{conditions}]}}"#
    );
    let policy = STANDARD.encode(policy);
    let mut all = fields.to_vec();
    all.extend([
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", "c"),
        ("X-Amz-Date", "d"),
        ("X-Amz-Signature", "s"),
        ("Policy", &policy),
    ]);
    post_form(kit, form(&all, Some(("file.txt", "bar")))).await
}

async fn object(kit: &Kit, key: &str) -> (GetObjectOutput, String) {
    let input = GetObjectInput { bucket: "docs".into(), key: key.into(), ..Default::default() };
    let output = kit.run(GetObject, input).await.expect("an object");
    let bytes = output.body.as_ref().expect("a body").open().whole(1 << 20).await.unwrap().unwrap();
    (output, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_form_becomes_an_object() {
    let kit = world();
    create(&kit, "docs").await;
    let fields =
        [("KEY", "up/${filename}"), ("Content-Type", "text/x"), ("x-amz-meta-A", "1"), ("x-ignore-b", "2")];
    let conditions = r#", ["eq", "$content-type", "text/x"], {"x-amz-meta-a": "1"}"#;
    let response = post(&kit, &fields, conditions).await.unwrap();
    assert_eq!((response.status, body(&response).await.len()), (204, 0));
    let (found, text) = object(&kit, "up/file.txt").await;
    assert_eq!((text.as_str(), found.content_type.as_deref()), ("bar", Some("text/x")));
    assert_eq!(found.metadata.unwrap()["a"], "1");
    assert_eq!(header(&response.headers, "etag"), found.e_tag.as_deref());
    assert_eq!(header(&response.headers, "location"), Some("http://localhost:4566/docs/up/file.txt"));
}

#[tokio::test]
async fn answers_are_as_the_form_asks() {
    let kit = world();
    create(&kit, "docs").await;
    let any =
        r#", ["starts-with", "$success_action_status", ""], ["starts-with", "$success_action_redirect", ""]"#;
    for (asked, status) in [("200", 200), ("204", 204), ("404", 204), ("", 204)] {
        let response = post(&kit, &[("key", "k"), ("success_action_status", asked)], any).await.unwrap();
        assert_eq!((response.status, body(&response).await.len()), (status, 0));
    }
    let response = post(&kit, &[("key", "k&"), ("success_action_status", "201")], any).await.unwrap();
    assert_eq!((response.status, header(&response.headers, "content-type")), (201, Some("application/xml")));
    let text = String::from_utf8(body(&response).await.to_vec()).unwrap();
    for part in ["<PostResponse>", "<Bucket>docs</Bucket>", "<Key>k&amp;</Key>", "<ETag>"] {
        assert!(text.contains(part), "{text}");
    }
    let to = [("key", "k"), ("success_action_redirect", "http://example.com/done")];
    let response = post(&kit, &to, any).await.unwrap();
    let location = header(&response.headers, "location").unwrap();
    assert!(
        response.status == 303 && location.starts_with("http://example.com/done?bucket=docs&key=k&etag=%22")
    );
}

#[tokio::test]
async fn policies_decide() {
    let kit = world();
    create(&kit, "docs").await;
    let sizes = |range: &str| format!(r#", ["content-length-range", {range}]"#);
    for (fields, conditions, code, status) in [
        (vec![("key", "k"), ("acl", "private")], String::new(), "AccessDenied", 403),
        (vec![("key", "k")], r#", ["eq", "$key", "other"]"#.to_owned(), "AccessDenied", 403),
        (vec![("key", "k")], sizes("0, 2"), "EntityTooLarge", 400),
        (vec![("key", "k")], sizes("4, 10"), "EntityTooSmall", 400),
        (vec![("key", "k")], sizes("0"), "InvalidPolicyDocument", 400),
        (vec![("key", "k")], ", {}".to_owned(), "InvalidPolicyDocument", 400),
        (vec![], String::new(), "InvalidArgument", 400),
    ] {
        let refused = post(&kit, &fields, &conditions).await.unwrap_err();
        assert_eq!((refused.0.as_str(), refused.1), (code, status), "{conditions}");
    }
    let input = GetObjectInput { bucket: "docs".into(), key: "k".into(), ..Default::default() };
    refused_as(kit.run(GetObject, input).await, "NoSuchKey");
    // The form's word for its bucket counts for nothing.
    let mut elsewhere = form(&[("bucket", "docs"), ("key", "k")], Some(("f", "x")));
    let policy = r#"{"expiration": "2030-01-01T00:00:00Z", "conditions": [{"bucket": "docs"}, ["starts-with", "$key", ""]]}"#;
    for (name, value) in
        [("policy", STANDARD.encode(policy).as_str()), ("awsaccesskeyid", "a"), ("signature", "s")]
    {
        elsewhere =
            format!("--xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n{elsewhere}");
    }
    create(&kit, "other").await;
    let refused = post_to(&kit, "/other", elsewhere).await.unwrap_err();
    assert_eq!((refused.0.as_str(), refused.1), ("AccessDenied", 403));
    post(&kit, &[("key", "k")], &sizes("3, 3")).await.unwrap();
    kit.advance(std::time::Duration::from_secs(10 * 365 * 86_400));
    let text = "Invalid according to Policy: Policy expired.";
    assert_eq!(post(&kit, &[("key", "k")], "").await.unwrap_err().2, text);
}

#[tokio::test]
async fn forms_are_whole() {
    let kit = world();
    create(&kit, "docs").await;
    let no_file = post_form(&kit, form(&[("key", "k")], None)).await.unwrap_err();
    assert_eq!(no_file.0, "IncorrectNumberOfFilesInPostRequest");
    let policy_alone = form(&[("key", "k"), ("policy", "e30=")], Some(("f", "x")));
    assert_eq!(post_form(&kit, policy_alone).await.unwrap_err().0, "AccessDenied");
    let half = form(&[("key", "k"), ("policy", "e30="), ("x-amz-signature", "s")], Some(("f", "x")));
    let (code, _, text) = post_form(&kit, half).await.unwrap_err();
    assert_eq!(code, "InvalidArgument");
    assert!(text.contains("'X-Amz-Algorithm'"));
    let long = form(&[("key", "k"), ("x-ignore-a", &"x".repeat(21 * 1024))], Some(("f", "x")));
    assert_eq!(post_form(&kit, long).await.unwrap_err().0, "MaxPostPreDataLengthExceeded");
    let cut = form(&[("key", "k")], Some(("f", "abc")));
    let cut = cut[..cut.len() - 8].to_owned();
    assert_eq!(post_form(&kit, cut).await.unwrap_err().0, "MalformedPOSTRequest");
    let typed = request(&kit, Method::POST, "/docs", &[("content-type", "text/plain")]);
    assert_eq!(answer(&kit, typed).await.unwrap_err().1, 412);
    assert!(!wants(&kit, &request(&kit, Method::POST, "/docs/key", &[])));
    // Nobody's form is nobody's upload: the policies are asked about nobody.
    kit.asked();
    post_form(&kit, form(&[("key", "k")], Some(("f", "x")))).await.unwrap();
    let asked = kit.asked();
    assert!(asked.iter().any(|ask| ask.action == "s3:PutObject" && ask.call.principal.account.is_empty()));
}
