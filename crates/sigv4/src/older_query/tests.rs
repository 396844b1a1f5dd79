//! The signatures were computed with botocore's signer `s3-query`, at 2025-06-15T15:06:40Z for a minute.

use super::*;
use crate::Dialect;

const SECRET: &str = "secret";
const EXPIRES: i64 = 1_750_000_060;

fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
    list.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
}

fn parse(query: &str, sent: &[(&'static str, &str)]) -> Result<Option<OlderQuery>, AuthError> {
    OlderQuery::parse(&Request { method: "GET", path: "/", query, headers: &headers(sent) })
}

fn verify(method: &str, resource: &str, query: &str, sent: &[(&'static str, &str)]) -> Result<(), AuthError> {
    let headers = headers(sent);
    let req = Request { method, path: "/", query, headers: &headers };
    let link = OlderQuery::parse(&req)?.expect("a signature");
    assert_eq!(link.access_key(), "AKIDEXAMPLE");
    link.verify(&req, resource, SECRET)
}

fn signed(before: &str, signature: &str) -> String {
    format!("{before}AWSAccessKeyId=AKIDEXAMPLE&Signature={signature}&Expires={EXPIRES}")
}

fn text_of(error: &AuthError) -> &str {
    match error {
        AuthError::SignatureDoesNotMatch(mismatch) => &mismatch.string_to_sign,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_clients_sign() {
    let table = [
        ("/bucket/a%20b/%C3%A9%2B.txt", "", "SPpsI5tse7stWSFfQ4yatfz%2F%2Bv4%3D"),
        ("/bucket/key", "", "VRTeqdc5L1qebUNIFvYfFEJ%2BtPU%3D"),
        ("/", "", "%2BgEgvYCjspP7YqhDZx%2BsgwFVpmU%3D"),
        ("/bucket/key", "acl&", "Kj4OyRrFY9wT6YGOvG5%2FhbW6T90%3D"),
        ("/bucket/key", "x-amz-security-token=tok%2Fen%2B%3D&", "PWu173OdQiWTZH4cKl2gmhB3N5Q%3D"),
        (
            "/bucket/key",
            "versionId=v1&response-content-type=text%2Fplain&response-content-disposition=\
             attachment%3B%20filename%3D%22a%20b.txt%22&",
            "cILf1uVsygUWxkzcRDFfLOnuXK4%3D",
        ),
        // Of a bucket the slash behind it is signed, which is not always sent.
        ("/bucket", "list-type=2&prefix=x&encoding-type=url&", "Rw7%2B26oGGkrQ0UxXAVQMPCLSHOI%3D"),
        ("/bucket/", "list-type=2&prefix=x&encoding-type=url&", "Rw7%2B26oGGkrQ0UxXAVQMPCLSHOI%3D"),
    ];
    for (resource, before, signature) in table {
        let query = signed(before, signature);
        assert_eq!(verify("GET", resource, &query, &[]), Ok(()), "{resource}?{query}");
        for (method, resource) in [("PUT", resource), ("GET", "/bucket/other"), ("GET", "/other")] {
            let refused = verify(method, resource, &query, &[]).unwrap_err();
            assert!(text_of(&refused).contains(resource));
        }
        // What chooses the operation cannot be put to a link.
        for more in ["tagging", "uploads", "retention", "legal-hold", "attributes", "x-amz-acl=public-read"] {
            let refused = verify("GET", resource, &format!("{query}&{more}"), &[]).unwrap_err();
            assert!(text_of(&refused).contains(more.split('=').next().unwrap()));
        }
        assert!(verify("GET", resource, &query.replace("060", "061"), &[]).is_err());
    }
    let part = signed("uploadId=u%2F1&partNumber=2&", "PKb1mCfgi%2BBEkdQ1XhKv444groc%3D");
    assert_eq!(verify("PUT", "/bucket/key", &part, &[]), Ok(()));
}

#[test]
fn headers_in_the_query_are_headers() {
    let before = "content-type=text%2Fplain&x-amz-meta-foo=bar&x-amz-meta-zed=1%202&x-amz-acl=public-read&\
                  content-md5=kAFQmDzST7DWlj99KOF%2Fcg%3D%3D&";
    let query = signed(before, "iXVnWReRiiUAil6WWUcff0WUWHQ%3D");
    assert_eq!(verify("PUT", "/bucket/key", &query, &[]), Ok(()));
    let link = parse(&query, &[("x-amz-acl", "private"), ("accept", "a")]).unwrap().unwrap();
    assert_eq!(link.headers()["x-amz-meta-zed"], "1 2");
    assert_eq!(link.headers()["content-type"], "text/plain");
    assert_eq!(
        (&link.headers()["accept"], &link.headers()["x-amz-acl"]),
        (&"a".parse().unwrap(), &"private".parse().unwrap())
    );
    // Those sent count, and so they are what has to be signed.
    assert_eq!(verify("PUT", "/bucket/key", &query, &[("x-amz-acl", "public-read")]), Ok(()));
    for other in [("x-amz-acl", "private"), ("x-amz-meta-more", "1"), ("content-type", "text/html")] {
        let refused = verify("PUT", "/bucket/key", &query, &[other]).unwrap_err();
        assert!(text_of(&refused).contains(other.1));
    }
    let bare = signed("", "iXVnWReRiiUAil6WWUcff0WUWHQ%3D");
    let sent = [
        ("content-type", "text/plain"),
        ("content-md5", "kAFQmDzST7DWlj99KOF/cg=="),
        ("x-amz-meta-foo", "bar"),
        ("x-amz-meta-zed", "1 2"),
        ("x-amz-acl", "public-read"),
    ];
    assert_eq!(verify("PUT", "/bucket/key", &bare, &sent), Ok(()));
    let token = parse(&signed("x-amz-security-token=t%2B&", "x"), &[]).unwrap().unwrap();
    assert_eq!(token.session_token(), Some("t+"));
}

#[test]
fn links_end() {
    let link = parse(&signed("", "x"), &[]).unwrap().unwrap();
    assert_eq!(link.check_time(EXPIRES), Ok(()));
    let error = link.check_time(EXPIRES + 1).unwrap_err();
    assert_eq!((error.code(Dialect::S3), error.status(Dialect::S3)), ("AccessDenied", 403));
    assert_eq!(error.message(Dialect::S3), "Request has expired");
    let fields =
        [("Expires", "2025-06-15T15:07:40Z".to_owned()), ("ServerTime", "2025-06-15T15:07:41Z".to_owned())];
    assert_eq!(error.s3_fields(), fields);
}

#[test]
fn what_is_no_link_and_what_is_half_of_one() {
    for none in ["", "prefix=AWSAccessKeyId", "Signature=x", "Expires=1", "MySignature=x&Expires=1"] {
        assert!(parse(none, &[]).unwrap().is_none(), "{none}");
    }
    for half in ["AWSAccessKeyId=a", "AWSAccessKeyId=a&Signature=b", "Signature=b&Expires=1"] {
        let error = parse(half, &[]).unwrap_err();
        assert_eq!(error, AuthError::IncompleteLink);
        assert_eq!((error.code(Dialect::S3), error.status(Dialect::S3)), ("AccessDenied", 403));
    }
    for bad in ["", "-1", "+1", "1.5", "x", "99999999999999999999"] {
        let error = parse(&format!("AWSAccessKeyId=a&Signature=b&Expires={}", bad.replace('+', "%2B")), &[]);
        assert_eq!(error.unwrap_err(), AuthError::MalformedLinkExpiry { value: bad.to_owned() });
    }
    let repeated = parse(&signed("Signature=a&", "b"), &[]).unwrap_err();
    assert_eq!(repeated, AuthError::RepeatedParameter { parameter: "Signature" });
    assert_eq!(parse(&signed("a=%zz&%&", "b"), &[]).unwrap_err(), AuthError::MalformedUri);
    assert!(parse(&signed("x-amz-acl=%0A&", "b"), &[]).is_err());
    // Those of other services.
    assert_eq!(parse(&signed("SignatureVersion=2&", "b"), &[]).unwrap_err(), AuthError::SignatureV2);
    let many = "x-amz-a=b&".repeat(HEADERS_MAX + 1);
    assert!(matches!(parse(&signed(&many, "b"), &[]), Err(AuthError::TooLarge { .. })));
}

#[test]
fn every_parameter_that_chooses_an_operation_is_signed() {
    assert!(SIGNED.is_sorted());
    let s3 = catalog::ALL.iter().find(|service| service.signing_name == "s3").unwrap();
    let mut seen = 0;
    for operation in s3.operations {
        let pattern = operation.uri.split_once('?').map_or("", |(_, query)| query);
        let of_pattern = pattern.split('&').filter_map(|pair| pair.split('=').next());
        let own = operation.query.iter().copied();
        // See above for the one that is not.
        for name in of_pattern.chain(own).filter(|name| !name.is_empty() && *name != "list-type") {
            assert!(SIGNED.contains(&name), "{}: {name}", operation.name);
            seen += 1;
        }
    }
    assert!(seen > 80, "{seen}");
}
