//! ListObjects and ListObjectsV2.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use store::Record as _;

use super::{Owners, Spelling, checksum, delimiter, open, page_size, token};
use crate::bucket::Bucket;
use crate::payer;
use crate::records;
use crate::s3::S3;
use crate::scan::{Found, Scan};
use crate::shown::{quoted, to_the_second};

/// What a page of the list is to have.
struct Asked<'a> {
    prefix: &'a str,
    delimiter: Option<&'a str>,
    after: Option<&'a str>,
    size: usize,
    with_owner: bool,
    spelling: Spelling,
}

/// A page.
#[derive(Default)]
struct Listed {
    contents: Vec<Object>,
    prefixes: Vec<String>,
    /// The last name of a page that is not the last.
    next: Option<String>,
}

impl S3 {
    pub async fn list_objects(
        self: Arc<Self>,
        call: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: ListObjectsInput,
    ) -> Result<ListObjectsOutput, Error> {
        let request_charged = payer::charged(&call, &bucket, input.request_payer.as_ref())?;
        let spelling = Spelling::asked(input.encoding_type.as_ref())?;
        let size = page_size(input.max_keys, "maxKeys")?;
        let delimiter = delimiter(input.delimiter.as_deref());
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let marker = input.marker.as_deref().unwrap_or_default();
        let after = Some(marker).filter(|marker| !marker.is_empty());
        let listed =
            list(&self, &bucket, &Asked { prefix, delimiter, after, size, with_owner: true, spelling })?;
        Ok(ListObjectsOutput {
            is_truncated: Some(listed.next.is_some()),
            marker: Some(spelling.write(marker)),
            // Without a delimiter the last key of the page says the same.
            next_marker: spelling.write_some(listed.next.as_deref().filter(|_| delimiter.is_some())),
            common_prefixes: spelling.prefixes(&listed.prefixes),
            contents: some(listed.contents),
            name: Some(bucket.name.clone()),
            prefix: Some(spelling.write(prefix)),
            delimiter: spelling.write_some(delimiter),
            max_keys: Some(size as i32),
            encoding_type: input.encoding_type,
            request_charged,
        })
    }

    pub async fn list_objects_v2(
        self: Arc<Self>,
        call: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: ListObjectsV2Input,
    ) -> Result<ListObjectsV2Output, Error> {
        let request_charged = payer::charged(&call, &bucket, input.request_payer.as_ref())?;
        let spelling = Spelling::asked(input.encoding_type.as_ref())?;
        let size = page_size(input.max_keys, "maxKeys")?;
        let delimiter = delimiter(input.delimiter.as_deref());
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let token =
            input.continuation_token.as_deref().map(|token| token::read(&bucket, token)).transpose()?;
        let start_after = input.start_after.as_deref().filter(|name| !name.is_empty());
        let asked = Asked {
            prefix,
            delimiter,
            after: token.as_deref().or(start_after),
            size,
            with_owner: input.fetch_owner == Some(true),
            spelling,
        };
        let listed = list(&self, &bucket, &asked)?;
        Ok(ListObjectsV2Output {
            is_truncated: Some(listed.next.is_some()),
            key_count: Some((listed.contents.len() + listed.prefixes.len()) as i32),
            common_prefixes: spelling.prefixes(&listed.prefixes),
            contents: some(listed.contents),
            name: Some(bucket.name.clone()),
            prefix: Some(spelling.write(prefix)),
            delimiter: spelling.write_some(delimiter),
            max_keys: Some(size as i32),
            encoding_type: input.encoding_type.clone(),
            next_continuation_token: listed.next.map(|next| token::write(&bucket, &next)),
            start_after: spelling.write_some(start_after),
            continuation_token: input.continuation_token,
            request_charged,
        })
    }
}

fn some<T>(all: Vec<T>) -> Option<Vec<T>> {
    (!all.is_empty()).then_some(all)
}

fn list(s3: &S3, bucket: &Bucket, asked: &Asked<'_>) -> Result<Listed, Error> {
    let mut listed = Listed::default();
    if asked.size == 0 {
        return Ok(listed);
    }
    let snapshot = s3.store.snapshot();
    let mut scan = Scan::new(&snapshot, bucket.inside().objects(), asked.prefix, asked.delimiter)
        .at_most(asked.size + 1);
    if let Some(after) = asked.after {
        scan = scan.after(after);
    }
    let (mut last, mut owners) = (None, Owners::new(s3));
    while let Some(found) = scan.next()? {
        if listed.contents.len() + listed.prefixes.len() == asked.size {
            listed.next = last;
            break;
        }
        last = Some(found.name().to_owned());
        match found {
            Found::Prefix(prefix) => listed.prefixes.push(prefix),
            Found::Row { key, value, .. } => {
                let object = records::Object::decode(&value).map_err(store::Error::from)?;
                listed.contents.push(entry(&mut owners, &key, object, asked));
            }
        }
    }
    Ok(listed)
}

fn entry(owners: &mut Owners<'_>, key: &str, object: records::Object, asked: &Asked<'_>) -> Object {
    let (checksum_algorithm, checksum_type) = checksum(object.checksum.as_ref());
    Object {
        key: Some(asked.spelling.write(key)),
        last_modified: Some(to_the_second(object.modified_ms)),
        e_tag: Some(quoted(&object.etag)),
        checksum_algorithm,
        checksum_type,
        size: Some(object.size as i64),
        storage_class: Some(open(&object.storage_class)),
        owner: asked.with_owner.then(|| owners.of(&object.owner)),
        // Nothing is archived where it would have to be restored from.
        restore_status: None,
    }
}
