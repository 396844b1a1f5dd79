//! What an upload becomes: the parts that its end names, checked against those that were uploaded.

use checksum::{Algorithm, ChecksumType, Digest, MultipartETag, combine, composite, hex};
use model_s3::types::{CompleteMultipartUploadInput, CompletedPart};
use wire::Detailed;

use super::spoken;
use crate::error::{invalid_request, malformed_xml};
use crate::expected::claims;
use crate::limits::{OBJECT_BYTES_MAX, PART_BYTES_MIN};
use crate::records::{Checksum, Part, Upload};

/// The object that an upload becomes.
#[derive(Debug)]
pub struct Planned {
    /// Its parts, in order.
    pub parts: Vec<Part>,
    /// Those that were uploaded and not named.
    pub left: Vec<Part>,
    pub size: u64,
    pub etag: String,
    pub checksum: Checksum,
}

/// The checksum whose values are kept of the parts of an upload.
pub fn algorithm_of(upload: &Upload) -> Algorithm {
    upload.checksum_algorithm.as_deref().and_then(Algorithm::parse).unwrap_or(Algorithm::Crc64Nvme)
}

/// Checks what was asked for, as far as that needs only the request.
pub fn check_order(asked: &[CompletedPart], upload_id: &str) -> Result<(), Detailed> {
    if asked.is_empty() {
        return Err(invalid_request("You must specify at least one part"));
    }
    let numbers: Vec<i32> = asked.iter().map(|part| part.part_number.unwrap_or_default()).collect();
    if numbers.contains(&0) || asked.iter().any(|part| part.e_tag.is_none()) {
        return Err(malformed_xml());
    }
    if numbers.windows(2).any(|pair| pair[0] >= pair[1]) {
        let text = "The list of parts was not in ascending order. Parts must be ordered by part number.";
        return Err(Detailed::new("InvalidPartOrder", 400, text).with("UploadId", upload_id));
    }
    Ok(())
}

/// What becomes of the parts `stored`, which are in order.
///
/// # Errors
/// `InvalidPart`, `InvalidRequest`, `EntityTooSmall`, `EntityTooLarge`, `BadDigest`.
pub fn plan(
    upload: &Upload,
    stored: Vec<Part>,
    asked: &[CompletedPart],
    input: &CompleteMultipartUploadInput,
) -> Result<Planned, Detailed> {
    check_mode(upload, input)?;
    let mut stored = stored.into_iter().peekable();
    let mut planned = Planned {
        parts: Vec::with_capacity(asked.len()),
        left: Vec::new(),
        size: 0,
        etag: String::new(),
        checksum: Checksum { algorithm: String::new(), value: String::new(), composite: false },
    };
    for wanted in asked {
        let number = u32::try_from(wanted.part_number.unwrap_or_default()).unwrap_or(u32::MAX);
        while let Some(before) = stored.next_if(|part| part.number < number) {
            planned.left.push(before);
        }
        let part = stored.next_if(|part| part.number == number);
        let part = part.filter(|part| is_wanted(upload, part, wanted));
        let part = part.ok_or_else(|| invalid_part(wanted, &input.upload_id))?;
        check_claimed(upload, wanted)?;
        planned.size = planned.size.saturating_add(part.size);
        planned.parts.push(part);
    }
    planned.left.extend(stored);
    check_sizes(&planned)?;
    check_said_size(input, planned.size)?;
    let mut etag = MultipartETag::new();
    planned.parts.iter().for_each(|part| etag.part(&part.tag));
    planned.etag = etag.finish();
    planned.checksum = whole(upload, &planned.parts)?;
    check_whole(input, &planned.checksum)?;
    Ok(planned)
}

/// The end of an upload cannot be of another type than its beginning.
fn check_mode(upload: &Upload, input: &CompleteMultipartUploadInput) -> Result<(), Detailed> {
    let mode = match (&upload.checksum_algorithm, upload.checksum_composite) {
        (None, _) => "null",
        (Some(_), true) => ChecksumType::Composite.name(),
        (Some(_), false) => ChecksumType::FullObject.name(),
    };
    match &input.checksum_type {
        Some(asked) if asked.as_str() != mode => Err(invalid_request(format!(
            "The upload was created using the {mode} checksum mode. The complete request must use the same checksum mode."
        ))),
        _ => Ok(()),
    }
}

/// Whether a part is the one that is named: by its ETag, and by the checksums that are given with it.
fn is_wanted(upload: &Upload, part: &Part, wanted: &CompletedPart) -> bool {
    let etag = wanted.e_tag.as_deref().unwrap_or_default().trim_matches('"');
    let claimed = claims!(wanted);
    let same_checksums = claimed.into_iter().filter_map(|(algorithm, value)| Some((algorithm, value?))).all(
        |(algorithm, value)| {
            // Where the client chose no algorithm, parts have no checksum that it could know.
            upload.checksum_algorithm.is_some()
                && part
                    .checksum
                    .as_ref()
                    .is_some_and(|checksum| checksum.algorithm == algorithm.name() && checksum.value == value)
        },
    );
    etag.eq_ignore_ascii_case(&hex(&part.tag)) && same_checksums
}

/// Composite checksums have to be given for each part.
fn check_claimed(upload: &Upload, wanted: &CompletedPart) -> Result<(), Detailed> {
    let claimed = claims!(wanted).into_iter().any(|(_, value)| value.is_some());
    if upload.checksum_algorithm.is_none() || !upload.checksum_composite || claimed {
        return Ok(());
    }
    let (algorithm, number) = (spoken(upload), wanted.part_number.unwrap_or_default());
    Err(invalid_request(format!(
        "The upload was created using a {algorithm} checksum. The complete request must include the checksum for each part. It was missing for part {number} in the request."
    )))
}

fn invalid_part(wanted: &CompletedPart, upload_id: &str) -> Detailed {
    let text = "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
    Detailed::new("InvalidPart", 400, text)
        .with("UploadId", upload_id)
        .with("PartNumber", wanted.part_number.unwrap_or_default().to_string())
        .with("ETag", wanted.e_tag.as_deref().unwrap_or_default().trim_matches('"'))
}

fn check_sizes(planned: &Planned) -> Result<(), Detailed> {
    let all_but_last = planned.parts.split_last().map_or(&[][..], |(_, before)| before);
    if let Some(part) = all_but_last.iter().find(|part| part.size < PART_BYTES_MIN) {
        let text = "Your proposed upload is smaller than the minimum allowed size";
        return Err(Detailed::new("EntityTooSmall", 400, text)
            .with("ProposedSize", part.size.to_string())
            .with("MinSizeAllowed", PART_BYTES_MIN.to_string())
            .with("PartNumber", part.number.to_string())
            .with("ETag", hex(&part.tag)));
    }
    if planned.size > OBJECT_BYTES_MAX {
        let text = "Your proposed upload exceeds the maximum allowed size";
        return Err(Detailed::new("EntityTooLarge", 400, text)
            .with("ProposedSize", planned.size.to_string())
            .with("MaxSizeAllowed", OBJECT_BYTES_MAX.to_string()));
    }
    Ok(())
}

fn check_said_size(input: &CompleteMultipartUploadInput, size: u64) -> Result<(), Detailed> {
    match input.mpu_object_size {
        Some(said) if u64::try_from(said) != Ok(size) => Err(invalid_request(format!(
            "The provided 'x-amz-mp-object-size' header value {said} does not match what was computed: {size}"
        ))),
        _ => Ok(()),
    }
}

/// The checksum of all parts together.
fn whole(upload: &Upload, parts: &[Part]) -> Result<Checksum, Detailed> {
    let algorithm = algorithm_of(upload);
    let digest_of = |part: &Part| {
        let checksum = part.checksum.as_ref().filter(|checksum| checksum.algorithm == algorithm.name());
        checksum.and_then(|checksum| Digest::from_base64(algorithm, &checksum.value))
    };
    let digests: Option<Vec<Digest>> = parts.iter().map(digest_of).collect();
    let digests = digests.ok_or_else(|| broken("a part has not the checksum of its upload"))?;
    let name = algorithm.name().to_owned();
    if upload.checksum_composite {
        let value = format!("{}-{}", composite(algorithm, digests).base64(), parts.len());
        return Ok(Checksum { algorithm: name, value, composite: true });
    }
    let mut so_far: Option<Digest> = None;
    for (digest, part) in digests.into_iter().zip(parts) {
        so_far = match so_far {
            None => Some(digest),
            Some(so_far) => combine(algorithm, &so_far, &digest, part.size),
        };
        if so_far.is_none() {
            return Err(broken("an upload has a checksum that cannot be combined"));
        }
    }
    let value = so_far.map(|digest| digest.base64()).unwrap_or_default();
    Ok(Checksum { algorithm: name, value, composite: false })
}

fn broken(why: &str) -> Detailed {
    tracing::error!(why, "an upload cannot be completed");
    Detailed::new("InternalError", 500, "We encountered an internal error. Please try again.")
}

/// The checksum that the request gives of the whole.
fn check_whole(input: &CompleteMultipartUploadInput, checksum: &Checksum) -> Result<(), Detailed> {
    let algorithm = checksum.algorithm.to_lowercase();
    let fits = |(claimed, value): (Algorithm, &str)| {
        // A composite one may be given with its number of parts, or without.
        let bare = checksum.value.split('-').next().unwrap_or_default();
        claimed.name() == checksum.algorithm && (value == checksum.value || value == bare)
    };
    let claimed = claims!(input).into_iter().filter_map(|(algorithm, value)| Some((algorithm, value?)));
    for claim in claimed {
        if !fits(claim) {
            let text = format!("The {algorithm} you specified did not match the calculated checksum.");
            return Err(Detailed::new("BadDigest", 400, text));
        }
    }
    Ok(())
}
