//! What the service answers besides its operations: preflights, forms and websites; and the headers of answers to
//! requests from other origins.

mod preflight;
mod site;

use std::sync::Arc;

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::percent_decode_str;
use service::{Edge, EdgeHead, EdgeRequest, EdgeResponse};
use wire::CommonError;

use crate::cors::{self, Crossing};
use crate::post;
use crate::s3::S3;

const BUCKET_REGION: &str = "x-amz-bucket-region";

/// The service's edge.
pub struct S3Edge(Arc<S3>);

impl S3Edge {
    pub fn new(s3: Arc<S3>) -> Self {
        Self(s3)
    }
}

/// The bucket and the key that a request names, decoded; the key is empty if it names only a bucket.
pub fn named(head: &EdgeHead<'_>) -> (String, String) {
    let path = head.path.strip_prefix('/').unwrap_or(head.path);
    let (bucket, key) = match head.bucket {
        Some(bucket) => (bucket, path),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    (decoded(bucket), decoded(key))
}

impl Edge for S3Edge {
    fn wants(&self, head: &EdgeHead<'_>) -> bool {
        head.website
            || *head.method == Method::OPTIONS
            || (*head.method == Method::POST && named(head).1.is_empty())
    }

    fn answer(&self, request: EdgeRequest) -> BoxFuture<'static, Result<EdgeResponse, CommonError>> {
        let s3 = self.0.clone();
        Box::pin(async move {
            match request.method {
                Method::OPTIONS => preflight::answer(&s3, &request.head()),
                _ if request.website => Ok(site::answer(&s3, &request).await),
                _ => post::answer(&s3, request).await,
            }
        })
    }

    fn decorate(&self, head: &EdgeHead<'_>, _status: u16, headers: &mut HeaderMap) {
        let (name, key) = named(head);
        if name.is_empty() {
            return;
        }
        // Without the bucket there is nothing to say; whoever asked has been told.
        let Ok(Some(bucket)) = self.0.find_bucket(&name) else { return };
        let asks = matches!(*head.method, Method::GET | Method::HEAD);
        if asks && key.is_empty() && !head.website {
            put(headers, BUCKET_REGION, &bucket.place.region);
        }
        if *head.method == Method::OPTIONS {
            return;
        }
        let Some(crossing) = Crossing::of_request(head.method, head.headers) else { return };
        let Ok(Some(rules)) = preflight::rules(&self.0, &bucket) else { return };
        if let Some(rule) = crossing.allowed_by(&rules.cors_rules) {
            cors::put_headers(headers, crossing.headers(rule));
        }
    }
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named_by(path: &str, bucket: Option<&str>) -> (String, String) {
        let headers = HeaderMap::new();
        let head =
            EdgeHead { method: &Method::GET, path, query: "", headers: &headers, bucket, website: false };
        named(&head)
    }

    #[test]
    fn buckets_stand_in_hosts_or_paths() {
        for (path, bucket, expected) in [
            ("/", None, ("", "")),
            ("/b", None, ("b", "")),
            ("/b/", None, ("b", "")),
            ("/b/a%20b//c", None, ("b", "a b//c")),
            ("/a/b", Some("c"), ("c", "a/b")),
            ("/", Some("c"), ("c", "")),
        ] {
            assert_eq!(named_by(path, bucket), (expected.0.to_owned(), expected.1.to_owned()), "{path}");
        }
    }
}
