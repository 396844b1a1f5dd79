//! UploadPartCopy. The bytes are encrypted anew, since a part has the key of its upload: they stream from one to the other.

use std::ops::Range;
use std::sync::Arc;

use checksum::hex;
use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::Detailed;

use super::part_number;
use super::plan::algorithm_of;
use super::upload_part::check_customer;
use crate::attributes::customer;
use crate::conditions::Reading;
use crate::error::{invalid_argument, invalid_request};
use crate::expected::{Expected, show_checksum};
use crate::limits::PUT_BYTES_MAX;
use crate::ops::object::copy::{check_copied, read_by_copy};
use crate::resource::Copy;
use crate::s3::S3;
use crate::sealing::{Customer, not_here};
use crate::shown::{quoted, show_sealing, to_the_second, version_id};
use crate::{logging, payer, uploads};

impl S3 {
    pub async fn upload_part_copy(
        self: Arc<Self>,
        call: Arc<Call>,
        copy: Allowed<Copy>,
        input: UploadPartCopyInput,
    ) -> Result<UploadPartCopyOutput, Error> {
        let Copy { to, from } = &*copy;
        let number = part_number(*input.part_number)?;
        let (bucket, key, id) = (&to.bucket, to.key.as_str(), input.upload_id.as_str());
        let request_charged = payer::charged(&call, bucket, input.request_payer.as_ref())?;
        let upload = uploads::named(&mut self.store.snapshot(), bucket.inside(), key, id)?;
        not_here(input.server_side_encryption.as_ref())?;
        let own = customer!(input);
        check_customer(&upload.sealing, own)?;

        let source = self.source(&call, from)?;
        payer::charged(&call, &from.bucket, input.request_payer.as_ref())?;
        let conditions = Reading {
            if_match: input.copy_source_if_match.as_deref(),
            if_none_match: input.copy_source_if_none_match.as_deref(),
            if_modified_since: input.copy_source_if_modified_since,
            if_unmodified_since: input.copy_source_if_unmodified_since,
        };
        check_copied(source, &conditions)?;
        let range = range_of(input.copy_source_range.as_deref(), source.size)?;
        let theirs = Customer {
            algorithm: input.copy_source_sse_customer_algorithm.as_deref(),
            key: input.copy_source_sse_customer_key.as_deref(),
            md5: input.copy_source_sse_customer_key_md5.as_deref(),
        };
        let source_key = self.open_key(&call, &from.bucket, &from.key, &source.sealing, theirs).await?;
        let object_key = self.open_key(&call, bucket, key, &upload.sealing, own).await?;
        let body = self.read(from, source, source_key, range).await?;
        let expected = Expected::copied(algorithm_of(&upload), PUT_BYTES_MAX);
        let taken = self.take_part(bucket, &upload, &object_key, &body, expected).await?;
        let shown = taken.shown.clone();
        let part = self.put_part(&call, bucket, (key, id, number), taken).await?;

        logging::note_done(&self, &call, &from.bucket, &read_by_copy(from, "REST.COPY.PART_GET"));
        let mut result = CopyPartResult {
            e_tag: Some(quoted(&hex(&part.tag))),
            last_modified: Some(to_the_second(part.modified_ms)),
            ..Default::default()
        };
        if let Some(checksum) = shown {
            show_checksum!(result, &checksum);
        }
        let mut output = UploadPartCopyOutput {
            copy_source_version_id: version_id(&from.bucket, source),
            copy_part_result: Some(result),
            request_charged,
            ..Default::default()
        };
        show_sealing!(output, &upload.sealing);
        Ok(output)
    }
}

/// The bytes that are to be copied. Unlike the range of a reading, it has both ends, and lies within the source.
fn range_of(header: Option<&str>, size: u64) -> Result<Range<u64>, Detailed> {
    const NAME: &str = "x-amz-copy-source-range";
    let range = match header {
        None => 0..size,
        Some(header) => {
            let malformed = || {
                let text = "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy";
                invalid_argument(text, NAME, header)
            };
            let (first, last) = parse(header).filter(|(first, last)| first <= last).ok_or_else(malformed)?;
            if first >= size {
                return Err(invalid_request(
                    "The specified copy range is invalid for the source object size",
                ));
            }
            if last >= size {
                let text = format!("Range specified is not valid for source object of size: {size}");
                return Err(invalid_argument(text, NAME, header));
            }
            first..last + 1
        }
    };
    if range.end - range.start > PUT_BYTES_MAX {
        return Err(invalid_request(format!(
            "The specified copy source is larger than the maximum allowable size for a copy source: {PUT_BYTES_MAX}"
        )));
    }
    Ok(range)
}

fn parse(header: &str) -> Option<(u64, u64)> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    Some((number(first)?, number(last)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(range_of(None, 10).unwrap(), 0..10);
        assert_eq!(range_of(Some("bytes=0-9"), 10).unwrap(), 0..10);
        assert_eq!(range_of(Some("bytes=3-3"), 10).unwrap(), 3..4);
        for malformed in [
            "0-8",
            "bytes=1-0",
            "bytes=-1-",
            "bytes=0--1",
            "bytes=0-1,3-4,7-9",
            "bytes=-",
            "bytes=-0",
            "bytes=1-",
            "bytes=-2",
            "bytes=-15",
            "bytes=+1-2",
            "bytes=0-99999999999999999999999",
        ] {
            let error = range_of(Some(malformed), 10).unwrap_err();
            assert!(error.message.contains("must be of the form"), "{malformed}");
        }
        let beyond = range_of(Some("bytes=0-100"), 10).unwrap_err();
        assert_eq!(beyond.message, "Range specified is not valid for source object of size: 10");
        assert_eq!(range_of(Some("bytes=100-200"), 10).unwrap_err().code, "InvalidRequest");
        assert_eq!(range_of(None, PUT_BYTES_MAX + 1).unwrap_err().code, "InvalidRequest");
    }
}
