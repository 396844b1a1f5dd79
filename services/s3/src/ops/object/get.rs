//! GetObject and HeadObject.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use kernel::{Call, PrincipalKind};
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::Detailed;

use crate::attributes::{customer, is_archived};
use crate::conditions::{self, Reading, Verdict};
use crate::data;
use crate::error::{invalid_argument, invalid_request};
use crate::lifecycle;
use crate::payer;
use crate::ranges;
use crate::records::{Checksum, Data, Object};
use crate::resource::Asked;
use crate::s3::S3;
use crate::sealing;
use crate::shown::{quoted, show_object, to_the_second};

/// What of an object an answer is about.
struct Portion<'a> {
    /// In bytes; none for the whole object where no range was asked for.
    range: Option<Range<u64>>,
    /// How many parts it has, where one was asked for.
    parts: Option<i32>,
    /// Of what is sent.
    checksum: Option<Cow<'a, Checksum>>,
}

/// The conditions of an input that has a member for each.
macro_rules! reading {
    ($input:expr) => {
        Reading {
            if_match: $input.if_match.as_deref(),
            if_none_match: $input.if_none_match.as_deref(),
            if_modified_since: $input.if_modified_since,
            if_unmodified_since: $input.if_unmodified_since,
        }
    };
}
/// `response-…` parameters: what the answer's headers are to say. Only those may say so who are known.
macro_rules! override_headers {
    ($output:expr, $input:expr, $call:expr) => {{
        let said = [
            ("response-cache-control", &$input.response_cache_control, &mut $output.cache_control),
            (
                "response-content-disposition",
                &$input.response_content_disposition,
                &mut $output.content_disposition,
            ),
            ("response-content-encoding", &$input.response_content_encoding, &mut $output.content_encoding),
            ("response-content-language", &$input.response_content_language, &mut $output.content_language),
            ("response-content-type", &$input.response_content_type, &mut $output.content_type),
        ];
        for (name, value, header) in said {
            if let Some(value) = value {
                check_override(&$call, name, value)?;
                *header = Some(value.clone());
            }
        }
        if let Some(expires) = $input.response_expires {
            check_override(&$call, "response-expires", "")?;
            $output.expires = Some(wire::http_date(expires));
        }
    }};
}

/// The headers of an answer to GetObject and HeadObject, which have the same members but for the body.
macro_rules! answer {
    ($output:expr, $input:expr, $call:expr, $asked:expr, $object:expr, $portion:expr) => {{
        let portion: &Portion<'_> = $portion;
        show_object!($output, &$asked.bucket, $object);
        override_headers!($output, $input, $call);
        let length = portion.range.as_ref().map_or($object.size, |range| range.end - range.start);
        $output.content_length = i64::try_from(length).ok();
        $output.content_range = portion.range.as_ref().map(|range| ranges::shown(range, $object.size));
        $output.parts_count = portion.parts;
        if let Some(checksum) = portion.checksum.as_deref().filter(|_| $input.checksum_mode.is_some()) {
            crate::show_checksum!($output, checksum);
            let kind = if checksum.composite { ChecksumType::Composite } else { ChecksumType::FullObject };
            $output.checksum_type = Some(kind.into());
        }
    }};
}

impl S3 {
    pub async fn get_object(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        input: GetObjectInput,
    ) -> Result<GetObjectOutput, Error> {
        let asked = asked.into_inner();
        let request_charged = payer::charged(&call, &asked.bucket, input.request_payer.as_ref())?;
        sealing::not_here(input.server_side_encryption.as_ref())?;
        let object = self.found(&call, "GET", &asked)?;
        check_conditions(object, &reading!(input))?;
        if is_archived(&object.storage_class) {
            let text = "The operation is not valid for the object's storage class";
            let error = Detailed::new("InvalidObjectState", 403, text);
            return Err(error.with("StorageClass", object.storage_class.as_str()).into());
        }
        let portion = self.portion(&asked, object, input.range.as_deref(), input.part_number)?;
        let mut output = GetObjectOutput { request_charged, ..Default::default() };
        answer!(output, input, call, asked, object, &portion);
        if asked.version.is_none() {
            output.expiration = lifecycle::expiration_header(&self, &asked.bucket, &asked.key, object)?;
        }
        let key = self.open_key(&call, &asked.bucket, &asked.key, &object.sealing, customer!(input)).await?;
        let range = portion.range.unwrap_or(0..object.size);
        output.body = Some(self.read(&asked, object, key, range).await?);
        Ok(output)
    }

    pub async fn head_object(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        input: HeadObjectInput,
    ) -> Result<HeadObjectOutput, Error> {
        let asked = asked.into_inner();
        let request_charged = payer::charged(&call, &asked.bucket, input.request_payer.as_ref())?;
        sealing::not_here(input.server_side_encryption.as_ref())?;
        let object = self.found(&call, "HEAD", &asked)?;
        check_conditions(object, &reading!(input))?;
        sealing::check_customer(&object.sealing, customer!(input))?;
        let portion = self.portion(&asked, object, input.range.as_deref(), input.part_number)?;
        let mut output = HeadObjectOutput { request_charged, ..Default::default() };
        answer!(output, input, call, asked, object, &portion);
        if asked.version.is_none() {
            output.expiration = lifecycle::expiration_header(&self, &asked.bucket, &asked.key, object)?;
        }
        Ok(output)
    }

    /// What is asked for by range or part number.
    fn portion<'a>(
        &self,
        asked: &Asked,
        object: &'a Object,
        range: Option<&str>,
        part: Option<i32>,
    ) -> Result<Portion<'a>, Error> {
        match (range, part) {
            (Some(_), Some(_)) => {
                Err(invalid_request("Cannot specify both Range header and partNumber query parameter").into())
            }
            (None, Some(number)) => self.part(asked, object, number),
            (range, None) => {
                let range = ranges::of_header(range, object.size)?;
                // A checksum is of the whole.
                let checksum = object.checksum.as_ref().filter(|_| range.is_none()).map(Cow::Borrowed);
                Ok(Portion { range, parts: None, checksum })
            }
        }
    }

    fn part<'a>(&self, asked: &Asked, object: &'a Object, number: i32) -> Result<Portion<'a>, Error> {
        let wanted = u32::try_from(number)
            .ok()
            .filter(|number| (1..=crate::limits::PARTS_MAX).contains(number))
            .ok_or_else(|| {
                let text = "Part number must be an integer between 1 and 10000, inclusive";
                invalid_argument(text, "partNumber", &number.to_string())
            })?;
        let count = object.parts.unwrap_or(1);
        let missing = || {
            Detailed::new("InvalidPartNumber", 416, "The requested partnumber is not satisfiable")
                .with("PartNumberRequested", number.to_string())
                .with("ActualPartCount", count.to_string())
        };
        let parts = object.parts.and_then(|count| i32::try_from(count).ok());
        let Data::Parts { id } = &object.data else {
            if wanted != 1 {
                return Err(missing().into());
            }
            // An empty object has no range.
            let range = (object.size > 0).then_some(0..object.size);
            let checksum = object.checksum.as_ref().map(Cow::Borrowed);
            return Ok(Portion { range, parts, checksum });
        };
        let mut begin = 0;
        for part in data::parts(&mut &asked.snapshot, &asked.bucket.place, id, count)? {
            let end = begin + part.size;
            if part.number == wanted {
                let range = (part.size > 0).then_some(begin..end);
                // It is said to be of the type of the whole object's.
                let composite = object.checksum.as_ref().is_some_and(|checksum| checksum.composite);
                let checksum = part.checksum.map(|checksum| Cow::Owned(Checksum { composite, ..checksum }));
                return Ok(Portion { range, parts, checksum });
            }
            begin = end;
        }
        Err(missing().into())
    }
}

fn check_conditions(object: &Object, conditions: &Reading<'_>) -> Result<(), Error> {
    match conditions.of(object) {
        Verdict::Read => Ok(()),
        Verdict::Failed(condition) => Err(conditions::failed(condition).into()),
        Verdict::NotModified => {
            let error = Detailed::new("NotModified", 304, "Not Modified")
                .with_header("ETag", quoted(&object.etag))
                .with_header("Last-Modified", wire::http_date(to_the_second(object.modified_ms)));
            Err(error.into())
        }
    }
}

fn check_override(call: &Call, name: &str, value: &str) -> Result<(), Error> {
    if call.principal.kind == PrincipalKind::Anonymous {
        return Err(invalid_request(
            "Request specific response headers cannot be used for anonymous GET requests.",
        )
        .into());
    }
    // Characters up to U+00FF are those of ISO 8859-1.
    if value.chars().any(|c| u32::from(c) > 0xff) {
        let text = "Header value cannot be represented using ISO-8859-1.";
        return Err(invalid_argument(text, name, value).into());
    }
    Ok(())
}
