//! Buckets in host names: `bucket.s3.localhost` and its like. Access points have hosts of their own, and are named by their
//! ARN where a bucket is by its name.

use wire::Router;

/// What a host says of a bucket.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BucketHost {
    /// The bucket, as a path would say it.
    pub bucket: String,
    /// Whether it is the host of the bucket's website.
    pub website: bool,
}

/// Hosts that end in this are this machine's.
const LOCAL: &str = ".localhost";
/// Digits of an account's number.
const ACCOUNT_DIGITS: usize = 12;
/// Longest name of a bucket; those from before 2018 in us-east-1 are the longest.
const BUCKET_LEN_MAX: usize = 255;

/// The bucket that a host (without its port) names, if it is one of the service whose endpoints have this prefix. `signed`
/// says that the request's signature is scoped to that service.
pub(crate) fn bucket_host(host: &str, prefix: &str, signed: bool, router: &Router) -> Option<BucketHost> {
    if let Some(bucket) = access_point(host, prefix) {
        return Some(BucketHost { bucket, website: false });
    }
    let (bucket, website) = match endpoint_label(host, prefix) {
        Some((begin, website)) => (&host[..begin - 1], website),
        None if signed => (local_bucket(host, router)?, false),
        None => return None,
    };
    let bucket = bucket.to_ascii_lowercase();
    is_bucket(&bucket).then_some(BucketHost { bucket, website })
}

/// The access point of `name-account.s3-accesspoint.region.domain`: its ARN, as a path would say it.
fn access_point(host: &str, prefix: &str) -> Option<String> {
    let host = host.to_ascii_lowercase();
    let mut labels = host.split('.');
    let (point, endpoint) = (labels.next()?, labels.next()?);
    if endpoint.strip_prefix(prefix)? != "-accesspoint" {
        return None;
    }
    let region = labels.by_ref().find(|label| *label != "dualstack").filter(|label| is_region(label))?;
    labels.next()?;
    let (name, account) = point.rsplit_once('-')?;
    let is_account = account.len() == ACCOUNT_DIGITS && account.bytes().all(|b| b.is_ascii_digit());
    (is_account && is_bucket(name))
        .then(|| format!("arn%3Aaws%3As3%3A{region}%3A{account}%3Aaccesspoint%2F{name}"))
}

/// Where the label of the service begins that has a bucket before it and a domain behind it, and whether it is that of
/// websites. Of several the last is meant: a bucket's name may have dots, and labels like these.
fn endpoint_label(host: &str, prefix: &str) -> Option<(usize, bool)> {
    let mut found = None;
    let mut begin = 0;
    for label in host.split('.') {
        let has_domain = begin + label.len() + 1 < host.len();
        if let Some(website) = is_website(label, prefix).filter(|_| begin > 1 && has_domain) {
            found = Some((begin, website));
        }
        begin += label.len() + 1;
    }
    found
}

/// Whether a label is that of the service's endpoints (`s3`, `s3-eu-west-1`): if so, whether of those of websites.
fn is_website(label: &str, prefix: &str) -> Option<bool> {
    let after = |text: &str| {
        let is_it = text.get(..prefix.len())?.eq_ignore_ascii_case(prefix);
        is_it.then(|| text[prefix.len()..].to_ascii_lowercase())
    };
    match after(label)?.as_str() {
        "" | "-accelerate" => Some(false),
        "-website" => Some(true),
        rest if rest.strip_prefix("-website-").is_some_and(is_region) => Some(true),
        rest => rest.strip_prefix('-').is_some_and(is_region).then_some(false),
    }
}

/// The form of a region: `eu-west-1`. Other services' endpoints (`s3-control`, `s3-outposts`) have no number.
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphabetic());
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let number = parts.next_back();
    let words: Vec<_> = parts.collect();
    words.len() >= 2 && words.iter().all(|part| is_word(part)) && number.is_some_and(is_number)
}

/// The bucket of `bucket.localhost`, as clients make it of the endpoint `localhost`.
fn local_bucket<'a>(host: &'a str, router: &Router) -> Option<&'a str> {
    let cut = host.len().checked_sub(LOCAL.len())?;
    let (bucket, end) = (host.get(..cut)?, host.get(cut..)?);
    let first = bucket.split('.').next().unwrap_or_default().to_ascii_lowercase();
    (end.eq_ignore_ascii_case(LOCAL) && !router.is_prefix(&first)).then_some(bucket)
}

fn is_bucket(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
    (1..=BUCKET_LEN_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

/// The path as it would be if it named the bucket.
pub(crate) fn path_with(bucket: &str, path: &str) -> String {
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("/{bucket}{slash}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{Protocol, ServiceModel, codegen::SERVICE};

    static SQS: ServiceModel = ServiceModel {
        id: "sqs",
        signing_name: "sqs",
        endpoint_prefix: "sqs",
        protocols: &[Protocol::Json10],
        ..SERVICE
    };
    static S3: ServiceModel = ServiceModel {
        id: "s3",
        signing_name: "s3",
        endpoint_prefix: "s3",
        protocols: &[Protocol::RestXml],
        anonymous: true,
        ..SERVICE
    };

    /// Host, whether signed for S3, and what it is: bucket, website.
    type Case = (&'static str, bool, Option<(&'static str, bool)>);

    #[test]
    fn hosts_and_their_buckets() {
        let router = Router::new(&[&SQS, &S3]);
        let table: &[Case] = &[
            // Path style.
            ("localhost", true, None),
            ("127.0.0.1", true, None),
            ("[::1]", true, None),
            ("s3.localhost", true, None),
            ("s3.us-east-1.amazonaws.com", true, None),
            ("s3-us-west-2.amazonaws.com", true, None),
            ("", true, None),
            // The bucket first.
            ("bucket.s3.localhost", false, Some(("bucket", false))),
            ("bucket.s3.amazonaws.com", false, Some(("bucket", false))),
            ("b.s3.eu-west-1.amazonaws.com", false, Some(("b", false))),
            ("b.s3.dualstack.us-east-1.example", false, Some(("b", false))),
            ("b.s3-us-gov-west-1.example.org", false, Some(("b", false))),
            ("b.s3-accelerate.amazonaws.com", false, Some(("b", false))),
            ("my.dotted.bucket.s3.localhost", false, Some(("my.dotted.bucket", false))),
            ("s3.bucket.s3.localhost", false, Some(("s3.bucket", false))),
            ("s3.s3.localhost", false, Some(("s3", false))),
            ("sqs.s3.localhost", false, Some(("sqs", false))),
            ("Bucket.S3.LocalHost", false, Some(("bucket", false))),
            ("bucket.s3.localhost.localstack.cloud", false, Some(("bucket", false))),
            // Websites.
            ("b.s3-website.localhost", false, Some(("b", true))),
            ("a.b.s3-website-us-east-1.example", false, Some(("a.b", true))),
            ("b.s3-website.eu-central-1.example", false, Some(("b", true))),
            // Access points.
            (
                "my-point-123456789012.s3-accesspoint.eu-west-1.localhost",
                false,
                Some(("arn%3Aaws%3As3%3Aeu-west-1%3A123456789012%3Aaccesspoint%2Fmy-point", false)),
            ),
            (
                "P-123456789012.s3-accesspoint.dualstack.us-east-1.amazonaws.com",
                true,
                Some(("arn%3Aaws%3As3%3Aus-east-1%3A123456789012%3Aaccesspoint%2Fp", false)),
            ),
            ("p-12345678901x.s3-accesspoint.us-east-1.amazonaws.com", true, None),
            ("p-123456789012.s3-accesspoint.amazonaws.com", true, None),
            ("p-123456789012.s3-accesspoint.us-east-1", true, None),
            ("a.p-123456789012.s3-accesspoint.us-east-1.localhost", false, None),
            ("p-123456789012.localhost", true, Some(("p-123456789012", false))),
            // The bucket alone, where the signature says that it is one.
            ("bucket.localhost", true, Some(("bucket", false))),
            ("my.bucket.localhost", true, Some(("my.bucket", false))),
            ("bucket.localhost", false, None),
            ("sqs.localhost", true, None),
            ("sqs.us-east-1.localhost", true, None),
            ("localhost.localhost", true, Some(("localhost", false))),
            (".localhost", true, None),
            // Not S3's.
            ("sqs.us-east-1.amazonaws.com", true, None),
            ("bucket.example.com", true, None),
            ("123456789012.s3-control.us-east-1.amazonaws.com", true, None),
            ("x.s3-outposts.us-east-1.amazonaws.com", true, None),
            ("x.s3", true, None),
            (".s3.localhost", false, None),
            ("b_d/e.s3.localhost", false, None),
            ("b%2f.s3.localhost", false, None),
        ];
        for (host, signed, expected) in table {
            let found = bucket_host(host, "s3", *signed, &router);
            let found = found.as_ref().map(|found| (found.bucket.as_str(), found.website));
            assert_eq!(found, *expected, "{host}");
        }
    }

    #[test]
    fn the_bucket_comes_before_the_path_as_it_is() {
        assert_eq!(path_with("b", "/"), "/b/");
        assert_eq!(path_with("b", "/a%2Fb//c"), "/b/a%2Fb//c");
        assert_eq!(path_with("b", "//a"), "/b//a");
        assert_eq!(path_with("b", "*"), "/b/*");
    }
}
