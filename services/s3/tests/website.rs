//! Websites: their configuration, and what visitors get.

mod common;

use common::edge::{answer, body, header, request};
use common::*;
use http::Method;
use model_s3::ops::*;
use model_s3::types::*;
use service::{EdgeRequest, EdgeResponse};
use testkit::Kit;
use wire::Open;

async fn put(kit: &Kit, website: WebsiteConfiguration) -> Result<PutBucketWebsiteOutput, model_s3::Error> {
    let input = PutBucketWebsiteInput {
        bucket: "docs".into(),
        website_configuration: website.into(),
        ..Default::default()
    };
    kit.run(PutBucketWebsite, input).await
}

fn index(suffix: &str) -> WebsiteConfiguration {
    WebsiteConfiguration {
        index_document: Some(IndexDocument { suffix: suffix.into() }),
        ..Default::default()
    }
}

#[tokio::test]
async fn configurations_are_checked_and_kept() {
    let kit = world();
    create(&kit, "docs").await;
    let get = || GetBucketWebsiteInput { bucket: "docs".into(), ..Default::default() };
    let text = "The specified bucket does not have a website configuration";
    refused(kit.run(GetBucketWebsite, get()).await, "NoSuchWebsiteConfiguration", text);
    let to = |redirect: Redirect, condition: Option<Condition>| WebsiteConfiguration {
        routing_rules: Some(vec![RoutingRule { condition, redirect: redirect.into() }]),
        ..index("index.html")
    };
    let all = RedirectAllRequestsTo { host_name: "example.com".into(), protocol: None };
    let wrong_protocol = Some(Open::Unknown("protocol".into()));
    let text = "The IndexDocument Suffix is not well formed";
    refused(put(&kit, index("/index.html")).await, "InvalidArgument", text);
    refused(put(&kit, index("")).await, "InvalidArgument", text);
    let both = WebsiteConfiguration { redirect_all_requests_to: Some(all.clone()), ..index("index.html") };
    let text = "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.";
    refused(put(&kit, both).await, "InvalidArgument", text);
    let text = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty";
    refused(put(&kit, WebsiteConfiguration::default()).await, "InvalidArgument", text);
    let text = "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected \
                automatically.";
    let wrong = RedirectAllRequestsTo { protocol: wrong_protocol.clone(), ..all.clone() };
    let wrong = WebsiteConfiguration { redirect_all_requests_to: Some(wrong), ..Default::default() };
    refused(put(&kit, wrong).await, "InvalidRequest", text);
    let wrong = Redirect { protocol: wrong_protocol, ..Default::default() };
    refused(put(&kit, to(wrong, None)).await, "InvalidRequest", text);
    let keys = Redirect {
        replace_key_with: Some("a".into()),
        replace_key_prefix_with: Some("b".into()),
        ..Default::default()
    };
    let text = "You can only define ReplaceKeyPrefix or ReplaceKey but not both.";
    refused(put(&kit, to(keys, None)).await, "InvalidRequest", text);
    let empty = put(&kit, to(Redirect::default(), Some(Condition::default()))).await;
    assert!(refusal(empty).1.starts_with("Condition cannot be empty."));
    let none = WebsiteConfiguration { routing_rules: Some(Vec::new()), ..index("index.html") };
    refused_as(put(&kit, none).await, "MalformedXML");

    let redirect = Redirect { replace_key_with: Some("a".into()), ..Default::default() };
    let condition = Condition { key_prefix_equals: Some("x/".into()), ..Default::default() };
    put(&kit, to(redirect, Some(condition))).await.unwrap();
    let found = kit.run(GetBucketWebsite, get()).await.unwrap();
    assert_eq!(found.index_document.unwrap().suffix.as_str(), "index.html");
    let rules = found.routing_rules.unwrap();
    assert_eq!(rules[0].redirect.replace_key_with.as_deref(), Some("a"));
    assert_eq!(rules[0].condition.as_ref().unwrap().key_prefix_equals.as_deref(), Some("x/"));
    let input = DeleteBucketWebsiteInput { bucket: "docs".into(), ..Default::default() };
    kit.run(DeleteBucketWebsite, input).await.unwrap();
    refused_as(kit.run(GetBucketWebsite, get()).await, "NoSuchWebsiteConfiguration");
}

async fn put_object(kit: &Kit, key: &str, body: &str) {
    let input = PutObjectInput {
        bucket: "docs".into(),
        key: key.into(),
        content_type: Some("text/html".into()),
        body: Some(body.as_bytes().to_vec().into()),
        ..Default::default()
    };
    kit.run(PutObject, input).await.expect("an object");
}

fn visiting(kit: &Kit, method: Method, path: &str) -> EdgeRequest {
    EdgeRequest { bucket: Some("docs".into()), website: true, ..request(kit, method, path, &[]) }
}

async fn visit(kit: &Kit, path: &str) -> EdgeResponse {
    answer(kit, visiting(kit, Method::GET, path)).await.expect("a page")
}

#[tokio::test]
async fn visitors_get_pages() {
    let kit = world();
    let missing = visit(&kit, "/").await;
    assert_eq!(missing.status, 404);
    assert!(String::from_utf8_lossy(&body(&missing).await).contains("NoSuchBucket"));
    create(&kit, "docs").await;
    let page = visit(&kit, "/").await;
    assert!(String::from_utf8_lossy(&body(&page).await).contains("NoSuchWebsiteConfiguration"));
    put_website(&kit, "docs").await;
    for (key, text) in [("index.html", "home"), ("a b/index.html", "folder"), ("error.html", "sorry")] {
        put_object(&kit, key, text).await;
    }
    for (path, status, text) in [
        ("/", 200, "home"),
        ("/index.html", 200, "home"),
        ("/a%20b/", 200, "folder"),
        ("/none", 404, "sorry"),
    ] {
        let response = visit(&kit, path).await;
        assert_eq!((response.status, body(&response).await.as_ref()), (status, text.as_bytes()), "{path}");
        assert_eq!(header(&response.headers, "content-type"), Some("text/html"));
    }
    let folder = visit(&kit, "/a%20b").await;
    assert_eq!((folder.status, header(&folder.headers, "location")), (302, Some("/a%20b/")));
    let head = answer(&kit, visiting(&kit, Method::HEAD, "/")).await.unwrap();
    assert_eq!((head.status, body(&head).await.len()), (200, 0));
    assert_eq!(header(&head.headers, "content-length"), Some("4"));
    let posted = answer(&kit, visiting(&kit, Method::POST, "/")).await.unwrap();
    assert_eq!(posted.status, 405);
    // What everybody may not read is no page, but for the page that says so.
    kit.deny("arn:aws:s3:::docs/index.html");
    let denied = visit(&kit, "/").await;
    assert_eq!((denied.status, body(&denied).await.as_ref()), (403, &b"sorry"[..]));
}

#[tokio::test]
async fn visitors_are_sent_elsewhere() {
    let kit = world();
    create(&kit, "docs").await;
    let to = |host: &str| Redirect { host_name: Some(host.into()), ..Default::default() };
    let on_error = Condition { http_error_code_returned_equals: Some("404".into()), ..Default::default() };
    let rules = vec![
        RoutingRule {
            condition: Some(Condition { key_prefix_equals: Some("old/".into()), ..Default::default() }),
            redirect: Redirect { replace_key_prefix_with: Some("new/".into()), ..Default::default() }.into(),
        },
        RoutingRule { condition: Some(on_error), redirect: to("elsewhere.example").into() },
    ];
    put(&kit, WebsiteConfiguration { routing_rules: Some(rules), ..index("index.html") }).await.unwrap();
    let moved = visit(&kit, "/old/x").await;
    assert_eq!(
        (moved.status, header(&moved.headers, "location")),
        (301, Some("http://localhost:4566/new/x"))
    );
    let lost = visit(&kit, "/x").await;
    assert_eq!((lost.status, header(&lost.headers, "location")), (301, Some("http://elsewhere.example/x")));
    let input = PutObjectInput {
        bucket: "docs".into(),
        key: "here".into(),
        website_redirect_location: Some("/there".into()),
        ..Default::default()
    };
    kit.run(PutObject, input).await.unwrap();
    let by_object = visit(&kit, "/here").await;
    assert_eq!((by_object.status, header(&by_object.headers, "location")), (301, Some("/there")));
    let all = RedirectAllRequestsTo { host_name: "example.com".into(), protocol: None };
    put(&kit, WebsiteConfiguration { redirect_all_requests_to: Some(all), ..Default::default() })
        .await
        .unwrap();
    let gone = visit(&kit, "/a/b").await;
    assert_eq!((gone.status, header(&gone.headers, "location")), (301, Some("http://example.com/a/b")));
}
