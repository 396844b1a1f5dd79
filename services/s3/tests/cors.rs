//! CORS: its configuration, preflights, and the headers of answers to other origins.

mod common;

use common::edge::{answer, decorated, header, request};
use common::*;
use http::Method;
use model_s3::ops::*;
use model_s3::types::*;
use testkit::Kit;

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn rule(origins: &[&str], methods: &[&str]) -> CorsRule {
    CorsRule {
        allowed_origins: texts(origins).into(),
        allowed_methods: texts(methods).into(),
        ..Default::default()
    }
}

async fn put(kit: &Kit, rules: Vec<CorsRule>) -> Result<PutBucketCorsOutput, model_s3::Error> {
    let input = PutBucketCorsInput {
        bucket: "docs".into(),
        cors_configuration: CorsConfiguration { cors_rules: rules.into() }.into(),
        ..Default::default()
    };
    kit.run(PutBucketCors, input).await
}

#[tokio::test]
async fn configurations_are_checked_and_kept() {
    let kit = world();
    create(&kit, "docs").await;
    let get = || GetBucketCorsInput { bucket: "docs".into(), ..Default::default() };
    refused(
        kit.run(GetBucketCors, get()).await,
        "NoSuchCORSConfiguration",
        "The CORS configuration does not exist",
    );
    let full = CorsRule {
        id: Some("one".into()),
        allowed_headers: Some(texts(&["*", "x-amz-*"])),
        expose_headers: Some(texts(&["etag"])),
        max_age_seconds: Some(3000),
        ..rule(&["https://*.example.com"], &["GET", "PUT"])
    };
    put(&kit, vec![full.clone(), rule(&["*"], &["HEAD"])]).await.unwrap();
    let found = kit.run(GetBucketCors, get()).await.unwrap().cors_rules.unwrap();
    assert_eq!(format!("{found:?}"), format!("{:?}", [full, rule(&["*"], &["HEAD"])]));
    let text = "Found unsupported HTTP method in CORS config. Unsupported method is MYMETHOD";
    refused(put(&kit, vec![rule(&["*"], &["MYMETHOD"])]).await, "InvalidRequest", text);
    let text = "AllowedOrigin \"*.*\" can not have more than one wildcard.";
    refused(put(&kit, vec![rule(&["*.*"], &["GET"])]).await, "InvalidRequest", text);
    let exposing = CorsRule { expose_headers: Some(texts(&["*"])), ..rule(&["*"], &["GET"]) };
    refused_as(put(&kit, vec![exposing]).await, "InvalidRequest");
    for rules in [Vec::new(), vec![rule(&["*"], &["GET"]); 101], vec![rule(&[], &["GET"])]] {
        refused_as(put(&kit, rules).await, "MalformedXML");
    }
    for _ in 0..2 {
        let input = DeleteBucketCorsInput { bucket: "docs".into(), ..Default::default() };
        kit.run(DeleteBucketCors, input).await.unwrap();
    }
    refused_as(kit.run(GetBucketCors, get()).await, "NoSuchCORSConfiguration");
}

#[tokio::test]
async fn preflights_are_answered_by_rule() {
    let kit = world();
    let ask = async |path: &str, headers: &[(&str, &str)]| {
        answer(&kit, request(&kit, Method::OPTIONS, path, headers)).await
    };
    let asking = [("origin", "https://a"), ("access-control-request-method", "PUT")];
    let refused = |result: Result<service::EdgeResponse, (String, u16, String)>| result.unwrap_err();
    let (code, status, text) = refused(ask("/docs/k", &asking).await);
    assert_eq!(
        (code.as_str(), status, text.as_str()),
        ("AccessForbidden", 403, "CORSResponse: Bucket not found")
    );
    create(&kit, "docs").await;
    assert_eq!(
        refused(ask("/docs/k", &asking).await).2,
        "CORSResponse: CORS is not enabled for this bucket."
    );
    let text = "Insufficient information. Origin request header needed.";
    assert_eq!(refused(ask("/docs", &[]).await), ("BadRequest".to_owned(), 400, text.to_owned()));
    let from_a = CorsRule {
        allowed_headers: Some(texts(&["x-amz-*"])),
        max_age_seconds: Some(60),
        ..rule(&["https://a"], &["GET", "PUT"])
    };
    put(&kit, vec![from_a]).await.unwrap();
    let response = ask("/docs/k", &asking).await.unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(header(&response.headers, "access-control-allow-origin"), Some("https://a"));
    assert_eq!(header(&response.headers, "access-control-allow-methods"), Some("GET, PUT"));
    assert_eq!(header(&response.headers, "access-control-max-age"), Some("60"));
    assert_eq!(refused(ask("/docs", &[("origin", "https://a")]).await).1, 400);
    for wrong in [
        [("origin", "https://b"), ("access-control-request-method", "PUT"), ("x", "")],
        [("origin", "https://a"), ("access-control-request-method", "DELETE"), ("x", "")],
        [
            ("origin", "https://a"),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "range"),
        ],
    ] {
        assert_eq!(refused(ask("/docs/k", &wrong).await).0, "AccessForbidden");
    }
    let more = [asking[0], asking[1], ("access-control-request-headers", "X-Amz-Date, x-amz-acl")];
    let response = ask("/docs/k", &more).await.unwrap();
    assert_eq!(header(&response.headers, "access-control-allow-headers"), Some("x-amz-date, x-amz-acl"));
}

#[tokio::test]
async fn answers_to_other_origins_say_so() {
    let kit = world();
    create(&kit, "docs").await;
    put(&kit, vec![rule(&["https://a"], &["PUT"]), rule(&["*"], &["GET"])]).await.unwrap();
    let headers = |method: Method, headers: &[(&str, &str)]| {
        decorated(&kit, &request(&kit, method, "/docs/k", headers).head())
    };
    assert!(headers(Method::GET, &[]).is_empty());
    let public = headers(Method::GET, &[("origin", "https://b")]);
    assert_eq!(header(&public, "access-control-allow-origin"), Some("*"));
    assert_eq!(header(&public, "access-control-allow-credentials"), None);
    assert!(headers(Method::PUT, &[("origin", "https://b")]).is_empty());
    let named = headers(Method::PUT, &[("origin", "https://a")]);
    assert_eq!(header(&named, "access-control-allow-credentials"), Some("true"));
    assert_eq!(
        header(&named, "vary"),
        Some("Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
    );
    let asked = [("origin", "https://a"), ("access-control-request-method", "PUT")];
    assert_eq!(header(&headers(Method::POST, &asked), "access-control-allow-origin"), Some("https://a"));
    let bucket = decorated(&kit, &request(&kit, Method::HEAD, "/docs", &[]).head());
    assert_eq!(header(&bucket, "x-amz-bucket-region"), Some("us-east-1"));
}
