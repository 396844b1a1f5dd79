//! Exports: the contents of a table at a moment, or what was changed in some time, as files in a bucket.
//!
//! They are copied first, so that the table can be written to and its log trimmed, then written to files one after the other,
//! each of which is noted when it is there. The manifests come last.

mod file;
mod line;
mod manifest;

use kernel::Timestamp;
use store::{KeyRange, Record as _, Tx};

use manifest::Manifests;
pub use manifest::SUMMARY;

use crate::copy::{Work, release};
use crate::dynamodb::DynamoDb;
use crate::encryption;
use crate::error::Failure;
use crate::records::{Copy, Cut, Source};
use crate::transfer::bucket::{Bucket, Sealed, Trouble};
use crate::transfer::job::Job;
use crate::transfer::records::{Export, ExportState, Failed, What};
use crate::transfer::{finish, nothing_left};

/// Ends an export that cannot go on.
pub async fn fail(
    service: &DynamoDb,
    job: &Job,
    code: &str,
    message: &str,
) -> Result<(), model_dynamodb::Error> {
    let ended_ms = service.clock.now().millis();
    let failed = Failed { ended_ms, code: code.to_owned(), message: message.to_owned() };
    change(service, job, |tx, export| {
        if let ExportState::Beginning(copy) | ExportState::Copying(copy) = &export.state {
            release(tx, &job.place, &export.contents, copy)?;
        }
        export.state = ExportState::Failed(failed.clone());
        end(tx, job, export)
    })
    .await
}

/// Takes an export to its end, if it does not fail before.
pub async fn run(service: &DynamoDb, job: &Job) -> Result<(), Trouble> {
    loop {
        let Some(export) = read(service, job).await? else { return Ok(()) };
        let name = Names { job, prefix: export.to.prefix.as_deref() };
        let bucket = Bucket {
            service,
            job,
            by: &export.by,
            name: &export.to.bucket,
            owner: export.to.owner.as_deref().unwrap_or(export.by.account()),
        };
        let sealed = Sealed { kms: export.to.kms, kms_key: export.to.kms_key.as_deref() };
        match &export.state {
            ExportState::Beginning(copy) => {
                bucket.put(&name.of("_started"), &sealed, bytes::Bytes::new()).await?;
                let copying = ExportState::Copying(bounded(service, job, &export, copy).await?);
                change(service, job, |_, export| {
                    export.state = copying.clone();
                    Ok(())
                })
                .await?;
            }
            ExportState::Copying(copy) => {
                let work = Work {
                    place: &job.place,
                    key: &export.key,
                    to: &export.contents,
                    changes: matches!(export.what, What::Changes { .. }),
                };
                service.advance(&work, copy.clone(), |tx, now, next| copied(tx, job, (now, next))).await?;
            }
            ExportState::Writing { after } => {
                let ring = service.rings.find_own(&job.place, &export.contents).await;
                let ring = ring.map_err(model_dynamodb::Error::from)?;
                let file = file::make(service, (&job.place, ring.as_deref()), &export, after).await?;
                let key = name.of_data(&export);
                let etag = bucket.put(&key, &sealed, file.packed.clone()).await?;
                let (noted, ended_ms) = (file.noted(key, etag), service.clock.now().millis());
                change(service, job, |tx, export| {
                    tx.put(job.place.data_file(&export.contents.id, export.files), noted.encode());
                    export.files += 1;
                    export.items += file.items;
                    export.bytes += file.bytes;
                    export.state = match &file.next {
                        Some(after) => ExportState::Writing { after: after.clone() },
                        None => ExportState::Closing { ended_ms },
                    };
                    Ok(())
                })
                .await?;
            }
            ExportState::Closing { ended_ms } => {
                let snapshot = service.store.snapshot();
                let manifests = Manifests::new(&snapshot, job, &export, *ended_ms)?;
                for (file, text) in manifests.files() {
                    bucket.put(&name.of(file), &sealed, text).await?;
                }
                change(service, job, |tx, export| {
                    export.state = ExportState::Done { ended_ms: *ended_ms };
                    end(tx, job, export)
                })
                .await?;
            }
            ExportState::Done { .. } | ExportState::Failed(_) => return Ok(()),
        }
    }
}

/// The copy with its end, which that of changes lacks: every write of their time has to be committed, or it would be in neither this
/// export nor the next.
async fn bounded(service: &DynamoDb, job: &Job, export: &Export, copy: &Copy) -> Result<Copy, store::Error> {
    let What::Changes { to_ms, .. } = export.what else { return Ok(copy.clone()) };
    let settled = Timestamp::from_millis(to_ms).plus(service.store.limits().tx_age_max);
    service.clock.sleep_until(settled).await;
    let end = job.place.log(&copy.from).after(&service.store.snapshot(), to_ms - 1)?;
    let (region, name) = (job.place.region.clone(), job.table.clone());
    let source = Source::Table { region, name, cut: Cut::Version(end) };
    Ok(Copy { source, ..copy.clone() })
}

/// Notes how far the copy is.
fn copied(tx: &mut Tx, job: &Job, (now, next): (&Copy, Option<&Copy>)) -> Result<bool, Failure> {
    let Some(found) = tx.get(&job.row())? else { return Ok(false) };
    let mut export = Export::decode(&found)?;
    if export.state != ExportState::Copying(now.clone()) {
        return Ok(false);
    }
    export.state = match next {
        Some(next) => ExportState::Copying(next.clone()),
        None => {
            release(tx, &job.place, &export.contents, now)?;
            ExportState::Writing { after: Vec::new() }
        }
    };
    tx.put(job.row(), export.encode());
    Ok(true)
}

/// The export; none if it is forgotten.
async fn read(service: &DynamoDb, job: &Job) -> Result<Option<Export>, Trouble> {
    if let Some(found) = service.store.snapshot().get(&job.row())? {
        return Ok(Some(Export::decode(&found).map_err(store::Error::from)?));
    }
    nothing_left(service, job).await?;
    Ok(None)
}

/// Changes the row of an export, if it is still there.
async fn change(
    service: &DynamoDb,
    job: &Job,
    with: impl Fn(&mut Tx, &mut Export) -> Result<(), Failure>,
) -> Result<(), model_dynamodb::Error> {
    service
        .transact(|tx| {
            let Some(found) = tx.get(&job.row())? else { return Ok(()) };
            let mut export = Export::decode(&found)?;
            with(tx, &mut export)?;
            tx.put(job.row(), export.encode());
            Ok::<_, Failure>(())
        })
        .await
}

/// Removes what was needed to make the files.
fn end(tx: &mut Tx, job: &Job, export: &Export) -> Result<(), Failure> {
    tx.delete_range(job.place.contents(&export.contents).range());
    tx.delete_range(KeyRange::prefix(job.place.data_files(&export.contents.id)));
    finish(tx, job);
    encryption::forget(tx, &job.place, &export.contents)
}

/// The keys of an export's objects ("DynamoDB table export output format").
pub struct Names<'n> {
    pub job: &'n Job,
    /// As it was given; a slash stands behind it if it ends in none.
    pub prefix: Option<&'n str>,
}

impl Names<'_> {
    fn root(&self) -> String {
        match self.prefix {
            None | Some("") => "AWSDynamoDB".to_owned(),
            Some(prefix) if prefix.ends_with('/') => format!("{prefix}AWSDynamoDB"),
            Some(prefix) => format!("{prefix}/AWSDynamoDB"),
        }
    }

    /// Of a file beside the data.
    pub fn of(&self, file: &str) -> String {
        format!("{}/{}/{file}", self.root(), self.job.id)
    }

    /// Of the next file of data: the files of changes are all in one folder, those of tables beside their manifests.
    fn of_data(&self, export: &Export) -> String {
        let file = file::name(&export.contents.id, export.files);
        match export.what {
            What::All { .. } => self.of(&format!("data/{file}")),
            What::Changes { .. } => format!("{}/data/{file}", self.root()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Place;
    use crate::transfer::job::Way;

    #[test]
    fn a_prefix_is_a_folder() {
        let place = Place { account: "123456789012".to_owned(), region: "us-east-1".to_owned() };
        let job = Job { way: Way::Export, place, table: "things".to_owned(), id: "1-a".to_owned() };
        let name = |prefix: Option<&str>| Names { job: &job, prefix }.of("_started");
        assert_eq!(name(None), "AWSDynamoDB/1-a/_started");
        assert_eq!(name(Some("")), "AWSDynamoDB/1-a/_started");
        assert_eq!(name(Some("foo")), "foo/AWSDynamoDB/1-a/_started");
        assert_eq!(name(Some("foo/")), "foo/AWSDynamoDB/1-a/_started");
        assert_eq!(name(Some("/foo")), "/foo/AWSDynamoDB/1-a/_started");
    }
}
