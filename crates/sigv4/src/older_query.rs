//! Links presigned with version 2, for S3: what the stock tools still make where nothing else is configured.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::canonical::check_query_len;
use crate::error::{AuthError, Mismatch};
use crate::older;
use crate::request::Request;
use crate::text;

/// The parameters that are signed, sorted: those that choose what is done with the resource, or how it is answered.
/// What is not among them can be changed by whoever holds a link, so everything that makes another operation of a
/// request is; `list-type` is not, which clients leave out and which chooses between two forms of one list.
const SIGNED: [&str; 54] = [
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "annotation",
    "annotationName",
    "attributes",
    "cors",
    "defaultObjectAcl",
    "delete",
    "encryption",
    "id",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metadataAnnotationTable",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "retention",
    "select",
    "select-type",
    "session",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// The signature of a link as presented.
#[derive(Clone)]
pub struct OlderQuery {
    access_key: String,
    signature: String,
    /// When it ends to be good, in unix seconds.
    expires: i64,
    /// All headers: those of the request, and those that the query stands in for.
    headers: HeaderMap,
}

/// The authentication parameters of a query, decoded.
#[derive(Default)]
struct Found<'a> {
    access_key: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    expires: Option<Cow<'a, str>>,
    /// Queries of other services signed with version 2 have it; S3's have not.
    version: bool,
}

impl OlderQuery {
    /// Looks for the signature of a link; `None` where the query carries none.
    ///
    /// # Errors
    /// [`AuthError`] about the form of what is presented.
    pub(crate) fn parse(req: &Request) -> Result<Option<Self>, AuthError> {
        let mut found = Found::default();
        // Without one there is nothing to be decoded, and most requests have neither.
        if !req.query.contains("AWSAccessKeyId") && !req.query.contains("Signature") {
            return Ok(None);
        }
        check_query_len(req.query)?;
        for (name, value) in pairs(req.query) {
            found.take(name, value)?;
        }
        let signed = found.access_key.is_some() || (found.signature.is_some() && found.expires.is_some());
        if !signed {
            return Ok(None);
        }
        if found.version {
            return Err(AuthError::SignatureV2);
        }
        let (Some(access_key), Some(signature), Some(expires)) =
            (found.access_key, found.signature, found.expires)
        else {
            return Err(AuthError::IncompleteLink);
        };
        let digits = !expires.is_empty() && expires.bytes().all(|b| b.is_ascii_digit());
        let Some(expires) = expires.parse().ok().filter(|_| digits) else {
            return Err(AuthError::MalformedLinkExpiry { value: expires.into_owned() });
        };
        let (access_key, signature) = (access_key.into_owned(), signature.into_owned());
        Ok(Some(Self { access_key, signature, expires, headers: all_headers(req)? }))
    }

    /// The access key id.
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// The session token of temporary credentials.
    pub fn session_token(&self) -> Option<&str> {
        self.headers.get("x-amz-security-token").and_then(|value| value.to_str().ok())
    }

    /// The headers of the request, and those that stand in the query in their place: both are signed alike.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Whether the link is still good at `now`, in unix seconds.
    ///
    /// # Errors
    /// [`AuthError::LinkExpired`].
    pub fn check_time(&self, now: i64) -> Result<(), AuthError> {
        if now > self.expires {
            return Err(AuthError::LinkExpired { expires: self.expires, now });
        }
        Ok(())
    }

    /// Verifies the signature. `resource` is the path as it was sent, with the bucket before it where the host names that.
    ///
    /// # Errors
    /// [`AuthError::SignatureDoesNotMatch`], or what is wrong about the query.
    pub fn verify(&self, req: &Request, resource: &str, secret: &str) -> Result<(), AuthError> {
        let text = self.string_to_sign(req, resource)?;
        if older::is_right(secret, &text, &self.signature) {
            return Ok(());
        }
        // Of a bucket alone clients sign a slash behind it, whether they send one or not.
        if resource.len() > 1 && !resource[1..].contains('/') {
            let with_slash = self.string_to_sign(req, &format!("{resource}/"))?;
            if older::is_right(secret, &with_slash, &self.signature) {
                return Ok(());
            }
        }
        Err(AuthError::SignatureDoesNotMatch(Box::new(Mismatch {
            access_key: self.access_key.clone(),
            signature: self.signature.clone(),
            canonical_request: String::new(),
            string_to_sign: String::from_utf8_lossy(&text).into_owned(),
        })))
    }

    fn string_to_sign(&self, req: &Request, resource: &str) -> Result<Vec<u8>, AuthError> {
        let mut out = req.method.as_bytes().to_vec();
        for name in ["content-md5", "content-type"] {
            out.push(b'\n');
            out.extend(self.headers.get(name).map_or(&b""[..], |value| value.as_bytes().trim_ascii()));
        }
        out.extend(format!("\n{}\n", self.expires).bytes());
        let names: BTreeMap<&str, &HeaderName> = self
            .headers
            .keys()
            .map(|name| (name.as_str(), name))
            .filter(|(name, _)| name.starts_with("x-amz-"))
            .collect();
        for (text, name) in names {
            out.extend(text.bytes());
            for (n, value) in self.headers.get_all(name).iter().enumerate() {
                out.push(if n == 0 { b':' } else { b',' });
                out.extend(value.as_bytes().trim_ascii());
            }
            out.push(b'\n');
        }
        out.extend(resource.bytes());
        self.put_parameters(&mut out, req.query)?;
        Ok(out)
    }

    fn put_parameters(&self, out: &mut Vec<u8>, query: &str) -> Result<(), AuthError> {
        let mut signed = Vec::new();
        for (name, value) in pairs(query) {
            let name = text::decode_query(name).ok_or(AuthError::MalformedUri)?;
            if let Ok(at) = SIGNED.binary_search_by(|known| known.as_bytes().cmp(&name)) {
                let value = value.map(|value| text::decode_query(value).ok_or(AuthError::MalformedUri));
                signed.push((SIGNED[at], value.transpose()?));
            }
        }
        // Of a name that is there twice both are signed, in the order they came in.
        signed.sort_by_key(|(name, _)| *name);
        for (n, (name, value)) in signed.into_iter().enumerate() {
            out.push(if n == 0 { b'?' } else { b'&' });
            out.extend(name.bytes());
            if let Some(value) = value {
                out.push(b'=');
                out.extend_from_slice(&value);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for OlderQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OlderQuery").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

impl<'a> Found<'a> {
    fn take(&mut self, name: &'a str, value: Option<&'a str>) -> Result<(), AuthError> {
        let name = text::decode_query(name).ok_or(AuthError::MalformedUri)?;
        let (slot, parameter) = match &*name {
            b"AWSAccessKeyId" => (&mut self.access_key, "AWSAccessKeyId"),
            b"Signature" => (&mut self.signature, "Signature"),
            b"Expires" => (&mut self.expires, "Expires"),
            b"SignatureVersion" => {
                self.version = true;
                return Ok(());
            }
            _ => return Ok(()),
        };
        let value = match text::decode_query(value.unwrap_or_default()).ok_or(AuthError::MalformedUri)? {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        };
        let value = value.ok_or(AuthError::MalformedParameter { parameter })?;
        if slot.replace(value).is_some() {
            return Err(AuthError::RepeatedParameter { parameter });
        }
        Ok(())
    }
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (pair, None),
    })
}

/// The headers, and those of the query that are not among them: what is sent as a header counts, and is what is signed.
fn all_headers(req: &Request) -> Result<HeaderMap, AuthError> {
    let mut headers = req.headers.clone();
    for (name, value) in pairs(req.query) {
        let name = text::decode_query(name).ok_or(AuthError::MalformedUri)?.to_ascii_lowercase();
        let stands_in = name.starts_with(b"x-amz-") || matches!(&*name, b"content-type" | b"content-md5");
        let Some(name) = HeaderName::from_bytes(&name).ok().filter(|_| stands_in) else { continue };
        if req.headers.contains_key(&name) {
            continue;
        }
        let value = text::decode_query(value.unwrap_or_default()).ok_or(AuthError::MalformedUri)?;
        let not_text = || AuthError::MalformedParameter { parameter: "x-amz-*" };
        let value = HeaderValue::from_bytes(&value).map_err(|_| not_text())?;
        let full = AuthError::TooLarge { what: "number of headers", limit: HEADERS_MAX };
        if headers.len() >= HEADERS_MAX {
            return Err(full);
        }
        headers.try_append(name, value).map_err(|_| full)?;
    }
    Ok(headers)
}

/// Headers of a request together with those in its query: more than a connection takes of the former, and each is work.
const HEADERS_MAX: usize = 1024;

#[cfg(test)]
mod tests;
