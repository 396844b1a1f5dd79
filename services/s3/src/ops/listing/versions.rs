//! ListObjectVersions: the current versions and the history of all keys, as one list.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _, Snapshot};
use wire::Detailed;

use super::{Owners, Spelling, checksum, delimiter, open, page_size};
use crate::bucket::Bucket;
use crate::error::invalid_argument;
use crate::keys::{Inside, version_after};
use crate::payer;
use crate::records::{self, Version};
use crate::s3::S3;
use crate::scan::{Found, Scan};
use crate::shown::{quoted, to_the_second};
use crate::versions;

impl S3 {
    pub async fn list_object_versions(
        self: Arc<Self>,
        call: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: ListObjectVersionsInput,
    ) -> Result<ListObjectVersionsOutput, Error> {
        let request_charged = payer::charged(&call, &bucket, input.request_payer.as_ref())?;
        let spelling = Spelling::asked(input.encoding_type.as_ref())?;
        if input.max_keys.is_some_and(|max| max < 0) {
            // Other lists say it otherwise.
            let text = "max-keys cannot be negative";
            return Err(Detailed::new("InvalidArgument", 400, text).with("ArgumentName", "max-keys").into());
        }
        let size = page_size(input.max_keys, "max-keys")?;
        let delimiter = delimiter(input.delimiter.as_deref());
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let key_marker = input.key_marker.as_deref().filter(|marker| !marker.is_empty());
        let version_marker = version_marker(key_marker, input.version_id_marker.as_deref())?;

        let snapshot = self.store.snapshot();
        let mut merged = Merged::new(&snapshot, bucket.inside(), prefix, delimiter, size + 1);
        match (key_marker, version_marker) {
            (Some(key), Some(id)) => merged = merged.after_version(key, id)?,
            (Some(key), None) => merged = merged.after(key),
            (None, _) => {}
        }
        let mut output = ListObjectVersionsOutput {
            is_truncated: Some(false),
            key_marker: Some(spelling.write(key_marker.unwrap_or_default())),
            version_id_marker: Some(version_marker.unwrap_or_default().to_owned()),
            name: Some(bucket.name.clone()),
            prefix: Some(spelling.write(prefix)),
            delimiter: spelling.write_some(delimiter),
            max_keys: Some(size as i32),
            encoding_type: input.encoding_type.clone(),
            request_charged,
            ..Default::default()
        };
        let (mut count, mut prefixes, mut last) = (0, Vec::new(), None);
        let mut owners = Owners::new(&self);
        while let Some(found) = merged.next()?.filter(|_| size > 0) {
            if count == size {
                output.is_truncated = Some(true);
                let (key, id): (String, Option<String>) = last.unwrap_or_default();
                output.next_key_marker = Some(spelling.write(&key));
                output.next_version_id_marker = id;
                break;
            }
            count += 1;
            match found {
                Listed::Prefix(prefix) => {
                    last = Some((prefix.clone(), None));
                    prefixes.push(prefix);
                }
                Listed::Version { key, version, latest } => {
                    last = Some((key.clone(), Some(version.id().to_owned())));
                    let entry = Entry { owners: &mut owners, key: spelling.write(&key), latest };
                    match *version {
                        Version::Object(object) => {
                            output.versions.get_or_insert_default().push(entry.object(object));
                        }
                        Version::Marker(marker) => {
                            output.delete_markers.get_or_insert_default().push(entry.marker(marker));
                        }
                    }
                }
            }
        }
        output.common_prefixes = spelling.prefixes(&prefixes);
        Ok(output)
    }
}

/// The version that the page begins behind.
fn version_marker<'a>(key_marker: Option<&str>, asked: Option<&'a str>) -> Result<Option<&'a str>, Error> {
    let name = "version-id-marker";
    match asked {
        Some("") if key_marker.is_some() => {
            Err(invalid_argument("A version-id marker cannot be empty.", name, "").into())
        }
        None | Some("") => Ok(None),
        Some(id) if key_marker.is_none() => {
            let text = "A version-id marker cannot be specified without a key marker.";
            Err(invalid_argument(text, name, id).into())
        }
        Some(id) if id != versions::NULL && versions::sequence_of(id).is_none() => {
            Err(invalid_argument("Invalid version id specified", name, id).into())
        }
        some => Ok(some),
    }
}

struct Entry<'a, 'o> {
    owners: &'a mut Owners<'o>,
    key: String,
    latest: bool,
}

impl Entry<'_, '_> {
    fn object(self, object: records::Object) -> ObjectVersion {
        let (checksum_algorithm, checksum_type) = checksum(object.checksum.as_ref());
        ObjectVersion {
            e_tag: Some(quoted(&object.etag)),
            checksum_algorithm,
            checksum_type,
            size: Some(object.size as i64),
            storage_class: Some(open(&object.storage_class)),
            key: Some(self.key),
            version_id: Some(object.id().to_owned()),
            is_latest: Some(self.latest),
            last_modified: Some(to_the_second(object.modified_ms)),
            owner: Some(self.owners.of(&object.owner)),
            restore_status: None,
        }
    }

    fn marker(self, marker: records::Marker) -> DeleteMarkerEntry {
        DeleteMarkerEntry {
            owner: Some(self.owners.of(&marker.owner)),
            key: Some(self.key),
            version_id: Some(marker.version.unwrap_or_else(|| versions::NULL.to_owned())),
            is_latest: Some(self.latest),
            last_modified: Some(to_the_second(marker.modified_ms)),
        }
    }
}

/// An entry of the list.
enum Listed {
    Version { key: String, version: Box<Version>, latest: bool },
    Prefix(String),
}

/// The scan over current versions and that over the history, as one.
struct Merged<'a> {
    snapshot: &'a Snapshot,
    inside: Inside<'a>,
    current: Ahead<'a>,
    history: Ahead<'a>,
    /// The key that was given last: its newest version is over.
    given: Option<String>,
    /// The key within whose versions the list begins.
    begun: Option<String>,
}

impl<'a> Merged<'a> {
    fn new(
        snapshot: &'a Snapshot,
        inside: Inside<'a>,
        prefix: &'a str,
        delimiter: Option<&'a str>,
        rows: usize,
    ) -> Self {
        let scan = |base| Ahead::new(Scan::new(snapshot, base, prefix, delimiter).at_most(rows));
        Self {
            snapshot,
            inside,
            current: scan(inside.objects()),
            history: scan(inside.versions()),
            given: None,
            begun: None,
        }
    }

    /// Only what comes behind all versions of `key`.
    fn after(mut self, key: &str) -> Self {
        self.current.scan = self.current.scan.after(key);
        self.history.scan = self.history.scan.after(key);
        self
    }

    /// Only what comes behind this version of `key`.
    fn after_version(mut self, key: &str, id: &str) -> Result<Self, store::Error> {
        self.current.scan = self.current.scan.after(key);
        let mut snapshot = self.snapshot;
        let current = versions::current(&mut snapshot, self.inside, key)?;
        if current.is_some_and(|object| object.id() == id) {
            self.given = Some(key.to_owned());
            // The rest of the key's versions is its history.
            self.history.scan = self.history.scan.starting_at(&self.inside.versions_of(key));
            return Ok(self);
        }
        let sequence = match id {
            versions::NULL => {
                versions::find(&mut snapshot, self.inside, key, id)?.map(|null| null.sequence())
            }
            id => versions::sequence_of(id),
        };
        let Some(sequence) = sequence else { return Ok(self.after(key)) };
        self.begun = Some(key.to_owned());
        self.history.scan = self.history.scan.after_row(&self.inside.version(key, sequence));
        Ok(self)
    }

    fn next(&mut self) -> Result<Option<Listed>, store::Error> {
        let take_current = match (self.current.peek()?, self.history.peek()?) {
            (None, None) => return Ok(None),
            (Some(current), Some(history)) => {
                let first = current.name() <= history.name();
                // Both scans find a common prefix if it stands for rows of both.
                if current == history {
                    self.history.take()?;
                }
                first
            }
            (current, _) => current.is_some(),
        };
        let found = if take_current { self.current.take()? } else { self.history.take()? };
        Ok(match found {
            None => None,
            Some(Found::Prefix(prefix)) => Some(Listed::Prefix(prefix)),
            Some(Found::Row { key, row, value }) => Some(self.version(take_current, key, &row, &value)?),
        })
    }

    fn version(
        &mut self,
        is_current: bool,
        key: String,
        row: &[u8],
        value: &[u8],
    ) -> Result<Listed, store::Error> {
        if is_current {
            self.given = Some(key.clone());
            let version = Box::new(Version::Object(records::Object::decode(value)?));
            return Ok(Listed::Version { key, version, latest: true });
        }
        let mut latest = self.given.as_ref() != Some(&key);
        if latest && self.begun.as_ref() == Some(&key) {
            latest = self.is_newest(&key, row)?;
        }
        self.given = Some(key.clone());
        Ok(Listed::Version { key, version: Box::new(Version::decode(value)?), latest })
    }

    /// Whether nothing of the key is newer: what was, when the last page was read, may be gone.
    fn is_newest(&self, key: &str, row: &[u8]) -> Result<bool, store::Error> {
        if self.snapshot.get(&self.inside.object(key))?.is_some() {
            return Ok(false);
        }
        let page =
            self.snapshot.range(KeyRange::prefix(self.inside.versions_of(key)), RangeOptions::limit(1))?;
        let (_, sequence) = version_after(row, &self.inside.versions())?;
        let newest =
            page.entries.first().map(|(row, _)| version_after(row, &self.inside.versions())).transpose()?;
        Ok(newest.is_some_and(|(_, newest)| newest == sequence))
    }
}

/// A scan that can be looked at before it goes on.
struct Ahead<'a> {
    scan: Scan<'a>,
    found: Option<Found>,
}

impl<'a> Ahead<'a> {
    fn new(scan: Scan<'a>) -> Self {
        Self { scan, found: None }
    }

    fn peek(&mut self) -> Result<Option<&Found>, store::Error> {
        if self.found.is_none() {
            self.found = self.scan.next()?;
        }
        Ok(self.found.as_ref())
    }

    fn take(&mut self) -> Result<Option<Found>, store::Error> {
        self.peek()?;
        Ok(self.found.take())
    }
}
