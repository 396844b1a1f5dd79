//! Errors and their texts. S3's model lists few of its errors; codes, statuses and elements are those of its API
//! reference ("Error responses") and of recorded answers.

use model_s3::Error;
use wire::{CommonError, Detailed, Fault, Protocol};

service::failure!(Error, of_store);

impl From<Detailed> for Failure {
    fn from(error: Detailed) -> Self {
        Self::Api(Box::new(error.into()))
    }
}

fn of_store(error: store::Error) -> Error {
    match error {
        store::Error::Contention => operation_aborted().into(),
        error => error.into(),
    }
}

/// Stored bytes that are not what was written.
pub fn corrupt(error: impl ToString) -> store::Error {
    store::Error::Corrupt(error.to_string())
}

/// Something in here failed; the log is told what.
pub fn internal(error: impl std::fmt::Display) -> Error {
    tracing::error!(%error, "the service failed");
    Detailed::new("InternalError", 500, "We encountered an internal error. Please try again.").into()
}

/// The HTTP status of an error, of this service or another.
pub fn status(fault: Fault<'_>) -> u16 {
    match fault {
        Fault::Common(CommonError::Detailed(error)) => error.status,
        Fault::Common(error) => error.resolve(Protocol::RestXml).status,
        // Those of models are of what was asked for.
        Fault::Modelled(_) => 400,
    }
}

/// Another request changes the same thing.
pub fn operation_aborted() -> Detailed {
    Detailed::new(
        "OperationAborted",
        409,
        "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    )
}

/// There is no such bucket.
pub fn no_such_bucket(bucket: &str) -> Detailed {
    Detailed::new("NoSuchBucket", 404, "The specified bucket does not exist").with("BucketName", bucket)
}

/// There is no such object.
pub fn no_such_key(key: &str) -> Detailed {
    Detailed::new("NoSuchKey", 404, "The specified key does not exist.").with("Key", key)
}

/// There is no such version of an object.
pub fn no_such_version(key: &str, version: &str) -> Detailed {
    Detailed::new("NoSuchVersion", 404, "The specified version does not exist.")
        .with("Key", key)
        .with("VersionId", version)
}

/// There is no such upload.
pub fn no_such_upload(upload: &str) -> Detailed {
    let text = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    Detailed::new("NoSuchUpload", 404, text).with("UploadId", upload)
}

/// Not for this caller.
pub fn access_denied() -> Detailed {
    Detailed::new("AccessDenied", 403, "Access Denied")
}

/// Where the bucket's owner owns everything in it, there are no access control lists.
pub fn acl_not_supported() -> Detailed {
    Detailed::new("AccessControlListNotSupported", 400, "The bucket does not allow ACLs")
}

/// An argument is not what it may be.
pub fn invalid_argument(
    message: impl Into<std::borrow::Cow<'static, str>>,
    name: &str,
    value: &str,
) -> Detailed {
    Detailed::new("InvalidArgument", 400, message).with("ArgumentName", name).with("ArgumentValue", value)
}

/// A part has no such number.
pub fn no_part_number(value: &str) -> Detailed {
    invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", value)
}

/// The request cannot be done as it is.
pub fn invalid_request(message: impl Into<std::borrow::Cow<'static, str>>) -> Detailed {
    Detailed::new("InvalidRequest", 400, message)
}

/// The document in the body is not what it may be.
pub fn malformed_xml() -> Detailed {
    let text = "The XML you provided was not well-formed or did not validate against our published schema";
    Detailed::new("MalformedXML", 400, text)
}

/// The operation is about what its body says, and there is none.
pub fn missing_body() -> Detailed {
    Detailed::new("MissingRequestBodyError", 400, "Request Body is empty")
}

/// Nothing of this kind was put.
pub fn not_configured(code: &'static str, message: &'static str, bucket: &str) -> Detailed {
    Detailed::new(code, 404, message).with("BucketName", bucket)
}

/// Known, documented, and not built.
pub fn not_implemented(what: impl Into<String>) -> Detailed {
    let text = "A header you provided implies functionality that is not implemented";
    Detailed::new("NotImplemented", 501, text).with("Header", what)
}

/// The operation is not for what it was asked of.
pub fn method_not_allowed(method: &str, resource_type: &str) -> Detailed {
    Detailed::new("MethodNotAllowed", 405, "The specified method is not allowed against this resource.")
        .with("Method", method)
        .with("ResourceType", resource_type)
}
