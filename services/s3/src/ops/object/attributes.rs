//! GetObjectAttributes.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;

use crate::attributes::customer;
use crate::data;
use crate::ops::listing::{not_negative, page_size};
use crate::payer;
use crate::records::{self, Data, Object};
use crate::resource::Asked;
use crate::s3::S3;
use crate::sealing;
use crate::shown::{to_the_second, version_id};

/// A checksum of the checksums of parts, without how many they are: headers say that, and this answer does by its parts.
fn without_count(checksum: &records::Checksum) -> records::Checksum {
    let value = checksum.value.split_once('-').map_or(&*checksum.value, |(value, _)| value);
    records::Checksum { value: value.to_owned(), ..checksum.clone() }
}

impl S3 {
    pub async fn get_object_attributes(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        input: GetObjectAttributesInput,
    ) -> Result<GetObjectAttributesOutput, Error> {
        let request_charged = payer::charged(&call, &asked.bucket, input.request_payer.as_ref())?;
        let object = self.found(&call, "GET", &asked)?;
        sealing::check_customer(&object.sealing, customer!(input))?;
        let wants = |name: ObjectAttributes| {
            input.object_attributes.iter().any(|wanted| wanted.known() == Some(name))
        };
        let mut output = GetObjectAttributesOutput {
            last_modified: Some(to_the_second(object.modified_ms)),
            version_id: version_id(&asked.bucket, object),
            request_charged,
            ..Default::default()
        };
        if wants(ObjectAttributes::ETag) {
            output.e_tag = Some(object.etag.clone());
        }
        if wants(ObjectAttributes::Checksum) {
            output.checksum = object.checksum.as_ref().map(|found| {
                let kind = if found.composite { ChecksumType::Composite } else { ChecksumType::FullObject };
                let mut shown = Checksum { checksum_type: Some(kind.into()), ..Default::default() };
                crate::show_checksum!(shown, &without_count(found));
                shown
            });
        }
        if wants(ObjectAttributes::StorageClass) {
            output.storage_class = Some(
                <StorageClass as wire::Enum>::parse(&object.storage_class)
                    .map_or_else(|| wire::Open::Unknown(object.storage_class.clone()), wire::Open::Known),
            );
        }
        if wants(ObjectAttributes::ObjectSize) {
            output.object_size = i64::try_from(object.size).ok();
        }
        if wants(ObjectAttributes::ObjectParts) && object.parts.is_some() {
            let page = (input.max_parts, input.part_number_marker);
            output.object_parts = Some(self.shown_parts(&asked, object, page)?);
        }
        Ok(output)
    }

    /// Parts are listed where they have checksums of their own that the client chose: without, only their number is told.
    fn shown_parts(
        &self,
        asked: &Asked,
        object: &Object,
        (max, marker): (Option<i32>, Option<i32>),
    ) -> Result<GetObjectAttributesParts, Error> {
        let count = object.parts.unwrap_or(0);
        let total_parts_count = i32::try_from(count).ok();
        let composite = object.checksum.as_ref().is_some_and(|checksum| checksum.composite);
        let Data::Parts { id } = &object.data else {
            return Ok(GetObjectAttributesParts { total_parts_count, ..Default::default() });
        };
        if !composite {
            return Ok(GetObjectAttributesParts { total_parts_count, ..Default::default() });
        }
        let max = page_size(max, "max-parts")?;
        let marker = not_negative(marker.unwrap_or_default(), "part-number-marker")?;
        let parts = data::parts(&mut &asked.snapshot, &asked.bucket.place, id, count)?;
        let mut rest = parts.iter().filter(|part| part.number as usize > marker);
        let shown: Vec<ObjectPart> = rest
            .by_ref()
            .take(max)
            .map(|part| {
                let mut shown = ObjectPart {
                    part_number: i32::try_from(part.number).ok(),
                    size: i64::try_from(part.size).ok(),
                    ..Default::default()
                };
                if let Some(checksum) = &part.checksum {
                    crate::show_checksum!(shown, checksum);
                }
                shown
            })
            .collect();
        let last = shown.last().and_then(|part| part.part_number);
        Ok(GetObjectAttributesParts {
            total_parts_count,
            part_number_marker: i32::try_from(marker).ok(),
            next_part_number_marker: last.or(i32::try_from(marker).ok()),
            max_parts: i32::try_from(max).ok(),
            is_truncated: Some(rest.next().is_some()),
            parts: Some(shown),
        })
    }
}
