//! Browser uploads: `POST` of a form to a bucket. Its fields are the headers of a PutObject, its file the body.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use kernel::Call;
use model_s3::ops::PutObject;
use model_s3::types::{PutObjectInput, PutObjectOutput, Tagging};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use service::{EdgeRequest, EdgeResponse};
use wire::codegen::{MEMBER, SCHEMA};
use wire::{
    ByteStream, Bytes, CommonError, CommonSource as _, Detailed, Kind, Member, OperationType as _, Protocol,
    Schema, ServiceError as _, StreamError,
};

use crate::edge::named;
use crate::error::{access_denied, malformed_xml};
use crate::form::{Form, Head};
use crate::limits::{FORM_FIELD_BYTES_MAX, FORM_FIELDS_MAX, PUT_BYTES_MAX};
use crate::post_policy::{PostPolicy, Size};
use crate::s3::S3;

/// Fields of a signature, which are no headers of the upload.
const OF_SIGNATURE: &[&str] =
    &["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-security-token", "x-amz-signature"];
/// Fields that are headers under the same name.
const HEADERS: &[&str] = &[
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
];
/// Stands for the name of the file in a key.
const FILE_NAME: &str = "${filename}";

/// The answer to an upload that asks for one.
#[derive(Clone, Default)]
struct PostResponse {
    location: String,
    bucket: String,
    key: String,
    etag: String,
}

static TEXT: Schema = Schema { name: "String", kind: Kind::String, ..SCHEMA };
static POST_RESPONSE: Schema = Schema {
    name: "PostResponse",
    kind: Kind::Structure,
    members: &[
        Member { name: "Location", wire: "Location", target: &TEXT, ..MEMBER },
        Member { name: "Bucket", wire: "Bucket", target: &TEXT, ..MEMBER },
        Member { name: "Key", wire: "Key", target: &TEXT, ..MEMBER },
        Member { name: "ETag", wire: "ETag", target: &TEXT, ..MEMBER },
    ],
    ..SCHEMA
};
wire::structure!(PostResponse, POST_RESPONSE, { 0: location, 1: bucket, 2: key, 3: etag });

/// A form up to its file: fields by their names in lower case.
struct Upload {
    fields: Vec<(String, String)>,
    file: Form,
}

/// Takes an upload.
pub async fn answer(s3: &S3, request: EdgeRequest) -> Result<EdgeResponse, CommonError> {
    let (bucket, _) = named(&request.head());
    let content_type = request.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let form =
        Form::open(content_type.unwrap_or_default(), &request.body).map_err(|error| error.into_common())?;
    let mut upload = read(form).await.map_err(|error| error.into_common())?;
    let key = field(&upload.fields, "key").filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| missing("key").into_common())?.to_owned();
    check_signature(&upload.fields).map_err(|error| error.into_common())?;
    let call = request.call_of_form(&upload.fields)?;
    // Whatever the form says: the bucket is the one that is posted to.
    upload.fields.retain(|(name, _)| name != "bucket");
    upload.fields.push(("bucket".to_owned(), bucket.clone()));
    let size = allowed(&upload.fields, &call).map_err(|error| error.into_common())?;
    let headers = headers(&upload.fields).map_err(|error| error.into_common())?;
    let body = upload.file.into_file(size.min, size.max);
    let input = input(&headers, &body, (&bucket, &key))?;
    let output = s3.cloud.call::<PutObject>(call, input).await.map_err(common)?;
    Ok(response(&request, &upload.fields, output, (&bucket, &key)))
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

/// Reads the fields before the file. Of a field that comes twice the first counts.
async fn read(mut form: Form) -> Result<Upload, StreamError> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut room = FORM_FIELD_BYTES_MAX;
    loop {
        let Some(Head { name, file, .. }) = form.next().await? else {
            let text = "POST requires exactly one file upload per request.";
            let error = Detailed::new("IncorrectNumberOfFilesInPostRequest", 400, text);
            return Err(StreamError::Refused(error.into_common()));
        };
        let name = name.to_ascii_lowercase();
        if name == "file" {
            let file = file.unwrap_or_default();
            // Browsers may send a whole path.
            let file = file.rsplit(['/', '\\']).next().unwrap_or_default();
            for (_, key) in fields.iter_mut().filter(|(name, _)| name == "key") {
                *key = key.replace(FILE_NAME, file);
            }
            return Ok(Upload { fields, file: form });
        }
        let value = form.text(room).await?;
        room = room.saturating_sub(name.len() + value.len());
        if fields.len() == FORM_FIELDS_MAX {
            let error = Detailed::new("MaxPostPreDataLengthExceeded", 400, "The form has too many fields.");
            return Err(StreamError::Refused(error.into_common()));
        }
        if field(&fields, &name).is_none() {
            fields.push((name, value));
        }
    }
}

fn missing(name: &str) -> Detailed {
    let text = format!(
        "Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields."
    );
    Detailed::new("InvalidArgument", 400, text).with("ArgumentName", name).with("ArgumentValue", "")
}

/// A signature is whole or not there, and does not stand without a policy, nor a policy without it.
fn check_signature(fields: &[(String, String)]) -> Result<(), Detailed> {
    const NAMES: [(&str, &str); 4] = [
        ("x-amz-algorithm", "X-Amz-Algorithm"),
        ("x-amz-credential", "X-Amz-Credential"),
        ("x-amz-date", "X-Amz-Date"),
        ("x-amz-signature", "X-Amz-Signature"),
    ];
    let there = |name: &str| field(fields, name).is_some();
    let newer = NAMES.iter().any(|(name, _)| there(name));
    let older = there("awsaccesskeyid") || there("signature");
    if newer && let Some((_, name)) = NAMES.iter().find(|(name, _)| !there(name)) {
        return Err(missing(name));
    }
    if older {
        for (name, shown) in [("awsaccesskeyid", "AWSAccessKeyId"), ("signature", "Signature")] {
            if !there(name) {
                return Err(missing(shown));
            }
        }
    }
    match (newer || older, there("policy")) {
        (true, false) => Err(missing("policy")),
        (false, true) => Err(access_denied()),
        _ => Ok(()),
    }
}

/// How many bytes the policy lets the file have. A form from nobody has no policy.
fn allowed(fields: &[(String, String)], call: &Call) -> Result<Size, Detailed> {
    match field(fields, "policy") {
        Some(policy) => PostPolicy::parse(policy)?.check(fields, call.now),
        None => Ok(Size { min: 0, max: PUT_BYTES_MAX }),
    }
}

/// The headers that fields stand for.
fn headers(fields: &[(String, String)]) -> Result<HeaderMap, Detailed> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let (name, value) = match name.as_str() {
            "acl" => ("x-amz-acl", value.clone()),
            "tagging" => ("x-amz-tagging", tagging(value)?),
            name if HEADERS.contains(&name) => (name, value.clone()),
            name if name.starts_with("x-amz-") && !OF_SIGNATURE.contains(&name) => (name, value.clone()),
            _ => continue,
        };
        let text = "A field of the form cannot stand in a header.";
        let refused = || Detailed::new("InvalidArgument", 400, text).with("ArgumentName", name);
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| refused())?;
        headers.insert(header, value);
    }
    Ok(headers)
}

/// Tags come as a document, and go as a header.
fn tagging(document: &str) -> Result<String, Detailed> {
    let mut tagging = Tagging::default();
    wire::read_xml_document(document.as_bytes(), &mut tagging).map_err(|_| malformed_xml())?;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let tags = tagging.tag_set.iter().map(|tag| format!("{}={}", encoded(&tag.key), encoded(&tag.value)));
    Ok(tags.collect::<Vec<_>>().join("&"))
}

fn input(
    headers: &HeaderMap,
    body: &ByteStream,
    (bucket, key): (&str, &str),
) -> Result<PutObjectInput, CommonError> {
    let mut input = PutObjectInput::default();
    let request = wire::Request {
        // Bucket and key are set below as they are: nothing has to be encoded only to be decoded.
        path: "/bucket/key",
        query: "",
        headers,
        body: &Bytes::new(),
        stream: Some(body),
        params: None,
    };
    wire::codec(Protocol::RestXml)
        .decode(PutObject::descriptor(), &request, &mut input)
        .map_err(CommonError::Malformed)?;
    (input.bucket, input.key) = (bucket.into(), key.into());
    Ok(input)
}

fn response(
    request: &EdgeRequest,
    fields: &[(String, String)],
    output: PutObjectOutput,
    (bucket, key): (&str, &str),
) -> EdgeResponse {
    let etag = output.e_tag.clone().unwrap_or_default();
    let mut response = wire::codec(Protocol::RestXml).encode(PutObject::descriptor(), &output, "");
    let endpoint = &request.call.endpoint;
    let base = match request.bucket {
        Some(_) => format!("{}://{}", endpoint.scheme, endpoint.authority),
        None => format!("{}://{}/{}", endpoint.scheme, endpoint.authority, encoded(bucket)),
    };
    let location = format!("{base}/{}", encoded(key));
    let put = |headers: &mut HeaderMap, name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    let mut body = ByteStream::default();
    let redirect = field(fields, "success_action_redirect").or_else(|| field(fields, "redirect"));
    let status = match (
        redirect.and_then(|to| redirected(to, (bucket, key, &etag))),
        field(fields, "success_action_status"),
    ) {
        (Some(to), _) => {
            put(&mut response.headers, header::LOCATION, &to);
            303
        }
        (None, Some("200")) => {
            put(&mut response.headers, header::LOCATION, &location);
            200
        }
        (None, Some("201")) => {
            put(&mut response.headers, header::LOCATION, &location);
            put(&mut response.headers, header::CONTENT_TYPE, "application/xml");
            let (bucket, key) = (bucket.to_owned(), key.to_owned());
            let said = PostResponse { location, bucket, key, etag };
            body = wire::xml_document("PostResponse", &said).into();
            201
        }
        (None, _) => {
            put(&mut response.headers, header::LOCATION, &location);
            204
        }
    };
    EdgeResponse { status, headers: response.headers, body }
}

/// Where a browser goes after its upload; nowhere, if that is no address.
fn redirected(to: &str, (bucket, key, etag): (&str, &str, &str)) -> Option<String> {
    let address = to.parse::<http::Uri>().ok()?;
    if !matches!(address.scheme_str(), Some("http" | "https")) || address.host().is_none() {
        return None;
    }
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let join = if address.query().is_some() { '&' } else { '?' };
    Some(format!("{to}{join}bucket={}&key={}&etag={}", encoded(bucket), encoded(key), encoded(etag)))
}

/// A key as it stands in an address.
fn encoded(key: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    utf8_percent_encode(key, KEPT).to_string()
}

fn common(error: model_s3::Error) -> CommonError {
    if let model_s3::Error::Common(error) = error {
        return error;
    }
    let fault = error.fault();
    let status = wire::codec(Protocol::RestXml).encode_fault(&model_s3::SERVICE, fault, "").status;
    CommonError::coded(fault.code(Protocol::RestXml).to_owned(), status, fault.message(Protocol::RestXml))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn fields_become_headers() {
        let tags = "<Tagging><TagSet><Tag><Key>a b</Key><Value>1&amp;2</Value></Tag></TagSet></Tagging>";
        let list = fields(&[
            ("acl", "public-read"),
            ("content-type", "text/plain"),
            ("x-amz-meta-a", "1"),
            ("x-amz-signature", "s"),
            ("submit", "x"),
            ("tagging", tags),
        ]);
        let headers = headers(&list).unwrap();
        let input = input(&headers, &ByteStream::default(), ("b", "a?b")).unwrap();
        assert_eq!((input.bucket.as_str(), input.key.as_str()), ("b", "a?b"));
        assert_eq!(input.acl.as_ref().map(wire::Open::as_str), Some("public-read"));
        assert_eq!(input.content_type.as_deref(), Some("text/plain"));
        assert_eq!(input.metadata.unwrap()["a"], "1");
        assert_eq!(input.tagging.as_deref(), Some("a%20b=1%262"));
        assert_eq!(headers.len(), 4);
        assert_eq!(super::headers(&fields(&[("tagging", "notxml")])).unwrap_err().code, "MalformedXML");
        assert!(super::headers(&fields(&[("x-amz-meta-a", "a\nb")])).is_err());
    }

    #[test]
    fn signatures_are_whole() {
        let name = |list: &[(&str, &str)]| {
            let error = check_signature(&fields(list)).unwrap_err();
            (error.code.into_owned(), error.members.first().map(|(_, value)| value.clone()))
        };
        assert!(check_signature(&fields(&[("key", "a")])).is_ok());
        assert_eq!(name(&[("policy", "p")]), ("AccessDenied".to_owned(), None));
        let expected = ("InvalidArgument".to_owned(), Some("X-Amz-Algorithm".to_owned()));
        assert_eq!(name(&[("policy", "p"), ("x-amz-signature", "s")]), expected);
        let expected = ("InvalidArgument".to_owned(), Some("Signature".to_owned()));
        assert_eq!(name(&[("policy", "p"), ("awsaccesskeyid", "k")]), expected);
    }

    #[test]
    fn redirects_are_addresses() {
        let to = redirected("http://example.com/done?a=1", ("b", "k e", "\"x\"")).unwrap();
        assert_eq!(to, "http://example.com/done?a=1&bucket=b&key=k%20e&etag=%22x%22");
        for wrong in ["", "/done", "javascript:alert(1)", "ftp://example.com/"] {
            assert_eq!(redirected(wrong, ("b", "k", "")), None, "{wrong}");
        }
    }
}
