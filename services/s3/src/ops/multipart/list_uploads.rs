//! ListMultipartUploads.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use store::{Record as _, Snapshot};

use super::list_parts::{chosen, initiator};
use crate::acl_input::owner;
use crate::bucket::Bucket;
use crate::error::invalid_argument;
use crate::keys::upload_after;
use crate::ops::listing::{Spelling, delimiter, open, page_size};
use crate::records::Upload;
use crate::s3::S3;
use crate::scan::{Found, Scan};
use crate::shown::to_the_second;
use crate::{payer, uploads};

impl S3 {
    pub async fn list_multipart_uploads(
        self: Arc<Self>,
        call: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: ListMultipartUploadsInput,
    ) -> Result<ListMultipartUploadsOutput, Error> {
        let spelling = Spelling::asked(input.encoding_type.as_ref())?;
        let size = page_size(input.max_uploads, "max-uploads")?;
        let delimiter = delimiter(input.delimiter.as_deref());
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let key_marker = input.key_marker.as_deref().filter(|marker| !marker.is_empty());
        // Without a key it is ignored.
        let upload_marker =
            input.upload_id_marker.as_deref().filter(|id| !id.is_empty() && key_marker.is_some());

        let request_charged = payer::charged(&call, &bucket, input.request_payer.as_ref())?;
        let snapshot = self.store.snapshot();
        let base = bucket.inside().uploads();
        let mut scan = Scan::new(&snapshot, base.clone(), prefix, delimiter).at_most(size + 1);
        scan = match (key_marker, upload_marker) {
            (Some(key), Some(id)) => behind(scan, &snapshot, &bucket, key, id)?,
            (Some(key), None) => scan.after(key),
            (None, _) => scan,
        };
        let (mut listed, mut prefixes) = (Vec::new(), Vec::new());
        let mut last = (String::new(), String::new());
        let mut more = false;
        while let Some(found) = scan.next()?.filter(|_| size > 0) {
            if listed.len() + prefixes.len() == size {
                more = true;
                break;
            }
            match found {
                Found::Prefix(prefix) => {
                    // The service says nothing here, and a client that goes on by what is said begins anew.
                    last = (prefix.clone(), String::new());
                    prefixes.push(prefix);
                }
                Found::Row { key, row, value } => {
                    let upload = Upload::decode(&value).map_err(store::Error::from)?;
                    let id = upload_after(&row, &base).map_err(store::Error::from)?;
                    last = (key.clone(), id.clone());
                    listed.push(entry(&self, spelling.write(&key), id, &upload));
                }
            }
        }
        if !more && listed.is_empty() {
            last = Default::default();
        }
        Ok(ListMultipartUploadsOutput {
            bucket: Some(bucket.name.clone()),
            key_marker: Some(spelling.write(key_marker.unwrap_or_default())),
            upload_id_marker: Some(upload_marker.unwrap_or_default().to_owned()),
            next_key_marker: Some(spelling.write(&last.0)),
            next_upload_id_marker: Some(last.1),
            prefix: spelling.write_some(input.prefix.as_deref()),
            delimiter: spelling.write_some(delimiter),
            max_uploads: Some(size as i32),
            is_truncated: Some(more),
            uploads: (!listed.is_empty()).then_some(listed),
            common_prefixes: spelling.prefixes(&prefixes),
            encoding_type: input.encoding_type,
            request_charged,
        })
    }
}

/// Only what stands behind this upload.
fn behind<'a>(
    scan: Scan<'a>,
    snapshot: &Snapshot,
    bucket: &Bucket,
    key: &str,
    id: &str,
) -> Result<Scan<'a>, Error> {
    if uploads::find(&mut &*snapshot, bucket.inside(), key, id)?.is_none() {
        return Err(invalid_argument("Invalid uploadId marker", "upload-id-marker", id).into());
    }
    Ok(scan.after_row(&bucket.inside().upload(key, id)))
}

fn entry(s3: &S3, key: String, id: String, upload: &Upload) -> MultipartUpload {
    let (checksum_algorithm, checksum_type) = chosen(upload);
    MultipartUpload {
        upload_id: Some(id),
        key: Some(key),
        initiated: Some(to_the_second(upload.initiated_ms)),
        storage_class: Some(open(&upload.storage_class)),
        owner: Some(owner(s3, &upload.owner)),
        initiator: Some(initiator(upload)),
        checksum_algorithm,
        checksum_type,
        version_id: None,
    }
}
