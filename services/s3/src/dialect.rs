//! How S3 speaks of inputs that break the model's constraints: of the body it says no more than that it is malformed, of
//! headers and parameters it names the one that is wrong. So it does of parameters that cannot be read.

use wire::{CommonError, CommonSource, Constraint, DecodeError, Detailed, Dialect, Violation};

use crate::error::{invalid_argument, invalid_request, malformed_xml, missing_body, no_part_number};

/// The service's words.
pub const DIALECT: Dialect = Dialect { render, unread };

/// Members whose unknown values the operations refuse by themselves, in words of their own.
const CHECKED_LATER: &[&str] = &["ACL", "LocationConstraint", "ServerSideEncryption"];

/// Headers and parameters with few values: member, name on the wire, text.
const CHOICES: &[(&str, &str, &str)] = &[
    ("EncodingType", "encoding-type", "Invalid Encoding Method specified in Request"),
    ("MetadataDirective", "x-amz-metadata-directive", "Unknown metadata directive."),
    (
        "ObjectLockLegalHoldStatus",
        "x-amz-object-lock-legal-hold",
        "Legal Hold must be either of 'ON' or 'OFF'",
    ),
    ("ObjectLockMode", "x-amz-object-lock-mode", "Unknown wormMode directive."),
    ("ObjectOwnership", "x-amz-object-ownership", "Invalid x-amz-object-ownership header: "),
    ("RequestPayer", "x-amz-request-payer", "Invalid value for x-amz-request-payer header."),
    ("TaggingDirective", "x-amz-tagging-directive", "Unknown tagging directive."),
];

fn render(violations: &[Violation]) -> Option<CommonError> {
    let violation = violations.iter().find(|violation| !is_checked_later(violation))?;
    Some(said(violation).into_common())
}

fn is_checked_later(violation: &Violation) -> bool {
    let Constraint::OneOf(_) = violation.constraint else { return false };
    let path = &violation.path;
    CHECKED_LATER.contains(&violation.member)
        // Entries of lists go by the list's place: events and filter rules of notifications.
        || path.contains("vents.")
        || path.contains("ilterRules.")
        || path.ends_with("rotocol")
}

fn said(violation: &Violation) -> Detailed {
    let value = violation.value.as_deref().unwrap_or_default();
    // What is deeper than the input's own members came in the body.
    if violation.path.contains('.') {
        let mut error = malformed_xml();
        if violation.path.starts_with("accessControlPolicy.") {
            error.code = "MalformedACLError".into();
        }
        return error;
    }
    match &violation.constraint {
        Constraint::Required if violation.member == "PartNumber" => no_part_number(value),
        Constraint::Required => missing_body(),
        Constraint::OneOf(_) if violation.member == "StorageClass" => {
            Detailed::new("InvalidStorageClass", 400, "The storage class you specified is not valid")
                .with("StorageClassRequested", value)
        }
        Constraint::OneOf(values) if violation.member == "ChecksumAlgorithm" => invalid_request(format!(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [{}]",
            values.join(", ")
        )),
        Constraint::OneOf(_) if violation.member == "ChecksumType" => {
            invalid_request("Value for x-amz-checksum-type header is invalid.")
        }
        Constraint::OneOf(_) => match CHOICES.iter().find(|(member, ..)| *member == violation.member) {
            Some((_, name, text)) => invalid_argument(*text, name, value),
            None => invalid_argument("Invalid argument", violation.member, value),
        },
        _ => invalid_argument("Invalid argument", violation.member, value),
    }
}

fn unread(error: DecodeError) -> CommonError {
    match error.as_no_integer() {
        Some(("partNumber", value)) => no_part_number(value).into_common(),
        Some((name, value)) => {
            let text = format!("Provided {name} not an integer or within integer range");
            invalid_argument(text, name, value).into_common()
        }
        None => CommonError::Malformed(error),
    }
}

#[cfg(test)]
mod tests {
    use model_s3::types::*;
    use wire::{Open, Protocol, Structure};

    use super::*;

    fn said_of(input: &dyn Structure) -> Option<(String, String)> {
        let error = DIALECT.check(input).err()?;
        let resolved = error.resolve(Protocol::RestXml);
        Some((resolved.code.to_owned(), resolved.message.into_owned()))
    }

    #[test]
    fn bodies_are_malformed_and_headers_are_named() {
        let mut input = PutBucketVersioningInput { bucket: "b".into(), ..Default::default() };
        assert_eq!(said_of(&input).unwrap().0, "MissingRequestBodyError");
        let status = Some(Open::Unknown("enabled".into()));
        input.versioning_configuration = VersioningConfiguration { status, ..Default::default() }.into();
        assert_eq!(said_of(&input).unwrap().0, "MalformedXML");

        let mut input = PutObjectInput { bucket: "b".into(), key: "k".into(), ..Default::default() };
        assert_eq!(said_of(&input), None);
        input.object_lock_mode = Some(Open::Unknown("BAD".into()));
        let expected = ("InvalidArgument".to_owned(), "Unknown wormMode directive.".to_owned());
        assert_eq!(said_of(&input), Some(expected));
        input.object_lock_mode = None;
        input.storage_class = Some(Open::Unknown("FAST".into()));
        assert_eq!(said_of(&input).unwrap().0, "InvalidStorageClass");
    }

    #[test]
    fn some_values_are_left_to_their_operations() {
        let constraint = Some(Open::Unknown("us-east-1".into()));
        let configuration =
            CreateBucketConfiguration { location_constraint: constraint, ..Default::default() };
        let input = CreateBucketInput {
            bucket: "b".into(),
            acl: Some(Open::Unknown("log-delivery-write".into())),
            create_bucket_configuration: Some(configuration),
            ..Default::default()
        };
        assert_eq!(said_of(&input), None);
        let grant = Grant { permission: Some(Open::Unknown("ALL".into())), ..Default::default() };
        let policy = AccessControlPolicy { grants: Some(vec![grant]), ..Default::default() };
        let input = PutBucketAclInput {
            bucket: "b".into(),
            access_control_policy: Some(policy),
            ..Default::default()
        };
        assert_eq!(said_of(&input).unwrap().0, "MalformedACLError");
    }
}
