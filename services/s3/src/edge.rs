//! What the service answers besides its operations: preflights, forms and websites; and the headers of answers to
//! requests from other origins.

mod preflight;
mod site;

use std::borrow::Cow;
use std::sync::Arc;

use futures::future::BoxFuture;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::percent_decode_str;
use service::{Edge, EdgeHead, EdgeRequest, EdgeResponse, Ended};
use wire::CommonError;

use crate::access_points;
use crate::cors::{self, Crossing};
use crate::logging;
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

/// The bucket that a request names.
fn bucket_of<'a>(head: &EdgeHead<'a>) -> Cow<'a, str> {
    let in_path = || head.path.strip_prefix('/').unwrap_or(head.path).split('/').next().unwrap_or_default();
    percent_decode_str(head.bucket.unwrap_or_else(in_path)).decode_utf8_lossy()
}

/// The bucket and the key that a request names, decoded; the key is empty if it names only a bucket.
pub fn named(head: &EdgeHead<'_>) -> (String, String) {
    let (bucket, key) = parts(head);
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    (decoded(bucket), decoded(key))
}

/// Whether a request names a bucket or nothing, and no key.
fn names_no_key(head: &EdgeHead<'_>) -> bool {
    parts(head).1.is_empty()
}

/// Bucket and key as they were sent.
fn parts<'a>(head: &EdgeHead<'a>) -> (&'a str, &'a str) {
    let path = head.path.strip_prefix('/').unwrap_or(head.path);
    match head.bucket {
        Some(bucket) => (bucket, path),
        None => path.split_once('/').unwrap_or((path, "")),
    }
}

impl Edge for S3Edge {
    fn wants(&self, head: &EdgeHead<'_>) -> bool {
        head.website
            || *head.method == Method::OPTIONS
            || (*head.method == Method::POST && names_no_key(head))
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
        // Nearly all answers are about objects, to requests that are not from another origin: those are left as they are
        // without a look at their bucket.
        let crossing = match *head.method {
            Method::OPTIONS => None,
            _ => Crossing::of_request(head.method, head.headers),
        };
        let on_bucket =
            matches!(*head.method, Method::GET | Method::HEAD) && !head.website && names_no_key(head);
        if crossing.is_none() && !on_bucket {
            return;
        }
        let (name, _) = named(head);
        if name.is_empty() {
            return;
        }
        // Without the bucket there is nothing to say; whoever asked has been told.
        let Ok(Some(bucket)) = self.0.find(&name, None) else { return };
        if on_bucket {
            put(headers, BUCKET_REGION, &bucket.place.region);
            // HEAD says what the answer to GET would be.
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/xml"));
        }
        let Some(crossing) = crossing else { return };
        let Ok(Some(rules)) = preflight::rules(&self.0, &bucket) else { return };
        if let Some(rule) = crossing.allowed_by(&rules.cors_rules) {
            cors::put_headers(headers, crossing.headers(rule));
        }
    }

    /// Where no bucket has a log, nothing more is asked.
    fn watches(&self, head: &EdgeHead<'_>) -> bool {
        let logs = &self.0.logs;
        let name = bucket_of(head);
        logs.any() && (logs.may_have(&name) || access_points::may_be_meant(&name))
    }

    fn ended(&self, ended: Ended) {
        let (bucket, key) = named(&EdgeHead {
            method: &ended.method,
            path: &ended.path,
            query: &ended.query,
            headers: &ended.headers,
            bucket: ended.bucket.as_deref(),
            website: ended.website,
        });
        logging::note(&self.0, &bucket, &key, &ended);
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

    fn by<T>(path: &str, bucket: Option<&str>, ask: impl FnOnce(&EdgeHead<'_>) -> T) -> T {
        let headers = HeaderMap::new();
        ask(&EdgeHead { method: &Method::GET, path, query: "", headers: &headers, bucket, website: false })
    }

    fn named_by(path: &str, bucket: Option<&str>) -> (String, String) {
        by(path, bucket, named)
    }

    fn bucket_by(path: &str, bucket: Option<&str>) -> String {
        by(path, bucket, |head| bucket_of(head).into_owned())
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
            assert_eq!(bucket_by(path, bucket), expected.0, "{path}");
        }
    }
}
