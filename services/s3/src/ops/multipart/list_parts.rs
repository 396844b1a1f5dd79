//! ListParts.

use std::sync::Arc;

use checksum::hex;
use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;

use crate::acl_input::owner;
use crate::expected::show_checksum;
use crate::ops::listing::{not_negative, open, page_size};
use crate::resource::Place;
use crate::s3::S3;
use crate::shown::{quoted, to_the_second};
use crate::{lifecycle, payer, records, uploads};

impl S3 {
    pub async fn list_parts(
        self: Arc<Self>,
        call: Arc<Call>,
        place: Allowed<Place>,
        input: ListPartsInput,
    ) -> Result<ListPartsOutput, Error> {
        let size = page_size(input.max_parts, "max-parts")?;
        // Behind the greatest number that a part can have, nothing is listed.
        let after = not_negative(input.part_number_marker.unwrap_or_default(), "part-number-marker")? as u32;
        let (bucket, key, id) = (&place.bucket, place.key.as_str(), input.upload_id.as_str());
        let request_charged = payer::charged(&call, bucket, input.request_payer.as_ref())?;
        let snapshot = self.store.snapshot();
        let upload = uploads::named(&mut &snapshot, bucket.inside(), key, id)?;
        let (parts, more) = uploads::parts_after(&snapshot, bucket.inside(), id, after, size)?;
        let last = parts.last().map_or(0, |part| part.number);
        let abort = lifecycle::abort_of(&self, bucket, key, upload.initiated_ms)?;
        let (checksum_algorithm, checksum_type) = chosen(&upload);
        Ok(ListPartsOutput {
            abort_date: abort.as_ref().map(|(date, _)| *date),
            abort_rule_id: abort.map(|(_, rule)| rule),
            bucket: Some(bucket.name.clone()),
            key: Some(key.to_owned()),
            upload_id: Some(id.to_owned()),
            part_number_marker: Some(after as i32),
            next_part_number_marker: Some(last as i32),
            max_parts: Some(size as i32),
            is_truncated: Some(more && size > 0),
            parts: (!parts.is_empty()).then(|| parts.iter().map(|part| entry(&upload, part)).collect()),
            initiator: Some(initiator(&upload)),
            owner: Some(owner(&self, &upload.owner)),
            storage_class: Some(open(&upload.storage_class)),
            checksum_algorithm,
            checksum_type,
            request_charged,
            version_id: None,
        })
    }
}

fn entry(upload: &records::Upload, part: &records::Part) -> Part {
    let mut entry = Part {
        part_number: Some(part.number as i32),
        last_modified: Some(to_the_second(part.modified_ms)),
        e_tag: Some(quoted(&hex(&part.tag))),
        size: Some(part.size as i64),
        ..Default::default()
    };
    // Of an upload without an algorithm, parts have checksums that nobody has asked for.
    if let Some(checksum) = part.checksum.as_ref().filter(|_| upload.checksum_algorithm.is_some()) {
        show_checksum!(entry, checksum);
    }
    entry
}

/// Who began an upload.
pub fn initiator(upload: &records::Upload) -> Initiator {
    Initiator { id: Some(upload.initiator.clone()), display_name: Some(upload.initiator_name.clone()) }
}

/// The checksum that the client chose for an upload.
pub fn chosen(
    upload: &records::Upload,
) -> (Option<wire::Open<ChecksumAlgorithm>>, Option<wire::Open<ChecksumType>>) {
    let Some(algorithm) = &upload.checksum_algorithm else { return (None, None) };
    let kind = if upload.checksum_composite { ChecksumType::Composite } else { ChecksumType::FullObject };
    (Some(open(algorithm)), Some(kind.into()))
}
