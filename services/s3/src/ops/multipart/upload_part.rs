//! UploadPart.

use std::sync::Arc;

use checksum::{Algorithm, hex};
use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use store::Record as _;
use wire::ByteStream;

use super::plan::algorithm_of;
use super::{part_number, spoken};
use crate::attributes::customer;
use crate::bucket::Bucket;
use crate::error::{internal, invalid_request};
use crate::expected::{Expected, claims, show_checksum};
use crate::limits::PUT_BYTES_MAX;
use crate::object_key::ObjectKey;
use crate::records::{self, Checksum, Sealing, Upload};
use crate::resource::Place;
use crate::s3::S3;
use crate::sealing::{Customer, not_here};
use crate::shown::{quoted, show_sealing};
use crate::write::Written;
use crate::{data, payer, uploads};

impl S3 {
    pub async fn upload_part(
        self: Arc<Self>,
        call: Arc<Call>,
        place: Allowed<Place>,
        input: UploadPartInput,
    ) -> Result<UploadPartOutput, Error> {
        let number = part_number(*input.part_number)?;
        let (bucket, key, id) = (&place.bucket, place.key.as_str(), input.upload_id.as_str());
        let request_charged = payer::charged(&call, bucket, input.request_payer.as_ref())?;
        let upload = uploads::named(&mut self.store.snapshot(), bucket.inside(), key, id)?;
        not_here(input.server_side_encryption.as_ref())?;
        let customer = customer!(input);
        check_customer(&upload.sealing, customer)?;
        let claimed = claims!(input);
        if let Some((algorithm, _)) = claimed.iter().find(|(_, value)| value.is_some()) {
            check_algorithm(&upload, Some(*algorithm))?;
        }
        let object_key = self.open_key(&call, bucket, key, &upload.sealing, customer).await?;
        let hint = input.checksum_algorithm.as_ref().map(|algorithm| algorithm.as_str());
        let expected = Expected::new(input.content_md5.as_deref(), &claimed, hint, PUT_BYTES_MAX)?;
        let body = input.body.unwrap_or_default();
        let taken = self.take_part(bucket, &upload, &object_key, &body, expected).await?;
        if !taken.written.checksum_given {
            check_algorithm(&upload, None)?;
        }
        let shown = taken.shown.clone();
        let part = self.put_part(&call, bucket, (key, id, number), taken).await?;
        let mut output =
            UploadPartOutput { e_tag: Some(quoted(&hex(&part.tag))), request_charged, ..Default::default() };
        show_sealing!(output, &upload.sealing);
        if let Some(checksum) = shown {
            show_checksum!(output, &checksum);
        }
        Ok(output)
    }

    /// Takes in the bytes of a part.
    pub(super) async fn take_part(
        &self,
        bucket: &Bucket,
        upload: &Upload,
        object_key: &ObjectKey,
        body: &ByteStream,
        expected: Expected,
    ) -> Result<Taken, Error> {
        let expected = expected.of_part(algorithm_of(upload));
        let written = self.write(&bucket.place, (&upload.sealing, object_key), body, &expected).await?;
        let computed = &written.checksum;
        if written.checksum_given {
            let given =
                Algorithm::parse(&computed.algorithm).ok_or_else(|| internal("an unknown checksum"))?;
            check_algorithm(upload, Some(given))?;
        }
        let checksum = written.checksum_of_part.clone();
        let checksum = checksum.ok_or_else(|| internal("a part's checksum was not computed"))?;
        // What the client has given is shown, and what it has chosen for the upload.
        let shown = match (written.checksum_given, &upload.checksum_algorithm) {
            (true, _) => Some(computed.clone()),
            (false, Some(_)) => Some(checksum.clone()),
            (false, None) => None,
        };
        Ok(Taken { written, checksum, shown })
    }

    /// Makes bytes that were taken in a part of the upload, in place of what had the number before.
    pub(super) async fn put_part(
        &self,
        call: &Call,
        bucket: &Bucket,
        (key, id, number): (&str, &str, u32),
        taken: Taken,
    ) -> Result<records::Part, Error> {
        let Taken { written, checksum, .. } = taken;
        let part = records::Part {
            number,
            modified_ms: call.now.millis(),
            size: written.size,
            tag: written.tag,
            checksum: Some(checksum),
            data: written.data.clone(),
        };
        let inside = bucket.inside();
        let row = inside.part(id, number);
        self.transact(|tx| {
            S3::hold_bucket(tx, bucket)?;
            // It may have ended while the bytes came.
            uploads::named(tx, inside, key, id)?;
            if let Some(before) = tx.get(&row)? {
                data::release_data(tx, inside.place(), &records::Part::decode(&before)?.data)?;
            }
            written.place_in(tx, inside.place())?;
            tx.put(row.clone(), part.encode());
            Ok(())
        })
        .await?;
        written.committed();
        Ok(part)
    }
}

/// A part's bytes, not yet the upload's.
pub(super) struct Taken {
    pub written: Written,
    /// What is kept: of the algorithm of the upload.
    pub checksum: Checksum,
    /// What the answer shows.
    pub shown: Option<Checksum>,
}

/// The parts of an upload have the key that it was begun with.
pub(super) fn check_customer(sealing: &Sealing, customer: Customer<'_>) -> Result<(), Error> {
    match sealing {
        Sealing::Customer { md5, .. } if customer.is_brought() => {
            if customer.md5.is_some_and(|given| given != md5) {
                let text = "The provided encryption parameters did not match the ones used originally.";
                return Err(invalid_request(text).into());
            }
            Ok(())
        }
        Sealing::Customer { .. } => Err(differently_encrypted()),
        _ if customer.is_brought() => Err(differently_encrypted()),
        _ => Ok(()),
    }
}

fn differently_encrypted() -> Error {
    let text = "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.";
    invalid_request(text).into()
}

/// Where the client chose an algorithm for the upload, its parts have no other. They may come without a checksum only where
/// that of the whole is not made of theirs.
fn check_algorithm(upload: &Upload, given: Option<Algorithm>) -> Result<(), Error> {
    let fits = |chosen: &String| given.map_or(!upload.checksum_composite, |given| chosen == given.name());
    match &upload.checksum_algorithm {
        Some(chosen) if !fits(chosen) => {
            let expected = spoken(upload);
            let actual = given.map_or_else(|| "null".to_owned(), |given| given.name().to_lowercase());
            let text = format!(
                "Checksum Type mismatch occurred, expected checksum Type: {expected}, actual checksum Type: {actual}"
            );
            Err(invalid_request(text).into())
        }
        _ => Ok(()),
    }
}
