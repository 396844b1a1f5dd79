//! What stands beside the files of an export ("DynamoDB table export output format").

use attribute::write_text;
use bytes::Bytes;
use checksum::{Algorithm, Hasher};
use kernel::Timestamp;
use store::{KeyRange, RangeOptions, Record as _, Snapshot};

use super::Names;
use crate::transfer::job::Job;
use crate::transfer::records::{DataFile, Export, What};

/// The name of what an export is described by.
pub const SUMMARY: &str = "manifest-summary.json";
const FILES: &str = "manifest-files.json";
/// Files that are looked at from one page.
const PAGE: usize = 1_000;

/// The manifests of an export. A table of a terabyte has 65,536 files, and 16 MiB of this.
pub struct Manifests {
    summary: Bytes,
    files: Bytes,
}

impl Manifests {
    pub fn new(snapshot: &Snapshot, job: &Job, export: &Export, ended_ms: i64) -> Result<Self, store::Error> {
        Ok(Self { summary: summary(job, export, ended_ms), files: files(snapshot, job, export)? })
    }

    /// Their files in the order in which they are written: whoever sees the summary finds all the others.
    pub fn files(self) -> [(&'static str, Bytes); 4] {
        let digest = |text: &Bytes| Hasher::of(Algorithm::Md5, text).base64().into();
        let (of_files, of_summary) = (digest(&self.files), digest(&self.summary));
        [
            (FILES, self.files),
            ("manifest-files.md5", of_files),
            ("manifest-summary.md5", of_summary),
            (SUMMARY, self.summary),
        ]
    }
}

/// An object of JSON that is being written.
struct Object(Vec<u8>);

impl Object {
    fn new() -> Self {
        Self(b"{".to_vec())
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        write_text(name, &mut self.0);
        self.0.push(b':');
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        self.name(name);
        match value {
            Some(value) => write_text(value, &mut self.0),
            None => self.0.extend_from_slice(b"null"),
        }
    }

    fn number(&mut self, name: &str, value: i64) {
        self.name(name);
        self.0.extend_from_slice(value.to_string().as_bytes());
    }

    fn end(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }
}

fn summary(job: &Job, export: &Export, ended_ms: i64) -> Bytes {
    let (to, mut out) = (&export.to, Object::new());
    let version = match export.what {
        What::All { .. } => "2020-06-30",
        What::Changes { .. } => "2023-08-01",
    };
    out.text("version", Some(version));
    out.text("exportArn", Some(job.arn().as_str()));
    out.text("startTime", Some(&time(export.started_ms)));
    out.text("endTime", Some(&time(ended_ms)));
    out.text("tableArn", Some(job.of_table().arn().as_str()));
    out.text("tableId", Some(&export.table_id));
    match export.what {
        What::All { at_ms, .. } => out.text("exportTime", Some(&time(at_ms))),
        What::Changes { from_ms, to_ms, .. } => {
            out.text("exportFromTime", Some(&time(from_ms)));
            out.text("exportToTime", Some(&time(to_ms)));
        }
    }
    out.text("s3Bucket", Some(&to.bucket));
    out.text("s3Prefix", to.prefix.as_deref());
    out.text("s3SseAlgorithm", Some(if to.kms { "KMS" } else { "AES256" }));
    out.text("s3SseKmsKeyId", to.kms_key.as_deref());
    out.text("manifestFilesS3Key", Some(&Names { job, prefix: to.prefix.as_deref() }.of(FILES)));
    out.number("billedSizeBytes", export.bytes);
    out.number("itemCount", export.items);
    out.text("outputFormat", Some("DYNAMODB_JSON"));
    if let What::Changes { old_images, .. } = export.what {
        out.text("outputView", Some(if old_images { "NEW_AND_OLD_IMAGES" } else { "NEW_IMAGE" }));
        out.text("exportType", Some("INCREMENTAL_EXPORT"));
    }
    out.end().into()
}

/// A line for each file.
fn files(snapshot: &Snapshot, job: &Job, export: &Export) -> Result<Bytes, store::Error> {
    let mut range = KeyRange::prefix(job.place.data_files(&export.contents.id));
    let mut lines = Vec::new();
    loop {
        let page = snapshot.range(range.clone(), RangeOptions::limit(PAGE))?;
        for (_, record) in &page.entries {
            let file = DataFile::decode(record)?;
            let mut out = Object::new();
            out.number("itemCount", file.items);
            out.text("md5Checksum", Some(&file.md5));
            out.text("etag", Some(file.etag.trim_matches('"')));
            out.text("dataFileS3Key", Some(&file.key));
            lines.extend_from_slice(&out.end());
            lines.push(b'\n');
        }
        match page.entries.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return Ok(lines.into()),
        }
    }
}

fn time(at_ms: i64) -> String {
    format!("{}Z", Timestamp::from_millis(at_ms).with_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_milliseconds() {
        assert_eq!(time(1_604_474_914_028), "2020-11-04T07:28:34.028Z");
    }

    #[test]
    fn an_object_is_written_member_by_member() {
        let mut out = Object::new();
        out.text("a", Some("x\"y"));
        out.text("b", None);
        out.number("c", -5);
        assert_eq!(out.end(), br#"{"a":"x\"y","b":null,"c":-5}"#);
    }
}
